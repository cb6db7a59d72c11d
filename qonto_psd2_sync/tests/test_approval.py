# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Datetime
from odoo.tests import tagged

from ..models import qonto_account_sync
from .test_connect import ConnectCase

LISTS, POLLS = "/v2/transactions", "/v2/sca_sessions"


@tagged("post_install", "-at_install")
class TestApprovalWhileReading(ConnectCase):
    def setUp(self):
        super().setUp()
        self.account = self.connect()
        self.forget_requests()

    def start(self, accounts=None):
        accounts = accounts or self.account
        with self.enter_registry_test_mode():
            self.runs = accounts.sync_start()
        return self.env["qonto.sync.run"].browse(self.runs)

    def step(self, **later):
        """Do one step as the browser does, after some time; return what the screen shows of the first run."""
        with self.enter_registry_test_mode(), freeze_time(
            Datetime.now() + timedelta(seconds=3, **later), tick=True
        ):
            progress = self.account.sync_step(self.runs)
        self.env.invalidate_all()
        return progress["runs"][0]

    def ask_for_approval(self, decision=None):
        if decision:
            return self.bank.ask("/sca", {"decision": decision})
        return self.bank.ask("/sca/reading", {})

    def challenges(self) -> int:
        return len(self.bank.ask("/sca")["sessions"])

    def lists(self) -> list[str]:
        return [line.rpartition(" ")[2] for line in self.asked(LISTS)]

    def test_screen_counts_down_and_goes_on_from_the_same_page_once_approved(self):
        self.bank.ask("/transactions/generate", {"account_id": self.main["id"], "count": 250, "days": 30})
        run = self.start()
        # One page a step: the bank asks after the first.
        with patch.object(qonto_account_sync, "STEP_SECONDS", 0.02):
            self.assertFalse(self.step()["approval"])
        fetched, page = run.received, run.fetch_from
        self.assertEqual(fetched, 100)
        self.ask_for_approval()
        shown = self.step()
        self.assertEqual(shown["state"], "running")
        self.assertEqual(shown["approval"]["person"], self.env.user.name)
        self.assertTrue(890 <= shown["approval"]["seconds"] <= 900, shown)
        self.assertEqual((run.received, run.fetch_from), (fetched, page))
        self.forget_requests()
        # While it waits nothing rings again.
        for _again in range(3):
            self.assertTrue(self.step()["approval"])
        self.assertEqual((self.lists(), self.challenges()), ([], 1))
        self.ask_for_approval("allow")
        shown = self.step(minutes=1)
        for _step in range(10):
            if shown["state"] != "running":
                break
            shown = self.step(minutes=1)
        self.assertEqual((shown["state"], shown["approval"], self.challenges()), ("done", False, 1))
        self.assertEqual(set(self.lists()), {"200"})
        # From the page on which it had stopped: the first one is not asked for again.
        self.assertLess(run.received, 400)
        self.assertEqual(len(self.account.transaction_ids), len(self.bank.truth(self.main["id"])["transactions"]))
        self.assertEqual(self.account.status, "connected")
        self.assertFalse(run.sudo().sca_token_sealed)

    def test_bank_is_asked_how_it_stands_every_two_seconds_at_most(self):
        self.start()
        self.ask_for_approval()
        self.step()
        self.forget_requests()
        with self.enter_registry_test_mode(), freeze_time(Datetime.now() + timedelta(seconds=10)):
            for _tab in range(5):
                self.account.sync_step(self.runs)
        self.assertEqual(len(self.asked(POLLS)), 1)

    def stopped_by(self, decision: str, **later):
        self.bank.ask("/transactions/generate", {"account_id": self.main["id"], "count": 250, "days": 30})
        self.start()
        with patch.object(qonto_account_sync, "STEP_SECONDS", 0.02):
            self.step()
        self.ask_for_approval()
        self.step()
        self.ask_for_approval(decision)
        watermark, fetched = self.account.watermark, len(self.account.transaction_ids)
        self.assertTrue(watermark and fetched)
        shown = self.step(**later)
        self.assertEqual(shown["state"], "failed")
        self.assertEqual((self.account.watermark, len(self.account.transaction_ids)), (watermark, fetched))
        self.assertEqual(self.account.status, "needs_you")
        self.assertFalse(self.account.next_sync_at)
        self.assertNotIn(self.account, self.account._due_accounts())
        return shown["message"]

    def test_refused_keeps_what_was_fetched(self):
        self.assertIn("refused in the Qonto app", self.stopped_by("deny", minutes=1))
        # Asked once more by the person, and approved, it goes on.
        run = self.start()
        self.assertTrue(self.step()["approval"])
        self.ask_for_approval("allow")
        for _step in range(10):
            if self.step(minutes=1)["state"] == "done":
                break
        self.assertEqual((run.state, self.account.status), ("done", "connected"))

    def test_expired_keeps_what_was_fetched(self):
        self.assertIn("within 15 minutes", self.stopped_by("expire", minutes=16))

    def test_without_a_paired_phone_it_says_so(self):
        self.bank.ask("/phones", {"paired": False})
        self.ask_for_approval()
        run = self.sync(self.account, expect="failed")[0]
        self.assertIn("no phone is paired", run["message"])
        self.assertEqual(self.account.status, "needs_you")

    def test_schedule_stops_and_rings_no_second_time(self):
        self.sync(self.account)
        self.ask_for_approval()
        for _time in range(3):
            # Even if somebody makes it due again.
            self.account.sudo().next_sync_at = Datetime.now() - timedelta(minutes=1)
            self.env.flush_all()
            with self.enter_registry_test_mode():
                self.account._sync_crons()[:1].method_direct_trigger()
            self.env.invalidate_all()
        self.assertEqual(len(self.account.run_ids.filtered(lambda run: run.trigger == "scheduled")), 3)
        self.assertEqual((self.account.failure_kind, self.account.status), ("sca_required", "needs_you"))
        self.assertIn("chooses Sync transactions", self.account.status_reason)
        self.assertEqual(self.challenges(), 1)
        self.assertFalse(self.account.next_sync_at)

    def test_nobody_rings_the_phone_of_somebody_else(self):
        clerk = self.new_user("clerk", "qonto_psd2_sync.group_feed_user")
        self.ask_for_approval()
        self.start(self.account.with_user(clerk))
        shown = self.as_clerk(clerk)
        self.assertEqual(shown["state"], "failed")
        self.assertEqual(self.challenges(), 1)  # the bank's own first question, which nobody could foresee
        self.start(self.account.with_user(clerk))
        shown = self.as_clerk(clerk)
        self.assertIn(f"only {self.env.user.name} can give", shown["message"])
        self.assertEqual(self.challenges(), 1)

    def as_clerk(self, clerk):
        with self.enter_registry_test_mode():
            return self.account.with_user(clerk).sync_step(self.runs)["runs"][0]

    def test_scheduled_action_goes_on_with_what_was_approved_after_the_browser_is_gone(self):
        run = self.start()
        self.ask_for_approval()
        self.step()
        self.ask_for_approval("allow")
        with self.enter_registry_test_mode(), freeze_time(Datetime.now() + timedelta(minutes=4)):
            self.account._sync_crons()[:1].method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((run.state, self.challenges()), ("done", 1))
