# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sending one payment: the phone, the answer, and nothing twice."""

from odoo.tests import tagged

from .payment_common import IBAN
from .sending_common import SendingCommon


@tagged("post_install", "-at_install")
class TestSend(SendingCommon):
    def test_a_bill_is_sent_approved_and_followed_to_the_end(self):
        order = self.order()
        self.assertEqual(order.progress()["stage"], "prepared")
        told = self.send(order)
        self.assertEqual((told["stage"], self.state(order)), ("phone", "awaiting_sca"), told)
        self.assertIn(told["seconds_left"], range(890, 901))
        self.assertEqual(told["person"], self.env.user.name)
        self.assertEqual(self.debits(), [])
        self.decide("allow")
        told = self.look_after(order, seconds=3)
        self.assertEqual(told["stage"], "at_bank", told)
        (debit,) = self.debits()
        transfer = order.transfer_ids
        self.assertEqual(
            (debit["iban"], debit["amount_cents"], debit["note"], debit["id"]),
            (IBAN, 10000, transfer.marker, transfer.bank_ref),
        )
        told = self.look_after(order, hours=5)
        self.assertEqual((told["stage"], self.state(order)), ("over", "settled"))
        self.assertEqual(
            transfer.trail_ids.sorted("id").mapped("event")[:8],
            ["Prepared", "SendAsked", "HandedOver", "Verified", "Claimed", "Challenged", "ScaSays", "Claimed"],
        )
