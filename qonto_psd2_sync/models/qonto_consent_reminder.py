# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whoever gave a consent is told in time that it ends: an activity on the journal, and mail in the end."""

import logging

from odoo import fields, models
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

REMIND_ON = (14, 7, 3, 1)
MAIL_ON = (7, 1)
ACTIVITY = "qonto_psd2_sync.mail_activity_renew"
FEED_MANAGER = "qonto_psd2_sync.group_feed_manager"


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    reminded_on = fields.Integer(
        readonly=True, copy=False, help="How many days were left when the last reminder was given; 0: none was."
    )

    def _remind(self):
        """Remind on days 14, 7, 3 and 1, once each; a consent that lives longer again is no cause for a reminder."""
        for consent in self.filtered(lambda consent: consent.state in self._LIVE):
            mark = min((mark for mark in REMIND_ON if consent.days_left <= mark), default=0)
            if mark == consent.reminded_on:
                continue
            if mark:
                consent._remind_by_activity()
                if mark in MAIL_ON and consent.application_id.remind_by_mail:
                    consent._remind_by_mail()
            else:
                consent._close_reminders()
            consent.reminded_on = mark

    def _whom_to_remind(self, account):
        """Return who gave the consent, or who is responsible if that person can't renew it any more."""
        for user in (self.user_id, account.responsible_id):
            if user.active and user.has_group(FEED_MANAGER) and self.company_id in user.company_ids:
                return user
        return self.env["res.users"]

    def _remind_by_activity(self):
        """Leave one activity on each journal, or move the one that is there."""
        for account in self.account_ids.filtered("active"):
            user = self._whom_to_remind(account)
            if not user:
                _logger.warning("Consent %s ends soon, and nobody is there to be reminded", self.id)
                continue
            consent = self.with_context(lang=user.lang)
            day = fields.Date.context_today(consent.with_context(tz=account.tz), self.valid_until)
            values = {
                "date_deadline": day,
                "summary": consent.env._("Renew Qonto until %s", format_date(consent.env, day)),
                "note": consent._reminder_text(),
            }
            if activity := self._reminders(account.journal_id).filtered(lambda found, user=user: found.user_id == user):
                activity.write(values)
            else:
                account.journal_id.activity_schedule(ACTIVITY, user_id=user.id, **values)

    def _reminder_text(self) -> str:
        return self.env._(
            "The consent for %(organization)s ends on %(date)s. Choose Renew on the journal's card and log in at "
            "Qonto: it takes a minute. Until the new one works, the old one goes on.",
            organization=self.organization_name or "Qonto",
            date=format_date(self.env, self.valid_until),
        )

    def _remind_by_mail(self):
        """Write to whoever gave the consent."""
        user = self._whom_to_remind(self.account_ids[:1])
        if not user.email:
            return
        consent = self.with_context(lang=user.lang)
        address = f"{self.get_base_url()}/odoo/qonto-consents/{self.id}"
        self.env["mail.mail"].create(
            {
                "model": self._name,
                "res_id": self.id,
                "email_to": user.email_formatted,
                "subject": consent.env._(
                    "Qonto: the consent ends on %s", format_date(consent.env, self.valid_until)
                ),
                "body_html": consent.env["ir.qweb"]._render(
                    "qonto_psd2_sync.reminder_mail",
                    {"name": user.name, "text": consent._reminder_text(), "address": address},
                ),
                "auto_delete": False,
            }
        )

    def _reminders(self, journals):
        return self.env["mail.activity"].sudo().search(
            [
                ("res_model", "=", "account.journal"),
                ("res_id", "in", journals.ids),
                ("activity_type_id", "=", self.env.ref(ACTIVITY).id),
            ]
        )

    def _close_reminders(self):
        """Close the activities of those who are reminded of these consents: they were renewed, or used again."""
        for consent in self:
            people = consent.user_id | consent.account_ids.responsible_id
            mine = consent._reminders(consent.account_ids.journal_id)
            mine.filtered(lambda activity, people=people: activity.user_id in people).action_feedback(
                feedback=consent.env._("Renewed")
            )
            consent.reminded_on = 0
