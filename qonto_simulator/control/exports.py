"""The bank's export files, with choices that its page does not offer."""

from __future__ import annotations

import base64
import dataclasses
from datetime import date

from starlette.requests import Request
from starlette.routing import Route

from ..bank import Bank
from ..exports import ExportError, ExportOrder, export
from .base import Json, WrongInput, assign, object_of, route

FIELDS = {field.name for field in dataclasses.fields(ExportOrder)}


def routes(bank: Bank) -> list[Route]:
    return [route(bank, "/export", "POST", export_file)]


async def export_file(bank: Bank, request: Request) -> Json:
    """Return ``{name, media_type, rows, content}``, the content in base64; the body has `ExportOrder`'s fields."""
    body = await object_of(request, FIELDS)
    order = ExportOrder()
    for name in ("start", "end"):
        if body.get(name) is not None:
            body[name] = _day(body[name], name)
    assign(order, body, FIELDS)
    try:
        file = export(bank, order)
    except ExportError as error:
        raise WrongInput(str(error)) from None
    return {
        "name": file.name, "media_type": file.media_type, "rows": file.rows,
        "content": base64.b64encode(file.content).decode(),
    }


def _day(value: object, name: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise WrongInput(f"{name} must be a day, e.g. 2026-05-31.") from None
