# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is no export of Qonto's, or a broken one, is refused as a whole, and says what it is."""

import csv
import io
import tracemalloc
import zipfile

import openpyxl
import pytest

from statement_files import Code, Column, FileError, Limits, Mapping, Status, read_statement

HEAD = "Settlement date (local),Total amount (incl. VAT),Counterparty name,Currency\n"
GOOD = HEAD + "21-05-2024 17:15:34,12.50,Kiosk,EUR\n"
CAMT = '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/>'
MT940 = "\r\n:20:STARTUMSE\r\n:25:37040044/532013000\r\n:28C:1/1\r\n:60F:C240521EUR100,00\r\n"


def refused(content, **options):
    with pytest.raises(FileError) as caught:
        read_statement(content.encode() if isinstance(content, str) else content, **options)
    return caught.value


def spreadsheet(*rows, **extra):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    if not extra:
        return content.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            name = part.filename
            new.writestr(name, extra.get("change", lambda _name, data: data)(name, old.read(name)))
        for name, data in extra.get("add", {}).items():
            new.writestr(name, data)
    return changed.getvalue()


HEADER = HEAD.strip().split(",")
BOOK = spreadsheet(HEADER, ["21-05-2024", 12.5, "Kiosk", "EUR"])


@pytest.mark.parametrize(("content", "code"), [
    ("", Code.EMPTY), (b"\xef\xbb\xbf", Code.EMPTY), ("\n \r\n\t\n", Code.EMPTY), (" " * 200_000, Code.EMPTY),
    (HEAD, Code.NO_ROWS), (HEAD + "\n\n,,,\n", Code.NO_ROWS),
    (b"%PDF-1.7\n%\xe2\xe3", Code.PDF), (CAMT, Code.CAMT), (MT940, Code.MT940),
    ("{1:F01COBADEFFXXX}" + MT940, Code.MT940),
    ("OFXHEADER:100\nDATA:OFXSGML\n", Code.OFX), ('<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX>', Code.OFX),
    ("!Type:Bank\nD21/05/2024\nT12.50\n^\n", Code.QIF), ("<!DOCTYPE html><html><body>Log in</body>", Code.WEB_PAGE),
    ('{"transactions": []}', Code.NOT_A_TABLE), ("<?xml version='1.0'?><a/>", Code.NOT_A_TABLE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), Code.OLD_EXCEL), (b"\x89PNG\r\n\x1a\n", Code.IMAGE),
    (b"\x1f\x8b\x08\x00" + bytes(50), Code.ARCHIVE), ("just some words\nand more\n", Code.NOT_A_TABLE),
    (bytes(range(256)) * 20, Code.NOT_A_TABLE),
    (
        "JournalCode\tJournalLib\tEcritureNum\tCompteNum\tDebit\tCredit\nBQ\tBanque\t1\t512\t1,00\t0,00\n",
        Code.ACCOUNTING,
    ),
    ('"EXTF";700;21;"Buchungsstapel"\n', Code.ACCOUNTING),
    (
        "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;Konto;Gegenkonto (ohne BU-Schlüssel)\n1;S;1;2\n",
        Code.ACCOUNTING,
    ),
    ("Booking;Value;Text\n01.02.2024;1,00;x\n", Code.UNKNOWN_COLUMNS),
    ("Status,Settlement date (UTC),Reference\nsettled,x,y\n", Code.MISSING_COLUMN),
    ("Status,Total amount (incl. VAT),Reference\nsettled,1.00,y\n", Code.MISSING_COLUMN),
    (HEAD.replace("Currency", "Total amount (incl. VAT)") + "21-05-2024,1.00,x,2.00\n", Code.DOUBLE_COLUMN),
    (GOOD + '21-05-2024,1.00,"Kiosk,EUR\n21-05-2024,2.00,Kiosk,EUR\n', Code.QUOTING),
    (GOOD + '21-05-2024,1.00,"Kiosk"x,EUR\n', Code.QUOTING),
    (GOOD.encode() + b"21-05-2024,1.00,\x81\x8d,EUR\n", Code.ENCODING),
    (
        GOOD.encode() + "21-05-2024,1.00,Müller,EUR\n".encode() + "21-05-2024,1.00,Bäcker,EUR\n".encode("cp1252"),
        Code.ENCODING,
    ),
    (b"\xef\xbb\xbf" + GOOD.encode() + b"21-05-2024,1.00,B\xe4cker,EUR\n", Code.ENCODING),
    (GOOD.encode("utf-16")[:-1], Code.ENCODING), (GOOD.encode("utf-16-le"), Code.NOT_A_TABLE),
    (BOOK[: len(BOOK) // 2], Code.DAMAGED), (b"PK\x03\x04" + bytes(500), Code.DAMAGED),
    (spreadsheet(["a"]), Code.NOT_A_TABLE), (spreadsheet(), Code.EMPTY), (spreadsheet(HEADER), Code.NO_ROWS),
    (spreadsheet(["Booking", "Value", "Text"], [1, 2, 3]), Code.UNKNOWN_COLUMNS),
    (spreadsheet(HEADER, change=lambda name, data: data.replace(b"<sheetData", b"<sheetDat")), Code.DAMAGED),
], ids=lambda value: value.value if isinstance(value, Code) else "")
def test_what_is_no_export_is_named(content, code):
    assert refused(content).code is code


def test_a_garbled_header_is_an_encoding_and_no_unknown_bank():
    french = "Statut;Date de la valeur (local);Montant total (TTC);Référence\nExécuté;21-05-2024;1,00;x\n"
    twice = french.encode().decode("cp1252").encode()
    # Enough columns could be read, but no name in it: the words must not be taken as they are.
    assert refused(twice).code is Code.ENCODING


def test_an_archive_and_other_spreadsheets_are_told_apart():
    def packed(name, data=b"x"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(name, data)
        return content.getvalue()

    assert refused(packed("qonto.csv", GOOD)).code is Code.ARCHIVE
    assert refused(packed("xl/workbook.bin")).code is Code.OLD_EXCEL
    assert refused(packed("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")).code is Code.OTHER_SPREADSHEET


def test_errors_name_row_and_column():
    quoting = refused(GOOD + "21-05-2024,1.00,x,EUR\n" + '21-05-2024,1.00,"x"y,EUR\n')
    assert (quoting.code, quoting.row) == (Code.QUOTING, 4)
    encoding = refused(b"\xef\xbb\xbf" + GOOD.encode() + b"21-05-2024,1.00,B\xe4cker,EUR\n")
    assert (encoding.code, encoding.row) == (Code.ENCODING, 3)
    double = refused(HEAD.replace("Currency", "Transaction ID").strip() + ",Transaction ID\n1,2,3,4,5\n")
    assert (double.code, double.row, double.column) == (Code.DOUBLE_COLUMN, 1, "Transaction ID")


# === WHAT IS TOO MUCH === #


def test_limits_are_kept_and_named():
    assert refused(GOOD * 3, limits=Limits(bytes=100)).code is Code.TOO_BIG
    rows = refused(HEAD + "21-05-2024,1.00,x,EUR\n" * 11, limits=Limits(rows=10))
    assert (rows.code, rows.row, rows.detail) == (Code.TOO_MANY_ROWS, 12, "10")
    assert refused(",".join(map(str, range(300))) + "\n1\n").code is Code.TOO_MANY_COLUMNS
    assert refused(spreadsheet([*HEADER, *range(300)])).code is Code.TOO_MANY_COLUMNS
    assert refused(HEAD + '21-05-2024,1.00,"' + "x" * 200_000 + '",EUR\n').code is Code.CELL_TOO_LONG
    assert refused(HEAD + "x" * 5_000_000).code is Code.CELL_TOO_LONG


def test_the_limit_of_a_cell_is_ours_though_odoo_lifts_that_of_the_csv_module():
    before = csv.field_size_limit(500 * 2**20)
    try:
        assert refused(HEAD + '21-05-2024,1.00,"' + "x" * 200_000 + '",EUR\n').code is Code.CELL_TOO_LONG
        assert refused(HEAD + '21-05-2024,1.00,"' + "x\n" * 1_000_000).code is Code.CELL_TOO_LONG
    finally:
        csv.field_size_limit(before)


def test_bombs_are_refused_before_they_are_unpacked():
    def bomb(name):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, zipfile.ZipFile(io.BytesIO(BOOK)) as book:
            for part in book.namelist():
                archive.writestr(part, book.read(part))
            with archive.open(name, "w") as part:
                for _megabyte in range(120):
                    part.write(bytes(2**20))
        return content.getvalue()

    content = bomb("xl/media/image1.png")
    assert len(content) < 200_000
    tracemalloc.start()
    try:
        assert refused(content).code is Code.BOMB
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_what_a_spreadsheet_keeps_in_memory_is_limited():
    texts = spreadsheet(HEADER, add={"xl/sharedStrings.xml": b"<sst>" + bytes(100)})
    assert refused(texts, limits=Limits(texts=100)).code is Code.TOO_BIG
    assert refused(BOOK, limits=Limits(parts=100)).code is Code.TOO_BIG
    assert refused(BOOK, limits=Limits(unpacked=100)).code is Code.BOMB


def test_entities_in_a_spreadsheet_are_refused():
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>'
    laughing = spreadsheet(
        HEADER, ["21-05-2024", 1, "x", "EUR"],
        change=lambda name, data: entities + data if "sheet1" in name else data,
    )
    assert refused(laughing).code is Code.BOMB
    late = spreadsheet(
        HEADER, ["21-05-2024", 1, "x", "EUR"],
        change=lambda name, data: b"<!--" + b"x" * 5000 + b"-->" + entities + data if "sheet1" in name else data,
    )
    assert refused(late).code is Code.BOMB


# === COLUMNS THAT A PERSON MAPS === #

SPANISH = """\
Estado;Fecha de liquidación (local);Importe total (IVA incluido);Divisa;Nombre de la contraparte;Referencia;IVA (21,0 %)
Ejecutada;21-05-2024 17:15:34;-1.234,50;EUR;Panadería;Factura 7;0,00
En vuelo;22-05-2024 17:15:34;10,00;EUR;Panadería;;
"""


def test_an_unknown_header_comes_with_a_sample_and_a_guess_and_is_known_once_mapped():
    error = refused(SPANISH)
    assert error.code is Code.UNKNOWN_COLUMNS
    assert error.header[1] == "Fecha de liquidación (local)"
    assert error.sample[0][2] == "-1.234,50"
    guess = dict(error.suggestion.columns)
    assert guess["Fecha de liquidación (local)"] is Column.SETTLED_LOCAL
    assert guess["Importe total (IVA incluido)"] is Column.AMOUNT
    assert guess["Estado"] is Column.STATUS
    assert guess["Nombre de la contraparte"] is Column.COUNTERPARTY_NAME
    kept = Mapping.from_json(error.suggestion.to_json())
    assert kept == error.suggestion
    kept = Mapping(kept.signature, kept.columns, statuses=(("en vuelo", Status.PENDING),))
    statement = read_statement(SPANISH.encode(), mappings=[kept])
    first, second = statement.rows
    assert (str(first.amount), first.day.isoformat(), first.status) == ("-1234.50", "2024-05-21", Status.BOOKED)
    assert second.status is Status.PENDING
    # Other order of columns, another VAT rate: the same mapping.
    moved = "\n".join(";".join(reversed(line.split(";"))) for line in SPANISH.replace("21,0", "10,0").splitlines())
    again = read_statement(moved.encode(), mappings=[kept])
    assert [row.amount for row in again.rows] == [first.amount, second.amount]


def test_an_italian_header_is_guessed():
    header = "Stato;Data di regolamento (locale);Importo totale (IVA inclusa);Valuta;Nome della controparte\n"
    error = refused(header + "x;x;x;x;x\n")
    assert set(dict(error.suggestion.columns).values()) == {
        Column.STATUS, Column.SETTLED_LOCAL, Column.AMOUNT, Column.CURRENCY, Column.COUNTERPARTY_NAME,
    }


def test_another_banks_file_with_lines_above_its_header_is_mapped():
    other = (
        "Konto;DE89 3704 0044 0532 0130 00\nZeitraum;01.05.2024 - 31.05.2024\n\n"
        "Buchungstag;Auftraggeber;Verwendungszweck;Betrag;Währung\n21.05.2024;Kiosk;Zeitung;-1.012,50;EUR\n"
    )
    error = refused(other)
    assert (error.row, error.header[0]) == (4, "Buchungstag")
    statement = read_statement(other.encode("cp1252"), mappings=[error.suggestion])
    (row,) = statement.rows
    assert (row.number, str(row.amount), row.counterparty_name) == (5, "-1012.50", "Kiosk")


def test_a_column_that_is_there_twice_is_mapped_once_for_each_and_commas_in_texts_are_no_columns():
    other = (
        "Buchung;Verwendungszweck;Saldo;Währung;Betrag;Währung\n"
        + "01.02.24;Dank, Gruß, Kuss, bis bald, Eva;1.105,00;EUR;5,00;EUR\n" * 3
    )
    error = refused(other)
    assert error.header == ("Buchung", "Verwendungszweck", "Saldo", "Währung", "Betrag", "Währung")
    assert [name for name, _column in error.suggestion.columns].count("Währung") == 1
    columns = (*error.suggestion.columns, ("Währung", Column.LOCAL_CURRENCY))
    statement = read_statement(other.encode(), mappings=[Mapping(error.signature, columns)])
    assert statement.columns[3:] == (Column.CURRENCY, Column.AMOUNT, Column.LOCAL_CURRENCY)
    assert (statement.rows[0].day.isoformat(), statement.rows[0].balance) == ("2024-02-01", 1105)


def test_a_file_that_a_spreadsheet_saved_again_is_read():
    again = "sep=;\n" + GOOD.replace(",", ";").replace("21-05-2024 17:15:34", "21.05.2024 17:15")
    (row,) = read_statement(again.replace("\n", "\r\n").encode("utf-16")).rows
    assert (row.number, row.day.isoformat(), str(row.amount)) == (3, "2024-05-21", "12.50")


def test_a_fee_of_its_own_column_is_part_of_what_the_balance_moves_by():
    text = "Completed Date,Description,Amount,Fee,Currency,Balance\n2024-05-21 10:00:00,Cash,-100.00,2.00,EUR,898.00\n"
    columns = (("Completed Date", Column.SETTLED_LOCAL), ("Amount", Column.AMOUNT), ("Fee", Column.FEE))
    row = read_statement(text.encode(), mappings=[Mapping(refused(text).signature, columns)]).rows[0]
    assert (str(row.amount), str(row.fee)) == ("-102.00", "-2.00")


def test_a_mapping_without_a_date_is_refused():
    error = refused(SPANISH)
    columns = tuple(pair for pair in error.suggestion.columns if pair[1] is not Column.SETTLED_LOCAL)
    again = refused(SPANISH, mappings=[Mapping(error.signature, columns)])
    assert (again.code, again.detail) == (Code.MISSING_COLUMN, "date")


@pytest.mark.parametrize("value", [None, {}, {"signature": "x"}, {"signature": "x", "columns": [["a", "no such"]]}, []])
def test_what_is_no_mapping_is_refused(value):
    with pytest.raises(ValueError, match=r"mapping|Column"):
        Mapping.from_json(value)
