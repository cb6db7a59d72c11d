"""Reading query parameters as strictly as the bank does (sections 2.2, 2.3, 8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from starlette.datastructures import QueryParams

from ..clock import parse_instant
from .errors import ApiError

T = TypeVar("T")

# "refused when not ISO 8601 or with an absurd year" (2.3); where absurd begins is not documented.
YEARS = range(1970, 2101)


def integer(query: QueryParams, name: str, default: int, low: int, high: int | None = None) -> int:
    text = query.get(name)
    if text is None or text == "":
        return default
    if not text.lstrip("-").isdigit() or not text.isascii():
        raise ApiError(400, "bad_request", f"{name} must be an integer", parameter=name)
    value = int(text)
    if value < low:
        raise ApiError(400, "bad_request", f"{name} must be greater than or equal to {low}", parameter=name)
    if high is not None and value > high:
        raise ApiError(400, "bad_request", f"{name} must be less than or equal to {high}", parameter=name)
    return value


def boolean(query: QueryParams, name: str) -> bool | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    if text not in ("true", "false"):
        raise ApiError(400, "bad_request", f"{name} must be true or false", parameter=name)
    return text == "true"


def one_of(query: QueryParams, name: str, allowed: Sequence[str]) -> str | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    if text not in allowed:
        raise not_in_list(name, allowed)
    return text


def some_of(query: QueryParams, name: str, allowed: Sequence[str] | None) -> list[str]:
    """Read ``name[]=a&name[]=b``; without brackets the bank does not know the name."""
    values = [value for value in query.getlist(f"{name}[]") if value]
    if allowed is not None and any(value not in allowed for value in values):
        raise not_in_list(f"{name}[]", allowed)
    return values


def not_in_list(name: str, allowed: Sequence[str]) -> ApiError:
    return ApiError(400, "not_in_list", f"{name} must be one of: {', '.join(allowed)}", parameter=name)


def instant(query: QueryParams, name: str) -> datetime | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    try:
        value = parse_instant(text)
    except (ValueError, OverflowError):
        raise ApiError(
            400,
            "bad_request",
            f"{name} param isn't well formatted (ISO 8601) or year is out of range",
            parameter=name,
        ) from None
    if value.year not in YEARS:
        raise ApiError(422, "invalid", f"{name}: year is out of range", parameter=name)
    return value


def sort_by(query: QueryParams, fields: Sequence[str], default: str) -> tuple[str, bool]:
    """Read ``sort_by=field:asc|desc``; return the field and whether it descends."""
    text = query.get("sort_by") or default
    field, _, direction = text.partition(":")
    if field not in fields or direction not in ("asc", "desc"):
        raise not_in_list("sort_by", [f"{f}:{d}" for f in fields for d in ("asc", "desc")])
    return field, direction == "desc"


class Page(Generic[T]):
    """One page of a list and its ``meta`` (section 2.2). A page past the end is refused: 422."""

    def __init__(
        self,
        query: QueryParams,
        rows: Sequence[T],
        *,
        default: int = 100,
        maximum: int = 100,
        alias: bool = False,
    ) -> None:
        per_page = integer(query, "per_page", default, 1, maximum)
        name = "current_page" if alias and "page" not in query else "page"
        page = integer(query, name, 1, 1)
        total = len(rows)
        pages = -(-total // per_page)
        if page > max(pages, 1):
            raise ApiError(422, "invalid", f"page {page} is past the last page ({pages})", parameter="page")
        self.rows = rows[(page - 1) * per_page : page * per_page]
        self.meta: dict[str, Any] = {
            "current_page": page,
            "next_page": page + 1 if page < pages else None,
            "prev_page": page - 1 if page > 1 else None,
            "total_pages": pages,
            "total_count": total,
            "per_page": per_page,
        }
