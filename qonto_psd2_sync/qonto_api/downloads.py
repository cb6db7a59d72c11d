# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fetching the bytes of statements and receipts (section 9).

An address to download comes in an answer, so it is not believed: it must lead by ``https`` to a host that is known to
be the bank's, is asked without any token, cookie or redirect, and what comes back is a file of a known type, by its
own first bytes, of a bearable size.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3.exceptions

from . import const
from .endpoints import Endpoints
from .errors import FileRefused, InvalidAnswer, LinkExpired, NetworkError, NotFound, RateLimited, ServerError
from .file_schemas import RemoteFile
from .transport import BearerAuth, Timeout, network_error

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_MAGIC = ((const.PDF, b"%PDF-"), (const.JPEG, b"\xff\xd8\xff"), (const.PNG, b"\x89PNG\r\n\x1a\n"))
# PDF readers look for the mark in the first kilobyte.
_PDF_MARK_WITHIN = 1024
_SUFFIXES = {const.PDF: (".pdf",), const.JPEG: (".jpg", ".jpeg"), const.PNG: (".png",)}


@dataclass(frozen=True)
class DownloadedFile:
    """Checked bytes.

    :ivar content_type: by the bytes themselves.
    """

    name: str
    content_type: str
    content: bytes = field(repr=False)


def checked_hosts(hosts: Iterable[str]) -> frozenset[str]:
    """Return hosts, each with or without port, in lower case.

    :raise ValueError: one is no host.
    """
    found = frozenset(host.strip().lower() for host in hosts if host.strip())
    for host in found:
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host[:100]} is not a host")
    return found


def checked_file_url(url: str, endpoints: Endpoints, hosts: Iterable[str] = ()) -> str:
    """Return the address, if it leads where the bank keeps its files.

    That is the API's own host, with the API's own scheme and port, or by ``https`` one of ``hosts`` (by default those
    that are known, see :data:`~.const.FILE_HOSTS`).

    :raise FileRefused: it leads elsewhere; the message names the host alone.
    """
    plain = isinstance(url, str) and url.isascii() and url.isprintable() and "\\" not in url and " " not in url
    parts = _parts(url) if plain else None
    if parts is None or not parts.hostname or "@" in parts.netloc:
        raise FileRefused("a file's address is not a web address", code="other_host", detail="")
    api = urlsplit(endpoints.api_url)
    if (parts.scheme, parts.netloc.lower()) == (api.scheme, api.netloc.lower()):
        return url
    known = checked_hosts([*const.FILE_HOSTS, *hosts])
    if parts.scheme == "https" and parts.netloc.lower().removesuffix(":443") in known:
        return url
    host = parts.netloc[:100]
    raise FileRefused(f"a file's address leads to {host}, not known as the bank's", code="other_host", detail=host)


def _parts(url: str) -> SplitResult | None:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        _port = parts.port  # checked by being read
        return parts
    return None


def download(
    file: RemoteFile,
    endpoints: Endpoints,
    *,
    accepted: tuple[str, ...] = const.RECEIPT_TYPES,
    hosts: Iterable[str] = (),
    timeout: Timeout = const.DEFAULT_TIMEOUT,
    user_agent: str = const.DEFAULT_USER_AGENT,
) -> DownloadedFile:
    """Fetch a file's bytes, once: whoever asks again needs a new address anyway.

    :param accepted: types that are taken.
    :param hosts: further hosts of the bank's, see :func:`checked_file_url`.
    :raise LinkExpired: the address works no more.
    :raise NotFound: the file is gone.
    :raise FileRefused: never to be taken: another host, too large, of another type, empty.
    :raise NetworkError, RateLimited, ServerError: later, perhaps.
    """
    url = checked_file_url(file.url, endpoints, hosts)
    if file.size is not None and file.size > const.MAX_FILE_BYTES:
        raise _too_large()
    try:
        with requests.Session() as session:
            session.auth = BearerAuth()  # none, and none out of ``.netrc`` either
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
            with session.get(url, timeout=timeout, allow_redirects=False, stream=True) as response:
                _check_status(response.status_code)
                content = _read(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
        raise network_error("a file's download", error) from None
    content_type = _type_of(content)
    if content_type not in accepted:
        stated = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()[:60]
        raise FileRefused(
            f"a file is none of {', '.join(accepted)}", code="wrong_type" if content else "empty", detail=stated
        )
    return DownloadedFile(_named(file.name, content_type), content_type, content)


def _check_status(status: int) -> None:
    if status == 200:
        return
    what = f"a file's download answered {status}"
    if status in (400, 401, 403, 410):
        raise LinkExpired(what, status=status)
    if status == 404:
        raise NotFound(what, status=status)
    if status == 429:
        raise RateLimited(what, status=status)
    if status >= 500 or status == 408:
        raise ServerError(what, status=status)
    raise InvalidAnswer(what, status=status)


def _read(response: requests.Response) -> bytes:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > const.MAX_FILE_BYTES:
        raise _too_large()
    deadline = time.monotonic() + const.MAX_FILE_SECONDS
    content = bytearray()
    for chunk in response.iter_content(64 * 1024):
        content += chunk
        if len(content) > const.MAX_FILE_BYTES:
            raise _too_large()
        if time.monotonic() > deadline:
            raise NetworkError("a file's download did not end in time")
    # urllib3 notices a body cut short only from version 2 on.
    if announced.isdecimal() and response.raw.tell() < int(announced):
        raise NetworkError("the connection was lost amid a file's download")
    return bytes(content)


def _type_of(content: bytes) -> str | None:
    for content_type, mark in _MAGIC:
        if content.startswith(mark) or (content_type == const.PDF and mark in content[:_PDF_MARK_WITHIN]):
            return content_type
    return None


def _named(name: str, content_type: str) -> str:
    """Return a name whose suffix says what the file is."""
    suffixes = _SUFFIXES[content_type]
    if name.lower().endswith(suffixes):
        return name
    return (name or "file") + suffixes[0]


def _too_large() -> FileRefused:
    limit = const.MAX_FILE_BYTES // 1024 // 1024
    return FileRefused(f"a file is larger than {limit} MiB", code="too_large", detail=f"{limit} MiB")
