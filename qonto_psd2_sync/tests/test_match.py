# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import QontoCommon

IBAN = "DE02120300000000202051"


@tagged("post_install", "-at_install")
class TestMatch(QontoCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create({"name": "Deich & Co"})
        cls.journal = cls.company_data["default_journal_bank"]
        cls.accountant = new_test_user(
            cls.env, "match-user", groups="qonto_psd2_sync.group_feed_user", company_id=cls.company.id
        )

    def invoice(self, amount: float, name: str, partner=None, move_type: str = "out_invoice"):
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": (partner or self.customer).id,
                "invoice_date": "2026-10-09",
                "ref": name if move_type == "in_invoice" else False,
                "invoice_line_ids": [
                    fields.Command.create({"name": "Work", "quantity": 1, "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        if move_type == "out_invoice":
            move.name = name
        move.action_post()
        return move

    def bank_line(self, amount: float, text: str, **values):
        return self.env["account.bank.statement.line"].create(
            {"journal_id": self.journal.id, "date": "2026-10-20", "amount": amount, "payment_ref": text, **values}
        )

    def open_match(self, line):
        line = line.with_user(self.accountant)
        return line.env["qonto.match"].browse(line.action_qonto_match()["res_id"])

    def test_proposal_says_what_proves_it_and_books_with_one_click(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - Zahlung RE 2026-0236")
        match = self.open_match(line)
        proposal = match.proposal_ids
        self.assertEqual(proposal.documents, "RE/2026/0236")
        self.assertEqual(proposal.proofs, "number RE/2026/0236 in the text · amount exact")
        self.assertTrue(proposal.certain)
        proposal.action_book()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertTrue(line.is_reconciled)
        self.assertEqual(line.partner_id, self.customer)

    def test_vendors_number_is_found_on_a_bill(self):
        vendor = self.env["res.partner"].create({"name": "Spedition"})
        bill = self.invoice(576.88, "F359394", vendor, "in_invoice")
        match = self.open_match(self.bank_line(-576.88, "Spedition - F359394"))
        self.assertEqual(match.proposal_ids.item_ids.move_id, bill)

    def test_known_account_and_exact_amount_are_certain(self):
        self.env["res.partner.bank"].create({"partner_id": self.customer.id, "acc_number": IBAN})
        invoice = self.invoice(80.0, "RE/2026/0300")
        match = self.open_match(self.bank_line(80.0, "Danke", account_number="DE02 1203 0000 0000 2020 51"))
        self.assertEqual(match.proposal_ids.item_ids.move_id, invoice)
        self.assertTrue(match.proposal_ids.certain)
        self.assertIn("account known", match.proposal_ids.proofs)

    def test_line_says_why_nothing_is_proposed(self):
        line = self.bank_line(12.34, "Kaffee")
        self.assertIn("no open invoice", self.open_match(line).silence)
        self.invoice(357.0, "RE/2026/0236")
        self.assertIn("no open document has its number", self.open_match(line).silence)

    def test_paid_documents_are_never_proposed(self):
        self.invoice(357.0, "RE/2026/0236")
        first, second = (self.bank_line(357.0, "RE 2026 0236") for _line in range(2))
        self.open_match(first).proposal_ids.action_book()
        self.assertFalse(self.open_match(second).proposal_ids)

    def test_other_companies_documents_are_never_proposed(self):
        self.invoice(357.0, "RE/2026/0236")
        other = self.setup_other_company()
        line = self.env["account.bank.statement.line"].with_company(other["company"]).create(
            {
                "journal_id": other["default_journal_bank"].id, "date": "2026-10-20", "amount": 357.0,
                "payment_ref": "RE 2026 0236",
            }
        )
        self.assertEqual(line._qonto_proposals(), {line.id: ()})

    def test_undo_opens_line_and_document_again(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        self.open_match(line).proposal_ids.action_book()
        line.with_user(self.accountant).action_qonto_undo_match()
        self.assertFalse(line.is_reconciled)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 357.0))
        self.assertEqual(self.open_match(line).proposal_ids.item_ids.move_id, invoice)

    def test_several_items_chosen_by_hand_pay_all_of_them(self):
        invoices = self.invoice(100.0, "RE/2026/0401") + self.invoice(57.0, "RE/2026/0402")
        match = self.open_match(self.bank_line(157.0, "Sammelzahlung"))
        match.item_ids = invoices.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        match.action_book()
        self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])

    def test_rest_goes_where_the_accountant_says(self):
        invoice = self.invoice(100.0, "RE/2026/0401")
        line = self.bank_line(97.5, "RE/2026/0401 abzgl. Gebühr")
        match = self.open_match(line)
        expense = self.company_data["default_account_expense"]
        match.item_ids = invoice.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        with self.assertRaisesRegex(UserError, "account for what is left over"):
            match.write({"rest": "account"})
            match.action_book()

        line = self.bank_line(102.5, "RE/2026/0401 und Trinkgeld")
        match = self.open_match(line)
        match.write(
            {
                "item_ids": [fields.Command.set(invoice.line_ids.filtered("amount_residual").ids)],
                "rest": "account", "rest_account_id": expense.id, "rest_label": "Trinkgeld",
            }
        )
        match.action_book()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(line.move_id.line_ids.filtered(lambda item: item.account_id == expense).balance, -2.5)

    def test_matched_line_is_not_matched_twice(self):
        self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        match = self.open_match(line)
        match.proposal_ids.action_book()
        with self.assertRaisesRegex(UserError, "matched already"):
            self.open_match(line)
        with self.assertRaises(UserError):
            match.proposal_ids.action_book()

    def test_matching_needs_the_right(self):
        clerk = new_test_user(
            self.env, "match-clerk", groups="account.group_account_invoice", company_id=self.company.id
        )
        line = self.bank_line(357.0, "RE 2026 0236")
        with self.assertRaisesRegex(UserError, "Qonto bank feed: User"):
            line.with_user(clerk).action_qonto_match()
        with self.assertRaisesRegex(UserError, "Qonto bank feed: User"):
            line.with_user(clerk).action_qonto_undo_match()
