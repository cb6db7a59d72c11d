# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        """Override of `account`: a line that waits may be what pays a document that is posted now."""
        posted = super()._post(soft)
        documents = posted.filtered(lambda move: move.is_invoice(include_receipts=True) or move.origin_payment_id)
        lines = self.env["account.bank.statement.line"].sudo()
        if documents and lines.search_count(lines._qonto_waiting_domain(documents.company_id), limit=1):
            cron = self.env.ref("qonto_psd2_sync.ir_cron_match", raise_if_not_found=False)
            if cron:
                cron.sudo()._trigger()
        return posted

    def _qonto_name(self) -> str:
        """Return how people call a document: a bill by its vendor's number, all others by their own."""
        self.ensure_one()
        theirs = self.is_purchase_document(include_receipts=True) or self.origin_payment_id
        return (theirs and self.ref) or self.name or ""
