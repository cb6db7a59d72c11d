# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The payment of a live transfer goes where the transfer goes, and nobody else's way (design R11)."""

from odoo import api, models
from odoo.exceptions import UserError

from ..payments.life import ACCEPTED
from .account_move_held import differs
from .account_payment_method import CODE

HELD = {
    "state", "move_id", "amount", "currency_id", "date", "partner_id", "partner_bank_id", "partner_type", "company_id",
    "payment_type", "memo", "payment_reference", "journal_id", "payment_method_line_id", "outstanding_account_id",
    "destination_account_id", "invoice_ids",
}
# What recording it writes, once the bank has it.
RECORDED = {"state", "move_id", "date"}


class AccountPayment(models.Model):
    _inherit = "account.payment"

    # === HELD === #

    def _qonto_live_transfers(self):
        """Return the live transfers of these payments."""
        ours = self.sudo().filtered(lambda payment: payment.payment_method_line_id.code == CODE)
        return ours.qonto_transfer_ids.filtered("live")

    def _qonto_check_not_held(self):
        """Refuse while a transfer of one of these payments is under way, and name it.

        :raise UserError: a transfer holds one of them
        """
        for transfer in self._qonto_live_transfers()[:1]:
            raise UserError(
                self.env._(
                    "%(payment)s stays as it is: it is the payment of a transfer of %(transfer)s. It can be changed "
                    "when that one has ended.",
                    payment=transfer.payment_id.display_name, transfer=transfer._held_by(),
                )
            )

    def _qonto_check_only_recorded(self, vals: dict):
        """Let through what the books need when the bank has the transfer, and nothing else."""
        fields = HELD.intersection(vals)
        for payment in self:
            transfer = payment._qonto_live_transfers()
            if not transfer or not differs(payment, vals, fields):
                continue
            recorded = transfer.state in ACCEPTED and fields <= RECORDED and payment.state != "paid"
            forward = vals.get("state", "paid") in ("in_process", "paid") or payment.state == "canceled"
            if not (recorded and forward):
                payment._qonto_check_not_held()

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account` to keep the payment of a live transfer."""
        if HELD.intersection(vals):
            self._qonto_check_only_recorded(vals)
        if vals.get("state") in ("in_process", "paid"):
            self._qonto_check_accepted()
        return super().write(vals)

    def _qonto_check_accepted(self):
        """Refuse to record as paid by Qonto what Qonto does not have.

        :raise UserError: there is no transfer of one of these payments at the bank
        """
        for payment in self.filtered(lambda payment: payment.state in ("draft", "canceled")):
            if payment.payment_method_line_id.code == CODE and not (
                payment.sudo().qonto_transfer_ids.filtered(lambda transfer: transfer.state in ACCEPTED)
            ):
                raise UserError(
                    self.env._(
                        "%s is paid by Qonto: it is recorded when Qonto has the transfer. Have it sent, or choose "
                        "another way to pay.",
                        payment.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        self._qonto_check_not_held()

    # === ACTION METHODS === #

    def action_post(self):
        """Override of `account`: what was not accepted by the bank is not recorded, whoever presses the button."""
        self._qonto_live_transfers().filtered(
            lambda transfer: transfer.state not in ACCEPTED
        ).payment_id._qonto_check_not_held()
        return super().action_post()

    def action_validate(self):
        """Override of `account`: the bank line says that it is paid, not a button."""
        self._qonto_check_not_held()
        return super().action_validate()

    def action_reject(self):
        """Override of `account` to keep the payment of a live transfer."""
        self._qonto_check_not_held()
        return super().action_reject()

    def action_cancel(self):
        """Override of `account` to keep the payment of a live transfer."""
        self._qonto_check_not_held()
        return super().action_cancel()

    def action_draft(self):
        """Override of `account` to keep the payment of a live transfer; one that was given up and found comes back."""
        self.filtered(lambda payment: payment.state != "canceled")._qonto_check_not_held()
        return super().action_draft()
