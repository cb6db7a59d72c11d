"""Scenario ``demo``: a German company, three accounts, 200 days."""

from __future__ import annotations

from datetime import date, timedelta

from . import edges
from .builder import Builder
from .company import found
from .routine import Cards, Routine
from .traffic import Purchases, Sales

DAYS = 200


def build_demo(builder: Builder) -> None:
    company = found(builder, 64_380_25, 12_410_00, 21_905_50)
    cards = Cards(builder, company)
    since = builder.midnight(DAYS - 1)
    # Invoices paid within the period may have been written 45 days before it.
    Sales(builder, company).plan(DAYS + 45, 0.72)
    purchases = Purchases(builder, company)
    purchases.plan(DAYS + 20, 0.46)
    purchases.plan_rent(DAYS)
    Routine(builder, company).plan(DAYS)
    cards.plan(DAYS, 0.36)
    edges.plan_nights(builder, cards, DAYS)

    def ago(days: int) -> date:
        return builder.workday(builder.today - timedelta(days=days))

    cards.twins(ago(17), 58_90, "Bahnticket Direkt")
    cards.twins(ago(123), 34_00, "Parkhaus Am Wall")
    for days, cents in ((9, 249_00), (64, 1_180_00), (141, 89_90)):
        cards.declined(ago(days), cents, "Onlineversand Kistenweise")
    edges.plan_declined_transfer(builder, company, ago(38), 7_900_00)
    for days, cents in ((26, 129_00), (97, 45_50), (160, 18_99)):
        cards.refund(ago(days), cents, "Onlineversand Kistenweise")
    edges.plan_refund_of_vendor(builder, company, ago(52), 214_20)
    edges.plan_swift(builder, company, ago(33), 2_400_00)
    edges.plan_swift(builder, company, ago(118), 3_150_00)
    edges.plan_pending(builder, company)
    edges.plan_sister(builder, company, DAYS)
    builder.enter(since)
