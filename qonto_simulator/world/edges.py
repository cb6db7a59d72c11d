"""Rows on the edges that a client must get right: midnight, clock changes, New Year, pending."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

from ..clock import BERLIN
from ..model import CREDIT, DEBIT
from . import iban
from .builder import Builder
from .company import Company
from .people import VENDORS
from .routine import Cards


def clock_changes(builder: Builder, back: int) -> list[date]:
    """Return the days of the period on which Berlin changes its clocks."""
    days = list(builder.days(back))
    offsets = [datetime(d.year, d.month, d.day, 12, tzinfo=BERLIN).utcoffset() for d in days]
    return [day for (a, b), (_, day) in zip(pairwise(offsets), pairwise(days), strict=True) if a != b]


def plan_nights(builder: Builder, cards: Cards, back: int) -> None:
    """Plan bookings whose UTC day is not the Berlin day, and some around the clock changes."""
    nights = [day for day in builder.days(back) if day.day == 1 or day.timetuple().tm_yday % 23 == 0]
    for day in nights:
        # 00:20 in Berlin is 22:20 or 23:20 UTC of the day before.
        cards.pay(day, 0, builder.rng.randrange(9_00, 60_00), "Nachtkiosk Hafenlicht", 19, minute=20, at_once=True)
    for day in clock_changes(builder, back):
        cards.pay(day, 0, 14_20, "Nachtkiosk Hafenlicht", 19, minute=40, at_once=True)
        cards.pay(day, 23, 31_60, "Taxi Leuchtboje", 7, minute=30, at_once=True)
        for hour in (0, 1):  # before and after the change at 01:00 UTC
            moment = datetime(day.year, day.month, day.day, hour, 30, 15, tzinfo=timezone.utc)
            draft = cards.pay(day, 12, 18_40 + hour, "Tankhof Hemelingen", 19, at_once=True)
            draft.emitted = draft.row.emitted_at = draft.row.created_at = moment
            draft.settled = moment


def plan_pending(builder: Builder, company: Company) -> None:
    """Plan what waits now: a card pre-authorisation, a transfer, a debit; all emitted before now."""
    main, now = company.main, builder.now.replace(microsecond=0)
    number, bic = iban.german(builder.fixed)
    builder.draft(
        main,
        DEBIT,
        "card",
        100_00,
        "Tankhof Hemelingen",
        now - timedelta(hours=5),
        None,
        card_last_digits="9038",
        initiator_id=company.employee.id,
    )
    builder.draft(
        main,
        DEBIT,
        "card",
        64_51,
        "Cloudbarn Hosting Inc.",
        now - timedelta(hours=19),
        None,
        local_amount_cents=70_00,
        local_currency="USD",
        card_last_digits="4471",
        initiator_id=company.owner.id,
    )
    vendor = next(p for p in builder.bank.store.partners if p.name == VENDORS[0].name)
    builder.draft(
        main,
        DEBIT,
        "transfer",
        1_284_60,
        vendor.name,
        now - timedelta(hours=2),
        None,
        reference="Abschlag Kabeltrommeln",
        counterparty_name=vendor.name,
        counterparty_iban=vendor.iban,
        counterparty_bic=vendor.bic,
        initiator_id=company.owner.id,
    )
    builder.draft(
        main,
        DEBIT,
        "direct_debit",
        74_90,
        "Wochenblatt Anzeigen GmbH",
        now - timedelta(hours=27),
        None,
        reference="Anzeige KW Kd 20551",
        counterparty_name="Wochenblatt Anzeigen GmbH",
        counterparty_iban=number,
        counterparty_bic=bic,
    )


def plan_declined_transfer(builder: Builder, company: Company, day: date, cents: int) -> None:
    vendor = next(p for p in builder.bank.store.partners if p.name == VENDORS[1].name)
    builder.draft(
        company.main,
        DEBIT,
        "transfer",
        cents,
        vendor.name,
        builder.at(day, 10),
        None,
        declined=True,
        reference="Anzahlung Sonderbau",
        counterparty_name=vendor.name,
        counterparty_iban=vendor.iban,
        counterparty_bic=vendor.bic,
        initiator_id=company.owner.id,
    )


def plan_swift(builder: Builder, company: Company, day: date, local_cents: int) -> None:
    """Plan a receipt from overseas: US dollars sent, euros booked."""
    settled = builder.at(builder.workday(day), 14)
    name = "Lumen Harbor Productions LLC"
    builder.draft(
        company.main,
        CREDIT,
        "swift_income",
        round(local_cents * 0.918),
        name,
        settled - timedelta(hours=30),
        settled,
        reference="STAGE LIGHTING DESIGN",
        local_amount_cents=local_cents,
        local_currency="USD",
        counterparty_name=name,
    )


def plan_refund_of_vendor(builder: Builder, company: Company, day: date, cents: int) -> None:
    vendor = next(p for p in builder.bank.store.partners if p.name == VENDORS[2].name)
    settled = builder.at(builder.workday(day), 11)
    builder.draft(
        company.main,
        CREDIT,
        "income",
        cents,
        vendor.name,
        settled - timedelta(seconds=9),
        settled,
        reference="Gutschrift Retoure",
        counterparty_name=vendor.name,
        counterparty_iban=vendor.iban,
        counterparty_bic=vendor.bic,
        category="refund",
    )


def plan_sister(builder: Builder, company: Company, back: int) -> None:
    """Plan the few rows of the owner's other organization."""
    for first in builder.months(back):
        settled = builder.at(first, 3)
        builder.draft(
            company.sister_account,
            DEBIT,
            "qonto_fee",
            10_71,
            "Kontoführung",
            settled,
            settled,
            reference=f"Kontoführung {first:%m/%Y}",
            vat_rate=19.0,
            vat_amount_cents=1_71,
        )
