# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a journal's dashboard card shows of matching, and the way to the screen."""

from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

# "Booked by itself" on the card: what somebody who looks in once a week wants to know.
RECENTLY = timedelta(days=7)


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _get_journal_dashboard_data_batched(self):
        """Override of `account` to tell on the card how many lines wait, and what was booked by itself."""
        dashboard = super()._get_journal_dashboard_data_batched()
        journals = self.filtered(lambda journal: journal.type in ("bank", "cash", "credit"))
        lines = self.env["account.bank.statement.line"]
        here = Domain([("journal_id", "in", journals.ids), ("move_id.state", "=", "posted")])
        waiting = here & Domain([("is_reconciled", "=", False), ("qonto_later", "=", False)])
        booked = here & Domain([
            ("is_reconciled", "=", True), ("qonto_auto_booked_at", ">", fields.Datetime.now() - RECENTLY),
        ])
        counts = {
            "qonto_to_match": waiting,
            "qonto_certain": waiting & Domain("qonto_certain", "=", True),
            "qonto_by_itself": booked,
        }
        for name, domain in counts.items():
            found = {
                journal.id: count for journal, count in lines._read_group(domain, ["journal_id"], ["__count"])
            } if journals and lines.has_access("read") else {}
            for journal in journals:
                dashboard[journal.id][name] = found.get(journal.id, 0)
        return dashboard

    def action_qonto_matching(self):
        """Open *Bank matching* on this journal."""
        self.ensure_one()
        return {
            **self.env["ir.actions.client"]._for_xml_id("qonto_psd2_sync.action_matching"),
            "context": {"default_journal_id": self.id},
        }
