"""Payees known to the organization (``qonto-api.md`` section 10)."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from ..payments import checks, orders, payees
from ..payments.idempotency import idempotent
from ..payments.records import Beneficiary
from . import params, payment_views
from .call import Call, Endpoints
from .errors import not_found
from .gate import answer

endpoints = Endpoints()

STATUSES = ("pending", "validated", "declined")


@endpoints.add("GET", "/v2/sepa/beneficiaries", "organization.read")
async def list_beneficiaries(call: Call) -> Response:
    query = call.query
    ibans, statuses = params.some_of(query, "iban", None), params.some_of(query, "status", STATUSES)
    trusted = params.boolean(query, "trusted")
    since, until = params.instant(query, "updated_at_from"), params.instant(query, "updated_at_to")
    _field, descending = params.sort_by(query, ("updated_at",), "updated_at:desc")
    rows = [
        row
        for row in call.bank.store.beneficiaries
        if row.organization_id == call.organization.id
        and (not ibans or row.iban in ibans)
        and (not statuses or row.status in statuses)
        and trusted in (None, row.trusted)
        and (since is None or row.updated_at >= since)
        and (until is None or row.updated_at <= until)
    ]
    rows.sort(key=lambda row: (row.updated_at, row.id), reverse=descending)
    page = params.Page(query, rows, default=25)
    return answer({"beneficiaries": [_shown(call, row) for row in page.rows], "meta": page.meta})


@endpoints.add("POST", "/v2/sepa/beneficiaries", "payment.write", api_key=False)
@idempotent
async def create_beneficiary(call: Call) -> Response:
    body = await checks.body_of(call.request)
    facts = orders.read_beneficiary(checks.part(body, "beneficiary"), "/beneficiary")
    return answer({"beneficiary": _shown(call, payees.keep(call.bank, call.organization, facts))}, 201)


# Before the paths with an id, which would take "trust" for one.
@endpoints.add("PATCH", "/v2/sepa/beneficiaries/trust", "beneficiary.trust", api_key=False)
async def trust(call: Call) -> Response:
    rows = await _named(call)
    await call.prove("beneficiary.trust", f"Trust {', '.join(row.name for row in rows)}")
    return _set_trust(call, rows, trusted=True)


@endpoints.add("PATCH", "/v2/sepa/beneficiaries/untrust", "payment.write", api_key=False)
async def untrust(call: Call) -> Response:
    return _set_trust(call, await _named(call), trusted=False)


@endpoints.add("GET", "/v2/sepa/beneficiaries/{id}", "organization.read")
async def get_beneficiary(call: Call) -> Response:
    return answer({"beneficiary": _shown(call, _one(call, call.path["id"]))})


@endpoints.add("PATCH", "/v2/sepa/beneficiaries/{id}", "payment.write", api_key=False)
async def update_beneficiary(call: Call) -> Response:
    row = _one(call, call.path["id"])
    body = checks.part(await checks.body_of(call.request), "beneficiary")
    if "iban" in body:
        raise checks.wrong("/beneficiary/iban", "iban cannot be changed")
    for name in ("name", "email", "activity_tag"):
        if name in body:
            setattr(row, name, checks.optional_text(body, name, "/beneficiary"))
    row.updated_at = call.now
    call.bank.store.beneficiaries.save(row)
    return answer({"beneficiary": _shown(call, row)})


async def _named(call: Call) -> list[Beneficiary]:
    body = await checks.body_of(call.request)
    ids = checks.texts(body, "ids", "", most=400)
    if not ids:
        raise checks.wrong("/ids", "ids is required")
    rows = [call.bank.store.beneficiaries.get(beneficiary_id) for beneficiary_id in ids]
    if not all(row and row.organization_id == call.organization.id for row in rows):
        raise checks.wrong("/ids", "ids must be those of beneficiaries")
    return [row for row in rows if row]


def _set_trust(call: Call, rows: list[Beneficiary], *, trusted: bool) -> Response:
    for row in rows:
        row.trusted, row.updated_at = trusted, call.now
        call.bank.store.beneficiaries.save(row)
    return answer({"beneficiaries": [_shown(call, row) for row in rows]})


def _one(call: Call, beneficiary_id: str) -> Beneficiary:
    row = call.bank.store.beneficiaries.get(beneficiary_id)
    if row is None or row.organization_id != call.organization.id:
        raise not_found("Beneficiary")
    return row


def _shown(call: Call, row: Beneficiary) -> dict[str, Any]:
    return payment_views.beneficiary(call.bank, row)
