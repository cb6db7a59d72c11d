"""Statements and receipts, and the addresses to download them (section 9)."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from .contract import Contract
from .driver import EMPLOYEE, Driver, Session


def statements(session: Session, **query: Any) -> list[dict[str, Any]]:
    return session.get("/statements", **query).json()["statements"]


def receipts(session: Session, transaction: str) -> list[dict[str, Any]]:
    return session.get(f"/transactions/{transaction}/attachments").json()["attachments"]


def download(driver: Driver, url: str, **headers: str) -> httpx.Response:
    return driver.http.get(url, headers=headers)


def test_there_is_a_statement_for_each_month_that_is_over(driver: Driver, session: Session):
    main = session.account()["id"]
    mine = {"bank_account_ids[]": main}
    assert [row["period"] for row in statements(session, **mine)] == ["10-2026"]
    driver.advance(days=12)
    session = driver.connect()
    assert [row["period"] for row in statements(session, **mine)] == ["11-2026", "10-2026"]
    assert [row["period"] for row in statements(session, sort_by="period:asc", **mine)] == ["10-2026", "11-2026"]
    assert [row["period"] for row in statements(session, period_from="11-2026", **mine)] == ["11-2026"]
    assert [row["period"] for row in statements(session, period_to="10-2026", **mine)] == ["10-2026"]
    assert {row["bank_account_id"] for row in statements(session, **{"ibans[]": session.account()["iban"]})} == {main}


def test_a_statement_keeps_its_id(session: Session):
    (first,) = statements(session, **{"bank_account_ids[]": session.account()["id"]})
    again = session.get(f"/statements/{first['id']}").json()["statement"]
    assert (again["id"], again["period"]) == (first["id"], first["period"])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"period_from": "2026-10"}, 400),
        ({"period_to": "13-2026"}, 400),
        ({"sort_by": "name:asc"}, 400),
        ({"bank_account_ids[]": "x", "ibans[]": "y"}, 400),
        ({"bank_account_ids[]": "unknown"}, 422),
    ],
)
def test_wrong_questions_about_statements_are_refused(session: Session, query: dict[str, str], status: int):
    assert session.get("/statements", **query).status_code == status


def test_who_sees_no_balance_sees_no_statement(driver: Driver):
    assert statements(driver.connect(EMPLOYEE)) == []


def test_a_statement_is_a_pdf_of_that_month(driver: Driver, session: Session):
    (statement,) = statements(session, **{"bank_account_ids[]": session.account()["id"]})
    file = download(driver, statement["file"]["file_url"])
    assert file.headers["content-type"] == "application/pdf"
    assert file.content.startswith(b"%PDF-1.4")
    assert file.content.endswith(b"%%EOF\n")
    assert len(file.content) == int(statement["file"]["file_size"])
    assert b"Statement 10-2026" in file.content
    assert b"2026-10-" in file.content
    assert b"2026-11-" not in file.content


def test_a_receipt_added_later_moves_the_transaction(driver: Driver, session: Session):
    before = session.transactions(session.account()["id"])[0]
    assert receipts(session, before["id"]) == []
    driver.advance(seconds=5)
    made = driver.control("POST", "/attachments", {"transaction_id": before["id"], "file_name": "lunch.pdf"})
    (shown,) = receipts(session, before["id"])
    assert (shown["id"], shown["file_name"]) == (made["attachment"]["id"], "lunch.pdf")
    row = session.get(f"/transactions/{before['id']}", **{"includes[]": "attachments"}).json()["transaction"]
    assert row["attachment_ids"] == [each["id"] for each in row["attachments"]] == [shown["id"]]
    assert row["updated_at"] > before["updated_at"]
    assert download(driver, shown["url"]).content.startswith(b"%PDF-")
    driver.control("DELETE", f"/attachments/{shown['id']}")
    assert receipts(session, before["id"]) == []


def test_a_receipt_holds_the_bytes_that_were_given(driver: Driver, session: Session):
    row = session.transactions(session.account()["id"])[0]["id"]
    content = base64.b64encode(b"\x89PNG\r\n\x1a\n pixels").decode()
    facts = {"transaction_id": row, "file_name": "a.png", "file_content_type": "image/png", "content": content}
    driver.control("POST", "/attachments", facts)
    (shown,) = receipts(session, row)
    assert download(driver, shown["url"]).content == b"\x89PNG\r\n\x1a\n pixels"


def test_an_address_works_for_thirty_minutes_and_without_a_token(driver: Driver, session: Session):
    url = statements(session)[0]["file"]["file_url"]
    assert download(driver, url).status_code == 200
    assert download(driver, url, **session.headers).status_code == 400
    assert download(driver, url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 403
    driver.advance(minutes=30)
    assert download(driver, url).status_code == 403


def test_a_file_can_be_endless(driver: Driver, session: Session, contract: Contract):
    url = statements(session)[0]["file"]["file_url"]
    driver.control("POST", "/faults", {"path_prefix": "/files/", "kind": "huge", "body": 2})
    file = download(driver, url)
    assert file.content.startswith(b"%PDF-")
    assert len(file.content) > 2 * 1024 * 1024
