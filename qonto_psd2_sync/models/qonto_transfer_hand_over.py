# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Preparing and sending are two acts: an order is handed over to a payer, who takes out what is refused, and sends."""

import logging

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..payments import Canceled, HandedOver, TakenBack
from .payment_rights import PREPARE
from .qonto_transfer_screen import BEFORE

_logger = logging.getLogger(__name__)

ACTIVITY = "qonto_psd2_sync.mail_activity_send"


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    result_told = fields.Char(readonly=True, copy=False, help="Which result the preparer was told.")

    def _check_may_prepare(self):
        """Refuse whoever may not prepare payments, and what is sent already.

        :return: the order, as Odoo itself
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(PREPARE):
            raise AccessError(self.env._("You need the right to prepare payments at Qonto."))
        order = self.sudo()
        if order.send_asked_at:
            raise UserError(self.env._("It is being sent right now."))
        return order

    def _before_sending(self):
        return self.transfer_ids.filtered(lambda transfer: transfer.state in BEFORE)

    def action_hand_over(self, user_id: int):
        """Give the order to somebody who may send it, with one activity: how many, how much, and the link."""
        order = self._check_may_prepare()
        payer = self._who_may_send().filtered(lambda user: user.id == user_id)
        if not payer:
            raise UserError(self.env._("This person may not send payments of this company."))
        if order.company_id.qonto_four_eyes and payer == order.prepared_by_id:
            raise UserError(self.env._("Whoever prepared a payment does not send it in this company."))
        transfers = order._before_sending()
        if not transfers:
            raise UserError(self.env._("There is nothing to hand over: it was sent already, or canceled."))
        transfers.filtered(lambda row: row.state == "draft")._step_together(HandedOver(), payer.name)
        order.activity_unlink([ACTIVITY])
        order.write({"payer_id": payer.id, "handed_over_at": fields.Datetime.now(), "result_told": False})
        words = self.with_context(lang=payer.lang).env
        order.activity_schedule(
            ACTIVITY,
            user_id=payer.id,
            summary=order._what_to_send(payer),
            note=words._(
                "%(who)s prepared a payment order from %(account)s. Take out what you do not want to pay, and send it.",
                who=self.env.user.name, account=order.account_id.display_name,
            ),
        )
        return True

    def _what_to_send(self, payer) -> str:
        """Return what is left to send, for the payer: how many, how much."""
        transfers, words = self._before_sending(), self.with_context(lang=payer.lang).env
        total = self.currency_id.with_env(words).format(sum(transfers.mapped("amount")))
        if len(transfers) > 1:
            return words._("Send %(count)s transfers, %(total)s", count=len(transfers), total=total)
        return words._("Send one transfer, %s", total)

    def _follow_with_activity(self):
        """Let the payer's activity say what is left to send; with nothing left it goes."""
        if not self._before_sending():
            self.activity_unlink([ACTIVITY])
            return
        kind = self.env.ref(ACTIVITY)
        for activity in self.activity_ids.filtered(lambda row: row.activity_type_id == kind):
            activity.summary = self._what_to_send(activity.user_id)

    def action_take_back(self):
        """Take back an order that was handed over, or give it back as the payer."""
        order = self._check_may_prepare()
        order._before_sending().filtered(lambda row: row.state == "to_approve")._step_together(
            TakenBack(), self.env.user.name
        )
        order.activity_unlink([ACTIVITY])
        order.write({"payer_id": False, "handed_over_at": False})
        return True

    def action_take_out(self, transfer_ids: list[int], reason: str):
        """Cancel some transfers before anything is sent; the others go on. The preparer is told why."""
        order = self._check_may_prepare()
        reason = (reason or "").strip()
        if len(reason) < 3:
            raise UserError(self.env._("Please give a reason. It is kept with the payment."))
        transfers = order._before_sending().filtered(lambda row: row.id in set(transfer_ids))
        if not transfers:
            raise UserError(self.env._("There is nothing to take out: it was sent already, or canceled."))
        if order.request_sealed and transfers != order._before_sending():
            raise UserError(
                self.env._("The request to the bank is made already, for all of them. Cancel the whole order instead.")
            )
        transfers._step_together(Canceled("by_person"), reason)
        transfers._follow_books()
        order._follow_with_activity()
        if order.prepared_by_id != self.env.user:
            self._tell_preparer(
                lambda env: env._(
                    "%(who)s took out %(payees)s: “%(reason)s”",
                    who=self.env.user.name, payees=", ".join(transfers.mapped("payee_name")[:10]), reason=reason,
                )
            )
        return True

    # === THE RESULT === #

    def _tell_preparer(self, sentence):
        """Write into the order's messages, to whoever prepared it."""
        preparer = self.sudo().prepared_by_id
        self.sudo().message_post(
            body=sentence(self.with_context(lang=preparer.lang).env), author_id=self.env.user.partner_id.id,
            partner_ids=preparer.partner_id.ids, message_type="notification", subtype_xmlid="mail.mt_note",
        )

    def _let_the_books_follow(self):
        """Override: when the bank has a handed-over order, or it is over, whoever prepared it reads so."""
        result = super()._let_the_books_follow()
        try:
            with self._apart() as order:
                order._tell_result()
                order._commit()
        except Exception:
            _logger.exception("Payment order %s: its result could not be told", self.id)
        return result

    def _tell_result(self):
        """Tell the result once it is known, and close the payer's activity; a later change is told once more."""
        if not self.payer_id or self._stage() not in ("at_bank", "over"):
            return
        counts = self.env.execute_query(
            SQL("SELECT state, COUNT(*) FROM qonto_transfer WHERE order_id = %s GROUP BY state ORDER BY state", self.id)
        )
        well = ("submitted", "processing", "settled")
        told = "; ".join(f"{state}: {count}" for state, count in counts if state not in well) or "ok"
        if told == self.result_told:
            return
        self.result_told = told
        self.activity_feedback([ACTIVITY])
        self._tell_preparer(lambda env: env._("The bank has answered. %s", self._in_labels(env, counts)))

    @staticmethod
    def _in_labels(env, counts) -> str:
        labels = dict(env["qonto.transfer"]._fields["state"]._description_selection(env))
        return "; ".join(f"{labels[state]}: {count}" for state, count in counts)
