"""Invoices and bills behind the bank's rows, and what payers write into the reference."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from ..model import Account, Document, Partner
from .builder import Builder

EXACT, REFORMATTED, NONE = "exact", "reformatted", "none"


class Numbers:
    """Invoice numbers of the demo company: ``RE-2026-0117``, counted anew each year."""

    def __init__(self, first: int) -> None:
        self._next: dict[int, int] = {}
        self._first = first

    def take(self, day: date) -> str:
        start = self._first if not self._next else 1
        number = self._next.setdefault(day.year, start)
        self._next[day.year] += 1
        return f"RE-{day.year}-{number:04d}"


def bill_number(rng: Random, pattern: str, day: date) -> str:
    """Fill a vendor's pattern: ``%Y %y %m`` of the day, ``#`` a digit."""
    text = day.strftime(pattern)
    return "".join(str(rng.randrange(1, 10)) if sign == "#" else sign for sign in text)


def gross(net_cents: int, rate: int) -> int:
    return net_cents + (net_cents * rate + 50) // 100


def new_document(
    builder: Builder, kind: str, number: str, partner: Partner, account: Account, issued: date, cents: int, **facts: Any
) -> Document:
    """Record a document, due in a fortnight. ``facts`` are further fields of ``Document``."""
    facts.setdefault("vat_rate", 19)
    document = Document(
        id=f"document-{len(builder.bank.store.documents) + 1:04d}",
        kind=kind,
        number=number,
        partner_id=partner.id,
        account_id=account.id,
        issue_date=issued,
        due_date=issued + timedelta(days=14),
        amount_cents=cents,
        **facts,
    )
    return builder.bank.store.documents.save(document)


def choose_hint(rng: Random) -> str:
    """About 60 % exact, the rest reformatted or without the number."""
    throw = rng.random()
    return EXACT if throw < 0.62 else REFORMATTED if throw < 0.80 else NONE


def receipt_text(rng: Random, document: Document, hint: str) -> str:
    """What a customer writes when paying an invoice of ours."""
    year, number = document.number.split("-")[1:]
    day = document.issue_date.strftime("%d.%m.%Y")
    if hint == EXACT:
        forms = ["{n}", "Rechnung {n}", "{n} vom {d}", "Rg. {n} Kd.-Nr. {k}", "Zahlung {n}"]
    elif hint == REFORMATTED:
        forms = ["RE{y}{x}", "Rechnung {y}/{x}", "RE {y} {i}", "Re.Nr. {y}-{i}", "re-{y}-{x}."]
    else:
        forms = ["Rechnung vom {d}", "Kd.-Nr. {k}", "Vielen Dank", "Veranstaltungstechnik"]
    form = rng.choice(forms)
    customer = 10000 + int(document.partner_id.rpartition("-")[2])
    return form.format(n=document.number, y=year, x=number, i=int(number), d=day, k=customer)


def payment_text(rng: Random, document: Document, hint: str) -> str:
    """What the demo company writes when paying a vendor's bill."""
    bare = "".join(sign for sign in document.number if sign.isalnum())
    day = document.issue_date.strftime("%d.%m.%Y")
    if hint == EXACT:
        forms = ["{n}", "Rechnung {n}", "{n} vom {d}"]
    elif hint == REFORMATTED and bare != document.number:
        forms = ["{b}", "Rg {b}"]
    elif hint == REFORMATTED:
        forms = ["Rg-{s}"]
    else:
        forms = ["Rechnung vom {d}", "{w}", "Kd.-Nr. 4471"]
    spaced = f"{bare[:3]} {bare[3:]}"
    return rng.choice(forms).format(n=document.number, b=bare, s=spaced, d=day, w=document.description)
