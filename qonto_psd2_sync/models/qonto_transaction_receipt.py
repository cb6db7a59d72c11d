# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    receipt_missing = fields.Boolean(
        compute="_compute_receipt_missing", store=True,
        help="The bank asks for a receipt, and none is attached there, nor said to be lost.",
    )

    @api.depends("raw")
    def _compute_receipt_missing(self):
        for transaction in self:
            raw = transaction.raw or {}
            transaction.receipt_missing = bool(
                raw.get("attachment_required") and not raw.get("attachment_ids") and not raw.get("attachment_lost")
            )
