# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which bank line is a transfer that was sent from here: the bank says it by the transaction's id."""

from odoo import api, fields, models
from odoo.fields import Domain


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
        """Map open items to the transfer that they wait for, where the bank has said which transaction it is.

        :param item_ids: journal items of payments; a payment without journal entry by its own id, negative
        """
        transfers = self.env["qonto.transfer"].sudo().search_fetch(
            [
                ("transaction_ref", "!=", False), ("matched", "=", False),
                "|", ("payment_id.move_id.line_ids", "in", [item_id for item_id in item_ids if item_id > 0]),
                ("payment_id", "in", [-item_id for item_id in item_ids if item_id < 0]),
            ],
            ["payment_id"],
        )
        found = {}
        for transfer in transfers:
            payment = transfer.payment_id
            liquidity = payment._seek_for_lines()[0] if payment.move_id else payment
            for record in liquidity:
                found[record.id if payment.move_id else -record.id] = str(transfer.id)
        return found

    def _qonto_open_items_domain(self) -> Domain:
        """Leave out what a live transfer holds (R11): not the bill waits for a bank line, its payment does."""
        held = self.env["qonto.transfer.line"].sudo()._search([("live", "=", True)])
        return super()._qonto_open_items_domain() & Domain("id", "not in", held.subselect("move_line_id"))

    def _qonto_book(self, bookings):
        """A transfer whose line is booked is matched; see `_follow_books`."""
        lines = super()._qonto_book(bookings)
        lines._qonto_transfers_concerned()._follow_books()
        return lines

    def _qonto_undo(self):
        """A transfer whose line is taken back is not matched any more."""
        transfers = self._qonto_transfers_concerned()
        result = super()._qonto_undo()
        transfers._follow_books()
        return result

    def _qonto_transfers_concerned(self):
        """Return the transfers whose payments these booked lines are matched with, or that the bank says they are."""
        items = self.move_id.line_ids
        partials = items.matched_debit_ids | items.matched_credit_ids
        payments = (partials.debit_move_id | partials.credit_move_id).move_id.origin_payment_id
        payments |= self.env["account.payment"].browse(
            {payment for line in self for payment in (line.qonto_before_booking or {}).get("payments", ())}
        )
        transfers = self.env["qonto.transfer"].sudo()
        return self.sudo().qonto_transfer_id | transfers.search([("payment_id", "in", payments.ids)])
