# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Days that a connection can't read any more, since nobody synced for longer than it may look back."""

from odoo import api, fields, models
from odoo.tools import format_date


class QontoAccountGap(models.Model):
    _name = "qonto.account.gap"
    _description = "Days out of reach of a Qonto account"
    _order = "date_from"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, index=True)
    date_from = fields.Date(required=True, readonly=True)
    date_to = fields.Date(required=True, readonly=True)
    day_count = fields.Integer(string="Days", compute="_compute_day_count")

    _days = models.Constraint("CHECK (date_from <= date_to)", "The first day comes before the last.")

    @api.depends("date_from", "date_to")
    def _compute_day_count(self):
        for gap in self:
            gap.day_count = (gap.date_to - gap.date_from).days + 1

    @api.depends("date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for gap in self:
            gap.display_name = self.env._(
                "%(first)s to %(last)s (days: %(days)s)",
                first=format_date(self.env, gap.date_from),
                last=format_date(self.env, gap.date_to),
                days=gap.day_count,
            )
