# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can go wrong when talking to Qonto: one class for each thing that a caller does next.

``str(error)`` is one short technical sentence in English, fit for a log: no token, no secret, no full IBAN. What a
user reads is written by the caller, who chooses it by class, ``kind`` and ``code``. Source: section 2.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import const
from .redaction import redact

_MAX_DETAIL = 500


class QontoError(Exception):
    """Base of everything this package raises for the bank's or the network's behaviour.

    :ivar kind: stable machine word of the class, e.g. ``rate_limited``.
    :ivar refused: True when the bank definitely did not do what was asked. Otherwise the outcome is unknown.
    :ivar status: HTTP status, None without an answer.
    :ivar code: the bank's own word, e.g. ``insufficient_funds``.
    :ivar detail: the bank's own text, redacted.
    :ivar trace_id: quote it when asking Qonto's support.
    :ivar retry_after: seconds that the bank asked to wait, None when it did not say.
    :ivar payload: parsed body of the error answer. May hold tokens: neither log nor show it.
    :ivar server_date: the bank's clock in the answer's ``Date``; None without an answer.
    """

    kind: str = "error"
    refused: bool = False
    server_date: datetime | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        detail: str | None = None,
        trace_id: str | None = None,
        retry_after: float | None = None,
        payload: Any = None,
    ) -> None:
        super().__init__(redact(message))
        self.status = status
        self.code = code
        self.detail = redact(detail) if detail else None
        self.trace_id = trace_id
        self.retry_after = retry_after
        self.payload = payload

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class NetworkError(QontoError):
    """No definite answer: no connection, time-out, connection lost.

    :ivar request_sent: False only when it is certain that not one byte of the request left.
    :ivar tls_failed: the secure connection could not be trusted, which time does not heal: a certificate, a clock
        or a proxy is wrong.
    """

    kind = "network"

    def __init__(self, message: str, *, request_sent: bool = True, tls_failed: bool = False, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.request_sent = request_sent
        self.tls_failed = tls_failed


class InvalidAnswer(QontoError):
    """The answer is not what the API promises: HTML, broken JSON, missing or wrong field, another account's rows."""

    kind = "invalid_answer"


class FileRefused(QontoError):
    """A file that is not taken, whatever time goes by: ``code`` says why.

    ``other_host``: its address leads to a host that is not the bank's; ``too_large``; ``wrong_type``: its first bytes
    are not those of a type that is taken; ``empty``.
    """

    kind = "file_refused"


class LinkExpired(QontoError):
    """The address to download a file works no more: ask the bank for a new one (section 9)."""

    kind = "link_expired"


class StagingTokenMissing(QontoError):
    """A test environment sent its log-in page instead of an answer: staging token missing or wrong (section 1)."""

    kind = "staging_token"


class Unauthorized(QontoError):
    """401: the token is expired, revoked or wrong. Ask for a new one once, never in a loop (section 2.4)."""

    kind = "unauthorized"
    refused = True


class Forbidden(QontoError):
    """403: scope, role, plan or organization does not allow it.

    :ivar scope: the missing OAuth scope when the bank names one, else None.
    """

    kind = "forbidden"
    refused = True

    def __init__(self, message: str, *, scope: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.scope = scope


class NotFound(QontoError):
    """404."""

    kind = "not_found"
    refused = True


class BadRequest(QontoError):
    """400, 422 and the other refusals of a request as such; ``code`` and ``detail`` say why."""

    kind = "bad_request"
    refused = True


class PreconditionFailed(QontoError):
    """412: the SCA session cannot be used: not allowed, expired, spent (section 6.4)."""

    kind = "precondition_failed"
    refused = True


class InProgress(QontoError):
    """409, or 429 of the idempotency layer: the same key is being worked on right now (section 2.5)."""

    kind = "in_progress"


class RateLimited(QontoError):
    """429: too many requests from this IP address (section 2.4)."""

    kind = "rate_limited"


class ServerError(QontoError):
    """5xx (and 408): the bank failed; whether it did what was asked is unknown."""

    kind = "server_error"


class ScaRequired(QontoError):
    """428 with a token: a challenge was sent to the member's phone. Never repeat the call by itself (section 6).

    :ivar sca_session_token: secret, 15 minutes; for the poll and the replay.
    :ivar action_type: e.g. ``transfer.single.create``; None when not told.
    """

    kind = "sca_required"
    refused = True

    def __init__(self, message: str, *, sca_session_token: str, action_type: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.sca_session_token = sca_session_token
        self.action_type = action_type


class ScaNotEnrolled(QontoError):
    """428 without a token: the member has no paired device. Repeating is useless (section 6.2)."""

    kind = "sca_not_enrolled"
    refused = True


class OAuthError(QontoError):
    """The OAuth host refused (RFC 6749; section 4.2 and 4.4).

    :ivar error: ``invalid_grant``, ``invalid_client``, ``invalid_scope``, ``access_denied`` …
    :ivar description: the host's own text, redacted; None when there is none.
    """

    kind = "oauth"
    refused = True

    def __init__(self, message: str, *, error: str, description: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("code", error)
        kwargs.setdefault("detail", description)
        super().__init__(message, **kwargs)
        self.error = error
        self.description = self.detail


@dataclass(frozen=True)
class Problem:
    """What an error body says, whichever of the shapes of section 2.3 it has."""

    code: str | None = None
    detail: str | None = None
    trace_id: str | None = None


def read_problem(payload: Any) -> Problem:
    """Read an error body of any shape, known or not; never fails.

    Several errors are joined with "; ", the first one gives the code. A ``source`` is appended to its text.
    """
    if not isinstance(payload, dict):
        return Problem(detail=_text(payload))
    errors = payload.get("errors")
    if isinstance(errors, list) and errors:
        items = errors
    elif isinstance(errors, (dict, str)) and errors:
        items = [errors]
    else:
        items = [payload]
    details = [detail for detail in map(_item_detail, items[:5]) if detail]
    codes = [code for item in items if isinstance(item, dict) and (code := _text(item.get("code")))]
    return Problem(
        code=codes[0] if codes else None,
        detail="; ".join(dict.fromkeys(details))[:_MAX_DETAIL] or None,
        trace_id=_text(payload.get("trace_id")),
    )


def error_for(
    what: str,
    *,
    status: int,
    payload: Any,
    trace_id: str | None = None,
    retry_after: float | None = None,
    secrets: tuple[str, ...] = (),
) -> QontoError:
    """Return the error that an answer with ``status`` >= 400 and JSON (or empty) body stands for.

    :param what: the call in words for the message, e.g. ``GET /v2/transactions``.
    :param secrets: values to mask wherever they turn up in the bank's text.
    """
    problem = read_problem(payload)
    detail = redact(problem.detail, secrets) if problem.detail else None
    code = redact(problem.code, secrets) if problem.code else None
    trace_id = problem.trace_id or trace_id
    told = ": ".join(filter(None, (code, detail)))
    message = f"{what} answered {status}" + (f" {told}" if told else "") + (f" (trace {trace_id})" if trace_id else "")
    common: dict[str, Any] = {
        "status": status,
        "code": code,
        "detail": detail,
        "trace_id": trace_id,
        "retry_after": retry_after,
        "payload": payload,
    }
    if status == 428:
        token = _find(payload, "sca_session_token")
        if token:
            return ScaRequired(message, sca_session_token=token, action_type=_find(payload, "action_type"), **common)
        return ScaNotEnrolled(message, **common)
    if status == 403:
        return Forbidden(message, scope=_missing_scope(detail), **common)
    if status == 401 and code == const.CODE_VOP_PROOF_TOKEN_MISSING:
        # Not an authentication problem: a new access token would not help (section 2.3).
        return BadRequest(message, **common)
    if status == 409 or (status == 429 and const.CONCURRENT_REQUESTS in (detail or "").lower()):
        return InProgress(message, **common)
    if status >= 500 or status == 408:
        return ServerError(message, **common)
    by_status: dict[int, type[QontoError]] = {
        401: Unauthorized,
        404: NotFound,
        412: PreconditionFailed,
        429: RateLimited,
    }
    return by_status.get(status, BadRequest)(message, **common)


def oauth_error_for(what: str, *, status: int, payload: Any, secrets: tuple[str, ...] = ()) -> OAuthError | None:
    """Return the error of an OAuth host's 4xx answer, None when the body is no RFC 6749 error."""
    error = _text(payload.get("error")) if isinstance(payload, dict) else None
    if not error or status >= 500 or status == 429:
        return None
    description = _text(payload.get("error_description"))
    error = redact(error, secrets)
    description = redact(description, secrets) if description else None
    message = f"{what} answered {status} {error}" + (f": {description}" if description else "")
    return OAuthError(message, error=error, description=description, status=status, payload=payload)


def _item_detail(item: Any) -> str | None:
    if not isinstance(item, dict):
        return _text(item)
    names = ("detail", "message", "title", "error_description", "error")
    detail = next((text for name in names if (text := _text(item.get(name)))), None)
    source = item.get("source")
    if isinstance(source, dict):
        place = next((text for name in ("pointer", "parameter", "header") if (text := _text(source.get(name)))), None)
        if place:
            return f"{detail} (at {place})" if detail else f"at {place}"
    return detail


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(value.split())[:_MAX_DETAIL] or None


def _find(payload: Any, name: str) -> str | None:
    """Return the first non-empty text called ``name`` at any depth: 428 bodies differ in shape (section 19)."""
    if isinstance(payload, dict):
        value = payload.get(name)
        if isinstance(value, str) and value:
            return value
        payload = list(payload.values())
    if isinstance(payload, list):
        return next((found for value in payload if (found := _find(value, name))), None)
    return None


_SCOPE = re.compile(r"\b(?:[a-z_]+\.(?:read|write|trust)|webhook|offline_access|openid)\b")


def _missing_scope(detail: str | None) -> str | None:
    if not detail or "scope" not in detail.lower():
        return None
    match = _SCOPE.search(detail)
    return match.group() if match else None
