# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How long a consent is good for, why, and what the clock does to it."""

import logging
import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

# The bank lets a refresh token live 90 days from its last use (reference/qonto-api.md, 4.3).
TOKEN_LIFE = timedelta(days=90)
# A licensed third party may read for 180 days before the customer must log in at the bank again (PSD2; 18.2).
THIRD_PARTY_LIFE = timedelta(days=180)
EXPIRING_SOON = timedelta(days=14)
URGENT_DAYS = 3
DAY = timedelta(days=1)


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    last_used_at = fields.Datetime(string="Last renewed by use", readonly=True)
    valid_until = fields.Datetime(compute="_compute_valid_until", store=True)
    valid_until_reason = fields.Char(string="Why until then", compute="_compute_valid_until_reason")
    days_left = fields.Integer(compute="_compute_days_left")
    urgency = fields.Selection(
        selection=[("calm", "Time enough"), ("soon", "Renew soon"), ("urgent", "Renew now")],
        compute="_compute_days_left",
    )

    @api.depends("last_used_at", "authorised_at", "application_id.third_party")
    def _compute_valid_until(self):
        for consent in self:
            if not consent.last_used_at:
                # Never used, or from before this was noted: what is known stays.
                consent.valid_until = consent.valid_until
                continue
            ends = [consent.last_used_at + TOKEN_LIFE]
            if consent._is_bound_to_180_days():
                ends.append(consent.authorised_at + THIRD_PARTY_LIFE)
            consent.valid_until = min(ends)

    def _is_bound_to_180_days(self) -> bool:
        return bool(self.sudo().application_id.third_party and self.authorised_at)

    @api.depends("valid_until", "state")
    @api.depends_context("lang")
    def _compute_valid_until_reason(self):
        for consent in self:
            if consent.state not in self._LIVE or not consent.valid_until:
                consent.valid_until_reason = False
            elif (
                consent._is_bound_to_180_days()
                and consent.valid_until >= consent.authorised_at + THIRD_PARTY_LIFE
            ):
                consent.valid_until_reason = self.env._(
                    "180 days after it was given: a licensed third party must then ask anew (PSD2). Syncing does not "
                    "prolong it; renewing does."
                )
            else:
                consent.valid_until_reason = self.env._(
                    "It renews with every sync. This is the day on which it would end if nothing were synced from "
                    "now on: 90 days after its last use on %(date)s.",
                    date=format_date(self.env, consent.last_used_at or consent.valid_until - TOKEN_LIFE),
                )

    @api.depends("valid_until", "state")
    def _compute_days_left(self):
        now = fields.Datetime.now()
        for consent in self:
            live = consent.state in self._LIVE and consent.valid_until
            consent.days_left = max(math.ceil((consent.valid_until - now) / DAY), 0) if live else 0
            if not live or consent.days_left > EXPIRING_SOON.days:
                consent.urgency = live and "calm"
            else:
                consent.urgency = "urgent" if consent.days_left <= URGENT_DAYS else "soon"

    def _days_left_text(self) -> str:
        """Return how many days are left, for the journal's card."""
        if not self.urgency:
            return ""
        return self.env._("1 day left") if self.days_left == 1 else self.env._("%s days left", self.days_left)

    # === BY THE CLOCK === #

    @api.model
    def _update_states(self):
        """Let the clock move consents, and remind those who gave them; called by each scheduled sync."""
        try:
            with self.env.cr.savepoint():
                live = self.sudo().search([("state", "in", self._LIVE), ("valid_until", "!=", False)])
                live = live.try_lock_for_update(allow_referencing=True)
                live._follow_clock()
                live._remind()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Another worker writes the same consents in this instant: it, or the next run, does the same.
            self.env.invalidate_all(flush=False)
            _logger.info("Consents are looked at again in the next run: another worker is at it")

    def _follow_clock(self):
        """Move live consents: active ⇄ expiring → expired."""
        now = fields.Datetime.now()
        over = self.filtered(lambda consent: consent.valid_until and consent.valid_until <= now)
        over._end("expired")
        over.account_ids._stop_asking()
        for consent in self - over:
            soon = consent.valid_until and consent.valid_until <= now + EXPIRING_SOON
            state = "expiring" if soon else "active"
            if consent.state != state:
                consent.state = state
