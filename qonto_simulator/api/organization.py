"""Organization, accounts, members, plan, labels (``qonto-api.md`` sections 7 and 9)."""

from __future__ import annotations

from starlette.responses import Response

from . import params, views
from .call import Call, Endpoints
from .errors import not_found
from .gate import answer

endpoints = Endpoints()

# Section 7.4; amounts in EUR a month.
PLANS = {
    "team_business": ("Business", "teams", "99.00"),
    "solo_basic": ("Basic", "solo", "9.00"),
}


@endpoints.add("GET", "/v2/organization", "organization.read")
async def get_organization(call: Call) -> Response:
    params.boolean(call.query, "include_external_accounts")
    return answer({"organization": views.organization(call.bank, call.organization, call.membership)})


@endpoints.add("GET", "/v2/bank_accounts", "organization.read")
async def list_bank_accounts(call: Call) -> Response:
    page = params.Page(call.query, call.bank.accounts(call.organization.id))
    shown = [views.bank_account(call.bank, account, call.membership) for account in page.rows]
    return answer({"bank_accounts": shown, "meta": page.meta})


@endpoints.add("GET", "/v2/bank_accounts/{id}", "organization.read")
async def get_bank_account(call: Call) -> Response:
    account = call.bank.store.accounts.get(call.path["id"])
    if account is None or account.organization_id != call.organization.id:
        raise not_found("Bank account")
    return answer({"bank_account": views.bank_account(call.bank, account, call.membership)})


@endpoints.add("GET", "/v2/memberships", "organization.read")
async def list_memberships(call: Call) -> Response:
    page = params.Page(call.query, call.bank.memberships(call.organization.id))
    shown = [views.membership(call.bank, record) for record in page.rows]
    return answer({"memberships": shown, "meta": page.meta})


@endpoints.add("GET", "/v2/membership", "membership.read", api_key=False)
async def get_own_membership(call: Call) -> Response:
    return answer({"membership": views.own_membership(call.bank, call.membership)})


@endpoints.add("GET", "/v2/subscription", "subscription.read", api_key=False)
async def get_subscription(call: Call) -> Response:
    code = call.organization.plan_code
    if code is None:
        return answer({"plan": None})
    name, lineup, price = PLANS[code]
    plan = {
        "code": code,
        "name": name,
        "lineup": lineup,
        "status": "active",
        "recurrence": "monthly",
        "monthly_price": {"amount": price, "currency": "EUR"},
        "trial_ends_at": None,
    }
    return answer({"plan": plan})


@endpoints.add("GET", "/v2/labels", "organization.read")
async def list_labels(call: Call) -> Response:
    records = [r for r in call.bank.store.labels if r.organization_id == call.organization.id]
    page = params.Page(call.query, records)
    return answer({"labels": [views.label(record) for record in page.rows], "meta": page.meta})


@endpoints.add("GET", "/v2/labels/{id}", "organization.read")
async def get_label(call: Call) -> Response:
    record = call.bank.store.labels.get(call.path["id"])
    if record is None or record.organization_id != call.organization.id:
        raise not_found("Label")
    return answer({"label": views.label(record)})
