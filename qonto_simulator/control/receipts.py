"""Files on transactions, as members attach them in the bank's own app."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request
from starlette.routing import Route

from ..bank import Bank
from ..clock import iso
from ..model import Transaction
from ..payments.records import Attachment
from ..pdf import pdf
from .base import Json, WrongInput, object_of, route

FIELDS = {"transaction_id", "id", "file_name", "file_content_type", "content"}


def routes(bank: Bank) -> list[Route]:
    return [
        route(bank, "/attachments", "POST", attach),
        route(bank, "/attachments/{id}", "DELETE", detach),
    ]


async def attach(bank: Bank, request: Request) -> Json:
    """Attach a file (``content`` in Base64, default a small PDF), or by its ``id`` one that is there already."""
    body = await object_of(request, FIELDS)
    row = bank.store.transactions.get(body.get("transaction_id") or "")
    if row is None:
        raise WrongInput("transaction_id must be the id of a transaction.")
    record = bank.store.attachments.get(body.get("id") or "") or _new(bank, row, body)
    row.attachment_ids.append(record.id)
    _changed(bank, row)
    return {"attachment": {"id": record.id, "file_name": record.file_name, "created_at": iso(record.created_at)}}


def _new(bank: Bank, row: Transaction, body: Json) -> Attachment:
    try:
        content = base64.b64decode(body["content"], validate=True) if "content" in body else None
    except (binascii.Error, TypeError, ValueError):
        raise WrongInput("content must be Base64.") from None
    if content is None:
        content = pdf("Receipt (stand-in, not Qonto)", [row.label, f"{row.amount_cents / 100:.2f} {row.currency}"])
    record = Attachment(
        id=body.get("id") or bank.new_id(),
        organization_id=bank.account_of(row).organization_id,
        grant_id=None,
        file_name=body.get("file_name") or "receipt.pdf",
        content_type=body.get("file_content_type") or "application/pdf",
        size=len(content),
        content=base64.b64encode(content).decode(),
        created_at=bank.clock.now(),
    )
    return bank.store.attachments.save(record)


async def detach(bank: Bank, request: Request) -> Json:
    """Remove a file, from its transactions too."""
    record = bank.store.attachments.get(request.path_params["id"])
    if record is None:
        raise WrongInput("No attachment has this id.")
    bank.store.attachments.delete(record.id)
    for row in list(bank.store.transactions):
        if record.id in row.attachment_ids:
            row.attachment_ids.remove(record.id)
            _changed(bank, row)
    return {"removed": record.id}


def _changed(bank: Bank, row: Transaction) -> None:
    bank.ledger.changed(bank.account_of(row), row)
