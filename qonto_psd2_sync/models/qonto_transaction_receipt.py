# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    receipt_missing = fields.Boolean(
        compute="_compute_receipts", store=True, precompute=True, readonly=False,
        help="The bank asks for a receipt, and none is attached there, nor said to be lost.",
    )
    # Kept apart from the raw answer, so that it can be found quickly which transactions have some.
    receipt_refs = fields.Json(compute="_compute_receipts", store=True, precompute=True, readonly=False)
    document_ids = fields.One2many("qonto.document", "transaction_id", string="Receipts")

    _receipt_idx = models.Index("(account_id) WHERE receipt_refs IS NOT NULL")

    @api.depends("raw")
    def _compute_receipts(self):
        for transaction in self:
            transaction.update(self._receipts_in(transaction.raw or {}))

    @api.model
    def _receipts_in(self, raw: dict) -> dict:
        """Return the values that tell of the receipts in the bank's answer."""
        refs = raw.get("attachment_ids")
        refs = [ref for ref in refs if isinstance(ref, str) and ref] if isinstance(refs, list) else []
        return {
            "receipt_refs": refs or False,
            "receipt_missing": bool(raw.get("attachment_required") and not refs and not raw.get("attachment_lost")),
        }

    def unlink(self):
        """Their files go with them; what lies on entries stays there."""
        self.sudo().document_ids.unlink()
        return super().unlink()
