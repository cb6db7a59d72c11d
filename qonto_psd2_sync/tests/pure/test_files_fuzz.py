# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever bytes are dropped: a file, or the package's own error, in bounded time. Never anything else."""

import io
import time
import zipfile

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statement_files import Account, Column, FileError, Limits, Mapping, make_plan, read_statement

HEADER = (
    "Statut", "Date de la valeur (UTC)", "Date de la valeur (local)", "Montant total (TTC)", "Débit", "Solde",
    "Devise", "Montant total (TTC) (local)", "Devise (local)", "IBAN du compte", "Nom de la contrepartie",
    "Identifiant de transaction",
)
CELLS = st.one_of(
    st.sampled_from((
        "", "Exécuté", "settled", "21-05-2024 17:15:34", "2024-05-21", "05/06/2024", "-1\u00a0234,50", "1.234",
        "0,10", "EUR", "USD", "=1+1", '"', "a;b", "x\ny", "\ufeff", "NaN", "-0", "99999999999999999999", "\x00", "É",
        "DE89370400440532013000",
    )),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, max_size=14), max_size=6)
ODD_XML = (b'r="XFD1048576"', b"<c/>", b"<row r='900000'/>", b'"-1"', b"&a;")
SOON = 5.0
THOROUGH = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read_or_refused(content, **options):
    started = time.process_time()
    try:
        statement = read_statement(content, **options)
    except FileError:
        statement = None
    else:
        assert statement.rows
        assert all(row.problems or row.amount is not None for row in statement.rows)
        plan = make_plan(statement.rows, Account(), [])
        assert sum(plan.counts.values()) == len(statement.rows)
        assert all(not plan.decided[index].row.problems and plan.decided[index].row.day for index in plan.to_book)
    assert time.process_time() - started < SOON
    return statement


@THOROUGH
@given(st.binary(max_size=400), st.sampled_from((b"", b"\xef\xbb\xbf", b"\xff\xfe", b"PK\x03\x04", b"\xd0\xcf")))
def test_any_bytes(content, start):
    read_or_refused(start + content)


@THOROUGH
@given(
    st.permutations(HEADER), st.integers(1, len(HEADER)), ROWS, st.sampled_from((";", ",", "\t", "|")),
    st.sampled_from(("utf-8", "utf-8-sig", "cp1252", "utf-16", "latin-1")), st.booleans(),
)
def test_any_cells_under_any_choice_of_columns(header, width, rows, delimiter, encoding, quoted):
    def cell(text):
        return '"' + text.replace('"', '""') + '"' if quoted else text

    lines = [list(header[:width]), *rows]
    text = "\r\n".join(delimiter.join(map(cell, line)) for line in lines)
    read_or_refused(text.encode(encoding, "replace"))


@THOROUGH
@given(st.lists(st.text(max_size=10), min_size=2, max_size=6), ROWS, st.data())
def test_any_header_with_any_mapping(header, rows, data):
    text = ";".join(header) + "\n" + "\n".join(";".join(row) for row in rows)
    meanings = data.draw(st.lists(st.sampled_from(Column), min_size=len(header), max_size=len(header)))
    content = text.encode("utf-8", "replace")
    error = None
    try:
        read_statement(content)
    except FileError as refused:
        error = refused
    if error and error.signature:
        assert Mapping.from_json(error.suggestion.to_json()) == error.suggestion
        mapping = Mapping(error.signature, tuple(zip(header, meanings, strict=False)))
        read_or_refused(content, mappings=[mapping])


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


BOOK = workbook([HEADER, ["Exécuté", None, "21-05-2024", -12.5, None, 100, "EUR", None, None, None, "Kiosk", "a-1"]])


@settings(THOROUGH, max_examples=80)
@given(st.lists(st.tuples(st.integers(0, len(BOOK) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(BOOK)))
def test_any_damage_to_a_spreadsheet(changes, end):
    content = bytearray(BOOK)
    for position, value in changes:
        content[position] = value
    read_or_refused(bytes(content))
    read_or_refused(bytes(content[:end]))


@settings(THOROUGH, max_examples=60)
@given(st.sampled_from(("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml",
                        "[Content_Types].xml", "xl/_rels/workbook.xml.rels")), st.data())
def test_any_damage_inside_a_spreadsheet(name, data):
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == name:
                at = data.draw(st.integers(0, len(content)))
                cut = data.draw(st.integers(0, 20))
                put = data.draw(st.binary(max_size=8) | st.sampled_from(ODD_XML))
                content = content[:at] + put + content[at + cut :]
            new.writestr(part, content)
    read_or_refused(changed.getvalue())


def test_a_sheet_that_claims_a_million_rows_and_columns_is_read_in_time():
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            new.writestr(part, content.replace(b"</sheetData>", far) if "sheet1" in part else content)
    statement = read_or_refused(changed.getvalue(), limits=Limits())
    assert statement is None or len(statement.rows) == 1
