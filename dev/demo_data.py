"""The demo's world in Odoo: a German company, its people, and the documents behind the stand-in's transactions.

Run in the project's Python on a database that has the addon, and once only:

    demo_data.py CONFIGURATION DATABASE BANK_ADDRESS
"""

import json
import logging
import sys
import urllib.request
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import odoo.tools
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry

# A feed reaches back 90 days when an account is connected. What was paid earlier is carried forward into Odoo's books.
WINDOW = timedelta(days=90)
CARRIED_FORWARD = {"customer_invoice": "account_9008", "vendor_bill": "account_9009"}  # Saldenvorträge
STREET, ZIP, CITY = "Speicherhof 14", "28195", "Bremen"
PEOPLE = (
    (
        "buchhaltung", "Ada Brandis",
        ("account.group_account_invoice", "qonto_psd2_sync.group_feed_user"),
    ),
    (
        "chef", "Jule Halvering",
        (
            "account.group_account_manager", "account.group_validate_bank_account",
            "qonto_psd2_sync.group_feed_manager", "qonto_psd2_sync.group_payment_send",
        ),
    ),
)
VAT_TAXES = {
    ("customer_invoice", 19): "tax_ust_19_skr03",
    ("customer_invoice", 7): "tax_ust_7_skr03",
    ("vendor_bill", 19): "tax_vst_19_skr03",
    ("vendor_bill", 7): "tax_vst_7_skr03",
}
CARD_CURRENCIES = ("USD", "GBP", "CHF")
MOVE_TYPES = {"customer_invoice": "out_invoice", "vendor_bill": "in_invoice"}
CALLS_OUTSIDE = ("mail.ir_cron_module_update_notification",)  # the demo talks to nobody but this machine


def main(configuration: str, database: str, bank: str) -> None:
    """Fill the database, all or nothing."""
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=error"])
    logging.getLogger("odoo").setLevel(logging.ERROR)
    state, books = _read(f"{bank}/_control/state"), _read(f"{bank}/_control/documents")
    accounts = _read(f"{bank}/_control/truth")["accounts"]
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"lang": "de_DE", "tracking_disable": True})
        organization = state["organizations"][0]
        company = make_company(env, organization["name"])
        make_journal(company, next(
            account for account in accounts if account["main"] and account["organization_id"] == organization["id"]
        ))
        make_people(company)
        partners = make_partners(company, books["partners"])
        documents = without_gaps(books["documents"])
        moves = make_documents(company, partners, documents)
        carry_forward(company, moves, paid_before_the_feed(documents, accounts))
        for name in CALLS_OUTSIDE:
            env.ref(name).active = False
        env["ir.qweb"]._pregenerate_assets_bundles()


def make_company(env: api.Environment, name: str) -> object:
    """Turn the database's company into the bank's customer, with the chart of accounts SKR03, in German."""
    company = env.ref("base.main_company")
    germany = env.ref("base.de")
    company.write({
        "name": name, "street": STREET, "zip": ZIP, "city": CITY, "country_id": germany.id,
        "currency_id": env.ref("base.EUR").id, "email": "buchhaltung@halvering.example",
    })
    company.partner_id.lang = "de_DE"
    env["account.chart.template"].try_loading("de_skr03", company, install_demo=False)
    # The company's cards spend abroad; the feed holds what is in a currency that is switched off.
    env["res.currency"].with_context(active_test=False).search([("name", "in", CARD_CURRENCIES)]).active = True
    return company


def make_journal(company: object, account: dict) -> object:
    """Give the bank journal the IBAN of the main account, so that connecting finds it."""
    journal = company.env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], order="id", limit=1
    )
    journal.name = account["name"]
    journal.set_bank_account(account["iban"])
    return journal


def make_people(company: object) -> None:
    """Make the users, whose passwords are their log-in names, and give every user German and Berlin's time."""
    env = company.env
    dashboard = env.ref("account.open_account_journal_dashboard_kanban")
    env["res.users"].with_context(no_reset_password=True).create([
        {
            "name": name, "login": login, "password": login, "email": f"{login}@halvering.example",
            "company_id": company.id, "company_ids": [Command.set(company.ids)], "action_id": dashboard.id,
            "group_ids": [Command.set([env.ref(group).id for group in ("base.group_user", *groups)])],
        }
        for login, name, groups in PEOPLE
    ])
    env["res.users"].search([]).write({"lang": "de_DE", "tz": "Europe/Berlin"})


def make_partners(company: object, facts: list[dict]) -> dict[str, object]:
    """Make customers and vendors by the bank's id for them; vendors come with a trusted bank account."""
    env = company.env
    countries = {country.code: country.id for country in env["res.country"].search([])}
    # Invented VAT numbers fail the check of their last digit, so that they are nobody's.
    partners = env["res.partner"].with_context(no_vat_validation=True).create([
        {
            "name": partner["name"], "is_company": True, "lang": "de_DE", "street": partner["street"],
            "zip": partner["zipcode"], "city": partner["city"], "country_id": countries[partner["country"]],
            "vat": partner["vat"], "bank_ids": [
                Command.create({"acc_number": partner["iban"], "allow_out_payment": True})
            ] if partner["kind"] == "vendor" else [],
        }
        for partner in facts
    ])
    return {fact["id"]: partner for fact, partner in zip(facts, partners, strict=True)}


def without_gaps(documents: list[dict]) -> list[dict]:
    """Leave out what lies in Odoo's future, and invoices before the last gap in their numbers."""
    today = date.today().isoformat()
    past = [document for document in documents if document["issue_date"] <= today]
    numbers = sorted(_number(document) for document in past if document["kind"] == "customer_invoice")
    after_gap = (high for low, high in pairwise(numbers) if high != low + 1)
    first = max(after_gap, default=0)
    return [document for document in past if document["kind"] == "vendor_bill" or _number(document) >= first]


def _number(document: dict) -> int:
    """Return the running number in an invoice's number, which carries the year: RE-2026-0117."""
    return int(document["number"].rpartition("-")[2])


def paid_before_the_feed(documents: list[dict], accounts: list[dict]) -> list[int]:
    """Return for each document the cents that were paid before the first day that a feed can reach."""
    begin = (date.today() - WINDOW).isoformat()
    early = {
        row["id"] for account in accounts for row in account["transactions"]
        if row["local_date"] and row["local_date"] < begin
    }
    return [
        sum(part["amount_cents"] for part in document["transactions"] if part["transaction_id"] in early)
        for document in documents
    ]


def make_documents(company: object, partners: dict[str, object], documents: list[dict]) -> object:
    """Post invoices under their own numbers, and bills under the vendors' numbers as references."""
    env = company.env
    charts = env["account.chart.template"].with_company(company)
    moves = env["account.move"].with_company(company).create([
        _move_values(document, partners[document["partner_id"]], charts) for document in documents
    ])
    moves.action_post()
    for move, document in zip(moves, documents, strict=True):
        if round(move.amount_total * 100) != document["amount_cents"]:
            raise ValueError(f"{document['number']}: {move.amount_total} instead of {document['amount_cents']} cents")
    moves.filtered("made_sequence_gap").made_sequence_gap = False  # the books begin there; nothing is missing
    return moves


def carry_forward(company: object, moves: object, paid_cents: list[int]) -> None:
    """Settle what was paid before Odoo's bank feed begins by one entry, dated the day before."""
    env = company.env
    charts = env["account.chart.template"].with_company(company)
    settled = [(move, Decimal(cents) / 100) for move, cents in zip(moves, paid_cents, strict=True) if cents]
    entry = env["account.move"].with_company(company).create({
        "date": date.today() - WINDOW - timedelta(days=1),
        "ref": "Saldenvortrag",
        "line_ids": [
            Command.create(values)
            for move, amount in settled
            for values in _settlement_lines(move, float(amount), charts)
        ],
    })
    entry.action_post()
    for (move, _amount), line in zip(settled, entry.line_ids[::2], strict=True):
        (_open_line(move) | line).reconcile()


def _settlement_lines(move: object, amount: float, charts: object) -> list[dict[str, object]]:
    """Return the line that settles a document, and the one that balances it."""
    kind = "customer_invoice" if move.move_type == "out_invoice" else "vendor_bill"
    sides = ("credit", "debit") if kind == "customer_invoice" else ("debit", "credit")
    accounts = (_open_line(move).account_id, charts.ref(CARRIED_FORWARD[kind]))
    return [
        {"partner_id": move.partner_id.id, "account_id": account.id, "name": move.ref or move.name, side: amount}
        for side, account in zip(sides, accounts, strict=True)
    ]


def _open_line(move: object) -> object:
    return move.line_ids.filtered(lambda line: line.display_type == "payment_term")


def _move_values(document: dict, partner: object, charts: object) -> dict[str, object]:
    kind, rate, gross = document["kind"], document["vat_rate"], Decimal(document["amount_cents"]) / 100
    net = (gross * 100 / (100 + rate)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    tax = charts.ref(VAT_TAXES[kind, rate]).ids if rate else []
    values = {
        "move_type": MOVE_TYPES[kind],
        "partner_id": partner.id,
        "date": document["issue_date"],
        "invoice_date": document["issue_date"],
        "invoice_payment_term_id": False,
        "invoice_date_due": document["due_date"],
        "invoice_line_ids": [
            Command.create({"name": document["description"], "price_unit": float(net), "tax_ids": [Command.set(tax)]})
        ],
    }
    if kind == "vendor_bill":
        return {**values, "ref": document["number"], "partner_bank_id": partner.bank_ids[:1].id}
    return {**values, "name": document["number"]}


def _read(address: str) -> dict:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address, timeout=60) as response:
        return json.load(response)


if __name__ == "__main__":
    main(*sys.argv[1:])
