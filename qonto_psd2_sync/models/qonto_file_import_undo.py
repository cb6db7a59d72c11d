# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Taking an import back: its lines leave the books, save those that something rests on; the file can come again."""

import time

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError

from .qonto_account_sync import BOOK_BATCH


class QontoFileImport(models.Model):
    _inherit = "qonto.file.import"

    def _start_undo(self) -> bool:
        """Check that it can be undone, and begin."""
        if self.state == "undoing":
            return False
        self._check_nothing_is_at_work()
        if self.state not in ("done", "undone") or not self.transaction_ids:
            raise UserError(self.env._("Nothing of “%s” can be taken back.", self.name))
        opening = self.account_id._opening_entry()
        if self._moved_opening() and opening and (obstacle := self.account_id._opening_obstacle(opening.date)):
            raise UserError(obstacle)
        self.write({
            "state": "undoing", "undone_by_id": self.env.uid, "undone_at": fields.Datetime.now(),
            "position": 0, "total": len(self.transaction_ids),
            "facts": {**(self.facts or {}), "stays": {}, "taken_back": 0.0, "last_id": 0},
        })
        return False

    def _moved_opening(self) -> bool:
        return bool(self.opening_before_id or self.opening_after_id)

    def _undo(self, lease: str, deadline: float | None) -> bool:
        """Take lines back, batch by batch.

        :return: False when the deadline came first
        """
        transactions = self.env["qonto.transaction"]
        while batch := transactions.search(
            [("file_import_id", "=", self.id), ("id", ">", self.facts["last_id"])], order="id", limit=BOOK_BATCH
        ):
            self._undo_batch(batch)
            self.account_id._commit_page(lease)
            self.env.invalidate_all(flush=False)
            if deadline and time.monotonic() >= deadline:
                return False
        self._end_undo()
        self.account_id._commit_page(lease)
        return True

    def _undo_batch(self, batch):
        facts = dict(self.facts, stays=dict(self.facts["stays"]), last_id=batch[-1].id)
        start = self.account_id.start_date
        stays = {}
        for transaction in batch:
            if why := self._why_it_stays(transaction):
                stays[transaction] = why
        leaving = batch.filtered(lambda transaction: transaction not in stays)
        for transaction in leaving - self._take_lines_back(leaving):
            stays[transaction] = "statement"
        for why in stays.values():
            facts["stays"][why] = facts["stays"].get(why, 0) + 1
        gone = batch.filtered(lambda transaction: transaction not in stays)
        facts["taken_back"] += sum(
            transaction.amount for transaction in gone
            if transaction.booking_date < start and not transaction.file_line_kept
        )
        position = self.position + len(batch)
        self.past_move_ids |= gone.past_move_ids
        self._forget(gone)
        self.write({"facts": facts, "position": position})

    def _why_it_stays(self, transaction) -> str:
        """Return what keeps a transaction of this import in the books; empty: nothing."""
        line = transaction.statement_line_id
        if not transaction.file_only and transaction.booking_date >= self.account_id.start_date:
            return "feed"
        if not line or transaction.file_line_kept:
            return ""
        if line.is_reconciled:
            return "matched"
        if line.date <= line.company_id._get_user_fiscal_lock_date(line.journal_id):
            return "locked"
        return ""

    def _take_lines_back(self, transactions):
        """Delete the lines that the import made; under the audit trail their entries stay, canceled.

        :return: the transactions that are in the books no more
        """
        kept = transactions.filtered("file_line_kept")
        kept.statement_line_ids.write({"qonto_transaction_id": False})
        made = transactions - kept
        reason = self.env._("the import of the file “%s” was undone", self.name)
        lines = made.statement_line_ids.with_context(qonto_taken_back=reason)
        try:
            with self.env.cr.savepoint():
                lines.unlink()
                self.env.flush_all()
            return transactions
        except (UserError, ValidationError, RedirectWarning):
            self.env.invalidate_all(flush=False)
        out = kept
        for transaction in made:
            try:
                with self.env.cr.savepoint():
                    transaction.statement_line_ids.with_context(qonto_taken_back=reason).unlink()
                    self.env.flush_all()
                out |= transaction
            except (UserError, ValidationError, RedirectWarning):
                self.env.invalidate_all(flush=False)
        return out

    def _forget(self, transactions):
        """Leave no mark that would keep them from coming again: known from the file only, they are forgotten."""
        ours = transactions.filtered("file_only")
        (transactions - ours).write({
            "feed_state": "before_start", "file_import_id": False, "file_ref": False, "file_row": 0,
            "file_line_kept": False, "file_state_before": False, "decision": False, "decision_reason": False,
            "decided_by_id": False, "decided_at": False,
        })
        ours.unlink()

    def _end_undo(self):
        facts = dict(self.facts)
        amount = facts.pop("taken_back")
        self._move_opening_back(amount)
        self.write({"state": "undone", "facts": facts, "booked": self.line_count, "adopted": 0})
        self.account_id._check_chain()

    def _move_opening_back(self, taken_back: float):
        """Give the opening entry what the lines that left had taken from it."""
        account = self.account_id
        before = self.opening_before_id
        opening = account._opening_entry()
        if not before or account.currency_id.is_zero(taken_back) or (self.opening_after_id and not opening):
            return
        amount = (account._opening_amount(opening) if opening else 0.0) + taken_back
        # What the record tells, and where a later undo of the lines that stay now starts from.
        self.opening_after_id = account._move_opening(
            account._opening_day(), account.currency_id.round(amount), like=before,
            reason=self.env._("The import of the file “%s” was undone.", self.name),
        )
        self.past_move_ids |= opening
