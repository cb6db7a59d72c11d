"""One accepted call of each operation of the contract, and how to spoil it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from .driver import OWNER, Driver, Session


@dataclass
class GoodCall:
    """What an operation's call is made of. ``variables`` fill its path."""

    variables: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    files: Any = None

    def send(self, method: str, path: str, session: Session, **changes: Any) -> httpx.Response:
        """Send it; a change replaces ``variables``, ``params``, ``headers``, ``json`` or ``files``."""
        call = GoodCall(**{**vars(self), **changes})
        headers = {**session.headers, **call.headers}
        at = path.format(**call.variables)
        return session.http.request(method, at, params=call.params, headers=headers, json=call.json, files=call.files)


Maker = Callable[[Driver, Session], GoodCall]
MAKERS: dict[str, Maker] = {}


def good_call(name: str, driver: Driver, session: Session) -> GoodCall:
    return MAKERS.get(name, _plain)(driver, session)


def maker(*names: str) -> Callable[[Maker], Maker]:
    def register(function: Maker) -> Maker:
        MAKERS.update(dict.fromkeys(names, function))
        return function

    return register


def _plain(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall()


@maker("getBankAccount")
def _account(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.account()["id"]})


@maker("listTransactions")
def _transactions(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall(params={"bank_account_id": session.account()["id"]})


@maker("getTransaction")
def _transaction(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.transactions(session.account()["id"])[0]["id"]})


@maker("getLabel")
def _label(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.get("/labels").json()["labels"][0]["id"]})


@maker("getScaSession")
def _sca(driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"sca_session_token": _challenge(driver, session, "paired-device")})


@maker("getMockedScaSession", "decideMockedScaSession")
def _mocked(driver: Driver, session: Session) -> GoodCall:
    token = _challenge(driver, session, "mock")
    staging = {"X-Qonto-Staging-Token": driver.client["staging_token"]}
    return GoodCall({"sca_session_token": token, "decision": "allow"}, headers=staging)


def _challenge(driver: Driver, session: Session, method: str) -> str:
    driver.control("POST", "/policy", {"sca_poll_seconds": 0})
    driver.control("POST", "/sca/reading", {"email": OWNER})
    query = {"bank_account_id": session.account()["id"]}
    headers = {**session.headers, "X-Qonto-2fa-Preference": method}
    answer = session.http.get("/v2/transactions", params=query, headers=headers)
    driver.control("POST", "/sca/reading", {"off": True})
    return answer.json()["sca_session_token"]


# === PAYMENTS === #

PAYEE = {"name": "Default Match Person", "iban": "FR7616958000014849440866435"}
UUID = "11111111-1111-4111-8111-{:012d}"


def key(number: int = 1) -> dict[str, str]:
    return {"X-Qonto-Idempotency-Key": UUID.format(number)}


def proof(session: Session, name: str = PAYEE["name"], iban: str = PAYEE["iban"]) -> str:
    body = {"iban": iban, "beneficiary_name": name}
    return session.post("/sepa/verify_payee", body).json()["proof_token"]["token"]


def bulk_proof(session: Session, payees: list[dict[str, str]]) -> str:
    requests = [{"id": str(n), "beneficiary_name": p["name"], "iban": p["iban"]} for n, p in enumerate(payees)]
    return session.post("/sepa/bulk_verify_payee", {"requests": requests}).json()["proof_token"]["token"]


def trusted(driver: Driver) -> str:
    """Return the id of a payee that needs no approval."""
    return driver.control("POST", "/beneficiaries", {**PAYEE, "trusted": True})["beneficiary"]["id"]


def transfer_body(driver: Driver, session: Session, **changes: Any) -> dict[str, Any]:
    """A transfer that needs no approval; None leaves a field out."""
    facts = {
        "bank_account_id": session.account()["id"],
        "beneficiary_id": trusted(driver),
        "reference": "RG 4711",
        "amount": "12.50",
        **changes,
    }
    sent = {name: value for name, value in facts.items() if value is not None}
    return {"vop_proof_token": proof(session), "transfer": sent}


def bulk_body(driver: Driver, session: Session, count: int = 2) -> dict[str, Any]:
    payee = trusted(driver)
    items = [
        {"client_transfer_id": UUID.format(n), "beneficiary_id": payee, "reference": f"RG {n}", "amount": f"{n + 1}.00"}
        for n in range(count)
    ]
    return {
        "bank_account_id": session.account()["id"],
        "vop_proof_token": bulk_proof(session, [PAYEE] * count),
        "bulk_transfers": items,
    }


@maker("createTransfer")
def _create_transfer(driver: Driver, session: Session) -> GoodCall:
    return GoodCall(headers=key(), json=transfer_body(driver, session))


@maker("getTransfer")
def _transfer(driver: Driver, session: Session) -> GoodCall:
    made = session.post("/sepa/transfers", transfer_body(driver, session), **key(2))
    return GoodCall({"id": made.json()["transfer"]["id"]})


@maker("cancelTransfer")
def _cancel(driver: Driver, session: Session) -> GoodCall:
    body = transfer_body(driver, session, scheduled_date="2026-12-24")
    return GoodCall({"id": session.post("/sepa/transfers", body, **key(3)).json()["transfer"]["id"]})


@maker("createBulkTransfer")
def _create_bulk(driver: Driver, session: Session) -> GoodCall:
    return GoodCall(headers=key(), json=bulk_body(driver, session))


@maker("getBulkTransfer")
def _bulk(driver: Driver, session: Session) -> GoodCall:
    made = session.post("/sepa/bulk_transfers", bulk_body(driver, session), **key(4))
    return GoodCall({"id": made.json()["id"]})


@maker("createInternalTransfer")
def _internal(_driver: Driver, session: Session) -> GoodCall:
    body = {
        "debit_iban": session.account()["iban"],
        "credit_iban": session.account("Steuerrücklage")["iban"],
        "reference": "Rücklage",
        "amount": "10.00",
        "currency": "EUR",
        "amount_currency": "EUR",
    }
    return GoodCall(headers=key(), json={"internal_transfer": body})


@maker("createBeneficiary")
def _create_beneficiary(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall(headers=key(), json={"beneficiary": PAYEE})


@maker("getBeneficiary")
def _beneficiary(driver: Driver, _session: Session) -> GoodCall:
    return GoodCall({"id": trusted(driver)})


@maker("updateBeneficiary")
def _update_beneficiary(driver: Driver, _session: Session) -> GoodCall:
    return GoodCall({"id": trusted(driver)}, json={"beneficiary": {"email": "a@example.com"}})


@maker("trustBeneficiaries", "untrustBeneficiaries")
def _trust(driver: Driver, _session: Session) -> GoodCall:
    return GoodCall(json={"ids": [trusted(driver)]})


@maker("verifyPayee")
def _verify(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall(json={"iban": PAYEE["iban"], "beneficiary_name": PAYEE["name"]})


@maker("bulkVerifyPayee")
def _bulk_verify(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall(json={"requests": [{"id": "1", "iban": PAYEE["iban"], "beneficiary_name": PAYEE["name"]}]})


@maker("uploadAttachment")
def _upload(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall(headers=key(), files={"file": ("bill.pdf", b"%PDF-1.4 bill", "application/pdf")})


@maker("getAttachment")
def _attachment(_driver: Driver, session: Session) -> GoodCall:
    file = ("bill.pdf", b"%PDF-1.4 bill", "application/pdf")
    made = session.http.post("/v2/attachments", files={"file": file}, headers={**session.headers, **key(5)})
    return GoodCall({"id": made.json()["attachment"]["id"]})


@maker("listTransactionAttachments")
def _receipts(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.transactions(session.account()["id"])[0]["id"]})


@maker("listStatements")
def _statements(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall(params={"bank_account_ids[]": session.account()["id"]})


@maker("getStatement")
def _statement(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.get("/statements").json()["statements"][0]["id"]})


# === SPOILT CALLS === #

PROVEN = "X-Qonto-Sca-Session-Token"
ANOTHER_IBAN = "DE02120300000000202051"


def spoilt(name: str, status: str, driver: Driver, session: Session, good: GoodCall) -> dict[str, Any]:
    """Return what to change of a good call to be answered 412, 422 or 428."""
    if name in ("createTransfer", "createBulkTransfer"):
        body = json.loads(json.dumps(good.json))
        for order in (body["transfer"],) if name == "createTransfer" else body["bulk_transfers"]:
            order["beneficiary"] = PAYEE
            del order["beneficiary_id"]
        headers = dict(good.headers)
        if status == "412":
            path = "transfers" if name == "createTransfer" else "bulk_transfers"
            headers[PROVEN] = session.post(f"/sepa/{path}", body, **headers).json()["sca_session_token"]
            driver.control("POST", f"/sca/{headers[PROVEN]}", {"decision": "expire"})
        elif status == "422":
            headers[PROVEN] = "unknown"
        return {"json": body, "headers": headers}
    if name == "createInternalTransfer":
        return {"json": {"internal_transfer": {**good.json["internal_transfer"], "credit_iban": ANOTHER_IBAN}}}
    if name == "uploadAttachment":
        return {"files": {"file": ("bill.txt", b"text", "text/plain")}}
    return {} if status == "428" else {"params": {**good.params, "page": 999}}
