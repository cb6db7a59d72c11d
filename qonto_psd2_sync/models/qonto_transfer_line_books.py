# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a transfer's payment does to one bill."""

from odoo import models


class QontoTransferLine(models.Model):
    _inherit = "qonto.transfer.line"

    def _is_payable(self) -> bool:
        """Whether what is to be paid of the bill is still open."""
        self.ensure_one()
        item, settles = self.move_line_id, self.amount + self.discount
        sign = 1 if settles > 0 else -1
        left = -item.amount_residual_currency * sign
        return item.parent_state == "posted" and self.currency_id.compare_amounts(left, settles * sign) >= 0

    def _is_paid_in_full(self) -> bool:
        self.ensure_one()
        return not self.currency_id.compare_amounts(
            -self.move_line_id.amount_residual_currency, self.amount + self.discount
        )

    def _discount_values(self) -> list[dict]:
        """Return the journal items of the discounts, with their taxes, as Odoo's own *Pay* makes them."""
        if not self:
            return []
        company = self.company_id
        discount = -sum(self.mapped("discount"))
        open_balance = self.currency_id._convert(
            discount, company.currency_id, company, self.transfer_id.payment_id.date
        )
        items = [
            {
                "aml": line.move_line_id,
                "amount_currency": -line.move_line_id.amount_residual_currency,
                "balance": -line.move_line_id.amount_residual,
            }
            for line in self
        ]
        values = self.env["account.move"]._get_invoice_counterpart_amls_for_early_payment_discount(items, open_balance)
        return [each for kind in values.values() for each in kind]
