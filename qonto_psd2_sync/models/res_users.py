# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Archiving somebody whose consent feeds the books: said beforehand, with who can take over."""

from odoo import models
from odoo.exceptions import RedirectWarning

ANYWAY = "qonto_archive_anyway"


class ResUsers(models.Model):
    _inherit = "res.users"

    def action_archive(self):
        """Override of `base` to warn before a consent goes to waste; the person who archives may go on."""
        consents = self._qonto_consents_in_use()
        if consents and not self.env.context.get(ANYWAY):
            raise RedirectWarning(
                self._qonto_warning(consents),
                self.env.ref("qonto_psd2_sync.action_archive_anyway").id,
                self.env._("Archive all the same"),
                {"active_model": "res.users", "active_ids": self.ids, ANYWAY: True},
            )
        return super().action_archive()

    def write(self, vals):
        """Override of `base`: whichever way a person is archived, somebody is told to take over."""
        leaving = self.filtered("active") if vals.get("active") is False else self.browse()
        consents = leaving._qonto_consents_in_use()
        result = super().write(vals)
        for consent in consents:
            consent._hand_over()
        return result

    def _qonto_consents_in_use(self):
        return self.env["qonto.consent"].sudo().search([("user_id", "in", self.ids), ("is_live", "=", True)])

    def _qonto_warning(self, consents) -> str:
        return "\n\n".join(
            self.env._(
                "%(user)s gave the consent with which Odoo reads Qonto for %(company)s. The consent of somebody who is "
                "archived is used for nothing. %(heir)s",
                user=consent.user_id.name,
                company=consent.company_id.name,
                heir=consent._who_takes_over(leaving=self),
            )
            for consent in consents
        )
