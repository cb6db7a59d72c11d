"""Reading a body as strictly as the bank: wrong type, missing field, outside a list (section 2.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.requests import Request

from ..api.errors import ApiError
from ..world.iban import is_valid

AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def wrong(pointer: str, detail: str, code: str = "invalid", status: int = 400) -> ApiError:
    return ApiError(status, code, detail, pointer=pointer)


async def body_of(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ApiError(400, "invalid_body", "The body must be application/json")
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise ApiError(400, "invalid_body", "The body is not JSON") from None
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_body", "The body must be an object")
    return body


def part(body: dict[str, Any], name: str, at: str = "") -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise wrong(f"{at}/{name}", f"{name} is required and must be an object")
    return value


def text(body: dict[str, Any], name: str, at: str, *, longest: int | None = None) -> str:
    value = optional_text(body, name, at, longest=longest)
    if not value:
        raise wrong(f"{at}/{name}", f"{name} is required")
    return value


def optional_text(body: dict[str, Any], name: str, at: str, *, longest: int | None = None) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(f"{at}/{name}", f"{name} must be a string", "not_a_string")
    if longest and len(value) > longest:
        raise wrong(f"{at}/{name}", f"{name} is too long (maximum is {longest} characters)")
    return value


def amount(body: dict[str, Any], at: str) -> int:
    """Return cents. A JSON number is refused: ``not_a_string``."""
    value = text(body, "amount", at)
    if not AMOUNT.fullmatch(value):
        raise wrong(f"{at}/amount", "amount must be a decimal with at most two places")
    units, _, cents = value.partition(".")
    total = int(units) * 100 + int(cents.ljust(2, "0") or 0)
    if total <= 0:
        raise wrong(f"{at}/amount", "amount must be greater than 0")
    return total


def iban(body: dict[str, Any], name: str, at: str) -> str:
    value = text(body, name, at)
    if not IBAN.fullmatch(value) or not is_valid(value):
        raise wrong(f"{at}/{name}", f"{name} is not a valid IBAN")
    return value


def uuid(body: dict[str, Any], name: str, at: str) -> str:
    value = text(body, name, at)
    if not UUID.fullmatch(value):
        raise wrong(f"{at}/{name}", f"{name} must be a UUID")
    return value


def day(body: dict[str, Any], name: str, at: str) -> date | None:
    value = optional_text(body, name, at)
    if value is None:
        return None
    try:
        if len(value) != 10:
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError:
        raise wrong(f"{at}/{name}", f"{name} must be YYYY-MM-DD") from None


def texts(body: dict[str, Any], name: str, at: str, *, most: int) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(f"{at}/{name}", f"{name} must be a list of strings")
    if len(value) > most:
        raise wrong(f"{at}/{name}", f"{name} has more than {most} items")
    return value


def records(body: dict[str, Any], name: str, at: str, *, most: int) -> Sequence[dict[str, Any]]:
    value = body.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise wrong(f"{at}/{name}", f"{name} is required and must be a list of objects")
    if len(value) > most:
        raise wrong(f"{at}/{name}", f"{name} has more than {most} items")
    return value
