# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which bank line is a transfer that was sent from here: the bank says it by the transaction's id."""

from odoo import api, fields, models


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_transfer_id = fields.Many2one(
        "qonto.transfer", string="Sent from Odoo as", compute="_compute_qonto_transfer_id", compute_sudo=True
    )

    @api.depends("qonto_transaction_id")
    def _compute_qonto_transfer_id(self):
        transactions = self.qonto_transaction_id
        # The bank's answers name a transaction by its id or by its readable one.
        refs = {ref for ref in (*transactions.mapped("bank_ref"), *transactions.mapped("bank_slug")) if ref}
        transfers = self.env["qonto.transfer"].search([("transaction_ref", "in", list(refs))]) if refs else ()
        by_ref = {(transfer.company_id, transfer.transaction_ref): transfer for transfer in transfers}
        for line in self:
            transaction = line.qonto_transaction_id
            found = (by_ref.get((line.company_id, ref)) for ref in (transaction.bank_ref, transaction.bank_slug))
            line.qonto_transfer_id = next(filter(None, found), False)

    @api.model
    def _qonto_transfers_of(self, item_ids: list[int]) -> dict[int, str]:
        """Map open items to the transfer that pays them, where the bank has said which transaction it is."""
        held = self.env["qonto.transfer.line"].sudo().search_fetch(
            [("live", "=", True), ("transfer_id.transaction_ref", "!=", False), ("move_line_id", "in", item_ids)],
            ["move_line_id", "transfer_id"],
        )
        return {each.move_line_id.id: str(each.transfer_id.id) for each in held}
