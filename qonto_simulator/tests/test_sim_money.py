"""What makes payments dangerous: keys that forget, answers that get lost, bulks that take their time."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx
import pytest

from qonto_simulator.faults import ConnectionDropped

from .contract import Contract
from .driver import Driver, Session
from .good_calls import PAYEE, PROVEN, UUID, bulk_body, bulk_proof, key, proof, transfer_body

PATH = "/sepa/transfers"


def debits(driver: Driver) -> list[dict[str, Any]]:
    return driver.control("GET", "/debits")["debits"]


def made(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["transfer"]["id"]


# === KEYS === #


def test_a_key_gives_the_old_answer_for_30_minutes_and_then_pays_again(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    first = made(session.post(PATH, body, **key()))
    driver.advance(minutes=29, seconds=59.999)
    assert made(session.post(PATH, body, **key())) == first
    assert len(debits(driver)) == 1
    driver.advance(seconds=0.001)
    body["vop_proof_token"] = proof(session)
    assert made(session.post(PATH, body, **key())) != first
    assert len(debits(driver)) == 2


def test_an_old_key_gives_the_old_answer_to_a_new_body(driver: Driver, session: Session):
    first = made(session.post(PATH, transfer_body(driver, session), **key()))
    assert made(session.post(PATH, transfer_body(driver, session, amount="99.00"), **key())) == first
    assert [debit["amount_cents"] for debit in debits(driver)] == [1250]


def test_a_key_is_needed(driver: Driver, session: Session):
    assert session.post(PATH, transfer_body(driver, session)).status_code == 400


def test_refusals_and_challenges_are_not_kept(driver: Driver, session: Session):
    body = transfer_body(driver, session)
    assert session.post(PATH, {**body, "vop_proof_token": "x"}, **key()).status_code == 400
    inline = transfer_body(driver, session, beneficiary_id=None, beneficiary=PAYEE)
    assert session.post(PATH, inline, **key()).status_code == 428
    assert made(session.post(PATH, body, **key()))


# === ANSWERS THAT GET LOST === #


@pytest.mark.parametrize("kind", ["drop", "status", "html", "garbage", "truncate"])
def test_effect_without_an_answer(driver: Driver, session: Session, contract: Contract, kind):
    """The money moves, the client hears nothing or nonsense; the key finds it again."""
    contract.off = True
    body = transfer_body(driver, session)
    fault = {"path_prefix": "/v2/sepa/transfers", "kind": kind, "after_effect": True}
    driver.control("POST", "/faults", fault)
    try:
        lost = session.post(PATH, body, **key())
    except (ConnectionDropped, httpx.HTTPError):
        lost = None
    assert lost is None or lost.status_code == 500 or "transfer" not in lost.text
    contract.off = False
    (debit,) = debits(driver)
    assert made(session.post(PATH, body, **key())) == debit["id"]
    assert len(debits(driver)) == 1


@pytest.mark.parametrize("kind", ["drop", "status", "html", "garbage"])
def test_no_effect_without_an_answer(driver: Driver, session: Session, contract: Contract, kind):
    contract.off = True
    body = transfer_body(driver, session)
    driver.control("POST", "/faults", {"path_prefix": "/v2/sepa/transfers", "kind": kind})
    with contextlib.suppress(ConnectionDropped, httpx.HTTPError):
        session.post(PATH, body, **key())
    contract.off = False
    assert debits(driver) == []
    made(session.post(PATH, body, **key()))


def test_answer_to_an_approved_transfer_is_lost(driver: Driver, session: Session, contract: Contract):
    """The proof is spent, the key still knows."""
    body = transfer_body(driver, session, beneficiary_id=None, beneficiary=PAYEE)
    token = session.post(PATH, body, **key()).json()["sca_session_token"]
    driver.control("POST", "/sca", {"decision": "allow"})
    driver.control("POST", "/faults", {"path_prefix": "/v2/sepa/transfers", "kind": "drop", "after_effect": True})
    contract.off = True
    with pytest.raises(ConnectionDropped):
        session.post(PATH, body, **key(), **{PROVEN: token})
    contract.off = False
    (debit,) = debits(driver)
    assert made(session.post(PATH, body, **key(), **{PROVEN: token})) == debit["id"]


# === BULK === #


def bulk(session: Session, body: dict[str, Any], number: int = 1, **headers: str) -> httpx.Response:
    return session.post("/sepa/bulk_transfers", body, **{**key(number), **headers})


def shown(session: Session, bulk_id: str) -> dict[str, Any]:
    return session.get(f"/sepa/bulk_transfers/{bulk_id}").json()["bulk_transfer"]


def test_bulk_is_created_item_by_item(driver: Driver, session: Session):
    answer = bulk(session, bulk_body(driver, session, 25)).json()
    assert (answer["total_count"], answer["pending_count"]) == (25, 25)
    assert {(r["status"], r["transfer_id"], r["errors"]) for r in answer["results"]} == {("pending", None, None)}
    assert debits(driver) == []
    driver.advance(seconds=0.2)
    assert shown(session, answer["id"])["completed_count"] == 10
    driver.advance(seconds=60)
    done = shown(session, answer["id"])
    assert (done["completed_count"], done["pending_count"], done["failed_count"]) == (25, 0, 0)
    ids = [result["transfer_id"] for result in done["results"]]
    transfers = session.get(PATH, **{"ids[]": ids}).json()["transfers"]
    assert {transfer["status"] for transfer in transfers} == {"settled"}
    assert sum(t["amount_cents"] for t in transfers) == sum((n + 1) * 100 for n in range(25))
    assert [d["client_transfer_id"] for d in debits(driver)] == [UUID.format(n) for n in range(25)]
    assert session.get("/sepa/bulk_transfers").json()["bulk_transfers"] == [done]


def test_bulk_completed_is_not_paid(driver: Driver, session: Session):
    """Created well, declined afterwards: only the transfers tell."""
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "fate": "declined", "times": 1})
    answer = bulk(session, bulk_body(driver, session)).json()
    driver.advance(minutes=1)
    done = shown(session, answer["id"])
    assert done["completed_count"] == 2
    ids = [result["transfer_id"] for result in done["results"]]
    transfers = session.get(PATH, **{"ids[]": ids}).json()["transfers"]
    assert {transfer["status"] for transfer in transfers} == {"declined", "settled"}


@pytest.mark.parametrize("nested", [True, False])
def test_bulk_items_fail_by_themselves(driver: Driver, session: Session, nested):
    driver.control("POST", "/policy", {"bulk_errors_nested": nested, "bulk_wrapped": True})
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "fate": "failed", "reason": "iban_blocked", "times": 2})
    answer = bulk(session, bulk_body(driver, session, 25)).json()["bulk_transfer"]
    driver.advance(minutes=1)
    done = shown(session, answer["id"])
    assert (done["completed_count"], done["failed_count"]) == (23, 2)
    errors = done["results"][0]["errors"]
    assert (errors[0]["errors"][0] if nested else errors[0])["code"] == "iban_blocked"
    assert len(debits(driver)) == 23


def test_bulk_with_an_untrusted_payee_needs_one_approval_for_all(driver: Driver, session: Session):
    body = bulk_body(driver, session, 3)
    del body["bulk_transfers"][1]["beneficiary_id"]
    body["bulk_transfers"][1]["beneficiary"] = PAYEE
    first = bulk(session, body)
    assert (first.status_code, first.json()["action_type"]) == (428, "transfer.bulk.create")
    assert driver.control("GET", "/sca")["sessions"][0]["summary"] == "Send 3 transfers, 6.00 EUR in all"
    driver.control("POST", "/sca", {"decision": "allow"})
    assert bulk(session, body, **{PROVEN: first.json()["sca_session_token"]}).status_code == 200
    driver.advance(seconds=1)
    assert len(debits(driver)) == 3


def test_bulk_proof_fits_exactly_its_set(driver: Driver, session: Session):
    body = bulk_body(driver, session, 2)
    for payees in ([PAYEE], [PAYEE] * 3, [PAYEE, {**PAYEE, "name": "Another"}]):
        assert bulk(session, {**body, "vop_proof_token": bulk_proof(session, payees)}).status_code == 400
    assert bulk(session, body).status_code == 200


def test_wrong_bulks_are_refused(driver: Driver, session: Session):
    body = bulk_body(driver, session, 2)
    items = body["bulk_transfers"]
    wrapped = bulk(session, {"bulk_transfer": body})
    assert (wrapped.status_code, wrapped.json()["errors"][0]["source"]) == (400, {"pointer": "/bulk_transfers"})
    missing = {name: value for name, value in body.items() if name != "vop_proof_token"}
    assert bulk(session, missing).json()["errors"][0]["code"] == "vop_proof_token_missing"
    twice = [items[0], {**items[1], "client_transfer_id": items[0]["client_transfer_id"]}]
    for wrong in ([], [{**items[0], "client_transfer_id": "1"}], twice, [{**items[0], "amount": 1}], items * 201):
        assert bulk(session, {**body, "bulk_transfers": wrong}).status_code == 400
    assert debits(driver) == []


# === BETWEEN OWN ACCOUNTS === #


def internal(session: Session, **changes: Any) -> dict[str, Any]:
    facts = {
        "debit_iban": session.account()["iban"],
        "credit_iban": session.account("Steuerrücklage")["iban"],
        "reference": "Rücklage",
        "amount": "10.00",
        "amount_currency": "EUR",
        **changes,
    }
    return {"internal_transfer": facts}


def test_internal_transfer_books_both_sides_at_once(driver: Driver, session: Session):
    before = {name: session.account(name)["balance_cents"] for name in ("Hauptkonto", "Steuerrücklage")}
    answer = session.post("/internal_transfers", internal(session), **key())
    assert answer.status_code == 200, answer.text
    assert session.account()["balance_cents"] == before["Hauptkonto"] - 1000
    assert session.account("Steuerrücklage")["balance_cents"] == before["Steuerrücklage"] + 1000
    assert session.post("/internal_transfers", internal(session), **key()).json() == answer.json()
    assert [(d["kind"], d["amount_cents"]) for d in debits(driver)] == [("internal", 1000)]
    assert driver.control("GET", "/sca")["sessions"] == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"credit_iban": PAYEE["iban"]}, 422),
        ({"amount": 10}, 400),
        ({"amount": "99999999.00"}, 400),
        ({"amount_currency": "USD"}, 400),
        ({"reference": ""}, 400),
    ],
)
def test_wrong_internal_transfers(driver: Driver, session: Session, changes, status):
    assert session.post("/internal_transfers", internal(session, **changes), **key()).status_code == status
    own = session.account()["iban"]
    assert session.post("/internal_transfers", internal(session, credit_iban=own), **key()).status_code == 400
    assert debits(driver) == []


def test_ledger_of_debits_can_be_narrowed_down(driver: Driver, session: Session):
    made(session.post(PATH, transfer_body(driver, session, note="intent-1"), **key(1)))
    made(session.post(PATH, transfer_body(driver, session, note="intent-2"), **key(2)))
    assert [d["note"] for d in driver.control("GET", "/debits?note=intent-2")["debits"]] == ["intent-2"]
    driver.advance(minutes=1)
    assert driver.control("GET", "/debits")["debited_cents"] == 2500
    assert driver.control("GET", "/debits?account_id=x")["debits"] == []


def test_control_refuses_nonsense(driver: Driver, session: Session):
    account = session.account()["id"]
    for path, body in [
        ("/payees", {"holder": "x"}),
        ("/payees", {"iban": "x", "fate": "perhaps"}),
        ("/payees", {"iban": "x", "vop_result": "MAYBE"}),
        ("/beneficiaries", {"name": "x"}),
        ("/transfers", {"account_id": "x"}),
        ("/transfers", {"account_id": account, "amount": "1"}),
        ("/transfers/unknown", {"status": "settled"}),
    ]:
        assert driver.http.post(f"/_control{path}", json=body).status_code == 400, (path, body)
