"""One measured piece of work of the benchmark of the feed, in a process of its own; prints JSON.

    _feed_work.py CONFIGURATION DATABASE BANK ours|core|rival|accounts SIZE [ODOO'S OPTIONS]
"""

import json
import re
import resource
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from feed_histories import Account, World
from system_world import Bank

import odoo.tools
from odoo.sql_db import Cursor

LISTS = "/v2/transactions"
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
# The run itself, the time of the last sync, and the lease with it.
ALLOWED = {"qonto_sync_run", "qonto_account"}
BATCH = 500


def _calls(bank: Bank) -> list[str]:
    return [request["path"] for request in bank.ask("/requests")["requests"]]


def _account(world: World, size: int) -> Account:
    """Open an account whose bank has booked so many transactions in the last 80 days."""
    account = world.open_account(days=85)
    world.bank.ask("/transactions/generate", {"account_id": account.ref, "count": size, "days": 80})
    world.bank.ask("/requests", method="DELETE")
    return account


class Clock:
    """Measures wall time and this process's processor time."""

    def __init__(self) -> None:
        self._began, self._worked = time.perf_counter(), time.process_time()

    def stop(self) -> dict[str, float]:
        return {
            "seconds": time.perf_counter() - self._began, "processor_seconds": time.process_time() - self._worked,
        }


class Watch:
    """Counts the queries between two questions to the bank, and notes what is written."""

    def __init__(self) -> None:
        self.pages: list[int] = []
        self.written: list[str] = []

    def __enter__(self) -> "Watch":
        from odoo.addons.qonto_psd2_sync.models.qonto_account_fetch import QontoAccount

        self._execute, self._take = Cursor.execute, QontoAccount._take_page
        counted = 0

        def execute(cursor: Cursor, query: Any, *arguments: Any, **named: Any) -> Any:
            nonlocal counted
            counted += 1
            text = query.code if hasattr(query, "code") else str(query)
            if (found := WRITES.match(text)) and found[1] not in ALLOWED:
                self.written.append(found[1])
            return self._execute(cursor, query, *arguments, **named)

        def take(account: Any, *arguments: Any) -> Any:
            before = counted
            result = self._take(account, *arguments)
            self.pages.append(counted - before)
            return result

        Cursor.execute, QontoAccount._take_page = execute, take
        self._model = QontoAccount
        return self

    def __exit__(self, *_error: object) -> None:
        Cursor.execute, self._model._take_page = self._execute, self._take


def ours(world: World, size: int) -> dict[str, Any]:
    """Import, then sync with nothing new, then import the same again."""
    account = _account(world, size)
    clock = Clock()
    account.sync()
    measured: dict[str, Any] = clock.stop()
    measured["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured["list_calls"] = _calls(world.bank).count(LISTS)
    truth = account.truth()
    with world.visit() as env:
        journal = env["qonto.account"].browse(account.id).journal_id
        lines = env["account.bank.statement.line"].search_fetch([("journal_id", "=", journal.id)])
        there = [(line.qonto_bank_ref, str(line.date), round(line.amount * 100)) for line in lines]
    stated = {(row["id"], row["local_date"], row["amount_cents"]) for row in truth.values()}
    measured["wrong"] = len(set(there) ^ stated) + len(there) - len(set(there))
    world.bank.ask("/requests", method="DELETE")
    with Watch() as watch:
        account.sync()
    measured["hourly_calls"] = len(_calls(world.bank))
    measured["hourly_writes"] = len(watch.written)
    with world.visit() as env:
        env.cr.execute("UPDATE qonto_account SET watermark = NULL WHERE id = %s", [account.id])
    with Watch() as watch:
        account.sync()
    third = max(len(watch.pages) // 3, 1)
    measured["again_queries"] = round(sum(watch.pages[-third:]) / max(sum(watch.pages[:third]), 1), 3)
    with world.visit() as env:
        measured["again_new"] = env["qonto.sync.run"].search(
            [("account_id", "=", account.id)], order="id desc", limit=1
        ).new
    return measured


def core(world: World, size: int) -> dict[str, Any]:
    """Odoo's own create of the very same values, in batches with commits and the same context."""
    account = _account(world, size)
    with world.visit() as env:
        own = env["qonto.account"].browse(account.id)
        own = own.with_context(allowed_company_ids=own.company_id.ids, tracking_disable=True)
        run = own._open_run("manual")
        own._take_lease("bench")
        own._fetch(run, "bench", None)
        rows = own.env["qonto.transaction"].search([("account_id", "=", own.id)], order="settled_at, id")
        values = [{**line, "qonto_transaction_id": False} for line in rows._line_values()]
        own.env.cr.commit()
        own.env.invalidate_all()
        clock = Clock()
        for start in range(0, len(values), BATCH):
            own.env["account.bank.statement.line"].create(values[start:start + BATCH])
            own.env.flush_all()
            own.env.cr.commit()
        return clock.stop()


def rival(world: World, size: int) -> dict[str, Any]:
    """OCA's import of the same data, one transaction."""
    from odoo.addons.account_statement_import_online_qonto.models import online_bank_statement_provider_qonto as module

    account = _account(world, size)
    module.QONTO_ENDPOINT = world.bank.address + "/v2"
    world.bank.ask("/policy", {"accept_current_page": True})
    facts = world.bank.ask("/state")["api_key"]
    login, secret = facts.split(":") if isinstance(facts, str) else (facts["login"], facts["secret"])
    with world.visit() as env:
        journal = env["qonto.account"].browse(account.id).journal_id
        journal.set_bank_account(env["qonto.account"].browse(account.id).iban)
        journal.bank_statements_source = "online"
        provider = env["online.bank.statement.provider"].create({
            "name": "Rival", "service": "qonto", "journal_id": journal.id, "company_id": journal.company_id.id,
            "username": login, "password": secret, "tz": "Europe/Berlin",
        })
        env.cr.commit()
        clock = Clock()
        now = datetime.now()
        provider.with_context(scheduled=True)._pull(now - timedelta(days=81), now + timedelta(days=1))
        env.flush_all()
        env.cr.commit()
        measured = clock.stop()
        made = env["account.bank.statement.line"].search_count([("journal_id", "=", journal.id)])
        if made != size:
            raise RuntimeError(f"The rival made {made} lines of {size}.")
    return measured


def accounts(world: World, size: int) -> dict[str, Any]:
    """Open so many accounts with three transactions each; nothing is synced yet."""
    for _number in range(size):
        account = world.open_account()
        for cents in (1000, -250, 333):
            account.add(cents, 1)
    return {}


def main(configuration: str, database: str, bank: str, mode: str, size: str, *options: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical", *options])
    work = {"ours": ours, "core": core, "rival": rival, "accounts": accounts}[mode]
    print(json.dumps(work(World(database, Bank(bank), small=False), int(size))))


if __name__ == "__main__":
    main(*sys.argv[1:])
