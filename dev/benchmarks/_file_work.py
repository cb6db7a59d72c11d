"""One measured piece of work of the benchmark of files, in a process of its own; prints JSON.

    _file_work.py CONFIGURATION DATABASE BANK csv|xlsx|imports SIZE
"""

import io
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any

import openpyxl
from feed_histories import Account, World
from system_world import Bank

import odoo.tools
from odoo import SUPERUSER_ID, api
from odoo.sql_db import Cursor

HEADER = (
    "Status;Settlement date (UTC);Settlement date (local);Total amount (incl. VAT);Balance;Currency;Account IBAN;"
    "Counterparty name;Transaction ID;Reference"
)
# The core's batches; after how many rows it is the other's turn; as many rows as a page of the preview has.
BATCH, ROUND, CHUNK = 500, 1000, 200
LAST = date.today() - timedelta(days=100)


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


def _spreadsheet(*facts: Any) -> bytes:
    """Make a spreadsheet of the rows of such a file, amounts being numbers."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for number, line in enumerate(_file(*facts).decode().splitlines()):
        cells = line.split(";")
        sheet.append(cells if not number else [*cells[:3], float(cells[3]), float(cells[4]), *cells[5:]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def preview(world: World, size: int, make: Callable[..., bytes]) -> dict[str, Any]:
    """Parse and preview a file whose rows are half in the books, which have as many lines as the file has rows."""
    account = world.open_account(days=85)
    with world.visit() as env:
        iban = env["qonto.account"].browse(account.id).iban
        # Made in another process: what making it needs is not in this one's memory.
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as other:
            data = other.submit(make, iban, size, size // 2, LAST).result()
        _fill_books(env, account, size, LAST - timedelta(days=size // 2 // 80))
    # A first one, so that what is loaded once is loaded.
    with world.visit(commit=False) as env:
        _receive(env, account, make(iban, 100, 10 * size, LAST))
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


def imports(world: World, size: int) -> dict[str, Any]:
    """Import new rows from the moment *Import* is pressed; in turn, Odoo's own create of the very same values.

    What else the machine does so falls on both alike.
    """
    ours, core = _Import(world, size), _Core(world, size)
    rounds = []
    with Clock() as start:
        ours.start()
    while ours.done < size:
        before = ours.done
        with Clock() as mine:
            while ours.done < min(before + ROUND, size):
                ours.step()
        with Clock() as theirs:
            core.create(before, ours.done)
        rounds.append((ours.done - before, mine, theirs))
    core.close()
    return {
        "rounds": len(rounds),
        "start_seconds": start.seconds,
        "ours": statistics.median(mine.seconds / rows for rows, mine, _theirs in rounds) + start.seconds / size,
        "core": statistics.median(theirs.seconds / rows for rows, _mine, theirs in rounds),
        "ours_processor": (start.processor + sum(mine.processor for _rows, mine, _theirs in rounds)) / size,
        "core_processor": sum(theirs.processor for _rows, _mine, theirs in rounds) / size,
        "wrong": ours.wrong(), "longest_step": ours.longest_step,
    }


class Clock:
    """Measures a block: its time, and how much of it this process had a processor."""

    def __enter__(self) -> "Clock":
        self._began, self._worked = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = time.perf_counter() - self._began
        self.processor = time.process_time() - self._worked


class _Import:
    """A file that is imported as the web client does, step by step."""

    def __init__(self, world: World, size: int) -> None:
        account = world.open_account(days=85)
        self._world, self._size, self.done, self.longest_step = world, size, 0, 0.0
        with world.visit() as env:
            iban = env["qonto.account"].browse(account.id).iban
            self._id = _receive(env, account, _file(iban, size, 0, LAST)).id

    def start(self) -> None:
        with self._world.visit(2) as env:
            env["qonto.file.import"].browse(self._id).import_start()

    def step(self) -> None:
        with Clock() as clock, self._world.visit(2) as env:
            progress = env["qonto.file.import"].browse(self._id).import_step()
        self.longest_step = max(self.longest_step, clock.seconds)
        self.done = progress["position"]
        if (progress["state"] == "done") != (self.done == self._size):
            raise RuntimeError(f"The import says {progress}.")

    def wrong(self) -> int:
        with self._world.visit() as env:
            made = env["account.bank.statement.line"].search_count([
                ("qonto_transaction_id.file_import_id", "=", self._id)
            ])
        return abs(made - self._size)


class _Core:
    """Odoo's own create of the values that an import of such a file gives, in batches with commits, same context."""

    def __init__(self, world: World, size: int) -> None:
        account = world.open_account(days=85)
        with world.visit() as env:
            own = env["qonto.account"].browse(account.id)
            record = _receive(env, account, _file(own.iban, size, 0, LAST))
            blob = record._blob()
            rows = env["qonto.transaction"].browse()
            for number in range(-(-size // CHUNK)):
                rows |= rows.create([record._transaction_values(details, set()) for details in blob.page(number)])
            self._values = [{**line, "qonto_transaction_id": False} for line in rows._line_values()]
            context = {"allowed_company_ids": own.company_id.ids, "tracking_disable": True}
        self._cursor = world.registry.cursor()
        self._lines = api.Environment(self._cursor, SUPERUSER_ID, context)["account.bank.statement.line"]

    def create(self, first: int, end: int) -> None:
        for start in range(first, end, BATCH):
            self._lines.create(self._values[start:min(start + BATCH, end)])
            self._lines.env.flush_all()
            self._cursor.commit()
            self._lines.env.invalidate_all(flush=False)

    def close(self) -> None:
        self._cursor.close()


def main(configuration: str, database: str, bank: str, mode: str, size: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    work = {"csv": partial(preview, make=_file), "xlsx": partial(preview, make=_spreadsheet), "imports": imports}[mode]
    print(json.dumps(work(World(database, Bank(bank), small=False), int(size))))


if __name__ == "__main__":
    main(*sys.argv[1:])
