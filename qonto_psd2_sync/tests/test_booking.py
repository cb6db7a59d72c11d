# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Booking a bank line and taking it back: every case, in a German company (forced audit trail) and in a generic one."""

from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..models.booking import Booking, Match, WriteOff
from ..models.booking_plan import read_number

LINE_DAY, LATER = "2017-02-01", "2017-02-05"
# Who touched a record, what a screen shows, and that a person took a match back: no business facts.
NO_FACTS = {
    "id", "create_uid", "create_date", "write_uid", "write_date", "statement_line_id", "display_name", "qonto_by_hand",
}


class BookingCommon(AccountTestInvoicingCommon):
    """A company that sells, buys and has a bank; the bank's line is a payment unless a test says something else."""

    no_facts = NO_FACTS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.journal = cls.company_data["default_journal_bank"]
        cls.own = cls.company.currency_id
        cls.pounds = cls.setup_other_currency("GBP", rates=[("2016-01-01", 3.0), ("2017-01-01", 2.0)])
        cls.francs = cls.setup_other_currency("CHF", rates=[("2016-01-01", 4.0), ("2017-01-01", 5.0)])
        cls.fees = cls.company_data["default_account_expense"]
        cls.line_model = cls.env["account.bank.statement.line"]

    # === THE WORLD === #

    def line(self, amount, **values):
        return self.line_model.create({
            "journal_id": self.journal.id, "date": LINE_DAY, "payment_ref": "Deich & Co - invoice", "amount": amount,
            **values,
        })

    def document(self, amount, move_type="out_invoice", partner=None, taxes=None, day="2016-06-01", **values):
        return self._create_invoice_one_line(
            price_unit=amount, move_type=move_type, partner_id=partner or self.partner_a, tax_ids=taxes or [],
            invoice_date=day, post=True, **values,
        )

    def invoice(self, amount, **values):
        return self.document(amount, **values)

    def bill(self, amount, **values):
        return self.document(amount, "in_invoice", **values)

    @staticmethod
    def open_item(document):
        return document.line_ids.filtered(lambda item: item.account_type in ("asset_receivable", "liability_payable"))

    def match(self, document, amount=None, **values):
        return Match(self.open_item(document), amount, **values)

    def discount_terms(self, computation):
        return self.env["account.payment.term"].create({
            "name": "2 % within 10 days", "early_discount": True, "discount_percentage": 2, "discount_days": 10,
            "early_pay_discount_computation": computation,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
        })

    def rule(self, *lines, **values):
        return self.env["account.reconcile.model"].create({
            "name": "Fees of the bank", "company_id": self.company.id,
            "line_ids": [Command.create({"account_id": self.fees.id, **line}) for line in lines], **values,
        })

    def payment(self, document, *, entry=True):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=document.ids
        ).create({"payment_date": "2017-01-15", "journal_id": self.journal.id})
        if entry:
            return wizard._create_payments()
        payment = self.env["account.payment"].create({
            "amount": sum(document.mapped("amount_residual")), "date": "2017-01-15", "journal_id": self.journal.id,
            "partner_id": document.partner_id.id, "invoice_ids": [Command.set(document.ids)],
            "payment_type": "inbound" if document[0].is_inbound() else "outbound",
            "partner_type": "customer" if document[0].is_inbound() else "supplier",
        })
        # As with Enterprise or OCA's batch payments, where a payment has no journal entry.
        payment.outstanding_account_id = False
        payment.move_id.unlink()
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertEqual(payment.state, "in_process")
        return payment

    # === FACTS === #

    def facts(self, records):
        """Return all stored facts of records; those of a bank line's items without their ids, which change."""
        self.env.flush_all()
        records.invalidate_recordset()
        names = [
            name for name, field in records._fields.items()
            if field.store and field.type != "one2many" and name not in self.no_facts
            and not name.startswith(("message_", "activity_"))
        ]
        return [
            {name: value.ids if hasattr(value := record[name], "ids") else value for name in names}
            for record in records
        ]

    def business_facts(self, line, documents, payments):
        own_items = line.move_id.line_ids
        moves = documents | payments.move_id
        return {
            "line": self.facts(line),
            "entry": self.facts(line.move_id),
            "own items": sorted(self.facts(own_items), key=lambda each: (each["account_id"], each["balance"])),
            "documents": self.facts(moves),
            "items": self.facts(moves.line_ids),
            "payments": self.facts(payments),
            "balances": self.balances(),
        }

    def balances(self):
        """Return the balance of each account, over all posted entries of the company."""
        return {
            account.id: (self.own.round(balance), round(foreign, 6))
            for account, balance, foreign in self.env["account.move.line"]._read_group(
                [("company_id", "=", self.company.id), ("parent_state", "=", "posted")],
                ["account_id"], ["balance:sum", "amount_currency:sum"],
            )
            if not self.own.is_zero(balance) or round(foreign, 6)
        }

    def outcome(self, line, documents, payments):
        return (
            sorted(
                (item.account_id.code, item.balance, item.amount_currency, item.currency_id.name, item.reconciled,
                 item.amount_residual, item.name, item.partner_id.id, item.tax_ids.ids)
                for item in line.move_id.line_ids
            ),
            [(document.payment_state, document.amount_residual) for document in documents],
            payments.mapped("state"), line.is_reconciled, line.partner_id, self.balances(),
        )

    # === WAYS === #

    def book(self, booking):
        result = self.line_model._qonto_book([booking])
        self.assertEqual(result, booking.line)
        self.assert_booked(booking.line)
        return result

    def assert_booked(self, line):
        self.assertTrue(line.is_reconciled)
        self.assertFalse(self.own.compare_amounts(sum(line.move_id.line_ids.mapped("balance")), 0))
        self.assertFalse(line._seek_for_lines()[1], "nothing is left on the suspense account")
        self.assertEqual(line.move_id.state, "posted")

    def there_and_back(self, booking, documents=None, payments=None, paid=("paid",)):
        """Book, undo, book again: the facts after undoing are those before, the second booking is like the first."""
        documents = documents or self.env["account.move"]
        payments = payments or self.env["account.payment"]
        line = booking.line
        before = self.business_facts(line, documents, payments)
        self.book(booking)
        first = self.outcome(line, documents, payments)
        self.assertTrue(all(document.payment_state in paid for document in documents), first)
        line._qonto_undo()
        self.assertEqual(self.business_facts(line, documents, payments), before)
        self.assertEqual(payments.exists(), payments)
        self.assertFalse(line.is_reconciled)
        self.book(booking)
        self.assertEqual(self.outcome(line, documents, payments), first)
        return line

    def counterparts(self, line):
        liquidity, _suspense, other = line._seek_for_lines()
        self.assertAlmostEqual(sum(liquidity.mapped("balance")), -sum(other.mapped("balance")))
        return other.sorted("id")

    def assert_refused(self, pattern, *bookings):
        """Expect a sentence, and nothing written."""
        lines = self.line_model.union(*(booking.line for booking in bookings))
        before = [self.facts(line.move_id.line_ids) for line in lines]
        with self.assertRaises(UserError) as caught:
            self.line_model._qonto_book(bookings)
        self.assertRegex(str(caught.exception), pattern)
        self.assertEqual([self.facts(line.move_id.line_ids) for line in lines], before)


class BookingCases:
    """The cases; each class below runs them in its own company."""

    allow_inherited_tests_method = True

    # === DOCUMENTS === #

    def test_one_invoice_is_paid_and_open_again(self):
        invoice = self.invoice(100)
        line = self.there_and_back(Booking(self.line(100), (self.match(invoice),)), invoice)
        self.assertEqual(line.partner_id, self.partner_a)
        self.assertEqual(line.move_id.partner_id, self.partner_a)
        self.assertEqual(self.counterparts(line).account_id, self.open_item(invoice).account_id)

    def test_one_bill_is_paid_and_open_again(self):
        bill = self.bill(250.55)
        line = self.there_and_back(Booking(self.line(-250.55), (self.match(bill),)), bill)
        self.assertEqual(self.counterparts(line).balance, 250.55)

    def test_a_smaller_line_pays_an_invoice_in_part(self):
        invoice = self.invoice(100)
        self.there_and_back(Booking(self.line(33.33), (self.match(invoice),)), invoice, paid=("partial",))
        self.assertEqual(invoice.amount_residual, 66.67)

    def test_a_given_part_of_an_invoice_is_paid_and_the_rest_goes_to_another(self):
        invoice, other = self.invoice(100), self.invoice(50)
        booking = Booking(self.line(110), (self.match(invoice, 60), self.match(other)))
        self.there_and_back(booking, invoice | other, paid=("partial", "paid"))
        self.assertEqual((invoice.amount_residual, other.amount_residual), (40, 0))

    def test_several_invoices_on_one_line_are_paid(self):
        invoices = self.invoice(10.01) | self.invoice(20.02) | self.invoice(30.03)
        booking = Booking(self.line(60.06), tuple(map(self.match, invoices)))
        line = self.there_and_back(booking, invoices)
        self.assertEqual(self.counterparts(line).mapped("balance"), [-10.01, -20.02, -30.03])

    def test_credit_note_is_netted_with_invoices(self):
        invoice, credit = self.invoice(100), self.document(30, "out_refund")
        self.there_and_back(Booking(self.line(70), (self.match(invoice), self.match(credit))), invoice | credit)

    def test_invoices_of_two_customers_are_paid_by_one_line_without_partner(self):
        ours = self.invoice(10)
        theirs = self.invoice(20, partner=self.partner_b, invoice_payment_term_id=self.pay_terms_a)
        line = self.there_and_back(Booking(self.line(30), (self.match(ours), self.match(theirs))), ours | theirs)
        self.assertFalse(line.partner_id)

    def test_instalments_are_paid_one_by_one(self):
        invoice = self.invoice(100, invoice_payment_term_id=self.pay_terms_b)
        first, second = self.open_item(invoice).sorted("date_maturity")
        self.book(Booking(self.line(30), (Match(first),)))
        self.assertEqual((first.reconciled, second.reconciled, invoice.amount_residual), (True, False, 70))

    # === REST, FEE, ACCOUNT === #

    def test_what_was_paid_too_much_stays_open_on_the_partner(self):
        invoice = self.invoice(100)
        booking = Booking(self.line(120), (self.match(invoice),), rest_on_partner=True)
        line = self.there_and_back(booking, invoice)
        rest = self.counterparts(line).filtered(lambda item: not item.reconciled)
        self.assertEqual((rest.balance, rest.amount_residual, rest.partner_id), (-20, -20, self.partner_a))
        self.assertEqual(rest.account_id, self.open_item(invoice).account_id)
        # It pays the next invoice, and undoing the line opens that one, too.
        later = self.invoice(20)
        (rest | self.open_item(later)).reconcile()
        self.assertEqual(later.payment_state, "paid")
        line._qonto_undo()
        self.assertEqual((invoice.payment_state, later.payment_state), ("not_paid", "not_paid"))

    def test_a_whole_line_stays_open_on_its_partner(self):
        line = self.there_and_back(Booking(self.line(-80, partner_id=self.partner_a.id), rest_on_partner=True))
        self.assertEqual(self.counterparts(line).account_id, self.partner_a.property_account_payable_id)
        self.assertEqual(self.counterparts(line).amount_residual, 80)

    def test_a_fee_that_the_bank_kept_back_is_written_off(self):
        invoice = self.invoice(100)
        booking = Booking(self.line(97.5), (self.match(invoice),), write_offs=(WriteOff(self.fees, -2.5, "Fee"),))
        line = self.there_and_back(booking, invoice)
        fee = self.counterparts(line).filtered(lambda item: item.account_id == self.fees)
        self.assertEqual((fee.balance, fee.name), (2.5, "Fee"))

    def test_the_rest_goes_to_an_account(self):
        invoice = self.invoice(100)
        booking = Booking(self.line(100.04), (self.match(invoice),), write_offs=(WriteOff(self.fees),))
        line = self.there_and_back(booking, invoice)
        self.assertCountEqual(self.counterparts(line).mapped("balance"), [-100, -0.04])

    def test_a_line_is_booked_to_an_account_with_its_tax(self):
        tax = self.tax_purchase_a
        line = self.there_and_back(Booking(self.line(-100), write_offs=(WriteOff(self.fees, taxes=tax),)))
        base = self.counterparts(line).filtered("tax_ids")
        paid_tax = self.counterparts(line).filtered("tax_line_id")
        expected = self.own.round(100 - 100 / (1 + tax.amount / 100))
        self.assertEqual((base.account_id, base.tax_ids), (self.fees, tax))
        self.assertAlmostEqual(paid_tax.balance, expected)
        self.assertAlmostEqual(base.balance, 100 - expected)
        self.assertEqual(paid_tax.tax_base_amount, base.balance)
        self.assertEqual(paid_tax.tax_repartition_line_id.document_type, "invoice")

    def test_money_back_for_an_expense_takes_its_tax_back(self):
        line = self.there_and_back(
            Booking(self.line(11.9), write_offs=(WriteOff(self.fees, taxes=self.tax_purchase_a),))
        )
        tax = self.counterparts(line).filtered("tax_line_id")
        self.assertLess(tax.balance, 0)
        self.assertEqual(tax.tax_repartition_line_id.document_type, "refund")

    # === RULES === #

    def test_a_rule_books_what_is_left_in_its_three_ways(self):
        rule = self.rule(
            {"amount_type": "fixed", "amount_string": "-2"},
            {"amount_type": "percentage_st_line", "amount_string": "10"},
            {"amount_type": "percentage", "amount_string": "50"},
            {"amount_type": "percentage", "amount_string": "100", "label": "What is left"},
        )
        invoice = self.invoice(42)
        line = self.there_and_back(Booking(self.line(100), (self.match(invoice),), model=rule), invoice)
        written = self.counterparts(line).filtered("reconcile_model_id")
        self.assertEqual(written.reconcile_model_id, rule)
        # 100 - 42 = 58; + 2 (fixed, a debit) = 60; - 10 = 50; half of it 25; the rest 25
        self.assertEqual(written.mapped("balance"), [2, -10, -25, -25])
        self.assertEqual(written[-1].name, "What is left")

    def test_a_rule_reads_its_amount_from_the_label(self):
        rule = self.rule(
            {"amount_type": "regex", "amount_string": r"BRT: ([\d.,]+)"},
            {"amount_type": "percentage", "amount_string": "100"},
        )
        line = self.line(-1300, payment_ref="R:9672 BRT: 1.234,56 C: x")
        line = self.there_and_back(Booking(line, model=rule))
        self.assertEqual(self.counterparts(line).mapped("balance"), [1234.56, 65.44])

    def test_a_rule_with_tax_marks_its_tax_items_too(self):
        rule = self.rule({"amount_type": "percentage", "amount_string": "100", "tax_ids": self.tax_purchase_a.ids})
        line = self.there_and_back(Booking(self.line(-50), model=rule))
        self.assertEqual(len(self.counterparts(line)), 2)
        self.assertEqual(self.counterparts(line).mapped("reconcile_model_id"), rule)
        self.assertTrue(all(item.reconcile_model_id for item in self.counterparts(line)))

    # === EARLY-PAYMENT DISCOUNT === #

    def assert_discount(self, computation, move_type, tax, expect_tax):
        document = self.document(
            100, move_type, taxes=tax, day="2017-01-28", invoice_payment_term_id=self.discount_terms(computation)
        )
        item = self.open_item(document)
        sign = 1 if item.balance > 0 else -1
        line = self.line(self.own.round(item.discount_amount_currency))
        line = self.there_and_back(Booking(line, (self.match(document, discount=True),)), document)
        granted = self.counterparts(line).filtered(lambda each: not each.reconciled)
        self.assertAlmostEqual(sum(granted.mapped("balance")), item.balance - item.discount_balance)
        tax_back = sum(granted.filtered("tax_line_id").mapped("balance"))
        expected = self.own.round(sign * 2 * tax.amount / 100) if expect_tax else 0
        self.assertAlmostEqual(tax_back, expected)

    def test_discount_of_a_customer_corrects_the_sales_tax(self):
        self.assert_discount("included", "out_invoice", self.tax_sale_a, expect_tax=True)

    def test_discount_of_a_vendor_corrects_the_input_tax(self):
        self.assert_discount("included", "in_invoice", self.tax_purchase_a, expect_tax=True)

    def test_discount_on_the_net_amount_leaves_the_tax(self):
        self.assert_discount("excluded", "out_invoice", self.tax_sale_a, expect_tax=False)

    def test_discount_in_a_foreign_currency(self):
        invoice = self.invoice(
            100, taxes=self.tax_sale_a, day="2016-12-30", currency_id=self.pounds,
            invoice_payment_term_id=self.discount_terms("included"),
        )
        paid = self.pounds.round(self.open_item(invoice).discount_amount_currency)
        line = self.line(60, date="2017-01-02", foreign_currency_id=self.pounds.id, amount_currency=paid)
        self.there_and_back(Booking(line, (self.match(invoice, discount=True),)), invoice)

    def test_discount_after_its_day_is_refused(self):
        invoice = self.invoice(100, day="2017-01-02", invoice_payment_term_id=self.discount_terms("included"))
        self.assert_refused(
            "allows no early-payment discount on", Booking(self.line(98), (self.match(invoice, discount=True),))
        )

    # === CURRENCIES === #

    def exchange_entries(self):
        return self.env["account.move"].search([("journal_id", "=", self.company.currency_exchange_journal_id.id)])

    def test_invoice_and_line_in_the_same_foreign_currency_leave_the_exchange_difference(self):
        invoice = self.invoice(90, currency_id=self.pounds)  # 30.00 at a rate of 3
        line = self.line(44, foreign_currency_id=self.pounds.id, amount_currency=90)
        before = self.exchange_entries()
        self.there_and_back(Booking(line, (self.match(invoice),)), invoice)
        entries = self.exchange_entries() - before
        # Booked, reversed by undoing, booked again: all can be read, and one counts.
        self.assertEqual(entries.mapped("state"), ["posted"] * 3)
        gains = self.company.income_currency_exchange_account_id
        gain = entries.line_ids.filtered(lambda item: item.account_id == gains)
        self.assertEqual(sum(gain.mapped("balance")), -14)

    def test_foreign_invoice_is_paid_in_part_by_a_foreign_line(self):
        invoice = self.invoice(90, currency_id=self.pounds)
        line = self.line(15, foreign_currency_id=self.pounds.id, amount_currency=30)
        self.there_and_back(Booking(line, (self.match(invoice),)), invoice, paid=("partial",))
        self.assertEqual(invoice.amount_residual, 60)

    def test_cents_that_do_not_divide_are_lost_nowhere(self):
        for amount in (40, 50):  # a third is rounded down, or up
            with self.subTest(amount):
                documents = self.env["account.move"].union(
                    *(self.invoice(30, currency_id=self.pounds) for _number in range(3))
                )
                line = self.line(amount, foreign_currency_id=self.pounds.id, amount_currency=90)
                self.there_and_back(Booking(line, tuple(map(self.match, documents))), documents)
                self.assertEqual(len(self.counterparts(line)), 3)
                self.assertAlmostEqual(sum(self.counterparts(line).mapped("balance")), -amount)

    def test_foreign_invoice_is_paid_by_a_line_in_our_currency_as_the_bank_changed_it(self):
        invoice = self.invoice(90, currency_id=self.pounds)
        line = self.line(43.21)
        self.there_and_back(Booking(line, (self.match(invoice, of_line=43.21),)), invoice)
        self.assertEqual(self.counterparts(line).amount_currency, -90)

    def test_foreign_invoice_is_paid_at_the_rate_of_the_day_and_the_rest_is_a_fee(self):
        invoice = self.invoice(90, currency_id=self.pounds)  # 45.00 at the line's day
        booking = Booking(self.line(44), (self.match(invoice, 90),), write_offs=(WriteOff(self.fees),))
        self.assert_refused("1.00.* more than", Booking(self.line(44), (self.match(invoice, 90),)))
        line = self.there_and_back(
            Booking(booking.line, (self.match(invoice, 90),), write_offs=(WriteOff(self.fees, -1),)), invoice
        )
        self.assertCountEqual(self.counterparts(line).mapped("balance"), [-45, 1])

    def test_invoice_in_our_currency_is_paid_by_a_foreign_line(self):
        invoice = self.invoice(45)
        line = self.line(45, foreign_currency_id=self.pounds.id, amount_currency=90)
        self.there_and_back(Booking(line, (self.match(invoice),)), invoice)

    def test_invoice_in_one_foreign_currency_is_paid_by_a_line_in_another(self):
        invoice = self.invoice(200, currency_id=self.francs)  # 40.00 at the line's day
        line = self.line(41, foreign_currency_id=self.pounds.id, amount_currency=82)
        self.there_and_back(Booking(line, (self.match(invoice, of_line=41),)), invoice)

    def test_account_in_a_foreign_currency_pays_invoices_in_both(self):
        self.journal = self.journal.copy({"currency_id": self.pounds.id})
        own, foreign = self.invoice(10), self.invoice(90, currency_id=self.pounds)
        line = self.line(110)  # 55.00 in our currency, 20 pounds for the 10.00
        self.there_and_back(Booking(line, (self.match(own), self.match(foreign))), own | foreign)
        self.assertEqual(sum(self.counterparts(line).mapped("balance")), -55)

    # === PAYMENTS === #

    def test_line_is_matched_with_a_payment(self):
        bill = self.bill(100)
        payment = self.payment(bill)
        self.assertFalse(payment.is_matched)
        line = self.there_and_back(Booking(self.line(-100), payments=payment), bill, payment)
        self.assertTrue(payment.is_matched)
        self.assertEqual(self.counterparts(line).account_id, payment.outstanding_account_id)

    def test_line_is_matched_with_a_payment_without_journal_entry(self):
        bill = self.bill(100)
        payment = self.payment(bill, entry=False)
        self.there_and_back(Booking(self.line(-100), payments=payment), bill, payment)
        self.assertEqual(payment.state, "paid")

    def test_line_is_matched_with_a_grouped_payment_without_journal_entry(self):
        bills = self.bill(100) | self.bill(23.45)
        payment = self.payment(bills, entry=False)
        self.there_and_back(Booking(self.line(-123.45), payments=payment), bills, payment)
        self.assertEqual(payment.state, "paid")

    def test_payment_without_document_stays_open_on_the_partner(self):
        bill = self.bill(50)
        payment = self.payment(bill, entry=False)
        payment.invoice_ids = False
        line = self.there_and_back(Booking(self.line(-50), payments=payment), payments=payment)
        self.assertEqual(self.counterparts(line).account_id, payment.destination_account_id)
        self.assertEqual(self.counterparts(line).amount_residual, 50)

    def test_a_payment_is_booked_on_one_line_only(self):
        payment = self.payment(self.bill(50), entry=False)
        self.assert_refused(
            "payment is in the list twice",
            Booking(self.line(-50), payments=payment), Booking(self.line(-50), payments=payment),
        )
        self.book(Booking(self.line(-50), payments=payment))
        self.assert_refused("is not open: it is a draft, paid or canceled", Booking(self.line(-50), payments=payment))

    def test_undoing_in_odoos_own_way_keeps_payments_and_puts_everything_back(self):
        bill = self.bill(100)
        payment = self.payment(bill, entry=False)
        line = self.line(-100)
        before = self.business_facts(line, bill, payment)
        self.book(Booking(line, payments=payment))
        line.action_undo_reconciliation()
        self.assertEqual(self.business_facts(line, bill, payment), before)

    # === WHO === #

    def test_a_user_of_the_bank_feed_books_and_undoes(self):
        clerk = new_test_user(
            self.env, "clerk", "qonto_psd2_sync.group_feed_user", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        invoice = self.invoice(90, currency_id=self.pounds)
        line = self.line(44, foreign_currency_id=self.pounds.id, amount_currency=90)
        self.line_model = self.line_model.with_user(clerk)
        self.there_and_back(Booking(line.with_user(clerk), (self.match(invoice.with_user(clerk)),)), invoice)

    def test_the_head_office_pays_the_invoice_of_its_branch(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        # The core gives a branch its accounts right before the commit.
        self.cr.flush()
        self.env.user.company_ids += branch
        invoice = self.env["account.move"].with_context(allowed_company_ids=(branch | self.company).ids).create({
            "move_type": "out_invoice", "partner_id": self.partner_a.id, "invoice_date": "2016-06-01",
            "company_id": branch.id,
            "invoice_line_ids": [Command.create({"name": "x", "price_unit": 10, "tax_ids": []})],
        })
        invoice.action_post()
        self.assertEqual(invoice.company_id, branch)
        self.there_and_back(Booking(self.line(10), (self.match(invoice),)), invoice)

    # === MANY AT ONCE === #

    def test_a_batch_is_booked_together_and_two_lines_may_share_an_invoice(self):
        invoice, other = self.invoice(100), self.invoice(7)
        lines = self.line(40) | self.line(60) | self.line(7)
        before = [self.business_facts(line, invoice | other, self.env["account.payment"]) for line in lines]
        documents = (invoice, invoice, other)
        self.line_model._qonto_book(
            [Booking(line, (self.match(document),)) for line, document in zip(lines, documents, strict=True)]
        )
        self.assertEqual((invoice | other).mapped("payment_state"), ["paid", "paid"])
        lines._qonto_undo()
        self.assertEqual(
            [self.business_facts(line, invoice | other, self.env["account.payment"]) for line in lines], before
        )

    def test_one_bad_booking_keeps_the_whole_batch_from_being_written(self):
        invoice = self.invoice(100)
        self.assert_refused(
            "are not explained yet",
            Booking(self.line(60), (self.match(invoice),)), Booking(self.line(50), (self.match(invoice),)),
        )
        self.assertEqual(invoice.payment_state, "not_paid")

    # === WHAT IS REFUSED === #

    def test_a_booked_line_is_not_booked_again(self):
        invoice, other = self.invoice(100), self.invoice(100)
        line = self.book(Booking(self.line(100), (self.match(invoice),)))
        self.assert_refused("booked already. Undo its booking first", Booking(line, (self.match(other),)))
        self.assert_refused("in the list twice", Booking(line), Booking(line))

    def test_a_line_that_is_not_booked_can_not_be_undone(self):
        with self.assertRaisesRegex(UserError, "there is nothing to undo"):
            self.line(5)._qonto_undo()

    def test_paid_and_unposted_documents_are_refused(self):
        invoice = self.invoice(100)
        self.book(Booking(self.line(100), (self.match(invoice),)))
        self.assert_refused("is open any more", Booking(self.line(100), (self.match(invoice),)))
        draft = self.invoice(100)
        draft.button_draft()
        self.assert_refused("is not posted", Booking(self.line(100), (self.match(draft),)))

    def test_documents_of_another_company_are_refused(self):
        invoice = self.invoice(100)
        other = self.setup_other_company(name="Another company")["company"]
        theirs = self.env["account.move"].with_company(other).create({
            "move_type": "out_invoice", "partner_id": self.partner_b.id, "invoice_date": "2016-06-01",
            "invoice_line_ids": [Command.create({"name": "x", "price_unit": 100, "tax_ids": []})],
        })
        theirs.action_post()
        booking = Booking(self.line(200), (self.match(invoice), *map(Match, self.open_item(theirs))))
        self.assert_refused("belongs to Another company", booking)

    def test_documents_of_another_partner_are_refused_unless_they_are_meant(self):
        invoice = self.invoice(100)
        line = self.line(100, partner_id=self.partner_b.id)
        self.assert_refused("belongs to partner_a", Booking(line, (self.match(invoice),)))
        self.there_and_back(Booking(line, (self.match(invoice),), for_others=True), invoice)
        self.assertEqual(line.partner_id, self.partner_b)

    def test_items_of_an_account_that_is_not_settled_are_refused(self):
        income = self.invoice(100).invoice_line_ids
        self.assert_refused("can't be matched, since its account", Booking(self.line(-100), (Match(income),)))

    def test_sums_that_do_not_fit_are_refused(self):
        invoice, bill = self.invoice(100), self.bill(100)
        cases = {
            "20.00.* of .* are not explained yet": Booking(self.line(120), (self.match(invoice),)),
            "only .*100.00.* are open": Booking(self.line(120), (self.match(invoice, 120),)),
            "must be more than zero": Booking(self.line(120), (self.match(invoice, 0),)),
            "10.00.* more than": Booking(self.line(90), (self.match(invoice, 100),)),
            "goes the other way": Booking(self.line(100), (self.match(bill),)),
            "is left for": Booking(self.line(100), (self.match(invoice), self.match(self.invoice(5)))),
            "since it is not clear on which": Booking(self.line(100), rest_on_partner=True),
            "are not explained yet": Booking(self.line(100)),
            "is zero: there is nothing to book": Booking(self.line(0), (self.match(invoice),)),
            "in the list of .* twice": Booking(self.line(100), (self.match(invoice), self.match(invoice))),
            "pays for .* must be more": Booking(self.line(100), (self.match(invoice, of_line=-1),)),
            "Only one account": Booking(self.line(1), write_offs=(WriteOff(self.fees), WriteOff(self.fees))),
        }
        for pattern, booking in cases.items():
            with self.subTest(pattern):
                self.assert_refused(pattern.replace(".00", r"[.,]00"), booking)

    def test_accounts_that_do_not_fit_are_refused(self):
        receivable = self.company_data["default_account_receivable"]
        archived = self.fees.copy({"active": False})
        for pattern, account in {
            "can't be used in": archived,
            "the bank's own account": self.journal.default_account_id,
            "needs a partner": receivable,
        }.items():
            with self.subTest(pattern):
                self.assert_refused(pattern, Booking(self.line(10), write_offs=(WriteOff(account),)))

    def test_rules_that_do_not_fit_are_refused(self):
        silent = self.rule({"amount_type": "regex", "amount_string": r"BRT: ([\d,]+)"})
        self.assert_refused("finds no amount", Booking(self.line(10), model=silent))
        empty = self.rule()
        self.assert_refused("names no account", Booking(self.line(10), model=empty))
        archived = self.rule({"amount_string": "100"}, active=False)
        self.assert_refused("can't be used in", Booking(self.line(10), model=archived))
        half = self.rule({"amount_string": "50"})
        self.assert_refused("are not explained yet", Booking(self.line(10), model=half))

    def test_locked_periods_are_left_alone(self):
        invoice = self.invoice(100, day="2017-03-01")
        open_line, booked = self.line(100), self.book(Booking(self.line(9), write_offs=(WriteOff(self.fees),)))
        self.company.tax_lock_date = LATER
        taxed = Booking(self.line(5), write_offs=(WriteOff(self.fees, taxes=self.tax_purchase_a),))
        self.assert_refused("declared already", taxed)
        self.company.tax_lock_date = False
        # Odoo lets no open line be locked away unless told so.
        self.company.with_context(bypass_lock_check=True).sudo()._write({"fiscalyear_lock_date": LATER})
        self.company.invalidate_recordset()
        self.assert_refused("lies in a locked period", Booking(open_line, (self.match(invoice),)))
        with self.assertRaisesRegex(UserError, "lies in a locked period"):
            booked._qonto_undo()
        self.assertTrue(booked.is_reconciled)


@tagged("post_install", "-at_install")
class TestBookingGeneric(BookingCases, BookingCommon):
    def test_amounts_are_read_as_people_write_them(self):
        texts = ("3358,07", "1.234,56", "1,234.56", "1,234", "EUR 12", "2.5", "x", "")
        self.assertEqual(list(map(read_number, texts)), [3358.07, 1234.56, 1234.56, 1234, 12, 2.5, None, None])


@tagged("post_install", "-at_install")
class TestBookingGermany(BookingCases, BookingCommon):
    @classmethod
    @AccountTestInvoicingCommon.setup_chart_template("de_skr03")
    @AccountTestInvoicingCommon.setup_country("de")
    def setUpClass(cls):
        super().setUpClass()

    def test_audit_trail_is_forced_and_tells_of_booking_and_undoing(self):
        self.assertTrue(self.company.force_restrictive_audit_trail)
        self.assertTrue(self.company.restrictive_audit_trail)
        line = self.line(-5).with_context(tracking_disable=False)
        self.env.flush_all()
        said = line.move_id.message_ids
        line._qonto_book([Booking(line, write_offs=(WriteOff(self.fees),))])
        line._qonto_undo()
        self.env.flush_all()
        text = " ".join((line.move_id.message_ids - said).mapped("body"))
        self.assertEqual((text.count("created"), text.count("deleted")), (2, 2), text)
