# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo.fields import Datetime
from odoo.tests import Form, tagged

from .test_connect import ConnectCase


@tagged("post_install", "-at_install")
class TestDelete(ConnectCase):
    def setUp(self):
        super().setUp()
        self.account = self.connect(book_opening=False)
        self.sync(self.account)
        self.journal = self.account.journal_id
        self.lines = self.lines_of(self.account)
        self.assertTrue(self.lines)

    def wizard(self):
        return self.env["qonto.delete"].browse(self.account.action_delete()["res_id"])

    def assert_refused(self, words: str):
        wizard = self.wizard()
        Form(wizard)
        self.assertIn(words, wizard.obstacles)
        with self.assert_told(f"can't be deleted(.|\n)*{words}(.|\n)*Disconnect it instead"):
            wizard.action_delete()
        self.assertTrue(self.account.exists())
        self.assertEqual(self.lines_of(self.account), self.lines)
        # What is offered instead.
        self.assertEqual(wizard.action_disconnect()["res_model"], "qonto.disconnect")

    def test_what_would_be_lost_is_shown(self):
        wizard = self.wizard()
        for words in (
            f"bank lines: {len(self.lines)},", f"transactions: {len(self.account.transaction_ids)}", "start date",
            f"the access of {self.env.user.name}",
        ):
            self.assertIn(words, wizard.loses)
        self.assertIn(self.journal.display_name, wizard.stays)
        self.assertFalse(wizard.obstacles)

    def test_matched_lines_are_in_the_way(self):
        line = self.lines[:1]
        line.sudo().write(
            {"line_ids": [
                (1, line._seek_for_lines()[1].id, {"account_id": self.company_data["default_account_revenue"].id})
            ]}
        )
        self.assertTrue(line.is_reconciled)
        self.assert_refused("Bank lines that are matched with documents or booked: 1")

    def test_a_locked_period_is_in_the_way(self):
        # Odoo lets nobody lock unmatched lines away; they can come later, by an exception to the lock.
        self.env.cr.execute(
            "UPDATE res_company SET fiscalyear_lock_date = %s WHERE id = %s",
            [min(self.lines.mapped("date")) + timedelta(days=1), self.company.id],
        )
        self.env.invalidate_all()
        self.assert_refused("locked until")

    def test_payments_are_in_the_way(self):
        payment = self.env["account.payment"].sudo().create(
            {
                "payment_type": "outbound", "partner_type": "supplier", "amount": 10, "journal_id": self.journal.id,
                "partner_id": self.partner_a.id,
            }
        )
        self.wizard()
        self.assertFalse(self.wizard().obstacles)
        payment.action_post()
        self.assert_refused("Payments made with it: 1")

    def test_a_sync_under_way_is_in_the_way(self):
        self.account.sudo().lease_until = Datetime.now() + timedelta(minutes=1)
        self.assert_refused("A sync is under way")

    def test_deleting_under_the_forced_audit_trail_keeps_the_entries_canceled(self):
        self.assertTrue(self.company.force_restrictive_audit_trail)
        self.assertTrue(self.company.restrictive_audit_trail)
        moves, consent = self.lines.move_id, self.account.consent_ids
        wizard = self.wizard()
        self.assertIn("audit trail", wizard.stays)
        wizard.action_delete()
        self.commit_hooks()
        self.assertFalse(self.account.exists())
        self.assertFalse(self.lines.exists())
        self.assertEqual((moves.exists(), set(moves.mapped("state"))), (moves, {"cancel"}))
        self.assertTrue(moves[:1].line_ids)
        self.assertEqual(self.journal.bank_statements_source, "undefined")
        self.assertEqual((consent.exists().state, consent.bank_told), ("withdrawn", "yes"))
        self.assertIn("deleted the Qonto account", self.history(self.journal))
        # Connected again, everything comes anew, once.
        account = self.connect(overlap_agreed=True)
        self.sync(account)
        self.assertEqual(len(self.lines_of(account)), len(self.lines))

    def test_deleting_one_of_two_accounts_leaves_the_other_connected(self):
        wizard = self.choose(self.account.consent_ids)
        line = wizard.line_ids.filtered(lambda line: not line.account_id)
        line.selected = True
        wizard.action_confirm()
        other = line.account_id or self.env["qonto.account"].search([("bank_ref", "=", self.sub_account["id"])])
        consent = self.account.consent_ids
        wizard = self.wizard()
        self.assertNotIn("the access of", wizard.loses)
        wizard.action_delete()
        self.assertEqual((consent.state, consent.account_ids), ("active", other))
        self.sync(other)
