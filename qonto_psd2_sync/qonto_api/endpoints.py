# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where the bank is reached (section 1)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_PRODUCTION_HOSTS: Final = frozenset({"thirdparty.qonto.com", "oauth.qonto.com"})


@dataclass(frozen=True)
class Endpoints:
    """The two base addresses of one environment. API and OAuth live on different hosts.

    Both are ``https``, or ``http`` on this very machine (a stand-in bank); trailing slashes are dropped. A path
    prefix is allowed; user info, query and fragment are not.

    :raise ValueError: an address is none of these.
    """

    api_url: str
    oauth_url: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_url", _checked_url("api_url", self.api_url))
        object.__setattr__(self, "oauth_url", _checked_url("oauth_url", self.oauth_url))

    @property
    def is_production(self) -> bool:
        """Whether real money is behind it. Only elsewhere is a staging token needed."""
        hosts = {urlsplit(self.api_url).hostname, urlsplit(self.oauth_url).hostname}
        return bool(hosts & _PRODUCTION_HOSTS)


def _checked_url(name: str, url: str) -> str:
    if not isinstance(url, str) or any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        raise ValueError(f"{name} is not a web address")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{name} is not a web address") from error
    if not host:
        raise ValueError(f"{name} is not a web address")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError(f"{name} must have no user, query or fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError(f"{name} must begin with https:// (http:// only for this machine itself)")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


PRODUCTION: Final = Endpoints("https://thirdparty.qonto.com", "https://oauth.qonto.com")
SANDBOX: Final = Endpoints(
    "https://thirdparty-sandbox.staging.qonto.co",
    "https://oauth-sandbox.staging.qonto.co",
)
