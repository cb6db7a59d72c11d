# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stock wizards that would reach what a live transfer holds (design R11)."""

from odoo import models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    def _create_payments(self):
        """Override of `account`: what a transfer pays is not paid by another method."""
        self.line_ids._qonto_check_free()
        return super()._create_payments()


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Override of `base`: it moves accounts and bills past all checks."""
        partners = self.env["res.partner"].with_context(active_test=False).browse(partner_ids)
        partners.sudo().bank_ids._qonto_check_not_held()
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
