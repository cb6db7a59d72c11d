"""Live through histories of a bank account, and let the feed die at every commit; print what was run (JSON).

    feed_histories.py CONFIGURATION DATABASE BANK histories NUMBER
    feed_histories.py CONFIGURATION DATABASE BANK matrix singles|pairs

Each history is played at a bank account of its own. What the bank says at the end is the oracle: every booked
transaction is one bank line, on the bank's day, to the cent, and nothing else is; the ledger is the bank's balance.
"""

import itertools
import json
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from system_world import Bank

import odoo.tools
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

ADMIN = 2
DAYS = 20
UNAVAILABLE = {"status": 503, "retry_after": 0}
FIX_IN_TIME = {"database": None, "deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


class Killed(BaseException):
    """The worker's process is gone at this instant."""


class World:
    """One database, one bank, and a consent that covers every account that is opened."""

    def __init__(self, database: str, bank: Bank, *, small: bool = True, purpose: str = "read") -> None:
        """Give the consent.

        :param small: small pages and batches: few rows make many commits
        :param purpose: what the consent is for: `read` or `pay`
        """
        self.registry = Registry(database)
        self.bank = bank
        self.numbers = itertools.count(1)
        self.purpose = purpose
        from odoo.addons.qonto_psd2_sync.models import qonto_account_fetch, qonto_account_sync

        if small:
            qonto_account_fetch.PAGE_SIZE, qonto_account_sync.BOOK_BATCH = 5, 4
        self.consent = self._give_consent()

    @contextmanager
    def visit(self, uid: int = SUPERUSER_ID, commit: bool = True):
        """Do something on a connection of one's own."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, uid, {"tracking_disable": True})
            if not commit:
                cr.rollback()

    def _give_consent(self) -> int:
        with self.visit(ADMIN) as env:
            env["ir.config_parameter"].sudo().set_param("web.base.url", "http://127.0.0.1:8069")
            callback = "http://127.0.0.1:8069/qonto_psd2_sync/oauth/callback"
            client = self.bank.ask("/clients", {"redirect_uris": [callback]})["client"]
            # The bank's clock runs ahead of Odoo's, so each sync meets a token that has expired: thousands of 401s in
            # an hour, after 200 of which the bank would answer nothing else than 429.
            self.bank.ask("/policy", {"auto_consent": "allow", "unauthorized_per_hour": 10**6})
            env["qonto.application"].create({
                "environment": "own", "client_id": client["client_id"], "client_secret": client["client_secret"],
            })
            env.cr.commit()
            wizard = env["qonto.connect"].create({"agreed": True, "purpose": self.purpose})
            with patch.object(type(wizard), "_remember_round_trip", autospec=True) as remember:
                address = wizard.action_continue()["url"]
            _wizard, consent, nonce = remember.call_args.args
            env.cr.commit()
            query = _redirect_of(address)
            outcome = env["qonto.consent"]._receive_callback(query, {str(consent.id): nonce})
            assert outcome.ok, outcome
            return consent.id

    def open_account(self, days: int = DAYS) -> "Account":
        """Open an account at the bank, and connect it."""
        number = next(self.numbers)
        facts = self.bank.ask("/accounts", {"name": f"Account {number}"})["account"]
        with self.visit() as env:
            company = env.ref("base.main_company")
            journal = env["account.journal"].create({
                "name": f"Bank {number}", "code": f"B{number}", "type": "bank", "company_id": company.id,
                "bank_statements_source": "qonto",
            })
            account = env["qonto.account"].create({
                "name": facts["name"], "company_id": company.id, "environment": "own", "bank_ref": facts["id"],
                "iban": facts["iban"], "journal_id": journal.id, "currency_id": company.currency_id.id,
                "tz": "Europe/Berlin", "start_date": datetime.now().date() - timedelta(days=days),
                "responsible_id": ADMIN, "consent_ids": [(4, self.consent)],
            })
            return Account(self, facts["id"], account.id)


def _redirect_of(address: str) -> dict[str, str]:
    """Follow the browser to the bank, which decides by its policy, and return the query it comes back with."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().getheader("Location")
    connection.close()
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


class Account:
    """One account: what happens at the bank, and what the feed does."""

    def __init__(self, world: World, ref: str, own_id: int) -> None:
        self.world, self.bank, self.ref, self.id = world, world.bank, ref, own_id
        self.rows: list[str] = []

    # === AT THE BANK === #

    def now(self) -> datetime:
        return datetime.fromisoformat(self.bank.ask("/state")["now"])

    def add(self, cents: int, days: float = 0, *, late: float | None = None, **values) -> None:
        """Book something `days` ago; `late`: the bank gives it a time of change that many days back."""
        now = self.now()
        settled = (now - timedelta(days=days)).isoformat()
        if values.get("status", "completed") == "completed":
            values.setdefault("settled_at", settled)
        row = self.bank.ask("/transactions", {
            "account_id": self.ref, "side": "credit" if cents > 0 else "debit", "amount_cents": abs(cents),
            "label": "Somebody", "emitted_at": values.get("settled_at", settled),
            **({"updated_at": (now - timedelta(days=late)).isoformat()} if late else {}), **values,
        })["transaction"]
        self.rows.append(row["id"])

    def truth(self) -> dict[str, dict]:
        account = next(each for each in self.bank.ask(f"/truth?account_id={self.ref}")["accounts"])
        self.balance = account["balance_cents"]
        return {row["id"]: row for row in account["transactions"]}

    def pick(self, number: int, *states: str) -> dict | None:
        rows = [row for row in self.truth().values() if row["status"] in states]
        return rows[number % len(rows)] if rows else None

    def edit(self, row: dict | None, **values) -> None:
        if row:
            self.bank.ask(f"/transactions/{row['id']}", values, "PATCH")

    def twin(self, row: dict | None) -> None:
        if row:
            self.add(row["amount_cents"], settled_at=row["settled_at"], label=row["label"])

    def reissue(self, row: dict | None) -> None:
        if row:
            self.bank.ask(f"/transactions/{row['id']}", method="DELETE")
            self.add(row["amount_cents"], settled_at=row["settled_at"], label="Under a new ID")

    # === THE FEED === #

    def sync(self, *, kill: tuple[int, bool] | None = None, steps: int = 0) -> int:
        """Sync to the end, or until the worker dies; return how many commits there were.

        :param kill: the number of the commit at which it dies, and whether that one still takes place
        :param steps: stop after so many steps, as when a browser is closed
        """
        commits = 0
        with self.world.registry.cursor() as cr:
            real = cr.commit

            def commit() -> None:
                nonlocal commits
                commits += 1
                if kill and commits == kill[0] and not kill[1]:
                    raise Killed
                real()
                if kill and commits == kill[0]:
                    raise Killed

            cr.commit = commit
            env = api.Environment(cr, SUPERUSER_ID, {})
            account = env["qonto.account"].browse(self.id)
            try:
                for number in range(200):
                    run = account._open_run("manual")
                    account._work_on(run, 0.0 if steps else None)
                    if run.state != "running" or number + 1 == steps:
                        break
            except Killed:
                cr.rollback()
            finally:
                del cr.commit
        self._let_the_lease_run_out()
        return commits

    def _let_the_lease_run_out(self) -> None:
        with self.world.visit() as env:
            env.cr.execute("UPDATE qonto_account SET lease_until = NULL, lease_owner = NULL WHERE id = %s", [self.id])

    def let_a_day_go_by(self) -> None:
        """As far as the feed can see: its last look back of ten days is a day old."""
        self.bank.ask("/clock", {"advance_seconds": 3600})
        with self.world.visit() as env:
            env.cr.execute(
                "UPDATE qonto_account SET deep_sync_at = deep_sync_at - interval '25 hours' WHERE id = %s", [self.id]
            )

    def fail(self, kind: str, skip: int, **values) -> None:
        """Sync while the bank answers wrong."""
        self.bank.ask("/faults", {"path_prefix": "/v2/", "kind": kind, "skip": skip, "times": 4, **values})
        self.sync()
        self.bank.ask("/faults", method="DELETE")

    def sync_meanwhile(self, skip: int, number: int) -> None:
        """Rows move between two pages of a sync."""
        rows = [{"edit": row["id"], "note": f"moved {number}"} for row in self.truth().values()][number % 3::3]
        self.bank.ask("/faults", {"path_prefix": "/v2/transactions", "kind": "meanwhile", "skip": skip, "body": rows})
        self.sync()
        self.bank.ask("/faults", method="DELETE")

    def decide(self) -> None:
        """What a person says about IDs that the bank gave anew: it is the same."""
        with self.world.visit(ADMIN) as env:
            doubtful = env["qonto.transaction"].search([
                ("account_id", "=", self.id), ("feed_state", "=", "doubtful")
            ])
            assert set(doubtful.mapped("doubt_kind")) <= {"reissued"}, doubtful.mapped("doubt_kind")
            doubtful.action_same()

    def wrongs(self) -> list[str]:
        """Return in what bank and books differ, once the feed has come to rest."""
        self.sync()
        self.let_a_day_go_by()
        self.sync()
        self.decide()
        self.sync()
        truth = self.truth()
        with self.world.visit() as env:
            account = env["qonto.account"].browse(self.id)
            booked = {
                (row["id"], row["local_date"], row["amount_cents"])
                for row in truth.values() if row["status"] == "completed"
            }
            lines = env["account.bank.statement.line"].search([("journal_id", "=", account.journal_id.id)])
            there = [(line.qonto_bank_ref, str(line.date), round(line.amount * 100)) for line in lines]
            wrong = [f"missing {row}" for row in booked - set(there)] + [f"extra {row}" for row in set(there) - booked]
            wrong += [f"twice {row}" for row in set(there) if there.count(row) > 1]
            if round(account.ledger_balance * 100) != self.balance:
                wrong.append(f"ledger {account.ledger_balance}, bank {self.balance}")
            if account.chain_words:
                wrong.append(account.chain_words)
            if account.failure:
                wrong.append(account.failure)
            if env["qonto.sync.run"].search_count([("account_id", "=", self.id), ("state", "=", "running")]):
                wrong.append("a run has not ended")
        return wrong


# === HISTORIES === #

CENTS = st.sampled_from([1000, -1000, 2500, -333])  # few amounts: many twins
NUMBER = st.integers(0, 30)
EVENTS = st.one_of(
    st.tuples(st.just("add"), CENTS, st.integers(0, 6)),
    st.tuples(st.just("late"), CENTS, st.integers(1, 6), st.floats(0.01, 6)),
    st.tuples(st.just("pending"), CENTS),
    st.tuples(st.just("complete"), NUMBER, CENTS),
    st.tuples(st.just("decline"), NUMBER),
    st.tuples(st.just("edit"), NUMBER),
    st.tuples(st.just("twin"), NUMBER),
    st.tuples(st.just("reissue"), NUMBER),
    st.tuples(st.just("sync")),
    st.tuples(st.just("steps"), st.integers(1, 3)),
    st.tuples(st.just("kill"), st.integers(1, 12), st.booleans()),
    st.tuples(st.just("fault"), st.sampled_from(["garbage", "truncate", "drop", "html", "status"]), st.integers(0, 4)),
    st.tuples(st.just("meanwhile"), st.integers(0, 3), NUMBER),
    st.tuples(st.just("day")),
)


def play(account: Account, event: tuple) -> None:
    """Let one thing happen."""
    kind, *values = event
    first = values[0] if values else 0
    actions = {
        "add": lambda: account.add(first, values[1]),
        "late": lambda: account.add(first, values[1], late=values[2]),
        "pending": lambda: account.add(first, status="pending"),
        "complete": lambda: account.edit(
            account.pick(first, "pending"), status="completed", amount_cents=abs(values[1])
        ),
        "decline": lambda: account.edit(account.pick(first, "pending"), status="declined"),
        "edit": lambda: account.edit(account.pick(first, "completed", "pending", "declined"), note=f"note {first}"),
        "twin": lambda: account.twin(account.pick(first, "completed")),
        "reissue": lambda: account.reissue(account.pick(first, "completed")),
        "sync": account.sync,
        "steps": lambda: account.sync(steps=first),
        "kill": lambda: account.sync(kill=(first, values[1])),
        "fault": lambda: account.fail(first, values[1], **(UNAVAILABLE if first == "status" else {})),
        "meanwhile": lambda: account.sync_meanwhile(first, values[1]),
        "day": account.let_a_day_go_by,
    }
    actions[kind]()


def run_histories(world: World, count: int) -> int:
    """Play so many random histories; hypothesis shrinks one that fails, and raises."""
    played = 0

    @settings(max_examples=count, **FIX_IN_TIME)
    @given(st.integers(0, 12), st.lists(EVENTS, min_size=3, max_size=14))
    def history(before: int, events: list[tuple]) -> None:
        nonlocal played
        played += 1
        account = world.open_account()
        for number in range(before):
            account.add(1000 + number % 3, number / 2)
        for event in events:
            play(account, event)
        wrong = account.wrongs()
        assert not wrong, wrong

    history()
    return played


# === THE KILL MATRIX === #


def _first_import(account: Account) -> None:
    for number in range(12):
        account.add(1000 + number % 4, number / 2)


def _changes(account: Account) -> None:
    _first_import(account)
    account.add(-500, status="pending")
    account.sync()
    account.let_a_day_go_by()
    account.edit(account.pick(0, "pending"), status="completed", amount_cents=550)
    account.edit(account.pick(3, "completed"), note="edited")
    account.add(-250, 4, late=0.01)
    account.twin(account.pick(5, "completed"))
    account.reissue(account.pick(7, "completed"))
    for number in range(6):
        account.add(700 + number)


SCENES = {"first import": _first_import, "changes": _changes}


def run_matrix(world: World, pairs: bool) -> tuple[int, list[str]]:
    """Kill the worker at each commit, before it takes place or after.

    :param pairs: both, and in the place of each commit also the one that takes over at each of its own
    """
    cells, wrong = 0, []
    for name, prepare in SCENES.items():
        account = world.open_account()
        prepare(account)
        commits = account.sync()
        if pairs:
            points = [(number, done) for number in range(1, commits + 1) for done in (False, True)]
            kills = [(point,) for point in points] + list(itertools.product(points[1::2], points[1::2]))
        else:
            kills = [((number, bool(number % 2)),) for number in range(1, commits + 1)]
        for kill in kills:
            account = world.open_account()
            prepare(account)
            for point in kill:
                account.sync(kill=point)
            cells += 1
            wrong += [f"{name}, killed at {kill}: {each}" for each in account.wrongs()]
    return cells, wrong


def main(configuration: str, database: str, bank: str, piece: str, size: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    world = World(database, Bank(bank))
    if piece == "matrix":
        cells, wrong = run_matrix(world, size == "pairs")
        print(json.dumps({"cells": cells, "wrong": wrong}))
    else:
        print(json.dumps({"histories": run_histories(world, int(size)), "wrong": []}))


if __name__ == "__main__":
    main(*sys.argv[1:])
