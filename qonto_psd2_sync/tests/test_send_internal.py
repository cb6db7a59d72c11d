# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Between own accounts: no phone rings, no bill is held, and an answer that gets lost is found on both sides."""

from odoo.tests import tagged

from ..models.qonto_payment_order import Wish
from .sending_common import SendingCommon

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
        self.press_send(order)
        self.bank.fault(PATH, "drop", method="POST", times=None)
        self.drive(order)
        self.look_after(order, minutes=31)
        self.assertEqual((self.state(order), len(self.debits())), ("unknown", 1))

    def test_a_consent_that_does_not_cover_it_is_told_in_words_and_nothing_is_sent(self):
        order = self.moved()
        scopes = self.consent.scopes_granted.replace("internal_transfer.write", "").strip()
        self.consent.sudo().scopes_granted = scopes
        self.press_send(order)
        told = self.drive(order)
        (problem,) = told["problems"]
        self.assertEqual((told["stage"], problem["code"]), ("attention", "consent_no_internal"), told)
        self.assertIn("between own accounts", str(problem))
        self.assertEqual((self.internal_posts(), self.state(order)), (0, "draft"))
