# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A consent's life on the screens, in a real browser."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo.fields import Datetime
from odoo.tests import tagged
from odoo.tests.test_cursor import TestCursor
from odoo.tools.misc import Callbacks

from .test_tours import ToursCase


@tagged("post_install", "-at_install")
class TestConsentTours(ToursCase):
    def setUp(self):
        super().setUp()
        me, self.env = self.env, self.env(user=self.head)
        self.accounts = self.connect_both()
        self.env = me
        self.account = self.accounts.filtered("main").with_env(me)
        self.account.journal_id.sudo().name = "Hauptkonto Bank"

    def live(self):
        self.env.invalidate_all()
        return self.account.consent_ids.filtered("is_live")

    def let_it_end_in(self, days: int):
        self.live().sudo().valid_until = Datetime.now() + timedelta(days=days)
        self.env["qonto.consent"]._update_states()
        self.env.flush_all()

    def test_renew_and_turn_back_before(self):
        old = self.live()
        self.let_it_end_in(3)
        self.tour("renew", "qonto_head")
        new = self.live()
        self.assertEqual((old.state, old.replaced_by_id), ("replaced", new))
        self.assertFalse(self.account.journal_id.activity_ids)

    def test_try_to_delete_then_disconnect_and_connect_again(self):
        line = self.lines_of(self.account)
        self.match(line)
        self.bank.add(self.main["id"], 45_00, label="Inzwischen")
        with self.commit_hooks_run():
            self.tour("disconnect", "qonto_head")
        self.env.invalidate_all()
        self.assertEqual(sorted(self.account.consent_ids.mapped("state")), ["active", "withdrawn"])
        self.assertEqual(len(self.lines_of(self.account)), 2)
        self.assertTrue(line.is_reconciled)

    @contextmanager
    def commit_hooks_run(self):
        """Do after a request what Odoo does after its commit; a test's cursor forgets it by default."""
        commit = TestCursor.commit

        def commit_and_run(cursor):
            due = Callbacks()
            due._funcs, due.data = cursor.postcommit._funcs.copy(), cursor.postcommit.data
            commit(cursor)
            due.run()

        with patch.object(TestCursor, "commit", commit_and_run):
            yield

    def match(self, line):
        """Book the line on an account, as a person might."""
        revenue = self.company_data["default_account_revenue"]
        line.sudo().write({"line_ids": [(1, line._seek_for_lines()[1].id, {"account_id": revenue.id})]})
        self.assertTrue(line.is_reconciled)

    def test_approve_on_the_phone_while_the_screen_counts_down(self):
        self.bank.ask("/sca/reading", {})
        with ThreadPoolExecutor(1) as phone:
            approved = phone.submit(self.approve_on_the_phone)
            self.tour("approve", "qonto_head")
            self.assertTrue(approved.result(timeout=10))
        self.assertEqual(len(self.bank.ask("/sca")["sessions"]), 1)

    def approve_on_the_phone(self) -> bool:
        for _second in range(90):
            time.sleep(1)
            if self.bank.ask("/sca?state=waiting")["sessions"]:
                time.sleep(4)  # somebody looks for the phone
                return bool(self.bank.ask("/sca", {"decision": "allow"}))
        return False

    def test_missing_account_is_asked_about(self):
        self.let_it_end_in(3)
        self.account.sudo().write({"bank_ref": "gone", "iban": "DE02120300000000202051"})
        self.tour("other_organization", "qonto_head")
        self.assertEqual(len(self.live()), 1)
        self.assertEqual(len(self.account.consent_ids), 1)
