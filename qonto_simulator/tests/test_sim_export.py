"""Export files: they hold what the bank's books hold, in every template, language and format."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

import openpyxl
import pytest

from .driver import Driver

FRENCH_ORDER = [
    "Statut", "Date de la valeur (UTC)", "Date de la valeur (local)", "Date de l'opération (UTC)",
    "Date de l'opération (local)", "Montant total (TTC)", "Débit", "Crédit", "Solde", "Devise",
    "Montant total (TTC) (local)", "Devise (local)", "Montant total de la TVA", "Montant total (HT)",
]


def account_of(driver: Driver) -> dict[str, Any]:
    return driver.control("GET", "/truth")["accounts"][0]


def exported(driver: Driver, **order: Any) -> bytes:
    return base64.b64decode(driver.control("POST", "/export", order)["content"])


def table(content: bytes, delimiter: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))


def test_a_full_french_file_has_the_columns_seen_at_the_bank(driver: Driver):
    content = exported(driver, account_ids=[account_of(driver)["id"]], language="fr")
    header = content.decode().partition("\n")[0].split(";")
    assert header[:14] == FRENCH_ORDER
    assert "Montant de la TVA (19.0 %)" in header
    assert "Montant (19.0 % HT)" in header
    assert header[-2:] == ["Catégorie de trésorerie", "Sous-catégorie de trésorerie"]


def test_a_file_holds_each_row_once_and_adds_up_to_the_cent(driver: Driver):
    account = account_of(driver)
    rows = table(exported(driver, account_ids=[account["id"]]))
    assert {row["Transaktions-ID"] for row in rows} == {row["id"] for row in account["transactions"]}
    booked = [row for row in rows if row["Status"] == "Ausgeführt"]
    cents = sum(int(row["Gesamtbetrag (inkl. MwSt.)"].replace(",", "")) for row in booked)
    assert account["opening_balance_cents"] + cents == account["balance_cents"]
    assert int(booked[0]["Kontostand"].replace(",", "")) == account["balance_cents"]
    assert {row["Status"] for row in rows} > {"Ausgeführt", "In Bearbeitung"}


def test_local_columns_show_berlin_and_the_period_means_berlins_days(driver: Driver):
    account = account_of(driver)
    day = "2026-10-25"
    row = {"account_id": account["id"], "side": "debit", "amount_cents": 100, "label": "x"}
    # 00:30 in Berlin (summer time) is 22:30 UTC of the day before.
    driver.control("POST", "/transactions", {**row, "settled_at": "2026-10-24T22:30:00Z", "label": "night"})
    rows = table(exported(driver, account_ids=[account["id"]], start=day, end=day, language="en"))
    night = next(row for row in rows if row["Counterparty name"] == "night")
    assert night["Settlement date (UTC)"] == "24-10-2026 22:30:00"
    assert night["Settlement date (local)"] == "25-10-2026 00:30:00"
    assert not [
        row for row in table(exported(driver, account_ids=[account["id"]], end="2026-10-24", language="en"))
        if row["Counterparty name"] == "night"
    ]


def test_a_spreadsheet_holds_what_the_text_holds(driver: Driver):
    account = account_of(driver)
    order = {"account_ids": [account["id"]], "language": "en"}
    texts = table(exported(driver, **order))
    sheet = openpyxl.load_workbook(io.BytesIO(exported(driver, **order, format="xlsx")), read_only=True).active
    header, *rows = list(sheet.iter_rows(values_only=True))
    assert list(header) == list(texts[0])
    at = header.index("Total amount (incl. VAT)")
    assert [f"{row[at]:.2f}" for row in rows] == [row["Total amount (incl. VAT)"] for row in texts]


def test_simple_and_custom_templates(driver: Driver):
    simple = exported(driver, template="simple").decode()
    assert simple.partition("\n")[0].split(";") == [
        "Abrechnungstag (lokal)", "Name der Gegenpartei", "Gesamtbetrag (inkl. MwSt.)", "Währung", "Referenz",
    ]
    custom = exported(driver, template="custom", columns=["amount", "id"], language="en", separator="tab").decode()
    assert custom.partition("\n")[0] == "Total amount (incl. VAT)\tTransaction ID"


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ({"language": "es"}, "language"),
        ({"template": "custom"}, "column"),
        ({"template": "custom", "columns": ["x"]}, "Unknown columns"),
        ({"start": "soon"}, "day"),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "period"),
        ({"account_ids": ["x"]}, "account"),
        ({"colour": "red"}, "Unknown"),
    ],
)
def test_an_order_without_sense_is_refused_in_words(driver: Driver, order: dict[str, Any], word: str):
    answer = driver.http.post("/_control/export", json=order)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_a_person_downloads_a_file_from_the_page(driver: Driver):
    account = account_of(driver)
    assert f'<option value="{account["id"]}">{account["name"]}</option>' in driver.http.get("/export").text
    query = {"account": account["id"], "template": "custom", "column": ["status", "amount"], "language": "en",
             "separator": "comma", "start": "2026-01-01"}
    answer = driver.http.get("/export/file", params=query)
    assert answer.headers["content-disposition"] == "attachment; filename=qonto_export_2026-11-20.csv"
    assert answer.text.startswith("Status,Total amount (incl. VAT)\n")
    assert len(answer.text.splitlines()) == len(account["transactions"]) + 1
    wrong = driver.http.get("/export/file", params={**query, "start": "2027-01-01", "end": "2026-01-01"})
    assert wrong.status_code == 400
    assert "ends before it begins" in wrong.text
