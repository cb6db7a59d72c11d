# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bank lines that are taken out of the books: the bank's transaction remembers them, and why."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_booking_date = fields.Date(
        related="qonto_transaction_id.booking_date", string="Booked at the bank", help="The bank's own calendar day."
    )
    qonto_question = fields.Text(related="qonto_transaction_id.question")
    qonto_question_kind = fields.Char(related="qonto_transaction_id.question_kind")
    qonto_bank_changes = fields.Text(related="qonto_transaction_id.bank_changes_text")
    qonto_decision_reason = fields.Char(related="qonto_transaction_id.decision_reason", string="Decided because")

    def unlink(self):
        """Note in the entry, where it stays readable, whose it was and why it was taken back."""
        reason = self.env.context.get("qonto_taken_back")
        ours = self.filtered("qonto_transaction_id")
        kept = ours.filtered(lambda line: line.company_id.restrictive_audit_trail)
        for line in ours:
            transaction = line.qonto_transaction_id.sudo()
            transaction.write({
                "question_kind": False,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                "decision": False,
                "decision_reason": reason or False,
                **({"past_move_ids": [fields.Command.link(line.move_id.id)]} if line in kept else {}),
            })
        for line in kept:
            line.move_id.sudo().message_post(
                body=self.env._(
                    "The bank line was taken back by %(user)s. Reason: %(reason)s",
                    user=self.env.user.name, reason=reason or self.env._("deleted in Odoo"),
                )
            )
        return super().unlink()

    def _check_can_be_taken_back(self):
        """Refuse in words what would change a match or a locked period."""
        for line in self:
            if line.is_reconciled:
                raise UserError(self.env._(
                    "“%s” is matched. Undo its match first, then take it back.", line.payment_ref or line.display_name
                ))
            lock_date = line.company_id._get_user_fiscal_lock_date(line.journal_id)
            if line.date <= lock_date:
                raise UserError(self.env._(
                    "“%(line)s” lies in a period locked until %(date)s and can't be taken back. Unlock the period "
                    "first.",
                    line=line.payment_ref or line.display_name, date=format_date(self.env, lock_date),
                ))

    # === ACTION METHODS === #

    def action_qonto_take_back(self):
        """Ask for the reason, then hide or delete the lines."""
        ours = self.filtered("qonto_transaction_id")
        if not ours:
            raise UserError(self.env._("None of these lines comes from Qonto."))
        ours._check_can_be_taken_back()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take out of the books"),
            "res_model": "qonto.take.back",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": ours.ids},
        }

    def action_qonto_book_anew(self):
        """Answer to a change at the bank: book as the bank says now."""
        self.qonto_transaction_id.action_book_anew()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_qonto_keep(self):
        """Answer to a change at the bank: leave the line as it is."""
        self.qonto_transaction_id.action_keep()

    def action_qonto_transaction(self):
        """Open what the bank says about the line."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "qonto.transaction",
            "res_id": self.qonto_transaction_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
