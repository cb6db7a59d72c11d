# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A first guess at what the columns of an unknown header mean; a person checks it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .columns import AMOUNTS, DATES, Column, header_key, header_signature
from .facts import Mapping

# The first that fits a header counts. Spanish and Italian (Qonto exports them too), then what other banks write.
_GUESSES = tuple(
    (re.compile(pattern), column)
    for pattern, column in (
        (r"iban.*(contr[ao]|benef|ordinante|counter|gegen|auftraggeber|empf|zahlungsbet)", Column.COUNTERPARTY_IBAN),
        (r"(contr[ao]|gegen|counter|auftraggeber|empf|zahlungsbet|payee|partner).*(iban|konto|account)",
         Column.COUNTERPARTY_IBAN),
        (r"^(kontonummer ?/ ?)?iban$", Column.COUNTERPARTY_IBAN),
        (r"(id|identificador|identificativo).*(trans|operaci)|^trans\w* ?(id|code)$", Column.BANK_ID),
        (r"(liquidaci|regolamento|settle|valor|valuta|wertst|buchung|booking|value|complet).*\(?utc",
         Column.SETTLED_UTC),
        (r"(operaci|operazione|vorgang).*utc", Column.OPERATION_UTC),
        (r"(fecha|data|date|datum|tag).*(operaci|operazione|vorgang|started)", Column.OPERATION_LOCAL),
        (r"(importe|importo|montant|amount|betrag).*\(?(local|lokal|origin|fremd)", Column.LOCAL_AMOUNT),
        (r"(moneda|divisa|valuta|currency|devise|wahrung).*\(?(local|lokal|origin|fremd)", Column.LOCAL_CURRENCY),
        (r"^(iva|mwst|vat|tva)\b|\b(del|di) iva|\biva total", Column.VAT_AMOUNT),
        (r"^orig\w* (amount|betrag|importe|importo)", Column.LOCAL_AMOUNT),
        (r"^orig\w* (currency|wahrung|moneda|divisa|valuta)", Column.LOCAL_CURRENCY),
        (r"^(importe|importo|montant|amount|betrag|umsatz|netto)\b|total amount|gesamtbetrag|^montante", Column.AMOUNT),
        (r"^(debito|adeudo|cargo|dare|debit|soll|ausgang|uscite|addebit)", Column.DEBIT),
        (r"^(credito|abono|avere|credit|haben|eingang|entrate|accredit)", Column.CREDIT),
        (r"^(saldo|(running )?balance|solde|kontostand|guthaben)$", Column.BALANCE),
        (r"^(comisi|commissioni|fee|gebuhr|frais)\w*$", Column.FEE),
        (r"(fecha|data|date|datum|tag).*(valor|liquid|regolam|contab|settle|complet)", Column.SETTLED_LOCAL),
        (r"^(buchungstag|buchungsdatum|buchung|booking date|fecha|data|date|datum|wertstellung|valutadatum)$",
         Column.SETTLED_LOCAL),
        (r"^(moneda|divisa|valuta|(payment )?currency|devise|wahrung|waehrung)$", Column.CURRENCY),
        (r"^iban (de la cuenta|del conto|du compte|auftragskonto|kontoinhaber)|^(account|konto).iban|^auftragskonto$",
         Column.ACCOUNT_IBAN),
        (r"nombre de la cuenta|nome del conto|account name|kontoname", Column.ACCOUNT_NAME),
        (r"contraparte|controparte|counterpart|benefic|empfanger|auftraggeber|payee|gegenpart|ordin|beguenst|partner n",
         Column.COUNTERPARTY_NAME),
        (r"^(referencia|riferimento|reference|referenz|verwendungszweck|concepto|causale|description|libelle|text)",
         Column.REFERENCE),
        (r"^(nota|note|notiz|comment)", Column.NOTE),
        (r"^(estado|stato|status|statut|state)$", Column.STATUS),
        (r"metodo|payment method|zahlungsart|buchungstext|umsatzart", Column.METHOD),
        (r"^(categor|kategorie)", Column.CATEGORY),
    )
)


_NUMBER = re.compile(r"[^\w]*\d[\d.,' \xa0]*[^\w\d]*([a-z]{3})?$", re.IGNORECASE)
_DAY = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_LOOKS_LIKE = {
    **dict.fromkeys((*AMOUNTS, Column.FEE, Column.BALANCE, Column.LOCAL_AMOUNT, Column.VAT_AMOUNT), _NUMBER),
    **dict.fromkeys(DATES, _DAY),
}


def suggest(header: Sequence[str], sample: Sequence[Sequence[str]] = ()) -> Mapping:
    """Return a mapping of what is likely; it may lack a date or an amount.

    A meaning is given once: to the column whose cells look most like it, of equal ones to the first. Where that is not
    the first of several columns with one header, those before it are in the mapping too, as not used.

    :param sample: rows below the header
    """
    keys = [header_key(name) for name in header]
    best: dict[Column, tuple[int, int]] = {}
    for number, key in enumerate(keys):
        found = next((column for pattern, column in _GUESSES if "%" not in key and pattern.search(key)), None)
        if found:
            score = (_likeness(found, number, sample), -number)
            best[found] = max(best.get(found, score), score)
    meanings = {-position: column for column, (_score, position) in best.items()}
    last = {keys[number]: number for number in sorted(meanings)}
    return Mapping(header_signature(header), tuple(
        (name, meanings.get(number, Column.IGNORED))
        for number, name in enumerate(header) if number in meanings or number < last.get(keys[number], 0)
    ))


def _likeness(column: Column, number: int, sample: Sequence[Sequence[str]]) -> int:
    """Return how many cells of a column look like what it may mean."""
    cells = [row[number] for row in sample if number < len(row) and row[number]]
    pattern = _LOOKS_LIKE.get(column)
    return sum(bool(pattern.match(cell)) for cell in cells) if pattern else len(cells)
