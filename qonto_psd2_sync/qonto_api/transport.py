# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one gate to the bank: sends a request, decides about repeating it, believes nothing unchecked.

What is repeated, and why (the whole policy is here):

* Only ``GET``, and only after "no definite answer" or "come back later": network errors, 429, 408, 5xx. Waiting
  grows exponentially with jitter, from 1 s (from 10 s after a 429, section 2.4), or is what ``Retry-After`` says.
  When the next wait would pass ``max_wait`` the error is raised at once, so that a job gives its worker back.
* Never any other 4xx: repeating cannot help, 401s are counted by the bank, and each 428 rings a phone.
* Never by itself a request that writes. Its caller knows what repeating means.

Redirects are not followed (the token would go along), cookies not kept, ``.netrc`` not read (it would replace the
bearer token); proxies and certificates come from the environment as always with ``requests``.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any
from urllib.parse import quote

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from . import const
from .errors import (
    InvalidAnswer,
    NetworkError,
    QontoError,
    RateLimited,
    ServerError,
    StagingTokenMissing,
    error_for,
    oauth_error_for,
)
from .redaction import MASK

_logger = logging.getLogger(__name__)

Timeout = float | tuple[float, float]


class BearerAuth(AuthBase):
    """Sets ``Authorization: Bearer``, and keeps ``requests`` from looking into ``.netrc``.

    :param token: None sends no ``Authorization`` header at all.
    """

    def __init__(self, token: str | None = None) -> None:
        self.token = checked_header_value("access token", token) if token is not None else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token is not None:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def __repr__(self) -> str:
        return f"{type(self).__name__}({MASK})"


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    :ivar payload: parsed JSON, numbers with a fraction as Decimal; None for an empty body.
    :ivar date: the answer's ``Date``, aware; None when absent or broken.
    """

    status: int
    payload: Any = field(repr=False)
    date: datetime | None


@dataclass(frozen=True)
class Body:
    """A body as it is: its bytes go out unchanged."""

    content: bytes = field(repr=False)
    content_type: str = "application/json"


@dataclass(frozen=True)
class _Sent:
    """What one call consists of besides method and address."""

    params: list[tuple[str, str]]
    form: Mapping[str, str] | None = field(repr=False)
    body: Body | None
    headers: dict[str, str] = field(repr=False)
    secrets: Sequence[str] = field(repr=False)

    @property
    def data(self) -> bytes | dict[str, str] | None:
        if self.body is not None:
            return self.body.content
        return dict(self.form) if self.form is not None else None

    @property
    def all_headers(self) -> dict[str, str]:
        return {**self.headers, "Content-Type": self.body.content_type} if self.body is not None else self.headers


class Transport:
    """A connection to one host of the bank. Not thread-safe; a context manager.

    :param base_url: checked address without trailing slash, see :class:`~.endpoints.Endpoints`.
    :param is_production: False makes an HTML page or a redirect mean "staging token missing".
    :param is_oauth: the host answers errors by RFC 6749; elsewhere ``{"error": …}`` is a gateway's text.
    :param secrets: values to mask in everything that is said about an answer, besides the tokens known here.
    :param timeout: seconds for (connect, read).
    :param max_attempts: how often a ``GET`` is sent at most.
    :param max_wait: seconds after which no further attempt begins.
    """

    def __init__(  # noqa: PLR0913
        self,
        base_url: str,
        *,
        is_production: bool,
        is_oauth: bool = False,
        auth: BearerAuth | None = None,
        staging_token: str | None = None,
        secrets: Sequence[str] = (),
        user_agent: str = const.DEFAULT_USER_AGENT,
        timeout: Timeout = const.DEFAULT_TIMEOUT,
        max_attempts: int = const.MAX_ATTEMPTS,
        max_wait: float = const.MAX_WAIT,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if max_attempts < 1:
            raise ValueError("max_attempts is at least 1")
        self.auth = auth or BearerAuth()
        self.last_server_date: datetime | None = None
        self._base_url = base_url
        self._is_production = is_production
        self._is_oauth = is_oauth
        self._secrets = tuple(filter(None, (*secrets, staging_token)))
        self._timeout = timeout
        self._max_attempts = max_attempts
        self._max_wait = max_wait
        self._sleep = sleep
        self._session = requests.Session()
        self._session.auth = self.auth
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = checked_header_value("user agent", user_agent, spaces=True)
        self._session.headers["Accept"] = "application/json"
        if staging_token:
            self._session.headers[const.HEADER_STAGING_TOKEN] = checked_header_value("staging token", staging_token)

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(  # noqa: PLR0913
        self,
        method: str,
        route: str,
        *,
        path: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] = (),
        form: Mapping[str, str] | None = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        repeat: bool = True,
    ) -> Answer:
        """Send one call and return the answer to it.

        :param route: path with names in braces, ``/v2/transactions/{id}``. Messages and logs show the route, never
            the filled path, since some ids are secrets (SCA tokens).
        :param path: values for the names in ``route``; quoted here, slashes too.
        :param form: body as ``application/x-www-form-urlencoded``.
        :param body: body as it is, byte for byte.
        :param headers: for this call only; a bearer token does not belong here.
        :param secrets: values in this request to mask in messages.
        :param repeat: False sends even a ``GET`` only once, for whoever must be quick or asks again anyway.
        :raise QontoError: everything but a 2xx answer with a JSON or empty body.
        """
        filled = route.format_map({name: _path_segment(name, value) for name, value in (path or {}).items()})
        what = f"{method} {route}"
        sent = _Sent(params=list(params), form=form, body=body, headers=_checked_headers(headers), secrets=secrets)
        waited = 0.0
        started = time.monotonic()
        attempt = 1
        while True:
            try:
                return self._send(method, self._base_url + filled, what, sent)
            except (NetworkError, RateLimited, ServerError) as error:
                attempts = self._max_attempts if method == "GET" and repeat else 1
                if attempt >= attempts or getattr(error, "tls_failed", False):
                    raise
                delay = _delay(error, attempt)
                if max(waited, time.monotonic() - started) + delay > self._max_wait:
                    raise
            _logger.debug("%s: attempt %d failed, next in %.1f s", what, attempt, delay)
            self._sleep(delay)
            waited += delay
            attempt += 1

    def _send(self, method: str, url: str, what: str, sent: _Sent) -> Answer:
        started = time.monotonic()
        status = 0
        try:
            with self._session.request(
                method,
                url,
                params=sent.params,
                data=sent.data,
                headers=sent.all_headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
                self.last_server_date = _http_date(response.headers.get("Date"))
                body = _read_body(response, what)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            raise network_error(what, error) from None
        finally:
            _logger.debug("%s %s %d ms", what, status or "-", (time.monotonic() - started) * 1000)
        known = tuple(filter(None, (*self._secrets, *sent.secrets, self.auth.token)))
        try:
            return self._checked(response, body, what, known)
        except QontoError as error:
            error.server_date = self.last_server_date
            raise

    def _checked(self, response: requests.Response, body: bytes, what: str, secrets: tuple[str, ...]) -> Answer:
        """Turn a response into an answer, or raise what it stands for."""
        status = response.status_code
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_json = content_type == "application/json" or content_type.endswith("+json")
        trace_id = response.headers.get(const.HEADER_TRACE_ID) or None
        where: dict[str, Any] = {"status": status, "trace_id": trace_id[:100] if trace_id else None}
        if 300 <= status < 400:
            raise self._no_answer(f"{what} was redirected to another page", **where)
        if status >= 400:
            raise self._error(response, body, what, is_json, secrets)
        if "html" in content_type:
            raise self._no_answer(f"{what} answered a web page instead of JSON", **where)
        if not body.strip():
            return Answer(status, None, self.last_server_date)
        if not is_json:
            raise InvalidAnswer(f"{what} answered {content_type or 'an unnamed type'} instead of JSON", **where)
        try:
            payload = parse_json(body)
        except ValueError as error:
            raise InvalidAnswer(f"{what} answered broken JSON: {error}", **where) from None
        return Answer(status, payload, self.last_server_date)

    def _error(
        self, response: requests.Response, body: bytes, what: str, is_json: bool, secrets: tuple[str, ...]
    ) -> QontoError:
        status = response.status_code
        payload = None
        if is_json and body.strip():
            with contextlib.suppress(ValueError):
                payload = parse_json(body)
        elif body.strip() and status < 500 and status not in (401, 408, 429):
            # A firewall's or a proxy's page: not the bank's own refusal, so nothing is known.
            return InvalidAnswer(f"{what} answered {status} with a page instead of JSON", status=status)
        retry_after = _retry_after(response.headers.get("Retry-After"), self.last_server_date)
        if self._is_oauth and (error := oauth_error_for(what, status=status, payload=payload, secrets=secrets)):
            return error
        return error_for(
            what,
            status=status,
            payload=payload,
            trace_id=(response.headers.get(const.HEADER_TRACE_ID) or "")[:100] or None,
            retry_after=retry_after,
            secrets=secrets,
        )

    def _no_answer(self, message: str, **kwargs: Any) -> QontoError:
        if self._is_production:
            return InvalidAnswer(message, **kwargs)
        return StagingTokenMissing(f"{message}: staging token missing or wrong", **kwargs)


def checked_header_value(name: str, value: str, *, spaces: bool = False) -> str:
    """Return ``value`` if a header can carry it.

    :raise ValueError: it is empty or has control or non-ASCII characters. The value is not in the message.
    """
    allowed = r"[\x20-\x7e]+" if spaces else r"[\x21-\x7e]+"
    if not isinstance(value, str) or not re.fullmatch(allowed, value):
        raise ValueError(f"The {name} is empty or has characters that do not belong there")
    return value


def _checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name: checked_header_value(name, value) for name, value in (headers or {}).items()}


def parse_json(body: bytes) -> Any:
    """Parse JSON: numbers with a fraction or exponent become Decimal, text is fit for PostgreSQL.

    NUL characters are dropped and lone surrogates replaced, since neither can be stored.

    :raise ValueError: no JSON, ``NaN``, ``Infinity``, an absurd number, nested too deeply.
    """
    try:
        text = body.decode("utf-8-sig")
        payload = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant)
        return _clean(payload, const.MAX_ANSWER_DEPTH)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except json.JSONDecodeError as error:
        # Its own text quotes nothing, but says where; the document it carries along must not get into a traceback.
        raise ValueError(f"{error.msg} at character {error.pos}") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("absurd number") from None


def _integer(text: str) -> int:
    if len(text) > 100:  # quadratic work otherwise
        raise ValueError("absurd number")
    return int(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (dict, list)) and depth <= 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {_clean(name, 0): _clean(entry, depth - 1) for name, entry in value.items()}
    if isinstance(value, list):
        return [_clean(entry, depth - 1) for entry in value]
    return value


def _read_body(response: requests.Response, what: str) -> bytes:
    deadline = time.monotonic() + const.MAX_ANSWER_SECONDS
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > const.MAX_ANSWER_BYTES:
            raise InvalidAnswer(f"{what} answered far too much", status=response.status_code)
        if time.monotonic() > deadline:
            raise NetworkError(f"{what}: the answer did not end in time", status=response.status_code)
    # urllib3 notices a body cut short only from version 2 on.
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and response.raw.tell() < int(announced):
        raise NetworkError(f"{what}: the connection was lost amid the answer", status=response.status_code)
    return bytes(body)


def network_error(what: str, error: Exception) -> NetworkError:
    """Translate what ``requests`` raised; its own text is left out, it holds the address, which may hold a secret."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError)
    tls_failed = isinstance(error, requests.exceptions.SSLError)
    if tls_failed:
        words = "the secure connection failed"
    elif isinstance(error, requests.exceptions.ProxyError):
        words = "the proxy did not connect"
    elif unsent:
        words = "no connection"
    elif isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        words = "no answer in time"
    else:
        words = "the connection was lost"
    name = type(reason or error).__name__
    return NetworkError(f"{what}: {words} ({name})", request_sent=not unsent, tls_failed=tls_failed)


def _delay(error: QontoError, attempt: int) -> float:
    if error.retry_after is not None:
        return error.retry_after
    first = const.BACKOFF_FIRST_RATE_LIMITED if isinstance(error, RateLimited) else const.BACKOFF_FIRST
    # Jitter only upwards: databases behind one address must not come back together, nor too early.
    return first * 2.0 ** (attempt - 1) * random.uniform(1.0, 1.5)  # noqa: S311


def _retry_after(text: str | None, now: datetime | None) -> float | None:
    """Read ``Retry-After``: seconds, or a date, which counts from the server's own clock. At most a day."""
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", text.strip()):
        seconds = float(text)
    else:
        until = _http_date(text)
        if until is None:
            return None
        seconds = (until - (now or datetime.now(timezone.utc))).total_seconds()
    return min(max(seconds, 0.0), 86400.0)


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def _path_segment(name: str, value: str) -> str:
    if not isinstance(value, str) or not value.strip() or value in (".", ".."):
        raise ValueError(f"{name} is empty or no text")
    return quote(value, safe="")
