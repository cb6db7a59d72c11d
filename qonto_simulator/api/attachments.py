"""Uploaded files (``qonto-api.md`` section 9)."""

from __future__ import annotations

import base64

from starlette.datastructures import UploadFile
from starlette.responses import Response

from ..payments.idempotency import idempotent
from ..payments.records import Attachment
from ..web import files
from . import params, payment_views, transactions
from .call import Call, Endpoints
from .errors import OBJECT, ApiError, not_found
from .gate import answer

endpoints = Endpoints()

TYPES = ("image/jpeg", "image/png", "application/pdf")
# No limit is documented (section 20, question 17).
MOST_BYTES = 15 * 1024 * 1024


@endpoints.add("POST", "/v2/attachments", "attachment.write")
@idempotent
async def upload(call: Call) -> Response:
    kind = call.request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise _missing()
    async with call.request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _missing()
        content = await file.read()
    if file.content_type not in TYPES:
        raise ApiError(422, "invalid", f"file must be one of: {', '.join(TYPES)}", pointer="/file")
    if not content or len(content) > MOST_BYTES:
        raise ApiError(422, "invalid", "file is empty or too large", pointer="/file")
    record = Attachment(
        id=call.bank.new_id(),
        organization_id=call.organization.id,
        grant_id=call.grant.id if call.grant else None,
        file_name=file.filename or "file",
        content_type=file.content_type,
        size=len(content),
        content=base64.b64encode(content).decode(),
        created_at=call.now,
    )
    call.bank.store.attachments.save(record)
    return answer({"attachment": {"id": record.id}})


def _missing() -> ApiError:
    return ApiError(400, "bad_request", "file is required, as multipart/form-data", pointer="/file")


@endpoints.add("GET", "/v2/attachments/{id}", "organization.read", "attachment.read")
async def get_attachment(call: Call) -> Response:
    record = call.bank.store.attachments.get(call.path["id"])
    if record is None or record.organization_id != call.organization.id:
        raise not_found("Attachment")
    return answer({"attachment": _shown(call, record)})


@endpoints.add("GET", "/v2/transactions/{id}/attachments", "organization.read")
async def list_attachments_of_transaction(call: Call) -> Response:
    row = call.bank.store.transactions.get(call.path["id"])
    if row is None or not transactions.visible(call, row):
        raise not_found("Transaction", OBJECT)
    records = [call.bank.store.attachments.rows[key] for key in row.attachment_ids]
    return answer({"attachments": [_shown(call, record) for record in params.Page(call.query, records).rows]})


def _shown(call: Call, record: Attachment) -> dict[str, object]:
    return payment_views.attachment(record, files.url(call.bank, call.request, record.id))
