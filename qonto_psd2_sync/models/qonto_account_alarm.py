# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A failure in the background becomes an activity for a named person, and is closed when all is well again."""

from datetime import timedelta

from odoo import api, fields, models

ACTIVITY = "qonto_psd2_sync.mail_activity_feed"
FAILURES = 2
LASTING = timedelta(hours=24)


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _tell_the_responsible(self):
        """After two failures in a row, or a day of them, somebody is asked to look: once, on the journal's card."""
        now = fields.Datetime.now()
        for account in self:
            lasts = account.failing_since and account.failing_since <= now - LASTING
            if not account.failure_kind or not (account.failure_count >= FAILURES or lasts):
                continue
            if account._feed_activities():
                continue
            for user in account._whom_to_tell():
                reader = account.with_context(lang=user.lang)
                account.journal_id.sudo().activity_schedule(
                    ACTIVITY,
                    user_id=user.id,
                    summary=reader.env._("%s does not sync", account.name),
                    note=reader.failure,
                )

    def _feed_activities(self):
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        return self.env["mail.activity"].sudo().search([
            ("res_model", "=", "account.journal"),
            ("res_id", "in", self.journal_id.ids),
            ("activity_type_id", "=", kind.id if kind else 0),
        ])

    def _whom_to_tell(self):
        """Return the responsible user; one who is archived can't act: then the administrators of the feed."""
        self.ensure_one()
        company = self.company_id
        if self.responsible_id.active and company in self.responsible_id.company_ids:
            return self.responsible_id
        administrators = self.env.ref("qonto_psd2_sync.group_feed_manager").sudo().all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )
        return administrators - self.env.ref("base.user_root")

    def _tell_that_all_is_well(self):
        """Close what was asked for: it is mended."""
        activities = self._feed_activities()
        if activities:
            activities.action_feedback(feedback=self.env._("It syncs again."))

    @api.model
    def _tell_what_lasts(self):
        """An account that is not tried again by itself has no second failure: the clock tells."""
        self.sudo().search([
            ("failure_kind", "!=", False), ("failing_since", "<=", fields.Datetime.now() - LASTING)
        ])._tell_the_responsible()
