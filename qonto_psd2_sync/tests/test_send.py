# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sending: the phone, the answer, and nothing twice."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .payment_common import GOOD, IBAN, SEND
from .sending_common import MOVED, SendingCommon


@tagged("post_install", "-at_install")
class TestSend(SendingCommon):
    def test_a_bill_is_sent_approved_and_followed_to_the_end(self):
        order = self.order()
        self.assertEqual(order.progress()["stage"], "prepared")
        told = self.send(order)
        self.assertEqual((told["stage"], self.state(order)), ("phone", "awaiting_sca"), told)
        self.assertIn(told["seconds_left"], range(880, 901))
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
        self.assertEqual(transfer.line_ids.move_id.payment_state, "in_payment")
        told = self.look_after(order, hours=5)
        self.wait(hours=5)
        self.job()
        self.assertEqual(self.state(order), "settled")
        self.assertEqual(
            transfer.trail_ids.sorted("id").mapped("event")[:8],
            ["Prepared", "SendAsked", "HandedOver", "Verified", "Claimed", "Challenged", "ScaSays", "Claimed"],
        )

    # === R9: THE INTENT === #

    def test_pressed_twice_it_is_sent_once(self):
        order = self.order()
        self.press_send(order)
        self.press_send(order)
        self.drive(order, times=3)
        self.assertEqual((self.posts(), self.pushes()), (1, 1))
        with self.assert_told("nothing to send"):
            order.action_send()

    def test_if_the_browser_is_gone_the_scheduled_action_sends_polls_and_replays(self):
        order = self.order()
        self.press_send(order)
        self.job()
        self.assertEqual(self.state(order), "awaiting_sca")
        self.decide("allow")
        self.wait(seconds=20)
        self.job()
        self.assertIn(self.state(order), MOVED)
        self.assertEqual(len(self.debits()), 1)

    def test_who_may_not_send_or_has_no_consent_of_ones_own_sends_nothing(self):
        order = self.order()
        with self.assertRaises(AccessError):
            order.with_user(self.preparer).action_send()
        payer = self.new_user("payer", SEND)
        with self.assert_told("consent of your own"):
            order.with_user(payer).action_send()
        self.consent.sudo().scopes_granted = "offline_access organization.read"
        with self.assert_told("not pay from it"):
            order.action_send()
        self.assertEqual(self.state(order), "draft")

    def test_what_is_wrong_with_it_is_told_and_nothing_is_sent(self):
        order = self.order()
        self.press_send(order)
        self.change(self.payee, allow_out_payment=False)
        told = self.drive(order)
        self.assertEqual((told["stage"], [problem["code"] for problem in told["problems"]]),
                         ("attention", ["payee_untrusted"]))
        self.assertEqual((self.posts(), self.state(order)), (0, "draft"))
        self.assertFalse(order.send_asked_at)

    # === R2, R5: THE PHONE === #

    def test_the_replay_is_the_same_to_the_byte_under_the_same_key(self):
        order = self.order()
        self.send(order)
        frozen = order.sudo()._frozen()
        self.decide("allow")
        self.look_after(order, seconds=3)
        self.assertEqual(order.sudo()._frozen(), frozen)
        (debit,) = self.debits()
        self.assertEqual(debit["idempotency_key"], frozen.idempotency_key)
        self.assertEqual(self.posts(), 2)

    def test_the_bank_is_polled_every_two_seconds_at_most_over_all_tabs(self):
        order = self.order()
        self.send(order)
        self.wait(seconds=10)
        polls = len([call for call in self.bank.requests() if "sca_sessions" in call["path"]])
        self.drive(order, times=3)
        self.job()
        polled = len([call for call in self.bank.requests() if "sca_sessions" in call["path"]])
        self.assertEqual(polled - polls, 1)
        self.assertEqual(self.pushes(), 1, "a phone rings once")

    def test_refused_and_expired_end_it_and_free_the_bill(self):
        for decision, seconds, state in (("deny", 30, "refused"), ("expire", 901, "expired")):
            with self.subTest(state):
                order = self.order()
                self.send(order)
                self.decide(decision)
                self.assertEqual(self.look_after(order, seconds=seconds)["stage"], "over")
                self.assertEqual(self.state(order), state)
                self.assertFalse(order.transfer_ids.live)
                self.assertEqual(order.transfer_ids.payment_id.state, "canceled")
        self.assertEqual(self.debits(), [])

    def test_a_phone_that_nobody_answers_expires_though_the_bank_says_nothing(self):
        order = self.order()
        self.send(order)
        self.bank.fault("/v2/sca_sessions", "status", times=None)
        self.look_after(order, minutes=14)
        self.assertEqual(self.state(order), "awaiting_sca")
        self.look_after(order, minutes=3)
        self.assertEqual(self.state(order), "expired")

    def test_without_a_paired_device_it_is_told_and_never_tried_again(self):
        self.bank.ask("/phones", {"paired": False})
        order = self.order()
        told = self.send(order)
        self.drive(order, times=2)
        self.job()
        self.assertEqual((told["stage"], self.state(order), order.transfer_ids.reason),
                         ("over", "failed", "not_enrolled"))
        self.assertEqual(self.posts(), 1)

    # === R8, R14: RIGHT BEFORE THE MONEY MOVES === #

    def test_what_changed_while_the_phone_rang_stops_the_money(self):
        changes = {
            "bill_not_posted": lambda order: self.change(order.transfer_ids.line_ids.move_line_id,
                                                         parent_state="draft"),
            "payee_untrusted": lambda order: self.change(self.payee, allow_out_payment=False),
            "sender_no_right": lambda order: self.take_the_right(),
            "sender_archived": lambda order: self.change(self.env.user, active=False),
            "consent_ended": lambda order: self.change(self.consent, state="withdrawn"),
            "consent_replaced": lambda order: self.change(order, grant_ref=-1),
        }
        names = {  # whom or what the reason names
            "bill": lambda order: order.transfer_ids.line_ids.move_id.name, "payee": lambda order: IBAN,
            "sender": lambda order: self.env.user.name, "consent": lambda order: self.env.user.name,
        }
        for code, change in changes.items():
            with self.subTest(code):
                order = self.order()
                self.send(order)
                self.decide("allow")
                with self.undone():
                    change(order)
                    self.env.registry.clear_all_caches()
                    self.wait(seconds=3)
                    self.env.flush_all()
                    with self.enter_registry_test_mode():
                        order.sudo()._drive()
                    self.env.invalidate_all()
                    self.assertEqual((self.state(order), order.sudo().transfer_ids.reason), ("canceled", code))
                    told = order.sudo().transfer_ids._progress()
                    self.assertTrue(told["stopped"])
                    self.assertIn(names[code.partition("_")[0]](order.sudo()), told["words"]["what"])
                self.assertEqual(self.debits(), [])
                self.look_after(order, minutes=20)

    def take_the_right(self):
        group = self.env.ref(SEND)
        self.env.user.sudo().group_ids -= group

    def test_a_consent_given_anew_replays_nothing(self):
        order = self.order()
        self.send(order)
        self.decide("allow")
        self.give_consent()
        told = self.look_after(order, seconds=3)
        self.assertEqual((told["stage"], self.state(order)), ("over", "canceled"))
        self.assertIn(order.transfer_ids.reason, ("consent_replaced", "consent_ended"))
        self.assertEqual(self.debits(), [])

    # === AFTERWARDS === #

    def test_a_later_date_can_be_canceled_at_the_bank_until_it_is_executed(self):
        day = self.account._today() + timedelta(days=5)
        order = self.order(self.wish(self.bill(), scheduled_date=day))
        self.pay(order)
        self.assertEqual(self.state(order), "submitted")
        with self.enter_registry_test_mode():
            order.transfer_ids.action_cancel("Ordered twice")
        self.env.invalidate_all()
        self.assertEqual(order.transfer_ids._why_taken_out(), f"{self.env.user.name}: “Ordered twice”")
        self.assertEqual(self.state(order), "canceled")
        self.assertEqual([debit["status"] for debit in self.debits()], ["canceled"])
        done = self.order()
        self.pay(done)
        self.look_after(done, seconds=30)
        with self.enter_registry_test_mode(), self.assert_told("cancel"):
            done.transfer_ids.action_cancel()

    def test_before_it_is_sent_it_is_canceled_freely(self):
        order = self.order()
        order.with_user(self.preparer).transfer_ids.action_cancel()
        self.assertEqual((self.state(order), order.transfer_ids.reason), ("canceled", "by_person"))
        self.assertEqual(order.transfer_ids._why_taken_out(), self.preparer.name)

    def test_what_failed_is_sent_again_alone_and_once(self):
        order = self.order()
        self.send(order)
        self.decide("deny")
        self.look_after(order, seconds=3)
        again = order.browse(order.action_resend())
        self.assertEqual(again.transfer_ids.line_ids.move_line_id, order.transfer_ids.line_ids.move_line_id)
        with self.assert_told("nothing to send again"):
            order.action_resend()
        self.pay(again)
        self.assertEqual(len(self.debits()), 1)

    # === R13 === #

    def test_a_transfer_of_ours_that_odoo_lacks_blocks_sending_until_somebody_decides(self):
        self.bank.ask("/transfers", {
            "account_id": self.main["id"], "beneficiary": {"name": "Somebody", "iban": IBAN}, "amount": "55.00",
            "reference": "Before the backup", "note": "odoo-0123456789abcdef",
        })
        order = self.order()
        told = self.send(order)
        self.assertEqual((told["stage"], told["problems"][0]["code"]), ("attention", "strays"))
        self.assertEqual(self.posts(), 0)
        stray = self.env["qonto.stray.transfer"].search([("account_id", "=", self.account.id)])
        self.assertEqual((stray.amount, stray.reference), (55.0, "Before the backup"))
        with self.assertRaises(AccessError):
            stray.with_user(self.preparer).action_decide(GOOD)
        stray.action_decide(GOOD)
        self.assertEqual(order.progress()["problems"], [], "what was decided is not told any more")
        self.assertEqual(self.send(order)["stage"], "phone")

    def test_a_copy_of_the_database_sends_nothing(self):
        order = self.order()
        self.send(order)
        self.decide("allow")
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another")
        self.look_after(order, seconds=3)
        self.assertEqual(self.debits(), [])
        self.assertNotIn(self.state(order), ("sending", "submitted"))
