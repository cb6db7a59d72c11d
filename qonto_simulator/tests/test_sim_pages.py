"""Pages for people: what they show and that none pretends to be the bank."""

from __future__ import annotations

import re

import pytest

from .driver import OWNER, Driver


def pages(driver: Driver) -> dict[str, str]:
    login = driver.http.get(driver.ask().headers["location"])
    organization = driver.log_in()
    fee = {"account_id": driver.control("GET", "/truth")["accounts"][0]["id"], "side": "debit", "label": "Fee"}
    driver.control("POST", "/transactions", {**fee, "amount_cents": 1, "operation_type": "qonto_fee"})
    return {
        "desk": driver.http.get("/").text,
        "export": driver.http.get("/export").text,
        "portal": driver.http.get("/devportal").text,
        "phones": driver.http.get("/phone").text,
        "phone": driver.http.get(f"/phone/{OWNER}").text,
        "login": login.text,
        "organization": organization.text,
        "consent": driver.choose(organization).text,
        "unknown app": driver.ask(client_id="x").text,
    }


def test_every_page_says_that_it_is_a_stand_in(driver: Driver):
    for name, text in pages(driver).items():
        assert "Stand-in, not Qonto" in text, name
        assert "(stand-in, not Qonto)</title>" in text, name
        assert 'name="viewport"' in text, name
        # Apart from saying what it is not, no page uses the name.
        rest = text.replace("/qonto/", "/").lower().replace("stand-in, not qonto", "")
        assert "qonto" not in rest, name


def test_pages_need_nothing_from_elsewhere(driver: Driver):
    for name, text in pages(driver).items():
        assert not re.search(r'(src|href)="(https?:)?//', text), name


def test_desk_shows_accounts_rows_and_log_ins(driver: Driver):
    text = driver.http.get("/").text
    for account in driver.control("GET", "/truth")["accounts"]:
        assert f"{account['balance_cents'] // 100:,}.{account['balance_cents'] % 100:02d} EUR" in text
    for member in driver.state["members"]:
        assert member["email"] in text
        assert member["password"] in text


def test_desk_adds_a_transaction(driver: Driver):
    session = driver.connect()
    account = session.account()
    form = {"account": account["id"], "side": "debit", "amount": "12,50", "label": "Kiosk <b>", "reference": "x"}
    answer = driver.http.post("/desk/transactions", data={**form, "status": "completed"})
    assert "in the books" in answer.text
    assert "Kiosk &lt;b&gt;" in answer.text
    assert session.account()["balance_cents"] == account["balance_cents"] - 1250


@pytest.mark.parametrize("amount", ["", "nonsense", "0", "-5", "1e99", "NaN"])
def test_desk_refuses_an_amount_that_is_none(driver: Driver, amount):
    account = driver.control("GET", "/truth")["accounts"][0]
    form = {"account": account["id"], "side": "debit", "amount": amount, "label": "Kiosk"}
    answer = driver.http.post("/desk/transactions", data=form)
    assert answer.status_code == 400
    assert "amount above zero" in answer.text
    assert driver.control("GET", "/truth")["accounts"][0] == account


def test_portal_registers_an_address(driver: Driver):
    address = "https://odoo.example.com/qonto/callback"
    form = {"client_id": driver.client["client_id"], "redirect_uri": address}
    assert address in driver.http.post("/devportal/redirect", data=form).text
    assert driver.ask(redirect_uri=address).status_code == 302
    wrong = driver.http.post("/devportal/redirect", data={**form, "redirect_uri": "http://odoo.example.com"})
    assert wrong.status_code == 400
    assert "https" in wrong.text
