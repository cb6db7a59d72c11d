# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a journal's dashboard card shows of its Qonto account."""

from odoo import api, models
from odoo.tools import format_datetime


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _card_data(self) -> dict:
        """Return what the journal's card shows of this account."""
        self.ensure_one()
        currency = self.currency_id
        labels = dict(self._fields["status"]._description_selection(self.env))
        headline = labels[self.status]
        since = self.failing_since or self.last_sync_at
        if self.status == "not_syncing" and since:
            headline = self.env._("Not syncing since %(instant)s", instant=self._card_time(since))
        consent = self._reading_consents().get(self.id)
        next_sync = self.status != "needs_you" and self.next_sync_at
        return {
            "qonto_status": self.status,
            "qonto_headline": headline,
            "qonto_reason": self.status_reason or "",
            "qonto_last": self._card_time(self.last_sync_at) if self.last_sync_at else "",
            "qonto_next": self._card_time(next_sync) if next_sync else "",
            "qonto_bank_balance": currency.format(self.bank_balance),
            "qonto_ledger_balance": currency.format(self.ledger_balance),
            "qonto_agrees": currency.is_zero(self.balance_difference),
            "qonto_difference": currency.format(self.balance_difference),
            "qonto_pending": self.pending_count,
            "qonto_held": self.held_count,
            "qonto_needs_consent": not consent,
            "qonto_can_connect": False,
            "qonto_days_left": consent._days_left_text() if consent else "",
            "qonto_urgency": consent.urgency if consent else False,
            "qonto_can_renew": bool(consent) and consent.urgency in ("soon", "urgent"),
            "qonto_statements": bool(self.fetch_statements or self.statement_count),
            "qonto_gap": self.gap_text or "",
        }

    @api.model
    def _card_time(self, instant) -> str:
        return format_datetime(self.env, instant, tz=self.env.user.tz or self.tz, dt_format="short")
