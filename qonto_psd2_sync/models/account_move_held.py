# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A bill that a live transfer pays stays as it is (design R11)."""

from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        """Override of `account` to keep bills that a transfer pays."""
        self._qonto_check_not_held()
        return super().button_draft()

    def button_cancel(self):
        """Override of `account` to keep bills that a transfer pays."""
        self._qonto_check_not_held()
        return super().button_cancel()

    def _qonto_check_not_held(self):
        """Refuse while money for one of these bills may be on its way, and name the transfer.

        :raise UserError: a transfer holds one of them
        """
        line = self.env["qonto.transfer.line"].sudo().search(
            [("move_line_id.move_id", "in", self.ids), ("live", "=", True)], limit=1
        )
        if not line:
            return
        raise UserError(
            self.env._(
                "%(bill)s stays as it is: a transfer of %(transfer)s pays it. It can be changed when that one has "
                "ended.",
                bill=line.move_id.name, transfer=line.transfer_id._held_by(),
            )
        )
