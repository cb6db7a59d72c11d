"""Fill a company's books with open items and bank lines, call what *Bank matching* calls, print how long it took (JSON).

    screen_world.py CONFIGURATION DATABASE
"""

import json
import random
import sys
import time
from datetime import date, timedelta

import odoo.tools
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

PARTNERS, ITEMS, LINES = 400, 10_000, 1_000
PAGES, ACCEPTED = 40, 40
DAY = date(2026, 6, 30)


def main(configuration: str, database: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=error"])
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        facts = fill(env)
        cursor.commit()
        cursor.execute("ANALYZE")
        screen = env["qonto.matching"]
        facts["first_page_p95"] = p95(lambda _number: screen.load(), PAGES, env)
        rows = [row for row in screen.load()["rows"] if row["certain"]]
        rows += [row for row in screen.load(known=[row["id"] for row in rows])["rows"] if row["certain"]]
        facts["certain_on_two_pages"] = len(rows)

        def accept(number: int) -> None:
            best = rows[number]["proposals"][0]
            screen.accept(rows[number]["id"], best["item_ids"], best["expected"])
            cursor.commit()

        facts["accept_p95"] = p95(accept, min(ACCEPTED, len(rows)), env)
        began = time.monotonic()
        lines = env["account.bank.statement.line"].search([("is_reconciled", "=", False)], limit=LINES)
        certain = lines._qonto_without_rivals(lines._qonto_proposals())
        facts["decide_1000_lines_s"] = round(time.monotonic() - began, 2)
        facts["decided_certain"] = len(certain)
    print(json.dumps(facts))


def fill(env: api.Environment) -> dict[str, int]:
    """Make open invoices and bank lines straight in the tables' own way, by the ORM and in batches."""
    rng = random.Random(20261122)
    company = env.ref("base.main_company")
    journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
    sales = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
    partners = env["res.partner"].create([{"name": f"Customer {number:04}"} for number in range(PARTNERS)])
    receivable = partners[0].property_account_receivable_id
    income = env["account.account"].search([("account_type", "=", "income")], limit=1)
    amounts = [rng.randint(1_000, 500_000) / 100 for _item in range(ITEMS)]
    # One entry with a hundred receivable items is as good as a hundred invoices here: what is measured is open items.
    for start in range(0, ITEMS, 500):
        moves = env["account.move"].create([
            {
                "journal_id": sales.id, "date": DAY - timedelta(days=number % 90), "ref": f"RE-2026-{number:05}",
                "line_ids": [
                    (0, 0, {"account_id": receivable.id, "partner_id": partners[number % PARTNERS].id,
                            "debit": amounts[number]}),
                    (0, 0, {"account_id": income.id, "credit": amounts[number]}),
                ],
            }
            for number in range(start, start + 500)
        ])
        moves.action_post()
        env.cr.commit()
    for start in range(0, LINES, 250):
        env["account.bank.statement.line"].create([
            {
                "journal_id": journal.id, "date": DAY + timedelta(days=number % 60), "amount": amounts[number * 9],
                "payment_ref": f"Customer - {'RE-2026-%05d' % (number * 9) if number % 2 else 'Danke'}",
            }
            for number in range(start, start + 250)
        ])
        env.cr.commit()
    return {"open_items": ITEMS, "lines": LINES}


def p95(act, times: int, env: api.Environment) -> float:
    """Return the 95th percentile in milliseconds of doing something several times, each with an empty cache."""
    took = []
    for number in range(times):
        env.invalidate_all()
        began = time.perf_counter()
        act(number)
        env.flush_all()
        took.append((time.perf_counter() - began) * 1000)
    return round(sorted(took)[max(0, -(-len(took) * 95 // 100) - 1)], 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
