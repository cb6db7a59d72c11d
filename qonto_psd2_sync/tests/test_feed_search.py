# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Where is my transaction?* and *Check against the bank*."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .feed_common import FeedCommon


@tagged("post_install", "-at_install")
class TestFeedSearch(FeedCommon):
    def find(self, **values):
        wizard = self.env["qonto.find"].create(values)
        with self.enter_registry_test_mode():
            wizard.action_search()
        return wizard

    def verdict(self, transaction, **values) -> str:
        line = self.find(**values).line_ids.filtered(lambda line: line.transaction_id == transaction)
        self.assertTrue(line, "it is found")
        return line.verdict

    def test_bank_line_is_found_by_amount_day_or_text(self):
        transaction = self.arrived(-98765, label="Deich & Co", reference="RE 4711")
        for values in (
            {"amount": 987.65}, {"text": "deich", "amount": -987.65}, {"text": "re 4711"},
            {"text": transaction.bank_ref}, {"day": transaction.booking_date, "amount": 987.65},
        ):
            self.assertIn("is a bank line", self.verdict(transaction, **values))

    def test_pending_hidden_and_held_say_where_they_are_and_what_to_do(self):
        pending = self.arrived(-11111, status="pending")
        hidden = self.arrived(22222)
        hidden._take_back("hidden", "Private")
        held = self.arrived(-33333, operation_type="card", local_amount_cents=100, local_currency="XTS")
        self.assertIn("not booked it yet", self.verdict(pending, amount=111.11))
        self.assertIn("Restore", self.verdict(hidden, amount=222.22))
        self.assertIn("does not know the currency", self.verdict(held, amount=333.33))

    def test_declined_and_before_the_start_date_say_so(self):
        declined = self.arrived(-11111, status="declined")
        self.assertIn("no money moved", self.verdict(declined, amount=111.11))
        before = self.arrived(22222)
        before.sudo().statement_line_ids = False
        before.sudo().feed_state = "before_start"
        self.assertIn("export file", self.verdict(before, amount=222.22))

    def test_what_was_not_fetched_yet_is_seen_at_the_bank_and_can_be_fetched(self):
        self.sync(self.account)
        row = self.bank.add(self.ref, 77777, label="Brandneu")
        wizard = self.find(text="brandneu")
        self.assertIn("not fetched yet", wizard.verdict)
        self.assertEqual(wizard.unfetched_account_ids, self.account)
        self.assertEqual(wizard.action_fetch()["tag"], "qonto_psd2_sync.sync")
        self.sync(wizard.unfetched_account_ids)
        self.assertEqual(self.transaction(row["id"]).feed_state, "booked")

    def test_nothing_found_names_accounts_and_what_else_may_be(self):
        self.sync(self.account)
        wizard = self.find(amount=1.23, day=fields.Date.today() - timedelta(days=200))
        self.assertIn("Hauptkonto", wizard.verdict)
        self.assertIn("90 days", wizard.verdict)
        self.assertIn("begins on", wizard.verdict)

    def test_without_consent_the_bank_is_not_asked_and_it_says_so(self):
        self.sync(self.account)
        self.account.consent_ids._end("withdrawn")
        self.assertIn("Connect Qonto again", self.find(amount=1.23).verdict)

    def test_nothing_entered_is_told(self):
        with self.assert_told("Enter an amount"):
            self.find()

    # === CHECK AGAINST THE BANK === #

    def compare(self, days: int = 60, **values):
        wizard = self.env["qonto.compare"].create({
            "account_id": self.account.id, "date_from": fields.Date.today() - timedelta(days=days), **values,
        })
        with self.enter_registry_test_mode():
            wizard.action_compare()
        return wizard

    def test_both_sides_agree_by_count_sum_and_id(self):
        self.sync(self.account)
        wizard = self.compare()
        self.assertTrue(wizard.bank_count)
        self.assertEqual((wizard.bank_count, wizard.bank_sum), (wizard.odoo_count, wizard.odoo_sum))
        self.assertEqual((wizard.line_count, wizard.line_sum), (wizard.odoo_count, wizard.odoo_sum))
        self.assertFalse(wizard.difference_ids)
        self.assertIn("to the cent", wizard.verdict)

    def test_what_is_missing_is_named_and_imported(self):
        self.sync(self.account)
        long_ago = (self.now - timedelta(days=40)).isoformat()
        row = self.bank.add(self.ref, 4242, settled_at=long_ago, emitted_at=long_ago, updated_at=long_ago)
        wizard = self.compare()
        self.assertEqual(
            [(line.kind, line.bank_ref, line.amount) for line in wizard.difference_ids], [("missing", row["id"], 42.42)]
        )
        self.assertEqual(wizard.bank_count - wizard.odoo_count, 1)
        with self.enter_registry_test_mode():
            wizard.action_import()
        self.sync(self.account)
        self.assert_books_equal_bank()
        self.assertFalse(self.compare().difference_ids)

    def test_what_the_bank_no_longer_has_becomes_a_question(self):
        transaction = self.arrived(4242)
        self.remove_at_bank(transaction)
        wizard = self.compare()
        self.assertEqual(wizard.difference_ids.mapped("kind"), ["gone"])
        self.assertFalse(wizard.importable)
        self.assertEqual(transaction.question_kind, "gone")
        transaction.action_book_anew()
        self.assertEqual(transaction.feed_state, "gone")
        self.sync(self.account)
        self.assert_books_equal_bank()

    def test_changed_amount_is_named(self):
        transaction = self.arrived(4242)
        self.bank.edit(transaction.bank_ref, amount_cents=4343, updated_at=(self.now - timedelta(days=30)).isoformat())
        self.assertIn("changed", self.compare().difference_ids.mapped("kind"))

    def test_period_that_may_not_be_read_is_refused(self):
        with self.assert_told("no further back"):
            self.compare(days=91)

    def test_bank_that_does_not_answer_is_told_in_words(self):
        self.bank.fault("/v2/transactions", "garbage")
        with self.assert_told("could not be understood"):
            self.compare()
