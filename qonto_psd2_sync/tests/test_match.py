# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
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

    def screen(self, user=None):
        return self.env(user=user or self.accountant)["qonto.matching"]

    def row(self, line):
        return self.screen().row(line.id)

    def accept(self, line, row=None):
        """Accept the best proposal, as the screen shows it."""
        best = (row or self.row(line))["proposals"][0]
        return self.screen().accept(line.id, best["item_ids"], best["expected"])

    def items_of(self, moves):
        return moves.line_ids.filtered(lambda item: item.account_type in ("asset_receivable", "liability_payable"))

    def told(self, row):
        return [proof["text"] for proof in row["proposals"][0]["proofs"]]

    # === PROPOSALS === #

    def test_proposal_says_what_proves_it_and_books_with_one_click(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "Deich & Co - Zahlung RE 2026-0236")
        row = self.row(line)
        self.assertEqual(row["proposals"][0]["documents"], "RE/2026/0236")
        self.assertEqual(self.told(row), ["number RE/2026/0236 in the text", "amount exact"])
        self.assertTrue(row["certain"])
        booked = self.accept(line, row)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertTrue(line.is_reconciled)
        self.assertEqual(line.partner_id, self.customer)
        self.assertEqual((booked["state"], booked["documents"], booked["by_itself"]), ("booked", "RE/2026/0236", False))
        self.assertEqual([proof["text"] for proof in booked["proofs"]], self.told(row))

    def test_vendors_number_is_found_on_a_bill(self):
        vendor = self.env["res.partner"].create({"name": "Spedition"})
        bill = self.invoice(576.88, "F359394", vendor, "in_invoice")
        row = self.row(self.bank_line(-576.88, "Spedition - F359394"))
        self.assertEqual(row["proposals"][0]["item_ids"], self.items_of(bill).ids)
        self.assertEqual(row["proposals"][0]["documents"], "F359394")

    def test_known_account_and_exact_amount_are_certain(self):
        self.env["res.partner.bank"].create({"partner_id": self.customer.id, "acc_number": IBAN})
        invoice = self.invoice(80.0, "RE/2026/0300")
        row = self.row(self.bank_line(80.0, "Danke", account_number="DE02 1203 0000 0000 2020 51"))
        self.assertEqual(row["proposals"][0]["item_ids"], self.items_of(invoice).ids)
        self.assertTrue(row["certain"])
        self.assertIn("account known as the partner's", self.told(row))

    def test_payment_under_way_is_proposed_in_place_of_its_bill(self):
        vendor = self.env["res.partner"].create({"name": "Spedition"})
        bill = self.invoice(576.88, "F359394", vendor, "in_invoice")
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=bill.ids).create(
            {"journal_id": self.journal.id}
        )._create_payments()
        line = self.bank_line(-576.88, "Spedition - F359394")
        row = self.row(line)
        self.assertNotIn(self.items_of(bill).id, row["proposals"][0]["item_ids"])
        self.assertTrue(row["certain"])
        self.accept(line, row)
        self.assertTrue(line.is_reconciled)
        self.assertEqual(bill.matched_payment_ids.state, "paid")

    def test_line_says_why_nothing_is_proposed(self):
        line = self.bank_line(12.34, "Kaffee")
        self.assertIn("paid by money that comes in", self.row(line)["silence"])
        self.invoice(357.0, "RE/2026/0236")
        self.assertIn("No open document has its number", self.row(line)["silence"])
        self.assertIn("paid by money that goes out", self.row(self.bank_line(-12.34, "Kaffee"))["silence"])

    def test_equal_payments_are_each_suggested_an_invoice_of_their_own(self):
        twins = [self.invoice(357.0, f"RE/2026/025{number}") for number in (0, 1)]
        lines = [self.bank_line(357.0, "Wartung 11/2026") for _payment in twins]
        rows = {row["id"]: row for row in self.screen().load()["rows"]}
        self.assertEqual(
            [rows[line.id]["proposals"][0]["documents"] for line in lines], [twin.name for twin in twins]
        )
        self.assertEqual([rows[line.id]["certain"] for line in lines], [False, False])

    def test_paid_documents_are_never_proposed(self):
        self.invoice(357.0, "RE/2026/0236")
        first, second = (self.bank_line(357.0, "RE 2026 0236") for _line in range(2))
        self.accept(first)
        self.assertFalse(self.row(second)["proposals"])

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

    # === DECIDING === #

    def test_proposal_that_has_changed_since_is_not_booked(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line, earlier = self.bank_line(357.0, "RE 2026 0236"), self.bank_line(100.0, "Anzahlung")
        row = self.row(line)
        self.screen().book(earlier.id, {"items": [{"id": self.items_of(invoice).id}]})
        with self.assertRaisesRegex(UserError, "has changed meanwhile"):
            self.accept(line, row)
        self.assertFalse(line.is_reconciled)

    def test_whoever_comes_second_is_told_who_was_first(self):
        self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        row = self.row(line)
        self.accept(line, row)
        with self.assertRaisesRegex(UserError, "matched meanwhile, last changed by match-user"):
            self.accept(line, row)

    def test_undo_opens_line_and_document_again(self):
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        self.accept(line)
        row = self.screen().undo(line.id)
        self.assertFalse(line.is_reconciled)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 357.0))
        self.assertEqual((row["state"], row["proposals"][0]["item_ids"]), ("open", self.items_of(invoice).ids))

    def test_all_certain_ones_are_accepted_at_once_and_no_other(self):
        sure = self.invoice(357.0, "RE/2026/0236") + self.invoice(57.0, "RE/2026/0237")
        self.invoice(80.0, "RE/2026/0300")
        lines = [
            self.bank_line(357.0, "RE/2026/0236"), self.bank_line(57.0, "RE/2026/0237"), self.bank_line(80.0, "Danke"),
        ]
        self.screen().load()
        answer = self.screen().accept_certain()
        self.assertEqual({row["id"] for row in answer["booked"]}, {line.id for line in lines[:2]})
        self.assertEqual((answer["failed"], answer["left"]), ([], 0))
        self.assertEqual(sure.mapped("payment_state"), ["paid", "paid"])
        self.assertFalse(lines[2].is_reconciled)

    # === BY HAND === #

    def test_several_items_chosen_by_hand_pay_all_of_them(self):
        invoices = self.invoice(100.0, "RE/2026/0401") + self.invoice(57.0, "RE/2026/0402")
        line = self.bank_line(157.0, "Sammelzahlung")
        self.screen().book(line.id, {"items": [{"id": item.id} for item in self.items_of(invoices)]})
        self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])

    def test_line_pays_a_part_and_the_rest_goes_to_an_account(self):
        invoice = self.invoice(100.0, "RE/2026/0401")
        line = self.bank_line(62.5, "Anzahlung und Trinkgeld")
        expense = self.company_data["default_account_expense"]
        plan = {"items": [{"id": self.items_of(invoice).id, "amount": 60.0}]}
        preview = self.screen().preview(line.id, plan)
        self.assertEqual(preview["rest"], 2.5)
        self.assertIn("not explained yet", preview["problem"])
        plan["write_offs"] = [{"account_id": expense.id, "label": "Trinkgeld"}]
        self.assertEqual(self.screen().preview(line.id, plan), {
            "rest": 0.0, "rest_text": preview["rest_text"].replace("2.50", "0.00"), "problem": "",
        })
        self.screen().book(line.id, plan)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 40.0))
        self.assertEqual(line.move_id.line_ids.filtered(lambda item: item.account_id == expense).balance, -2.5)

    def test_what_is_left_stays_open_on_the_partner_if_asked_for(self):
        invoice = self.invoice(100.0, "RE/2026/0401")
        line = self.bank_line(110.0, "RE/2026/0401")
        plan = {"items": [{"id": self.items_of(invoice).id}], "rest_on_partner": True}
        self.screen().book(line.id, plan)
        self.assertEqual(invoice.payment_state, "paid")
        [rest] = self.items_of(line.move_id).filtered("amount_residual")
        self.assertEqual((rest.amount_residual, rest.partner_id), (-10.0, self.customer))

    def test_open_items_are_found_by_number_partner_and_amount(self):
        invoice, other = self.invoice(1234.5, "RE/2026/0401"), self.invoice(80.0, "RE/2026/0300")
        line = self.bank_line(99.0, "?")
        for text in ("0401", "1234,50", "1,234.50", "1234.5"):
            with self.subTest(text):
                found = self.screen().search_items(line.id, text)
                self.assertEqual([item["document"] for item in found], [invoice.name])
        found = self.screen().search_items(line.id, "deich")
        self.assertEqual({item["document"] for item in found}, {invoice.name, other.name})
        self.assertEqual(self.screen().search_items(line.id)[0]["document"], other.name)

    def test_partner_later_and_note_are_kept_with_the_line(self):
        line = self.bank_line(12.0, "?")
        self.assertEqual(self.screen().set_partner(line.id, self.customer.id)["partner"], self.customer.display_name)
        self.assertEqual(line.partner_id, self.customer)
        self.assertEqual(self.screen().set_note(line.id, "Beleg <fehlt>\nnoch"), "Beleg <fehlt>\nnoch")
        self.assertEqual(self.row(line)["note"], "Beleg <fehlt>\nnoch")
        before = self.screen().load()["counts"]
        self.screen().set_later([line.id])
        after = self.screen().load()
        self.assertEqual(after["counts"]["needs_you"], before["needs_you"] - 1)
        self.assertNotIn(line.id, [row["id"] for row in after["rows"]])
        self.assertEqual([row["id"] for row in self.screen().load(view="later")["rows"]], [line.id])

    # === SINCE THE LAST VISIT === #

    def test_screen_opens_on_what_is_new_since_the_last_visit(self):
        old = self.bank_line(1.0, "old")
        self.assertEqual(self.screen().load()["since"], "")
        visit = self.env["qonto.matching.visit"].sudo().search([("user_id", "=", self.accountant.id)])
        visit.active_at = fields.Datetime.now() - timedelta(days=2)
        old.flush_recordset()
        self.env.cr.execute(
            "UPDATE account_bank_statement_line SET create_date = %s WHERE id = %s",
            (fields.Datetime.now() - timedelta(days=3), old.id),
        )
        self.env.invalidate_all()
        new = self.bank_line(2.0, "new")
        page = self.screen().load()
        self.assertTrue(page["since"])
        self.assertEqual({row["id"]: row["new"] for row in page["rows"]}, {old.id: False, new.id: True})
        self.assertEqual([row["id"] for row in self.screen().load(only="new")["rows"]], [new.id])
        self.assertEqual((page["counts"]["needs_you"], page["counts"]["new"]), (2, 1))
        # Loading again within half an hour is the same visit.
        self.assertTrue(self.screen().load()["rows"][0]["new"])

    # === RIGHTS === #

    def test_matching_needs_the_right(self):
        clerk = new_test_user(
            self.env, "match-clerk", groups="account.group_account_invoice", company_id=self.company.id
        )
        invoice = self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        item = self.items_of(invoice)
        for name, arguments in (
            ("accept", (line.id, item.ids, ["357.00"])), ("book", (line.id, {"items": [{"id": item.id}]})),
            ("undo", (line.id,)), ("set_partner", (line.id, self.customer.id)), ("set_later", ([line.id],)),
            ("set_note", (line.id, "x")), ("accept_certain", ()),
        ):
            with self.subTest(name), self.assertRaisesRegex(UserError, "Qonto bank feed: User"):
                getattr(self.screen(clerk), name)(*arguments)
        with self.assertRaisesRegex(UserError, "Qonto bank feed: User"):
            line.with_user(clerk).action_qonto_match()
        with self.assertRaisesRegex(UserError, "Qonto bank feed: User"):
            line.with_user(clerk).action_qonto_undo_match()

    def test_auditor_sees_and_changes_nothing(self):
        auditor = new_test_user(
            self.env, "match-auditor", groups="account.group_account_readonly", company_id=self.company.id
        )
        self.invoice(357.0, "RE/2026/0236")
        line = self.bank_line(357.0, "RE 2026 0236")
        page = self.screen(auditor).load()
        self.assertFalse(page["may_match"])
        self.assertEqual([row["id"] for row in page["rows"]], [line.id])
        self.assertTrue(page["rows"][0]["proposals"])

    def test_lines_of_other_companies_are_out_of_reach(self):
        other = self.setup_other_company()
        line = self.env["account.bank.statement.line"].with_company(other["company"]).create(
            {"journal_id": other["default_journal_bank"].id, "date": "2026-10-20", "amount": 1.0, "payment_ref": "x"}
        )
        self.assertNotIn(line.id, [row["id"] for row in self.screen().load()["rows"]])
        for act in (lambda: self.screen().row(line.id), lambda: self.screen().set_note(line.id, "x")):
            with self.assertRaises(AccessError):
                act()
