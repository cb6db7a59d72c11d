# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's own *Pay* with the method *Qonto*: it prepares a payment order, and posts nothing (design R11)."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.account_payment_method import CODE
from ..models.qonto_payment_order import CREDIT_NOTES, Wish
from ..qonto_api import sepa

MOST_NAMED = 5


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    qonto_reference = fields.Char(string="Reference at the bank", compute="_compute_qonto_reference")
    qonto_reference_problem = fields.Boolean(compute="_compute_qonto_reference")
    qonto_payee_name = fields.Char(string="Payee", compute="_compute_qonto_payee_name")
    qonto_left_out = fields.Char(
        string="Left out", readonly=True, help="What was selected, too, but is being paid with Qonto already."
    )

    # === DEFAULTS === #

    @api.model
    def default_get(self, fields):
        """Override of `account`: what a transfer pays already is left out and named; the others go on (design R11)."""
        values = super().default_get(fields)
        for _command, _id, ids in values.get("line_ids", ()):
            items = self.env["account.move.line"].browse(ids)
            held = items._qonto_held()
            if not held:
                break
            named = self._qonto_names(held)
            if len(held) == len(items):
                raise UserError(
                    self.env._(
                        "Being paid with Qonto already: %s. Cancel that payment first to pay another way.", named
                    )
                )
            values["line_ids"] = [Command.set((items - items.browse(held)).ids)]
            values["qonto_left_out"] = named
        return values

    @api.model
    def _qonto_names(self, held: dict) -> str:
        """Return the bills behind these journal items, each with where its transfer is."""
        items = self.env["account.move.line"].sudo().browse(held)
        named = {
            item.move_id: f"{item.move_id._qonto_name()} ({held[item.id]._in_words()})" for item in items
        }
        more = len(named) - MOST_NAMED
        return ", ".join(list(named.values())[:MOST_NAMED]) + (f" + {more}" if more > 0 else "")

    # === COMPUTE METHODS === #

    @api.depends("communication", "payment_method_code")
    def _compute_qonto_reference(self):
        """What the payee will read: in SEPA's characters; a structured reference without its spaces."""
        for wizard in self:
            text = wizard.communication or ""
            wizard.qonto_reference = as_reference(text) if wizard.payment_method_code == CODE else False
            wizard.qonto_reference_problem = bool(
                wizard.payment_method_code == CODE and sepa.reference_problem(wizard.qonto_reference or "")
            )

    @api.depends("partner_bank_id")
    def _compute_qonto_payee_name(self):
        for wizard in self:
            bank = wizard.partner_bank_id
            wizard.qonto_payee_name = self.env["qonto.payment.order"]._payee_name(bank) if bank else False

    # === ACTION METHODS === #

    def action_create_payments(self):
        """Override of `account`: with *Qonto* an order is prepared, and its screen opened."""
        if self.payment_method_line_id.code != CODE:
            return super().action_create_payments()
        if self.is_register_payment_on_draft:
            raise UserError(self.env._("Confirm the bill first: a transfer pays posted bills only."))
        if self.payment_type != "outbound":
            raise UserError(self.env._("A transfer sends money; this would receive some."))
        account = self.env["qonto.account"].search([("journal_id", "=", self.journal_id.id)], limit=1)
        if not account:
            raise UserError(self.env._("The journal %s is not connected to Qonto.", self.journal_id.display_name))
        # One batch, edited as one: everything else is chosen line by line.
        if len(self.batches) > 1 or (self.can_group_payments and not self.group_payment):
            return self.env["qonto.pay"]._begin(account, self.line_ids, group_by_payee=self.group_payment)._open()
        order = self.env["qonto.payment.order"]._prepare(account, [self._qonto_wish(account)])
        return order._open()

    def _qonto_wish(self, account) -> Wish:
        """Return what was entered as a wish for one transfer."""
        today = account._today()
        # Around midnight the day is another one at the bank than where the user is.
        if self.payment_date < min(today, fields.Date.context_today(self)):
            raise UserError(self.env._("A transfer leaves today or later."))
        if self.payment_difference_handling == "reconcile" and not self.early_payment_discount_mode:
            raise UserError(
                self.env._(
                    "With the method Qonto a difference stays open on the bill. If it is not going to be paid, ask the "
                    "vendor for a credit note, or write it off when the payment is booked."
                )
            )
        items, discounted = self._qonto_items(account)
        return Wish(
            partner_bank=self.partner_bank_id,
            reference=as_reference(self.communication or ""),
            items=items,
            discounted=discounted,
            scheduled_date=self.payment_date if self.payment_date > today else None,
        )

    def _qonto_items(self, account):
        """Share the amount out over the instalments, the one due first before the next."""
        lines = self.line_ids.sorted(lambda line: (line.date_maturity or line.date, line.id))
        empty = self.env["account.move.line"]
        if self.early_payment_discount_mode:
            discounted = lines.filtered(
                lambda line: line.discount_amount_currency
                and line.move_id._is_eligible_for_early_payment_discount(line.currency_id, self.payment_date)
            )
            return [
                (line, -line.discount_amount_currency if line in discounted else -line.amount_residual_currency)
                for line in lines
            ], discounted
        notes = lines.filtered(lambda line: line.move_id.move_type in CREDIT_NOTES.get(line.account_type, ()))
        items = [(line, -line.amount_residual_currency) for line in notes]
        currency = account.currency_id
        rest = self.amount - sum(amount for _line, amount in items)
        for line in lines - notes:
            part = min(currency.round(rest), -line.amount_residual_currency)
            if currency.compare_amounts(part, 0) > 0:
                items.append((line, part))
                rest -= part
        if currency.compare_amounts(rest, 0) > 0:
            raise UserError(
                self.env._("That is %s more than is owed.", currency.format(rest))
            )
        return items, empty


def as_reference(text: str) -> str:
    """Return a text as a reference that SEPA can carry."""
    return sepa.structured_reference(text) or sepa.cut(sepa.to_sepa(text), sepa.REFERENCE_LENGTH)
