"""How long Odoo takes to decide what 1,000 bank lines pay, among 10,000 open items.

    odoo_world.py CONFIGURATION DATABASE [LINES ITEMS]

Its last line is JSON. Open items are copies of two documents that Odoo made, written by SQL: making 10,000 by Odoo's
own means takes half an hour, and what they cost is not what is measured.
"""

import json
import sys
import time
from decimal import Decimal
from random import Random

import odoo.tools
from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.tools import SQL

from match_corpus import references

PARTNERS = 400
TRADES = ("Tischlerei", "Bäckerei", "Elektro", "Autohaus", "Spedition", "Gärtnerei", "Hotel", "Praxis", "Verlag")
SYLLABLES = ("ber", "dorf", "hol", "kam", "lin", "mar", "nau", "ost", "ram", "see", "tal", "wen", "zell", "brück")
BOOKED = 100
FEW, MANY = 100, 500


def main(configuration: str, database: str, lines: str = "1000", items: str = "10000") -> None:
    """Build the world, measure, and print."""
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        facts = _measure(env, *_world(env, int(lines), int(items)))
    print(json.dumps(facts))


def _world(env, lines: int, items: int):
    """Make a German company with partners, open items and bank lines; return its user and the lines."""
    company = env.ref("base.main_company")
    company.write({"country_id": env.ref("base.de").id, "currency_id": env.ref("base.EUR").id})
    env["account.chart.template"].try_loading("de_skr03", company, install_demo=False)
    user = env["res.users"].create({
        "name": "Ada", "login": "ada", "company_id": company.id, "company_ids": [Command.set(company.ids)],
        "group_ids": [Command.set([env.ref("qonto_psd2_sync.group_feed_user").id, env.ref("base.group_user").id])],
    })
    rng = Random(8)
    partners = env["res.partner"].create([
        {
            "name": f"{rng.choice(TRADES)} {''.join(rng.choice(SYLLABLES) for _ in range(3)).title()} GmbH",
            "bank_ids": [Command.create({"acc_number": references.iban("DE", rng)})],
        }
        for _at in range(PARTNERS)
    ])
    env["account.move"].search([("state", "=", "posted")]).button_draft()
    env.flush_all()
    made = _documents(env, partners, items, rng)
    return user, _bank_lines(env, made, lines, rng)


def _documents(env, partners, count: int, rng: Random) -> list[tuple]:
    """Copy an invoice and a bill until there are so many open items; return (number, partner, signed amount)."""
    made = []
    for kind, sign in (("out_invoice", 1), ("in_invoice", -1)):
        template = env["account.move"].create({
            "move_type": kind, "partner_id": partners[0].id, "invoice_date": "2026-10-01", "ref": "X-1",
            "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100, "tax_ids": []})],
        })
        template.action_post()
        env.flush_all()
        for at in range(count // 2):
            partner, amount = partners[rng.randrange(PARTNERS)], Decimal(rng.randrange(1000, 5_000_000)) / 100
            number = f"RE/2026/{at:05d}" if sign > 0 else f"L{at:05d}-26"
            _copy(env, template, number, partner, amount)
            made.append((number, partner, sign * amount))
    env.invalidate_all()
    return made


def _copy(env, template, number: str, partner, amount: Decimal) -> None:
    sale = template.move_type == "out_invoice"
    values = {
        "name": number if sale else f"BILL/{number}", "ref": None if sale else number, "payment_reference": number,
        "partner_id": partner.id, "commercial_partner_id": partner.id, "amount_total": amount,
        "amount_residual": amount, "sequence_number": None,
    }
    move_id = _insert(env, "account_move", template.id, values)
    for item in template.line_ids:
        signed = amount if item.balance > 0 else -amount
        residual = signed if item.account_type in ("asset_receivable", "liability_payable") else 0
        _insert(env, "account_move_line", item.id, {
            "move_id": move_id, "move_name": values["name"], "partner_id": partner.id, "balance": signed,
            "amount_currency": signed, "debit": max(signed, 0), "credit": max(-signed, 0),
            "amount_residual": residual, "amount_residual_currency": residual,
        })


def _insert(env, table: str, source: int, values: dict) -> int:
    """Copy a row, with some values other; return its id."""
    columns = [
        name
        for name, column in odoo.tools.sql.table_columns(env.cr, table).items()
        if name != "id" and column["is_nullable"] is not None
    ]
    told = [SQL("%s", values[name]) if name in values else SQL.identifier(name) for name in columns]
    [[row_id]] = env.execute_query(SQL(
        "INSERT INTO %s (%s) SELECT %s FROM %s WHERE id = %s RETURNING id",
        SQL.identifier(table), SQL(", ").join(map(SQL.identifier, columns)), SQL(", ").join(told),
        SQL.identifier(table), source,
    ))
    return row_id


def _bank_lines(env, made: list[tuple], count: int, rng: Random):
    """Make bank lines: half with number and amount, some with the account only, some in part, some of nobody."""
    journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
    values = []
    for number, partner, open_amount in rng.sample(made, count):
        way, amount = rng.random(), open_amount
        iban = partner.bank_ids.acc_number
        if way < 0.5:
            told = {"payment_ref": f"{partner.name} - Rechnung {number}", "partner_name": partner.name}
        elif way < 0.7:
            told = {"payment_ref": f"{partner.name} - Danke", "account_number": iban, "partner_name": partner.name}
        elif way < 0.8:
            told = {"payment_ref": f"{partner.name} - Rate {number}", "account_number": iban,
                    "partner_name": partner.name}
            amount = (open_amount / 3).quantize(Decimal("0.01"))
        else:
            told = {"payment_ref": f"Stadtwerke - Abschlag {rng.randrange(10**6)}", "partner_name": "Stadtwerke"}
        values.append({"journal_id": journal.id, "date": "2026-11-02", "amount": float(amount), **told})
    lines = env["account.bank.statement.line"]
    for start in range(0, count, 200):
        lines |= lines.create(values[start : start + 200])
        env.flush_all()
    return lines


def _measure(env, user, lines) -> dict:
    env.flush_all()
    env.cr.execute("ANALYZE account_move_line")
    lines = lines.with_user(user)
    items = len(lines._qonto_open_items())
    _decide(env, lines[:1])  # rights and rules are read once a process
    few, _found, _seconds = _decide(env, lines[:FEW])
    many, _found, _seconds = _decide(env, lines[:MANY])
    queries, found, seconds = _decide(env, lines)
    certain = lines._qonto_without_rivals(found)
    chosen = lines.filtered(lambda line: line.id in certain)[:BOOKED]
    began = time.perf_counter()
    lines.env["account.bank.statement.line"]._qonto_book([
        line._qonto_booking_of(certain[line.id]) for line in chosen
    ])
    env.flush_all()
    return {
        "lines": len(lines), "items": items, "seconds": round(seconds, 2),
        "queries_few": few, "queries_many": many, "queries": queries, "proposed": sum(map(bool, found.values())),
        "certain": len(certain), "booked": len(chosen), "booking_seconds": round(time.perf_counter() - began, 2),
    }


def _decide(env, lines) -> tuple[int, dict, float]:
    """Return how many queries it took, the proposals, and the seconds."""
    env.flush_all()
    env.invalidate_all()
    before, began = env.cr.sql_log_count, time.perf_counter()
    found = lines._qonto_proposals()
    lines._qonto_without_rivals(found)
    return env.cr.sql_log_count - before, found, time.perf_counter() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
