"""The bank feed: 10,000 transactions against Odoo's own create and OCA's import; nothing new; 200 accounts at once."""

import os
import statistics
import time
from pathlib import Path
from typing import Any

from _place import place
from system_world import Bank, number, query, wait_until

from devtools import oca, say, systems
from devtools.benchmarks import Figure, Results, at_least, at_most, exactly

WORK = Path(__file__).with_name("_feed_work.py")
# QONTO_BENCH_SIZE makes it smaller: to try the benchmark itself, not for a verdict.
SIZE = int(os.environ.get("QONTO_BENCH_SIZE", "10000"))
ACCOUNTS = int(os.environ.get("QONTO_BENCH_ACCOUNTS", "200"))
ROUNDS = 3
CRON_WORKERS = (1, 2, 4)

FIGURES = [
    Figure("lines_per_second", "1/s", at_least(1)),
    Figure("against_core_create", "×", at_least(0.9)),
    Figure("against_oca", "×", at_least(2)),
    Figure("wrong_lines", "lines", exactly(0)),
    Figure("list_calls", "calls", at_most(-(-(SIZE - 1) // 99))),
    Figure("memory_against_a_tenth", "×", at_most(1.2)),
    Figure("calls_with_nothing_new", "calls", at_most(2)),
    Figure("writes_with_nothing_new", "rows", exactly(0)),
    Figure("new_in_a_second_import", "transactions", exactly(0)),
    Figure("queries_of_late_pages_against_early", "×", at_most(1.1)),
    *(Figure(f"wrong_accounts_{workers}_cron", "accounts", exactly(0)) for workers in CRON_WORKERS),
    *(Figure(f"longest_wait_{workers}_cron", "× median", at_most(3)) for workers in CRON_WORKERS),
]


def measure(results: Results) -> None:
    """Measure everything; OCA's and the core's rates on the same data as ours."""
    ours, core = [], []
    for turn in range(ROUNDS):
        say.step(f"Round {turn + 1} of {ROUNDS}: our import, then the core's create of the same values")
        ours.append(_work("ours", SIZE))
        core.append(_work("core", SIZE))
    rate = statistics.median(SIZE / run["seconds"] for run in ours)
    # A noisy machine is slower in one round than in the next: what is compared was measured in the same round.
    compared = statistics.median(theirs["seconds"] / own["seconds"] for own, theirs in zip(ours, core, strict=True))
    results.details["rounds"] = [
        {whose: {name: round(run[name], 1) for name in ("seconds", "processor_seconds")} for whose, run in pair.items()}
        for pair in ({"ours": own, "core": theirs} for own, theirs in zip(ours, core, strict=True))
    ]
    say.step(f"Ours {rate:.1f} lines a second, {compared:.3f} × the core: {results.details['rounds']}")
    results.record("lines_per_second", round(rate, 1))
    results.record("against_core_create", round(compared, 3))
    results.record("wrong_lines", max(run["wrong"] for run in ours))
    results.record("list_calls", max(run["list_calls"] for run in ours))
    results.record("memory_against_a_tenth", round(ours[0]["peak_mb"] / _work("ours", SIZE // 10)["peak_mb"], 3))
    results.record("calls_with_nothing_new", max(run["hourly_calls"] for run in ours))
    results.record("writes_with_nothing_new", max(run["hourly_writes"] for run in ours))
    results.record("new_in_a_second_import", max(run["again_new"] for run in ours))
    results.record("queries_of_late_pages_against_early", max(run["again_queries"] for run in ours))
    say.step("OCA's account_statement_import_online_qonto, one transaction as its scheduled action runs it")
    rival = _work("rival", SIZE)
    results.details["oca"] = {name: round(rival[name], 1) for name in ("seconds", "processor_seconds")}
    results.record("against_oca", round(rate / (SIZE / rival["seconds"]), 2))
    for workers in CRON_WORKERS:
        _many_accounts(workers, results)


def _work(mode: str, size: int) -> dict[str, Any]:
    """Do one import in a process, a database and at a bank of its own, and return what it measured."""
    with place() as own:
        options = ["--addons-path", _with_oca(own.database)] if mode == "rival" else []
        return own.work(WORK, mode, size, *options)


def _with_oca(database: str) -> str:
    """Install OCA's addon in a database, and return the addons path that has it."""
    here = Path(systems.databases().configuration).read_text()
    known = next(line.partition("=")[2].strip() for line in here.splitlines() if line.startswith("addons_path"))
    addons_path = f"{known},{oca.addons()}"
    systems.run_odoo(
        database, "--addons-path", addons_path, "-i", "account_statement_import_online_qonto", "--stop-after-init"
    )
    return addons_path


def _many_accounts(workers: int, results: Results) -> None:
    """All accounts are due at once; two workers for people, so many for scheduled actions."""
    say.step(f"{ACCOUNTS} accounts due at once, {workers} cron workers")
    with place() as own:
        database = own.database
        own.work(WORK, "accounts", ACCOUNTS)
        query(database, "UPDATE qonto_account SET next_sync_at = now() AT TIME ZONE 'UTC' - interval '1 second'")
        query(database, "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE cron_name LIKE 'Qonto: sync%'")
        with systems.odoo_server(
            database, "--workers=2", f"--max-cron-threads={workers}", environment=Bank(own.address).environment
        ):
            started = time.time()
            query("postgres", f"NOTIFY cron_trigger, '{database}'")
            wait_until(
                lambda: number(database, "SELECT count(*) FROM qonto_account WHERE last_sync_at IS NULL") == 0,
                seconds=1800, what="all accounts are synced",
            )
        ended = query(database, "SELECT max(extract(epoch FROM ended_at)) FROM qonto_sync_run GROUP BY account_id")
        waits = [float(row) - started for row in ended]
        wrong = number(database, """
            SELECT count(*) FROM (
                SELECT account.id FROM qonto_account account
                  LEFT JOIN qonto_sync_run run ON run.account_id = account.id AND run.state = 'done'
                  LEFT JOIN qonto_transaction row ON row.account_id = account.id AND row.feed_state = 'booked'
              GROUP BY account.id
                HAVING count(DISTINCT run.id) != 1 OR count(DISTINCT row.id) != 3
            ) AS wrong
        """)
    results.record(f"wrong_accounts_{workers}_cron", wrong + ACCOUNTS - len(waits))
    results.record(f"longest_wait_{workers}_cron", round(max(waits) / max(statistics.median(waits), 0.5), 2))
