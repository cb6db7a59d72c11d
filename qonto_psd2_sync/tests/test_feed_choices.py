# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person decides about the feed, in a German company with the audit trail that Odoo forces there."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .feed_common import FeedCommon


@tagged("post_install", "-at_install")
class TestFeedChoices(FeedCommon):
    def locked(self, cents: int = 777):
        """Return a transaction that waits, since its day lies in a locked period."""
        row = self.bank.add(self.ref, cents, settled_at=(self.now - timedelta(days=30)).isoformat())
        self.account.company_id.fiscalyear_lock_date = fields.Date.to_date(row["local_date"]) + timedelta(days=1)
        self.sync(self.account)
        return self.transaction(row["id"])

    def decide(self, transaction, choice: str, reason: str = "As agreed"):
        action = transaction.action_decide()
        wizard = transaction.env["qonto.decide"].with_context(**action["context"]).create(
            {"choice": choice, "reason": reason}
        )
        wizard.action_confirm()
        return wizard

    def take_back(self, transaction, mode: str, reason: str = "Private"):
        action = transaction.statement_line_id.action_qonto_take_back()
        self.env["qonto.take.back"].with_context(**action["context"]).create(
            {"mode": mode, "reason": reason}
        ).action_confirm()

    def test_company_has_the_audit_trail(self):
        self.assertTrue(self.account.company_id.restrictive_audit_trail)

    # === HELD === #

    def test_locked_one_waits_by_default(self):
        transaction = self.locked()
        self.decide(transaction, "wait", "")
        self.assertEqual(transaction.feed_state, "held")

    def test_locked_one_is_booked_on_the_first_open_day_when_somebody_says_so(self):
        transaction = self.locked()
        bank_day = transaction.booking_date
        wizard = self.decide(transaction, "first_open_day", "Closed with the tax adviser")
        lock_date = self.account.company_id.fiscalyear_lock_date
        line = transaction.statement_line_id
        self.assertEqual(line.date, lock_date + timedelta(days=1))
        self.assertEqual(wizard.first_open_day, False)  # nothing waits any more
        self.assertEqual((line.qonto_booking_date, transaction.booking_date), (bank_day, bank_day))
        self.assertEqual(line.qonto_decision_reason, "Closed with the tax adviser")
        self.assertEqual(transaction.decided_by_id, self.env.user)
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "booked")
        day_between = self.balance(lock_date)
        self.assertEqual(
            {part.kind: part.amount for part in day_between.part_ids if part.kind == "other_day"}, {"other_day": 7.77}
        )

    def test_locked_one_can_be_left_out_and_restored(self):
        transaction = self.locked()
        self.decide(transaction, "left_out", "Booked by the tax adviser")
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "left_out")
        self.assertIn("tax adviser", transaction.hold_reason)
        transaction.action_restore()
        self.assertEqual((transaction.feed_state, transaction.hold_kind), ("held", "locked"))
        self.account.company_id.fiscalyear_lock_date = False
        self.sync(self.account)
        self.assert_books_equal_bank()

    def test_decision_needs_a_reason(self):
        with self.assert_told("reason"):
            self.decide(self.locked(), "left_out", " ")

    def test_choice_that_does_not_fit_is_refused(self):
        with self.assert_told("fits none"):
            self.decide(self.locked(), "plain")

    def test_original_amount_of_zero_is_booked_without_it(self):
        transaction = self.arrived(-9200, operation_type="card", local_amount_cents=0, local_currency="USD")
        self.assertEqual(transaction.hold_kind, "zero_local")
        self.decide(transaction, "plain")
        self.assertEqual(transaction.statement_line_id.amount, -92.0)
        self.assertFalse(transaction.statement_line_id.foreign_currency_id)
        self.assert_books_equal_bank()

    def test_currency_that_odoo_does_not_know_is_booked_without_it(self):
        transaction = self.arrived(-9200, operation_type="card", local_amount_cents=100, local_currency="XTS")
        self.assertEqual(transaction.hold_kind, "currency_unknown")
        self.decide(transaction, "plain")
        self.assert_books_equal_bank()

    def test_who_only_reads_decides_nothing(self):
        transaction = self.locked()
        auditor = self.new_user("auditor", "account.group_account_readonly")
        with self.assert_told("needs the right"):
            transaction.with_user(auditor).action_decide()

    def test_user_of_the_feed_decides(self):
        transaction = self.locked()
        clerk = self.new_user("clerk", "qonto_psd2_sync.group_feed_user")
        self.decide(transaction.with_user(clerk).with_context(allowed_company_ids=self.company.ids), "left_out")
        self.assertEqual(transaction.decided_by_id, clerk)

    # === TAKEN BACK === #

    def assert_canceled_entry_is_readable(self, transaction, move, reason: str):
        self.assertTrue(move.exists())
        self.assertEqual(move.state, "cancel")
        self.assertIn(move, transaction.past_move_ids)
        self.assertIn(reason, " ".join(move.message_ids.mapped("body")))

    def test_hidden_line_leaves_the_ledger_and_comes_back(self):
        transaction = self.arrived(5000, label="Privat")
        move = transaction.statement_line_id.move_id
        self.take_back(transaction, "hidden", "Paid with the wrong card")
        self.assertEqual(transaction.feed_state, "hidden")
        self.assertIn("wrong card", transaction.hold_reason)
        self.assert_canceled_entry_is_readable(transaction, move, "wrong card")
        self.assert_explained(hidden=5000)
        self.bank.edit(transaction.bank_ref, note="changed")
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "hidden")
        transaction.action_restore()
        self.assertEqual(transaction.feed_state, "booked")
        self.assertNotEqual(transaction.statement_line_id.move_id, move)
        self.assert_books_equal_bank()
        self.assert_explained()

    def test_deleted_line_is_listed_and_can_be_restored(self):
        transaction = self.arrived(5000)
        move = transaction.statement_line_id.move_id
        self.take_back(transaction, "removed", "Typed twice")
        listed = self.env["qonto.transaction"].search([("feed_state", "in", ("removed", "hidden", "left_out"))])
        self.assertEqual(listed, transaction)
        self.assert_canceled_entry_is_readable(transaction, move, "Typed twice")
        self.sync(self.account)
        self.assertFalse(transaction.statement_line_id)
        self.assert_explained(removed=5000)
        transaction.action_restore()
        self.assert_books_equal_bank()

    def test_line_deleted_in_another_screen_is_canceled_with_a_reason_too(self):
        transaction = self.arrived(5000)
        move = transaction.statement_line_id.move_id
        transaction.statement_line_id.unlink()
        self.assertEqual(transaction.feed_state, "removed")
        self.assert_canceled_entry_is_readable(transaction, move, "deleted in Odoo")

    def test_matched_line_is_not_taken_back(self):
        transaction = self.arrived(5000)
        line = transaction.statement_line_id
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.with_context(force_delete=True, skip_readonly_check=True).account_id = self.company_data[
            "default_account_revenue"
        ]
        self.assertTrue(line.is_reconciled)
        with self.assert_told("is matched"):
            line.action_qonto_take_back()

    def test_line_in_a_locked_period_is_not_taken_back(self):
        transaction = self.arrived(777, settled_at=(self.now - timedelta(days=30)).isoformat())
        line = transaction.statement_line_id
        # Odoo warns of unmatched lines and lets an administrator go on; here it is simply done.
        self.env.cr.execute(
            "UPDATE res_company SET fiscalyear_lock_date = %s WHERE id = %s", [line.date, self.company.id]
        )
        self.company.invalidate_recordset()
        with self.assert_told("locked until"):
            line.action_qonto_take_back()

    def test_nobody_takes_back_while_a_sync_runs(self):
        transaction = self.arrived(5000)
        self.env.cr.execute(
            "UPDATE qonto_account SET lease_owner = 'other',"
            " lease_until = clock_timestamp() AT TIME ZONE 'UTC' + interval '9 min' WHERE id = %s", [self.account.id],
        )
        with self.assert_told("is running"):
            self.take_back(transaction, "hidden")

    # === ANOTHER JOURNAL === #

    def other_journal(self, **values):
        return self.env["account.journal"].create({
            "name": "Qonto new", "type": "bank", "code": "QNEW", "company_id": self.company.id, **values,
        })

    def test_moving_books_open_lines_there_and_names_what_stays(self):
        self.sync(self.account)
        before, after = self.account.journal_id, self.other_journal()
        stays = self.lines_of(self.account)[0]
        _liquidity, suspense, _other = stays._seek_for_lines()
        suspense.with_context(force_delete=True, skip_readonly_check=True).account_id = self.company_data[
            "default_account_revenue"
        ]
        count = len(self.lines_of(self.account))
        old_moves = (self.lines_of(self.account) - stays).move_id
        wizard = self.env["qonto.move.journal"].create({"account_id": self.account.id, "journal_id": after.id})
        self.assertEqual(wizard.movable_count, count - 1)
        self.assertIn("it is matched", wizard.staying)
        wizard.action_confirm()
        self.assertEqual(set(old_moves.mapped("state")), {"cancel"})
        self.sync(self.account)
        self.assertEqual(self.account.journal_id, after)
        self.assertEqual(len(self.lines_of(self.account)), count - 1)
        self.assertEqual(stays.journal_id, before)
        self.assertEqual(before.bank_statements_source, "undefined")
        self.assertEqual(after.bank_account_id.sanitized_acc_number, self.account.iban)
        kinds = {part.kind for part in self.balance().part_ids}
        self.assertEqual(kinds - {"opening"}, {"elsewhere"})

    def test_moving_into_a_journal_of_another_iban_is_refused(self):
        after = self.other_journal(bank_acc_number="DE02120300000000202051")
        wizard = self.env["qonto.move.journal"].create({"account_id": self.account.id, "journal_id": after.id})
        with self.assert_told("another IBAN"):
            wizard.action_confirm()
