# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.tests import tagged

from .common import QontoCommon


@tagged("post_install", "-at_install")
class TestFeeRule(QontoCommon):
    """*Choose accounts* offers a reconciliation model for the bank's own fees."""

    def setUp(self):
        super().setUp()
        self.wizard = self.choose(self.give_consent())

    def rules(self):
        return self.env["account.reconcile.model"].search([("qonto_operation_type", "=", "qonto_fee")])

    def test_nothing_is_made_unasked(self):
        self.assertTrue(self.wizard.offers_fee_rule)
        self.assertFalse(self.wizard.wants_fee_rule)
        self.wizard.action_confirm()
        self.assertFalse(self.rules())

    def test_rule_that_was_asked_for_books_the_first_syncs_fees(self):
        expense = self.company_data["default_account_expense"]
        self.wizard.write({"wants_fee_rule": True, "fee_account_id": expense.id})
        self.wizard.action_confirm()
        rule = self.rules()
        self.assertEqual((rule.trigger, rule.line_ids.account_id, rule.company_id), (
            "auto_reconcile", expense, self.company,
        ))
        self.bank.add(self.main["id"], -9_00, label="Qonto", reference="Plan", operation_type="qonto_fee")
        account = self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])
        self.sync(account)
        fees = self.lines_of(account).filtered(lambda line: line.transaction_type == "qonto_fee")
        self.assertTrue(fees)
        self.assertTrue(all(fees.mapped("is_reconciled")))
        self.assertEqual(fees.move_id.line_ids.reconcile_model_id, rule)

    def test_rule_without_an_account_is_refused_before_anything_is_connected(self):
        self.wizard.write({"wants_fee_rule": True, "fee_account_id": False})
        with self.assert_told("Choose the account for Qonto's fees"):
            self.wizard.action_confirm()
        self.assertFalse(self.env["qonto.account"].search([("company_id", "=", self.company.id)]))

    def test_charts_usual_account_is_proposed(self):
        self.assertEqual(self.company.chart_template, "de_skr03")
        self.assertEqual(self.wizard.fee_account_id.code, "4970")

    def test_rule_that_is_there_already_is_neither_offered_nor_changed(self):
        mine = self.env["account.reconcile.model"].create(
            {
                "name": "Mine", "company_id": self.company.id, "qonto_operation_type": "qonto_fee",
                "line_ids": [Command.create({"account_id": self.company_data["default_account_expense"].id})],
            }
        )
        other = self.choose(self.wizard.consent_id)
        self.assertFalse(other.offers_fee_rule)
        other.wants_fee_rule = True
        other.action_confirm()
        self.assertEqual((self.rules(), mine.trigger), (mine, "manual"))
