# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the bank answers about payments, as immutable Python values (sections 10 to 14).

Words that the bank may add later (a status, a reason, a result) are kept as they came: a caller treats what it does not
know as "not over yet" or "no match", never as success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from . import sepa
from .errors import InvalidAnswer, QontoError
from .reading import Record

# Results of a payee check (section 11), without the bank's prefix.
MATCH: Final = "match"
CLOSE_MATCH: Final = "close_match"
NO_MATCH: Final = "no_match"
NOT_POSSIBLE: Final = "not_possible"
UNSPECIFIED: Final = "unspecified"
FAILED: Final = "failed"
_RESULTS: Final = frozenset({MATCH, CLOSE_MATCH, NO_MATCH, NOT_POSSIBLE})

# States of a transfer (section 12.2).
PENDING: Final = "pending"
PROCESSING: Final = "processing"
SETTLED: Final = "settled"
DECLINED: Final = "declined"
CANCELED: Final = "canceled"
TRANSFER_STATUSES: Final = (PENDING, PROCESSING, SETTLED, DECLINED, CANCELED)

# How one of a bulk was created (section 13): not how it was paid.
ITEM_PENDING: Final = "pending"
ITEM_COMPLETED: Final = "completed"
ITEM_FAILED: Final = "failed"


@dataclass(frozen=True)
class Beneficiary:
    """A payee known at the bank (section 10).

    :ivar iban: upper case, without spaces; None where the bank does not show it
    :ivar status: ``pending``, ``validated``, ``declined`` …
    :ivar trusted: a transfer to it by id needs no approval
    """

    id: str
    name: str
    iban: str | None
    bic: str | None
    status: str
    trusted: bool
    updated_at: datetime


@dataclass(frozen=True)
class PayeeCheck:
    """What came of a payee check.

    :ivar result: ``match``, ``close_match``, ``no_match``, ``not_possible``, ``unspecified`` (also a word not known
        here) or ``failed``: the other bank gave an error
    :ivar matched_name: with ``close_match`` the account's holder
    :ivar error_code: with ``failed`` the bank's word, without its prefix
    :ivar proof_token: goes along with the transfer, whatever the result; None for one of a bulk (the bulk has one)
    """

    result: str
    matched_name: str | None = None
    error_code: str | None = None
    proof_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BulkPayeeCheck:
    """Checks of a set; the proof fits exactly this set.

    :ivar results: by the id that each was asked with
    """

    proof_token: str = field(repr=False)
    results: dict[str, PayeeCheck]


@dataclass(frozen=True)
class Transfer:
    """A credit transfer as the bank states it (section 12.2).

    :ivar status: ``pending``, ``processing``, ``settled``, ``declined``, ``canceled`` …
    :ivar transaction_id: of the transaction that debited the account; whether it is the transaction's ``id`` or its
        readable ``transaction_id`` is not documented: compare with both
    """

    id: str
    status: str
    amount: Decimal
    currency: str
    bank_account_id: str | None
    beneficiary_id: str
    initiator_id: str
    reference: str | None
    note: str | None
    declined_reason: str | None
    scheduled_date: date
    created_at: datetime
    updated_at: datetime
    processed_at: datetime | None
    completed_at: datetime | None
    transaction_id: str | None


@dataclass(frozen=True)
class TransferPage:
    """One page of transfers."""

    transfers: tuple[Transfer, ...]
    next_page: int | None


@dataclass(frozen=True)
class BulkItem:
    """How one of a bulk was created.

    :ivar transfer_id: None until created; only the transfer itself tells whether it is paid
    """

    client_transfer_id: str
    status: str
    transfer_id: str | None
    error_code: str | None
    error_detail: str | None


@dataclass(frozen=True)
class BulkTransfer:
    """How far a bulk has been created (section 13)."""

    id: str
    created_at: datetime
    items: tuple[BulkItem, ...]

    @property
    def created(self) -> bool:
        """Whether each of it was created or failed to be."""
        return all(item.status in (ITEM_COMPLETED, ITEM_FAILED) for item in self.items)


@dataclass(frozen=True)
class InternalTransfer:
    """A transfer between own accounts (section 14). There is no way to ask for it later."""

    id: str
    status: str
    amount: Decimal
    reference: str | None
    created_at: datetime


def parse_beneficiary(payload: Any) -> Beneficiary:
    """Read one; the sandbox keeps IBAN and BIC one level down."""
    record = Record("beneficiary", payload)
    account = record.record("bank_account")
    iban = record.optional_text("iban") or (account.optional_text("iban") if account else None)
    return Beneficiary(
        id=record.text("id"),
        name=record.text("name"),
        iban=sepa.compact_iban(iban) if iban else None,
        bic=record.optional_text("bic") or (account.optional_text("bic") if account else None),
        status=record.text("status"),
        trusted=record.flag("trusted"),
        updated_at=record.time("updated_at"),
    )


def parse_payee_check(payload: Any) -> PayeeCheck:
    """Read the answer to a single check."""
    record = Record("payee check", payload)
    return PayeeCheck(
        result=_result(record), matched_name=record.optional_text("matched_name"), proof_token=_proof(record)
    )


def failed_payee_check(error: QontoError) -> PayeeCheck | None:
    """Return what an error answer to a check is worth: a proof may be in it, and can be used (section 11)."""
    errors = error.payload.get("errors") if isinstance(error.payload, dict) else None
    for item in errors if isinstance(errors, list) else ():
        meta = item.get("meta") if isinstance(item, dict) else None
        token = meta.get("proof_token") if isinstance(meta, dict) else None
        if isinstance(token, dict):
            token = token.get("token")
        if isinstance(token, str) and token:
            code = item.get("code")
            return PayeeCheck(FAILED, error_code=code if isinstance(code, str) else None, proof_token=token)
    return None


def parse_bulk_payee_check(payload: Any, asked: frozenset[str]) -> BulkPayeeCheck:
    """Read the answer to a bulk check.

    :param asked: the ids of the question; each must be answered, once, and no other
    """
    record = Record("bulk payee check", payload)
    results: dict[str, PayeeCheck] = {}
    for entry in record.records("requests"):
        key = entry.text("id")
        if key in results or key not in asked:
            raise record.wrong("requests", "answers what was not asked, or twice")
        results[key] = _bulk_result(entry)
    if len(results) < len(asked):
        raise record.wrong("requests", "does not answer all that was asked")
    return BulkPayeeCheck(proof_token=_proof(record), results=results)


def _bulk_result(entry: Record) -> PayeeCheck:
    response = entry.record("response")
    if response is not None:
        return PayeeCheck(_result(response), matched_name=response.optional_text("matched_name"))
    error = entry.record("error")
    code = entry.optional_text("error_code") or (error.optional_text("code") if error else None)
    return PayeeCheck(FAILED, error_code=(code or "").removeprefix("SINGLE_REQUEST_ERROR_CODE_") or None)


def _result(record: Record) -> str:
    word = record.text("match_result").removeprefix("MATCH_RESULT_").lower()
    return word if word in _RESULTS else UNSPECIFIED


def _proof(record: Record) -> str:
    """Read the proof, an object or a bare text (section 19)."""
    if isinstance(record.get("proof_token"), dict):
        return Record("proof token", record.get("proof_token")).text("token")
    return record.text("proof_token")


def parse_transfer(payload: Any) -> Transfer:
    """Read one transfer."""
    record = Record("transfer", payload)
    currency = record.optional_text("amount_currency") or "EUR"
    return Transfer(
        id=record.text("id"),
        status=record.text("status"),
        amount=record.money("amount", currency),
        currency=currency,
        bank_account_id=record.optional_text("bank_account_id"),
        beneficiary_id=record.text("beneficiary_id"),
        initiator_id=record.text("initiator_id"),
        reference=record.optional_text("reference"),
        note=record.optional_text("note"),
        declined_reason=record.optional_text("declined_reason"),
        scheduled_date=_day(record, "scheduled_date"),
        created_at=record.time("created_at"),
        updated_at=record.time("updated_at"),
        processed_at=record.optional_time("processed_at"),
        completed_at=record.optional_time("completed_at"),
        transaction_id=record.optional_text("transaction_id"),
    )


def parse_transfer_page(payload: Any) -> TransferPage:
    """Read one page."""
    record = Record("transfers answer", payload)
    meta = record.record("meta")
    transfers = tuple(parse_transfer(entry.data) for entry in record.records("transfers"))
    return TransferPage(transfers, meta.count("next_page") if meta else None)


def parse_bulk_transfer(payload: Any) -> BulkTransfer:
    """Read a bulk, bare or wrapped (section 19); the counts are not believed, the items are."""
    whole = Record("bulk transfer", payload)
    record = whole.record("bulk_transfer") or whole
    items = tuple(_bulk_item(entry) for entry in record.records("results"))
    if len({item.client_transfer_id for item in items}) < len(items):
        raise record.wrong("results", "names a transfer twice")
    return BulkTransfer(record.text("id"), record.time("created_at"), items)


def _bulk_item(entry: Record) -> BulkItem:
    code, detail = _item_error(entry.get("errors"))
    item = BulkItem(
        client_transfer_id=entry.text("client_transfer_id"),
        status=entry.text("status"),
        transfer_id=entry.optional_text("transfer_id"),
        error_code=code,
        error_detail=detail,
    )
    if item.status == ITEM_COMPLETED and not item.transfer_id:
        raise entry.wrong("transfer_id", "is missing though it was created")
    return item


def _item_error(errors: Any) -> tuple[str | None, str | None]:
    """Read the first error, flat or nested (section 19)."""
    first = errors[0] if isinstance(errors, list) and errors else None
    if isinstance(first, dict) and isinstance(first.get("errors"), list) and first["errors"]:
        first = first["errors"][0]
    if not isinstance(first, dict):
        return None, None
    code, detail = first.get("code"), first.get("detail") or first.get("message")
    return code if isinstance(code, str) else None, detail if isinstance(detail, str) else None


def parse_internal_transfer(payload: Any) -> InternalTransfer:
    """Read one transfer between own accounts."""
    record = Record("internal transfer", payload)
    return InternalTransfer(
        id=record.text("id"),
        status=record.text("status"),
        amount=record.money("amount", "EUR"),
        reference=record.optional_text("reference"),
        created_at=record.time("created_at"),
    )


def unwrapped(payload: Any, name: str) -> Any:
    """Return the object under ``name``."""
    record = Record(f"{name} answer", payload)
    if not isinstance(record.get(name), dict):
        raise InvalidAnswer(f"{name} answer: field {name} is missing")
    return record.get(name)


def _day(record: Record, name: str) -> date:
    text = record.text(name)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise record.wrong(name, "is not a date") from None
