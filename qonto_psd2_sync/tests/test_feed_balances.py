# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Bank and ledger: the chain of balances, a day's two balances, the chart, the forecast."""

from datetime import timedelta, timezone

from odoo import fields
from odoo.tests import tagged

from .feed_common import TRANSACTIONS, FeedCommon


@tagged("post_install", "-at_install")
class TestFeedBalances(FeedCommon):
    # === THE CHAIN === #

    def test_chain_without_a_gap_is_no_message(self):
        self.sync(self.account)
        self.assertFalse(self.account.chain_words)

    def test_first_break_is_named_with_the_two_lines_around_it(self):
        first = self.arrived(1000, label="Vorher")
        lost = self.arrived(2000, label="Verloren")
        after = self.arrived(4000, label="Nachher")
        # Somebody took a row out of the database: the chain tells.
        lost.statement_line_id.with_context(force_delete=True).unlink()
        self.env.cr.execute("DELETE FROM qonto_transaction_past_move_rel")
        self.env.cr.execute("DELETE FROM qonto_transaction WHERE id = %s", [lost.id])
        self.env.invalidate_all()
        self.account.watermark = fields.Datetime.now() + timedelta(hours=2)  # it is long ago
        self.sync(self.account)
        account = self.account
        self.assertEqual((account.chain_before_id, account.chain_break_id, account.chain_gap), (first, after, 20.0))
        for part in ("Vorher", "Nachher", "20"):
            self.assertIn(part, account.chain_words)
        self.assert_explained(gap=2000)

    def test_several_bookings_of_one_instant_are_no_break(self):
        instant = self.now.isoformat()
        for cents in (100, -200, 300, 400):
            self.bank.add(self.ref, cents, settled_at=instant, emitted_at=instant)
        self.sync(self.account)
        # As if the bank stated whole seconds, and in another order than booked.
        self.env.cr.execute(
            "UPDATE qonto_transaction SET settled_at = date_trunc('day', settled_at) WHERE account_id = %s",
            [self.account.id],
        )
        self.env.invalidate_all()
        self.account._check_chain()
        self.assertFalse(self.account.chain_words)

    def test_late_post_moves_all_later_balances_and_is_no_break_and_no_noise(self):
        later = self.arrived(5000)
        self.arrived(-700, settled_at=(self.now - timedelta(days=9)).isoformat(), label="Late")
        self.assertFalse(self.account.chain_words)
        self.assertFalse(later.changed_at_bank, "only the balance after it is another one")
        self.assert_books_equal_bank()

    # === BALANCE ON A DAY === #

    def test_balance_of_each_day_is_the_banks(self):
        self.sync(self.account)
        truth = self.bank.truth(self.ref)["transactions"]
        day = self.account.start_date
        while day <= self.account._today():
            booked = [
                row for row in truth if row["status"] == "completed" and row["local_date"] <= fields.Date.to_string(day)
            ]
            if booked:
                last = max(booked, key=lambda row: row["settled_at"])
                balance = self.balance(day)
                self.assertEqual(round(balance.bank_balance * 100), last["settled_balance_cents"], day)
                self.assertEqual(balance.difference, 0, day)
            day += timedelta(days=7)

    def test_difference_is_explained_to_the_cent_by_all_that_can_cause_one(self):
        company = self.account.company_id
        held = self.bank.add(self.ref, 777, settled_at=(self.now - timedelta(days=60)).isoformat())
        company.fiscalyear_lock_date = fields.Date.to_date(held["local_date"])
        hidden, removed, changed = (self.arrived(cents) for cents in (1000, -2300, 4100))
        hidden._take_back("hidden", "Private")
        removed._take_back("removed", "Private")
        self.bank.edit(changed.bank_ref, amount_cents=4150)
        self.bank.add(self.ref, -990, status="pending")
        self.env["account.bank.statement.line"].create({
            "journal_id": self.account.journal_id.id, "amount": 3.33, "payment_ref": "Typed",
            "date": self.account._today(),
        })
        other = self.company_data["default_account_revenue"]
        self.env["account.move"].create({
            "journal_id": self.company_data["default_journal_misc"].id, "date": self.account._today(),
            "line_ids": [
                fields.Command.create({"account_id": account.id, "balance": amount})
                for account, amount in ((self.account.journal_id.default_account_id, 5.55), (other, -5.55))
            ],
        }).action_post()
        self.sync(self.account)
        balance = self.assert_explained(
            held=777, hidden=1000, removed=-2300, changed=50, typed=-333, by_hand=-555
        )
        self.assertFalse(balance.agrees)
        self.assertTrue(balance.unmatched_count)
        part = balance.part_ids.filtered(lambda part: part.kind == "held")
        self.assertEqual(part.action_open()["domain"], [("id", "in", self.transaction(held["id"]).ids)])

    def test_without_an_opening_entry_the_opening_is_the_difference(self):
        self.account.opening_move_id.button_cancel()
        self.sync(self.account)
        self.account.invalidate_recordset()
        balance = self.assert_explained(opening=round(self.account.balance_difference * 100))
        self.assertNotEqual(balance.difference, 0)

    def test_today_is_the_banks_and_not_the_users(self):
        account = self.account.with_context(tz="Pacific/Midway")
        account.tz = "Pacific/Kiritimati"  # 25 hours before Midway: never the same day
        today = account._today()
        self.assertGreater(today, fields.Date.context_today(account))
        self.assertEqual(account.env["qonto.balance.day"].create({"account_id": account.id}).day, today)
        compare = account.env["qonto.compare"].create({"account_id": account.id})
        self.assertEqual((compare.date_from, compare.date_to), (today - timedelta(days=30), today))
        chosen = today - timedelta(days=3)
        compare.date_to = chosen
        compare.account_id = account
        self.assertEqual(compare.date_to, chosen)

    def test_it_can_be_printed(self):
        hidden = self.arrived(1000, label="Privatier")
        hidden._take_back("hidden", "Private")
        balance = self.balance()
        page = self.env["ir.actions.report"]._render_qweb_html("qonto_psd2_sync.balance_day", balance.ids)[0].decode()
        for text in ("Privatier", "Hidden", "10.00"):
            self.assertIn(text, page)
        self.assertEqual(balance.action_print()["report_name"], "qonto_psd2_sync.balance_day")

    # === CHART === #

    def test_chart_has_both_balances_of_each_day(self):
        hidden = self.arrived(1000)
        hidden._take_back("hidden", "Private")
        self.env.flush_all()
        points = self.env["qonto.balance.point"].search([("account_id", "=", self.account.id)])
        self.assertEqual(len(points), 2 * ((self.account._today() - self.account.start_date).days + 2))
        first, last = (
            {point.side: point for point in points if point.day == day}
            for day in (self.account.start_date - timedelta(days=1), self.account._today())
        )
        self.assertEqual(first["bank"].balance, first["ledger"].balance)
        self.assertEqual(round(last["bank"].balance * 100), self.bank.truth(self.ref)["balance_cents"])
        self.assertAlmostEqual(last["bank"].balance - last["ledger"].balance, 10.0)
        self.assertEqual(last["ledger"].difference, 10.0)

    # === FORECAST === #

    def test_pending_is_a_forecast_of_its_own(self):
        self.sync(self.account)
        before = self.account.pending_amount
        self.bank.add(self.ref, -4200, status="pending")
        self.sync(self.account)
        account = self.account
        self.assertAlmostEqual(account.pending_amount - before, -42.0)
        self.assertAlmostEqual(account.forecast_balance, account.bank_balance + account.pending_amount)
        self.assert_books_equal_bank()

    def test_pending_that_vanishes_at_the_bank_is_no_forecast_any_more(self):
        old = (self.now - timedelta(days=20)).isoformat()
        row = self.bank.add(self.ref, -4200, status="pending", emitted_at=old, updated_at=old)
        self.sync(self.account)
        self.bank.ask(f"/transactions/{row['id']}", method="DELETE")
        self.account.deep_sync_at = fields.Datetime.now() - timedelta(days=2)
        self.sync(self.account)
        self.assertEqual(self.transaction(row["id"]).feed_state, "gone")

    def test_days_over_clock_changes_and_year_ends_are_the_banks(self):
        """Bank, server and reader in different zones; both nights of the clock change, New Year, month ends."""
        self.reset_bank(now="2027-04-05T10:00:00Z")
        self.env.user.tz = "Pacific/Auckland"
        instants = (
            "2027-01-31T22:59:59Z", "2027-01-31T23:00:00Z",  # month end in Berlin
            "2027-03-28T00:59:59Z", "2027-03-28T01:00:00Z", "2027-03-27T22:59:59Z", "2027-03-27T23:00:00Z",
            "2027-03-28T21:59:59Z", "2027-03-28T22:00:00Z",  # the night to summer time
        )
        account = self.account
        for instant in instants:
            moment = fields.Datetime.to_datetime(instant.replace("T", " ").removesuffix("Z"))
            row = self.bank.add(self.main["id"], 100, settled_at=instant, emitted_at=instant)
            self.assertEqual(str(account._local_day(self._aware(moment))), row["local_date"], instant)
        for utc, day in (
            ("2026-10-24 21:59:59", "2026-10-24"), ("2026-10-24 22:00:00", "2026-10-25"),
            ("2026-10-25 22:59:59", "2026-10-25"), ("2026-10-25 23:00:00", "2026-10-26"),
            ("2026-12-31 22:59:59", "2026-12-31"), ("2026-12-31 23:00:00", "2027-01-01"),
        ):
            self.assertEqual(str(account._local_day(self._aware(fields.Datetime.to_datetime(utc)))), day, utc)

    @staticmethod
    def _aware(moment):
        return moment.replace(tzinfo=timezone.utc)

    # === WATERMARK === #

    def test_late_post_with_an_old_time_of_change_is_caught_once_a_day(self):
        self.sync(self.account)
        old = (self.now - timedelta(days=5)).isoformat()
        row = self.bank.add(self.ref, 4321, settled_at=old, emitted_at=old, updated_at=old)
        self.sync(self.account)
        missed = self.transaction(row["id"])
        self.account.deep_sync_at = fields.Datetime.now() - timedelta(days=2)
        self.sync(self.account)
        self.assertFalse(missed)
        self.assert_books_equal_bank()

    def test_rows_that_move_while_an_instant_is_paged_are_all_met(self):
        instant = (self.now - timedelta(days=2)).isoformat()
        rows = self.bank.ask("/transactions", [
            {
                "account_id": self.ref, "side": "credit", "amount_cents": 100 + number, "label": f"Kunde {number}",
                "settled_at": instant, "emitted_at": instant, "updated_at": instant,
            }
            for number in range(350)
        ])["transactions"]
        # Between two pages of the same instant, some of the first rows change and so leave it.
        moving = [{"edit": row["id"], "note": "moved"} for row in sorted(rows, key=lambda row: row["id"])[:60]]
        for number in range(6):
            self.bank.fault(
                TRANSACTIONS, "meanwhile", skip=1 + number, body=moving[number * 10:number * 10 + 10]
            )
        self.sync(self.account)
        self.assertEqual(
            self.env["qonto.transaction"].search_count([("bank_ref", "in", [row["id"] for row in rows])]), 350
        )
        self.assert_books_equal_bank()
