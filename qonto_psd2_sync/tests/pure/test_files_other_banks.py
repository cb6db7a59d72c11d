# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files of other banks, and of Qonto's in languages without a sample: guessed so well that a person only nods."""

from datetime import date
from decimal import Decimal

import pytest

from statement_files import Column, FileError, Status, read_statement

SPANISH = """\
Estado;Fecha de liquidación (UTC);Fecha de liquidación (local);Importe total (IVA incluido);Débito;Crédito;Saldo;\
Divisa;Importe total (IVA incluido) (local);Divisa (local);IBAN de la cuenta;Nombre de la contraparte;\
IBAN de la contraparte;Identificador de transacción;Referencia
Ejecutada;20-05-2024 22:30:00;21-05-2024 00:30:00;-37,96;37,96;;962,04;EUR;-40,00;USD;\
DE89370400440532013000;EDEKA;;abc;x
"""
ITALIAN = """\
Stato;Data di regolamento (UTC);Data di regolamento (locale);Importo totale (IVA inclusa);Debito;Credito;Saldo;Valuta;\
Importo totale (IVA inclusa) (locale);Valuta (locale);IBAN del conto;Nome della controparte;IBAN della controparte;\
ID della transazione;Riferimento
Eseguita;20-05-2024 22:30:00;21-05-2024 00:30:00;-37,96;37,96;;962,04;EUR;-40,00;USD;\
DE89370400440532013000;EDEKA;;abc;x
"""
N26 = """\
"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Amount (EUR)","Original Amount"
2024-05-21,2024-05-21,EDEKA,,Presentment,-,-37.96,-37.96
"""
SPARKASSE = """\
"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";\
"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";"Waehrung";"Info"
"DE89370400440532013000";"21.05.24";"22.05.24";"KARTENZAHLUNG";"x";"EDEKA";"DE44";"B";"-37,96";"EUR";"Umsatz gebucht"
"""
ING = """\
Umsatzanzeige;Datei erstellt am: 21.05.2024 08:00

IBAN;DE89 3704 0044 0532 0130 00
Kontoname;Girokonto
Saldo;1.000,00;EUR

In der CSV-Datei finden Sie alle bereits gebuchten Umsätze.

Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung
21.05.2024;22.05.2024;EDEKA;Lastschrift;x;962,04;EUR;-37,96;EUR
"""
DKB = """\
"Girokonto";"DE89370400440532013000"
""
"Kontostand vom 21.05.2024:";"1.000,00 €"
""
"Buchungsdatum";"Wertstellung";"Status";"Zahlungsempfänger*in";"Verwendungszweck";"IBAN";"Betrag (€)";"Kundenreferenz"
"21.05.24";"22.05.24";"Gebucht";"EDEKA";"x";"DE44";"-37,96 €";""
"""
WISE = """\
"TransferWise ID",Date,Amount,Currency,Description,"Running Balance","Payee Name","Payee Account Number",Note
CARD-1,21-05-2024,-37.96,EUR,x,962.04,EDEKA,,
"""


@pytest.mark.parametrize(("text", "encoding"), [
    (SPANISH, "utf-8"), (ITALIAN, "utf-8-sig"), (N26, "utf-8"), (SPARKASSE, "cp1252"), (ING, "cp1252"),
    (DKB, "utf-8-sig"), (WISE, "utf-8"),
], ids=["spanish", "italian", "n26", "sparkasse", "ing", "dkb", "wise"])
def test_the_guess_reads_the_file_rightly(text, encoding):
    content = text.encode(encoding)
    with pytest.raises(FileError) as caught:
        read_statement(content)
    (row,) = read_statement(content, mappings=[caught.value.suggestion]).rows
    assert (row.day, row.amount, row.counterparty_name, row.status, row.problems) == (
        date(2024, 5, 21), Decimal("-37.96"), "EDEKA", Status.BOOKED, (),
    )
    assert row.balance in (None, Decimal("962.04"))
    assert row.account_iban in ("", "DE89370400440532013000")
    assert len(caught.value.sample) == 1


@pytest.mark.parametrize("text", [SPANISH, ITALIAN], ids=["spanish", "italian"])
def test_qontos_own_columns_are_all_guessed_in_spanish_and_italian(text):
    with pytest.raises(FileError) as caught:
        read_statement(text.encode())
    columns = [column for _header, column in caught.value.suggestion.columns]
    assert columns == [
        Column.STATUS, Column.SETTLED_UTC, Column.SETTLED_LOCAL, Column.AMOUNT, Column.DEBIT, Column.CREDIT,
        Column.BALANCE, Column.CURRENCY, Column.LOCAL_AMOUNT, Column.LOCAL_CURRENCY, Column.ACCOUNT_IBAN,
        Column.COUNTERPARTY_NAME, Column.COUNTERPARTY_IBAN, Column.BANK_ID, Column.REFERENCE,
    ]
    (row,) = read_statement(text.encode(), mappings=[caught.value.suggestion]).rows
    assert (row.local_amount, row.local_currency, row.bank_id) == (Decimal("-40.00"), "USD", "abc")


def test_no_meaning_is_guessed_twice():
    for text in (SPANISH, ITALIAN, N26, SPARKASSE, ING, DKB, WISE):
        with pytest.raises(FileError) as caught:
            read_statement(text.encode())
        columns = [column for _header, column in caught.value.suggestion.columns]
        assert len(columns) == len(set(columns))


def test_of_columns_that_may_mean_the_same_the_one_with_better_data_is_proposed_and_of_equal_ones_the_first():
    for columns, cells, proposed in (
        ("Datum;Betrag;Betrag", "21.05.2024;;-37,96", 2), ("Datum;Betrag;Betrag", "21.05.2024;-37,96;", 1),
        ("Datum;Betrag;Betrag", "21.05.2024;-37,96;1,00", 1),
        ("Datum;Betrag EUR;Umsatz", "21.05.2024;n/a;-37,96 EUR", 2),
        ("Datum;Betrag;Betrag;Betrag", "21.05.2024;x;-37,96;1", 2),
    ):
        text = f"{columns};Text\n{cells};EDEKA\n".encode()
        with pytest.raises(FileError) as caught:
            read_statement(text)
        meanings = caught.value.suggestion.meanings(caught.value.header)
        assert [number for number, meaning in enumerate(meanings) if meaning is Column.AMOUNT] == [proposed]
        (row,) = read_statement(text, mappings=[caught.value.suggestion]).rows
        assert row.amount == Decimal("-37.96")
