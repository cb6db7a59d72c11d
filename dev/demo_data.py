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

import odoo.tools
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry

# A feed reaches back 90 days when an account is connected. What the bank saw earlier is not in Odoo, nor its documents.
WINDOW = timedelta(days=90)
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
        make_documents(company, partners, inside_window(books["documents"], accounts))
        register_app(company, state["client"])
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


def inside_window(documents: list[dict], accounts: list[dict]) -> list[dict]:
    """Leave out what was paid, even in part, before the feed begins, and what lies in Odoo's future."""
    days = {row["id"]: row["local_date"] for account in accounts for row in account["transactions"]}
    today = date.today()
    begin = (today - WINDOW).isoformat()
    return [
        document for document in documents
        if document["issue_date"] <= today.isoformat()
        and all((days[part["transaction_id"]] or begin) >= begin for part in document["transactions"])
    ]


def make_documents(company: object, partners: dict[str, object], documents: list[dict]) -> None:
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


def register_app(company: object, client: dict) -> None:
    """Enter the app's credentials, as the managing director would copy them from the developer portal."""
    company.env["qonto.application"].create({
        "company_id": company.id,
        "environment": "own",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    })


def _read(address: str) -> dict:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address, timeout=60) as response:
        return json.load(response)


if __name__ == "__main__":
    main(*sys.argv[1:])
