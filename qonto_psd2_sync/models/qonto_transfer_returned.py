# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that comes back after it was sent (design R10): a credit of its own, which no answer of the bank announces.

The debit stays matched. The bills are no longer paid by it, and open again; what the transfer debited on the partner's
account is open too, and is settled by the credit. A discount that was taken is taken back.
"""

from datetime import timedelta

from odoo import Command, fields, models

from ..payments import SentBack
from . import payment_clock

# How long after its sending a transfer is looked for when a credit says that it comes back.
COMES_BACK_WITHIN = timedelta(days=120)


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    # === THE BOOKS === #

    def _books_behind(self) -> bool:
        """Override to open again what money that came back had paid."""
        if self.state != "returned" or not self.payment_id:
            return super()._books_behind()
        if not self.payment_id.move_id and not self.matched:
            return False  # its debit comes first
        return self.payment_id.state != "rejected"

    def _books_record(self) -> dict:
        """Override to open again what money that came back had paid."""
        problems = super()._books_record()
        self.filtered(lambda transfer: transfer.state == "returned")._books_reopen()
        return problems

    def _books_reopen(self):
        """Open the bills again, and what the transfer debited; say why."""
        for transfer in self:
            debited = transfer._debited_items()
            (debited.matched_debit_ids | debited.matched_credit_ids).filtered(
                lambda partial, transfer=transfer: (
                    (partial.debit_move_id | partial.credit_move_id) & transfer.line_ids.move_line_id
                )
            ).unlink()
            transfer._take_discount_back(debited)
            transfer.payment_id.state = "rejected"
        self._tell_bills({
            transfer: self.env._(
                "The transfer over %(amount)s to %(payee)s came back: the bill is open again.",
                amount=transfer.currency_id.format(transfer.amount), payee=transfer.payee_name,
            )
            for transfer in self
        })

    def _take_discount_back(self, debited):
        """Book the discounts of the payment the other way round, against what the transfer debited."""
        taken = debited.move_id.line_ids - debited - self._money_items()
        if not any(self.line_ids.mapped("discount")) or not taken:
            return
        company, payment = self.company_id, self.payment_id
        first = company._get_user_fiscal_lock_date(payment.journal_id) + timedelta(days=1)
        values = [
            {
                "name": item.name, "account_id": item.account_id.id, "partner_id": item.partner_id.id,
                "currency_id": item.currency_id.id, "amount_currency": -item.amount_currency, "balance": -item.balance,
                "tax_ids": [Command.set(item.tax_ids.ids)], "tax_tag_ids": [Command.set(item.tax_tag_ids.ids)],
                "tax_repartition_line_id": item.tax_repartition_line_id.id, "tax_base_amount": item.tax_base_amount,
            }
            for item in taken
        ]
        counterpart = {
            "name": self.env._("Discount taken back: %s", self.reference),
            "account_id": payment.destination_account_id.id, "partner_id": debited.partner_id.id,
            "currency_id": self.currency_id.id, "amount_currency": sum(taken.mapped("amount_currency")),
            "balance": sum(taken.mapped("balance")),
        }
        entry = self.env["account.move"].with_context(skip_invoice_sync=True).create({
            "move_type": "entry", "journal_id": payment.journal_id.id, "company_id": company.id,
            "date": max(fields.Date.context_today(self), first), "ref": counterpart["name"],
            "line_ids": [Command.create(each) for each in (*values, counterpart)],
        })
        entry.action_post()
        mine = entry.line_ids.filtered(lambda item: item.account_id == payment.destination_account_id)
        (mine | debited).reconcile()

    def _money_items(self):
        """Return the items that stand for the money: at the bank, or on its way."""
        payment = self.payment_id
        if payment.move_id:
            return payment._seek_for_lines()[0]
        items = self.env["account.move.line"]
        return items.union(*(line._seek_for_lines()[0] for line in self._booked_lines()))

    def _debited_items(self):
        """Override: without an entry of the payment its bank line has the items that paid the bills."""
        payment = self.payment_id
        if payment.move_id or not payment:
            return super()._debited_items()
        return self._booked_lines().move_id.line_ids.filtered(
            lambda item: item.account_id == payment.destination_account_id
        ).sorted("id")

    def _booked_lines(self):
        """Return the bank lines that paid a payment without entry."""
        self.ensure_one()
        payment = self.payment_id
        lines = self.env["account.bank.statement.line"].search([
            ("journal_id", "=", payment.journal_id.id), ("amount", "=", -self.amount),
            ("qonto_before_booking", "!=", False),
        ])
        return lines.filtered(lambda line: payment.id in line.qonto_before_booking.get("payments", ()))

    # === NOTICING === #

    def _follow_matches(self):
        """Override to notice a credit that was matched with what a transfer debited, by whomever."""
        for transfer in self.filtered(lambda transfer: transfer.state == "settled" and transfer.payment_id):
            if transfer._is_sent_back():
                transfer._send_back()
        return super()._follow_matches()

    def _is_sent_back(self) -> bool:
        debited = self._debited_items()
        partials = debited.matched_credit_ids
        return any(line.amount > 0 for line in partials.credit_move_id.move_id.statement_line_id)

    def _send_back(self):
        """Note that the money came back, and open what it had paid."""
        self.ensure_one()
        self._step(SentBack())
        self._books_catch_up()

    def _sent_items(self) -> dict:
        """Map transfers that may come back to the journal item that stands for each in the matching."""
        found = {}
        for transfer in self:
            if items := transfer._debited_items():
                found[items[0]] = transfer
        return found

    def _may_come_back(self, company, amounts: list[float]):
        """Return the company's transfers of these amounts whose money may come back."""
        since = payment_clock.stored(payment_clock.now(self.env) - COMES_BACK_WITHIN)
        return self.search([
            ("company_id", "=", company.id), ("state", "=", "settled"), ("payment_id", "!=", False),
            ("first_sent_at", ">=", since), ("amount", "in", amounts),
        ])
