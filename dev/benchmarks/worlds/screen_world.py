"""Fill a company's books with open items and bank lines, and print how long *Bank matching* takes (JSON).

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
        env = env(user=env.ref("base.user_admin"))
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
    """Make open invoices, and bank lines of which every second one names its invoice."""
    rng = random.Random(20261122)
    company = env.ref("base.main_company")
    journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
    sales = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
    partners = env["res.partner"].create([{"name": f"Customer {number:04}"} for number in range(PARTNERS)])
    receivable = partners[0].property_account_receivable_id
    income = env["account.account"].search([("account_type", "=", "income")], limit=1)
    amounts = [rng.randint(1_000, 500_000) / 100 for _item in range(ITEMS)]
    template = env["account.move"].create({
        "journal_id": sales.id, "date": DAY, "ref": "RE-2026-00000",
        "line_ids": [
            (0, 0, {"account_id": receivable.id, "partner_id": partners[0].id, "debit": amounts[0]}),
            (0, 0, {"account_id": income.id, "credit": amounts[0]}),
        ],
    })
    template.action_post()
    env.flush_all()
    multiply(env.cr, template.id, partners.ids, amounts)
    env.invalidate_all()
    for start in range(0, LINES, 250):
        env["account.bank.statement.line"].create([
            {
                "journal_id": journal.id, "date": DAY + timedelta(days=number % 60), "amount": amounts[number * 9],
                "payment_ref": f"Customer - {f'RE-2026-{number * 9:05}' if number % 2 else 'Danke'}",
            }
            for number in range(start, start + 250)
        ])
        env.cr.commit()
    return {"open_items": ITEMS, "lines": LINES}


def multiply(cursor, template: int, partners: list[int], amounts: list[float]) -> None:
    """Copy a posted entry of two items in the database itself: the ORM would take minutes for ten thousand."""
    cursor.execute("CREATE TEMP TABLE facts (number int, amount numeric, partner int)")
    cursor.execute(
        "INSERT INTO facts SELECT * FROM unnest(%s, %s::numeric[], %s)",
        (list(range(1, ITEMS)), amounts[1:], [partners[number % PARTNERS] for number in range(1, ITEMS)]),
    )
    cursor.execute("CREATE TEMP TABLE made (number int, id int)")

    def columns(table: str, changed: dict[str, str]) -> tuple[str, str]:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'"
            " AND is_generated = 'NEVER'", (table,),
        )
        names = [name for (name,) in cursor.fetchall()]
        return ", ".join(f'"{name}"' for name in names), ", ".join(changed.get(name, f't."{name}"') for name in names)

    names, values = columns("account_move", {
        "ref": "'RE-2026-' || lpad(f.number::text, 5, '0')", "name": "'CLONE/' || f.number",
        "sequence_prefix": "'CLONE/'", "sequence_number": "f.number",
        "date": "t.date - (f.number % 90)", "partner_id": "f.partner", "amount_total": "f.amount",
    })
    cursor.execute(f"""
        WITH copied AS (
            INSERT INTO account_move ({names}) SELECT {values} FROM account_move t, facts f WHERE t.id = {template}
            RETURNING id, sequence_number
        ) INSERT INTO made SELECT sequence_number, id FROM copied
    """)  # noqa: S608 - names of columns, from the database itself
    sign = "sign(t.balance)"
    names, values = columns("account_move_line", {
        "move_id": "m.id", "move_name": "'CLONE/' || f.number", "partner_id": "f.partner",
        "date": "t.date - (f.number % 90)", "debit": "CASE WHEN t.debit > 0 THEN f.amount ELSE 0 END",
        "credit": "CASE WHEN t.credit > 0 THEN f.amount ELSE 0 END",
        "balance": f"{sign} * f.amount", "amount_currency": f"{sign} * f.amount",
        **{name: f"CASE WHEN t.{name} <> 0 THEN {sign} * f.amount ELSE 0 END"
           for name in ("amount_residual", "amount_residual_currency")},
    })
    cursor.execute(f"""
        INSERT INTO account_move_line ({names}) SELECT {values}
        FROM account_move_line t, made m JOIN facts f USING (number) WHERE t.move_id = {template}
    """)  # noqa: S608 - names of columns, from the database itself


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
