# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who takes over when the person who gave a consent leaves."""

from odoo import fields, models

from .qonto_consent_reminder import ACTIVITY, FEED_MANAGER


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    def _others_with_consent(self, leaving):
        """Return the live consents of others that cover all accounts of this one."""
        others = self.search(
            [
                ("company_id", "=", self.company_id.id), ("is_live", "=", True),
                ("user_id", "not in", (leaving | self.user_id).ids), ("user_id.active", "=", True),
            ]
        )
        return others.filtered(lambda other: not (self.account_ids - other.account_ids))

    def _heirs(self, leaving):
        """Return who may connect Qonto for this company."""
        managers = self.env.ref(FEED_MANAGER).sudo().all_user_ids
        return managers.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        ) - (leaving | self.user_id) - self.env.ref("base.user_root")

    def _who_takes_over(self, leaving) -> str:
        """Return a sentence that names who goes on."""
        if others := self._others_with_consent(leaving):
            return self.env._(
                "The feed goes on with the consent of %s.", ", ".join(others.user_id.mapped("name"))
            )
        if heirs := self._heirs(leaving):
            return self.env._(
                "These people may connect Qonto and so take over: %s. Until one of them does, nothing is synced.",
                ", ".join(heirs.mapped("name")),
            )
        return self.env._(
            "Nobody else may connect Qonto. Give somebody the right “Qonto bank feed: Administrator” first."
        )

    def _hand_over(self):
        """Tell one person who may connect that it is up to them now."""
        self.ensure_one()
        leaving = self.user_id
        self.message_post(
            body=self.env._(
                "%(user)s was archived. %(heir)s", user=leaving.name, heir=self._who_takes_over(leaving)
            )
        )
        if self._others_with_consent(leaving):
            return
        heirs = self._heirs(leaving)
        for account in self.account_ids.filtered("active"):
            user = account.responsible_id & heirs or heirs[:1]
            if not user:
                continue
            words = self.with_context(lang=user.lang).env
            account.journal_id.activity_schedule(
                ACTIVITY,
                user_id=user.id,
                date_deadline=fields.Date.context_today(self),
                summary=words._("Connect Qonto"),
                note=words._(
                    "%s gave the consent and was archived. Connect Qonto yourself; lines and settings stay.",
                    leaving.name,
                ),
            )
