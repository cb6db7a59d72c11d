"""One measured piece of work of the benchmark of files, in a process of its own; prints JSON.

    _file_work.py CONFIGURATION DATABASE BANK preview|ours|core SIZE
"""

import json
import resource
import sys
import time
from datetime import date, timedelta
from typing import Any

from feed_histories import Account, World
from system_world import Bank

import odoo.tools
from odoo.sql_db import Cursor

HEADER = (
    "Status;Settlement date (UTC);Settlement date (local);Total amount (incl. VAT);Balance;Currency;Account IBAN;"
    "Counterparty name;Transaction ID;Reference"
)
BATCH = 500


def _file(iban: str, size: int, first: int, last: date) -> bytes:
    """Write so many rows that end on a day, of 80 a day; the number of a row is in its text and its ID."""
    lines, balance = [HEADER], 0
    for number in range(first, first + size):
        day = last - timedelta(days=(first + size - number) // 80)
        cents = (number * 7919) % 90_000 - 45_000 or 1
        balance += cents
        at = f"{day:%d-%m-%Y} {8 + number % 10:02}:{number % 60:02}:{number % 47:02}"
        lines.append(
            f"Settled;{at};{at};{cents / 100:.2f};{balance / 100:.2f};EUR;{iban};Customer {number % 3000};"
            f"{_ref(number)};RE {number}"
        )
    return "\n".join(lines).encode()


def _ref(number: int) -> str:
    return f"0198-{number:012}"


def _receive(env: Any, account: Account, data: bytes) -> Any:
    own = env["qonto.account"].browse(account.id)
    return env["qonto.file.import"]._receive(own, "export.csv", data)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def preview(world: World, size: int) -> dict[str, Any]:
    """Parse and preview a file whose rows are half in the books, which have as many lines as the file has rows."""
    account = world.open_account(days=85)
    last = date.today() - timedelta(days=100)
    with world.visit() as env:
        iban = env["qonto.account"].browse(account.id).iban
        data = _file(iban, size, size // 2, last)
        _fill_books(env, account, size, last - timedelta(days=size // 2 // 80))
    # A first one, so that what is loaded once is loaded.
    with world.visit(commit=False) as env:
        _receive(env, account, _file(iban, 100, 10 * size, last))
    idle, queries = _peak(), 0
    real = Cursor.execute

    def execute(cursor: Cursor, *arguments: Any, **named: Any) -> Any:
        nonlocal queries
        queries += 1
        return real(cursor, *arguments, **named)

    Cursor.execute = execute
    try:
        with world.visit(commit=False) as env:
            began, worked = time.perf_counter(), time.process_time()
            record = _receive(env, account, data)
            record.screen_info()
            page = record.screen_rows("new", 0)
            seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - worked
            counts = {name: count for name, (count, _sum) in record.counts.items()}
            records = len(env.cache.get_records(env["qonto.transaction"], env["qonto.transaction"]._fields["amount"]))
    finally:
        Cursor.execute = real
    if len(page["rows"]) != 50:
        raise RuntimeError(f"The preview says {counts}.")
    return {
        "seconds": seconds, "cpu_seconds": cpu_seconds, "mb": _peak() - idle, "queries": queries, "counts": counts,
        "records": records,
    }


def _fill_books(env: Any, account: Account, size: int, last: date) -> None:
    """Let the feed know the rows of such a file: by plain SQL, for the core would take half an hour."""
    own = env["qonto.account"].browse(account.id)
    env.cr.execute(
        """
        INSERT INTO qonto_transaction (
               account_id, company_id, bank_ref, status, label, counterparty_name, reference, amount, local_amount,
               local_currency, settled_at, sort_at, booking_date, feed_state, file_only)
        SELECT %(account)s, %(company)s, '0198-' || LPAD(number::text, 12, '0'), 'completed',
               'Customer ' || number %% 3000, 'Customer ' || number %% 3000, 'RE ' || number, amount, amount, 'EUR',
               day, day, day, 'booked', FALSE
          FROM generate_series(0, %(size)s - 1) AS number,
               LATERAL (SELECT COALESCE(NULLIF(number::bigint * 7919 %% 90000 - 45000, 0), 1) / 100.0 AS amount,
                               %(last)s::date - (%(size)s - number) / 80 AS day) AS facts
        """,
        {"account": own.id, "company": own.company_id.id, "size": size, "last": last},
    )
    env.cr.execute("ANALYZE qonto_transaction")


def ours(world: World, size: int) -> dict[str, Any]:
    """Import new rows from the moment *Import* is pressed."""
    account = world.open_account(days=85)
    with world.visit() as env:
        record_id = _receive(
            env, account, _file(env["qonto.account"].browse(account.id).iban, size, 0, date.today() - timedelta(100))
        ).id
    steps = []
    began = time.perf_counter()
    with world.visit(2) as env:
        record = env["qonto.file.import"].browse(record_id)
        record.import_start()
    started = time.perf_counter() - began
    while True:
        with world.visit(2) as env:
            before = time.perf_counter()
            progress = env["qonto.file.import"].browse(record_id).import_step()
            steps.append(time.perf_counter() - before)
            if progress["state"] != "importing":
                break
    seconds = time.perf_counter() - began
    with world.visit() as env:
        made = env["account.bank.statement.line"].search_count([
            ("qonto_transaction_id.file_import_id", "=", record_id)
        ])
    return {
        "seconds": seconds, "start_seconds": started, "wrong": abs(made - size), "longest_step": max(steps),
    }


def core(world: World, size: int) -> dict[str, Any]:
    """Odoo's own create of the very same values, in batches with commits and the same context."""
    account = world.open_account(days=85)
    with world.visit() as env:
        own = env["qonto.account"].browse(account.id)
        own = own.with_context(allowed_company_ids=own.company_id.ids, tracking_disable=True)
        lines, cr = own.env["account.bank.statement.line"], own.env.cr
        record = _receive(own.env, account, _file(own.iban, size, 0, date.today() - timedelta(100)))
        blob = record._blob()
        rows = own.env["qonto.transaction"].browse()
        for number in range(-(-size // 200)):
            rows |= rows.create([record._transaction_values(details, set()) for details in blob.page(number)])
        values = [{**line, "qonto_transaction_id": False} for line in rows._line_values()]
        cr.commit()
        own.env.invalidate_all()
        began = time.perf_counter()
        for start in range(0, len(values), BATCH):
            lines.create(values[start:start + BATCH])
            lines.env.flush_all()
            cr.commit()
        return {"seconds": time.perf_counter() - began}


def main(configuration: str, database: str, bank: str, mode: str, size: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    work = {"preview": preview, "ours": ours, "core": core}[mode]
    print(json.dumps(work(World(database, Bank(bank), small=False), int(size))))


if __name__ == "__main__":
    main(*sys.argv[1:])
