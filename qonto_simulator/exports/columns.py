"""Columns of an export in the bank's three languages, and what stands in them.

Headers as in the table of section 17; where it knows none in a language, the column is left out there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..bank import Bank
from ..clock import BERLIN
from ..model import COMPLETED, DECLINED, PENDING, Account, Transaction

LANGUAGES = ("en", "fr", "de")

# What is in a cell before it is written: text, cents, an instant that is shown in UTC or in Berlin, a truth value.
TEXT, MONEY, UTC, LOCAL, TRUTH = "text", "money", "utc", "local", "truth"

_STATUS = {
    COMPLETED: ("executed", "Exécuté", "Ausgeführt"),
    PENDING: ("processing", "En cours", "In Bearbeitung"),
    DECLINED: ("declined", "Refusé", "Abgelehnt"),
}
_METHOD = {
    "card": ("Card", "Carte", "Karte"),
    "card_refund": ("Card", "Carte", "Karte"),
    "transfer": ("Transfer", "Virement", "Überweisung"),
    "income": ("Transfer", "Virement", "Überweisung"),
    "swift_income": ("SWIFT transfer", "Virement SWIFT", "SWIFT-Überweisung"),
    "direct_debit": ("Direct debit", "Prélèvement", "Lastschrift"),
    "direct_debit_collection": ("Direct debit", "Prélèvement", "Lastschrift"),
    "qonto_fee": ("Fee", "Frais", "Gebühr"),
}


@dataclass(frozen=True)
class Line:
    """A transaction on its way into a file, and what its cells need to know."""

    bank: Bank
    account: Account
    row: Transaction
    language: int
    id_column: str

    def word(self, words: tuple[str, str, str]) -> str:
        return words[self.language]


@dataclass(frozen=True)
class ColumnKind:
    """A column: its headers (English, French, German; "" where none is known), kind of cell, and where it is from."""

    headers: tuple[str, str, str]
    kind: str
    value: Callable[[Line], Any]


def _settled(line: Line) -> datetime | None:
    return line.row.settled_at if line.row.status == COMPLETED else None


def _vat(line: Line) -> int | None:
    return None if line.row.vat_amount_cents is None else _signed(line, line.row.vat_amount_cents)


def _net(line: Line) -> int | None:
    if line.row.vat_amount_cents is None:
        return None
    return _signed(line, line.row.amount_cents - line.row.vat_amount_cents)


def _signed(line: Line, cents: int) -> int:
    return cents if line.row.side == "credit" else -cents


def _initiator(line: Line) -> tuple[str, str]:
    member = line.bank.store.memberships.get(line.row.initiator_id or "")
    if member is None:
        return "", ""
    user = line.bank.user(member)
    return f"{user.first_name} {user.last_name}", user.email


def _bank_id(line: Line) -> str:
    if line.id_column == "other":  # open question 20: an id that the API never shows
        return "exp-" + line.row.id.replace("-", "")[::-1]
    return line.row.transaction_id if line.id_column == "transaction_id" else line.row.id


def _card(line: Line) -> str:
    return f"Card •••• {line.row.card_last_digits}" if line.row.card_last_digits else ""


COLUMNS: dict[str, ColumnKind] = {
    "status": ColumnKind(("Status", "Statut", "Status"), TEXT, lambda line: line.word(_STATUS[line.row.status])),
    "settled_utc": ColumnKind(
        ("Settlement date (UTC)", "Date de la valeur (UTC)", "Abrechnungsdatum (UTC)"), UTC, _settled,
    ),
    "settled_local": ColumnKind(
        ("Settlement date (local)", "Date de la valeur (local)", "Abrechnungstag (lokal)"), LOCAL, _settled,
    ),
    "operation_utc": ColumnKind(
        ("Operation date (UTC)", "Date de l'opération (UTC)", "Datum des Vorgangs (UTC)"), UTC,
        lambda line: line.row.emitted_at,
    ),
    "operation_local": ColumnKind(
        ("Operation date (local)", "Date de l'opération (local)", "Datum des Vorgangs (lokal)"), LOCAL,
        lambda line: line.row.emitted_at,
    ),
    "amount": ColumnKind(
        ("Total amount (incl. VAT)", "Montant total (TTC)", "Gesamtbetrag (inkl. MwSt.)"), MONEY,
        lambda line: line.row.signed_cents,
    ),
    "debit": ColumnKind(
        ("Debit", "Débit", "Soll"), MONEY, lambda line: line.row.amount_cents if line.row.side == "debit" else None,
    ),
    "credit": ColumnKind(
        ("Credit", "Crédit", "Haben"), MONEY,
        lambda line: line.row.amount_cents if line.row.side == "credit" else None,
    ),
    "balance": ColumnKind(
        ("Balance", "Solde", "Kontostand"), MONEY, lambda line: line.row.settled_balance_cents,
    ),
    "currency": ColumnKind(("Currency", "Devise", "Währung"), TEXT, lambda line: line.row.currency),
    "local_amount": ColumnKind(
        ("Total amount (incl. VAT) (local)", "Montant total (TTC) (local)", "Gesamtbetrag (inkl. MwSt.) (lokal)"),
        MONEY, lambda line: _signed(line, line.row.local_amount_cents),
    ),
    "local_currency": ColumnKind(
        ("Currency (local)", "Devise (local)", "Währung (lokal)"), TEXT, lambda line: line.row.local_currency,
    ),
    "vat": ColumnKind(("Total VAT amount", "Montant total de la TVA", "MwSt.-Betrag insgesamt"), MONEY, _vat),
    "net": ColumnKind(("", "Montant total (HT)", "Gesamtbetrag (ohne MwSt.)"), MONEY, _net),
    "account_name": ColumnKind(
        ("Account name", "Nom du compte", "Kontoname"), TEXT, lambda line: line.account.name,
    ),
    "account_iban": ColumnKind(
        ("Account IBAN", "IBAN du compte", "Konto-IBAN"), TEXT, lambda line: line.account.iban or "",
    ),
    "counterparty_name": ColumnKind(
        ("Counterparty name", "Nom de la contrepartie", "Name der Gegenpartei"), TEXT,
        lambda line: line.row.counterparty_name or line.row.label,
    ),
    "counterparty_iban": ColumnKind(
        ("Counterparty IBAN", "IBAN de la contrepartie", "IBAN der Gegenpartei"), TEXT,
        lambda line: line.row.counterparty_iban or "",
    ),
    "method": ColumnKind(
        ("Payment method", "Méthode de paiement", "Zahlungsart"), TEXT,
        lambda line: line.word(_METHOD.get(line.row.operation_type, ("Other", "Autre", "Sonstige"))),
    ),
    "card": ColumnKind(("", "Nom de la carte", "Kartenname"), TEXT, _card),
    "initiator": ColumnKind(("Initiator", "Initiateur", "Veranlasst von"), TEXT, lambda line: _initiator(line)[0]),
    "initiator_email": ColumnKind(
        ("", "Adresse email de l'initiateur", "E-Mail-Adresse des Initiators"), TEXT,
        lambda line: _initiator(line)[1],
    ),
    "team": ColumnKind(("Team", "Équipe", "Team"), TEXT, lambda _line: ""),
    "attachment": ColumnKind(
        ("Attachment", "Justificatif", "Anhang"), TEXT, lambda line: ", ".join(line.row.attachment_ids),
    ),
    "attachment_required": ColumnKind(
        ("", "Justificatif requis", "Anhang erforderlich"), TRUTH, lambda line: line.row.attachment_required,
    ),
    "attachment_lost": ColumnKind(
        ("", "Justificatif perdu", "Anhang verloren gegangen"), TRUTH, lambda line: line.row.attachment_lost,
    ),
    "id": ColumnKind(("Transaction ID", "Identifiant de transaction", "Transaktions-ID"), TEXT, _bank_id),
    "reference": ColumnKind(("Reference", "Référence", "Referenz"), TEXT, lambda line: line.row.reference or ""),
    "note": ColumnKind(("Note", "Note", "Notiz"), TEXT, lambda line: line.row.note or ""),
    "bank": ColumnKind(("Bank", "Banque", "Bank"), TEXT, lambda _line: "Qonto"),
    "account_id": ColumnKind(("", "ID du compte", "Konto ID"), TEXT, lambda line: line.account.id),
    "category": ColumnKind(("Category", "", "Kategorie"), TEXT, lambda line: line.row.category or ""),
    "cashflow_category": ColumnKind(
        ("", "Catégorie de trésorerie", "Cashflow-Kategorie"), TEXT, lambda line: line.row.cashflow_category or "",
    ),
    "cashflow_subcategory": ColumnKind(
        ("", "Sous-catégorie de trésorerie", "Cashflow-Unterkategorie"), TEXT,
        lambda line: line.row.cashflow_subcategory or "",
    ),
}
VAT_RATES = "vat_rates"  # stands for two columns of each rate that occurs
TEMPLATES: dict[str, tuple[str, ...]] = {
    # The five columns of the German sample.
    "simple": ("settled_local", "counterparty_name", "amount", "currency", "reference"),
    # The order of the French sample.
    "full": (*(name for name in COLUMNS if name not in ("net", "account_name")),),
}
_after_vat = list(TEMPLATES["full"]).index("vat") + 1
TEMPLATES["full"] = (
    *TEMPLATES["full"][:_after_vat], "net", VAT_RATES, "account_name", *TEMPLATES["full"][_after_vat:],
)


def rate_columns(rate: float) -> tuple[ColumnKind, ColumnKind]:
    """Return the two columns of one VAT rate."""
    text, comma = f"{rate:.1f}", f"{rate:.1f}".replace(".", ",")

    def of_rate(value: Callable[[Line], int | None]) -> Callable[[Line], int | None]:
        return lambda line: value(line) if line.row.vat_rate == rate else None

    return (
        ColumnKind(
            ("", f"Montant de la TVA ({text} %)", f"MwSt.-Betrag ({comma}%)"), MONEY,
            of_rate(_vat),
        ),
        ColumnKind(
            ("", f"Montant ({text} % HT)", f"Betrag (ohne {comma}% MwSt.)"), MONEY,
            of_rate(_net),
        ),
    )


def shown(instant: datetime | None, kind: str) -> datetime | None:
    """Return an instant as the clock in the column shows it, to the second."""
    if instant is None:
        return None
    local = instant.astimezone(BERLIN) if kind == LOCAL else instant
    return local.replace(microsecond=0, tzinfo=None)
