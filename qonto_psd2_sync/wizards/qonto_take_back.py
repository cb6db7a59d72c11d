# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Take out of the books*: hide or delete bank lines, with a reason; both can be restored."""

from odoo import fields, models
from odoo.exceptions import UserError


class QontoTakeBack(models.TransientModel):
    _name = "qonto.take.back"
    _description = "Take bank lines out of the books"

    line_ids = fields.Many2many("account.bank.statement.line", readonly=True)
    mode = fields.Selection(
        selection=[
            ("hidden", "Hide: not for these books (private, or booked elsewhere)"),
            ("removed", "Delete: the feed does not bring it again"),
        ],
        default="hidden",
        required=True,
    )
    reason = fields.Char()

    def action_confirm(self):
        """Take the lines back and remember how, who and why."""
        self.ensure_one()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Give a reason: it is kept with the transaction."))
        self.line_ids.qonto_transaction_id._take_back(self.mode, self.reason)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_bank_transactions"),
            "target": "main",
        }
