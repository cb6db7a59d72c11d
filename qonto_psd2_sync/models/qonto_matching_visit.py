# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

# Whoever looks again within this time is still at the same visit.
PAUSE = timedelta(minutes=30)


class QontoMatchingVisit(models.Model):
    """When somebody was at *Bank matching* last, so that it can open on what is new since then."""

    _name = "qonto.matching.visit"
    _description = "Visit of Bank matching"
    _rec_name = "user_id"

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    since = fields.Datetime(help="The end of the visit before this one; empty at the first visit.")
    active_at = fields.Datetime(required=True)

    _person_uniq = models.Constraint("UNIQUE (user_id, company_id)", "There is one visit a person and company.")

    @api.model
    def _enter(self):
        """Note that the user is there now, and return the instant up to which they know everything (or False)."""
        now = fields.Datetime.now()
        mine = [("user_id", "=", self.env.uid), ("company_id", "=", self.env.company.id)]
        visits = self.sudo()
        visit = visits.search(mine, limit=1)
        if not visit:
            # Two tabs opened at once: the second finds the first one's.
            self.env.cr.execute(
                "INSERT INTO qonto_matching_visit (user_id, company_id, active_at) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (self.env.uid, self.env.company.id, now),
            )
            return False
        if now - visit.active_at > PAUSE:
            visit.write({"since": visit.active_at, "active_at": now})
        elif now - visit.active_at > timedelta(minutes=1):
            visit.active_at = now
        return visit.since
