# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Decide*: what becomes of transactions that are held or may be in the books already."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class QontoDecide(models.TransientModel):
    _name = "qonto.decide"
    _description = "Decision about held transactions"

    transaction_ids = fields.Many2many("qonto.transaction", string="Transactions", readonly=True)
    doubtful = fields.Boolean(compute="_compute_facts")
    facts = fields.Text(compute="_compute_facts")
    first_open_day = fields.Date(compute="_compute_facts")
    choice = fields.Selection(
        selection=[
            ("wait", "Wait: the next sync books it once the reason is gone"),
            ("first_open_day", "Book on the first open day; the bank's day is kept and shown"),
            ("plain", "Book without the original amount, in the account's currency only"),
            ("left_out", "Leave out of the books"),
        ],
        default="wait",
        required=True,
    )
    reason = fields.Char()

    @api.depends("transaction_ids")
    def _compute_facts(self):
        for wizard in self:
            waiting = wizard.transaction_ids
            wizard.doubtful = bool(waiting) and all(row.feed_state == "doubtful" for row in waiting)
            wizard.facts = "\n\n".join(
                f"{format_date(self.env, row.booking_date)}  {row.currency_id.format(row.amount)}  "
                f"{row.counterparty_name or row.label or ''}\n{row.doubt or row.hold_reason or ''}"
                for row in waiting
            )
            lock_dates = [
                row.company_id._get_user_fiscal_lock_date(row.journal_id)
                for row in waiting if row.hold_kind == "locked"
            ]
            wizard.first_open_day = fields.Date.add(max(lock_dates), days=1) if lock_dates else False

    def action_confirm(self):
        """Do what was chosen with those that wait for it."""
        self.ensure_one()
        held = self.transaction_ids.filtered(lambda row: row.feed_state == "held")
        if self.choice != "wait" and not (self.reason or "").strip():
            raise UserError(self.env._("Give a reason: it is kept with the transaction."))
        if self.choice == "first_open_day":
            self._book(held.filtered(lambda row: row.hold_kind == "locked"))
        elif self.choice == "plain":
            self._book(held.filtered(lambda row: row.hold_kind in (
                "zero_local", "currency_unknown", "currency_inactive"
            )))
        elif self.choice == "left_out":
            self.transaction_ids._leave_out(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _book(self, transactions):
        if not transactions:
            raise UserError(self.env._("This choice fits none of them. Their reason says what can be done."))
        transactions._book_as_decided(self.choice, self.reason)

    def action_same(self):
        """It is there already."""
        self.transaction_ids.action_same()
        return {"type": "ir.actions.act_window_close"}

    def action_separate(self):
        """It is another one."""
        self.transaction_ids.action_separate()
        return {"type": "ir.actions.act_window_close"}
