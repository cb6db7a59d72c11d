# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A request that moves money, frozen before its first byte leaves (design R2).

After approval, and to look up by key, the very same bytes go out again. They are never built anew from records that
somebody may have edited. The bank does not compare bodies: it answers an old key with the old answer whatever the body
says (section 2.5). So we do: key, address and bytes have one fingerprint, and whoever changes one of them is told.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import const

TRANSFER: Final = "transfer"
BULK_TRANSFER: Final = "bulk_transfer"
INTERNAL_TRANSFER: Final = "internal_transfer"
BENEFICIARY: Final = "beneficiary"

# Each kind's path, and whether the bank may ask for approval (section 6.5).
PATHS: Final[Mapping[str, str]] = {
    TRANSFER: "/v2/sepa/transfers",
    BULK_TRANSFER: "/v2/sepa/bulk_transfers",
    INTERNAL_TRANSFER: "/v2/internal_transfers",
    BENEFICIARY: "/v2/sepa/beneficiaries",
}
_VERSION: Final = 1


class FrozenRequestChanged(Exception):
    """A frozen request is no longer what was frozen. Nothing may be sent; a person must look."""


@dataclass(frozen=True)
class FrozenRequest:
    """What goes out, to the byte. Made by ``payment_orders``; kept by ``to_stored``.

    :ivar kind: ``transfer``, ``bulk_transfer``, ``internal_transfer`` or ``beneficiary``
    :ivar body: ASCII JSON, keys sorted, no spaces
    :ivar idempotency_key: of this one intent, used for nothing else, ever: the bank keeps no bodies apart
    :ivar sca_method: how the member is asked; the same in every sending (section 6.4)
    :ivar fingerprint: of all the above
    """

    kind: str
    body: bytes = field(repr=False)
    idempotency_key: str
    sca_method: str
    fingerprint: str

    @property
    def path(self) -> str:
        """Where it is sent."""
        return PATHS[self.kind]

    def content(self) -> dict[str, Any]:
        """Return the body as data; a copy, for comparing with answers and for showing."""
        data: dict[str, Any] = json.loads(self.body)
        return data

    def verify(self) -> None:
        """Compare with the fingerprint.

        :raise FrozenRequestChanged: something differs from what was frozen
        """
        if fingerprint(self.kind, self.body, self.idempotency_key, self.sca_method) != self.fingerprint:
            raise FrozenRequestChanged(f"The frozen {self.kind} request differs from its fingerprint")

    def to_stored(self) -> dict[str, str]:
        """Return texts to keep, one a field."""
        return {
            "kind": self.kind,
            "body": self.body.decode("ascii"),
            "idempotency_key": self.idempotency_key,
            "sca_method": self.sca_method,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, str]) -> FrozenRequest:
        """Return what was kept.

        :raise FrozenRequestChanged: it was changed meanwhile, or is not whole
        """
        names = ("kind", "body", "idempotency_key", "sca_method", "fingerprint")
        parts = [stored.get(name) for name in names]
        if not all(isinstance(part, str) and part.isascii() for part in parts) or stored["kind"] not in PATHS:
            raise FrozenRequestChanged("The stored request is not whole")
        frozen = cls(
            kind=stored["kind"],
            body=stored["body"].encode("ascii"),
            idempotency_key=stored["idempotency_key"],
            sca_method=stored["sca_method"],
            fingerprint=stored["fingerprint"],
        )
        frozen.verify()
        return frozen


def freeze(
    kind: str, content: Mapping[str, Any], *, idempotency_key: str, sca_method: str = const.SCA_PAIRED_DEVICE
) -> FrozenRequest:
    """Make the bytes, once.

    :param content: texts, lists and dictionaries only: an amount is a text at this bank
    :raise ValueError: an unknown kind or method, no UUID as key, or something in it that is no text
    """
    if kind not in PATHS:
        raise ValueError("no such kind of request")
    if sca_method not in const.SCA_METHODS:
        raise ValueError("no such way to ask for approval")
    if str(uuid.UUID(idempotency_key)) != idempotency_key:
        raise ValueError("an idempotency key is a UUID in lower case")
    _texts_only(content)
    body = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")
    return FrozenRequest(kind, body, idempotency_key, sca_method, fingerprint(kind, body, idempotency_key, sca_method))


def fingerprint(kind: str, body: bytes, idempotency_key: str, sca_method: str) -> str:
    """Return the SHA-256 over everything that makes the request what it is."""
    parts = [str(_VERSION).encode(), kind.encode(), idempotency_key.encode(), sca_method.encode(), body]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _texts_only(value: Any) -> None:
    """A number would be written by Python's rules, not ours; None is a field that should be absent."""
    if isinstance(value, str):
        return
    if isinstance(value, Mapping):
        for name, entry in value.items():
            _texts_only(name)
            _texts_only(entry)
        return
    if isinstance(value, (list, tuple)):
        for entry in value:
            _texts_only(entry)
        return
    raise ValueError("a frozen request holds texts only")
