"""Dataclasses to and from JSON, so that the state file is readable and survives new fields."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def dumps(record: Any) -> str:
    return json.dumps(_plain(record), ensure_ascii=False, separators=(",", ":"))


def loads(kind: type[T], text: str) -> T:
    return typing.cast(T, _typed(kind, json.loads(text)))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    """Turn a JSON value back into ``kind``; a key that the class no longer has is dropped."""
    if value is None:
        return None
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        (kind,) = [arg for arg in typing.get_args(kind) if arg is not type(None)]
        return _typed(kind, value)
    if origin is list:
        return [_typed(typing.get_args(kind)[0], item) for item in value]
    if origin is dict:
        return {key: _typed(typing.get_args(kind)[1], item) for key, item in value.items()}
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if dataclasses.is_dataclass(kind):
        hints = _hints(typing.cast(type, kind))
        names = {f.name for f in dataclasses.fields(kind)}
        return typing.cast(type, kind)(**{k: _typed(hints[k], v) for k, v in value.items() if k in names})
    return value
