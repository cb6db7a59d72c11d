"""Refusals in the shapes that the bank uses (``qonto-api.md`` section 2.3)."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.responses import JSONResponse, Response

ARRAY, OBJECT = "array", "object"


class ApiError(Exception):
    """A refusal on its way to the client.

    :param status: HTTP status
    :param code: the bank's word, e.g. ``not_in_list``
    :param detail: what a person reads
    :param parameter: query parameter at fault
    :param pointer: JSON pointer into the body at fault
    :param shape: ``array`` as documented, or ``object`` as seen on transactions
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        parameter: str | None = None,
        pointer: str | None = None,
        header: str | None = None,
        shape: str = ARRAY,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.shape = status, code, detail, shape
        named = {"parameter": parameter, "pointer": pointer, "header": header}
        self.source = {key: value for key, value in named.items() if value}

    def response(self) -> Response:
        item: dict[str, Any] = {"code": self.code, "detail": self.detail}
        if self.source:
            item["source"] = self.source
        return error_response(self.status, [item] if self.shape == ARRAY else item)


def error_response(status: int, errors: Any, headers: dict[str, str] | None = None) -> JSONResponse:
    """Answer with ``errors`` and the trace id, which the gateway repeats in a header."""
    trace_id = new_trace_id()
    return JSONResponse(
        {"errors": errors, "trace_id": trace_id},
        status_code=status,
        headers={"X-Tyk-Trace-Id": trace_id, **(headers or {})},
    )


def new_trace_id() -> str:
    return secrets.token_hex(16)


def not_found(what: str, shape: str = ARRAY) -> ApiError:
    return ApiError(404, "not_found", f"{what} not found", shape=shape)


def missing_scope(scopes: tuple[str, ...]) -> ApiError:
    named = " or ".join(f"'{scope}'" for scope in scopes)
    return ApiError(403, "forbidden", f"Missing required OAuth scope: {named}")
