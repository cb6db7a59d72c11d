# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Looking for an account's statements and receipts: a scheduled action of its own, so that no trouble with files ever
holds up the feed. For the same reason nothing here writes the account's row, which the feed writes at each page.

Each file is committed by itself, together with a lease: a round that dies is gone on with by the next one.
"""

import logging
import uuid
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..qonto_api import NetworkError, QontoError, Unauthorized
from .failure_words import STOPS_THE_SCHEDULE, explain, failure_of

_logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
STATEMENTS_EVERY = timedelta(hours=20)
NEEDS_PERSON_EVERY = timedelta(days=1)
LEASE = timedelta(minutes=5)
# One round of one account; what is left is due again at once, behind the other accounts.
FILES_A_ROUND = 100
# So many in a row, and it is not the files.
FAILURES_IN_A_ROW = 3


class QontoDocumentWatch(models.Model):
    _name = "qonto.document.watch"
    _description = "Look for statements and receipts"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, precompute=True)
    next_at = fields.Datetime(readonly=True, index=True)
    done_at = fields.Datetime(readonly=True)
    statements_listed_at = fields.Datetime(readonly=True)
    failure_kind = fields.Char(readonly=True)
    failure_detail = fields.Char(readonly=True)
    failure = fields.Text(compute="_compute_failure")
    lease_owner = fields.Char(readonly=True)
    lease_until = fields.Datetime(readonly=True)

    _account_uniq = models.Constraint("UNIQUE (account_id)", "The account's files are looked for already.")

    @api.depends("failure_kind", "failure_detail")
    @api.depends_context("lang")
    def _compute_failure(self):
        for watch in self:
            watch.failure = watch.failure_kind and explain(self.env, watch.failure_kind, watch.failure_detail)

    # === ENTRY POINT === #

    @api.model
    def _cron_documents(self):
        """Look for the files of accounts that are due, one after another."""
        cron = self.env["ir.cron"]
        tried = []
        while due := self._due(exclude=tried):
            tried.append(due[0].id)
            with self.env.registry.cursor() as cr:
                due[0].with_env(self.env(cr=cr, su=True))._work()
            if not cron._commit_progress(1, remaining=len(due) - 1):
                break

    @api.model
    def _due(self, exclude=()):
        now = fields.Datetime.now()
        return self.sudo().search(
            [
                ("id", "not in", list(exclude)), ("next_at", "<=", now),
                ("account_id.active", "=", True), ("company_id.active", "=", True),
                "|", ("account_id.fetch_statements", "=", True), ("account_id.fetch_receipts", "=", True),
                "|", ("lease_until", "=", False), ("lease_until", "<=", now),
            ],
            order="next_at, id",
        )

    # === A ROUND === #

    def _work(self):
        """Find out which files there are, fetch what waits; commits as it goes, and keeps off the feed's own lease."""
        self.ensure_one()
        watch = self.with_company(self.company_id).with_context(
            allowed_company_ids=self.company_id.ids, tracking_disable=True
        )
        lease = uuid.uuid4().hex
        now = fields.Datetime.now
        try:
            if not watch._hold_lease(lease, take=True):
                return
            left = watch._fetch_all(lease)
            watch._close(lease, done_at=now(), next_at=now() + (timedelta() if left else EVERY))
        except QontoError as error:
            watch._undo()
            watch._close(lease, *failure_of(error), next_at=now() + watch._wait_after(error))
        except (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, IntegrityError):
            # Somebody wrote the same row, or took a line back under our hands: the next round sees it.
            watch._undo()
            watch._close(lease, next_at=now() + timedelta(minutes=5))
        except Exception as error:
            _logger.exception("Account %s: fetching files failed", watch.account_id.id)
            watch._undo()
            watch._close(lease, "internal", f"{type(error).__name__}: {error}"[:300], next_at=now() + EVERY)

    def _fetch_all(self, lease: str) -> bool:
        """Do a round.

        :return: whether more is left than one round fetches
        :raise QontoError: not a single file's trouble
        """
        self._note_receipts()
        self._put_receipts_on_new_entries()
        self._hold_lease(lease)
        waiting = self._waiting_files()
        lists = self._statements_are_due()
        if not waiting and not lists:
            return False
        consent = self.account_id._reading_consents().get(self.account_id.id)
        if not consent:
            raise Unauthorized("no consent covers this account", code="no_consent")
        with consent._reading_client() as client:
            if lists:
                self._list_statements(client)
                self._hold_lease(lease)
                waiting = self._waiting_files()
            self._fetch_waiting(client, waiting[:FILES_A_ROUND], lease)
        return len(waiting) > FILES_A_ROUND

    def _fetch_waiting(self, client, files, lease: str):
        in_a_row = 0
        for file in files:
            in_a_row = 0 if file._fetch(client) or file.state == "refused" else in_a_row + 1
            if not self._hold_lease(lease):
                return
            if in_a_row == FAILURES_IN_A_ROW:
                raise NetworkError(f"{in_a_row} files in a row could not be fetched", detail=file.failure_detail)

    def _waiting_files(self):
        account = self.account_id
        wanted = {"statement": account.fetch_statements, "receipt": account.fetch_receipts}
        return self.env["qonto.document"].search(
            [
                ("account_id", "=", account.id), ("state", "=", "waiting"),
                ("kind", "in", [kind for kind in wanted if wanted[kind]]),
                "|", ("next_try_at", "=", False), ("next_try_at", "<=", fields.Datetime.now()),
            ],
            order="id",
        )

    @staticmethod
    def _wait_after(error: QontoError) -> timedelta:
        wait = NEEDS_PERSON_EVERY if failure_of(error)[0] in STOPS_THE_SCHEDULE else EVERY
        return max(wait, timedelta(seconds=error.retry_after or 0))

    def _undo(self):
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    def _close(self, lease: str, kind: str = "", detail: str = "", **values):
        """End a round, with what is wrong or without; the feed is none the worse for it."""
        if self._hold_lease(lease):
            self.write({
                "failure_kind": kind, "failure_detail": (detail or "")[:500], "lease_owner": False,
                "lease_until": False, **values,
            })
            self.env.flush_all()
            self.env.cr.commit()  # pylint: disable=invalid-commit

    def _hold_lease(self, lease: str, take: bool = False) -> bool:
        """Commit what was written together with the lease; where that is somebody else's by now, undo it instead.

        :param take: it may be free, or its time over
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE qonto_document_watch
                   SET lease_owner = %(owner)s, lease_until = (clock_timestamp() AT TIME ZONE 'UTC') + %(time)s
                 WHERE id = %(id)s
                   AND (lease_owner = %(owner)s
                        OR %(take)s AND COALESCE(lease_until < (clock_timestamp() AT TIME ZONE 'UTC'), TRUE))
                """,
                owner=lease, time=LEASE, id=self.id, take=take,
            )
        )
        held = bool(self.env.cr.rowcount)
        if held:
            self.env.cr.commit()  # pylint: disable=invalid-commit
        else:
            self.env.cr.rollback()
        self.env.invalidate_all(flush=False)
        return held

    # === WHICH FILES THERE ARE === #

    def _statements_are_due(self) -> bool:
        listed = self.statements_listed_at
        return self.account_id.fetch_statements and (not listed or listed <= fields.Datetime.now() - STATEMENTS_EVERY)

    def _list_statements(self, client):
        """Note the months that are new; the one that is known for a month stays the one."""
        account, files = self.account_id, self.env["qonto.document"]
        known = set(files.search([("account_id", "=", account.id), ("kind", "=", "statement")]).mapped("month"))
        page = 1
        while page:
            answer = client.list_statements(bank_account_id=account.bank_ref, since=account.start_date, page=page)
            for statement in answer.statements:
                if statement.period not in known:
                    known.add(statement.period)
                    files.create({
                        "kind": "statement", "account_id": account.id, "bank_ref": statement.id,
                        "month": statement.period, "name": statement.file.name,
                    })
            page = answer.next_page
        self.statements_listed_at = fields.Datetime.now()

    def _note_receipts(self):
        """Note the receipts that the bank's transactions name, of those that are bank lines; new ones only."""
        if not self.account_id.fetch_receipts:
            return
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT transaction.id, ref.value
                  FROM qonto_transaction transaction
                  JOIN account_bank_statement_line line ON line.qonto_transaction_id = transaction.id
            CROSS JOIN LATERAL jsonb_array_elements_text(transaction.receipt_refs) ref
             LEFT JOIN qonto_document file
                    ON file.transaction_id = transaction.id AND file.bank_ref = ref.value AND file.kind = 'receipt'
                 WHERE transaction.account_id = %s AND transaction.receipt_refs IS NOT NULL AND file.id IS NULL
              GROUP BY transaction.id, ref.value
              ORDER BY transaction.id
                """,
                self.account_id.id,
            )
        )
        self.env["qonto.document"].create([
            {"kind": "receipt", "account_id": self.account_id.id, "transaction_id": transaction, "bank_ref": ref}
            for transaction, ref in rows
        ])

    def _put_receipts_on_new_entries(self):
        """A line that was taken back and booked anew has another entry: its receipts go there, too."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT file.id
                  FROM qonto_document file
                  JOIN account_bank_statement_line line ON line.qonto_transaction_id = file.transaction_id
                 WHERE file.account_id = %s AND file.kind = 'receipt' AND file.attachment_id IS NOT NULL
                   AND file.move_id IS DISTINCT FROM line.move_id
                """,
                self.account_id.id,
            )
        )
        self.env["qonto.document"].browse([row[0] for row in rows])._put_on_entries()
