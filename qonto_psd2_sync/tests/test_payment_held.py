# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""While a transfer is live, its bills, its payment and the payee's account stay as they are (R11)."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from ..hooks import uninstall_hook
from ..payments import BankSays, Canceled, Matched
from .books_common import OTHER_IBAN, BooksCommon


@tagged("post_install", "-at_install")
class TestHeld(BooksCommon):
    def setUp(self):
        super().setUp()
        self.item, self.free = self.bill(), self.bill()
        self.held = self.transfer(self.item)
        self.document = self.item.move_id

    def pay_by_hand(self, *items, **values):
        moves = self.env["account.move"].union(*(item.move_id for item in items))
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves.ids
        ).create({
            "journal_id": self.company_data["default_journal_bank"].id,
            "line_ids": [Command.set([item.id for item in items])], **values,
        })
        return wizard._create_payments()

    def assert_refused(self, ways: dict):
        for name, way in ways.items():
            with self.subTest(name), self.assert_told("stays as it is: .*100.00.*Elbe Kabel GmbH \\("):
                way()

    def credit(self, document):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=document.ids
        ).create({"journal_id": document.journal_id.id})
        return wizard.reverse_moves()

    def ways_to_change_a_bill(self):
        line = self.document.invoice_line_ids
        return {
            "draft": self.document.button_draft,
            "cancel": self.document.button_cancel,
            "credit": lambda: self.credit(self.document),
            "pay otherwise": lambda: self.pay_by_hand(self.item),
            "pay with another one": lambda: self.pay_by_hand(self.free, self.item, group_payment=True),
            "date": lambda: self.document.write({"invoice_date_due": "2030-01-01"}),
            "reference": lambda: self.document.write({"ref": "Another"}),
            "account": lambda: self.document.write({"partner_bank_id": False if self.document.partner_bank_id else
                                                    self.payee.id}),
            "price": lambda: line.write({"price_unit": 50.0}),
            "due day": lambda: self.item.write({"date_maturity": "2030-01-01"}),
            "delete": lambda: self.document.with_context(force_delete=True).unlink(),
        }

    def test_its_bill_cannot_be_changed_credited_or_paid_otherwise(self):
        self.assert_refused(self.ways_to_change_a_bill())
        self.assertEqual((self.document.state, self.item.amount_residual), ("posted", -100.0))
        self.assertEqual(self.free.amount_residual, -100.0)

    def test_in_payment_it_cannot_be_changed_or_unreconciled_either(self):
        self.send(self.held)
        entry = self.held.payment_id.move_id
        self.assert_refused({
            **{name: way for name, way in self.ways_to_change_a_bill().items() if "pay" not in name},
            "unreconcile": self.item.remove_move_reconcile,
            "unreconcile the payment": entry.line_ids.remove_move_reconcile,
            "entry to draft": entry.button_draft,
            "reverse the entry": lambda: entry._reverse_moves(cancel=True),
        })
        self.assertEqual(self.document.payment_state, "in_payment")

    def test_what_does_not_matter_can_be_edited(self):
        self.document.narration = "Kept"
        self.document.message_post(body="Hello")
        self.document.invoice_user_id = self.env.user
        self.document.ref = self.document.ref
        line = self.document.invoice_line_ids
        line.write({"price_unit": line.price_unit})
        line.analytic_distribution = False
        self.free.move_id.ref = "Another"
        self.pay_by_hand(self.free)
        self.assertFalse(self.free.amount_residual)
        self.payee.allow_out_payment = True
        self.payee.allow_out_payment = False

    def ways_to_change_a_payment(self):
        payment = self.held.payment_id
        return {
            "cancel": payment.action_cancel,
            "reject": payment.action_reject,
            "validate": payment.action_validate,
            "amount": lambda: payment.write({"amount": 50.0}),
            "payee": lambda: payment.write({"partner_bank_id": False}),
            "memo": lambda: payment.write({"memo": "Another"}),
            "state": lambda: payment.write({"state": "canceled"}),
        }

    def test_its_payment_goes_where_the_transfer_goes(self):
        payment = self.held.payment_id
        self.assert_refused({
            **self.ways_to_change_a_payment(), "post": payment.action_post, "delete": payment.unlink,
            "state forward": lambda: payment.write({"state": "in_process"}),
        })
        self.assertEqual(payment.state, "draft")
        self.send(self.held)
        self.assert_refused({**self.ways_to_change_a_payment(), "draft": payment.action_draft})
        self.assertEqual(payment.state, "in_process")

    def test_nothing_is_recorded_as_paid_by_qonto_that_qonto_does_not_have(self):
        line = self.account.journal_id._qonto_method_line()
        self.payee.allow_out_payment = True
        with self.assert_told("recorded when Qonto has the transfer"):
            self.pay_by_hand(
                self.free, journal_id=self.account.journal_id.id, payment_method_line_id=line.id,
                partner_bank_id=self.payee.id,
            )
        self.assertEqual(self.free.amount_residual, -100.0)
        payment = self.held.payment_id
        self.steps(self.held, Canceled("by_person"))
        self.follow(self.held)
        payment.action_draft()
        with self.assert_told("recorded when Qonto has the transfer"):
            payment.action_post()

    def test_the_account_it_goes_to_stays(self):
        other = self.env["res.partner"].create({"name": "Elbe Kabel"})
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        self.assert_refused({
            "number": lambda: self.payee.write({"acc_number": OTHER_IBAN}),
            "holder": lambda: self.payee.write({"acc_holder_name": "Somebody"}),
            "owner": lambda: self.payee.write({"partner_id": other.id}),
            "archive": self.payee.action_archive,
            "delete": self.payee.unlink,
            "merge": lambda: merge._merge([self.vendor.id, other.id], other),
        })
        self.assertTrue(self.payee.active)

    def test_all_is_free_when_it_has_ended(self):
        self.steps(self.held, Canceled("by_person"))
        self.follow(self.held)
        self.payee.acc_holder_name = "Somebody"
        self.document.ref = "Another"
        self.pay_by_hand(self.item)
        self.assertFalse(self.item.amount_residual)

    def test_all_is_free_when_it_is_matched(self):
        self.send(self.held)
        self.steps(self.held, BankSays("settled"), Matched())
        self.item.remove_move_reconcile()
        self.held.payment_id.action_cancel()
        self.assertEqual((self.item.amount_residual, self.held.payment_id.state), (-100.0, "canceled"))

    def test_no_bank_line_is_proposed_for_what_is_held(self):
        numbers = f"{self.document.name} {self.free.move_id.name}"
        line = self.line(self.bank.add(self.main["id"], -100_00, label=self.vendor.name, reference=numbers)["id"])
        found = {item for each in line._qonto_proposals().values() for one in each for item in one.item_ids}
        self.assertIn(self.free.id, found)
        self.assertNotIn(self.item.id, found)

    def test_without_an_entry_it_is_not_paid_by_another_line_either(self):
        with self.without_entries():
            item = self.bill()
            transfer = self.transfer(item)
            self.send(transfer)
            self.assert_refused({
                "validate": transfer.payment_id.action_validate,
                "pay otherwise": lambda: self.pay_by_hand(item),
                "link": lambda: item.move_id.write({"matched_payment_ids": [Command.clear()]}),
            })
            note = self.bill(30.0, move_type="in_refund")
            with self.assert_told("stays as it is"):
                (item | note).reconcile()
            self.assertEqual(transfer.payment_id.state, "in_process")

    # === THE ADDON ITSELF === #

    def test_the_addon_stays_while_a_transfer_is_live(self):
        addon = self.env["ir.module.module"].search([("name", "=", "qonto_psd2_sync")])
        for module in (addon, addon.search([("name", "=", "base_iban")])):
            with self.subTest(module.name), self.assert_told("still under way: .*Elbe Kabel"):
                module.button_uninstall()
        self.assertEqual(addon.state, "installed")
        self.steps(self.held, Canceled("by_person"))
        with patch.object(self.env.registry["ir.module.module"], "write", lambda *args: True):
            addon.button_uninstall()

    def test_deleting_and_disconnecting_name_the_transfer(self):
        wizard = self.env["qonto.delete"].browse(self.account.action_delete()["res_id"])
        self.assertIn("Elbe Kabel GmbH (Prepared)", wizard.obstacles)
        wizard = self.env["qonto.disconnect"].browse(self.account.action_disconnect()["res_id"])
        self.assertIn("Elbe Kabel GmbH (Prepared)", wizard.live_transfers)

    def test_the_method_is_offered_on_connected_journals_in_euros_only(self):
        journal = self.account.journal_id
        line = journal._qonto_method_line()
        self.assertEqual((line.code, line.journal_id), ("qonto_sct", journal))
        self.assertNotEqual(journal.outbound_payment_method_line_ids[:1], line)
        method = line.payment_method_id
        other = self.company_data["default_journal_bank"]
        self.assertIn(method, journal.available_payment_method_ids)
        self.assertNotIn(method, other.available_payment_method_ids)
        self.assertFalse(other._qonto_method_line())
        line.unlink()
        self.assertFalse(line.journal_id)
        self.assertTrue(journal._qonto_method_line())
        journal.bank_statements_source = "undefined"
        self.assertFalse(journal.outbound_payment_method_line_ids.filtered(lambda line: line.code == "qonto_sct"))

    def test_uninstalling_leaves_payments_as_made_by_hand(self):
        payment = self.held.payment_id
        self.steps(self.held, Canceled("by_person"))
        self.follow(self.held)
        line = payment.payment_method_line_id
        uninstall_hook(self.env)
        self.assertEqual((payment.payment_method_line_id, line.code, payment.payment_method_code),
                         (line, "manual", "manual"))
        self.assertEqual(line.journal_id, self.account.journal_id)
