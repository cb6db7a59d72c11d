# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Matching as a part of the feed: after each sync, and again when a document is posted."""

import logging
import time

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .qonto_account_sync import LeaseLost

_logger = logging.getLogger(__name__)

# How much longer than fetching a step may take when there is much to book: each batch is committed.
PATIENCE = 8.0


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    books_by_itself = fields.Boolean(
        string="Book certain matches by itself", default=True, tracking=True,
        help="A line is booked without asking only if two independent proofs speak for one document (such as its number"
        " and the exact amount) and nothing speaks for another. You see what was booked under Bank matching, and can"
        " take it back.",
    )

    def _match(self, run, lease: str, deadline: float | None) -> bool:
        """Book by themselves the new lines of this account that are certain; commits after each batch.

        Older ones were looked at when they were new, and are again when a document is posted. What goes wrong here is
        noted in the run and is no failure of it: the lines are in the ledger, and a person or the daily action looks
        at them again.

        :return: False when the deadline came first
        """
        if not run.booked:
            return True
        try:
            return self._match_new(run, lease, deadline)
        except (LeaseLost, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
            raise
        except Exception as error:
            _logger.exception("Account %s: matching stopped", self.id)
            self._start_over()
            run.match_failure = f"{type(error).__name__}: {error}"[:300]
            return True

    def _match_new(self, run, lease: str, deadline: float | None) -> bool:
        if run.phase != "match":
            run.phase = "match"
        new = Domain("create_date", ">=", run.started_at)
        for booked in self._waiting_lines(new)._qonto_book_by_themselves():
            run._count(matched=len(booked))
            self._commit_page(lease)
            if deadline and time.monotonic() >= deadline + PATIENCE:
                return False
        self._commit_page(lease)
        return True

    def _waiting_lines(self, which: Domain = Domain.TRUE):
        """Return the lines of these accounts that are not matched yet.

        :param which: narrows them down
        """
        lines = self.env["account.bank.statement.line"]
        return lines.search(
            lines._qonto_waiting_domain(self.company_id) & Domain("journal_id", "in", self.journal_id.ids) & which
        )

    @api.model
    def _cron_match(self):
        """Look again at the lines that wait: documents have been posted since."""
        cron = self.env["ir.cron"]
        accounts = self.search([("company_id.active", "=", True)])
        for company in accounts.company_id:
            own = accounts.filtered(lambda account, company=company: account.company_id == company)
            lines = own.with_context(allowed_company_ids=company.ids)._waiting_lines()
            try:
                for booked in lines._qonto_book_by_themselves():
                    if not cron._commit_progress(len(booked)):
                        return
            except Exception:
                # One company's trouble must not end the others' matching, nor switch the action off.
                _logger.exception("Company %s: matching stopped", company.id)
                self._start_over()
            cron._commit_progress()
