# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_transaction_id = fields.Many2one(
        "qonto.transaction", string="Transaction at Qonto", readonly=True, copy=False, index="btree_not_null",
        ondelete="restrict",
    )
    qonto_kind = fields.Char(related="qonto_transaction_id.kind")
    qonto_reference = fields.Char(related="qonto_transaction_id.reference", string="Reference at the bank")
    qonto_note = fields.Char(related="qonto_transaction_id.note", string="Note at the bank")
    qonto_bank_ref = fields.Char(related="qonto_transaction_id.bank_ref", string="ID at Qonto")
    qonto_bank_slug = fields.Char(related="qonto_transaction_id.bank_slug", string="Readable ID at Qonto")
    qonto_settled_at = fields.Datetime(related="qonto_transaction_id.settled_at")
    qonto_emitted_date = fields.Date(related="qonto_transaction_id.emitted_date")
    qonto_settled_balance = fields.Monetary(related="qonto_transaction_id.settled_balance")
    qonto_changed_at_bank = fields.Datetime(related="qonto_transaction_id.changed_at_bank")
    qonto_raw_text = fields.Text(related="qonto_transaction_id.raw_text")

    _qonto_transaction_uniq = models.UniqueIndex(
        "(qonto_transaction_id) WHERE qonto_transaction_id IS NOT NULL",
        "This transaction of the bank is a bank line already.",
    )

    def unlink(self):
        """A line that a person deletes stays deleted: the feed does not bring it again."""
        transactions = self.sudo().qonto_transaction_id
        result = super().unlink()
        transactions.write({"feed_state": "removed"})
        return result

    def action_open_qonto_line(self):
        """Open the line in the addon's own form: stock Community has none."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("qonto_psd2_sync.account_bank_statement_line_view_form").id, "form")],
        }
