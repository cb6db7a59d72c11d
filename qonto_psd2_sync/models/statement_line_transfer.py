# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which bank line is a transfer that was sent from here: the bank says it by the transaction's id."""

from dataclasses import replace

from odoo import api, fields, models
from odoo.fields import Domain

from ..matching import ItemKind, OpenItem
from .booking import Booking, Match


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

    # === MONEY THAT COMES BACK === #

    def _qonto_sent_items(self) -> dict:
        """Map journal items to the transfers whose money may come back by one of these lines."""
        amounts = list({line.amount for line in self if line.amount > 0})
        if not amounts:
            return {}
        return self.env["qonto.transfer"].sudo()._may_come_back(self.company_id[:1], amounts)._sent_items()

    def _qonto_open_items(self, only: list[int] | None = None) -> list[OpenItem]:
        """Add the transfers that may come back: proposed only for a line that says so."""
        items = super()._qonto_open_items(only)
        sent = {
            item: transfer for item, transfer in self._qonto_sent_items().items() if only is None or item.id in only
        }
        if not sent:
            return items
        ids = {item.id for item in sent}
        return [item for item in items if item.id not in ids] + [
            OpenItem(
                id=item.id,
                partner_id=transfer.partner_id.commercial_partner_id.id,
                residual=self._qonto_exact(transfer.amount, transfer.currency_id),
                currency=transfer.currency_id.name,
                numbers=tuple({
                    text: None for text in (
                        transfer.reference, transfer.payment_id.name,
                        *transfer.line_ids.move_id.mapped("name"), *transfer.line_ids.move_id.mapped("ref"),
                    ) if text
                }),
                day=transfer.payment_id.date,
                ibans=frozenset({transfer.iban}),
                kind=ItemKind.SENT,
                names=tuple({text: None for text in (transfer.payee_name, transfer.partner_id.name) if text}),
            )
            for item, transfer in sent.items()
        ]

    def _qonto_booking_of(self, proposal, **values) -> Booking:
        """A transfer that comes back opens first what it had paid."""
        booking = super()._qonto_booking_of(proposal, **values)
        settled = {match.item for match in booking.matches if match.item.reconciled}
        back = [transfer for item, transfer in self._qonto_sent_items().items() if item in settled] if settled else []
        if not back:
            return booking
        return replace(
            booking, matches=tuple(match for match in booking.matches if match.item not in settled),
            sent_back=self.env["qonto.transfer"].sudo().union(*back),
        )

    @api.model
    def _qonto_open_sent_back(self, booking: Booking) -> Booking:
        """Have the money of transfers come back, and match what they had debited."""
        if not booking.sent_back:
            return booking
        for transfer in booking.sent_back:
            transfer._send_back()
        items = booking.sent_back.mapped(lambda transfer: transfer._debited_items()).sudo(False)
        return replace(booking, matches=(
            *booking.matches,
            *(Match(item, abs(item.amount_residual_currency)) for item in items if not item.reconciled),
        ))

    # === BOOKED, AND TAKEN BACK === #

    def _qonto_book(self, bookings):
        """A transfer whose line is booked is matched; see `_follow_books`."""
        bookings = list(bookings)
        with self.env.cr.savepoint():
            lines = super()._qonto_book([self._qonto_open_sent_back(booking) for booking in bookings])
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
