"""Transactions: list with every filter, and one by id (``qonto-api.md`` section 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import Response

from ..model import COMPLETED, CREDIT, DEBIT, EMPLOYEE, STATUSES, Account, Transaction
from ..payments import sca
from ..web import files
from . import params, payment_views, views
from .call import Call, Endpoints
from .errors import OBJECT, ApiError, not_found
from .gate import answer

endpoints = Endpoints()

INSTANTS = ("updated_at", "settled_at", "emitted_at", "created_at")
NOT_FILTERS = {"page", "per_page", "current_page", "includes[]"}
INCLUDES = ("vat_details", "labels", "attachments")

Test = Callable[[Transaction], bool]


@endpoints.add("GET", "/v2/transactions", "organization.read")
async def list_transactions(call: Call) -> Response:
    account = _account(call)
    await _prove(call, account)
    includes = params.some_of(call.query, "includes", INCLUDES)
    field, descending = params.sort_by(call.query, INSTANTS, "settled_at:desc")
    rows = _matching(call, account, field, descending)
    page = params.Page(call.query, rows, alias=call.bank.policy.accept_current_page)
    shown = [_shown(call, row, includes) for row in page.rows]
    return answer({"transactions": shown, "meta": page.meta})


@endpoints.add("GET", "/v2/transactions/{id}", "organization.read")
async def get_transaction(call: Call) -> Response:
    includes = params.some_of(call.query, "includes", INCLUDES)
    row = call.bank.store.transactions.get(call.path["id"])
    if row is None or not visible(call, row):
        raise not_found("Transaction", OBJECT)
    return answer({"transaction": _shown(call, row, includes)})


def _shown(call: Call, row: Transaction, includes: list[str]) -> views.Json:
    shown = views.transaction(call.bank, row, call.membership, includes)
    if "attachments" in includes:
        records = [call.bank.store.attachments.rows[key] for key in row.attachment_ids]
        shown["attachments"] = [
            payment_views.attachment(record, files.url(call.bank, call.request, record.id)) for record in records
        ]
    return shown


async def _prove(call: Call, account: Account) -> None:
    """Ask the member first where the control API says so; beyond the contract, see the README."""
    if call.grant is None or not sca.reading_needs_proof(call.bank, call.membership):
        return
    await call.prove(sca.READ_TRANSACTIONS, f"Show the transactions of {account.name} to an app")
    sca.reading_proved(call.bank, call.membership)


def _account(call: Call) -> Account:
    """Find the account; the id wins when both are sent (section 8.1)."""
    account_id, iban = call.query.get("bank_account_id"), call.query.get("iban")
    if not account_id and not iban:
        raise ApiError(
            400,
            "bad_request",
            "bank_account_id or iban is required",
            parameter="bank_account_id",
        )
    for account in call.bank.accounts(call.organization.id):
        if account.id == account_id or (not account_id and account.iban == iban):
            return account
    raise ApiError(422, "invalid", "Bank account not found", shape=OBJECT)


def _matching(call: Call, account: Account, field: str, descending: bool) -> Sequence[Transaction]:
    """Rows that pass all filters, sorted; remembered, so that paging on costs next to nothing."""
    tests = _tests(call)
    asked = sorted(pair for pair in call.query.multi_items() if pair[0] not in NOT_FILTERS)
    found = call.bank.ledger.found(account)
    key = (call.membership.id, tuple(asked))
    if key not in found:
        rows: Sequence[Transaction] = call.bank.ledger.sorted_rows(account, field, descending)
        for test in tests:
            rows = [row for row in rows if test(row)]
        found[key] = rows
    return found[key]


def _tests(call: Call) -> list[Test]:
    """Collect what a row must pass. Without ``status[]`` only completed rows come back."""
    query = call.query
    statuses = set(params.some_of(query, "status", STATUSES) or [COMPLETED])
    tests: list[Test] = [lambda row: row.status in statuses]
    if side := params.one_of(query, "side", (CREDIT, DEBIT)):
        tests.append(lambda row: row.side == side)
    if kinds := set(params.some_of(query, "operation_type", None)):
        tests.append(lambda row: row.operation_type in kinds)
    attached = params.boolean(query, "with_attachments")
    if attached is not None:
        tests.append(lambda row: bool(row.attachment_ids) is attached)
    for field in INSTANTS:
        tests.extend(_period(call, field))
    if call.membership.role == EMPLOYEE:
        tests.append(lambda row: visible(call, row))
    return tests


def _period(call: Call, field: str) -> list[Test]:
    """Both ends belong to the period; a row without the instant is outside of it."""
    since = params.instant(call.query, f"{field}_from")
    until = params.instant(call.query, f"{field}_to")
    tests: list[Test] = []
    if since:
        tests.append(lambda row: (at := getattr(row, field)) is not None and at >= since)
    if until:
        tests.append(lambda row: (at := getattr(row, field)) is not None and at <= until)
    return tests


def visible(call: Call, row: Transaction) -> bool:
    """A row of the own organization; an employee sees what he made himself."""
    if call.bank.account_of(row).organization_id != call.organization.id:
        return False
    return call.membership.role != EMPLOYEE or row.initiator_id == call.membership.id
