# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Each transfer to somebody else has an `account.payment`: a draft, made when the transfer is prepared."""

from odoo import Command, api, models
from odoo.exceptions import UserError

from .qonto_payment_order import PAYABLE, Wish


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    # === CHECKS === #

    @api.model
    def _check_bookable(self, account, wish: Wish):
        """Refuse what could not be recorded when the bank has it."""
        payee = self._payee_name(wish.partner_bank)
        if wish.to_account:
            self._check_own(account, wish)
            return
        line = account.journal_id._qonto_method_line()
        outstanding = line.payment_account_id
        if not line:
            raise UserError(
                self.env._("The journal %s does not offer payments by Qonto.", account.journal_id.display_name)
            )
        if outstanding and (outstanding == account.journal_id.default_account_id or not outstanding.reconcile):
            raise UserError(
                self.env._(
                    "Payments by Qonto stand on %(account)s until the bank line comes. Choose an account for "
                    "outstanding payments that can be reconciled, in the journal %(journal)s.",
                    account=outstanding.display_name, journal=account.journal_id.display_name,
                )
            )
        if len({item.account_id for item, _amount in wish.items}) > 1:
            raise UserError(
                self.env._(
                    "%(payee)s: these bills stand on different accounts. Pay them one by one.", payee=payee
                )
            )
        if wish.payment:
            self._check_payment(account, wish, line)

    @api.model
    def _check_own(self, account, wish: Wish):
        """Refuse a movement between own accounts that the bank has no such transfer for."""
        other = wish.to_account
        other.check_access("read")
        if wish.items or wish.payment:
            raise UserError(self.env._("A transfer between own accounts pays no bill."))
        if other == account or other.company_id != account.company_id or other.environment != account.environment:
            raise UserError(self.env._("Choose another account of the same company."))
        if other.currency_id != account.currency_id:
            raise UserError(self.env._("Both accounts are kept in euros only."))
        if wish.scheduled_date and wish.scheduled_date > account._today():
            raise UserError(self.env._("Between own accounts money moves at once: Qonto takes no later day."))
        if wish.partner_bank != other.journal_id.bank_account_id:
            raise UserError(self.env._("The payee's account is not that of %s.", other.display_name))

    @api.model
    def _check_payment(self, account, wish: Wish, line):
        """Refuse a payment that says something else than the wish."""
        payment = wish.payment
        payment.check_access("write")
        if payment.state != "draft" or payment.move_id or payment.payment_type != "outbound":
            raise UserError(self.env._("%s is not a draft of a payment to somebody.", payment.display_name))
        if payment.payment_method_line_id != line or payment.company_id != account.company_id:
            raise UserError(
                self.env._("%(payment)s is not paid by Qonto from %(account)s.",
                           payment=payment.display_name, account=account.name)
            )
        if (
            payment.partner_bank_id != wish.partner_bank or payment.currency_id != account.currency_id
            or payment.partner_id.commercial_partner_id != wish.partner_bank.partner_id.commercial_partner_id
            or account.currency_id.compare_amounts(payment.amount, wish.amount)
        ):
            raise UserError(
                self.env._("%s has another payee, account or amount. Correct it first.", payment.display_name)
            )

    @api.model
    def _check_payments_free(self, payments):
        """Refuse a payment that a live transfer makes. The unique index has the last word (R1)."""
        if len(set(payments)) < len(payments):
            raise UserError(self.env._("The same payment is in this order twice."))
        transfer = self.env["qonto.transfer"].sudo().search(
            [("payment_id", "in", [payment.id for payment in payments]), ("live", "=", True)], limit=1
        )
        if transfer:
            raise UserError(
                self.env._("A transfer of %s for this payment is under way already.", transfer._held_by())
            )

    # === MAKING === #

    @api.model
    def _make_payments(self, account, wishes: list[Wish]):
        """Make the payments of those wishes that have none yet, all at once; note which bills they pay."""
        without = [wish for wish in wishes if not wish.payment and not wish.to_account]
        method_line, today = account.journal_id._qonto_method_line(), account._today()
        payments = self.env["account.payment"].sudo().with_context(
            mail_create_nosubscribe=True, default_move_type=False
        ).create([
            {
                **self._payment_values(account, wish),
                "payment_method_line_id": method_line.id, "date": wish.scheduled_date or today,
            }
            for wish in without
        ])
        for wish, payment in zip(without, payments, strict=True):
            wish.payment = payment
        for wish in wishes:
            if wish.payment and wish not in without and wish.items:
                wish.payment.sudo().invoice_ids = [
                    Command.link(item.move_id.id) for item, _amount in wish.items if item.move_id.is_invoice(True)
                ]

    @api.model
    def _payment_values(self, account, wish: Wish) -> dict:
        items = self.env["account.move.line"].union(*(item for item, _amount in wish.items))
        partner = items.partner_id[:1] or wish.partner_bank.partner_id.commercial_partner_id
        customer = items.account_id.account_type == PAYABLE[1] if items else wish.customer
        return {
            "payment_type": "outbound",
            "partner_type": "customer" if customer else "supplier",
            "partner_id": partner.id,
            "partner_bank_id": wish.partner_bank.id,
            "company_id": account.company_id.id,
            "journal_id": account.journal_id.id,
            "currency_id": account.currency_id.id,
            "amount": wish.amount,
            "memo": wish.reference,
            # Without journal entry this is what tells which bills it pays.
            "invoice_ids": [
                Command.set(items.move_id.filtered(lambda move: move.is_invoice(include_receipts=True)).ids)
            ],
            **({"destination_account_id": items.account_id.id} if items else {}),
        }
