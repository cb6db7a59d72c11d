# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person does with a transfer afterwards: cancel it while that is possible, send a failed one again."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..payments import Canceled, State
from ..qonto_api import QontoError
from ..qonto_api.scopes import PAYMENT_WRITE
from . import payment_clock
from .failure_words import explain_error
from .payment_rights import PREPARE, SEND
from .payment_words import words
from .qonto_payment_order import Wish

BEFORE = (State.DRAFT, State.TO_APPROVE, State.VERIFIED)
ENDED_WITHOUT_MONEY = (State.FAILED, State.EXPIRED, State.REFUSED, State.CANCELED, State.DECLINED)


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    sent_again_id = fields.Many2one(
        "qonto.transfer", string="Sent again as", readonly=True, copy=False, ondelete="restrict", check_company=True
    )

    def action_cancel(self, reason: str = ""):
        """Cancel what the bank has not got yet, or has not executed yet (a later date).

        :param reason: kept with the payment
        :raise UserError: it is too late
        """
        self.check_access("read")
        reason = (reason or "").strip()
        early = self.sudo().filtered(lambda transfer: State(transfer.state) in BEFORE)
        later = self.sudo() - early
        if not self.env.user.has_group(SEND if later else PREPARE):
            raise AccessError(self.env._("You need the right to do this with payments at Qonto."))
        for order in early.order_id:
            early.filtered(lambda transfer, order=order: transfer.order_id == order)._cancel_before_sending(reason)
        for transfer in later:
            transfer._cancel_at_bank(reason)
        return True

    def _cancel_before_sending(self, reason: str):
        """Nothing has left; what is in one frozen request is canceled together."""
        order = self.order_id
        if not order.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._("Somebody else is at this payment right now. Please try again."))
        order.invalidate_recordset(["send_asked_at", "request_sealed"])
        if order.send_asked_at:
            raise UserError(self.env._("It is being sent right now. Refuse it on the phone."))
        transfers = order._unsent() if order.request_sealed else self
        transfers._step_together(Canceled("by_person"), reason)
        transfers._follow_books()
        order._follow_with_activity()

    def _cancel_at_bank(self, reason: str):
        """Ask the bank to cancel it, with this user's own consent; what became of it says the bank."""
        self.ensure_one()
        if self.state != State.SUBMITTED or not self.bank_ref:
            raise UserError(words(self.env, "cannot_cancel").what)
        consent = self.order_id.account_id._payment_consent(self.env.user, {PAYMENT_WRITE})
        try:
            with consent._payment_client() as client:
                client.cancel_transfer(self.bank_ref)
        except QontoError as error:
            # Perhaps it was canceled all the same: the bank is read at once.
            self.order_id._look_soon()
            said = words(self.env, error.code) if error.code == "cannot_cancel" else explain_error(self.env, error)
            raise UserError(str(said)) from error
        with self.order_id._apart() as order:
            order.env["qonto.transfer"].browse(self.id)._step_together(Canceled("by_person"), reason)
            order._commit()
        self.order_id._let_the_books_follow()

    def _wish_again(self) -> Wish:
        """Return what is wanted again: the same, as soon as it is approved if its day is over."""
        self.ensure_one()
        lines, today = self.line_ids.sorted("id"), self.order_id.account_id._today()
        payment = self.sudo().payment_id
        return Wish(
            self.partner_bank_id,
            self.reference,
            [(line.move_line_id, line.amount) for line in lines],
            scheduled_date=self.scheduled_date if self.scheduled_date and self.scheduled_date > today else None,
            discounted=lines.filtered("discount").move_line_id or None,
            total=None if lines else self.amount,
            customer=payment.partner_type == "customer",
            to_account=self.to_account_id or None,
        )


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    def _look_soon(self):
        """Have the scheduled action read the bank at once, whatever this request comes to."""
        with self._apart() as order:
            order.due_at = payment_clock.stored(payment_clock.now(order.env))
            order._pay_cron()._trigger()

    def action_resend(self):
        """Prepare a new order of those alone that ended without money; each once.

        :return: the new order's id
        """
        self.ensure_one()
        self.check_access("read")
        ended = self.sudo().transfer_ids.filtered(
            lambda transfer: State(transfer.state) in ENDED_WITHOUT_MONEY and not transfer.sent_again_id
            # What a person took out on purpose is not wanted any more.
            and not (transfer.state == State.CANCELED and transfer.reason == "by_person")
        ).sorted("id")
        if not ended:
            raise UserError(self.env._("There is nothing to send again."))
        if any(transfer.given_up for transfer in ended) and not self.env.user.has_group(SEND):
            raise AccessError(self.env._("You need the right to send payments at Qonto."))
        order = self._prepare(self.account_id, [transfer.with_env(self.env)._wish_again() for transfer in ended])
        for old, new in zip(ended, order.sudo().transfer_ids.sorted("id"), strict=True):
            old.sent_again_id = new
        return order.id
