# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the headers of Qonto's export files mean (`qonto-api.md` section 17), in any order and selection."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum


class Column(Enum):
    """What a column means. `IGNORED`: known, and of no use here."""

    STATUS = "status"
    SETTLED_UTC = "settled_utc"
    SETTLED_LOCAL = "settled_local"
    OPERATION_UTC = "operation_utc"
    OPERATION_LOCAL = "operation_local"
    AMOUNT = "amount"
    DEBIT = "debit"
    CREDIT = "credit"
    FEE = "fee"
    BALANCE = "balance"
    CURRENCY = "currency"
    LOCAL_AMOUNT = "local_amount"
    LOCAL_CURRENCY = "local_currency"
    VAT_AMOUNT = "vat_amount"
    ACCOUNT_NAME = "account_name"
    ACCOUNT_IBAN = "account_iban"
    ACCOUNT_ID = "account_id"
    COUNTERPARTY_NAME = "counterparty_name"
    COUNTERPARTY_IBAN = "counterparty_iban"
    METHOD = "method"
    CARD = "card"
    INITIATOR = "initiator"
    BANK_ID = "bank_id"
    REFERENCE = "reference"
    NOTE = "note"
    CATEGORY = "category"
    IGNORED = "ignored"


SETTLEMENT_DATES = (Column.SETTLED_LOCAL, Column.SETTLED_UTC)
OPERATION_DATES = (Column.OPERATION_LOCAL, Column.OPERATION_UTC)
DATES = (*SETTLEMENT_DATES, *OPERATION_DATES)
AMOUNTS = (Column.AMOUNT, Column.DEBIT, Column.CREDIT)
# Two of one of these in a file, and nobody knows which one counts.
MUST_BE_SINGLE = frozenset({
    *DATES, *AMOUNTS, Column.STATUS, Column.FEE, Column.BALANCE, Column.CURRENCY, Column.LOCAL_AMOUNT,
    Column.LOCAL_CURRENCY, Column.ACCOUNT_IBAN, Column.ACCOUNT_ID, Column.BANK_ID,
})

# header → (English, French, German); each may have several spellings.
_VOCABULARY: dict[Column, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    Column.STATUS: (("Status",), ("Statut",), ("Status",)),
    Column.SETTLED_UTC: (
        ("Settlement date (UTC)",), ("Date de la valeur (UTC)", "Date de valeur (UTC)"),
        ("Abrechnungsdatum (UTC)", "Abrechnungstag (UTC)"),
    ),
    Column.SETTLED_LOCAL: (
        ("Settlement date (local)",), ("Date de la valeur (local)", "Date de valeur (local)"),
        ("Abrechnungstag (lokal)", "Abrechnungsdatum (lokal)"),
    ),
    Column.OPERATION_UTC: (
        ("Operation date (UTC)",), ("Date de l'opération (UTC)",), ("Datum des Vorgangs (UTC)", "Vorgangsdatum (UTC)"),
    ),
    Column.OPERATION_LOCAL: (
        ("Operation date (local)",), ("Date de l'opération (local)",),
        ("Datum des Vorgangs (lokal)", "Vorgangsdatum (lokal)"),
    ),
    Column.AMOUNT: (
        ("Total amount (incl. VAT)",), ("Montant total (TTC)",), ("Gesamtbetrag (inkl. MwSt.)",),
    ),
    Column.DEBIT: (("Debit",), ("Débit",), ("Soll",)),
    Column.CREDIT: (("Credit",), ("Crédit",), ("Haben",)),
    Column.BALANCE: (("Balance",), ("Solde",), ("Kontostand",)),
    Column.CURRENCY: (("Currency",), ("Devise",), ("Währung",)),
    Column.LOCAL_AMOUNT: (
        ("Total amount (incl. VAT) (local)",), ("Montant total (TTC) (local)",),
        ("Gesamtbetrag (inkl. MwSt.) (lokal)",),
    ),
    Column.LOCAL_CURRENCY: (("Currency (local)",), ("Devise (local)",), ("Währung (lokal)",)),
    Column.VAT_AMOUNT: (
        ("Total VAT amount",), ("Montant total de la TVA",), ("MwSt.-Betrag insgesamt",),
    ),
    Column.ACCOUNT_NAME: (("Account name",), ("Nom du compte",), ("Kontoname",)),
    Column.ACCOUNT_IBAN: (("Account IBAN",), ("IBAN du compte",), ("Konto-IBAN",)),
    Column.ACCOUNT_ID: (("Account ID",), ("ID du compte",), ("Konto ID", "Konto-ID")),
    Column.COUNTERPARTY_NAME: (
        ("Counterparty name",), ("Nom de la contrepartie",), ("Name der Gegenpartei",),
    ),
    Column.COUNTERPARTY_IBAN: (
        ("Counterparty IBAN",), ("IBAN de la contrepartie",), ("IBAN der Gegenpartei",),
    ),
    Column.METHOD: (("Payment method",), ("Méthode de paiement",), ("Zahlungsart",)),
    Column.CARD: (("Card name",), ("Nom de la carte",), ("Kartenname",)),
    Column.INITIATOR: (("Initiator",), ("Initiateur",), ("Veranlasst von",)),
    Column.BANK_ID: (("Transaction ID",), ("Identifiant de transaction",), ("Transaktions-ID",)),
    Column.REFERENCE: (("Reference",), ("Référence",), ("Referenz",)),
    Column.NOTE: (("Note",), ("Note",), ("Notiz",)),
    Column.CATEGORY: (("Category",), ("Catégorie",), ("Kategorie",)),
    Column.IGNORED: (
        ("Total amount (excl. VAT)", "Initiator email address", "Team", "Attachment", "Attachment required",
         "Attachment lost", "Bank", "Cashflow category", "Cashflow subcategory", "Category (cashflow)"),
        ("Montant total (HT)", "Adresse email de l'initiateur", "Équipe", "Justificatif", "Justificatif requis",
         "Justificatif perdu", "Banque", "Catégorie de trésorerie", "Sous-catégorie de trésorerie"),
        ("Gesamtbetrag (ohne MwSt.)", "E-Mail-Adresse des Initiators", "Team", "Anhang", "Anhang erforderlich",
         "Anhang verloren gegangen", "Bank", "Cashflow-Kategorie", "Cashflow-Unterkategorie"),
    ),
}
# The keys of an export of former years.
_OLD_KEYS = {
    "settlement_date_local": Column.SETTLED_LOCAL,
    "value_date_local": Column.SETTLED_LOCAL,
    "settlement_date_utc": Column.SETTLED_UTC,
    "operation_date_local": Column.OPERATION_LOCAL,
    "operation_date_utc": Column.OPERATION_UTC,
    "counterpart_name": Column.COUNTERPARTY_NAME,
    "amount": Column.AMOUNT,
    "currency": Column.CURRENCY,
    "local_amount": Column.LOCAL_AMOUNT,
    "local_amount_currency": Column.LOCAL_CURRENCY,
    "reference": Column.REFERENCE,
    "comment": Column.NOTE,
    "status": Column.STATUS,
}
LANGUAGES = ("en", "fr", "de")


def header_key(header: str) -> str:
    """Return a header without what differs from export to export: case, accents, kinds of blanks and apostrophes.

    >>> header_key("Date de l’opération (UTC) ") == header_key("DATE DE L'OPERATION (UTC)")
    True
    """
    plain = unicodedata.normalize("NFKD", header.replace("’", "'").replace("ß", "ss"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(plain.casefold().split())


# Amounts of one VAT rate: known, not used; which of them there are depends on the rows.
_VAT_RATE = re.compile(r"(montant|betrag|amount|mwst|vat|tva)\b.*\(.*\d+([.,]\d+)? ?%.*\)")
_KNOWN: list[dict[str, Column]] = [
    {header_key(text): column for column, names in _VOCABULARY.items() for text in names[number]} for number in range(3)
]
# Headers that nobody but Qonto writes: a file with one of them is Qonto's.
_QONTOS_OWN = frozenset(
    key for known in _KNOWN for key, column in known.items() if column in {*DATES, Column.AMOUNT, Column.LOCAL_AMOUNT}
) | {"settlement_date_local", "value_date_local", "operation_date_local", "settlement_date_utc", "operation_date_utc"}


def recognise(header: Sequence[str]) -> tuple[str, tuple[Column | None, ...]] | None:
    """Return language and meanings of Qonto's header, or None when it is none of Qonto's.

    A header that is in one language only decides for it; one in several languages ("Status") follows.
    """
    keys = [header_key(text) for text in header]
    if not _QONTOS_OWN & set(keys):
        return None
    if any("_" in key and key in _OLD_KEYS for key in keys):
        return "old", tuple(_OLD_KEYS.get(key) for key in keys)
    votes = [sum(key in known for key in keys) for known in _KNOWN]
    best = max(range(3), key=lambda number: (votes[number], -number))
    return LANGUAGES[best], tuple(_meaning(key, best) for key in keys)


def _meaning(key: str, language: int) -> Column | None:
    for number in (language, *(other for other in range(3) if other != language)):
        if key in _KNOWN[number]:
            return _KNOWN[number][key]
    return Column.IGNORED if _VAT_RATE.fullmatch(key) else None


def header_signature(header: Iterable[str]) -> str:
    """Return what a header's mapping is kept under: the same for any order of the columns and for other VAT rates."""
    names = sorted({key for text in header if (key := header_key(text)) and "%" not in key})
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()[:32]
