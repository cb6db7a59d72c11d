# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The account that a live transfer goes to stays what it was (design R11). Taking the trust away is always possible."""

from odoo import api, models
from odoo.exceptions import UserError

from .account_move_held import differs

HELD = {"acc_number", "acc_holder_name", "partner_id", "active", "company_id"}


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    def write(self, vals):
        """Override of `base` to keep a payee's account."""
        if fields := HELD.intersection(vals):
            self.filtered(lambda account: differs(account, vals, fields))._qonto_check_not_held()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        self._qonto_check_not_held()

    def _qonto_check_not_held(self):
        """Refuse while money may be on its way to one of these accounts, and name the transfer.

        :raise UserError: a transfer goes to one of them
        """
        transfer = self.env["qonto.transfer"].sudo().search(
            [("partner_bank_id", "in", self.ids), ("live", "=", True)], limit=1
        ) if self.ids else None
        if transfer:
            raise UserError(
                self.env._(
                    "The account %(account)s stays as it is: a transfer of %(transfer)s goes to it. It can be changed "
                    "when that one has ended.",
                    account=transfer.partner_bank_id.acc_number, transfer=transfer._held_by(),
                )
            )
