# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank feed: fetch what the bank has, then book it. Both can be resumed and run twice (design, section 5)."""

import logging
import random
import time
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..qonto_api import InvalidAnswer, QontoError, Unauthorized
from .failure_words import failure_of
from .qonto_account import WINDOW

_logger = logging.getLogger(__name__)

PAGE_SIZE = 100
BOOK_BATCH = 200
OVERLAP = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=10)
DEEP_EVERY = timedelta(days=1)
LEASE = timedelta(minutes=3)
# How long one step of a sync that somebody watches may take before it reports.
STEP_SECONDS = 4.0
# How often work is resumed after somebody else wrote the same row.
ATTEMPTS = 3
# Rows of one instant that fill this many pages are no history but a bank that runs in circles.
MAX_PAGES_WITHOUT_PROGRESS = 200
BACKOFF = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=4))


class LeaseLost(Exception):
    """Another worker took the account over; what this one holds in hand is not written."""


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    # === ENTRY POINTS === #

    def sync_start(self) -> list[int]:
        """Open a run for each account, or join the one that is under way.

        Called by the web client before :meth:`sync_step`. Works on a cursor of its own, so that the answer is true.

        :return: the runs' ids, in the order of the accounts
        """
        self._check_may_sync()
        with self.env.registry.cursor() as cr:
            accounts = self.with_env(self.env(cr=cr, su=True))
            runs = [account._open_run("manual").id for account in accounts]
            # Should the browser go away in the middle, the scheduled action carries on.
            accounts._sync_crons()[:1]._trigger(at=fields.Datetime.now() + LEASE)
            accounts._commit()
        return runs

    def sync_step(self, run_ids: list[int]) -> dict:
        """Work on the given runs for a few seconds and tell how far they are.

        :return: ``{"done": bool, "runs": [{"account", "state", "received", "new", "pending", "held", "booked",
            "to_book", "message"}]}``
        """
        self._check_may_sync()
        deadline = time.monotonic() + STEP_SECONDS
        allowed = self.ids
        for run_id in run_ids:
            if time.monotonic() >= deadline:
                break
            with self.env.registry.cursor() as cr:
                run = self.with_env(self.env(cr=cr, su=True)).env["qonto.sync.run"].browse(run_id).exists()
                if run.account_id.id in allowed and run.state == "running":
                    run.account_id._work_on(run, deadline)
        with self.env.registry.cursor() as cr:
            runs = self.with_env(self.env(cr=cr, su=True)).env["qonto.sync.run"].browse(run_ids).exists()
            progress = [run._progress() for run in runs if run.account_id.id in allowed]
        return {"done": all(entry["state"] != "running" for entry in progress), "runs": progress}

    def _check_may_sync(self):
        """Reading is for auditors too; syncing is for users of the feed."""
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            raise UserError(
                self.env._("Syncing needs the right “Qonto bank feed: User”. An administrator can give it to you.")
            )
        self.check_access("read")

    @api.model
    def _sync_crons(self):
        """Return the scheduled actions that share the due accounts."""
        refs = ("qonto_psd2_sync.ir_cron_sync_1", "qonto_psd2_sync.ir_cron_sync_2")
        crons = self.env["ir.cron"].sudo()
        for ref in refs:
            crons |= self.env.ref(ref, raise_if_not_found=False) or crons
        return crons.sudo()

    @api.model
    def _cron_sync(self):
        """Sync what is due or was left half done, each account on its own: one that fails stops no other."""
        cron = self.env["ir.cron"]
        self.env["qonto.consent"]._update_states()
        cron._commit_progress()
        tried = []
        while due := self._due_accounts(exclude=tried):
            account = due[0]
            tried.append(account.id)
            with self.env.registry.cursor() as cr:
                own = account.with_env(self.env(cr=cr, su=True))
                own._work_on(own._open_run("scheduled"), deadline=None)
            if not cron._commit_progress(1, remaining=len(due) - 1):
                break

    @api.model
    def _due_accounts(self, exclude=()):
        now = fields.Datetime.now()
        return self.sudo().search(
            [
                ("id", "not in", list(exclude)),
                ("company_id.active", "=", True),
                "|", ("lease_until", "=", False), ("lease_until", "<=", now),
                "|", ("run_ids.state", "=", "running"),
                "&", ("sync_interval", "!=", "0"),
                "|", ("next_sync_at", "=", False), ("next_sync_at", "<=", now),
            ],
            order="next_sync_at, id",
        )

    # === A RUN === #

    def _open_run(self, trigger: str):
        """Return the account's run under way, else a new one; a run is a job that any worker may go on with."""
        self.ensure_one()
        runs = self.env["qonto.sync.run"]
        running = [("account_id", "=", self.id), ("state", "=", "running")]
        run = runs.search(running, limit=1)
        if run:
            return run
        try:
            with self.env.cr.savepoint():
                return runs.create({"account_id": self.id, "trigger": trigger})
        except IntegrityError:
            # Another worker opened one in the same instant: it is seen in a new transaction only.
            self._start_over()
            return runs.search(running, limit=1)

    def _work_on(self, run, deadline: float | None):
        """Go on with a run until it ends or the deadline comes; commits as it goes.

        :param float deadline: `time.monotonic()` at which to stop and report, or nothing
        """
        self.ensure_one()
        account = self.with_company(self.company_id).with_context(
            allowed_company_ids=self.company_id.ids, tracking_disable=True
        )
        run = run.with_env(account.env)
        lease = uuid.uuid4().hex
        if not account._take_lease(lease):
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if account._fetch(run, lease, deadline) and account._book(run, lease, deadline):
                    account._finish(run, lease)
                break
            except LeaseLost:
                account._start_over()
                _logger.info("Account %s: another worker took over, this one stops", account.id)
                return
            except QontoError as error:
                account._start_over()
                account._fail(run, *failure_of(error), retry_after=error.retry_after)
                break
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote the same row: what was in hand is undone, and the work goes on from the last commit.
                account._start_over()
                if attempt == ATTEMPTS:
                    account._fail(run, "internal", "the database was too busy")
            except Exception as error:
                _logger.exception("Account %s: the sync failed", account.id)
                account._start_over()
                account._fail(run, "internal", f"{type(error).__name__}: {error}"[:300])
                break
        account._drop_lease(lease)

    def _start_over(self):
        """Forget what an interrupted piece of work left in the transaction and in the cache."""
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    def _take_lease(self, lease: str) -> bool:
        """Make this worker the only one on the account; committed, so that no lock is held during HTTP."""
        self._commit()
        try:
            return self._try_lease(lease)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self._start_over()
            return False

    def _try_lease(self, lease: str) -> bool:
        self.env.cr.execute(
            SQL(
                """
                UPDATE qonto_account
                   SET lease_owner = %(owner)s, lease_until = (clock_timestamp() AT TIME ZONE 'UTC') + %(lease)s
                 WHERE id = (
                       SELECT id FROM qonto_account
                        WHERE id = %(id)s
                          AND (lease_until IS NULL OR lease_until < (clock_timestamp() AT TIME ZONE 'UTC'))
                          FOR NO KEY UPDATE SKIP LOCKED
                       )
             RETURNING id
                """,
                owner=lease, lease=LEASE, id=self.id,
            )
        )
        taken = bool(self.env.cr.fetchone())
        self._commit()
        return taken

    def _commit_page(self, lease: str):
        """Commit what was written, renewing the lease in the same commit.

        :raise LeaseLost: it is somebody else's by now
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE qonto_account SET lease_until = (clock_timestamp() AT TIME ZONE 'UTC') + %s
                 WHERE id = %s AND lease_owner = %s
                """,
                LEASE, self.id, lease,
            )
        )
        if not self.env.cr.rowcount:
            raise LeaseLost()
        self._commit()

    def _drop_lease(self, lease: str):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE qonto_account SET lease_owner = NULL, lease_until = NULL WHERE id = %s AND lease_owner = %s",
                self.id, lease,
            )
        )
        self._commit()

    def _commit(self):
        self.env.flush_all()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.invalidate_recordset(["lease_owner", "lease_until"])

    # === FETCH === #

    def _fetch(self, run, lease: str, deadline: float | None) -> bool:
        """Bring the bank's changes into `qonto.transaction`, page by page.

        Pages are asked by the time of change, ascending, each beginning where the last one ended: rows that move
        while paging move towards the end and are met again, never missed.

        :return: False when the deadline came first
        """
        if run.phase != "fetch":
            return True
        consent = self._reading_consents().get(self.id)
        if not consent:
            raise Unauthorized("no consent covers this account", code="no_consent")
        with consent._reading_client() as client:
            if not run.fetch_from:
                run._begin_fetch(consent, self._fetch_start(run))
            return self._fetch_pages(client, run, lease, deadline)

    def _fetch_pages(self, client, run, lease: str, deadline: float | None) -> bool:
        changed_since = datetime.fromisoformat(run.fetch_from)
        number = stuck = 1
        while stuck <= MAX_PAGES_WITHOUT_PROGRESS:
            page = client.list_transactions(
                bank_account_id=self.bank_ref, updated_at_from=changed_since, page=number, per_page=PAGE_SIZE
            )
            self._store_page(run, page.transactions)
            newest = max((row.updated_at for row in page.transactions), default=changed_since)
            # Rows of one instant may fill several pages: only then is the next one asked by its number.
            number, stuck = (1, 1) if newest > changed_since else (number + 1, stuck + 1)
            changed_since = newest
            run.fetch_from = newest.isoformat()
            if page.transactions:
                self._move_watermark(newest)
            last = page.next_page is None or not page.transactions
            if last:
                self._read_balance(client)
                run.phase = "book"
            self._commit_page(lease)
            if last:
                return True
            if deadline and time.monotonic() >= deadline and number == 1:
                return False
        raise InvalidAnswer("the list of transactions does not come to an end")

    def _fetch_start(self, run) -> datetime:
        """Return the aware instant to ask from: the watermark less an overlap, and no further than the window."""
        now = fields.Datetime.now()
        floor = self._start_of_day(self._local_day(now.replace(tzinfo=timezone.utc)) - WINDOW)
        start = self._start_of_day(self.start_date)
        if self.watermark:
            deep = not self.deep_sync_at or self.deep_sync_at <= now - DEEP_EVERY
            run.deep = deep
            since = self.watermark.replace(tzinfo=timezone.utc) - (DEEP_OVERLAP if deep else OVERLAP)
            start = max(start, since)
        return max(start, floor)

    def _move_watermark(self, newest: datetime):
        """Everything changed before ``newest`` is here; kept in whole seconds, rounded down."""
        seen = newest.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
        if not self.watermark or seen > self.watermark:
            self.watermark = seen

    def _read_balance(self, client):
        """Keep what the bank says the balance is, with the time at which it says so."""
        facts = client.get_bank_account(self.bank_ref)
        if facts.currency and facts.currency != self.currency_id.name:
            raise InvalidAnswer(
                f"the account is kept in {facts.currency}",
                code="other_currency", detail=f"{facts.currency}, {self.currency_id.name}",
            )
        values = {"name": facts.name}
        if facts.balance is not None:
            values["bank_balance"] = float(facts.balance)
        if facts.authorized_balance is not None:
            values["authorized_balance"] = float(facts.authorized_balance)
        self._write_changes(values)

    def _write_changes(self, values: dict):
        """Write only what differs, so that a run with nothing new writes nothing."""
        changed = {
            name: value
            for name, value in values.items()
            if (
                self.currency_id.compare_amounts(self[name], value)
                if self._fields[name].type == "monetary"
                else self[name] != value
            )
        }
        if changed:
            self.write(changed)

    def _store_page(self, run, rows):
        """Upsert one page by the bank's id.

        :param rows: `Transaction` objects of the bank's client
        """
        wrong = next((row for row in rows if row.currency != self.currency_id.name), None)
        if wrong:
            raise InvalidAnswer(
                f"transaction {wrong.id} is in {wrong.currency}",
                code="other_currency", detail=f"{wrong.currency}, {self.currency_id.name}",
            )
        unique = {row.id: row for row in rows if not row.is_external}
        transactions = self.env["qonto.transaction"]
        known = {
            transaction.bank_ref: transaction
            for transaction in transactions.search(
                [("account_id", "=", self.id), ("bank_ref", "in", list(unique))]
            )
        }
        fresh = []
        changed = 0
        for row in unique.values():
            values = transactions._values_of(self, row)
            transaction = known.get(row.id)
            if not transaction:
                fresh.append(values)
            elif transaction.fingerprint != values["fingerprint"]:
                transaction._take_change(values)
                changed += 1
        transactions.create(fresh)
        run._count(received=len(rows), new=len(fresh), changed=changed, pages=1)

    # === BOOK === #

    def _book(self, run, lease: str, deadline: float | None) -> bool:
        """Make bank lines of what is booked at the bank, in the bank's order, in batches with a commit after each.

        :return: False when the deadline came first
        """
        transactions = self.env["qonto.transaction"]
        waiting = transactions.search(
            [("account_id", "=", self.id), ("feed_state", "in", ("to_book", "held"))], order="settled_at, id"
        ).ids
        for start in range(0, len(waiting), BOOK_BATCH):
            batch = transactions.browse(waiting[start:start + BOOK_BATCH])
            ready = batch._hold_what_must_wait()
            run._count(booked=len(ready._book()))
            self._commit_page(lease)
            if deadline and time.monotonic() >= deadline and start + BOOK_BATCH < len(waiting):
                return False
        return True

    # === THE END === #

    def _finish(self, run, lease: str):
        """Close a run that did everything."""
        now = fields.Datetime.now()
        values = {"last_sync_at": now, "next_sync_at": self._next_sync(now), "bank_balance_at": now}
        if run.deep or not self.deep_sync_at:
            values["deep_sync_at"] = now
        if self.failure_kind:
            values.update(failure_kind=False, failure_detail=False, failing_since=False, failure_count=0)
        self.write(values)
        run._close("done")
        self._commit_page(lease)

    def _next_sync(self, now: datetime) -> datetime | bool:
        interval = int(self.sync_interval)
        return now + timedelta(hours=interval) if interval else False

    def _fail(self, run, kind: str, detail: str, retry_after: float | None = None):
        """Close a run that failed; the watermark stays where the last whole page put it."""
        now = fields.Datetime.now()
        wait = BACKOFF[min(self.failure_count, len(BACKOFF) - 1)]
        if retry_after:
            wait = max(wait, timedelta(seconds=retry_after))
        # Spread accounts that failed together, so that they do not come back together.
        wait *= random.uniform(1.0, 1.2)  # noqa: S311 - no secret
        self.write(
            {
                "failure_kind": kind,
                "failure_detail": (detail or "")[:500],
                "failing_since": self.failing_since or now,
                "failure_count": self.failure_count + 1,
                "next_sync_at": now + wait if int(self.sync_interval) else False,
            }
        )
        run._close("failed", kind, detail)
        self._commit()

    # === OPENING BALANCE === #

    @api.model
    def _bank_balance_at_start(self, client, bank_ref: str, start: datetime, balance_now: Decimal | None):
        """Return what the bank says the balance was when the day began: before the first booking from there on.

        :param datetime start: aware instant at which the day begins at the bank
        :return: `Decimal`, or None where the bank does not show balances
        :raise QontoError: the bank could not be asked
        """
        page = client.list_transactions(
            bank_account_id=bank_ref,
            statuses=("completed",),
            settled_at_from=start,
            sort_by="settled_at:asc",
            per_page=1,
        )
        if not page.transactions:
            return balance_now
        first = page.transactions[0]
        if first.settled_balance is None:
            return None
        return first.settled_balance - first.signed_amount
