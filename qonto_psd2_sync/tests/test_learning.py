# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..matching import ProofKind
from .common import QontoCommon

IBAN, OTHER_IBAN = "DE02120300000000202051", "DE02500105170137075030"


@tagged("post_install", "-at_install")
class TestLearning(QontoCommon):
    """What matching is told, and what it learns when a person books a line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create({"name": "Deich & Co GmbH"})
        cls.journal = cls.company_data["default_journal_bank"]
        cls.accountant, cls.manager = (
            new_test_user(cls.env, f"learn-{role}", groups=f"qonto_psd2_sync.group_feed_{role}",
                          company_id=cls.company.id)
            for role in ("user", "manager")
        )

    def invoice(self, amount: float, name: str, partner=None, **values):
        move = self.env["account.move"].create({
            "move_type": "out_invoice", "partner_id": (partner or self.customer).id, "invoice_date": "2026-10-09",
            "name": name, **values,
            "invoice_line_ids": [
                fields.Command.create({"name": "Work", "quantity": 1, "price_unit": amount, "tax_ids": []})
            ],
        })
        move.action_post()
        return move

    def bank_line(self, amount: float, text: str, **values):
        return self.env["account.bank.statement.line"].create(
            {"journal_id": self.journal.id, "date": "2026-10-15", "amount": amount, "payment_ref": text, **values}
        )

    def best(self, line):
        return next(iter(line._qonto_proposals()[line.id]), None)

    def accept(self, line):
        """Book a line as the accountant does on the screen."""
        screen = self.env(user=self.accountant)["qonto.matching"]
        self.env.invalidate_all()
        row = screen.row(line.id)["proposals"][0]
        screen.accept(line.id, row["item_ids"], row["expected"])

    def learned_accounts(self):
        return self.env["res.partner.bank"].search([("qonto_learned_from_id", "!=", False)])

    def learned_names(self):
        return self.env["qonto.partner.name"].search([])

    # === FACTS === #

    def test_name_and_amount_are_suggested_and_not_booked(self):
        self.invoice(357.0, "RE/2026/0236")
        proposal = self.best(self.bank_line(357.0, "Danke", partner_name="DEICH UND CO"))
        self.assertEqual(proposal.kinds, {ProofKind.NAME, ProofKind.AMOUNT})
        self.assertFalse(proposal.certain)

    def test_amount_of_somebody_with_another_name_is_silent(self):
        self.invoice(357.0, "RE/2026/0236")
        self.assertIsNone(self.best(self.bank_line(357.0, "Danke", partner_name="Stadtwerke")))

    def test_money_between_own_accounts_is_no_payment(self):
        self.invoice(357.0, "RE/2026/0236")
        self.env["res.partner.bank"].create({"acc_number": IBAN, "partner_id": self.company.partner_id.id})
        self.assertIsNone(self.best(self.bank_line(357.0, "RE/2026/0236", account_number=IBAN)))

    def test_discount_in_time_is_taken_when_number_and_account_agree(self):
        terms = self.env["account.payment.term"].create({
            "name": "2 % within 10 days", "early_discount": True, "discount_percentage": 2, "discount_days": 10,
            "line_ids": [fields.Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })
        invoice = self.invoice(500.0, "RE/2026/0236", invoice_payment_term_id=terms.id)
        self.env["res.partner.bank"].create({"acc_number": IBAN, "partner_id": self.customer.id})
        line = self.bank_line(490.0, "RE/2026/0236 abzgl. Skonto", account_number=IBAN)
        proposal = self.best(line)
        self.assertTrue(proposal.certain)
        self.assertIn(
            "amount exact with the discount until 10/19/2026",
            [line._qonto_proof_in_words(proof) for proof in proposal.proofs],
        )
        self.accept(line)
        self.assertEqual(invoice.amount_residual, 0)

    def test_every_proof_and_rest_has_its_words(self):
        line = self.env["account.bank.statement.line"]
        invoice = self.invoice(357.0, "RE/2026/0236")
        for text, told in (
            ("RE/2026/0237", "number RE/2026/0236 in the text, one character wrong"),
            ("Nr. 236", "part of the number RE/2026/0236 in the text"),
        ):
            line = self.bank_line(357.0, text, partner_name="Deich & Co")
            proofs = [line._qonto_proof_in_words(proof) for proof in self.best(line).proofs]
            self.assertEqual(proofs, ["amount exact", "name like Deich & Co GmbH", told])
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_more_lines_take_no_more_queries(self):
        invoices = [self.invoice(100.0 + at, f"RE/2026/{at:04d}") for at in range(8)]
        lines = self.env["account.bank.statement.line"].union(*(
            self.bank_line(100.0 + at, f"RE/2026/{at:04d}", partner_name=f"Firma {at}", account_number=IBAN)
            for at in range(len(invoices))
        ))
        self.assertEqual(self.queries(lines[:1]), self.queries(lines))

    def queries(self, lines) -> int:
        """Return how many queries the proposals for some lines take, once rights and rules are known."""
        for _time in range(2):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines._qonto_proposals()
        return self.env.cr.sql_log_count - before

    # === LEARNING === #

    def test_account_of_a_confirmed_line_becomes_the_partners_and_is_not_trusted(self):
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Deich & Co", account_number=IBAN))
        account = self.learned_accounts()
        self.assertEqual((account.partner_id, account.acc_number.replace(" ", "")), (self.customer, IBAN))
        self.assertFalse(account.allow_out_payment)
        self.invoice(99.0, "RE/2026/0300")
        proposal = self.best(self.bank_line(99.0, "Danke", account_number=IBAN))
        self.assertEqual(proposal.kinds, {ProofKind.IBAN, ProofKind.AMOUNT})

    def test_account_of_somebody_who_pays_for_the_partner_is_not_the_partners(self):
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Treuhand Nord", account_number=IBAN))
        self.assertFalse(self.learned_accounts())
        self.assertEqual(self.learned_names().mapped(lambda name: (name.name, name.partner_id)),
                         [("Treuhand Nord", self.customer)])

    def test_account_that_somebody_has_already_is_left_alone(self):
        other = self.env["res.partner"].create({"name": "Somebody"})
        self.env["res.partner.bank"].create({"acc_number": IBAN, "partner_id": other.id})
        self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE/2026/0236", partner_name="Deich & Co", account_number=IBAN)
        self.accept(line)
        self.assertFalse(self.learned_accounts())

    def test_learned_name_suggests_and_never_books(self):
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Treuhand Nord"))
        self.invoice(99.0, "RE/2026/0300")
        line = self.bank_line(99.0, "Danke", partner_name="TREUHAND NORD")
        proposal = self.best(line)
        self.assertEqual(proposal.kinds, {ProofKind.CONFIRMED, ProofKind.AMOUNT})
        self.assertFalse(proposal.certain)

    def test_name_that_was_confirmed_for_two_partners_says_nothing(self):
        other = self.env["res.partner"].create({"name": "Hafen KG"})
        self.invoice(357.0, "RE/2026/0236")
        self.invoice(400.0, "RE/2026/0237", partner=other)
        for amount, number in ((357.0, "RE/2026/0236"), (400.0, "RE/2026/0237")):
            self.accept(self.bank_line(amount, number, partner_name="Treuhand Nord"))
        line = self.bank_line(1.0, "Danke", partner_name="Treuhand Nord")
        self.assertFalse(line.qonto_confirmed_partner_id)

    def test_documents_come_before_what_was_learned(self):
        other = self.env["res.partner"].create({"name": "Hafen KG"})
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Treuhand Nord"))
        self.invoice(99.0, "RE/2026/0300")
        named = self.invoice(99.0, "RE/2026/0301", partner=other)
        proposal = self.best(self.bank_line(99.0, "RE/2026/0301", partner_name="Treuhand Nord"))
        self.assertEqual(
            self.env["account.move.line"].browse(proposal.item_ids).move_id, named, "the document that is named wins"
        )

    def test_what_is_booked_by_itself_teaches_nothing(self):
        self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE/2026/0236", partner_name="Treuhand Nord", account_number=IBAN)
        proposal = self.best(line)
        line._qonto_book_what_can_be({line: (line._qonto_booking_of(proposal), [])})
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self.learned_accounts())
        self.assertFalse(self.learned_names())

    def test_taking_a_match_back_forgets_what_it_taught(self):
        self.invoice(357.0, "RE/2026/0236")
        self.invoice(99.0, "RE/2026/0300")
        lines = [
            self.bank_line(357.0, "RE/2026/0236", partner_name="Deich & Co", account_number=IBAN),
            self.bank_line(99.0, "RE/2026/0300", partner_name="Treuhand Nord", account_number=OTHER_IBAN),
        ]
        for line in lines:
            self.accept(line)
        self.assertTrue(self.learned_accounts() and self.learned_names())
        for line in lines:
            line.with_user(self.accountant).action_qonto_undo_match()
        self.assertFalse(self.learned_accounts())
        self.assertFalse(self.learned_names())

    def test_only_an_administrator_makes_it_forget(self):
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Deich & Co", account_number=IBAN))
        self.invoice(99.0, "RE/2026/0300")
        self.accept(self.bank_line(99.0, "RE/2026/0300", partner_name="Treuhand Nord"))
        name, account = self.learned_names(), self.learned_accounts()
        with self.assertRaises(AccessError):
            name.with_user(self.accountant).action_forget()
        with self.assertRaises(AccessError):
            account.with_user(self.accountant).action_qonto_forget()
        name.with_user(self.manager).action_forget()
        account.with_user(self.manager).action_qonto_forget()
        self.assertFalse(name.exists() or account.active)

    def test_what_was_forgotten_can_be_learned_again(self):
        for number in ("RE/2026/0236", "RE/2026/0237"):
            self.invoice(357.0, number)
            self.accept(self.bank_line(357.0, number, partner_name="Deich & Co", account_number=IBAN))
            self.assertEqual(len(self.learned_accounts()), 1)
            self.learned_accounts().with_user(self.manager).action_qonto_forget()
            self.assertFalse(self.learned_accounts())

    def test_account_that_somebody_trusts_since_is_not_forgotten(self):
        self.invoice(357.0, "RE/2026/0236")
        self.accept(self.bank_line(357.0, "RE/2026/0236", partner_name="Deich & Co", account_number=IBAN))
        account = self.learned_accounts()
        account.sudo().allow_out_payment = True
        account.with_user(self.manager).action_qonto_forget()
        self.assertTrue(account.active)
