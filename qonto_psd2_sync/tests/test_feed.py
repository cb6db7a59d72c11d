# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

from odoo import api, fields
from odoo.tests import tagged

from ..models import worker
from ..qonto_api import Unauthorized
from .feed_common import TRANSACTIONS, FeedCommon


@tagged("post_install", "-at_install")
class TestFeed(FeedCommon):
    # === WHAT BECOMES A LINE === #

    def test_lines_are_what_the_bank_booked(self):
        self.sync(self.account)
        self.assertTrue(self.lines_of(self.account))
        self.assert_books_equal_bank()
        self.assertEqual(self.account.status, "connected")

    def test_second_sync_adds_and_writes_nothing(self):
        self.sync(self.account)
        lines = self.lines_of(self.account)
        before = self.env["qonto.transaction"].search([]).mapped(lambda row: (row.id, row.write_date))
        report = self.sync(self.account)[0]
        self.assertEqual((report["new"], report["changed"], report["booked"]), (0, 0, 0))
        self.assertEqual(self.lines_of(self.account), lines)
        self.assertEqual(self.env["qonto.transaction"].search([]).mapped(lambda row: (row.id, row.write_date)), before)

    def test_sync_with_nothing_new_asks_the_bank_twice(self):
        self.sync(self.account)
        self.bank.ask("/requests", method="DELETE")
        self.sync(self.account)
        self.assertEqual(
            [request["path"] for request in self.bank.requests()], [TRANSACTIONS, f"/v2/bank_accounts/{self.ref}"]
        )

    def test_real_twins_are_kept(self):
        for _twin in range(2):
            self.bank.add(self.ref, -1500, label="Parking", reference="Ticket", settled_at=self.now.isoformat())
        self.sync(self.account)
        twins = self.lines_of(self.account).filtered(lambda line: line.payment_ref == "Parking - Ticket")
        self.assertEqual(twins.mapped("amount"), [-15.0, -15.0])
        self.assert_books_equal_bank()

    def test_pending_and_declined_are_shown_and_not_booked(self):
        pending = self.bank.add(self.ref, -4200, status="pending", label="Hotel")
        declined = self.bank.add(self.ref, -990, status="declined", label="Kiosk")
        report = self.sync(self.account)[0]
        self.assertEqual(self.transaction(pending["id"]).feed_state, "pending")
        self.assertEqual(self.transaction(declined["id"]).feed_state, "out")
        self.assertIn("no money moved", self.transaction(declined["id"]).hold_reason)
        self.assertGreaterEqual(report["pending"], 1)
        self.assertFalse(self.transaction(pending["id"]).statement_line_id)
        self.assert_books_equal_bank()

    def test_pending_becomes_the_line_with_the_final_amount(self):
        pending = self.bank.add(self.ref, -4200, status="pending", label="Hotel")
        self.sync(self.account)
        self.bank.edit(pending["id"], status="completed", amount_cents=4550)
        self.sync(self.account)
        transaction = self.transaction(pending["id"])
        self.assertEqual(transaction.feed_state, "booked")
        self.assertEqual(transaction.statement_line_id.amount, -45.5)
        self.assert_books_equal_bank()

    def test_line_has_the_day_of_the_bank_and_not_of_utc(self):
        late = (self.now - timedelta(days=3)).replace(hour=23, minute=30)  # 00:30 in Berlin
        row = self.bank.add(self.ref, 12345, settled_at=late.isoformat(), emitted_at=late.isoformat())
        self.sync(self.account)
        self.assertEqual(row["local_date"], str(late.date() + timedelta(days=1)))
        self.assertEqual(str(self.transaction(row["id"]).statement_line_id.date), row["local_date"])
        self.assert_books_equal_bank()

    def test_days_before_the_start_are_kept_as_facts_and_never_booked(self):
        account = self.connect_sub_account(start_date=fields.Date.context_today(self.account) - timedelta(days=5))
        before = (self.now - timedelta(days=7)).isoformat()
        # made long ago, changed today: the bank's list of changes brings it
        row = self.bank.add(account.bank_ref, 100, settled_at=before, emitted_at=before)
        self.sync(account)
        self.assertEqual(self.transaction(row["id"]).feed_state, "before_start")
        self.assertTrue(all(line.date >= account.start_date for line in self.lines_of(account)))

    def connect_sub_account(self, **values):
        wizard = self.choose(self.account.consent_ids)
        wizard.line_ids.filtered("main").selected = False
        wizard.line_ids.filtered(lambda line: line.bank_ref == self.sub_account["id"]).write(
            {"selected": True, **values}
        )
        wizard.action_confirm()
        return self.env["qonto.account"].search([("bank_ref", "=", self.sub_account["id"])])

    # === WHAT A LINE SAYS === #

    def test_line_carries_label_counterparty_and_partner(self):
        partner = self.env["res.partner"].create({"name": "Deich & Co"})
        iban = "DE02120300000000202051"
        self.env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": "DE02 1203 0000 0000 2020 51"})
        row = self.bank.add(
            self.ref, 5000, label="Deich & Co KG", reference="RE 2026-17", counterparty_iban=iban,
            operation_type="income",
        )
        self.sync(self.account)
        line = self.transaction(row["id"]).statement_line_id
        self.assertEqual(line.payment_ref, f"{line.partner_name} - RE 2026-17")
        self.assertEqual(line.account_number, iban)
        self.assertEqual(line.partner_id, partner)
        self.assertEqual(line.transaction_type, "income")
        self.assertEqual(line.transaction_details["qonto_id"], row["id"])

    def test_iban_of_two_partners_names_neither(self):
        iban = "DE02120300000000202051"
        for name in ("One", "Two"):
            partner = self.env["res.partner"].create({"name": name})
            self.env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": iban})
        row = self.bank.add(self.ref, 5000, counterparty_iban=iban)
        self.sync(self.account)
        self.assertFalse(self.transaction(row["id"]).statement_line_id.partner_id)

    def test_bare_number_is_never_the_whole_label(self):
        row = self.bank.add(self.ref, 5000, label="Kunde", reference="2026")
        self.sync(self.account)
        self.assertNotEqual(self.transaction(row["id"]).statement_line_id.payment_ref, "2026")

    def test_foreign_spend_keeps_both_amounts(self):
        row = self.bank.add(
            self.ref, -9200, label="Cloud", operation_type="card", local_amount_cents=10000, local_currency="USD"
        )
        self.sync(self.account)
        line = self.transaction(row["id"]).statement_line_id
        self.assertEqual((line.amount, line.amount_currency, line.foreign_currency_id.name), (-92.0, -100.0, "USD"))
        self.assert_books_equal_bank()

    # === WHAT MUST WAIT === #

    def assert_held_then_booked(self, row, kind: str, mend):
        """A transaction waits with its reason while all others arrive; once mended, it is booked on its own day."""
        self.sync(self.account)
        transaction = self.transaction(row["id"])
        self.assertEqual((transaction.feed_state, transaction.hold_kind), ("held", kind))
        self.assertTrue(transaction.hold_reason)
        mend()
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "booked")
        self.assertEqual(str(transaction.statement_line_id.date), row["local_date"])
        self.assertFalse(transaction.hold_kind)
        self.assert_books_equal_bank()

    def test_day_in_a_locked_period_waits_and_is_not_dated_anew(self):
        row = self.bank.add(self.ref, 777, settled_at=(self.now - timedelta(days=30)).isoformat())
        company = self.account.company_id
        company.fiscalyear_lock_date = fields.Date.to_date(row["local_date"])
        self.assert_held_then_booked(row, "locked", lambda: company.write({"fiscalyear_lock_date": False}))

    def test_inactive_currency_waits(self):
        norway = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "NOK")])
        norway.active = False
        row = self.bank.add(
            self.ref, -9200, label="Fjord", operation_type="card", local_amount_cents=100000, local_currency="NOK"
        )
        self.assert_held_then_booked(row, "currency_inactive", lambda: norway.write({"active": True}))

    def test_journal_that_became_hashed_holds_everything(self):
        self.sync(self.account)
        journal = self.account.journal_id
        row = self.bank.add(self.ref, 777)
        journal.restrict_mode_hash_table = True
        self.assert_held_then_booked(
            row, "journal_hashed", lambda: self.env.cr.execute(
                "UPDATE account_journal SET restrict_mode_hash_table = false WHERE id = %s", [journal.id]
            ) or journal.invalidate_recordset()
        )

    def test_missing_suspense_account_holds_everything(self):
        row = self.bank.add(self.ref, 777)
        journal = self.account.journal_id
        suspense = journal.suspense_account_id
        journal.suspense_account_id = False
        self.assert_held_then_booked(row, "no_suspense", lambda: journal.write({"suspense_account_id": suspense.id}))

    def test_line_that_odoo_refuses_stops_no_other(self):
        row = self.bank.add(self.ref, 777, label="Refused")
        create = type(self.env["account.bank.statement.line"]).create

        @api.model_create_multi
        def picky(records, vals_list):
            if any(vals["payment_ref"] == "Refused" for vals in vals_list):
                raise ValueError("not this one")
            return create(records, vals_list)

        self.patch(type(self.env["account.bank.statement.line"]), "create", picky)
        self.sync(self.account)
        transaction = self.transaction(row["id"])
        self.assertEqual((transaction.feed_state, transaction.hold_kind), ("held", "refused"))
        self.assertIn("not this one", transaction.hold_reason)
        self.assertEqual(len(self.lines_of(self.account)), self.booked_count() - 1)

    def booked_count(self) -> int:
        return sum(row["status"] == "completed" for row in self.bank.truth(self.ref)["transactions"])

    # === WHAT CHANGES LATER === #

    def test_later_edit_at_the_bank_is_noted_and_touches_nothing(self):
        row = self.bank.add(self.ref, 5000, label="Kunde", reference="RE 1")
        self.sync(self.account)
        line = self.transaction(row["id"]).statement_line_id
        before = (line.date, line.amount, line.payment_ref, line.move_id.write_date)
        self.bank.edit(row["id"], note="paid by mistake")
        report = self.sync(self.account)[0]
        self.assertEqual((report["new"], report["changed"]), (0, 1))
        self.assertTrue(line.qonto_changed_at_bank)
        self.assertEqual(line.qonto_note, "paid by mistake")
        self.assertEqual((line.date, line.amount, line.payment_ref, line.move_id.write_date), before)

    def test_deleted_line_stays_deleted(self):
        row = self.bank.add(self.ref, 5000, label="Kunde")
        self.sync(self.account)
        transaction = self.transaction(row["id"])
        transaction.statement_line_id.unlink()
        self.bank.edit(row["id"], note="touched")
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "removed")
        self.assertFalse(transaction.statement_line_id)

    # === PAGES === #

    def test_many_changes_of_one_instant_fill_several_pages(self):
        instant = self.now.isoformat()
        self.bank.ask(
            "/transactions",
            [
                {
                    "account_id": self.ref, "side": "credit", "amount_cents": 100 + number, "label": f"Kunde {number}",
                    "settled_at": instant, "emitted_at": instant, "updated_at": instant,
                }
                for number in range(230)
            ],
        )
        report = self.sync(self.account)[0]
        self.assertGreaterEqual(report["new"], 230)
        self.assert_books_equal_bank()

    # === TROUBLE === #

    def test_failed_page_keeps_what_came_before_and_is_asked_again(self):
        self.bank.ask("/transactions/generate", {"account_id": self.ref, "count": 150, "days": 20})
        self.bank.fault(TRANSACTIONS, "garbage", skip=1)
        report = self.sync(self.account, expect="failed")[0]
        self.assertEqual(report["new"], 100)
        self.assertIn("could not be understood", report["message"])
        self.assertEqual(self.account.status, "not_syncing")
        self.assertGreater(self.account.next_sync_at, fields.Datetime.now())
        self.sync(self.account)
        self.assertEqual(self.account.status, "connected")
        self.assert_books_equal_bank()

    def test_answer_about_another_account_books_nothing(self):
        rows = self.bank.truth(self.sub_account["id"])["transactions"]
        self.bank.fault(
            TRANSACTIONS, "wrong_shape",
            body={"transactions": [{"id": rows[0]["id"]}], "meta": {"next_page": None}},
        )
        self.sync(self.account, expect="failed")
        self.assertFalse(self.lines_of(self.account))

    def test_account_that_somebody_else_syncs_is_left_alone(self):
        living = worker.sign()
        for owner in ("other", living):
            self.lease(owner)
            with self.enter_registry_test_mode():
                progress = self.account.sync_step(self.account.sync_start())
            self.assertFalse(progress["done"])
            self.assertFalse(self.lines_of(self.account))
            self.assertNotIn(self.account, self.account._due_accounts())

    def test_account_whose_worker_died_is_taken_over_at_once(self):
        host, _process, began, nonce = worker.sign().rsplit("/", 3)
        self.lease(f"{host}/999999999/{began}/{nonce}")
        self.account.next_sync_at = fields.Datetime.now()
        self.assertIn(self.account, self.account._due_accounts())
        self.account._lock_for_a_person()
        with self.enter_registry_test_mode():
            progress = self.account.sync_step(self.account.sync_start())
        self.assertTrue(progress["done"])
        self.assert_books_equal_bank()

    def test_worker_in_another_container_of_the_same_name_is_not_taken_for_dead(self):
        place, _process, began, nonce = worker.sign().rsplit("/", 3)
        self.assertTrue(worker.is_gone(f"{place}/999999999/{began}/{nonce}"))
        host, boot, processes = place.split(" ")
        for other in (f"{host} {boot} pid:[1]", f"{host} 3f0c7d0e-0000-4000-8000-000000000000 {processes}", ""):
            self.assertFalse(worker.is_gone(f"{other}/999999999/{began}/{nonce}"))

    def test_worker_is_gone_once_it_is_killed_and_when_another_has_its_number(self):
        place, _process, _began, nonce = worker.sign().rsplit("/", 3)
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            name = f"{place}/{process.pid}/{worker._began(process.pid)}/{nonce}"
            self.assertFalse(worker.is_gone(name))
            self.assertTrue(worker.is_gone(f"{place}/{process.pid}/1/{nonce}"))
            process.kill()
            # Nobody has asked yet how it ended: it is a zombie.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            self.assertTrue(worker.is_gone(name))
        self.assertTrue(worker.is_gone(name))

    def test_what_a_row_brings_is_not_computed_once_more_row_by_row(self):
        def compute(records):
            raise AssertionError(f"computed for {records}")

        for name in ("_compute_company_id", "_compute_receipts"):
            self.patch(type(self.env["qonto.transaction"]), name, compute)
        self.sync(self.account)
        rows = self.env["qonto.transaction"].search([("account_id", "=", self.account.id)])
        self.assertTrue(rows)
        self.assertEqual(rows.company_id, self.account.company_id)

    def lease(self, owner: str):
        """Let somebody be at the account."""
        self.env.cr.execute(
            "UPDATE qonto_account SET lease_owner = %s,"
            " lease_until = clock_timestamp() AT TIME ZONE 'UTC' + interval '9 min' WHERE id = %s",
            [owner, self.account.id],
        )
        self.account.invalidate_recordset()

    def test_lost_lease_writes_nothing(self):
        self.patch(type(self.account), "_try_lease", lambda account, lease: True)
        with self.enter_registry_test_mode():
            self.account.sync_step(self.account.sync_start())
        self.assertFalse(self.env["qonto.transaction"].search([]))

    def test_one_failing_account_stops_no_other(self):
        other = self.connect_sub_account()
        self.bank.ask(f"/accounts/{self.ref}", {"status": "closed"}, "PATCH")
        self.bank.fault(f"/v2/bank_accounts/{self.ref}", "garbage")
        (self.account + other).write({"next_sync_at": fields.Datetime.now() - timedelta(minutes=1)})
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_sync_1").method_direct_trigger()
        self.assertEqual(self.account.status, "not_syncing")
        self.assertEqual(other.status, "connected")
        self.assertTrue(self.lines_of(other))

    def test_schedule_leaves_alone_what_is_not_due(self):
        self.sync(self.account)
        self.bank.ask("/requests", method="DELETE")
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_sync_1").method_direct_trigger()
        self.assertFalse(self.bank.requests())

    def test_schedule_never_rings_a_phone_again(self):
        self.bank.fault(
            TRANSACTIONS, "status", status=428, times=None,
            body={"code": "sca_required", "message": "SCA required", "sca_session_token": "x" * 64, "trace_id": "t"},
        )
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_sync_1").method_direct_trigger()
        self.account.invalidate_recordset()
        self.assertEqual(self.account.status, "needs_you")
        self.assertFalse(self.account._due_accounts())
        self.account.sync_interval = "4"
        self.assertEqual(self.account._due_accounts(), self.account)

    def test_run_left_half_done_is_finished_by_the_schedule(self):
        self.account.sync_interval = "0"
        with self.enter_registry_test_mode():
            self.account.sync_start()
            self.env.ref("qonto_psd2_sync.ir_cron_sync_1").method_direct_trigger()
        self.assertEqual(self.env["qonto.sync.run"].search([]).state, "done")
        self.assert_books_equal_bank()

    # === THE CARD === #

    def card(self) -> dict:
        journal = self.account.journal_id
        return journal._get_journal_dashboard_data_batched()[journal.id]

    def test_card_tells_that_all_is_well(self):
        self.sync(self.account)
        card = self.card()
        self.assertEqual((card["qonto_status"], card["qonto_headline"]), ("connected", "Connected"))
        self.assertTrue(card["qonto_agrees"])
        self.assertTrue(card["qonto_last"])
        self.assertTrue(card["qonto_next"])

    def test_card_notices_by_the_clock_that_nothing_runs(self):
        self.sync(self.account)
        self.account.last_sync_at = fields.Datetime.now() - timedelta(hours=5)
        card = self.card()
        self.assertEqual(card["qonto_status"], "not_syncing")
        self.assertIn("Not syncing since", card["qonto_headline"])
        self.assertIn("scheduled action", card["qonto_reason"])

    def test_card_notices_that_scheduled_actions_are_off(self):
        self.sync(self.account)
        self.account._sync_crons().active = False
        self.assertIn("switched off", self.card()["qonto_reason"])

    def test_card_says_who_must_act_when_the_bank_ended_the_consent(self):
        self.bank.ask("/revoke", {})
        self.env["qonto.token"].sudo().search([]).access_expires_at = fields.Datetime.now()
        # Neither by a sync nor in `assertRaises`: their rollbacks would undo, in a test's one transaction, what a
        # cursor of its own has committed.
        with self.enter_registry_test_mode(), suppress(Unauthorized):
            self.env["qonto.token"].sudo()._access_token(self.account.consent_ids)
        card = self.card()
        self.assertEqual(card["qonto_status"], "needs_you")
        self.assertTrue(card["qonto_needs_consent"])
        self.assertIn("Connect Qonto again", card["qonto_reason"])

    def test_journal_without_qonto_offers_to_connect(self):
        journal = self.env["account.journal"].create(
            {"name": "Other bank", "type": "bank", "code": "OTH", "company_id": self.account.company_id.id}
        )
        card = journal._get_journal_dashboard_data_batched()[journal.id]
        self.assertFalse(card["qonto_status"])
        self.assertTrue(card["qonto_can_connect"])
