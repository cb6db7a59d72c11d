# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A transfer as the bank gets it, and as a screen shows it."""

from odoo import models

from ..payments import State
from ..qonto_api.payment_orders import Payee, TransferOrder
from . import payment_clock
from .payment_words import words, words_of
from .qonto_payment_order_send import decimal_of


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _as_sent(self, attachment_ids=()) -> TransferOrder:
        """Return what the bank is asked for; a payee that is trusted there goes by its id (R15)."""
        by_id = not self.order_id._needs_sca() and self.known_ref
        return TransferOrder(
            amount=decimal_of(self.amount),
            reference=self.reference,
            payee=None if by_id else Payee(self.payee_name, self.iban),
            beneficiary_id=by_id or None,
            scheduled_date=self.scheduled_date or None,
            note=self.marker,
            attachment_ids=tuple(attachment_ids),
        )

    def _progress(self) -> dict:
        """Tell how one transfer stands, in plain values."""
        said = words_of(self)
        if self._may_be_given_up(payment_clock.now(self.env)):
            said = words(self.env, "may_give_up")
        return {
            "id": self.id,
            "payee": self.payee_name,
            "amount": self.amount,
            "state": self.state,
            # By a check, right before money would have moved; a person who took it out wanted that.
            "stopped": self.state == State.CANCELED and self.reason != "by_person",
            "label": dict(self._fields["state"]._description_selection(self.env))[self.state],
            "words": {"what": said.what, "who": said.who, "then": said.then},
        }
