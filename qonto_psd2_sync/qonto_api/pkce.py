# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""PKCE with S256 (RFC 7636). Qonto does not document it and accepts it (section 4.1)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)


def new_code_verifier() -> str:
    """Return a fresh secret of 86 URL-safe characters (512 random bits)."""
    return secrets.token_urlsafe(64)


def code_challenge(verifier: str) -> str:
    """Return the S256 challenge of ``verifier``: 43 base64url characters without padding.

    :raise ValueError: ``verifier`` is not 43 to 128 characters of RFC 7636's set.
    """
    if not _VERIFIER.fullmatch(verifier):
        raise ValueError("A PKCE verifier has 43 to 128 characters out of A-Z a-z 0-9 - . _ ~")
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
