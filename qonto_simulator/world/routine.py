"""What comes every month: wages, taxes, debits, fees, money between own accounts; and cards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..model import CREDIT, DEBIT, Account
from . import iban
from .builder import Builder, Draft
from .company import Company
from .people import DEBITS, EMPLOYEES, FOREIGN_MERCHANTS, MERCHANTS

CARDS = ("4471", "9038")


class Routine:
    def __init__(self, builder: Builder, company: Company) -> None:
        self.builder, self.company, self.rng = builder, company, builder.rng
        self.staff = [(name, cents, *iban.german(builder.fixed)) for name, cents in EMPLOYEES]
        self.office = iban.german(builder.fixed)
        self.fund = iban.german(builder.fixed)
        self.debitors = [(*debit, *iban.german(builder.fixed)) for debit in DEBITS]

    def plan(self, back: int) -> None:
        for first in self.builder.months(back):
            self._debits(first)
            self._fee(first)
            self._taxes(first)
            if self.company.wages:
                self._wages(first, self.company.wages)

    def _debits(self, first: date) -> None:
        for name, cents, day, rate, text, number, bic in self.debitors:
            booked = self.builder.workday(first.replace(day=day))
            settled = self.builder.at(booked, self.rng.randrange(4, 7))
            vat = None if rate is None else cents - cents * 100 // (100 + rate)
            self.builder.draft(
                self.company.main,
                DEBIT,
                "direct_debit",
                cents,
                name,
                settled - timedelta(days=2),
                settled,
                reference=text,
                counterparty_name=name,
                counterparty_iban=number,
                counterparty_bic=bic,
                vat_rate=rate,
                vat_amount_cents=vat,
                category="utility",
                cashflow_category="Betriebskosten",
            )

    def _fee(self, first: date) -> None:
        settled = self.builder.at(first, 3)
        cents = 117_81 + self.rng.choice((0, 0, 240))
        self.builder.draft(
            self.company.main,
            DEBIT,
            "qonto_fee",
            cents,
            "Kontoführung",
            settled,
            settled,
            reference=f"Kontoführung {first:%m/%Y}",
            vat_rate=19.0,
            vat_amount_cents=cents - cents * 100 // 119,
            category="fees",
        )

    def _taxes(self, first: date) -> None:
        taxes = self.company.taxes
        self.move(self.company.main, taxes, 9_000_00, "Steuerrücklage", first.replace(day=5))
        day = self.builder.workday(first.replace(day=10))
        period = first - timedelta(days=1)
        amounts = {
            f"USt-Voranmeldung {period:%m/%Y} St.Nr. 60/155/01837": self.rng.randrange(3200, 6100),
            f"LSt {period:%m/%Y} St.Nr. 60/155/01837": 1904,
        }
        for text, euros in amounts.items():
            self._pay(taxes, euros * 100 + 55, "Finanzamt Bremen-Holzhafen", self.office, text, day)

    def _wages(self, first: date, wages: Account) -> None:
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        payday = last - timedelta(days=max(0, last.weekday() - 4))
        total = sum(cents for _name, cents, _number, _bic in self.staff)
        self.move(self.company.main, wages, total + 6_300_00, f"Löhne {first:%m/%Y}", payday - timedelta(days=1))
        for name, cents, number, bic in self.staff:
            self._pay(wages, cents, name, (number, bic), f"Lohn/Gehalt {first:%m.%Y}", payday)
        self._pay(
            wages, 6_284_19, "Krankenkasse Weserland", self.fund, f"SV-Beiträge {first:%m/%Y} Betr.Nr. 30081274", payday
        )

    def _pay(self, account: Account, cents: int, name: str, bank: tuple[str, str], text: str, day: date) -> None:
        emitted = self.builder.at(day, self.rng.randrange(8, 12))
        self.builder.draft(
            account,
            DEBIT,
            "transfer",
            cents,
            name,
            emitted,
            emitted + timedelta(seconds=12),
            reference=text,
            counterparty_name=name,
            counterparty_iban=bank[0],
            counterparty_bic=bank[1],
            initiator_id=self.company.owner.id,
        )

    def move(self, source: Account, target: Account, cents: int, text: str, day: date) -> None:
        """Money between own accounts: a row on each side."""
        emitted = self.builder.at(day, 9)
        for account, other, side, kind in (
            (source, target, DEBIT, "transfer"),
            (target, source, CREDIT, "income"),
        ):
            self.builder.draft(
                account,
                side,
                kind,
                cents,
                self.company.organization.legal_name,
                emitted,
                emitted + timedelta(seconds=1 if side == DEBIT else 2),
                reference=text,
                counterparty_name=self.company.organization.legal_name,
                counterparty_iban=other.iban,
                counterparty_bic=other.bic,
                initiator_id=self.company.owner.id,
                category="treasury_and_interco",
            )


class Cards:
    def __init__(self, builder: Builder, company: Company) -> None:
        self.builder, self.company, self.rng = builder, company, builder.rng

    def plan(self, back: int, chance: float) -> None:
        for day in self.builder.days(back):
            if self.rng.random() < chance:
                self._spend(day)

    def _spend(self, day: date) -> None:
        hour = self.rng.randrange(7, 21)
        if self.rng.random() < 0.2:
            self.foreign(day, hour)
        else:
            label, low, high, rate = self.rng.choice(MERCHANTS)
            self.pay(day, hour, self.rng.randrange(low, high), label, rate)

    def pay(
        self,
        day: date,
        hour: int,
        cents: int,
        label: str,
        rate: int | None = 19,
        minute: int | None = None,
        at_once: bool = False,
        **facts: Any,
    ) -> Draft:
        """Plan a card payment, booked one to three days later unless ``at_once``."""
        emitted = self.builder.at(day, hour, minute)
        lag = timedelta(days=self.rng.randrange(1, 4), minutes=self.rng.randrange(600))
        vat = None if rate is None else cents - cents * 100 // (100 + rate)
        facts.setdefault("card_last_digits", self.rng.choice(CARDS))
        employee = facts["card_last_digits"] == CARDS[1]
        return self.builder.draft(
            self.company.main,
            DEBIT,
            "card",
            cents,
            label,
            emitted,
            emitted if at_once else emitted + lag,
            vat_rate=rate,
            vat_amount_cents=vat,
            counterparty_name=label.title(),
            attachment_required=True,
            initiator_id=(self.company.employee if employee else self.company.owner).id,
            **facts,
        )

    def foreign(self, day: date, hour: int) -> None:
        label, low, high, currency, rate = self.rng.choice(FOREIGN_MERCHANTS)
        local = self.rng.randrange(low, high)
        cents = round(local * rate * self.rng.uniform(0.985, 1.015))
        self.pay(day, hour, cents, label, None, local_amount_cents=local, local_currency=currency)

    def refund(self, day: date, cents: int, label: str) -> None:
        settled = self.builder.at(day, 5)
        self.builder.draft(
            self.company.main,
            CREDIT,
            "card_refund",
            cents,
            label,
            settled - timedelta(days=1),
            settled,
            card_last_digits=CARDS[0],
            counterparty_name=label.title(),
            category="refund",
        )

    def declined(self, day: date, cents: int, label: str) -> None:
        emitted = self.builder.at(day, 13)
        self.builder.draft(
            self.company.main,
            DEBIT,
            "card",
            cents,
            label,
            emitted,
            None,
            declined=True,
            card_last_digits=CARDS[0],
            initiator_id=self.company.owner.id,
        )

    def twins(self, day: date, cents: int, label: str) -> None:
        """Plan two payments alike in day, amount and text; only the id tells them apart."""
        for minute in (5, 35):
            self.pay(day, 16, cents, label, minute=minute, at_once=True, card_last_digits=CARDS[0])
