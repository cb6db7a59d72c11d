# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Keeps secrets and full IBANs out of messages and logs."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

_BEARER = re.compile(r"(?i)\b(bearer)[\s:=]+[^\s,;\"'<>]+")
# Ory prefixes (section 4.3): ory_at_ access, ory_rt_ refresh, ory_ac_ code, and whatever comes next.
_ORY = re.compile(r"(?i)ory_[a-z]+_[^\s,;\"'<>&]*")
# name=value, name: value, "name": "value" for everything that opens a door.
_NAMED = re.compile(
    r"""(?ix)
    ( (?: client_secret | (?:access|refresh|id|proof|vop_proof|sca_session|sca_recovery|staging)[-_]token
        | x-qonto-[a-z0-9-]*token | code_verifier | authorization ) ["']? \s* [:=] \s* ["']? )
    [^\s,;"'<>&]+
    """
)
# Long runs of base64url characters: SCA tokens have 64 (section 6.2), Ory's secrets 86; a UUID has 36, a trace id 32.
_LONG_RUN = re.compile(r"[A-Za-z0-9_\-]{40,}={0,2}", re.ASCII)
# The bank's longest error codes are as long, and are words.
_WORDS = re.compile(r"[A-Z]{2,14}(?:_[A-Z0-9]{1,14})+|[a-z]{1,14}(?:_[a-z]{1,14})+", re.ASCII)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9\-_])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0\u202f]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])", re.ASCII
)
_GROUPED = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ \u00a0\u202f][A-Za-z0-9]{4}){2,7}(?:[ \u00a0\u202f][A-Za-z0-9]{1,4})?")
_SHORTEST_IBAN = 15  # Norway


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return ``text`` with bearer and ``ory_`` tokens, named and given secrets masked and IBANs shortened.

    An IBAN keeps its country and last four characters (``DE…3000``), so that a person recognises the account.

    :param secrets: literal values to mask besides; empty ones are ignored.
    """
    for secret in sorted({s for s in secrets if s}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _ORY.sub(MASK, text)
    text = _NAMED.sub(rf"\1{MASK}", text)
    text = _shorten_ibans(text)
    return _LONG_RUN.sub(lambda run: run.group() if _WORDS.fullmatch(run.group()) else MASK, text)


def mask_iban(iban: str) -> str:
    """Return country and last four characters of ``iban``: ``DE…3000``."""
    compact = _compact(iban)
    return f"{compact[:2].upper()}…{compact[-4:].upper()}"


def _shorten_ibans(text: str) -> str:
    done: list[str] = []
    start = 0
    while match := _IBAN.search(text, start):
        length = _iban_length(match.group())
        done.append(text[start : match.start()])
        # What follows is looked at again: a candidate may have run on into the next IBAN.
        start = match.start() + (length or 1)
        found = text[match.start() : start]
        done.append(mask_iban(found) if length else found)
    return "".join(done) + text[start:]


def _iban_length(candidate: str) -> int:
    """Return how many characters of ``candidate`` are an IBAN, 0 if it is none. Words may follow a spaced one."""
    ends = [i for i in range(_SHORTEST_IBAN, len(candidate) + 1) if i == len(candidate) or candidate[i].isspace()]
    for end in reversed(ends):
        if _has_right_check_digits(candidate[:end]):
            return end
    # A mistyped one is still somebody's: mask what is written like an IBAN. Lower-case runs are hashes and ids.
    first_word = candidate.split(maxsplit=1)[0]
    if len(first_word) >= _SHORTEST_IBAN:
        return len(first_word) if first_word == first_word.upper() else 0
    grouped = _GROUPED.match(candidate)
    return grouped.end() if grouped and any(c.isdigit() for c in grouped.group()[5:]) else 0


def _has_right_check_digits(text: str) -> bool:
    compact = _compact(text).upper()
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def _compact(text: str) -> str:
    return "".join(text.split())
