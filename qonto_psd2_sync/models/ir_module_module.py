# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models
from odoo.exceptions import UserError


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Override of `base`: while money may be on its way nobody takes away what knows of it.

        Before anything is marked to be removed: an error in the hook would leave the database half uninstalled.
        """
        if "qonto_psd2_sync" in (self | self.downstream_dependencies()).mapped("name"):
            live = self.env["qonto.transfer"].sudo().search([("live", "=", True)])
            if live:
                raise UserError(
                    self.env._(
                        "Transfers at Qonto that are still under way: %(names)s (%(count)s in all). Cancel them, or "
                        "wait until they have ended and are matched; then uninstall.",
                        count=len(live), names=", ".join(transfer._held_by() for transfer in live[:5]),
                    )
                )
        return super().button_uninstall()
