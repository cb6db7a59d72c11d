# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields
from odoo.tests import tagged

from ..models import statement_line_by_itself
from .common import QontoCommon


@tagged("post_install", "-at_install")
class TestByItself(QontoCommon):
    """What the feed books without asking, and what it leaves alone."""

    def setUp(self):
        super().setUp()
        self.account = self.connect()
        self.sync(self.account)
        self.customer = self.env["res.partner"].create({"name": "Deich & Co"})

    def invoice(self, amount: float, name: str, move_type: str = "out_invoice", post: bool = True):
        move = self.env["account.move"].create(
            {
                "move_type": move_type, "partner_id": self.customer.id, "invoice_date": fields.Date.today(),
                "ref": name if move_type == "in_invoice" else False,
                "invoice_line_ids": [
                    fields.Command.create({"name": "Work", "quantity": 1, "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        if move_type == "out_invoice":
            move.name = name
        if post:
            move.action_post()
        return move

    def pay(self, cents: int, reference: str, **values):
        """Let the bank book a payment, sync, and return the bank line."""
        transaction = self.bank.add(self.main["id"], cents, reference=reference, **values)
        self.sync(self.account)
        return self.env["account.bank.statement.line"].search([("qonto_bank_ref", "=", transaction["id"])])

    def test_an_error_in_matching_is_no_failure_of_the_feed(self):
        lines = self.env.registry["account.bank.statement.line"]
        genuine = lines._qonto_book_by_themselves
        self.invoice(100, "RE-2026-0042")

        def stumble(records):
            raise ValueError("a proposal nobody thought of")

        self.patch(lines, "_qonto_book_by_themselves", stumble)
        with self.assertLogs("odoo.addons.qonto_psd2_sync.models.qonto_account_match", "ERROR"):
            line = self.pay(10000, "RE-2026-0042")
        run = self.account.run_ids[:1]
        self.assertEqual((run.state, run.booked, self.account.failure_count), ("done", 1, 0))
        self.assertIn("a proposal nobody thought of", run.details)
        self.assertFalse(line.is_reconciled)
        with self.assertLogs("odoo.addons.qonto_psd2_sync.models.qonto_account_match", "ERROR"):
            self.run_match_cron()
        self.patch(lines, "_qonto_book_by_themselves", genuine)
        self.run_match_cron()
        self.assertTrue(line.is_reconciled)

    def test_lines_of_several_rounds_are_all_looked_at(self):
        self.patch(statement_line_by_itself, "ROUND", 2)
        for number in range(5):
            self.invoice(100 + number, f"RE-2026-004{number}")
            self.bank.add(self.main["id"], 10000 + 100 * number, reference=f"RE-2026-004{number}")
        self.sync(self.account)
        self.assertEqual(self.account.run_ids[:1].matched, 5)

    def run_match_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_match").method_direct_trigger()

    def rule(self, **values):
        account = self.company_data["default_account_expense"]
        return self.env["account.reconcile.model"].create(
            {
                "name": "Bank fees", "trigger": "auto_reconcile", "company_id": self.company.id,
                "line_ids": [fields.Command.create({"account_id": account.id})], **values,
            }
        )

    def lock_until(self, day):
        """Lock a period in which lines are not matched yet, as another tool may; Odoo's own screen refuses."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET fiscalyear_lock_date = %s WHERE id = %s", (day, self.company.id))
        self.env.invalidate_all()
        self.env.registry.clear_cache()

    # === TWO PROOFS === #

    def test_number_and_amount_are_booked_by_the_sync(self):
        invoice = self.invoice(512.34, "RE/2026/7001")
        line = self.pay(51234, "Rechnung RE/2026/7001")
        self.assertTrue(line.is_reconciled)
        self.assertTrue(line.qonto_auto_booked_at)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual({proof["kind"] for proof in line.qonto_proofs}, {"number", "amount"})
        run = self.account.run_ids.sorted("id")[-1]
        self.assertEqual((run.booked, run.matched), (1, 1))

    def test_amount_alone_is_left_to_a_person(self):
        self.invoice(512.34, "RE/2026/7001")
        line = self.pay(51234, "Danke")
        self.assertFalse(line.is_reconciled)
        self.assertFalse(line.qonto_certain)

    def test_of_two_payments_with_the_same_number_the_first_is_booked(self):
        self.invoice(512.34, "RE/2026/7001")
        first = self.pay(51234, "RE/2026/7001")
        second = self.pay(51234, "RE/2026/7001")
        self.assertTrue(first.is_reconciled)
        self.assertFalse(second.is_reconciled)

    def test_equal_payments_without_a_number_are_rivals(self):
        iban = "DE02120300000000202051"
        self.env["res.partner.bank"].create({"partner_id": self.customer.id, "acc_number": iban})
        invoice = self.invoice(80.0, "RE/2026/7002", post=False)
        lines = [
            self.pay(8000, "Miete", counterparty_name="Deich & Co", counterparty_iban=iban) for _month in range(2)
        ]
        invoice.action_post()
        self.run_match_cron()
        self.assertEqual([line.is_reconciled for line in lines], [False, False])
        row = self.env["qonto.matching"].row(lines[0].id)
        self.assertEqual(len(row["proposals"]), 1)

    # === AGAIN, WHEN A DOCUMENT IS POSTED === #

    def test_bill_that_is_posted_later_is_matched_then(self):
        bill = self.invoice(99.5, "F-2026-881", "in_invoice", post=False)
        line = self.pay(-9950, "F-2026-881")
        self.assertFalse(line.is_reconciled)
        cron = self.env.ref("qonto_psd2_sync.ir_cron_match")
        before = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        bill.action_post()
        self.assertEqual(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), before + 1)
        self.run_match_cron()
        self.assertTrue(line.is_reconciled)
        self.assertEqual(bill.payment_state, "paid")

    # === WHAT A PERSON DECIDED === #

    def test_what_a_person_took_back_is_not_booked_by_itself_again(self):
        invoice = self.invoice(512.34, "RE/2026/7001")
        line = self.pay(51234, "RE/2026/7001")
        self.env["qonto.matching"].undo(line.id)
        self.assertFalse(line.qonto_auto_booked_at)
        self.run_match_cron()
        self.sync(self.account)
        self.assertFalse(line.is_reconciled)
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertTrue(self.env["qonto.matching"].row(line.id)["certain"])

    def test_account_that_does_not_allow_it_marks_what_is_certain_and_books_nothing(self):
        self.account.books_by_itself = False
        self.invoice(512.34, "RE/2026/7001")
        line = self.pay(51234, "RE/2026/7001")
        self.assertFalse(line.is_reconciled)
        self.assertTrue(line.qonto_certain)
        self.assertEqual(self.env["qonto.matching"].accept_certain()["booked"][0]["id"], line.id)

    def test_line_in_a_locked_period_waits(self):
        invoice = self.invoice(99.5, "RE/2026/7003", post=False)
        line = self.pay(9950, "RE/2026/7003")
        invoice.action_post()
        self.lock_until(line.date)
        self.run_match_cron()
        self.assertFalse(line.is_reconciled)
        self.lock_until(None)
        self.run_match_cron()
        self.assertTrue(line.is_reconciled)

    def test_screen_lists_what_was_booked_by_itself_with_its_proofs(self):
        self.invoice(512.34, "RE/2026/7001")
        line = self.pay(51234, "RE/2026/7001")
        page = self.env["qonto.matching"].load(view="booked")
        [row] = [row for row in page["rows"] if row["id"] == line.id]
        self.assertTrue(row["by_itself"])
        self.assertEqual(row["documents"], "RE/2026/7001")
        self.assertEqual([proof["text"] for proof in row["proofs"]], [
            "number RE/2026/7001 in the text", "amount exact",
        ])

    # === RULES === #

    def test_automatic_rule_books_fees_that_no_document_explains(self):
        rule = self.rule(qonto_operation_type="qonto_fee")
        line = self.pay(-900, "Monthly plan", operation_type="qonto_fee")
        self.assertTrue(line.is_reconciled)
        items = line.move_id.line_ids.filtered("reconcile_model_id")
        self.assertEqual((items.reconcile_model_id, items.balance), (rule, 9.0))
        self.assertEqual(self.env["qonto.matching"].row(line.id)["proofs"][0]["text"], "rule “Bank fees”")

    def test_documents_come_before_rules(self):
        bill = self.invoice(9.0, "QF-2026-11", "in_invoice")
        self.rule(qonto_operation_type="qonto_fee")
        line = self.pay(-900, "QF-2026-11", operation_type="qonto_fee")
        self.assertEqual(bill.payment_state, "paid")
        self.assertFalse(line.move_id.line_ids.reconcile_model_id)

    def test_manual_rule_is_proposed_and_never_applied_by_itself(self):
        rule = self.rule(trigger="manual", qonto_operation_type="card")
        line = self.pay(-4210, "Büromarkt", operation_type="card")
        self.assertFalse(line.is_reconciled)
        row = self.env["qonto.matching"].row(line.id)
        self.assertEqual(row["proposals"][0]["model_id"], rule.id)

    def test_rule_without_conditions_is_only_a_button(self):
        rule = self.rule()
        line = self.pay(-4210, "Büromarkt", operation_type="card")
        self.assertFalse(line.is_reconciled)
        self.assertFalse(self.env["qonto.matching"].row(line.id)["proposals"])
        self.assertIn(rule.id, [each["id"] for each in self.env["qonto.matching"].rules(line.id)])

    def test_rules_are_tried_in_their_sequence(self):
        late = self.rule(name="late", sequence=20, match_label="contains", match_label_param="MARKT")
        early = self.rule(name="early", sequence=5, match_amount="between", match_amount_min=42, match_amount_max=43)
        line = self.pay(-4210, "Büromarkt", operation_type="card")
        self.assertEqual(line.move_id.line_ids.reconcile_model_id, early)
        other = self.pay(-4310, "Büromarkt", operation_type="card")
        self.assertEqual(other.move_id.line_ids.reconcile_model_id, late)

    def test_each_condition_of_a_rule_counts(self):
        line = self.pay(
            -4210, "Büromarkt Nord", operation_type="direct_debit",
            counterparty_name="Markt", counterparty_iban="DE02120300000000202051",
        )
        line.sudo().qonto_transaction_id.category = "office_supply"
        fits = {
            "qonto_operation_type": ("direct_debit", "card"),
            "qonto_category": ("Office_Supply", "travel"),
            "qonto_counterparty_iban": ("DE02 1203 0000 0000 2020 51", "DE89370400440532013000"),
            "match_journal_ids": (
                [fields.Command.set(self.account.journal_id.ids)],
                [fields.Command.set(self.company_data["default_journal_cash"].ids)],
            ),
        }
        for name, (right, wrong) in fits.items():
            with self.subTest(name):
                self.assertTrue(self.rule(**{name: right})._qonto_fits(line))
                self.assertFalse(self.rule(**{name: wrong})._qonto_fits(line))
        for right, values in (
            (True, {"match_amount": "lower", "match_amount_max": 42.10}),
            (False, {"match_amount": "lower", "match_amount_max": 42.09}),
            (True, {"match_amount": "greater", "match_amount_min": 42.10}),
            (False, {"match_amount": "greater", "match_amount_min": 42.11}),
            (True, {"match_label": "not_contains", "match_label_param": "Süd"}),
            (False, {"match_label": "not_contains", "match_label_param": "nord"}),
            (True, {"match_label": "match_regex", "match_label_param": "markt (nord|süd)"}),
            (False, {"match_partner_ids": [fields.Command.set(self.customer.ids)]}),
        ):
            with self.subTest(values):
                self.assertEqual(self.rule(**values)._qonto_fits(line), right)

    def test_label_condition_without_a_text_fits_no_line(self):
        line = self.pay(-4210, "Büromarkt Nord", operation_type="direct_debit")
        for condition in ("contains", "not_contains", "match_regex"):
            with self.subTest(condition):
                self.assertFalse(self.rule(match_label=condition, match_label_param="")._qonto_fits(line))

    def test_screens_that_do_not_know_the_conditions_do_not_propose_the_rule(self):
        self.assertTrue(self.rule(match_label="contains", match_label_param="x").can_be_proposed)
        self.assertFalse(
            self.rule(match_label="contains", match_label_param="x", qonto_operation_type="card").can_be_proposed
        )

    # === RECEIPTS === #

    def test_card_payments_without_a_receipt_are_a_filter(self):
        asked = self.account.transaction_ids.filtered(
            lambda transaction: transaction.raw["attachment_required"] and not transaction.raw["attachment_ids"]
        )
        self.assertTrue(asked)
        page = self.env["qonto.matching"].load(only="receipt")
        self.assertEqual({row["id"] for row in page["rows"]}, set(asked.statement_line_ids.ids))
        self.assertTrue(all(row["receipt_missing"] for row in page["rows"]))
        self.assertEqual(page["counts"]["receipt"], len(page["rows"]))
