# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""An account and the consents that come and go: it survives them."""

from datetime import timedelta, timezone

from odoo import api, fields, models

from .qonto_account import WINDOW


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    gap_ids = fields.One2many("qonto.account.gap", "account_id", string="Days out of reach", readonly=True)
    gap_text = fields.Char(compute="_compute_gap_text", compute_sudo=True)

    @api.depends("gap_ids")
    @api.depends_context("lang")
    def _compute_gap_text(self):
        for account in self:
            account.gap_text = ", ".join(account.gap_ids.mapped("display_name")) or False

    def _take_bank_ref(self, facts: dict | None):
        """The bank lists the IBAN under another id: it is the same account."""
        if facts and facts["id"] != self.bank_ref:
            self.message_post(
                body=self.env._(
                    "Qonto lists this IBAN under another ID now (%(new)s instead of %(old)s). It is the same account.",
                    new=facts["id"], old=self.bank_ref,
                )
            )
            self.bank_ref = facts["id"]

    def _note_gap(self):
        """Name the days that a connection given today can't reach: since the last sync, but more than 90 days ago."""
        seen = max(filter(None, (self.watermark, self.last_sync_at)), default=None)
        first = self._local_day(seen.replace(tzinfo=timezone.utc)) if seen else self.start_date
        today = self._local_day(fields.Datetime.now().replace(tzinfo=timezone.utc))
        last = today - WINDOW - timedelta(days=1)
        first = max(first, self.start_date)
        if first > last or self.gap_ids.filtered(lambda gap: gap.date_to >= last):
            return
        gap = self.env["qonto.account.gap"].create({"account_id": self.id, "date_from": first, "date_to": last})
        self.message_post(
            body=self.env._(
                "Out of reach: %(gap)s. A connection may read 90 days back (PSD2), and nothing was synced for longer.",
                gap=gap.display_name,
            )
        )

    def _stop_asking(self):
        """Without a consent there is nothing to ask by schedule; a new one starts it again."""
        covered = self._reading_consents()
        (self - self.browse(covered)).sudo().write({"next_sync_at": False})

    def action_close_gaps(self):
        """A person says that the days out of reach are complete, or that nothing was booked in them."""
        self.check_access("write")
        for account in self.sudo().filtered("gap_ids"):
            account.message_post(
                body=self.env._(
                    "%(user)s says that these days are complete: %(days)s.",
                    user=self.env.user.name, days=account.gap_text,
                )
            )
            account.gap_ids.unlink()

    def action_disconnect(self):
        """Disconnect this account: open the page that says what stops, what stays and what else ends."""
        self.ensure_one()
        self.env["qonto.application"].check_access("write")
        self.check_access("read")
        consents = self.consent_ids.filtered("is_live")
        wizard = self.env["qonto.disconnect"].create({"consent_ids": [fields.Command.set(consents.ids)]})
        return wizard._action_open()

    def action_delete(self):
        """Open the page that shows what deleting the account would lose."""
        self.ensure_one()
        self.env["qonto.application"].check_access("write")
        wizard = self.env["qonto.delete"].create({"account_id": self.id})
        return wizard._action_open()
