"""A bulk: one approval for many transfers, which are made one after the other afterwards (section 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..api.errors import ApiError
from ..bank import Bank
from ..model import Account, Membership
from . import orders
from .records import Bulk, BulkItem

MOST = 400


def make_bulk(
    bank: Bank, account: Account, member: Membership, inputs: list[dict[str, Any]], grant_id: str | None, key: str
) -> Bulk:
    now, each = bank.clock.now(), timedelta(seconds=bank.policy.bulk_item_seconds)
    items = [
        BulkItem(body["client_transfer_id"], body, now + each * (number + 1)) for number, body in enumerate(inputs)
    ]
    bulk = Bulk(
        id=bank.new_id(),
        organization_id=account.organization_id,
        account_id=account.id,
        initiator_id=member.id,
        created_at=now,
        updated_at=now,
        grant_id=grant_id,
        idempotency_key=key,
        items=items,
    )
    return bank.store.bulks.save(bulk)


def create_item(bank: Bank, bulk: Bulk, item: BulkItem) -> None:
    """Make one transfer of a bulk, or note why not."""
    account = bank.store.accounts.rows[bulk.account_id]
    organization = bank.organization(bulk.organization_id)
    member = bank.store.memberships.rows[bulk.initiator_id]
    try:
        order = orders.read_order(bank, organization, item.input, "")
        orders.check_order(bank, order, bulk.grant_id, member, "")
        orders.check_funds(bank, account, order)
        transfer = orders.make_transfer(
            bank,
            account,
            order,
            bulk.initiator_id,
            item.due_at,
            origin="bulk",
            bulk_id=bulk.id,
            client_transfer_id=item.client_transfer_id,
            idempotency_key=bulk.idempotency_key,
        )
    except ApiError as error:
        item.status, item.error_code, item.error_detail = "failed", error.code, error.detail
    else:
        item.status, item.transfer_id = "completed", transfer.id
    bulk.updated_at = max(bulk.updated_at, item.due_at)
    bank.store.bulks.save(bulk)
