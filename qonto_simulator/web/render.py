"""Jinja2 templates, and how amounts and instants are written on pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ..clock import BERLIN

_FOLDER = Path(__file__).parent / "templates"

_templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def amount(cents: int, currency: str = "EUR") -> str:
    """Write cents as ``1,234.50 EUR`` with a real minus sign."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d} {currency}"


def local_time(instant: datetime | None) -> str:
    return instant.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") if instant else ""


def iban_groups(iban: str | None) -> str:
    if not iban:
        return "no IBAN"
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def kind_in_words(operation_type: str) -> str:
    return "bank fee" if operation_type == "qonto_fee" else operation_type.replace("_", " ")


_templates.filters.update(kind=kind_in_words, amount=amount, local_time=local_time, iban=iban_groups)


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a page. It must not be framed, so that no other page can click on it."""
    html = _templates.get_template(template).render(**context)
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return HTMLResponse(html, status, headers=headers)
