"""One company's books while the corpus is made: partners, numberings, open items, bank lines, truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from . import references
from .noise import Company, Noise

CENT = Decimal("0.01")
PRICES = tuple(map(Decimal, ("49.00", "99.00", "119.00", "238.00", "357.00", "595.00", "1190.00", "2380.00")))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
Row = dict[str, object]


@dataclass(frozen=True)
class Partner:
    """A customer or a vendor. `known`: its account stands in the books."""

    id: str
    name: str
    iban: str
    known: bool
    vendor: bool
    numbers: str  # a vendor's numbering


@dataclass
class Books:
    """Collects one company's items, lines and truth."""

    company: Company
    noise: Noise
    rng: Random
    items: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    truth: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.iban = references.iban(self.company.iban_country, self.rng)
        self.second_iban = references.iban(self.company.iban_country, self.rng)
        self.customers = self._partners(vendor=False)
        self.vendors = self._partners(vendor=True)
        self.seq, self.vendor_seqs = 0, dict.fromkeys((partner.id for partner in self.vendors), 0)
        self.taken: set[tuple[str, Decimal]] = set()
        self.balance = Decimal("25000.00")

    def _partners(self, *, vendor: bool) -> list[Partner]:
        rng, partners = self.rng, []
        forms = self.noise.legal_forms[self.company.language]
        for at, person in enumerate(rng.sample(self.noise.people, len(self.noise.people))):
            country = self.company.iban_country if rng.random() < 0.85 else rng.choice(("NL", "AT", "BE"))
            partners.append(
                Partner(
                    f"{self.company.key}-{'v' if vendor else 'c'}{at}",
                    f"{person} {rng.choice(forms)}".strip(),
                    references.iban(country, rng),
                    rng.random() < 0.65,
                    vendor,
                    rng.choice(self.noise.vendor_numbers),
                )
            )
        return partners

    def text(self, texts: str, **values: object) -> str:
        """Return one of the noise's templates in the company's language, filled in."""
        template = self.rng.choice(getattr(self.noise, texts)[self.company.language])
        return template.format(**values)

    def partner(self, *, vendor: bool | None = None, known: bool | None = None) -> Partner:
        """Return any partner that is what is asked for."""
        if vendor is None:
            vendor = self.rng.random() < 0.35
        partners = self.vendors if vendor else self.customers
        return self.rng.choice([each for each in partners if known is None or each.known == known])

    def amount(self) -> Decimal:
        """Return an amount as invoices have them: many small ones, few large ones, some from a price list."""
        if self.rng.random() < 0.15:
            return self.rng.choice(PRICES)
        return Decimal(str(round(min(self.rng.lognormvariate(6.2, 1.3), 60000) + 8, 2))).quantize(CENT)

    def number(self, partner: Partner, day: date, *, credit: bool = False) -> tuple[str, ...]:
        """Return the next document's numbers, the one that the other side writes first."""
        if not partner.vendor:
            self.seq += 1
            template = self.company.credit_note if credit else self.company.invoice
            return (template.format(seq=self.seq, month=day.month),)
        self.vendor_seqs[partner.id] += self.rng.randrange(1, 40)
        self.seq += 1
        theirs = partner.numbers.format(seq=100 + self.vendor_seqs[partner.id], year=day.year, month=day.month)
        return theirs, f"BILL/{day.year}/{day.month:02d}/{self.seq:04d}"

    def document(
        self,
        partner: Partner,
        day: date,
        amount: Decimal | None = None,
        *,
        credit: bool = False,
        twin: bool = False,
        **values: object,
    ) -> Row:
        """Add an open document; its residual is signed as the line that pays it."""
        fixed = amount is not None
        amount = amount if amount is not None else self.amount()
        while not fixed and not twin and (partner.id, amount) in self.taken:
            amount += self.rng.randrange(1, 900) * CENT
        self.taken.add((partner.id, amount))
        sign = (-1 if partner.vendor else 1) * (-1 if credit else 1)
        item: Row = {
            "id": f"{self.company.key}-i{len(self.items)}",
            "company": self.company.key,
            "kind": ("credit_note" if credit else "bill" if partner.vendor else "invoice"),
            "numbers": list(self.number(partner, day, credit=credit)),
            "partner": partner.id,
            "partner_name": partner.name,
            "partner_ibans": [partner.iban] if partner.known else [],
            "residual": str(sign * amount),
            "currency": "EUR",
            "date": day.isoformat(),
            "due": (day + timedelta(days=30)).isoformat(),
            **values,
        }
        self.items.append(item)
        return item

    def background(self, day: date) -> None:
        """Add documents that no line pays."""
        while self.rng.random() < 0.35:
            self.document(self.partner(), day - timedelta(days=self.rng.randrange(0, 20)))

    def line(  # noqa: PLR0913 - the facts of a bank line
        self,
        kind: int,
        day: date,
        amount: Decimal,
        reference: str,
        partner: Partner | None = None,
        *,
        settles: Iterable[tuple[Row, Decimal]] = (),
        rest: str | None = None,
        name: str | None = None,
        iban: str | None = "",
        label: str | None = None,
        operation_type: str | None = None,
        **values: object,
    ) -> None:
        """Add a bank line and the truth about it. `amount` is signed as on the statement."""
        if name is None and partner:
            name = self.shown(partner.name)
        if iban == "":
            iban = partner.iban if partner else None
        side = "credit" if amount > 0 else "debit"
        operation_type = operation_type or ("income" if amount > 0 else "transfer")
        self.balance += amount
        line_id = f"{self.company.key}-l{len(self.lines)}"
        moment = f"{day.isoformat()}T{self.rng.randrange(6, 18):02d}:{self.rng.randrange(60):02d}:00.000Z"
        row: Row = {
            "id": line_id,
            "company": self.company.key,
            "label": label or name or "",
            "clean_counterparty_name": name,
            "reference": reference or None,
            "note": None,
            "operation_type": operation_type,
            "side": side,
            "status": "completed",
            "amount": str(abs(amount)),
            "currency": "EUR",
            "local_amount": str(abs(amount)),
            "local_currency": "EUR",
            "emitted_at": moment,
            "settled_at": moment,
            "settled_balance": str(self.balance),
            **values,
        }
        if iban and operation_type in ("income", "transfer", "direct_debit"):
            row[operation_type] = {"counterparty_account_number": iban, "counterparty_account_number_format": "IBAN"}
        self.lines.append(row)
        self.truth.append(
            {
                "line": line_id,
                "class": kind,
                "rest": rest,
                "items": [{"item": item["id"], "amount": str(settled)} for item, settled in settles],
            }
        )

    def shown(self, name: str) -> str:
        """Return a name as a bank shows it: as it is, or slightly garbled."""
        return name if self.rng.random() < 0.4 else self.rng.choice(self.noise.names)(name, self.rng)
