from unittest.mock import patch

from odoo import fields
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.qonto_psd2_sync.tests.test_booking import NO_FACTS, BookingCases, BookingCommon
from odoo.tests import tagged


class Common(AccountTestInvoicingCommon):
    mode = "edit"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref("qonto_psd2_sync.group_feed_manager")
        cls.journal = cls.company_data["default_journal_bank"]
        cls.journal.reconcile_mode = cls.mode
        if cls.mode == "keep":  # as OCA asks for
            cls.journal.suspense_account_id.reconcile = True
        cls.customer = cls.env["res.partner"].create({"name": "Deich & Co"})

    def invoice(self, amount: float, name: str):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice", "partner_id": self.customer.id, "invoice_date": "2026-10-09",
                "invoice_line_ids": [
                    fields.Command.create({"name": "Work", "quantity": 1, "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        move.name = name
        move.action_post()
        return move

    def bank_line(self, amount: float, text: str):
        return self.env["account.bank.statement.line"].create(
            {"journal_id": self.journal.id, "date": "2026-10-20", "amount": amount, "payment_ref": text}
        )

    def accept(self, line):
        screen = self.env["qonto.matching"]
        best = screen.row(line.id)["proposals"][0]
        return screen.accept(line.id, best["item_ids"], best["expected"])

    def spied(self):
        """Watch OCA's function without changing what it does."""
        lines = type(self.env["account.bank.statement.line"])
        return patch.object(lines, "reconcile_bank_line", autospec=True, side_effect=lines.reconcile_bank_line)


@tagged("post_install", "-at_install")
class TestBesideOca(Common):
    def test_booking_goes_through_their_function_and_comes_to_the_cent(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - RE 2026-0236")
        with self.spied() as theirs:
            booked = self.accept(line)
        self.assertEqual(theirs.call_count, 1)
        self.assertEqual((invoice.payment_state, line.is_reconciled), ("paid", True))
        self.assertEqual(booked["documents"], "RE/2026/0236")
        self.assertEqual(line.partner_id, self.customer)

    def test_undo_opens_line_and_document_again_in_both_screens(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - RE 2026-0236")
        self.accept(line)
        self.env["qonto.matching"].undo(line.id)
        self.assertEqual((invoice.amount_residual, line.is_reconciled, line.partner_id.id), (357.0, False, False))
        kinds = [entry["kind"] for entry in line.reconcile_data_info["data"]]
        self.assertIn("suspense", kinds)
        self.accept(line)
        self.assertEqual(invoice.payment_state, "paid")

    def test_their_own_undo_takes_our_booking_back(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - RE 2026-0236")
        self.accept(line)
        line.unreconcile_bank_line()
        self.assertEqual((invoice.amount_residual, line.is_reconciled), (357.0, False))
        self.accept(line)
        self.assertEqual(invoice.payment_state, "paid")

    def test_best_proposal_shows_in_their_screen_and_their_button_books_it(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(300.0, "Deich & Co - RE 2026-0236")
        list(line._qonto_book_by_themselves())
        line.invalidate_recordset()
        shown = [each for entry in line.reconcile_data_info["data"] for each in entry.get("counterpart_line_ids", [])]
        self.assertEqual(shown, invoice.line_ids.filtered("amount_residual").ids)
        line.reconcile_bank_line()
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 57.0))

    def test_what_somebody_put_into_their_screen_stays(self):
        self.invoice(357.0, "RE/2026/0236")
        other = self.invoice(80.0, "RE/2026/0300")
        line = self.bank_line(300.0, "Deich & Co - RE 2026-0236")
        line._add_account_move_line(other.line_ids.filtered("amount_residual"))
        line.flush_recordset()
        before = line.reconcile_data
        list(line._qonto_book_by_themselves())
        self.assertEqual(line.reconcile_data, before)

    def test_rest_and_write_off_come_to_the_cent(self):
        invoice = self.invoice(100.0, "RE/2026/0401")
        line = self.bank_line(97.5, "RE/2026/0401")
        expense = self.company_data["default_account_expense"]
        self.env["qonto.matching"].book(line.id, {
            "items": [{"id": invoice.line_ids.filtered("amount_residual").id, "amount": 100.0}],
            "write_offs": [{"account_id": expense.id, "amount": -2.5, "label": "fee"}],
        })
        self.assertEqual(invoice.payment_state, "paid")
        [fee] = line.move_id.line_ids.filtered(lambda item: item.account_id == expense)
        self.assertEqual((fee.balance, fee.name), (2.5, "fee"))


@tagged("post_install", "-at_install")
class TestBesideOcaKeepingTheEntry(Common):
    """The journal's mode "keep": the bank's entry stays, a second one books it."""

    mode = "keep"

    def test_users_choice_to_keep_the_entry_is_respected_and_undone(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - RE 2026-0236")
        items = line.move_id.line_ids
        self.accept(line)
        self.assertEqual(line.move_id.line_ids, items)
        self.assertEqual((invoice.payment_state, line.is_reconciled), ("paid", True))
        self.env["qonto.matching"].undo(line.id)
        self.assertEqual((invoice.amount_residual, line.is_reconciled), (357.0, False))
        self.accept(line)
        self.assertEqual(invoice.payment_state, "paid")


@tagged("post_install", "-at_install")
class TestBookingBesideOca(BookingCases, BookingCommon):
    """Every case of booking and undoing, with OCA's screen installed."""

    no_facts = NO_FACTS | {"reconcile_mode"}  # OCA notes there how a line was booked last
