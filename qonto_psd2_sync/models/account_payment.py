# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The accounting document of a transfer: a draft until the bank has it (design R10)."""

from datetime import timedelta

from odoo import api, fields, models

from ..payments.life import ACCEPTED
from .account_payment_method import CODE


class AccountPayment(models.Model):
    _inherit = "account.payment"

    qonto_transfer_ids = fields.One2many("qonto.transfer", "payment_id", string="Transfers at Qonto", readonly=True)
    qonto_transfer_id = fields.Many2one(
        "qonto.transfer", string="Transfer at Qonto", compute="_compute_qonto_transfer_id", compute_sudo=True,
        help="The latest one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("qonto_transfer_ids")
    def _compute_qonto_transfer_id(self):
        for payment in self:
            payment.qonto_transfer_id = payment.qonto_transfer_ids.sorted("id")[-1:]

    @api.model
    def _get_method_codes_using_bank_account(self):
        """Override of `account`: a transfer goes to an account."""
        return [*super()._get_method_codes_using_bank_account(), CODE]

    @api.model
    def _get_method_codes_needing_bank_account(self):
        """Override of `account`: a transfer goes to a trusted account."""
        return [*super()._get_method_codes_needing_bank_account(), CODE]

    def _compute_show_require_partner_bank(self):
        """Override of `account`: once the bank has it, it is recorded whatever became of the trust."""
        result = super()._compute_show_require_partner_bank()
        for payment in self.filtered("require_partner_bank_account"):
            if payment.qonto_transfer_id.sudo().state in ACCEPTED:
                payment.require_partner_bank_account = False
        return result

    # === TAKEN BACK === #

    def _qonto_reverse(self):
        """Take back payments of a locked period: a reversal in the open one, and bills that are open again."""
        for payment in self:
            move = payment.move_id
            first = payment.company_id._get_user_fiscal_lock_date(payment.journal_id) + timedelta(days=1)
            move._reverse_moves(
                [{
                    "date": max(fields.Date.context_today(payment), first),
                    "ref": self.env._("Reversal of: %s", move.name),
                }],
                cancel=True,
            )
            # Not Odoo's own cancel: the entry of the locked period stays as it is.
            payment.state = "canceled"


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_invoice_in_payment_state(self):
        """Override of `account`: a bill is paid when the bank line is there, in Community too."""
        if self and any(
            payment.state == "in_process" and payment.payment_method_code == CODE
            for payment in self.matched_payment_ids
        ):
            return "in_payment"
        return super()._get_invoice_in_payment_state()
