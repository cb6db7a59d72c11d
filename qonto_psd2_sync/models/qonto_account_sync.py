# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank feed: runs, one worker at a time, that fetch and then book. All can be resumed (design, section 5)."""

import logging
import random
import time
from datetime import datetime, timedelta

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..qonto_api import QontoError
from ..quiet_sql import refusal_expected
from . import table_statistics, worker
from .failure_words import STOPS_THE_SCHEDULE, failure_of

_logger = logging.getLogger(__name__)

BOOK_BATCH = 200
LEASE = timedelta(minutes=3)
# How long one step of a sync that somebody watches may take before it reports.
STEP_SECONDS = 4.0
# How often work is resumed after somebody else wrote the same row.
ATTEMPTS = 3
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
        self._tell_what_lasts()
        cron._commit_progress()
        self._cron_files()
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
        due = Domain(
            [
                ("id", "not in", list(exclude)),
                ("company_id.active", "=", True),
                "|", ("run_ids.state", "=", "running"),
                "&", ("sync_interval", "!=", "0"), ("next_sync_at", "<=", now),
            ]
        )
        free = Domain("lease_until", "=", False) | Domain("lease_until", "<=", now)
        if accounts := self.sudo().search(due & free, order="next_sync_at, id"):
            return accounts
        others = self.sudo().search(due & Domain("lease_until", ">", now), order="next_sync_at, id")
        others.invalidate_recordset(["lease_owner", "lease_until"])
        return others.filtered(lambda account: not account._is_at_work())

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
            with refusal_expected(), self.env.cr.savepoint():
                run = runs.create({"account_id": self.id, "trigger": trigger})
        except IntegrityError:
            # Another worker opened one in the same instant: it is seen in a new transaction only.
            self._start_over()
            return self._open_run(trigger)
        # At once: others join it, and no later rollback takes it back.
        self._commit()
        return run

    def _work_on(self, run, deadline: float | None):
        """Go on with a run until it ends or the deadline comes; commits as it goes.

        :param float deadline: `time.monotonic()` at which to stop and report, or nothing
        """
        self.ensure_one()
        account = self.with_company(self.company_id).with_context(
            allowed_company_ids=self.company_id.ids, tracking_disable=True
        )
        run = run.with_env(account.env)
        lease = worker.sign()
        if not account._take_lease(lease):
            return
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if (
                    account._finish_files(lease, deadline)
                    and account._fetch(run, lease, deadline)
                    and account._book(run, lease, deadline)
                    and account._match(run, lease, deadline)
                ):
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
        self.invalidate_recordset(["lease_owner"])
        abandoned = self.lease_owner if worker.is_gone(self.lease_owner or "") else None
        self.env.cr.execute(
            SQL(
                """
                UPDATE qonto_account
                   SET lease_owner = %(owner)s, lease_until = (clock_timestamp() AT TIME ZONE 'UTC') + %(lease)s
                 WHERE id = (
                       SELECT id FROM qonto_account
                        WHERE id = %(id)s
                          AND (lease_until IS NULL OR lease_until < (clock_timestamp() AT TIME ZONE 'UTC')
                               OR lease_owner = %(abandoned)s)
                          FOR NO KEY UPDATE SKIP LOCKED
                       )
             RETURNING id
                """,
                owner=lease, lease=LEASE, id=self.id, abandoned=abandoned,
            )
        )
        taken = bool(self.env.cr.fetchone())
        self._commit()
        return taken

    def _is_at_work(self) -> bool:
        """Whether a worker has the lease, and lives."""
        return bool(
            self.lease_until and self.lease_until > fields.Datetime.now() and not worker.is_gone(self.lease_owner or "")
        )

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

    def _lock_for_a_person(self):
        """Keep the feed off the account until the end of this transaction: a person books or takes back a line.

        :raise UserError: a sync is at it
        """
        self.ensure_one()
        account = self.sudo()
        busy = account.try_lock_for_update(allow_referencing=True) != account
        if not busy:
            account.invalidate_recordset(["lease_owner", "lease_until"])
            busy = account._is_at_work()
        if busy:
            raise UserError(self.env._("A sync of %s is running. Try again in a few seconds.", account.name))

    # === BOOK === #

    def _book(self, run, lease: str, deadline: float | None) -> bool:
        """Make bank lines of what is booked at the bank, in the bank's order, in batches with a commit after each.

        :return: False when the deadline came first
        """
        transactions = self.env["qonto.transaction"]
        transactions.search(
            [("account_id", "=", self.id), ("feed_state", "=", "doubtful")]
        )._forget_settled_doubts()
        waiting = transactions.search(
            [("account_id", "=", self.id), ("feed_state", "in", ("to_book", "held"))], order="settled_at, id"
        ).ids
        progress = False
        for start in range(0, len(waiting), BOOK_BATCH):
            batch = transactions.browse(waiting[start:start + BOOK_BATCH])
            booked = batch._hold_what_must_wait()._set_doubtful_apart()._book()
            run._count(booked=len(booked))
            progress = progress or bool(booked)
            self._commit_page(lease)
            # What is committed need not be remembered: memory stays the same however many lines there are.
            self.env.invalidate_all(flush=False)
            if start + BOOK_BATCH >= len(waiting):
                break
            self._keep_statistics_up()
            # Held ones are looked at again and again: only what gets further may be interrupted.
            if progress and deadline and time.monotonic() >= deadline:
                return False
        return True

    def _keep_statistics_up(self):
        """Between two batches: the database plans the next one with the rows of the last ones in view."""
        table_statistics.keep_up(self.env)
        self._commit()

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
        self._check_chain()
        self._tell_that_all_is_well()
        run._keep_what_waits()
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
                "next_sync_at": now + wait if int(self.sync_interval) and kind not in STOPS_THE_SCHEDULE else False,
            }
        )
        run._keep_what_waits()
        run._close("failed", kind, detail)
        self._tell_the_responsible()
        self._commit()
