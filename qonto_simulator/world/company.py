"""The demo company and its sister: organizations, members, accounts, labels."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import EMPLOYEE, MANAGER, OWNER, REPORTING, Account, Label, Membership, Organization
from .builder import Builder


@dataclass
class Company:
    organization: Organization
    main: Account
    taxes: Account
    wages: Account | None
    owner: Membership
    employee: Membership
    labels: list[Label]
    sister_account: Account


def found(builder: Builder, main_cents: int, taxes_cents: int, wages_cents: int | None) -> Company:
    """Found both organizations. The owner belongs to both, so that choosing one matters."""
    builder.client()
    organization = builder.organization(
        "Halvering Lichttechnik GmbH", "halvering-lichttechnik", "Speicherhof 14", "HRB 31877"
    )
    jule = builder.user("Jule", "Halvering")
    owner = builder.member(organization, jule, OWNER, "Geschäftsführerin")
    builder.member(organization, builder.user("Mika", "Sander"), MANAGER, "Betriebsleitung")
    builder.member(organization, builder.user("Ada", "Brandis"), REPORTING, "Buchhaltung")
    employee = builder.member(organization, builder.user("Tom", "Petersen"), EMPLOYEE, "Technik")
    main = builder.account(organization, "Hauptkonto", main_cents, main=True)
    taxes = builder.account(organization, "Steuerrücklage", taxes_cents)
    wages = None
    if wages_cents is not None:
        wages = builder.account(organization, "Löhne und Gehälter", wages_cents)
    root = builder.label(organization, "Kostenstellen")
    labels = [builder.label(organization, name, root) for name in ("Verleih", "Montage", "Büro")]

    sister = builder.organization(
        "Halvering Beteiligungs GmbH", "halvering-beteiligungs", "Speicherhof 15", "HRB 34052"
    )
    sister.plan_code = "solo_basic"
    builder.member(sister, jule, OWNER, "Geschäftsführerin")
    other = builder.account(sister, "Hauptkonto", 18_250_00, main=True)
    labels.insert(0, root)
    return Company(organization, main, taxes, wages, owner, employee, labels, other)
