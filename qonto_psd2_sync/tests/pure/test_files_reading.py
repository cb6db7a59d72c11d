# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What stands in the cells: amounts, days, texts; and rows that can't be used, each with its row and column."""

import doctest
import io
from datetime import date, datetime, timezone
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter

import statement_files
from statement_files import Code, Status, amounts, columns, dates, pairing, read_statement

FRENCH = """\
Statut;Date de la valeur (UTC);Date de la valeur (local);Montant total (TTC);Devise;Nom de la contrepartie;Référence
Exécuté;20-05-2024 22:30:00;21-05-2024 00:30:00;-1 234,50;EUR;EDEKA;Facture 1
En cours;;;20,00;EUR;Müller;
Exécuté;21-05-2024 10:30:00;21-05-2024 12:30:00;=1+1;EUR;Müller;
"""
HEAD = "Settlement date (local);Total amount (incl. VAT);Counterparty name;Currency;Reference\n"


def read(*lines, head=HEAD, **options):
    return read_statement((head + "\n".join(lines) + "\n").encode(), **options).rows


def problem(*lines, head=HEAD):
    (found,) = read(*lines, head=head)[-1].problems
    return found.code, found.row, found.column


@pytest.mark.parametrize("module", [amounts, columns, dates, pairing])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


def test_a_french_export_is_read_by_its_header():
    statement = read_statement(FRENCH.encode())
    assert (statement.kind, statement.language, statement.delimiter) == ("csv", "fr", ";")
    first, second, third = statement.rows
    assert (first.number, first.day, first.amount) == (2, date(2024, 5, 21), Decimal("-1234.50"))
    assert first.settled_at == datetime(2024, 5, 20, 22, 30, tzinfo=timezone.utc)
    assert (second.status, second.day, second.amount) == (Status.PENDING, None, Decimal("20.00"))
    assert [(one.code, one.row, one.column, one.value) for one in third.problems] == [
        (Code.FORMULA, 4, "Montant total (TTC)", "=1+1"),
    ]


def test_an_export_of_former_years_is_read():
    head = "settlement_date_local;counterpart_name;amount;local_amount;local_amount_currency;comment\n"
    (row,) = read("2019-05-21 17:15:34;Kiosk;-9.50;-10.40;USD;Zeitung", head=head)
    assert (row.day, row.amount, row.local_amount, row.note) == (
        date(2019, 5, 21), Decimal("-9.50"), Decimal("-10.40"), "Zeitung",
    )


# === AMOUNTS === #


@pytest.mark.parametrize(("text", "amount"), [
    ("12.50", "12.50"), ("-12,50", "-12.50"), ("+12,5", "12.50"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50"),
    ("1 234,50", "1234.50"), ("-1\u00a0234\u00a0567,89", "-1234567.89"), ("1\u202f234,5", "1234.50"),
    ("1'234.50", "1234.50"),
    ("\N{MINUS SIGN}3,00", "-3.00"), ("3,00-", "-3.00"), ("(3,00)", "-3.00"), ("12,50 €", "12.50"),
    ("EUR 12,50", "12.50"),
    ("0,00", "0.00"), ("7", "7.00"), ("1.234.567", "1234567.00"), (",50", "0.50"), ("12,500", "12.50 or 12500"),
    ("999999999999,99", "999999999999.99"), ("10,00", "10.00"), ("0.001", Code.TOO_PRECISE),
    ("12,345,6", Code.BAD_AMOUNT),
    ("1.2.3", Code.BAD_AMOUNT), ("--1", Code.BAD_AMOUNT), ("1e5", Code.BAD_AMOUNT), ("NaN", Code.BAD_AMOUNT),
    ("Infinity", Code.BAD_AMOUNT), ("zwölf", Code.BAD_AMOUNT), ("12,50 USD", Code.BAD_AMOUNT), ("١٢", Code.BAD_AMOUNT),
    ("1 2,50", Code.BAD_AMOUNT), ("-", Code.NO_AMOUNT), ("", Code.NO_AMOUNT), ("9" * 40, Code.BAD_AMOUNT),
    ("=12", Code.FORMULA), ("@SUM(A1)", Code.FORMULA), ("-1+cmd|' /C calc'!A0", Code.FORMULA),
])
def test_an_amount_is_exact_or_refused(text, amount):
    rows = read(f"21-05-2024;{text};Kiosk;EUR;", "21-05-2024;0,99;Kiosk;EUR;", "21-05-2024;0.99;Kiosk;EUR;")
    if isinstance(amount, Code):
        assert [one.code for one in rows[0].problems] == [amount]
    elif " or " in amount:
        # Comma and dot are both in the file: nothing tells.
        assert [one.code for one in rows[0].problems] == [Code.AMBIGUOUS_AMOUNT]
    else:
        assert str(rows[0].amount) == amount


def test_what_only_the_file_can_tell_is_told_by_the_file():
    comma = read("21-05-2024;1.234;Kiosk;EUR;", "21-05-2024;0,99;Kiosk;EUR;")
    dot = read("21-05-2024;1,234;Kiosk;EUR;", "21-05-2024;0.99;Kiosk;EUR;")
    assert [rows[0].amount for rows in (comma, dot)] == [Decimal(1234), Decimal(1234)]
    # Without a word from the rows, the header's language tells.
    assert read("21-05-2024;1,234;Kiosk;EUR;")[0].amount == Decimal(1234)
    german = "Abrechnungstag (lokal);Gesamtbetrag (inkl. MwSt.)\n"
    assert read("21-05-2024;1.234", head=german)[0].amount == Decimal(1234)
    assert problem("21-05-2024;1,234", head=german) == (Code.TOO_PRECISE, 2, "Gesamtbetrag (inkl. MwSt.)")


def test_debit_and_credit_make_the_amount_and_must_not_contradict_it():
    head = "Settlement date (local);Debit;Credit;Total amount (incl. VAT)\n"
    rows = read("21-05-2024;5.00;;", "21-05-2024;-5.00;;", "21-05-2024;;7.00;", "21-05-2024;5.00;;-5.00", head=head)
    assert [row.amount for row in rows] == [-5, -5, 7, -5]
    assert problem("21-05-2024;5.00;;5.00", head=head) == (Code.CONTRADICTION, 2, "Total amount (incl. VAT)")
    assert problem("21-05-2024;5.00;5.00;", head=head) == (Code.CONTRADICTION, 2, "Credit")
    assert problem("21-05-2024;;;", head=head) == (Code.NO_AMOUNT, 2, "Total amount (incl. VAT)")


def test_a_dash_stands_for_nothing_and_vat_makes_no_row_bad():
    head = "Status;Settlement date (local);Total amount (incl. VAT);Balance;Total VAT amount\n"
    waits, there = read("processing;-;5.00;n/a;", "settled;21-05-2024;5.00;105.00;about 19 %", head=head)
    assert (waits.status, waits.day, waits.balance, waits.problems) == (Status.PENDING, None, None, ())
    assert (there.amount, there.balance, there.vat_amount) == (5, 105, None)


def test_totals_are_exact_to_the_cent():
    rows = read(*["21-05-2024;0.10;Kiosk;EUR;"] * 1000, *["21-05-2024;-0.01;Kiosk;EUR;"] * 999)
    assert sum(row.amount for row in rows) == Decimal("90.01")


def test_foreign_currency_is_kept_as_the_file_says():
    total = "Total amount (incl. VAT)"
    head = f"Settlement date (local);{total};Currency;{total} (local);Currency (local)\n"
    lines = ("21-05-2024;-9.50;EUR;-10.40;USD", "21-05-2024;-9.50;EUR;3.125;KWD", "21-05-2024;-9.50;EUR;-9.50;EUR")
    dollars, dinars, euros = read(*lines, head=head)
    assert (dollars.local_amount, dollars.local_currency) == (Decimal("-10.40"), "USD")
    assert (dinars.local_amount, dinars.local_currency) == (Decimal("-3.125"), "KWD")
    assert (euros.local_amount, euros.local_currency) == (None, "")
    assert problem("21-05-2024;-9.50;Euro;;", head=head) == (Code.BAD_CURRENCY, 2, "Currency")


# === DAYS === #


@pytest.mark.parametrize(("text", "day"), [
    ("21-05-2024 17:15:34", date(2024, 5, 21)), ("2024-05-21 17:15:34", date(2024, 5, 21)),
    ("21.05.2024", date(2024, 5, 21)), ("21.05.24", date(2024, 5, 21)),
    ("2024-05-21T17:15:34.123Z", date(2024, 5, 21)), ("21/05/2024", date(2024, 5, 21)),
    ("05/21/2024", date(2024, 5, 21)),
    ("29-02-2024", date(2024, 2, 29)), ("29-02-2023", Code.BAD_DATE), ("32-01-2024", Code.BAD_DATE),
    ("21-05-24", Code.BAD_DATE),
    ("21-05-0024", Code.BAD_DATE), ("yesterday", Code.BAD_DATE), ("21-05-2024 25:00:00", Code.BAD_DATE),
    ("21-05/2024", Code.BAD_DATE), ("05/06/2024", Code.AMBIGUOUS_DATE), ("=TODAY()", Code.FORMULA),
])
def test_a_day_is_certain_or_refused(text, day):
    row = read(f"{text};12.50;Kiosk;EUR;")[0]
    assert [one.code for one in row.problems] == [day] if isinstance(day, Code) else row.day == day


def test_slashes_are_read_as_the_rest_of_the_file_tells():
    assert read("05/06/2024;1.00;x;EUR;", "21/06/2024;1.00;x;EUR;")[0].day == date(2024, 6, 5)
    assert read("05/06/2024;1.00;x;EUR;", "06/21/2024;1.00;x;EUR;")[0].day == date(2024, 5, 6)
    assert problem("21/06/2024;1.00;x;EUR;", "06/21/2024;1.00;x;EUR;", "05/06/2024;1.00;x;EUR;")[:2] == (
        Code.AMBIGUOUS_DATE, 4,
    )


@pytest.mark.parametrize(("utc", "zone", "day"), [
    ("31-12-2023 23:30:00", "Europe/Berlin", date(2024, 1, 1)),
    ("31-12-2023 22:30:00", "Europe/Berlin", date(2023, 12, 31)),
    ("30-06-2024 22:00:00", "Europe/Paris", date(2024, 7, 1)),
    ("01-07-2024 01:00:00", "Atlantic/Azores", date(2024, 7, 1)),
    ("30-06-2024 23:59:59", "UTC", date(2024, 6, 30)), ("30-06-2024", "Europe/Berlin", date(2024, 6, 30)),
])
def test_utc_becomes_the_accounts_own_day(utc, zone, day):
    head = "Settlement date (UTC);Total amount (incl. VAT)\n"
    assert read(f"{utc};1.00", head=head, zone=zone)[0].day == day


def test_the_local_column_counts_even_where_the_zone_would_say_otherwise():
    head = "Settlement date (UTC);Settlement date (local);Total amount (incl. VAT)\n"
    (row,) = read("31-12-2023 23:30:00;31-12-2023 23:30:00;1.00", head=head)
    assert (row.day, row.settled_at) == (date(2023, 12, 31), datetime(2023, 12, 31, 23, 30, tzinfo=timezone.utc))


def test_a_settled_row_without_date_is_bad_and_a_row_without_status_and_date_is_not_booked():
    head = "Status;Settlement date (local);Total amount (incl. VAT)\n"
    assert problem("settled;;1.00", head=head) == (Code.NO_DATE, 2, "Settlement date (local)")
    assert read(";1.00;x;EUR;")[0].status is Status.PENDING
    words = ("processing", "declined", "cancelled", "reversed", "SETTLED", "en orbite")
    rows = read(*(f"{word};21-05-2024;1.00" for word in words), head=head)
    assert [row.status.name for row in rows] == ["PENDING", "DECLINED", "CANCELED", "REVERSED", "BOOKED", "UNKNOWN"]


# === ROWS AND TEXTS === #


def test_ragged_rows_are_bad_and_the_others_are_read():
    start = "21-05-2024;1.00;x"
    rows = read(start, f"{start};EUR;;;", f"{start};EUR;y;more", f"{start};EUR;y")
    assert [[one.code for one in row.problems] for row in rows] == [[Code.RAGGED], [], [Code.RAGGED], []]
    assert rows[0].problems[0].detail == "3/5"


def test_blank_rows_are_left_out_and_numbers_are_those_of_a_spreadsheet():
    rows = read("", "21-05-2024;1.00;\"two\nlines\";EUR;", ";;;;", "21-05-2024;2.00;x;EUR;")
    assert [(row.number, row.amount, row.counterparty_name) for row in rows] == [(3, 1, "two lines"), (5, 2, "x")]


@pytest.mark.parametrize("text", [
    "=cmd|'/C calc'!A0", "@SUM(1+1)*cmd|'x'!A0", "+cmd|'x'!A0", "-2+3+cmd|'x'!A0", " =1",
])
def test_a_formula_is_named_with_row_and_column(text):
    assert problem("21-05-2024;1.00;x;EUR;", f"21-05-2024;1.00;{text};EUR;") == (Code.FORMULA, 3, "Counterparty name")


@pytest.mark.parametrize("text", [
    "+49 (170) 1234567", "-", "@home", "- Miete (Mai) -", "+Plus! (neu)", "O'Neill & Söhne", "5=5", "a@b.example",
])
def test_what_only_looks_like_a_formula_is_a_text(text):
    assert read(f"21-05-2024;1.00;{text};EUR;{text}")[0].counterparty_name == text


def test_control_characters_are_named():
    (row,) = read_statement((HEAD + "21-05-2024;1.00;x;EUR;bell\x07\n").encode("utf-16")).rows
    assert [(one.code, one.column) for one in row.problems] == [(Code.CONTROL_CHARACTERS, "Reference")]


def test_a_spreadsheets_cells_are_read_by_their_type():
    book = openpyxl.Workbook()
    book.create_sheet("Notes", 0).append(["What is this?", "An export"])
    sheet = book["Sheet"]
    sheet.append(HEAD.strip().split(";"))
    sheet.append([datetime(2024, 5, 21, 23, 30), 12.5, "Kiosk", "EUR", 4711])
    sheet.append([date(2024, 5, 21), 12, "Kiosk", "EUR", None])
    sheet.append([45433.5, "12,50", "Kiosk", "EUR", None])
    sheet.append([datetime(2024, 5, 21), "=SUM(B2:B4)", "Kiosk", "EUR", None])
    sheet.append([datetime(2024, 5, 21), 1.234, "Kiosk", "EUR", None])
    sheet.append([datetime(2024, 5, 21), True, "Kiosk", "EUR", None])
    sheet.append([datetime(2024, 5, 21), -0.1 - 0.2, "Kiosk", "EUR", None])
    content = io.BytesIO()
    book.save(content)
    rows = read_statement(content.getvalue()).rows
    assert [row.day for row in rows[:3]] == [date(2024, 5, 21)] * 3
    assert [str(row.amount) for row in rows[:3]] == ["12.50", "12.00", "12.50"]
    assert rows[0].reference == "4711"
    assert rows[2].settled_at == datetime(2024, 5, 21, 10, 0, tzinfo=timezone.utc)
    assert [(row.problems[0].code, row.number, row.problems[0].column) for row in rows[3:6]] == [
        (Code.FORMULA, 5, "Total amount (incl. VAT)"), (Code.TOO_PRECISE, 6, "Total amount (incl. VAT)"),
        (Code.BAD_AMOUNT, 7, "Total amount (incl. VAT)"),
    ]
    assert str(rows[6].amount) == "-0.30"  # and not -0.30000000000000004


def test_a_spreadsheet_of_another_program_keeps_its_texts_in_a_table():
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet, dates = book.add_worksheet("Transactions"), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    for column, name in enumerate(HEAD.strip().split(";")):
        sheet.write_string(0, column, name)
    for number in (1, 2):
        sheet.write_datetime(number, 0, datetime(2024, 5, 21, 23, 30), dates)
        sheet.write_number(number, 1, -37.96)
        sheet.write_string(number, 2, "Bäcker")
        sheet.write_rich_string(number, 3, book.add_format({"bold": True}), "EU", "R")
    sheet.write_formula(3, 1, "=SUM(B2:B3)", None, -75.92)
    book.close()
    first, second, total = read_statement(content.getvalue()).rows
    assert (first.day, str(first.amount), first.counterparty_name, first.currency) == (
        date(2024, 5, 21), "-37.96", "Bäcker", "EUR",
    )
    assert second.amount == first.amount
    assert [one.code for one in total.problems] == [Code.FORMULA]


def test_an_open_file_is_read_as_bytes_are():
    content = FRENCH.encode("cp1252")
    assert read_statement(io.BytesIO(content)) == read_statement(content)
    assert read_statement(content).encoding == "cp1252"
    assert statement_files.read_statement(content).sha256 != read_statement(FRENCH.encode()).sha256
