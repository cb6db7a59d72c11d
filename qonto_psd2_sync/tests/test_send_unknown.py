# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A sending without a definite answer: unknown, never failed; found by itself, or given up by a person (R3, R4, R6)."""

from datetime import timedelta

from odoo.tests import tagged

from ..models import worker
from .payment_common import GOOD, OTHER_IBAN
from .sending_common import MOVED, SendingCommon

BULK = "/v2/sepa/bulk_transfers"


@tagged("post_install", "-at_install")
class TestSendUnknown(SendingCommon):
    def approved(self, amount: float = 100.0):
        """Return an order whose phone said yes; the next look replays it."""
        order = self.orders_of(amount)
        self.send(order)
        self.decide("allow")
        self.wait(seconds=3)
        return order

    def test_without_a_definite_answer_it_is_unknown_never_failed_and_found_by_its_key(self):
        faults = {"drop": {}, "status": {"status": 502}, "html": {}, "garbage": {}, "truncate": {}}
        for number, (kind, values) in enumerate(faults.items()):
            with self.subTest(kind):
                before = len(self.debits())
                order = self.approved(100.0 + number)
                self.lose_the_answer(kind, **values)
                told = self.drive(order)
                self.assertEqual((told["stage"], self.state(order)), ("unknown", "unknown"))
                self.assertTrue(told["evidence"])
                self.assertEqual(order.activity_ids.user_id, self.env.user)
                self.assertTrue(order.transfer_ids.live, "its bill is held")
                self.look_after(order, seconds=25)
                self.assertIn(self.state(order), MOVED)
                self.assertEqual(len(self.debits()) - before, 1)
                self.assertFalse(order.activity_ids)

    def test_when_the_bank_has_forgotten_the_key_it_is_only_looked_up(self):
        order = self.approved()
        self.lose_the_answer()
        self.drive(order)
        posts = self.posts()
        self.look_after(order, minutes=31)
        self.assertIn(self.state(order), MOVED)
        self.assertEqual((self.posts(), len(self.debits())), (posts, 1))

    def test_clocks_that_differ_close_the_window(self):
        order = self.approved()
        self.bank.ask("/clock", {"advance_seconds": 90})
        self.lose_the_answer("status", status=502)
        self.drive(order)
        self.assertTrue(order.transfer_ids.window_closed)
        posts = self.posts()
        self.look_after(order, minutes=2)
        self.assertIn(self.state(order), MOVED)
        self.assertEqual((self.posts(), len(self.debits())), (posts, 1))

    def test_a_sending_that_never_arrived_is_given_up_after_a_day_of_looking_with_a_reason(self):
        order = self.approved()
        self.bank.fault("/v2/sepa/transfers", "drop", method="POST", times=None)
        self.drive(order)
        with self.assert_told("still being asked"):
            order.transfer_ids.action_give_up(GOOD)
        for hours in (1, 2, 6, 25):
            told = self.look_after(order, hours=hours)
        self.assertTrue(told["may_give_up"], told)
        said = told["transfers"][0]["words"]
        self.assertEqual(said["who"], "You")
        self.assertRegex(said["then"], "give it up with a reason")
        order.transfer_ids.action_give_up(GOOD)
        self.assertEqual((self.state(order), order.transfer_ids.reason), ("failed", GOOD))
        # It shows up after all: taken up again, with an alarm.
        transfer = order.transfer_ids
        self.bank.ask("/transfers", {
            "account_id": self.main["id"], "beneficiary": {"name": self.vendor.name, "iban": transfer.iban},
            "amount": "100.00", "reference": transfer.reference, "note": transfer.marker,
        })
        self.wait(hours=25)
        self.job()
        self.assertIn(self.state(order), MOVED)
        self.assertEqual(transfer.alarm, "found_after_given_up")
        self.assertTrue(order.activity_ids)

    def test_that_another_member_does_not_see_it_proves_nothing_until_the_sender_looked(self):
        """The bank has it, and shows an employee only what that employee sent."""
        colleague = self.consent_of_another("employee")
        order = self.approved()
        self.lose_the_answer()
        self.drive(order)
        self.change(self.consent, state="expired")
        for hours in (1, 2, 6, 25, 25):
            told = self.look_after(order, hours=hours)
        self.assertEqual((told["stage"], self.state(order), told["may_give_up"]), ("unknown", "unknown", False))
        self.assertFalse(order.transfer_ids.not_found_at)
        vain = [row for row in told["evidence"] if row["consent_of"] == colleague.name]
        self.assertEqual({row["state"] for row in vain}, {"Not known"})
        self.assertIn(len(vain), range(2, 5), "once a day, though it was looked up more often")
        (missing,) = told["problems"]
        self.assertEqual(missing["code"], "sender_must_look")
        for name in (self.env.user.name, colleague.name):
            self.assertIn(name, missing["what"])
        self.assertIn("Connect", missing["then"])
        self.assertEqual(missing["who"], self.env.user.name)
        with self.assert_told("still being asked"):
            order.transfer_ids.action_give_up(GOOD)
        # What it says to do: the sender connects again, as the same member.
        self.bank.policy(auto_member=self.emails["owner"])
        again = self.give_consent()
        self.assertEqual(order.sudo()._senders_consent(), again)
        self.assertEqual(order.progress()["problems"], [])
        self.drive(order)  # at once, not when it would be due
        self.assertIn(self.state(order), MOVED)
        found = order.transfer_ids.trail_ids.filtered(lambda entry: entry.event == "LookedUp")
        self.assertEqual(found.consent_of_id, self.env.user)

    def test_as_another_member_the_senders_own_look_up_proves_nothing_either(self):
        order = self.approved()
        self.bank.fault("/v2/sepa/transfers", "drop", method="POST", times=None)
        self.drive(order)
        self.change(self.consent, state="expired")
        self.assertEqual([row["code"] for row in order.progress()["problems"]], ["nobody_can_look"])
        self.bank.policy(auto_member=self.emails["manager"])
        self.give_consent()
        for hours in (1, 2, 6, 25):
            told = self.look_after(order, hours=hours)
        self.assertEqual((told["may_give_up"], told["problems"][0]["code"]), (False, "sender_must_look"))
        # The sender never comes back: a week of the account's bookings without it is proof as well.
        sent_at = order.transfer_ids.first_sent_at
        self.wait(hours=24 * 7)
        self.change(self.account, last_sync_at=sent_at + timedelta(days=6, hours=23))
        self.assertFalse(order.progress()["may_give_up"])
        self.change(self.account, last_sync_at=sent_at + timedelta(days=7))
        self.change(order.transfer_ids, scheduled_date=(sent_at + timedelta(days=3)).date())
        self.assertFalse(order.progress()["may_give_up"], "it would be booked later")
        self.change(order.transfer_ids, scheduled_date=None)
        self.assertTrue(order.progress()["may_give_up"])
        order.transfer_ids.action_give_up(GOOD)
        self.assertEqual((self.state(order), order.transfer_ids.live), ("failed", False))

    def test_what_only_its_sender_is_shown_is_found_among_the_bookings(self):
        self.consent_of_another("employee")
        order, twin = self.approved(), self.approved(100.5)
        for each in (order, twin):
            self.lose_the_answer()
            self.drive(each)
        self.change(self.consent, state="expired")
        self.assertEqual(self.look_after(order, hours=1)["stage"], "unknown")
        transfer = order.transfer_ids
        self.booked(transfer, amount=-99.0)
        self.look_after(order, hours=2)
        self.assertEqual(self.state(order), "unknown", "another amount is another payment")
        booking = self.booked(transfer)
        # An equal payment under way whose booking is not named yet: it may be that one's.
        self.change(twin.transfer_ids, state="submitted", amount=transfer.amount)
        self.look_after(order, hours=2)
        self.assertEqual(self.state(order), "unknown")
        self.change(twin.transfer_ids, state="unknown", amount=100.5)
        self.look_after(order, hours=2)
        self.look_after(twin, hours=2)
        self.assertEqual((self.state(order), transfer.transaction_ref), ("settled", booking.bank_ref))
        self.assertEqual(self.state(twin), "unknown")

    def booked(self, transfer, **values):
        """Let a debit be booked that has all that the transfer has."""
        return self.env["qonto.transaction"].sudo().create({
            "account_id": self.account.id, "bank_ref": f"debit-{values}", "status": "completed", "feed_state": "booked",
            "operation_type": "transfer", "amount": -transfer.amount, "counterparty_iban": transfer.iban,
            "reference": transfer.reference, "emitted_at": transfer.first_sent_at, **values,
        })

    def consent_of_another(self, role: str):
        """Let somebody else give a consent, as another member of the bank; return that user."""
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager", name="Carla Colleague")
        self.bank.policy(auto_member=self.emails[role])
        me, self.env = self.env, self.env(user=colleague)
        self.give_consent()
        self.env = me
        self.assertIn(colleague, self.account.sudo().consent_ids.user_id)
        return colleague

    def test_bare_bytes_without_an_answer_ring_no_phone_again_unless_a_person_says_so(self):
        order = self.order()
        self.lose_the_answer()
        told = self.send(order)
        self.assertEqual((told["stage"], self.pushes()), ("unknown", 1))
        lost = [entry["detail"] for entry in told["evidence"] if entry["detail"].startswith("no connection to Qonto")]
        self.assertEqual(len(lost), 1, told["evidence"])
        self.look_after(order, minutes=2)
        self.job()
        self.assertEqual(self.pushes(), 1)
        self.assertTrue(self.drive(order)["may_ask_again"])
        self.send(order)
        self.assertEqual((self.state(order), self.pushes()), ("awaiting_sca", 2))
        self.decide("allow")
        self.look_after(order, seconds=3)
        self.assertIn(self.state(order), MOVED)
        self.assertEqual(len(self.debits()), 1)

    # === R9: WHO DIED === #

    def test_what_a_dead_worker_was_sending_is_unknown_and_never_while_it_lives(self):
        order = self.approved()
        self.lose_the_answer()
        self.drive(order)
        living = worker.sign()
        self.change(order.transfer_ids, state="sending")
        self.change(order, work_owner=living, work_until="2100-01-01")
        self.drive(order)
        self.assertEqual(self.state(order), "sending")
        host, _process, began, nonce = living.rsplit("/", 3)
        self.change(order, work_owner=f"{host}/999999999/{began}/{nonce}")
        self.drive(order)
        self.assertIn(self.state(order), ("unknown", *MOVED))
        self.look_after(order, seconds=40)
        self.assertIn(self.state(order), MOVED)
        self.assertEqual(len(self.debits()), 1)

    # === R6 === #

    def test_each_of_a_bulk_has_a_state_of_its_own_and_the_failed_one_is_sent_again_alone(self):
        wishes = [self.wish(self.bill(amount)) for amount in (10.0, 20.0)]
        vendor, payee = self.new_vendor("Weser Holz GmbH", OTHER_IBAN, fate="failed", times=1)
        wishes.append(self.wish(self.bill(30.0, vendor), partner_bank=payee))
        order = self.order(*wishes)
        self.pay(order)
        for _time in range(3):
            self.look_after(order, seconds=6)
        states = order.sudo().transfer_ids.sorted("amount").mapped("state")
        self.assertEqual(states[2], "declined")
        self.assertTrue(set(states[:2]) <= set(MOVED), states)
        self.assertEqual(self.pushes(), 1)
        again = order.browse(order.action_resend())
        self.assertEqual(again.transfer_ids.amount, 30.0)
        self.pay(again)
        self.assertEqual(sorted(debit["amount_cents"] for debit in self.debits()), [1000, 2000, 3000])

    def test_a_bulk_whose_answer_was_lost_is_found_by_our_ids(self):
        order = self.orders_of(11.0, 12.0)
        self.send(order)
        self.decide("allow")
        self.wait(seconds=3)
        self.lose_the_answer(path=BULK)
        self.drive(order)
        self.assertEqual(self.state(order), "unknown")
        self.look_after(order, minutes=31)
        self.look_after(order, seconds=6)
        self.assertTrue(all(order.transfer_ids.mapped("bank_ref")))
        self.assertEqual(len(self.debits()), 2)
