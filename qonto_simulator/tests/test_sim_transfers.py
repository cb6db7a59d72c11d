"""Transfers at the stand-in: acceptance, approval, life, return, cancel; and the ledger of debits."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .driver import EMPLOYEE, MANAGER, Driver, Session
from .good_calls import PAYEE, PROVEN, UUID, key, proof, transfer_body

OTHER = {"name": "Elbe Kabel GmbH", "iban": "DE02120300000000202051"}
PATH = "/sepa/transfers"


def inline_body(driver: Driver, session: Session, **changes: Any) -> dict[str, Any]:
    return transfer_body(driver, session, **{"beneficiary_id": None, "beneficiary": PAYEE, **changes})


def send(session: Session, body: dict[str, Any], number: int = 1, **headers: str) -> httpx.Response:
    return session.post(PATH, body, **{**key(number), **headers})


def accepted(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()["transfer"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["errors"][0]["code"]


def approved(driver: Driver, session: Session, body: dict[str, Any], number: int = 1) -> httpx.Response:
    """Send, approve on the phone, send the very same again."""
    first = send(session, body, number)
    assert first.status_code == 428, first.text
    driver.control("POST", "/sca", {"decision": "allow"})
    return send(session, body, number, **{PROVEN: first.json()["sca_session_token"]})


def status(session: Session, transfer_id: str) -> str:
    return session.get(f"{PATH}/{transfer_id}").json()["transfer"]["status"]


def debits(driver: Driver) -> list[dict[str, Any]]:
    return driver.control("GET", "/debits")["debits"]


def row_of(session: Session, transfer_id: str) -> dict[str, Any]:
    transaction_id = session.get(f"{PATH}/{transfer_id}").json()["transfer"]["transaction_id"]
    return session.get(f"/transactions/{transaction_id}").json()["transaction"]


# === ACCEPTANCE AND APPROVAL === #


def test_inline_payee_needs_approval_and_nothing_exists_before(driver: Driver, session: Session):
    body = inline_body(driver, session)
    first = send(session, body)
    assert (first.status_code, first.json()["action_type"]) == (428, "transfer.single.create")
    assert session.get(PATH).json()["transfers"] == []
    assert debits(driver) == []
    shown = driver.control("GET", "/sca")["sessions"][0]
    assert shown["summary"] == "Send 12.50 EUR to Default Match Person"
    driver.control("POST", "/sca", {"decision": "allow"})
    transfer = accepted(send(session, body, **{PROVEN: first.json()["sca_session_token"]}))
    assert (transfer["status"], transfer["amount_cents"], transfer["reference"]) == ("pending", 1250, "RG 4711")
    assert [debit["id"] for debit in debits(driver)] == [transfer["id"]]


def test_trusted_payee_by_id_needs_none(driver: Driver, session: Session):
    accepted(send(session, transfer_body(driver, session)))
    assert driver.control("GET", "/sca")["sessions"] == []


def test_untrusted_payee_by_id_needs_approval(driver: Driver, session: Session):
    known = driver.control("POST", "/beneficiaries", PAYEE)["beneficiary"]["id"]
    body = {**transfer_body(driver, session)}
    driver.control("POST", "/beneficiaries", {**PAYEE, "trusted": False})
    body["transfer"]["beneficiary_id"] = known
    assert send(session, body).status_code == 428


def test_proof_fits_only_the_same_bytes(driver: Driver, session: Session):
    body = inline_body(driver, session)
    token = send(session, body).json()["sca_session_token"]
    driver.control("POST", "/sca", {"decision": "allow"})
    dearer = {**body, "transfer": {**body["transfer"], "amount": "12.51"}}
    answer = send(session, dearer, **{PROVEN: token})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"message": "Not found"})
    assert debits(driver) == []
    accepted(send(session, body, **{PROVEN: token}))


def test_inline_payee_renames_the_known_one(driver: Driver, session: Session):
    known = driver.control("POST", "/beneficiaries", PAYEE)["beneficiary"]["id"]
    named = {**PAYEE, "name": "Default Match"}
    body = inline_body(driver, session, beneficiary=named)
    body["vop_proof_token"] = proof(session, "Default Match")
    transfer = accepted(approved(driver, session, body))
    assert transfer["beneficiary_id"] == known
    assert session.get(f"/sepa/beneficiaries/{known}").json()["beneficiary"]["name"] == "Default Match"


# === REFUSALS === #


def changed(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    inner = {**body["transfer"], **changes}
    return {**body, "transfer": {name: value for name, value in inner.items() if value is not None}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": 12.5}, (400, "not_a_string")),
        ({"amount": "12.505"}, (400, "invalid")),
        ({"amount": "0"}, (400, "invalid")),
        ({"reference": None}, (400, "invalid")),
        ({"reference": "x" * 141}, (400, "invalid")),
        ({"beneficiary_id": None}, (400, "invalid")),
        ({"beneficiary": PAYEE}, (400, "invalid")),
        ({"scheduled_date": "2026-11-19"}, (400, "invalid")),
        ({"scheduled_date": "soon"}, (400, "invalid")),
        ({"attachment_ids": [str(n) for n in range(6)]}, (400, "invalid")),
        ({"bank_account_id": "1"}, (400, "invalid")),
    ],
)
def test_wrong_input_is_refused_and_moves_nothing(driver: Driver, session: Session, changes, expected):
    assert refused(send(session, changed(transfer_body(driver, session), **changes))) == expected
    assert debits(driver) == []


def test_money_that_is_not_there_is_refused_now_but_not_for_later(driver: Driver, session: Session):
    account = driver.control("POST", "/accounts", {"name": "Poor", "balance_cents": 1249})["account"]["id"]
    body = transfer_body(driver, session, bank_account_id=account)
    assert refused(send(session, body)) == (400, "insufficient_funds")
    made = accepted(send(session, changed(body, scheduled_date="2026-11-21")))
    driver.advance(days=1)
    shown = driver.connect().get(f"{PATH}/{made['id']}").json()["transfer"]
    assert shown["declined_reason"] == "debit_account_insufficient_funds"


def test_account_or_payee_that_is_not_to_be_found_is_422(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    for name in ("bank_account_id", "beneficiary_id"):
        assert send(session, changed(body, **{name: UUID.format(9)})).status_code == 422


def test_proof_token_missing_is_401_and_an_object_is_400(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    missing = send(session, {"transfer": body["transfer"]})
    assert refused(missing) == (401, "vop_proof_token_missing")
    wrapped = send(session, {**body, "vop_proof_token": {"token": body["vop_proof_token"]}})
    assert refused(wrapped) == (400, "not_a_string")


def test_proof_token_of_others_is_refused(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    for wrong in ("unknown", proof(session, "Somebody Else"), proof(session, **OTHER)):
        assert refused(send(session, {**body, "vop_proof_token": wrong})) == (400, "invalid")
    driver.advance(hours=22, minutes=59)
    session = driver.connect()
    accepted(send(session, body))
    late = transfer_body(driver, session)
    driver.advance(hours=23)
    assert refused(send(driver.connect(), late, 2)) == (400, "invalid")


def test_proof_token_works_for_one_transfer(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    accepted(send(session, body))
    assert refused(send(session, body, 2)) == (400, "invalid")


@pytest.mark.parametrize("word", ["approval_required", "approver_missing"])
def test_four_eyes_policy_refuses(driver: Driver, session: Session, word):
    driver.control("POST", "/policy", {"payment_policy": word})
    assert refused(send(session, transfer_body(driver, session))) == (400, f"payment_policy_{word}")


def test_who_may_pay(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    assert refused(send(driver.connect(EMPLOYEE), body)) == (403, "forbidden")
    driver.control("POST", "/policy", {"spending_limit_cents": 1000})
    assert refused(send(driver.connect(MANAGER), body)) == (403, "forbidden")
    driver.control("POST", "/policy", {"spending_limit_cents": 1250})
    accepted(send(driver.connect(MANAGER), body))


def upload(session: Session, number: int) -> str:
    file = ("bill.pdf", b"%PDF-1.4 bill", "application/pdf")
    answer = session.http.post("/v2/attachments", files={"file": file}, headers={**session.headers, **key(number)})
    assert answer.status_code == 200, answer.text
    return answer.json()["attachment"]["id"]


def test_above_30000_euros_an_attachment_of_the_same_grant_is_needed(driver: Driver, session: Session):
    account = driver.control("POST", "/accounts", {"name": "Rich", "balance_cents": 10_000_000})["account"]["id"]
    body = transfer_body(driver, session, bank_account_id=account, amount="30000.01")
    assert refused(send(session, body)) == (422, "invalid")
    foreign = upload(driver.connect(), 7)
    assert send(session, changed(body, attachment_ids=[foreign])).status_code == 422
    mine = upload(session, 8)
    transfer = accepted(send(session, changed(body, attachment_ids=[mine])))
    driver.advance(seconds=3)
    assert row_of(session, transfer["id"])["attachment_ids"] == [mine]
    accepted(send(session, transfer_body(driver, session, bank_account_id=account, amount="30000.00"), 2))


def test_uploaded_file_can_be_fetched_for_30_minutes(driver: Driver, session: Session):
    shown = session.get(f"/attachments/{upload(session, 1)}").json()["attachment"]
    assert (shown["file_name"], shown["file_size"]) == ("bill.pdf", "13")
    assert driver.http.get(shown["url"]).content == b"%PDF-1.4 bill"
    assert driver.http.get(shown["url"][:-1] + "x").status_code == 403
    driver.advance(minutes=30)
    assert driver.http.get(shown["url"]).status_code == 403


# === LIFE === #


def test_life_of_a_small_transfer(driver: Driver, session: Session):
    before = session.account()
    made = accepted(send(session, transfer_body(driver, session)))
    assert session.account() == before
    driver.advance(seconds=2)
    assert status(session, made["id"]) == "processing"
    assert session.account()["balance_cents"] == before["balance_cents"]
    assert session.account()["authorized_balance_cents"] == before["authorized_balance_cents"] - 1250
    row = row_of(session, made["id"])
    assert (row["status"], row["side"], row["amount_cents"], row["operation_type"], row["reference"]) == (
        "pending",
        "debit",
        1250,
        "transfer",
        "RG 4711",
    )
    assert row["transfer"]["counterparty_account_number"] == PAYEE["iban"]
    driver.advance(seconds=10)
    settled = session.get(f"{PATH}/{made['id']}").json()["transfer"]
    assert (settled["status"], settled["completed_at"]) == ("settled", "2026-11-20T10:00:12.000Z")
    assert row_of(session, made["id"])["settled_at"] == "2026-11-20T10:00:12.000Z"
    assert session.account()["balance_cents"] == before["balance_cents"] - 1250


def test_a_large_one_takes_hours(driver: Driver, session: Session):
    made = accepted(send(session, transfer_body(driver, session, amount="10000.01")))
    driver.advance(hours=3, minutes=59)
    assert status(driver.connect(), made["id"]) == "processing"
    driver.advance(minutes=2)
    assert status(driver.connect(), made["id"]) == "settled"


def test_scheduled_is_executed_on_the_morning_of_its_day(driver: Driver, session: Session):
    made = accepted(send(session, transfer_body(driver, session, scheduled_date="2026-11-23")))
    assert made["scheduled_date"] == "2026-11-23"
    driver.control("POST", "/clock", {"now": "2026-11-23T04:59:59Z"})
    assert status(driver.connect(), made["id"]) == "pending"
    driver.control("POST", "/clock", {"now": "2026-11-23T05:00:00Z"})
    assert status(driver.connect(), made["id"]) == "processing"


def test_cancel_before_execution_only(driver: Driver, session: Session):
    later = accepted(send(session, transfer_body(driver, session, scheduled_date="2026-12-24")))
    now = accepted(send(session, transfer_body(driver, session), 2))
    driver.advance(seconds=2)
    assert session.post(f"{PATH}/{later['id']}/cancel").status_code == 204
    assert status(session, later["id"]) == "canceled"
    for made in (later, now):
        assert refused(session.post(f"{PATH}/{made['id']}/cancel")) == (400, "cannot_cancel")
    driver.control("POST", "/clock", {"now": "2026-12-25T10:00:00Z"})
    assert [d["status"] for d in debits(driver)] == ["canceled", "settled"]


@pytest.mark.parametrize(("fate", "debited"), [("declined", False), ("rejected", True)])
def test_declined_at_execution_or_while_processing(driver: Driver, session: Session, fate, debited):
    before = session.account()
    reason = "beneficiary_iban_invalid"
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "fate": fate, "reason": reason, "times": 1})
    made = accepted(send(session, transfer_body(driver, session)))
    driver.advance(seconds=2)
    assert status(session, made["id"]) == ("processing" if debited else "declined")
    driver.advance(minutes=59)
    assert session.account()["authorized_balance_cents"] == before["authorized_balance_cents"] - 1250 * debited
    driver.advance(minutes=2)
    session = driver.connect()
    shown = session.get(f"{PATH}/{made['id']}").json()["transfer"]
    assert (shown["status"], shown["declined_reason"]) == ("declined", reason)
    assert session.account()["authorized_balance_cents"] == before["authorized_balance_cents"]
    if debited:
        assert row_of(session, made["id"])["status"] == "declined"
    assert driver.control("GET", "/debits")["debited_cents"] == 0
    again = accepted(send(session, transfer_body(driver, session), 2))
    driver.advance(minutes=1)
    assert status(session, again["id"]) == "settled", "times counts down"


def test_money_spent_meanwhile_is_missing_at_execution(driver: Driver, session: Session):
    made = accepted(send(session, transfer_body(driver, session)))
    account = session.account()
    spent = {"account_id": account["id"], "side": "debit", "amount_cents": account["balance_cents"], "label": "Tax"}
    driver.control("POST", "/transactions", spent)
    driver.advance(seconds=2)
    shown = session.get(f"{PATH}/{made['id']}").json()["transfer"]
    assert (shown["status"], shown["declined_reason"]) == ("declined", "debit_account_insufficient_funds")


def test_returned_is_a_credit_of_its_own(driver: Driver, session: Session):
    before = session.account()["balance_cents"]
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "fate": "returned", "seconds": 6 * 86400})
    made = accepted(send(session, transfer_body(driver, session)))
    driver.advance(days=6)
    session = driver.connect()
    assert session.account()["balance_cents"] == before - 1250
    driver.advance(minutes=1)
    assert session.account()["balance_cents"] == before
    assert status(session, made["id"]) == "settled"
    newest = session.transactions(session.account()["id"])[0]
    assert (newest["side"], newest["amount_cents"], newest["reference"]) == ("credit", 1250, "RETURN RG 4711")
    assert debits(driver)[0]["returned_at"] == "2026-11-26T10:00:12.000Z"


def test_stuck_and_forced(driver: Driver, session: Session):
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "fate": "stuck"})
    made = accepted(send(session, transfer_body(driver, session)))
    driver.advance(days=2)
    session = driver.connect()
    assert status(session, made["id"]) == "processing"
    driver.control("POST", f"/transfers/{made['id']}", {"status": "settled"})
    assert status(session, made["id"]) == "settled"
    driver.control("POST", f"/transfers/{made['id']}", {"status": "returned"})
    impossible = driver.http.post(f"/_control/transfers/{made['id']}", json={"status": "pending"})
    assert impossible.status_code == 400


def test_made_in_the_banks_own_app(driver: Driver, session: Session):
    body = {"account_id": session.account()["id"], "beneficiary": OTHER, "amount": "99.00", "reference": "RG 12"}
    made = driver.control("POST", "/transfers", body)["transfer"]
    assert made["origin"] == "app"
    listed = session.get(PATH).json()["transfers"]
    assert [(t["id"], t["amount_cents"]) for t in listed] == [(made["id"], 9900)]
    driver.advance(minutes=1)
    assert row_of(session, made["id"])["label"] == OTHER["name"]


# === LIST === #


def test_list_filters(driver: Driver, session: Session):
    first = accepted(send(session, transfer_body(driver, session)))
    driver.advance(minutes=5)
    second = accepted(send(session, transfer_body(driver, session, scheduled_date="2026-12-24"), 2))

    def ids(**query: Any) -> list[str]:
        answer = session.get(PATH, **query)
        assert answer.status_code == 200, answer.text
        return [transfer["id"] for transfer in answer.json()["transfers"]]

    assert ids() == [second["id"], first["id"]]
    assert ids(**{"status[]": ["settled", "declined"]}) == [first["id"]]
    assert ids(**{"ids[]": [first["id"], UUID.format(7)]}) == [first["id"]]
    assert ids(**{"beneficiary_ids[]": [first["beneficiary_id"]]}) == [second["id"], first["id"]]
    assert ids(updated_at_from="2026-11-20T10:04:00Z") == [second["id"]]
    assert ids(updated_at_to="2026-11-20T10:04:00Z") == [first["id"]]
    assert ids(scheduled_date_from="2026-12-01") == [second["id"]]
    assert ids(scheduled_date_to="2026-12-01", sort_by="scheduled_date:asc") == [first["id"]]
    assert ids(per_page=1, page=2) == [first["id"]]
    assert session.get(PATH, **{"ids[]": [UUID.format(n) for n in range(101)]}).status_code == 400
    assert session.get(PATH, **{"status[]": "gone"}).status_code == 400
    assert driver.connect(EMPLOYEE).get(f"{PATH}/{first['id']}").status_code == 404
