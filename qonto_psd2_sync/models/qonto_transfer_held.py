# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What may settle the bills that a live transfer holds (design R11)."""

from odoo import models

from ..payments.life import ACCEPTED


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _may_be_settled_by(self, item) -> bool:
        """Whether a bill of this transfer may be reconciled with this journal item."""
        self.ensure_one()
        move, payment = item.move_id, self.payment_id
        if move.origin_payment_id and move.origin_payment_id == payment:
            return True
        if item in self.line_ids.move_line_id or move.journal_id == move.company_id.currency_exchange_journal_id:
            return True
        # Without an entry of the payment its bank line settles the bills.
        line = move.statement_line_id
        return bool(
            line and self.state in ACCEPTED and not payment.move_id
            and (line.qonto_transfer_id == self or (
                line.journal_id == payment.journal_id
                and not self.currency_id.compare_amounts(-line.amount, self.amount)
            ))
        )
