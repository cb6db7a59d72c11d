# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is told when an account stops syncing, and what each run says about itself."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .feed_common import TRANSACTIONS, FeedCommon


@tagged("post_install", "-at_install")
class TestFeedAlarm(FeedCommon):
    def fail(self, times: int = 1):
        self.bank.fault(TRANSACTIONS, "garbage", times=times)
        for _time in range(times):
            self.sync(self.account, expect="failed")

    def activities(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "account.journal"), ("res_id", "=", self.account.journal_id.id)]
        )

    def test_one_failure_is_no_alarm(self):
        self.fail()
        self.assertFalse(self.activities())

    def test_after_two_failures_the_responsible_user_is_asked_once(self):
        self.fail(3)
        activity = self.activities()
        self.assertEqual((len(activity), activity.user_id), (1, self.account.responsible_id))
        self.assertIn("does not sync", activity.summary)
        self.assertIn("could not be understood", activity.note)

    def test_it_is_closed_when_all_is_well_again(self):
        self.fail(2)
        self.sync(self.account)
        self.assertFalse(self.activities())

    def test_one_failure_that_lasts_a_day_is_an_alarm_too(self):
        self.bank.fault(
            TRANSACTIONS, "status", status=403, body={"errors": [{"code": "forbidden", "detail": "Not allowed"}]}
        )
        self.sync(self.account, expect="failed")
        self.account.write(
            {"failing_since": fields.Datetime.now() - timedelta(hours=25), "next_sync_at": False}
        )
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_sync_1").method_direct_trigger()
        self.assertEqual(self.activities().user_id, self.account.responsible_id)

    def test_administrators_are_asked_when_the_responsible_user_is_archived(self):
        gone = self.new_user("gone", "qonto_psd2_sync.group_feed_user")
        self.account.responsible_id = gone
        gone.active = False
        self.fail(2)
        self.assertIn(self.env.user, self.activities().user_id)
        self.assertNotIn(gone, self.activities().user_id)

    def test_connecting_user_is_responsible(self):
        self.assertEqual(self.account.responsible_id, self.env.user)

    # === WHAT A RUN SAYS === #

    def test_run_says_what_it_skipped_and_why(self):
        self.sync(self.account)
        self.bank.add(self.ref, -700, status="pending")
        self.bank.add(self.ref, -800, status="declined")
        self.bank.add(self.ref, -9200, operation_type="card", local_amount_cents=100, local_currency="XTS")
        self.bank.add(self.ref, 100)
        self.sync(self.account)
        run = self.env["qonto.sync.run"].search([], limit=1)
        self.assertEqual((run.new, run.booked), (4, 1))
        self.assertEqual(run.received, run.new + run.known + run.changed)
        for text in ("Pending at the bank", "declined", "does not know the currency XTS", "met again"):
            self.assertIn(text, run.details)

    def test_failed_run_says_what_it_did_before(self):
        self.bank.ask("/transactions/generate", {"account_id": self.ref, "count": 150, "days": 20})
        self.bank.fault(TRANSACTIONS, "garbage", skip=1)
        self.sync(self.account, expect="failed")
        run = self.env["qonto.sync.run"].search([], limit=1)
        self.assertEqual((run.pages, run.new), (1, 100))
        self.assertTrue(run.message)
