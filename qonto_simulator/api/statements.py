"""Monthly statements (``qonto-api.md`` section 9)."""

from __future__ import annotations

import re

from starlette.responses import Response

from .. import statements
from ..model import Account
from ..statements import Statement
from ..web import files
from . import params, views
from .call import Call, Endpoints
from .errors import ApiError, not_found
from .gate import answer

endpoints = Endpoints()

PERIOD = re.compile(r"(0[1-9]|1[0-2])-([0-9]{4})")


@endpoints.add("GET", "/v2/statements", "organization.read")
async def list_statements(call: Call) -> Response:
    accounts = _accounts(call)
    since, until = _period(call, "period_from"), _period(call, "period_to")
    _field, descending = params.sort_by(call.query, ("period",), "period:desc")
    found = [
        statement
        for account in accounts
        for statement in statements.statements_of(call.bank, account)
        if (since is None or (statement.year, statement.month) >= since)
        and (until is None or (statement.year, statement.month) <= until)
    ]
    found.sort(key=lambda statement: (statement.year, statement.month), reverse=descending)
    page = params.Page(call.query, found)
    return answer({"statements": [_shown(call, statement) for statement in page.rows], "meta": page.meta})


@endpoints.add("GET", "/v2/statements/{id}", "organization.read")
async def get_statement(call: Call) -> Response:
    statement = statements.find(call.bank, call.path["id"])
    if statement is None or statement.account not in _visible(call):
        raise not_found("Statement")
    return answer({"statement": _shown(call, statement)})


def _visible(call: Call) -> list[Account]:
    """Statements show balances: whoever sees none, sees no statement."""
    if call.membership.role not in views.SEES_BALANCES:
        return []
    return call.bank.accounts(call.organization.id)


def _accounts(call: Call) -> list[Account]:
    ids = params.some_of(call.query, "bank_account_ids", None)
    ibans = params.some_of(call.query, "ibans", None)
    if ids and ibans:
        raise ApiError(400, "bad_request", "bank_account_ids and ibans exclude each other", parameter="ibans[]")
    accounts = _visible(call)
    known = {account.id for account in accounts} | {account.iban for account in accounts if account.iban}
    if not {*ids, *ibans} <= known:
        raise ApiError(422, "invalid", "Bank account not found", parameter="ibans[]" if ibans else "bank_account_ids[]")
    if not ids and not ibans:
        return accounts
    return [account for account in accounts if account.id in ids or account.iban in ibans]


def _period(call: Call, name: str) -> tuple[int, int] | None:
    text = call.query.get(name)
    if not text:
        return None
    match = PERIOD.fullmatch(text)
    if not match:
        raise ApiError(400, "bad_request", f"{name} must be MM-YYYY", parameter=name)
    return int(match[2]), int(match[1])


def _shown(call: Call, statement: Statement) -> dict[str, object]:
    return {
        "id": statement.id,
        "bank_account_id": statement.account.id,
        "period": statement.period,
        "file": {
            "file_name": statement.file_name,
            "file_content_type": files.PDF,
            "file_size": str(len(statement.content(call.bank))),
            "file_url": files.url(call.bank, call.request, statement.id),
        },
    }
