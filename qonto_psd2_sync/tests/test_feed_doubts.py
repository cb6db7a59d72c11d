# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Exactly once: twins, IDs given anew, and lines that somebody else entered before."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .feed_common import FeedCommon


@tagged("post_install", "-at_install")
class TestFeedDoubts(FeedCommon):
    def type_line(self, amount: float, day=None, **values):
        """A person, or another importer, enters a bank line."""
        return self.env["account.bank.statement.line"].create({
            "journal_id": self.account.journal_id.id, "amount": amount,
            "date": day or fields.Date.context_today(self.account), "payment_ref": "Typed by hand", **values,
        })

    # === TWINS === #

    def test_twin_that_comes_later_is_booked_beside_the_first(self):
        first = self.arrived(-1500, label="Parking")
        second = self.arrived(-1500, label="Parking", settled_at=first.raw["settled_at"])
        self.assertEqual((first.feed_state, second.feed_state), ("booked", "booked"))
        self.assert_books_equal_bank()

    def test_same_id_twice_in_a_page_is_one_line(self):
        row = self.bank.add(self.ref, 4711)
        self.bank.fault("/v2/transactions", "alter", body=[{"repeat": ["transactions", -1]}])
        self.sync(self.account)
        self.assertEqual(len(self.transaction(row["id"])), 1)
        self.assert_books_equal_bank()

    # === IDS GIVEN ANEW === #

    def test_id_given_anew_is_asked_about_and_not_doubled(self):
        old = self.arrived(12345, label="Altbau eG", reference="RE 7")
        line = old.statement_line_id
        new = self.transaction(self.reissue(old, reference="RE-7 (corrected)")["id"])
        self.sync(self.account)
        new = self.env["qonto.transaction"].search([("doubt_kind", "=", "reissued")])
        self.assertEqual((new.feed_state, new.doubt_transaction_id), ("doubtful", old))
        self.assertIn(old.bank_ref, new.doubt)
        self.assertFalse(new.statement_line_id)
        new.action_same()
        self.assertEqual((new.statement_line_id, new.feed_state), (line, "booked"))
        self.assertEqual((old.feed_state, old.replaced_by_id), ("gone", new))
        self.sync(self.account)
        self.assert_books_equal_bank()
        self.assert_explained()

    def test_id_given_anew_that_somebody_calls_another_transaction_is_booked(self):
        old = self.arrived(12345)
        self.reissue(old)
        self.sync(self.account)
        new = self.env["qonto.transaction"].search([("feed_state", "=", "doubtful")])
        new.action_separate()
        self.assertEqual(new.feed_state, "booked")
        self.assertEqual(len(self.lines_of(self.account).filtered(lambda line: line.amount == 123.45)), 2)

    def test_deleted_line_under_a_new_id_stays_deleted_once_somebody_says_it_is_the_same(self):
        old = self.arrived(12345)
        old.statement_line_id.unlink()
        self.reissue(old)
        self.sync(self.account)
        new = self.env["qonto.transaction"].search([("feed_state", "=", "doubtful")])
        new.action_same()
        self.assertEqual(new.feed_state, "removed")
        self.sync(self.account)
        self.assertFalse(new.statement_line_id)

    def test_id_given_anew_before_the_old_one_was_booked_needs_nobody(self):
        row = self.bank.add(self.ref, 777, settled_at=(self.now - timedelta(days=30)).isoformat())
        self.account.company_id.fiscalyear_lock_date = fields.Date.to_date(row["local_date"])
        self.sync(self.account)
        old = self.transaction(row["id"])
        new = self.reissue(old)
        self.sync(self.account)
        self.account.company_id.fiscalyear_lock_date = False
        self.sync(self.account)
        self.assertEqual(old.feed_state, "gone")
        self.assertEqual(self.transaction(new["id"]).feed_state, "booked")
        self.assert_books_equal_bank()

    def test_same_id_with_another_amount_asks_and_touches_nothing(self):
        transaction = self.arrived(5000, label="Kunde")
        line = transaction.statement_line_id
        self.bank.edit(transaction.bank_ref, amount_cents=6000, label="Somebody else")
        self.sync(self.account)
        self.assertEqual((line.amount, line.payment_ref), (50.0, "Kunde"))
        self.assertEqual(transaction.question_kind, "amount")
        self.assertIn("60", transaction.question)
        self.assertIn("Somebody else", transaction.bank_changes_text)
        self.assert_explained(changed=1000)
        line.action_qonto_book_anew()
        self.assert_books_equal_bank()
        self.assertFalse(transaction.question_kind)

    def test_line_that_somebody_keeps_is_no_question_any_more_and_stays_explained(self):
        transaction = self.arrived(5000, label="Kunde")
        self.bank.edit(transaction.bank_ref, amount_cents=6000)
        self.sync(self.account)
        transaction.action_keep()
        self.sync(self.account)
        self.assertFalse(transaction.question_kind)
        self.assert_explained(changed=1000)

    def test_booked_transaction_that_the_bank_declines_later_is_a_question(self):
        transaction = self.arrived(5000, label="Kunde")
        self.bank.edit(transaction.bank_ref, status="declined")
        self.sync(self.account)
        self.assertEqual((transaction.question_kind, transaction.feed_state), ("status", "booked"))
        transaction.action_book_anew()
        self.assertEqual(transaction.feed_state, "out")
        self.assert_books_equal_bank()

    # === LINES OF OTHERS === #

    def test_typed_line_is_offered_for_adoption_and_not_doubled(self):
        line = self.type_line(123.45, payment_ref="Miete Altbau")
        transaction = self.arrived(12345, label="Altbau eG")
        self.assertEqual((transaction.feed_state, transaction.doubt_line_id), ("doubtful", line))
        self.assertIn("not from this feed", transaction.doubt)
        self.assertIn("same counterparty", transaction.doubt)
        transaction.action_same()
        self.assertEqual(transaction.statement_line_id, line)
        self.assertEqual((line.payment_ref, line.partner_name), ("Miete Altbau", "Altbau eG"))
        self.assert_books_equal_bank()

    def test_typed_line_some_days_off_keeps_its_day_when_it_is_adopted(self):
        day = fields.Date.context_today(self.account) - timedelta(days=2)
        line = self.type_line(123.45, day)
        transaction = self.arrived(12345)
        transaction.action_same()
        self.assertEqual(line.date, day)
        self.assertEqual(transaction.feed_state, "booked")

    def test_one_typed_line_stands_for_one_of_two_twins(self):
        line = self.type_line(-15)
        for _twin in range(2):
            self.bank.add(self.ref, -1500, label="Parking")
        self.sync(self.account)
        twins = self.env["qonto.transaction"].search([("amount", "=", -15), ("label", "=", "Parking")], order="id")
        self.assertEqual(sorted(twins.mapped("feed_state")), ["booked", "doubtful"])
        twins.filtered(lambda row: row.feed_state == "doubtful").action_same()
        self.assertTrue(line.qonto_transaction_id)
        self.assert_books_equal_bank()

    def test_typed_line_that_is_deleted_leaves_no_doubt(self):
        line = self.type_line(123.45)
        transaction = self.arrived(12345)
        line.unlink()
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "booked")
        self.assert_books_equal_bank()

    def test_line_of_another_amount_is_no_doubt(self):
        self.type_line(123.46)
        self.assertEqual(self.arrived(12345).feed_state, "booked")

    def test_somebody_may_say_that_the_typed_line_is_another_one(self):
        self.type_line(123.45)
        transaction = self.arrived(12345)
        transaction.action_separate()
        self.assertEqual(transaction.feed_state, "booked")
        self.assert_explained(typed=-12345)

    def test_matched_line_keeps_its_match_when_it_is_adopted(self):
        line = self.type_line(123.45)
        invoice = self.env["account.move"].create({
            "move_type": "out_invoice", "partner_id": self.partner_a.id, "invoice_date": line.date,
            "invoice_line_ids": [fields.Command.create({"name": "Lamp", "price_unit": 123.45, "tax_ids": []})],
        })
        invoice.action_post()
        item = invoice.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.with_context(force_delete=True, skip_readonly_check=True).write(
            {"account_id": item.account_id.id, "partner_id": item.partner_id.id}
        )
        (suspense | item).reconcile()
        self.assertTrue(line.is_reconciled)
        transaction = self.arrived(12345)
        transaction.action_same()
        self.assertTrue(line.is_reconciled)
        self.assertEqual(invoice.amount_residual, 0)
