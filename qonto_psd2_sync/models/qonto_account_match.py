# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Matching as a part of the feed: after each sync, and again when a document is posted."""

import time

from odoo import api, fields, models
from odoo.fields import Domain

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

        Older ones were looked at when they were new, and are again when a document is posted.

        :return: False when the deadline came first
        """
        if not run.booked:
            return True
        if run.phase != "match":
            run.phase = "match"
        new = self._waiting_lines().filtered(lambda line: line.create_date >= run.started_at)
        for booked in new._qonto_book_by_themselves():
            run._count(matched=len(booked))
            self._commit_page(lease)
            if deadline and time.monotonic() >= deadline + PATIENCE:
                return False
        self._commit_page(lease)
        return True

    def _waiting_lines(self):
        """Return the lines of these accounts that are not matched yet, the oldest first."""
        lines = self.env["account.bank.statement.line"]
        return lines.search(
            lines._qonto_waiting_domain(self.company_id) & Domain("journal_id", "in", self.journal_id.ids),
            order="internal_index, id",
        )

    @api.model
    def _cron_match(self):
        """Look again at the lines that wait: documents have been posted since."""
        cron = self.env["ir.cron"]
        accounts = self.search([("company_id.active", "=", True)])
        for company in accounts.company_id:
            own = accounts.filtered(lambda account, company=company: account.company_id == company)
            lines = own.with_context(allowed_company_ids=company.ids)._waiting_lines()
            for booked in lines._qonto_book_by_themselves():
                if not cron._commit_progress(len(booked)):
                    return
            cron._commit_progress()
