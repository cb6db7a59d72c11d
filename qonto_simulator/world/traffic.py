"""The money that moves: one class per kind of business, each planning drafts and documents."""

from __future__ import annotations

from datetime import date, timedelta

from ..model import CREDIT, DEBIT, Account, Document, Partner
from . import documents as docs
from .builder import Builder, Draft
from .company import Company
from .people import CUSTOMERS, LANDLORD, SUBSCRIBER, VENDORS, Trader

STANDING = "Dauerauftrag"


class Sales:
    """Invoices to customers and what comes in for them."""

    def __init__(self, builder: Builder, company: Company) -> None:
        self.builder, self.company, self.rng = builder, company, builder.rng
        self.numbers = docs.Numbers(first=118)
        self.customers = [(trader, builder.partner("customer", trader)) for trader in CUSTOMERS]
        self.subscriber = builder.partner("customer", SUBSCRIBER)
        self._waiting: dict[str, Document] = {}

    def plan(self, back: int, chance: float) -> None:
        """Write invoices on workdays, with a chance a day, and plan how each is paid."""
        for day in self.builder.days(back):
            if day.weekday() < 5 and self.rng.random() < chance:
                self._invoice(day)
            if day.day == 8:
                self._subscription(day)
        for document in self._waiting.values():
            self._pay([document], document.issue_date)

    def _invoice(self, day: date) -> None:
        trader, partner = self.rng.choice(self.customers)
        document = self._new(day, partner, trader)
        throw = self.rng.random()
        earlier = self._waiting.pop(partner.id, None)
        if earlier and (day - earlier.issue_date).days <= 24:
            self._pay([earlier, document], day)
        elif throw < 0.12:
            self._waiting[partner.id] = document  # may be paid together with the next one
        elif throw < 0.18:
            self._pay_in_parts(document)
        elif throw < 0.95:
            self._pay([document], day)
        if earlier and (day - earlier.issue_date).days > 24:
            self._pay([earlier], earlier.issue_date)

    def _new(self, day: date, partner: Partner, trader: Trader) -> Document:
        net = int(self.rng.triangular(trader.low, trader.high, trader.low * 1.4)) * 100
        rate = 19 if partner.country == "DE" else 0
        return docs.new_document(
            self.builder,
            "customer_invoice",
            self.numbers.take(day),
            partner,
            self.company.main,
            day,
            docs.gross(net + self.rng.choice((0, 0, 50, 95)), rate),
            vat_rate=rate,
            description=self.rng.choice(("Veranstaltungstechnik", "Miete Licht", "Montage")),
        )

    def _pay(self, invoices: list[Document], since: date) -> None:
        hint = docs.EXACT if len(invoices) > 1 else docs.choose_hint(self.rng)
        if len(invoices) > 1:
            text = " und ".join(document.number for document in invoices)
        else:
            text = docs.receipt_text(self.rng, invoices[0], hint)
        total = sum(document.amount_cents for document in invoices)
        day = since + timedelta(days=int(self.rng.triangular(2, 38, 12)))
        draft = self._receipt(invoices[0], total, text, day)
        draft.pays = [(document, document.amount_cents, hint) for document in invoices]

    def _pay_in_parts(self, invoice: Document) -> None:
        first = invoice.amount_cents * self.rng.choice((30, 50)) // 100 // 100 * 100
        day = invoice.issue_date + timedelta(days=self.rng.randrange(3, 15))
        draft = self._receipt(invoice, first, f"Anzahlung {invoice.number}", day)
        draft.pays = [(invoice, first, docs.EXACT)]
        if self.rng.random() < 0.6:
            rest = invoice.amount_cents - first
            day += timedelta(days=self.rng.randrange(10, 30))
            draft = self._receipt(invoice, rest, f"Restzahlung {invoice.number}", day)
            draft.pays = [(invoice, rest, docs.EXACT)]

    def _subscription(self, day: date) -> None:
        """Two equal maintenance fees a month, two shops: paid on one day with one text."""
        invoices = [
            docs.new_document(
                self.builder,
                "customer_invoice",
                self.numbers.take(day),
                self.subscriber,
                self.company.main,
                day,
                357_00,
                description="Wartung Schaufensterlicht",
            )
            for _shop in range(2)
        ]
        paid = self.builder.workday(day + timedelta(days=7))
        text = f"Wartung {day:%m/%Y}"
        for hour, invoice in zip((9, 14), invoices, strict=True):
            draft = self._receipt(invoice, 357_00, text, paid, hour)
            draft.pays = [(invoice, 357_00, docs.NONE)]

    def _receipt(self, invoice: Document, cents: int, text: str, day: date, hour: int = 0) -> Draft:
        partner = self.builder.bank.store.partners.rows[invoice.partner_id]
        day = self.builder.workday(day)
        settled = self.builder.at(day, hour or self.rng.choice((6, 7, 10, 11, 13, 15, 16)))
        return self.builder.draft(
            self.company.main,
            CREDIT,
            "income",
            cents,
            partner.name,
            settled - timedelta(seconds=self.rng.randrange(2, 90)),
            settled,
            reference=text,
            counterparty_name=partner.name,
            counterparty_iban=partner.iban,
            counterparty_bic=partner.bic,
            category="sales",
            cashflow_category="Umsatz",
            label_ids=[self.rng.choice(self.company.labels[1:]).id],
        )


class Purchases:
    """Bills of vendors and the transfers that pay them."""

    def __init__(self, builder: Builder, company: Company) -> None:
        self.builder, self.company, self.rng = builder, company, builder.rng
        self.vendors = [(trader, builder.partner("vendor", trader)) for trader in VENDORS]
        self.landlord = builder.partner("vendor", LANDLORD)
        self._waiting: dict[str, Document] = {}

    def plan(self, back: int, chance: float) -> None:
        for day in self.builder.days(back):
            if day.weekday() < 5 and self.rng.random() < chance:
                self._bill(day)

    def plan_rent(self, back: int) -> None:
        for first in self.builder.months(back):
            day = self.builder.workday(first)
            self._transfer(
                self.company.main,
                LANDLORD.low * 100,
                self.landlord,
                f"Miete {first:%m/%Y} Speicherhof 14",
                day,
                STANDING,
            )

    def _bill(self, day: date) -> None:
        trader, partner = self.rng.choice(self.vendors)
        net = int(self.rng.triangular(trader.low, trader.high, trader.low * 1.3)) * 100
        rate = 19 if partner.country == "DE" else 0
        bill = docs.new_document(
            self.builder,
            "vendor_bill",
            docs.bill_number(self.rng, trader.numbering, day),
            partner,
            self.company.main,
            day,
            docs.gross(net + self.rng.randrange(100), rate),
            vat_rate=rate,
            description=trader.what,
        )
        throw = self.rng.random()
        earlier = self._waiting.pop(partner.id, None)
        if earlier:
            both = f"{earlier.number} {bill.number}"
            self._pay([earlier, bill], both, docs.EXACT, day)
        elif throw < 0.08:
            self._waiting[partner.id] = bill
        elif throw < 0.93:
            hint = docs.choose_hint(self.rng)
            self._pay([bill], docs.payment_text(self.rng, bill, hint), hint, day)

    def _pay(self, bills: list[Document], text: str, hint: str, since: date) -> None:
        partner = self.builder.bank.store.partners.rows[bills[0].partner_id]
        day = self.builder.workday(since + timedelta(days=self.rng.randrange(3, 18)))
        total = sum(bill.amount_cents for bill in bills)
        draft = self._transfer(self.company.main, total, partner, text, day)
        draft.pays = [(bill, bill.amount_cents, hint) for bill in bills]

    def _transfer(self, account: Account, cents: int, partner: Partner, text: str, day: date, note: str = "") -> Draft:
        emitted = self.builder.at(day, self.rng.randrange(8, 18))
        slow = self.rng.random() < 0.25
        lag = timedelta(hours=self.rng.randrange(2, 6)) if slow else timedelta(seconds=11)
        return self.builder.draft(
            account,
            DEBIT,
            "transfer",
            cents,
            partner.name,
            emitted,
            emitted + lag,
            reference=text,
            note=note or None,
            counterparty_name=partner.name,
            counterparty_iban=partner.iban,
            counterparty_bic=partner.bic,
            initiator_id=self.company.owner.id,
            category="manufacturing",
            cashflow_category="Material",
            attachment_required=True,
        )
