# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Between own accounts: no phone rings, no bill is held, and an answer that gets lost is found on both sides."""

from datetime import timedelta

from odoo.tests import tagged

from ..models import payment_clock
from ..models.qonto_payment_order import Wish
from .payment_common import GOOD, OTHER_IBAN
from .sending_common import REAL_CLOCK, SendingCommon

PATH = "/v2/internal_transfers"


@tagged("post_install", "-at_install")
class TestSendInternal(SendingCommon):
    def choose(self, consent, **values):
        """Tick both accounts."""
        wizard = super().choose(consent, **values)
        wizard.line_ids.write({"selected": True})
        return wizard

    def setUp(self):
        super().setUp()
        self.savings = self.env["qonto.account"].search([("bank_ref", "=", self.sub_account["id"])])
        self.both = self.account + self.savings

    def moved(self, amount: float = 250.0):
        """Return an order that moves money to the other account."""
        wish = Wish(
            self.savings.journal_id.bank_account_id, f"Reserve {amount:.0f}", total=amount, to_account=self.savings
        )
        return self.order(wish)

    def internal_posts(self) -> int:
        return self.posts(PATH)

    def test_it_leaves_at_once_without_phone_and_payee_check_and_is_debited_once(self):
        order = self.moved()
        self.assertEqual((order.kind, order.transfer_ids.payment_id.ids), ("internal_transfer", []))
        self.press_send(order)
        self.drive(order)
        told = self.look_after(order, seconds=6)
        self.assertEqual((told["stage"], self.state(order)), ("over", "settled"), told)
        self.assertEqual((self.internal_posts(), self.pushes()), (1, 0))
        self.assertFalse([call for call in self.bank.requests() if "verify" in call["path"]])
        (debit,) = self.debits()
        self.assertEqual(
            (debit["kind"], debit["amount_cents"], debit["iban"], debit["reference"], debit["idempotency_key"]),
            ("internal", 25000, self.savings.iban, "Reserve 250", order.sudo()._frozen().idempotency_key),
        )
        with self.assert_told("nothing to send"):
            order.action_send()

    def test_it_is_looked_up_at_once_when_its_sender_has_answered_what_a_new_consent_asked(self):
        order = self.moved().sudo()
        self.lose_the_answer(path=PATH, times=None)
        self.press_send(order)
        self.drive(order)
        self.change(self.consent, state="expired")
        self.look_after(order, minutes=31)
        self.assertEqual(self.state(order), "unknown")
        now = payment_clock.stored(payment_clock.now(self.env))
        self.assertGreater(order.due_at, now)
        # The bank lists one of the two no more: that is asked about first.
        self.change(self.savings, bank_ref="gone", iban=OTHER_IBAN)
        consent, address, nonces = self.begin(renews_id=self.consent.id)
        self.assertTrue(self.come_back(self.at_the_bank(address), nonces).ok)
        self.env.invalidate_all()
        self.assertEqual((consent.question, order.due_at > now), ("accounts", True))
        consent._answer("replace")
        self.assertLessEqual(order.due_at, payment_clock.stored(payment_clock.now(self.env)))

    def test_its_two_bank_lines_are_one_movement(self):
        order = self.moved()
        self.pay_internal(order)
        self.sync(self.both)
        lines = self.lines_of(self.account) + self.lines_of(self.savings)
        moved = lines.filtered(lambda line: abs(line.amount) == 250.0)
        self.assertEqual(sorted(moved.mapped("amount")), [-250.0, 250.0])
        self.assertEqual(moved.filtered(lambda line: line.amount < 0).qonto_transfer_id, order.transfer_ids)

    def pay_internal(self, order):
        self.press_send(order)
        self.drive(order)
        self.look_after(order, seconds=6)
        self.assertEqual(self.state(order), "settled")

    def test_an_answer_that_got_lost_is_found_by_the_transactions_of_both_accounts(self):
        order = self.moved()
        self.press_send(order)
        self.lose_the_answer(path=PATH, times=None)
        told = self.drive(order)
        self.assertEqual((told["stage"], self.state(order)), ("unknown", "unknown"), told)
        self.bank.ask("/faults", method="DELETE")
        # Later than the bank remembers its key: it is looked up, not repeated.
        posts = self.internal_posts()
        self.look_after(order, minutes=31)
        self.assertEqual((self.state(order), self.internal_posts()), ("settled", posts))
        asked = [call["query"] for call in self.bank.requests() if call["path"] == "/v2/transactions"]
        self.assertTrue(all(any(account.bank_ref in str(query) for query in asked) for account in self.both), asked)
        self.assertEqual(len(self.debits()), 1)

    def test_an_answer_that_got_lost_is_repeated_by_its_key_and_debited_once(self):
        order = self.moved()
        self.press_send(order)
        self.lose_the_answer("status", path=PATH, status=502)
        self.drive(order)
        self.look_after(order, seconds=25)
        self.look_after(order, seconds=6)
        self.assertEqual(self.state(order), "settled")
        self.assertEqual((len(self.debits()), self.pushes(), self.internal_posts()), (1, 0, 2))

    def test_one_of_the_same_amount_that_was_made_before_is_not_taken_for_it(self):
        self.pay_internal(self.moved())
        self.wait(hours=2)
        order = self.moved()
        self.assertEqual(self.stopped_by(order), [("transfer", "accounts")], "it was moved just now")
        order.action_decide("already_paid", GOOD)
        self.press_send(order)
        self.bank.fault(PATH, "drop", method="POST", times=None)
        self.drive(order)
        self.look_after(order, minutes=31)
        self.assertEqual((self.state(order), len(self.debits())), ("unknown", 1))

    def stopped_by(self, order) -> list[tuple]:
        """Press *Send* and return what looks like the same; nothing was sent."""
        posts = self.internal_posts()
        self.press_send(order)
        told = self.drive(order)
        self.assertEqual((told["stage"], [row["code"] for row in told["problems"]]), ("attention", ["already_paid"]))
        self.assertEqual(self.internal_posts(), posts)
        (problem,) = order._problems("ask")
        return [(hit["what"], hit["why"]) for hit in problem.facts["hits"]]

    def test_what_this_database_did_not_move_is_shown_by_both_accounts_and_a_person_decides(self):
        self.both_sides(90_000, "Reserve 900")
        # One side alone, another amount, and what is too long ago are nothing of the kind.
        self.bank.add(self.main["id"], -250_00, reference="Reserve 250")
        self.both_sides(251_00, "Reserve 250")
        self.both_sides(250_00, "Reserve 250", days=31)
        self.press_send(self.moved(250.0))
        order = self.moved(900.0)
        self.assertEqual(self.stopped_by(order), [("own_accounts", "accounts_reference")])
        (told,) = order.progress()["problems"]
        self.assertIn("moved between these accounts already", told["what"])
        self.assertIn("possibly already transferred", told["hits"][0]["what"])
        self.assertEqual((told["hits"][0]["amount"], told["decidable"]), (900.0, True))
        order.action_decide("already_paid", GOOD)
        self.pay_internal(order)

    def both_sides(self, cents: int, reference: str, days: int = 1):
        """Let the bank have a movement between both accounts that this database did not make."""
        at = (REAL_CLOCK(self.env) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for account, sign in ((self.main, -1), (self.sub_account, 1)):
            self.bank.add(
                account["id"], sign * cents, reference=reference, emitted_at=at, settled_at=at, created_at=at
            )

    def test_only_the_permission_that_it_takes_is_asked_for(self):
        order = self.moved()
        self.consent.sudo().scopes_granted = "offline_access organization.read internal_transfer.write"
        self.pay_internal(order)
        self.assertEqual(len(self.debits()), 1)
        bill = self.order()
        with self.assert_told("not pay from it"):
            bill.action_send()
        self.consent.sudo().scopes_granted = "offline_access organization.read payment.write"
        self.assertEqual(self.send(bill)["stage"], "phone")
        large = self.order(self.wish(self.bill(30_000.01)))
        with self.assert_told("does not cover files"):
            large.action_send()

    def test_a_later_day_is_refused_since_it_would_move_at_once(self):
        day = self.account._today() + timedelta(days=3)
        with self.assert_told("no later day"):
            self.order(Wish(
                self.savings.journal_id.bank_account_id, "Reserve", total=5.0, to_account=self.savings,
                scheduled_date=day,
            ))

    def test_a_consent_that_does_not_cover_it_is_told_in_words_and_nothing_is_sent(self):
        order = self.moved()
        scopes = self.consent.scopes_granted
        lacking = scopes.replace("internal_transfer.write", "").strip()
        self.consent.sudo().scopes_granted = lacking
        with self.assert_told("does not cover transfers between own accounts"):
            order.action_send()
        self.consent.sudo().scopes_granted = scopes
        self.press_send(order)
        self.consent.sudo().scopes_granted = lacking
        told = self.drive(order)
        (problem,) = told["problems"]
        self.assertEqual((told["stage"], problem["code"]), ("attention", "consent_no_internal"), told)
        self.assertIn("between own accounts", str(problem))
        self.assertEqual((self.internal_posts(), self.state(order)), (0, "draft"))
