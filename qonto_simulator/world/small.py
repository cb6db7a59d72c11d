"""Scenarios for fast tests: ``small`` (two accounts, 40 days) and ``empty`` (no rows)."""

from __future__ import annotations

from datetime import timedelta

from . import edges
from .builder import Builder
from .company import found
from .routine import Cards, Routine
from .traffic import Purchases, Sales

DAYS = 40


def build_small(builder: Builder) -> None:
    company = found(builder, 21_050_40, 7_300_00, None)
    cards = Cards(builder, company)
    since = builder.midnight(DAYS - 1)
    Sales(builder, company).plan(DAYS + 10, 0.16)
    Purchases(builder, company).plan(DAYS + 5, 0.14)
    routine = Routine(builder, company)
    routine.move(
        company.main, company.taxes, 1_500_00, "Steuerrücklage", builder.workday(builder.today - timedelta(days=12))
    )
    cards.plan(DAYS - 4, 0.10)
    day = builder.workday(builder.today - timedelta(days=8))
    cards.twins(day, 58_90, "Bahnticket Direkt")
    cards.pay(builder.today - timedelta(days=6), 0, 23_40, "Nachtkiosk Hafenlicht", 19, minute=20, at_once=True)
    cards.declined(builder.workday(builder.today - timedelta(days=9)), 249_00, "Baumarkt Werkelgut")
    edges.plan_pending(builder, company)
    edges.plan_sister(builder, company, DAYS)
    builder.enter(since)


def build_empty(builder: Builder) -> None:
    """Accounts that are open but never used."""
    found(builder, 0, 0, None)
    builder.enter(builder.now)
