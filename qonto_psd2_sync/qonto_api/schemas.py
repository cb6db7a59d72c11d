# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Qonto's API answers, as immutable Python values.

Amounts are exact :class:`~decimal.Decimal` in units of their currency, instants aware datetimes in UTC. A field the
bank adds later is ignored, an unknown word (status, operation type, role) is kept as it came; a missing needed field
or a wrong type raises :class:`~.errors.InvalidAnswer`. Sources: sections 4.4, 7 and 8.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from . import const
from .reading import Record

_COUNTERPARTY_KEYS = ("transfer", "income", "swift_income", "direct_debit", "direct_debit_collection")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_BIC = re.compile(r"[A-Z0-9]{8}(?:[A-Z0-9]{3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class TokenSet:
    """Tokens of one grant (section 4.3, 4.4). Its text form shows no secret.

    :ivar access_token: opaque, for the ``Authorization`` header.
    :ivar refresh_token: None when none was sent: without ``offline_access``, or, from a refresh, because the one
        that was used stays valid. Rotated on each use: store it before using the access token.
    :ivar expires_in: life of the access token in seconds from now.
    :ivar scopes: what was granted; empty when the bank did not say, which means "as asked" (RFC 6749, 5.1).
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class BankAccount:
    """A bank account at Qonto (section 7.1, 7.2).

    What the member may not see is None: members without the right see neither balances nor currency, and only
    owners and admins see IBAN and BIC.

    :ivar status: ``active``, ``closed``, ``pending``, ``waiting_for_funds`` … (open list).
    :ivar iban: upper case, without spaces.
    :ivar balance: booked balance.
    :ivar authorized_balance: booked less pending debits: what can be spent.
    :ivar is_external: an account of another bank that Qonto only shows.
    """

    id: str
    name: str
    status: str
    main: bool
    organization_id: str | None
    iban: str | None
    bic: str | None
    currency: str | None
    balance: Decimal | None
    authorized_balance: Decimal | None
    is_external: bool


@dataclass(frozen=True)
class Organization:
    """The company whose consent a token carries (section 7.1).

    :ivar id: the bank's id; where the organization itself comes without one, that of its accounts; else None.
    :ivar slug: readable key, always there.
    :ivar legal_country: ISO 3166 code, upper case.
    """

    id: str | None
    slug: str
    name: str | None
    legal_name: str | None
    legal_country: str | None
    bank_accounts: tuple[BankAccount, ...]


@dataclass(frozen=True)
class Membership:
    """The member as whom a token acts (section 7.3).

    :ivar role: ``owner``, ``admin``, ``manager``, ``reporting``, ``employee``, ``accountant`` … (open list).
    :ivar status: ``active``, ``invitable`` … (open list).
    """

    id: str
    first_name: str
    last_name: str
    role: str | None
    email: str | None
    status: str | None
    team_id: str | None
    locale: str | None
    kyc_status: str | None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Plan:
    """The price plan (section 7.4), e.g. code ``team_business``, name ``Business``, status ``active``."""

    code: str | None
    name: str | None
    status: str | None
    lineup: str | None


@dataclass(frozen=True)
class Transaction:
    """One movement on an account (section 8.2).

    :ivar id: the unique key. A pending row keeps it when it is completed.
    :ivar transaction_id: readable key, ``acme-1234-1-transaction-99``.
    :ivar bank_account_id: None in answers of the older form.
    :ivar status: ``pending``, ``completed``, ``declined``; other words are kept and mean "not booked".
    :ivar side: ``credit`` or ``debit``.
    :ivar amount: never negative, in ``currency``, the account's; see :attr:`signed_amount`.
    :ivar local_amount: never negative, in ``local_currency``, the currency of the original payment.
    :ivar operation_type: open list (section 8.4); "" when not told.
    :ivar label: the counterparty as the bank shows it; "" when there is none.
    :ivar counterparty_iban: upper case without spaces; None when there is none or it is no IBAN.
    :ivar settled_at: when it was booked; None unless completed.
    :ivar updated_at: changes with notes, labels and attachments, too.
    :ivar settled_balance: the account's balance after this booking; None unless completed.
    :ivar initiator_id: membership.
    :ivar is_external: belongs to an account of another bank.
    :ivar raw: the bank's own answer, numbers with a fraction as Decimal; see :func:`raw_json`.
    """

    id: str
    transaction_id: str
    bank_account_id: str | None
    status: str
    side: str
    amount: Decimal
    currency: str
    local_amount: Decimal
    local_currency: str
    operation_type: str
    label: str
    clean_counterparty_name: str | None
    counterparty_iban: str | None
    counterparty_bic: str | None
    emitted_at: datetime
    settled_at: datetime | None
    created_at: datetime | None
    updated_at: datetime
    settled_balance: Decimal | None
    reference: str | None
    note: str | None
    category: str | None
    card_last_digits: str | None
    initiator_id: str | None
    label_ids: tuple[str, ...]
    attachment_ids: tuple[str, ...]
    attachment_required: bool
    attachment_lost: bool
    is_external: bool
    raw: dict[str, Any] = field(repr=False, compare=False)

    @property
    def signed_amount(self) -> Decimal:
        """Amount as it changes the balance: negative for a debit."""
        return -self.amount if self.side == const.SIDE_DEBIT else self.amount

    @property
    def signed_local_amount(self) -> Decimal:
        """Original amount with the same sign rule."""
        return -self.local_amount if self.side == const.SIDE_DEBIT else self.local_amount

    @property
    def counterparty_name(self) -> str:
        """The cleaned name when the bank has one, else the label."""
        return self.clean_counterparty_name or self.label


@dataclass(frozen=True)
class TransactionPage:
    """One page of transactions (section 2.2).

    :ivar next_page: number of the page that follows, None on the last one.
    :ivar total_count: rows that match, over all pages; None when not told. Likewise ``total_pages``.
    """

    transactions: tuple[Transaction, ...]
    page: int
    next_page: int | None
    total_count: int | None
    total_pages: int | None


def parse_token_set(data: Any) -> TokenSet:
    """Parse the answer of ``POST /oauth2/token``.

    Only the tokens themselves are insisted on: an answer to a refresh carries the one valid refresh token there is,
    and throwing it away for an odd ``expires_in`` would cost the user the consent.
    """
    record = Record("token answer", data)
    token_type = record.get("token_type")
    if isinstance(token_type, str) and token_type.casefold() != "bearer":
        raise record.wrong("token_type", "is not bearer")
    expires_in = record.get("expires_in")
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,9}", expires_in):
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, int) or not 0 < expires_in < 10**9:
        expires_in = const.ACCESS_TOKEN_SECONDS
    scope = record.get("scope")
    return TokenSet(
        access_token=_token(record, "access_token"),
        refresh_token=_token(record, "refresh_token") if record.get("refresh_token") else None,
        expires_in=expires_in,
        scopes=tuple(scope.split()) if isinstance(scope, str) else (),
    )


def parse_organization(data: Any) -> Organization:
    """Parse the answer of ``GET /v2/organization``."""
    record = Record("organization answer", data).record("organization")
    if record is None:
        raise Record("organization answer", data).wrong("organization", "is missing")
    identity = record.optional_text("id")
    accounts = tuple(parse_bank_account(account.data, identity) for account in record.records("bank_accounts"))
    owners = {account.organization_id for account in accounts if not account.is_external}
    country = record.optional_text("legal_country")
    return Organization(
        id=identity or (owners.pop() if len(owners) == 1 else None),
        slug=record.text("slug"),
        name=record.optional_text("name"),
        legal_name=record.optional_text("legal_name"),
        legal_country=country.upper() if country else None,
        bank_accounts=accounts,
    )


def parse_bank_account(data: Any, organization_id: str | None = None) -> BankAccount:
    """Parse one bank account object.

    :param organization_id: that of the enclosing organization, for entries that do not repeat it.
    """
    record = Record("bank account", data)
    currency = _optional_currency(record, "currency")
    iban = record.optional_text("iban")
    is_external = record.flag("is_external_account")
    if iban and not _iban(iban) and not is_external:
        raise record.wrong("iban", "is no IBAN")
    return BankAccount(
        id=record.text("id"),
        name=record.optional_text("name") or "",
        status=record.text("status"),
        main=record.flag("main"),
        organization_id=record.optional_text("organization_id") or organization_id,
        iban=_iban(iban),
        bic=_bic(record.optional_text("bic")),
        currency=currency,
        balance=record.optional_money("balance", currency),
        authorized_balance=record.optional_money("authorized_balance", currency),
        is_external=is_external,
    )


def parse_membership(data: Any) -> Membership:
    """Parse the answer of ``GET /v2/membership``."""
    answer = Record("membership answer", data)
    record = answer.record("membership")
    if record is None:
        raise answer.wrong("membership", "is missing")
    return Membership(
        id=record.text("id"),
        first_name=record.optional_text("first_name") or "",
        last_name=record.optional_text("last_name") or "",
        role=record.optional_text("role"),
        email=record.optional_text("email"),
        status=record.optional_text("status"),
        team_id=record.optional_text("team_id"),
        locale=record.optional_text("locale"),
        kyc_status=record.optional_text("kyc_status"),
    )


def parse_plan(data: Any) -> Plan | None:
    """Parse the answer of ``GET /v2/subscription``; None for an organization without a plan (section 20, 23)."""
    record = Record("subscription answer", data).record("plan")
    if record is None:
        return None
    return Plan(
        code=record.optional_text("code"),
        name=record.optional_text("name"),
        status=record.optional_text("status"),
        lineup=record.optional_text("lineup"),
    )


def parse_transaction(data: Any) -> Transaction:
    """Parse one transaction object.

    Needed are ``id, transaction_id, status, side, amount, currency, emitted_at, updated_at``. A side that is
    neither credit nor debit is refused, since the sign of the amount hangs on it. Without a local amount the
    payment was made in the account's currency.
    """
    record = Record("transaction", data)
    side = record.text("side").casefold()
    if side not in (const.SIDE_CREDIT, const.SIDE_DEBIT):
        raise record.wrong("side", "is neither credit nor debit")
    currency = _currency(record, "currency")
    amount = _not_negative(record, "amount", record.money("amount", currency))
    local_currency = _optional_currency(record, "local_currency") or currency
    local_amount = record.optional_money("local_amount", local_currency)
    if local_amount is None:
        if local_currency != currency:
            raise record.wrong("local_amount", "is missing")
        local_amount = amount
    iban, bic = _counterparty(record)
    return Transaction(
        id=record.text("id"),
        transaction_id=record.text("transaction_id"),
        bank_account_id=record.optional_text("bank_account_id"),
        status=record.text("status"),
        side=side,
        amount=amount,
        currency=currency,
        local_amount=_not_negative(record, "local_amount", local_amount),
        local_currency=local_currency,
        operation_type=record.optional_text("operation_type") or "",
        label=record.optional_text("label") or "",
        clean_counterparty_name=record.optional_text("clean_counterparty_name"),
        counterparty_iban=iban,
        counterparty_bic=bic,
        emitted_at=record.time("emitted_at"),
        settled_at=record.optional_time("settled_at"),
        created_at=record.optional_time("created_at"),
        updated_at=record.time("updated_at"),
        settled_balance=record.optional_money("settled_balance", currency),
        reference=record.optional_text("reference"),
        note=record.optional_text("note"),
        category=record.optional_text("category"),
        card_last_digits=record.optional_text("card_last_digits"),
        initiator_id=record.optional_text("initiator_id"),
        label_ids=record.texts("label_ids"),
        attachment_ids=record.texts("attachment_ids"),
        attachment_required=record.flag("attachment_required"),
        attachment_lost=record.flag("attachment_lost"),
        is_external=record.flag("is_external_transaction"),
        raw=record.data,
    )


def parse_transaction_page(data: Any, *, page: int, bank_account_id: str) -> TransactionPage:
    """Parse the answer of ``GET /v2/transactions``.

    :param page: number of the page that was asked for; an answer that names another one is refused.
    :param bank_account_id: the account that was asked for; a row that names another one is refused.
    """
    record = Record("transactions answer", data)
    transactions = tuple(parse_transaction(entry.data) for entry in record.records("transactions"))
    for transaction in transactions:
        if transaction.bank_account_id not in (None, bank_account_id):
            raise Record("transaction", transaction.raw).wrong("bank_account_id", "names another account")
    meta = record.record("meta")
    if meta is None:
        # Without it the end of the list is a guess, and rows could be lost in silence.
        raise record.wrong("meta", "is missing")
    if meta.count("current_page") not in (None, page):
        raise meta.wrong("current_page", "is not the page that was asked for")
    return TransactionPage(
        transactions=transactions,
        page=page,
        next_page=meta.count("next_page"),
        total_count=meta.count("total_count"),
        total_pages=meta.count("total_pages"),
    )


def raw_json(raw: Any) -> str:
    """Return JSON text of a parsed answer, to be kept; numbers keep their exact value.

    A Decimal is written as a number where a float of the same text exists, else as text; the parsers read both.
    """
    return json.dumps(raw, default=_plain_number, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain_number(value: Any) -> float | str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not part of a bank's answer")
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def _token(record: Record, name: str) -> str:
    value = record.text(name)
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", value):
        raise record.wrong(name, "has characters that no token has")
    return value


def _optional_currency(record: Record, name: str) -> str | None:
    value = record.optional_text(name)
    if value is None:
        return None
    if not _CURRENCY.fullmatch(value.upper()):
        raise record.wrong(name, "is not a currency code")
    return value.upper()


def _currency(record: Record, name: str) -> str:
    value = _optional_currency(record, name)
    if value is None:
        raise record.wrong(name, "is missing")
    return value


def _not_negative(record: Record, name: str, amount: Decimal) -> Decimal:
    if amount < 0:
        raise record.wrong(name, "is negative; the side gives the sign")
    return amount


def _counterparty(record: Record) -> tuple[str | None, str | None]:
    """Return IBAN and BIC out of the nested object that ``subject_type`` names, else of the first one there is."""
    subject = record.get("subject_type")
    if isinstance(subject, str):
        # `transfer` in the API, `SwiftIncome` or `Transfer` in webhooks (section 19).
        subject = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", subject).casefold()
    names = sorted(_COUNTERPARTY_KEYS, key=lambda name: name != subject)
    nested = next((found for name in names if (found := record.record(name))), None)
    if nested is None:
        return None, None
    account = nested.optional_text("counterparty_account_number") or nested.optional_text("counterparty_iban")
    bank = nested.optional_text("counterparty_bank_identifier") or nested.optional_text("counterparty_bic")
    account_format = nested.optional_text("counterparty_account_number_format") or "IBAN"
    bank_format = nested.optional_text("counterparty_bank_identifier_format") or "BIC"
    return (
        _iban(account) if account_format.casefold() == "iban" else None,
        _bic(bank) if bank_format.casefold() in ("bic", "swift_bic") else None,
    )


def _iban(value: str | None) -> str | None:
    compact = "".join((value or "").split()).upper()
    return compact if _IBAN.fullmatch(compact) else None


def _bic(value: str | None) -> str | None:
    compact = "".join((value or "").split()).upper()
    return compact if _BIC.fullmatch(compact) else None
