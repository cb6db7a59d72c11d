# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying from the screens: Odoo's own *Pay*, many bills at once, without a bill, and handing over."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .books_common import OTHER_IBAN, PREPARE, BooksCommon

SEND = "qonto_psd2_sync.group_payment_send"


@tagged("post_install", "-at_install")
class TestPayWizards(BooksCommon):
    def setUp(self):
        super().setUp()
        self.payee.allow_out_payment = True
        self.method = self.account.journal_id._qonto_method_line()

    # === HELPERS === #

    def register(self, *items, **values):
        """Return Odoo's own *Pay* on these bills, with the method *Qonto*."""
        moves = self.env["account.move"].union(*(item.move_id for item in items))
        return self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves.ids
        ).create(
            {"journal_id": self.account.journal_id.id, "payment_method_line_id": self.method.id, **values}
        )

    def opened(self, action):
        """Return what an action opens."""
        records = self.env[action["res_model"]]
        return records.browse(action["res_id"]) if action.get("res_id") else records.search(action["domain"])

    def many(self, *items, **values):
        return self.env["qonto.pay"]._begin(self.account, self.env["account.move.line"].union(*items), **values)

    def term(self, **values):
        return self.env["account.payment.term"].create(
            {"name": "2 % in 10 days", "early_discount": True, "discount_percentage": 2, "discount_days": 10, **values}
        )

    def other_vendor(self, name="Spree Papier KG", iban=OTHER_IBAN, trusted=True):
        vendor = self.env["res.partner"].create({"name": name})
        self.env["res.partner.bank"].create({"partner_id": vendor.id, "acc_number": iban}).allow_out_payment = trusted
        return vendor

    # === ODOO'S OWN PAY === #

    def test_pay_prepares_an_order_and_posts_nothing(self):
        item = self.bill(ref="RE-Müller 4711")
        order = self.opened(self.register(item).action_create_payments())
        self.assertEqual(order._name, "qonto.payment.order")
        self.assertEqual((order.amount_total, order.account_id), (100, self.account))
        transfer = order.transfer_ids
        self.assertEqual((transfer.reference, transfer.iban), ("RE-Mueller 4711", self.payee.sanitized_acc_number))
        self.assertEqual((transfer.payment_id.state, item.move_id.payment_state), ("draft", "not_paid"))
        self.assertEqual(item.move_id.qonto_payment_words, "prepared, not sent")
        self.assertEqual(item.move_id.qonto_order_id, order)

    def test_a_part_a_later_day_and_a_discount_are_paid_as_chosen(self):
        later = fields.Date.today() + timedelta(days=3)
        part = self.opened(
            self.register(self.bill(), amount=40.0, payment_date=later).action_create_payments()
        ).transfer_ids
        self.assertEqual((part.amount, part.scheduled_date, part.line_ids.discount), (40.0, later, 0.0))
        item = self.bill(invoice_payment_term_id=self.term().id)
        with_discount = self.opened(self.register(item).action_create_payments()).transfer_ids
        self.assertEqual((with_discount.amount, with_discount.line_ids.discount), (98.0, 2.0))

    def test_a_structured_reference_goes_out_as_machines_write_it_and_a_mistyped_one_does_not(self):
        wizard = self.register(self.bill(), communication="RF18 5390 0754 7034")
        self.assertEqual((wizard.qonto_reference, wizard.qonto_reference_problem), ("RF18539007547034", False))
        wrong = self.register(self.bill(), communication="RF19 5390 0754 7034")
        self.assertTrue(wrong.qonto_reference_problem)
        with self.assert_told("check digits"):
            wrong.action_create_payments()

    def test_what_pay_cannot_do_by_qonto_is_refused_in_words(self):
        draft = self.bill()
        draft.move_id.button_draft()
        yesterday = fields.Date.today() - timedelta(days=1)
        rest = {"amount": 90.0, "payment_difference_handling": "reconcile"}
        account = self.company_data["default_account_expense"].id
        for wizard, words in (
            (self.register(draft), "Confirm the bill first"),
            (self.register(self.bill(), payment_date=yesterday), "today or later"),
            (self.register(self.bill(), writeoff_account_id=account, **rest), "stays open on the bill"),
            (self.register(self.bill(), amount=100.01), "0.01.* more than is owed"),
        ):
            with self.subTest(words), self.assert_told(words):
                wizard.action_create_payments()
        with self.assert_told("recorded when Qonto has the transfer"):
            self.register(self.bill())._create_payments()

    def test_pay_on_several_bills_goes_through_our_wizard(self):
        wizard = self.opened(self.register(self.bill(), self.bill(50.0)).action_create_payments())
        self.assertEqual((wizard._name, wizard.selected_count, wizard.selected_total), ("qonto.pay", 2, 150.0))

    def test_what_is_being_paid_is_left_out_of_pay_and_named_and_the_others_go_on(self):
        held, free = self.bill(ref="RE 1"), self.bill(50.0)
        self.prepare(self.wish(held))
        self.assertTrue(held.move_id.qonto_live and held.move_id.qonto_nothing_else)
        wizard = self.register(held, free)
        self.assertEqual(wizard.line_ids, free)
        self.assertRegex(wizard.qonto_left_out, r"RE 1 \(prepared, not sent\)")
        with self.assert_told(r"Being paid with Qonto already: .*RE 1 \(prepared, not sent\)"):
            self.register(held)

    def test_pay_stays_for_an_instalment_that_no_transfer_pays(self):
        halves = self.env["account.payment.term"].create({
            "name": "Halves",
            "line_ids": [
                Command.create({"value": "percent", "value_amount": 50, "nb_days": days}) for days in (0, 30)
            ],
        })
        first, second = self.bill(200.0, invoice_payment_term_id=halves.id)
        self.prepare(self.wish(first))
        self.assertEqual((first.move_id.qonto_live, first.move_id.qonto_nothing_else), (True, False))
        self.assertEqual(self.register(first, second).line_ids, second)

    # === MANY === #

    def test_bills_are_ticked_their_amounts_changed_and_the_rest_stays_for_later(self):
        first, second, third = self.bill(), self.bill(50.0), self.bill(20.0)
        wizard = self.many(first, second, third, group_by_payee=False)
        by_item = {line.move_line_id: line for line in wizard.line_ids}
        by_item[second].amount = 10.0
        by_item[third].selected = False
        self.assertEqual((wizard.selected_count, wizard.selected_total), (2, 110.0))
        self.assertAlmostEqual(wizard.balance_after, wizard.available - 110.0)
        order = wizard._prepare()
        self.assertEqual(sorted(order.transfer_ids.mapped("amount")), [10.0, 100.0])
        again = self.many(first, second, third)
        self.assertEqual(again.line_ids.filtered("selected").move_line_id, third)
        self.assertRegex(again.line_ids.filtered(lambda row: row.move_line_id == first).problem, "Under way: prepared")

    def test_the_form_counts_what_is_ticked(self):
        wizard = self.many(self.bill(), self.bill(50.0))
        with Form(wizard) as form:
            with form.line_ids.edit(0) as line:
                line.selected = False
            self.assertEqual((form.selected_count, form.selected_total), (1, 50.0))

    def test_what_cannot_be_paid_is_shown_with_its_reason_and_the_others_go_on(self):
        untrusted = self.bill(partner_id=self.other_vendor(trusted=False).id)
        nameless = self.bill(partner_id=self.env["res.partner"].create({"name": "No account"}).id)
        dollars = self.bill(currency_id=self.env.ref("base.USD").id)
        wizard = self.many(self.bill(), untrusted, nameless, dollars)
        problems = {line.move_line_id: line.problem for line in wizard.line_ids}
        self.assertRegex(problems[untrusted], "Not trusted yet")
        self.assertRegex(problems[nameless], "no bank account")
        self.assertRegex(problems[dollars], "not in euros")
        self.assertEqual(wizard.selected_count, 1)
        line = wizard.line_ids.filtered(lambda row: row.move_line_id == untrusted)
        self.env.user.group_ids += self.env.ref("account.group_validate_bank_account")
        line.action_trust()
        self.assertEqual((line.problem, line.selected, wizard.selected_count), (False, True, 2))

    def test_who_was_asked_to_trust_an_account_is_named_at_all_its_bills_also_when_they_are_listed_anew(self):
        vendor = self.other_vendor(trusted=False)
        bills = [self.bill(partner_id=vendor.id), self.bill(50.0, partner_id=vendor.id)]
        head = self.new_user("head", "account.group_validate_bank_account")
        wizard = self.many(*bills)
        self.patch(type(self.env["res.partner.bank"]), "_qonto_who_may_trust", lambda self: head)
        wizard.line_ids[0].action_ask_to_trust()
        for asked in (wizard, self.many(*bills)):
            for line in asked.line_ids:
                self.assertIn(f"{head.name} was asked to trust the account", line.problem)
                self.assertTrue(line.asked)

    def test_a_payees_bills_are_one_transfer_and_its_credit_notes_are_taken_off(self):
        bills = [self.bill(ref="A-1"), self.bill(ref="A-2"), self.bill(partner_id=self.other_vendor().id)]
        note = self.bill(30.0, move_type="in_refund", ref="G-1")
        wizard = self.many(*bills)
        self.assertEqual((wizard.note_count, wizard.selected_total), (1, 300.0))
        with Form(wizard) as form:
            form.net_notes = True
        self.assertEqual(wizard.selected_total, 270.0)
        transfers = wizard._prepare().transfer_ids.sorted("amount")
        self.assertEqual(transfers.mapped("amount"), [100.0, 170.0])
        self.assertEqual(transfers[1].reference, "A-1, A-2, G-1")
        self.assertEqual(sorted(transfers[1].line_ids.mapped("amount")), [-30.0, 100.0, 100.0])
        self.assertIn(note, transfers.line_ids.move_line_id)

    def test_a_group_whose_numbers_do_not_fit_is_split(self):
        bills = [self.bill(10.0, ref=f"RECHNUNG-{number:04}-" + "X" * 40) for number in range(5)]
        transfers = self.many(*bills)._prepare().transfer_ids
        self.assertEqual(sorted(transfers.mapped("amount")), [10.0, 20.0, 20.0])
        self.assertTrue(all(len(reference) <= 140 for reference in transfers.mapped("reference")))
        self.assertEqual(len(transfers.line_ids), 5)

    def test_bills_to_pay_lists_what_is_due_and_says_what_a_discount_saves(self):
        soon = self.bill(invoice_payment_term_id=self.term(name="x", discount_days=3).id)
        due = self.bill(50.0)
        far = self.bill(
            70.0, invoice_payment_term_id=self.env["account.payment.term"].create(
                {
                    "name": "60 days",
                    "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 60})],
                }
            ).id,
        )
        wizard = self.opened(self.env["qonto.pay"].action_bills_to_pay())
        listed = wizard.line_ids.move_line_id
        self.assertTrue(soon in listed and due in listed)
        self.assertNotIn(far, listed)
        line = wizard.line_ids.filtered(lambda row: row.move_line_id == soon)
        self.assertEqual((line.amount, line.takes_discount), (98.0, True))
        self.assertRegex(wizard.next_discount, "Pay by .*, save .*2.00")
        self.assertEqual(wizard.saved_total, 2.0)

    def test_four_hundred_bills_take_no_query_for_each(self):
        bills = [self.bill(10.0 + number, ref=f"N-{number}") for number in range(12)]
        counts = []
        for part in (bills[:2], bills):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.many(*part)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 6, counts)

    # === WITHOUT A BILL === #

    def one(self, **values):
        wizard = self.env["qonto.pay.one"].create(
            {
                "account_id": self.account.id, "partner_id": self.vendor.id, "amount": 12.5,
                "reference": "Anzahlung für 7", **values,
            }
        )
        return self.opened(wizard.action_prepare())

    def test_a_payment_without_a_bill_to_a_vendor_and_back_to_a_customer(self):
        transfer = self.one().transfer_ids
        self.assertEqual((transfer.amount, transfer.reference), (12.5, "Anzahlung fuer 7"))
        self.assertEqual(transfer.payment_id.partner_type, "supplier")
        self.assertEqual(self.one(kind="customer").transfer_ids.payment_id.partner_type, "customer")

    def test_a_payment_entered_in_odoos_own_form_is_prepared_from_there(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound", "partner_type": "supplier", "partner_id": self.vendor.id, "amount": 33.0,
                "journal_id": self.account.journal_id.id, "payment_method_line_id": self.method.id,
                "partner_bank_id": self.payee.id, "memo": "Vorkasse",
            }
        )
        transfer = self.opened(payment.action_qonto_pay()).transfer_ids
        self.assertEqual((transfer.payment_id, transfer.amount, payment.state), (payment, 33.0, "draft"))

    # === HAND OVER === #

    def test_a_payer_gets_one_activity_takes_out_what_is_refused_and_the_preparer_reads_why(self):
        payer = self.new_user("payer", SEND)
        order = self.prepare(self.wish(self.bill()), self.wish(self.bill()))
        order.action_hand_over(payer.id)
        self.assertEqual(set(order.transfer_ids.mapped("state")), {"to_approve"})
        activity = order.sudo().activity_ids
        self.assertEqual((activity.user_id, len(activity)), (payer, 1))
        self.assertRegex(activity.summary, "Send 2 transfers, .*200.00")

        theirs = order.with_user(payer)
        refused = theirs.transfer_ids[0]
        with self.assert_told("give a reason"):
            theirs.action_take_out(refused.ids, " ")
        theirs.action_take_out(refused.ids, "Wrong amount")
        self.assertEqual(refused.state, "canceled")
        self.assertRegex(refused._why_taken_out(), "payer.*: “Wrong amount”")
        self.assertEqual(refused.sudo().payment_id.state, "canceled")
        message = order.sudo().message_ids[:1]
        self.assertRegex(message.body, "Wrong amount")
        self.assertIn(self.preparer.partner_id, message.notified_partner_ids)
        self.assertRegex(activity.summary, "Send one transfer, .*100.00", "what is left")
        theirs.action_take_back()
        self.assertEqual((order.transfer_ids - refused).state, "draft")
        self.assertFalse(order.sudo().activity_ids)

    def test_the_payers_activity_says_what_is_left_whoever_cancels_and_goes_with_the_last(self):
        payer = self.new_user("payer", SEND, lang=self.german())
        order = self.prepare(*(self.wish(self.bill()) for _each in range(3)))
        order.action_hand_over(payer.id)
        activity = order.sudo().activity_ids
        for each, left in ((0, "2 Überweisungen.*200,00"), (1, "Eine Überweisung.*100,00")):
            order.transfer_ids[each].with_user(self.preparer).action_cancel()
            self.assertRegex(activity.summary, left)
        order.transfer_ids[2].with_user(self.preparer).action_cancel()
        self.assertFalse(activity.exists())

    def german(self) -> str:
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(["qonto_psd2_sync"], ["de_DE"])
        return "de_DE"

    def test_nothing_is_handed_to_who_may_not_send(self):
        order = self.prepare(self.wish(self.bill()))
        with self.assert_told("may not send"):
            order.action_hand_over(self.new_user("other_preparer", PREPARE).id)
        reader = self.new_user("reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            order.with_user(reader).action_take_out(order.transfer_ids.ids, "No")
