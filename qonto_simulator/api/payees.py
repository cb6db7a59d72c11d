"""Verification of payee, one or many (``qonto-api.md`` section 11)."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import Response

from ..payments import checks, payees
from ..payments.records import Payee, Proof
from .call import Call, Endpoints
from .errors import ApiError, error_response
from .gate import answer

endpoints = Endpoints()

MOST = 400


class VopFailure(ApiError):
    """The other bank failed; the proof token may be there all the same, and can be used."""

    def __init__(self, payee: Payee, proof: Proof | None) -> None:
        super().__init__(payee.vop_status, payee.vop_error or "ERROR_UNSPECIFIED", "Verification failed")
        self.proof = proof

    def response(self) -> Response:
        item: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "status": str(self.status),
            "code": self.code,
            "title": self.detail,
        }
        if self.proof:
            item["meta"] = {"proof_token": {"token": self.proof.token}}
        return error_response(self.status, [item])


@endpoints.add("POST", "/v2/sepa/verify_payee", "payment.write")
async def verify_payee(call: Call) -> Response:
    body = await checks.body_of(call.request)
    iban, name = _payee(body, "")
    _check_rate(call)
    told = call.bank.store.payees.get(iban)
    if told and told.vop_error and not told.vop_token:
        raise VopFailure(told, None)
    proof = payees.new_proof(call.bank, call.organization, [(iban, name)], bulk=False)
    if told and told.vop_error:
        raise VopFailure(told, proof)
    return answer({**payees.verify(call.bank, iban, name), "proof_token": _token(call, proof)})


@endpoints.add("POST", "/v2/sepa/bulk_verify_payee", "payment.write")
async def bulk_verify_payee(call: Call) -> Response:
    body = await checks.body_of(call.request)
    requests = checks.records(body, "requests", "", most=MOST)
    asked: list[tuple[str, str, str]] = []
    for number, item in enumerate(requests):
        at = f"/requests/{number}"
        asked.append((checks.text(item, "id", at), *_payee(item, at)))
    if len({request_id for request_id, _iban, _name in asked}) < len(asked):
        raise checks.wrong("/requests", "ids must be unique")
    _check_rate(call)
    pairs = [(iban, name) for _id, iban, name in asked]
    proof = payees.new_proof(call.bank, call.organization, pairs, bulk=True)
    shown = [{"id": request_id, **_bulk_item(call, iban, name)} for request_id, iban, name in asked]
    return answer({"requests": shown, "proof_token": _token(call, proof)})


def _payee(body: dict[str, Any], at: str) -> tuple[str, str]:
    return checks.iban(body, "iban", at), checks.text(body, "beneficiary_name", at, longest=140)


def _bulk_item(call: Call, iban: str, name: str) -> dict[str, Any]:
    told = call.bank.store.payees.get(iban)
    if told and told.vop_error:
        if call.bank.policy.bulk_vop_error_code:
            return {"error_code": f"SINGLE_REQUEST_ERROR_CODE_{told.vop_error}"}
        return {"error": {"code": told.vop_error}}
    return {"response": payees.verify(call.bank, iban, name)}


def _check_rate(call: Call) -> None:
    if payees.unused_proofs(call.bank, call.organization) >= call.bank.policy.unused_vop_per_hour:
        raise ApiError(429, "too_many_requests", "Too many verifications without a transfer")


def _token(call: Call, proof: Proof) -> Any:
    return proof.token if call.bank.policy.proof_token_text else {"token": proof.token}
