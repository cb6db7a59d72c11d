# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One function books bank lines, one undoes it; payments, matching and files all use them.

A line is either not booked (all of it on the journal's suspense account) or booked to its last cent: there is no line
that is booked in part, and a rest stays open on the partner only if somebody says so. The bank's own item stays.
"""

from collections.abc import Iterable
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .booking import Booking, Plan
from .booking_checks import check_open_period
from .booking_plan import Planner

# What Odoo's own bank reconciliation sets while it rewrites the items of a posted bank line.
REWRITING = {
    "force_delete": True, "skip_readonly_check": True, "skip_account_move_synchronization": True,
    "skip_invoice_sync": True,
}
# A document that is paid was not changed by hand: Odoo would stop offering to post such bills by itself.
NOT_BY_HAND = {"skip_is_manually_modified": True}


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_before_booking = fields.Json(
        string="Before its booking", readonly=True, copy=False,
        help="What undoing needs to know: the partner before, and payments without journal entry that became paid.",
    )

    # === BOOK === #

    @api.model
    def _qonto_book(self, bookings: Iterable[Booking]):
        """Book bank lines: all of them, or none.

        All bookings are worked out before the first is written. Whoever books a line or a document at the same time is
        told (`_qonto_lock`).

        :param bookings: how each line is to be booked
        :return: the booked lines
        :raise UserError: a booking can't be made; the sentence says which, why, and what to do
        """
        bookings = list(bookings)
        env = self.with_context(**NOT_BY_HAND).env
        lines = self.union(*(booking.line for booking in bookings))
        if len(lines) != len(bookings):
            raise UserError(self.env._("A bank line is in the list twice. Book it once."))
        payments = self.env["account.payment"].union(*(booking.payments for booking in bookings if booking.payments))
        if sum(len(booking.payments or ()) for booking in bookings) != len(payments):
            raise UserError(self.env._("A payment is in the list twice. Book it on one bank line only."))
        items = self.env["account.move.line"].union(*(match.item for booking in bookings for match in booking.matches))
        self._qonto_lock(lines, items | payments.move_id.line_ids | payments.invoice_ids.line_ids, payments)
        planner = Planner(env)
        plans = [planner.plan(replace(booking, line=booking.line.with_env(env))) for booking in bookings]
        with self.env.cr.savepoint():
            pairs = [
                pair
                for plan, booking in zip(plans, bookings, strict=True)
                if not plan.line._qonto_book_elsewhere(plan, booking)
                for pair in plan.line._qonto_write_booking(plan)
            ]
            if pairs:
                env["account.move.line"]._reconcile_plan(pairs)
            for plan in plans:
                plan.line._qonto_settle_payments(plan)
        return lines

    def _qonto_write_booking(self, plan: Plan) -> list:
        """Put the counterparts in the place of the suspense item.

        :return: what is to be reconciled: each counterpart with its document's item
        """
        self.ensure_one()
        liquidity, suspense, _other = self._seek_for_lines()
        before = liquidity | suspense
        self.qonto_before_booking = {"partner": self.partner_id.id, "payments": []}
        self._qonto_rewrite(suspense, plan.values, plan.partner if not self.partner_id else None)
        made = (self.move_id.line_ids - before).sorted("id")
        return [made[index] | item for index, item in enumerate(plan.items) if item]

    def _qonto_settle_payments(self, plan: Plan):
        """Payments without journal entry become paid by their bank line: grouped ones do not by themselves."""
        payments = self.env["account.payment"].union(*plan.payments)
        if payments:
            self.qonto_before_booking = {**self.qonto_before_booking, "payments": payments.ids}
            payments.filtered(lambda payment: payment.state == "in_process").state = "paid"

    # === UNDO === #

    def _qonto_undo(self):
        """Take the booking of these lines back; documents, payments and the lines themselves are as before.

        What Odoo had posted besides (exchange entries, cash basis taxes) is reversed and stays readable. Payments stay:
        this function deletes none. What was matched later with a rest left on the partner is open again, too.

        :raise UserError: a booking can't be undone; the sentence says which, why, and what to do
        """
        lines = self.with_context(**NOT_BY_HAND)
        kept = lines.filtered(lambda line: line._qonto_is_kept_by_oca())
        for line in lines:
            liquidity, _suspense, other = line._seek_for_lines()
            if line not in kept and (not other or not liquidity):
                raise UserError(self.env._(
                    "“%(line)s” is not booked: there is nothing to undo.", line=line.payment_ref or line.display_name
                ))
            check_open_period(line)
        before = {line: line.qonto_before_booking or {} for line in lines}
        payments = self.env["account.payment"].browse(
            {payment for facts in before.values() for payment in facts.get("payments", ())}
        ).exists()
        booked = lines.move_id.line_ids
        self._qonto_lock(self, booked._all_reconciled_lines(), payments)
        with self.env.cr.savepoint():
            (lines - kept).move_id.line_ids.remove_move_reconcile()
            for line, facts in before.items():
                if line in kept:
                    line._qonto_restore_kept(facts)
                else:
                    line._qonto_restore(facts)
            payments.filtered(lambda payment: payment.state == "paid").state = "in_process"
            self._qonto_taken_back()

    def _qonto_restore(self, facts: dict):
        """Put the suspense item in the place of the counterparts, against the bank's item as it stands."""
        self.ensure_one()
        liquidity, suspense, other = self._seek_for_lines()
        partner = self.env["res.partner"].browse(facts["partner"] or []) if "partner" in facts else None
        foreign = self.foreign_currency_id
        self.qonto_before_booking = False
        self._qonto_rewrite(suspense | other, [{
            "name": self.payment_ref,
            "account_id": self.journal_id.suspense_account_id.id,
            "partner_id": (self.partner_id if partner is None else partner).id,
            "currency_id": (foreign or self.currency_id).id,
            "amount_currency": -(self.amount_currency if foreign else self.amount),
            "balance": -sum(liquidity.mapped("balance")),
        }], partner)

    def action_undo_reconciliation(self):
        """Override of `account`: what was booked here is undone here, wherever it is asked for."""
        if not self:
            # The core asks with no line at all at each write of a journal item: that must cost nothing.
            return None
        ours = self.filtered("qonto_before_booking")
        if ours:
            ours._qonto_undo()
        return super(AccountBankStatementLine, self - ours).action_undo_reconciliation()

    # === BOTH === #

    def _qonto_rewrite(self, old, values_list: list[dict], partner=None):
        """Replace journal items of the line's entry in one write, so that it balances at each moment.

        :param partner: the line's new partner; None: it stays
        """
        self.ensure_one()
        line = self.with_context(**REWRITING)
        values = {"line_ids": [
            *(Command.delete(item.id) for item in old),
            *map(Command.create, values_list),
        ]}
        if partner is not None and partner != self.partner_id:
            liquidity, _suspense, _other = self._seek_for_lines()
            values["line_ids"] += [Command.update(item.id, {"partner_id": partner.id}) for item in liquidity]
            values["partner_id"] = partner.id
            line.write({"partner_id": partner.id})
        line.move_id.write(values)

    @api.model
    def _qonto_lock(self, lines, items, payments):
        """Reserve lines, documents and payments until the end of the transaction, in this order; nobody waits.

        Whoever comes second while the first is at it gets this sentence. Whoever comes after the first has committed,
        but began before, is sent back by PostgreSQL; Odoo runs the request again, which then finds the line booked.

        :raise UserError: somebody else is at it
        """
        for records in (lines, items, payments):
            if records.sorted("id").try_lock_for_update(allow_referencing=True) != records.sorted("id"):
                raise UserError(self.env._(
                    "Somebody else is booking this bank line, or one of its documents, at this moment. Look again in a "
                    "few seconds: it may be done already."
                ))
