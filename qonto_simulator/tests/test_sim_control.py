"""The control API: state, reset, clock, books, faults, log; and that all of it survives a restart."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from qonto_simulator import world
from qonto_simulator.bank import Bank
from qonto_simulator.clock import parse_instant
from qonto_simulator.codec import dumps
from qonto_simulator.faults import ConnectionDropped

from .conftest import NOW, open_client
from .contract import Contract
from .driver import OWNER, REDIRECT, Driver, Session

ALL = ["pending", "declined", "completed"]


def truth_of(driver: Driver, account_id: str) -> dict[str, Any]:
    return driver.control("GET", f"/truth?account_id={account_id}")["accounts"][0]


def refusal(http: httpx.Client, method: str, path: str, body: Any) -> str:
    answer = http.request(method, f"/_control{path}", json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


# === STATE AND RESET === #


def test_state_tells_what_a_test_needs(driver: Driver):
    state = driver.control("GET", "/state")
    assert state["now"] == "2026-11-20T10:00:00.000Z"
    assert state["client"]["redirect_uris"] == [REDIRECT]
    assert set(state["client"]) == {"client_id", "client_secret", "name", "staging_token", "redirect_uris"}
    assert state["members"][0] | {"email": OWNER, "role": "owner"} == state["members"][0]
    assert state["organizations"][0]["name"] == "Halvering Lichttechnik GmbH"
    assert driver.control("GET", "/health")["ok"] is True


def test_reset_gives_a_fresh_world_with_the_same_credentials(driver: Driver, session: Session):
    driver.control("POST", "/policy", {"auto_consent": "deny"})
    driver.control("POST", "/faults", {"path_prefix": "/v2", "kind": "html"})
    before = truth_of(driver, session_account(driver))
    body = {"seed": 1, "now": "2026-11-20T10:00:00Z", "scenario": "small", "frozen": True}
    state = driver.control("POST", "/reset", body)
    assert state["client"]["client_id"] == driver.client["client_id"]
    assert state["client"]["redirect_uris"] == []
    assert state["policy"]["auto_consent"] is None
    assert driver.control("GET", "/faults")["faults"] == []
    assert session.get("/organization").status_code == 401
    assert truth_of(driver, session_account(driver)) == before


def session_account(driver: Driver) -> str:
    return driver.control("GET", "/truth")["accounts"][0]["id"]


def test_reset_takes_seed_now_scenario_and_addresses(driver: Driver):
    body = {"seed": 7, "now": "2026-03-01T08:00:00+01:00", "scenario": "demo", "redirect_uris": [REDIRECT]}
    state = driver.control("POST", "/reset", body)
    assert state["now"].startswith("2026-03-01T07:00:0")
    assert (state["seed"], state["scenario"], state["frozen"]) == (7, "demo", False)
    assert state["client"]["redirect_uris"] == [REDIRECT]
    fresh = driver.control("POST", "/reset", {})
    assert abs(parse_instant(fresh["now"]) - datetime.now(timezone.utc)) < timedelta(seconds=20)
    assert "seed" in refusal(driver.http, "POST", "/reset", {"seed": "x"})
    assert "scenario" in refusal(driver.http, "POST", "/reset", {"scenario": "huge"})
    assert "Unknown" in refusal(driver.http, "POST", "/reset", {"sceanrio": "demo"})


@pytest.mark.parametrize("address", ["http://example.com/cb", "ftp://x/y", "https://x/y#z", "nonsense", 7])
def test_redirect_addresses_are_https_or_on_this_machine(driver: Driver, address):
    refusal(driver.http, "POST", "/clients", {"redirect_uris": [address]})
    driver.control("POST", "/clients", {"redirect_uris": ["https://example.com/cb", "http://localhost:8069/cb"]})


# === CLOCK === #


def test_clock_jumps_stands_and_runs(driver: Driver):
    def now() -> str:
        return driver.control("GET", "/health")["now"]

    driver.control("POST", "/clock", {"now": "2027-01-01T00:00:00Z"})
    assert now() == now() == "2027-01-01T00:00:00.000Z"
    driver.control("POST", "/clock", {"advance_seconds": 90})
    assert now() == "2027-01-01T00:01:30.000Z"
    assert driver.control("POST", "/clock", {"frozen": False})["frozen"] is False
    first = now()
    time.sleep(0.005)
    assert first < now()
    assert now().startswith("2027-01-01T00:01:3")
    driver.control("POST", "/clock", {"real": True})
    assert not now().startswith("2027-01-01T00:01")
    driver.control("POST", "/clock", {"now": "2026-12-24T12:00:00+01:00", "frozen": True})
    assert now() == "2026-12-24T11:00:00.000Z"
    refusal(driver.http, "POST", "/clock", {"now": "2026-12-24T12:00:00"})
    refusal(driver.http, "POST", "/clock", {"advance_seconds": "1"})


# === BOOKS === #


def test_new_transaction_is_booked_now_at_the_end_of_the_chain(driver: Driver, session: Session):
    account = session.account()
    body = {"account_id": account["id"], "side": "debit", "amount_cents": 1234, "label": "Neu", "reference": "R 1"}
    made = driver.control("POST", "/transactions", body)["transaction"]
    assert made["amount_cents"] == -1234
    assert made["settled_at"] == "2026-11-20T10:00:00.000Z"
    assert made["settled_balance_cents"] == account["balance_cents"] - 1234
    shown = session.get(f"/transactions/{made['id']}").json()["transaction"]
    assert (shown["amount_cents"], shown["side"], shown["operation_type"]) == (1234, "debit", "transfer")
    assert session.account()["balance_cents"] == account["balance_cents"] - 1234


def test_two_bookings_in_one_instant_get_distinct_ones(driver: Driver, session: Session):
    body = {"account_id": session.account()["id"], "side": "credit", "amount_cents": 100, "label": "Zwilling"}
    made = driver.control("POST", "/transactions", [body, body, body])["transactions"]
    assert len({row["settled_at"] for row in made}) == 3
    assert all(row["settled_at"] <= "2026-11-20T10:00:00.000Z" for row in made)


def chain_is_right(account: dict[str, Any]) -> bool:
    balance = account["opening_balance_cents"]
    rows = [row for row in account["transactions"] if row["status"] == "completed"]
    for row in sorted(rows, key=lambda row: row["settled_at"]):
        balance += row["amount_cents"]
        if row["settled_balance_cents"] != balance:
            return False
    return balance == account["balance_cents"]


def test_late_post_moves_the_balances_behind_it_and_their_updated_at(driver: Driver, session: Session):
    account = session.account()["id"]
    driver.advance(hours=1)
    body = {
        "account_id": account,
        "side": "credit",
        "amount_cents": 500,
        "label": "Nachzügler",
        "settled_at": "2026-11-10T08:00:00Z",
    }
    made = driver.control("POST", "/transactions", body)["transaction"]
    after = truth_of(driver, account)
    assert chain_is_right(after)
    assert made["updated_at"] == "2026-11-20T11:00:00.000Z"
    for row in after["transactions"]:
        later = row["status"] == "completed" and row["settled_at"] >= "2026-11-10T08:00:00"
        assert (row["updated_at"] == "2026-11-20T11:00:00.000Z") == later


def test_pending_row_keeps_its_id_when_completed_with_another_amount(driver: Driver, session: Session):
    account = session.account()
    pending = session.transactions(account["id"], ["pending"])[0]
    driver.advance(minutes=5)
    change = {"status": "completed", "amount_cents": 4321}
    made = driver.control("PATCH", f"/transactions/{pending['id']}", change)["transaction"]
    assert (made["id"], made["amount_cents"]) == (pending["id"], -4321)
    assert made["updated_at"] == made["settled_at"] == "2026-11-20T10:05:00.000Z"
    assert session.account()["balance_cents"] == account["balance_cents"] - 4321
    assert chain_is_right(truth_of(driver, account["id"]))


def test_declining_takes_the_settlement_away(driver: Driver, session: Session):
    account = session.account()["id"]
    row = session.transactions(account)[3]
    made = driver.control("PATCH", f"/transactions/{row['id']}", {"status": "declined"})["transaction"]
    assert (made["settled_at"], made["settled_balance_cents"]) == (None, None)
    assert chain_is_right(truth_of(driver, account))


def test_editing_a_note_moves_only_updated_at(driver: Driver, session: Session):
    row = session.transactions(session.account()["id"])[5]
    driver.advance(minutes=1)
    driver.control("PATCH", f"/transactions/{row['id']}", {"note": "geprüft"})
    shown = session.get(f"/transactions/{row['id']}").json()["transaction"]
    assert shown == {**row, "note": "geprüft", "updated_at": "2026-11-20T10:01:00.000Z"}


def test_removing_a_row_closes_the_chain(driver: Driver, session: Session):
    account = session.account()["id"]
    row = session.transactions(account)[4]
    driver.control("DELETE", f"/transactions/{row['id']}")
    assert session.get(f"/transactions/{row['id']}").status_code == 404
    assert chain_is_right(truth_of(driver, account))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"amount_cents": -5}, "positive"),
        ({"amount_cents": 1.5}, "amount_cents"),
        ({"amount_cents": True}, "amount_cents"),
        ({"side": "left"}, "side"),
        ({"status": "reversed"}, "status"),
        ({"settled_at": "2026-11-20T10:00:01Z"}, "now"),
        ({"settled_at": "2026-11-20"}, "ISO 8601"),
        ({"status": "pending", "settled_at": "2026-11-20T09:00:00Z"}, "completed"),
        ({"label": ""}, "label"),
        ({"account_id": "unknown"}, "account_id"),
        ({"colour": "red"}, "Unknown"),
    ],
)
def test_impossible_transactions_are_refused_whole(driver: Driver, session: Session, change, word):
    account = session.account()["id"]
    before = truth_of(driver, account)
    good = {"account_id": account, "side": "credit", "amount_cents": 100, "label": "Gut"}
    assert word in refusal(driver.http, "POST", "/transactions", [good, {**good, **change}])
    assert truth_of(driver, account) == before


def test_accounts_can_be_opened_in_another_currency_and_closed(driver: Driver, session: Session):
    made = driver.control("POST", "/accounts", {"name": "Dollar", "currency": "USD", "balance_cents": 5000})["account"]
    shown = session.account("Dollar")
    assert (shown["currency"], shown["balance_cents"], shown["iban"]) == ("USD", 5000, made["iban"])
    driver.control("PATCH", f"/accounts/{made['id']}", {"status": "closed"})
    assert session.account("Dollar")["status"] == "closed"
    body = {"account_id": made["id"], "side": "credit", "amount_cents": 100, "label": "Fee"}
    assert driver.control("POST", "/transactions", body)["transaction"]["currency"] == "USD"


def test_documents_name_partners_and_rows(driver: Driver):
    found = driver.control("GET", "/documents")
    partners = {partner["id"] for partner in found["partners"]}
    assert {document["partner_id"] for document in found["documents"]} == partners
    for document in found["documents"]:
        assert document["net_cents"] + document["vat_cents"] == document["amount_cents"]
    assert len(driver.control("GET", "/documents?issued_from=2026-11-19")["documents"]) < len(found["documents"])


# === FAULTS === #


def fault(driver: Driver, kind: str, **more: Any) -> None:
    driver.control("POST", "/faults", {"path_prefix": "/v2/labels", "kind": kind, **more})


def test_each_fault_spoils_the_answer_once(driver: Driver, session: Session, contract: Contract):
    contract.off = True
    fault(driver, "status", status=503, retry_after=4)
    answer = session.get("/labels")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "4")
    flat = {"code": "sca_required", "message": "SCA required", "sca_session_token": "x"}
    fault(driver, "status", status=428, body=flat)
    assert (session.get("/labels").json(), session.get("/labels").status_code) == (flat, 200)
    fault(driver, "status", status=502, body="")
    assert session.get("/labels").content == b""
    fault(driver, "html")
    assert session.get("/labels").headers["content-type"].startswith("text/html")
    fault(driver, "garbage")
    with pytest.raises(ValueError, match="Expecting value"):
        session.get("/labels").json()
    fault(driver, "wrong_shape", body={"labels": "none"})
    assert session.get("/labels").json() == {"labels": "none"}
    fault(driver, "drop")
    with pytest.raises(ConnectionDropped):
        session.get("/labels")
    assert session.get("/labels").json()["labels"]
    kinds = [entry["fault"] for entry in driver.control("GET", "/requests")["requests"]]
    assert kinds[-9:] == ["status", "status", None, "status", "html", "garbage", "wrong_shape", "drop", None]


def test_faults_can_wait_repeat_and_be_cleared(driver: Driver, session: Session):
    fault(driver, "status", skip=1, times=2, method="GET")
    assert [session.get("/labels").status_code for _call in range(4)] == [200, 500, 500, 200]
    fault(driver, "status", times=None)
    assert [session.get("/labels").status_code for _call in range(3)] == [500] * 3
    assert driver.control("DELETE", "/faults")["cleared"] == 1
    assert session.get("/labels").status_code == 200
    assert "kind" in refusal(driver.http, "POST", "/faults", {"path_prefix": "/v2", "kind": "fire"})
    assert "no faults" in refusal(driver.http, "POST", "/faults", {"path_prefix": "/", "kind": "drop"})


def test_after_effect_the_answer_is_lost_but_not_the_deed(driver: Driver, session: Session):
    rule = {"path_prefix": "/v2/oauth2/consents", "kind": "status", "status": 500}
    driver.control("POST", "/faults", rule)
    assert session.delete("/oauth2/consents").status_code == 500
    assert session.get("/labels").status_code == 200
    driver.control("POST", "/faults", {**rule, "after_effect": True})
    assert session.delete("/oauth2/consents").status_code == 500
    assert session.get("/labels").status_code == 401


# === LOG === #


def test_request_log_counts_calls_and_keeps_no_secret(driver: Driver):
    session = driver.connect()
    driver.control("DELETE", "/requests")
    session.get("/labels", page=1)
    driver.refresh(session.tokens["refresh_token"])
    driver.ask()
    entries = driver.control("GET", "/requests")["requests"]
    assert [(e["method"], e["path"], e["query"], e["status"]) for e in entries] == [
        ("GET", "/v2/labels", "page=1", 200),
        ("POST", "/oauth2/token", "", 200),
        ("GET", "/oauth2/auth", "", 302),
    ]
    assert entries[0]["client_id"] == driver.client["client_id"]
    secrets = [*session.tokens.values(), driver.client["client_secret"]]
    assert not any(str(secret) in str(entries) for secret in secrets if len(str(secret)) > 20)


# === ACCESS AND MEMORY === #


def test_control_answers_on_loopback_names_only(driver: Driver):
    assert driver.http.get("/_control/state", headers={"Host": "evil.example"}).status_code == 403
    plain = driver.http.post("/_control/reset", content="{}", headers={"Content-Type": "text/plain"})
    assert plain.status_code == 400


def test_all_that_happened_survives_in_the_state_file(tmp_path: Path, contract: Contract):
    bank = Bank(tmp_path / "bank.db")
    world.reset(bank, now=NOW, scenario="small", frozen=True)
    with open_client(bank, contract) as http:
        driver = Driver(http)
        session = driver.connect()
        driver.refresh(session.tokens["refresh_token"])
        driver.log_in()
        driver.advance(minutes=3)
        account = session.account()["id"]
        row = session.transactions(account)[0]["id"]
        driver.control("PATCH", f"/transactions/{row}", {"note": "behalten", "amount_cents": 77})
        body = {"account_id": account, "side": "credit", "amount_cents": 5, "label": "Neu"}
        driver.control("POST", "/transactions", body)
        driver.control("DELETE", f"/transactions/{session.transactions(account)[1]['id']}")
        driver.control("POST", "/accounts", {"iban": None})
        driver.control("POST", "/policy", {"retry_after": 3})
        driver.control("POST", "/faults", {"path_prefix": "/v2/x", "kind": "delay", "times": None, "body": {"a": [1]}})
        driver.connect().delete("/oauth2/consents")
        live = driver.connect()
    # Another process reads the file while the first one has not even closed it.
    again = Bank(tmp_path / "bank.db")
    assert again.clock.now() == bank.clock.now()
    for old, new in zip(bank.store.tables, again.store.tables, strict=True):
        assert [dumps(record) for record in new] == [dumps(record) for record in old], old.name
    with open_client(again, contract) as http:
        assert Session(http, live.tokens).get("/organization").status_code == 200
        assert Session(http, session.tokens).get("/organization").status_code == 401
        assert chain_is_right(truth_of(Driver(http), account))
    again.close()
    bank.close()


def test_an_answer_can_be_altered_value_by_value(session: Session, driver: Driver, contract: Contract) -> None:
    account = session.account()["id"]
    changes = [
        {"set": ["transactions", 0, "currency"], "to": "USD"}, {"drop": ["transactions", 1, "side"]},
        {"repeat": ["transactions", 2]}, {"set": ["meta", "next_page"], "to": 7},
    ]
    right = session.get("/transactions", bank_account_id=account).json()
    driver.control("POST", "/faults", {"path_prefix": "/v2/transactions", "kind": "alter", "body": changes})
    contract.off = True  # its shape is wrong on purpose
    wrong = session.get("/transactions", bank_account_id=account).json()
    assert wrong["transactions"][0]["currency"] == "USD"
    assert "side" not in wrong["transactions"][1]
    assert wrong["transactions"][-1] == right["transactions"][2]
    assert wrong["meta"]["next_page"] == 7


def test_the_bank_can_change_between_two_questions(session: Session, driver: Driver) -> None:
    account = session.account()["id"]
    first, second = session.transactions(account)[:2]
    added = {"account_id": account, "side": "credit", "amount_cents": 123, "label": "Neu"}
    events = [{"edit": first["id"], "note": "moved"}, {"remove": second["id"]}, {"add": added}]
    driver.control("POST", "/faults", {"path_prefix": "/v2/transactions", "kind": "meanwhile", "body": events})
    before = session.transactions(account)
    after = {row["id"]: row for row in session.transactions(account)}
    assert [row["note"] for row in before if row["id"] == first["id"]] == [first["note"]]
    assert after[first["id"]]["note"] == "moved"
    assert second["id"] not in after
    assert "Neu" in {row["label"] for row in after.values()}
