"""What every scenario needs: dice, ids, calendar, the company, and rows in booking order."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any

from ..bank import Bank
from ..clock import BERLIN
from ..model import (
    COMPLETED,
    DECLINED,
    PENDING,
    Account,
    Client,
    Document,
    Label,
    Membership,
    Organization,
    Partner,
    Settlement,
    Transaction,
    User,
)
from . import iban
from .people import Trader


@dataclass
class Draft:
    """A row to be; ``settled`` None asks for one that stays pending."""

    row: Transaction
    account: Account
    emitted: datetime
    settled: datetime | None
    declined: bool = False
    pays: list[tuple[Document, int, str]] = field(default_factory=list)


class Builder:
    """Collects drafts, then enters those up to now; a draft that settles later is pending.

    Ids and amounts come from the seed and the calendar day alone, so the same world made an hour
    later differs only in what has happened in that hour.
    """

    def __init__(self, bank: Bank, seed: int, now: datetime) -> None:
        self.bank, self.now = bank, now
        self.today = now.astimezone(BERLIN).date()
        self.rng = Random(f"{seed}/{self.today.isoformat()}")
        self.fixed = Random(f"{seed}")  # what shall not depend on the day: IBANs, credentials
        self.drafts: list[Draft] = []

    # === IDS AND CALENDAR === #

    def uid(self, rng: Random | None = None) -> str:
        return str(uuid.UUID(int=(rng or self.rng).getrandbits(128), version=4))

    def secret(self, length: int = 40) -> str:
        letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        return "".join(self.fixed.choice(letters) for _ in range(length))

    def at(self, day: date, hour: int, minute: int | None = None) -> datetime:
        """Return an instant on a Berlin calendar day, with random minute, second, millisecond."""
        minute = self.rng.randrange(60) if minute is None else minute
        clock = time(hour, minute, self.rng.randrange(60), self.rng.randrange(1000) * 1000)
        return datetime.combine(day, clock, BERLIN).astimezone(timezone.utc)

    def midnight(self, back: int) -> datetime:
        """Return the beginning of the Berlin day ``back`` days ago."""
        day = self.today - timedelta(days=back)
        return datetime.combine(day, time(), BERLIN).astimezone(timezone.utc)

    def days(self, back: int) -> Iterator[date]:
        """Yield the days from ``back`` days ago until today."""
        for number in range(back, -1, -1):
            yield self.today - timedelta(days=number)

    def months(self, back: int) -> Iterator[date]:
        """Yield the first day of each month that has a day in the last ``back`` days."""
        start = (self.today - timedelta(days=back)).replace(day=1)
        while start <= self.today:
            yield start
            start = (start + timedelta(days=32)).replace(day=1)

    @staticmethod
    def workday(day: date) -> date:
        """Return the day itself or the next Monday."""
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return day

    # === THE BANK'S CUSTOMERS === #

    def client(self) -> Client:
        client = Client(
            client_id=self.uid(self.fixed),
            client_secret=self.secret(),
            name="My accounting",
            staging_token=self.secret(32),
        )
        return self.bank.store.clients.save(client)

    def organization(self, name: str, slug: str, street: str, register: str) -> Organization:
        organization = Organization(
            id=self.uid(self.fixed),
            slug=f"{slug}-{self.fixed.randrange(1000, 10000)}",
            name=name,
            legal_name=name,
            legal_number=register,
            legal_form="GmbH",
            legal_sector="90.02",
            legal_address=f"{street}, 28217 Bremen",
            street=street,
            zipcode="28217",
            city="Bremen",
            legal_registration_date="2017-05-11",
            contract_signed_at=datetime(2023, 2, 14, 9, 30, 12, 345678, timezone.utc),
            api_secret=self.secret(32),
        )
        return self.bank.store.organizations.save(organization)

    def user(self, first: str, last: str) -> User:
        user = User(
            email=f"{first.lower()}@halvering.example",
            password=f"{first.lower()}-stand-in",
            first_name=first,
            last_name=last,
            phone_number=f"+49421555{self.fixed.randrange(1000, 10000)}",
        )
        return self.bank.store.users.save(user)

    def member(self, organization: Organization, user: User, role: str, position: str) -> Membership:
        membership = Membership(
            id=self.uid(self.fixed),
            organization_id=organization.id,
            email=user.email,
            role=role,
            position=position,
            birthdate=f"{self.fixed.randrange(1965, 2000)}-0{self.fixed.randrange(1, 10)}-17",
            ubo=role == "owner",
        )
        return self.bank.store.memberships.save(membership)

    def account(self, organization: Organization, name: str, opening_cents: int, main: bool = False) -> Account:
        number = len(self.bank.accounts(organization.id)) + 1
        account = Account(
            id=self.uid(self.fixed),
            organization_id=organization.id,
            number=number,
            slug=f"{organization.slug}-{number}",
            name=name,
            iban=iban.house(self.fixed),
            bic=iban.HOUSE_BIC,
            currency="EUR",
            main=main,
            opening_balance_cents=opening_cents,
            updated_at=organization.contract_signed_at.replace(microsecond=345000),
        )
        self.bank.ledger.open_account(account)
        return account

    def label(self, organization: Organization, name: str, parent: Label | None = None) -> Label:
        label = Label(self.uid(self.fixed), organization.id, name, parent.id if parent else None)
        return self.bank.store.labels.save(label)

    def partner(self, kind: str, trader: Trader) -> Partner:
        if trader.country == "DE":
            number, bic = iban.german(self.fixed)
            vat = f"DE{self.fixed.randrange(10**8, 10**9)}"
        else:
            number, bic = iban.foreign(self.fixed, trader.country)
            vat = ""
        partner = Partner(
            id=f"{kind}-{len(self.bank.store.partners) + 1:03d}",
            kind=kind,
            name=trader.name,
            street=trader.street,
            zipcode=trader.zipcode,
            city=trader.city,
            country=trader.country,
            iban=number,
            bic=bic,
            vat=vat,
        )
        return self.bank.store.partners.save(partner)

    # === ROWS === #

    def draft(
        self,
        account: Account,
        side: str,
        kind: str,
        cents: int,
        label: str,
        emitted: datetime,
        settled: datetime | None,
        *,
        declined: bool = False,
        **facts: Any,
    ) -> Draft:
        """Plan a row. ``facts`` are further fields of ``Transaction``."""
        facts.setdefault("local_amount_cents", cents)
        facts.setdefault("local_currency", account.currency)
        row = Transaction(
            id=self.uid(),
            transaction_id="",
            account_id=account.id,
            side=side,
            status=COMPLETED,
            operation_type=kind,
            amount_cents=cents,
            currency=account.currency,
            label=label,
            emitted_at=emitted,
            created_at=emitted,
            updated_at=emitted,
            **facts,
        )
        draft = Draft(row, account, emitted, settled, declined)
        self.drafts.append(draft)
        return draft

    def enter(self, since: datetime) -> None:
        """Enter all drafts of the period into the books, in the order of booking."""
        self._forget_earlier_documents(since)
        known = [d for d in self.drafts if since <= d.emitted <= self.now]
        known.sort(key=lambda d: (d.settled or d.emitted, d.row.id))
        lags = {d.row.id: timedelta(seconds=self.rng.randrange(1, 240)) for d in known}
        for draft in known:
            row = draft.row
            if draft.declined:
                row.status = DECLINED
            elif draft.settled is None or draft.settled > self.now:
                row.status = PENDING
            else:
                row.settled_at = draft.settled
            row.updated_at = min((row.settled_at or row.emitted_at) + lags[row.id], self.now)
            self.bank.ledger.add(draft.account, row)
            if row.status == COMPLETED:
                for document, cents, hint in draft.pays:
                    if document.id in self.bank.store.documents.rows:
                        document.settlements.append(Settlement(row.id, cents, hint))

    def _forget_earlier_documents(self, since: datetime) -> None:
        """Drop documents of which a payment lies before the first row."""
        for draft in self.drafts:
            if draft.emitted < since:
                for document, _cents, _hint in draft.pays:
                    self.bank.store.documents.delete(document.id)
