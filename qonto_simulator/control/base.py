"""JSON in, JSON out; wrong input gets 400 and a sentence."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..bank import Bank
from ..clock import parse_instant

Json = dict[str, Any]
LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}


class WrongInput(Exception):
    """What was sent to the control API makes no sense; the text says why."""


Action = Callable[[Bank, Request], Awaitable[Any]]


def route(bank: Bank, path: str, method: str, action: Action) -> Route:
    """Serve ``action`` as JSON. Only for this machine: a page of another site cannot get in,
    since its ``Host`` is not loopback and a JSON body needs a preflight that is never answered.
    """

    async def endpoint(request: Request) -> Response:
        if (request.url.hostname or "") not in LOOPBACK:
            return JSONResponse({"error": "The control API answers on loopback only."}, 403)
        try:
            return JSONResponse(await action(bank, request))
        except WrongInput as error:
            return JSONResponse({"error": str(error)}, 400)

    return Route(f"/_control{path}", endpoint, methods=[method])


async def body_of(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return {}
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise WrongInput("The body must be application/json.")
    try:
        return json.loads(raw)
    except ValueError as error:
        raise WrongInput(f"The body is not JSON: {error}.") from None


async def object_of(request: Request, allowed: Mapping[str, Any] | set[str] | None = None) -> Json:
    body = await body_of(request)
    if not isinstance(body, dict):
        raise WrongInput("The body must be a JSON object.")
    if allowed is not None and (unknown := set(body) - set(allowed)):
        raise WrongInput(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(allowed))}.")
    return body


def instant(value: Any, name: str) -> datetime:
    try:
        return parse_instant(value)
    except (TypeError, ValueError, AttributeError):
        raise WrongInput(f"{name} must be ISO 8601 with an offset, e.g. 2026-11-20T09:00:00Z.") from None


def field_types(kind: type) -> dict[str, tuple[type, ...]]:
    """Return which JSON types each field of a dataclass takes."""
    taken: dict[str, tuple[type, ...]] = {}
    for name, hint in typing.get_type_hints(kind).items():
        members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        plain = [typing.get_origin(member) or member for member in members]
        if Any in plain:
            plain = [object]
        taken[name] = (*plain, int) if float in plain else tuple(plain)
    return taken


def assign(record: Any, values: Json, names: set[str]) -> None:
    """Set fields of a dataclass from JSON, with their types checked.

    :raise WrongInput: a field unknown or of another type; then nothing is set
    """
    types_of = field_types(type(record))
    for name, value in values.items():
        if name not in names:
            raise WrongInput(f"Unknown: {name}. Known: {', '.join(sorted(names))}.")
        wrong_bool = isinstance(value, bool) and bool not in types_of[name]
        if (wrong_bool and object not in types_of[name]) or not isinstance(value, types_of[name]):
            wanted = " or ".join(kind.__name__ for kind in types_of[name])
            raise WrongInput(f"{name} must be {wanted}.")
    for name, value in values.items():
        setattr(record, name, value)


def as_json(record: Any) -> Json:
    return dataclasses.asdict(record)
