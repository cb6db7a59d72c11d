# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The books follow the bank (R10): drafts, posted when the bank has it, paid when the line is there, open again."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from ..models import payment_clock
from ..payments import BankSays, Canceled, Claimed, GivenUp, HandedOver, LookedUp, NoAnswer, Verified
from .books_common import OTHER_IBAN, BooksCommon
from .common import QontoCommon


class BooksCases:
    """Rules that hold with and without journal entries on payments, and in any company."""

    def states(self, *items):
        return [item.move_id.payment_state for item in items]

    # === THE DRAFT === #

    def test_a_prepared_transfer_has_a_draft_payment_that_knows_its_bills(self):
        item = self.bill()
        transfer = self.transfer(item)
        payment = transfer.payment_id
        self.assertEqual((payment.state, payment.payment_type, payment.amount), ("draft", "outbound", 100.0))
        self.assertEqual(payment.payment_method_code, "qonto_sct")
        self.assertEqual((payment.journal_id, payment.memo), (self.account.journal_id, "RG 4711"))
        self.assertEqual((payment.partner_id, payment.partner_bank_id), (self.vendor, self.payee))
        self.assertEqual((payment.invoice_ids, payment.qonto_transfer_id), (item.move_id, transfer))
        self.assertFalse(payment.move_id)
        self.assertEqual(self.states(item), ["not_paid"])

    def test_before_the_bank_has_it_nothing_is_recorded(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.follow(transfer)
        self.steps(transfer, HandedOver())
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("draft", "not_paid"))

    # === ACCEPTED, AND THE BANK LINE === #

    def test_a_bill_is_in_payment_when_the_bank_has_it_and_paid_by_its_bank_line(self):
        item, twin = self.bill(), self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        self.assertEqual(transfer.payment_id.state, "in_process")
        self.assertEqual(self.states(item, twin), ["in_payment", "not_paid"])
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertEqual((transfer.live, transfer.matched), (True, False))
        line = self.line(ref)
        self.assertTrue(line.is_reconciled)
        self.assertEqual({proof["kind"] for proof in line.qonto_proofs}, {"transfer", "amount"})
        self.assertEqual((transfer.payment_id.state, *self.states(item, twin)), ("paid", "paid", "not_paid"))
        self.assertEqual((transfer.matched, transfer.live), (True, False))

    def test_it_may_be_called_again_and_again(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        entry, trail = transfer.payment_id.move_id, len(transfer.trail_ids)
        self.follow(transfer)
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.move_id, len(transfer.trail_ids)), (entry, trail))
        self.assertEqual((transfer.payment_id.state, item.move_id.payment_state), ("in_process", "in_payment"))

    def test_taking_the_match_back_makes_the_bill_in_payment_and_held_again(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        line = self.line(ref)
        line.action_qonto_undo_match()
        self.assertEqual((transfer.matched, transfer.live, *self.states(item)), (False, True, "in_payment"))

    def test_a_line_that_came_before_the_bank_named_it_is_matched_later(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        ref = self.debit(transfer)
        line = self.line(ref)
        self.assertFalse(line.is_reconciled)
        cron = self.env.ref("qonto_psd2_sync.ir_cron_match")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.settle(transfer, ref)
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual((line.is_reconciled, transfer.matched, *self.states(item)), (True, True, "paid"))

    def test_a_group_with_parts_pays_of_each_bill_what_was_chosen(self):
        older, newer = self.bill(invoice_date=fields.Date.today() - timedelta(days=30)), self.bill()
        transfer = self.transfer(items=[(older, 30.0), (newer, 100.0)])
        self.send(transfer)
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual((older.amount_residual, newer.amount_residual), (-70.0, 0.0))
        self.assertTrue(transfer.matched)
        rest = self.transfer(items=[(older, 70.0)])
        self.assertEqual(rest.payment_id.amount, 70.0)

    def test_a_credit_note_that_is_netted_is_settled_with_the_bill(self):
        item, note = self.bill(), self.bill(30.0, move_type="in_refund")
        transfer = self.transfer(items=[(item, 100.0), (note, -30.0)])
        self.assertEqual((transfer.amount, transfer.payment_id.amount), (70.0, 70.0))
        with self.assert_told("under way"):
            self.prepare(self.wish(items=[(note, -30.0), (self.bill(), 100.0)]))
        self.send(transfer)
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual((item.amount_residual, note.amount_residual), (0.0, 0.0))
        self.assertEqual(self.states(item), ["paid"])

    def test_a_refund_to_a_customer_follows_too(self):
        note = self.bill(move_type="out_refund")
        transfer = self.transfer(note)
        self.assertEqual(transfer.payment_id.partner_type, "customer")
        self.send(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(note)), ("in_process", "in_payment"))
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual((transfer.matched, *self.states(note)), (True, "paid"))

    # === WITHOUT A BILL === #

    def test_a_payment_without_a_bill_follows_and_is_made_once(self):
        transfer = self.prepare(self.wish(items=[], total=250.0, reference="Deposit")).transfer_ids.sudo()
        payment = transfer.payment_id
        self.assertEqual((payment.state, payment.amount, payment.partner_id), ("draft", 250.0, self.vendor))
        self.assertEqual((payment.partner_type, payment.memo), ("supplier", "Deposit"))
        with self.assert_told("under way already"):
            self.prepare(self.wish(items=[], payment=payment))
        self.send(transfer)
        self.assertEqual(payment.state, "in_process")
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual((payment.state, transfer.matched), ("paid", True))

    def test_a_draft_of_somebody_is_taken_as_it_is(self):
        journal = self.account.journal_id
        payment = self.env["account.payment"].create({
            "payment_type": "outbound", "partner_type": "customer", "partner_id": self.vendor.id, "amount": 40.0,
            "partner_bank_id": self.payee.id, "journal_id": journal.id, "memo": "Back",
            "payment_method_line_id": journal._qonto_method_line().id,
        })
        for values, words in (
            ({"items": [(self.bill(), 100.0)]}, "another payee, account or amount"),
            ({"partner_bank": self.payee.create({"partner_id": self.vendor.id, "acc_number": OTHER_IBAN})}, "another"),
        ):
            with self.subTest(words), self.assert_told(words):
                self.prepare(self.wish(**{"items": [], "payment": payment, **values}))
        transfer = self.prepare(self.wish(items=[], payment=payment)).transfer_ids.sudo()
        self.assertEqual((transfer.payment_id, transfer.amount), (payment, 40.0))
        self.steps(transfer, Canceled("by_person"))
        self.follow(transfer)
        self.assertEqual(payment.state, "canceled")

    # === ENDED WITHOUT MONEY === #

    def test_declined_opens_the_bill_again_and_says_why(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        self.steps(transfer, BankSays("declined", "insufficient_funds"))
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("canceled", "not_paid"))
        self.assertEqual(item.amount_residual, -100.0)
        told = "".join(item.move_id.message_ids.mapped("body"))
        self.assertIn("Declined by the bank. There is not enough money", told)
        self.transfer(item)

    def test_canceled_before_sending_cancels_the_draft(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.steps(transfer, Canceled("by_person"))
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("canceled", "not_paid"))

    def give_up(self, transfer):
        now = payment_clock.now(self.env)
        self.steps(
            transfer, HandedOver(), Verified(needs_sca=False), Claimed(now), NoAnswer(), LookedUp(now),
            LookedUp(now + timedelta(hours=12)), LookedUp(now + timedelta(hours=25)),
            GivenUp(now + timedelta(hours=26), "Not in the app either"),
        )
        self.follow(transfer)
        return now + timedelta(hours=27)

    def test_given_up_and_found_later_is_recorded_after_all(self):
        item = self.bill()
        transfer = self.transfer(item)
        later = self.give_up(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("canceled", "not_paid"))
        self.steps(transfer, LookedUp(later, "t-1", "settled"))
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("in_process", "in_payment"))

    def test_found_when_its_bill_was_sent_again_the_second_one_keeps_the_bill_and_somebody_is_told(self):
        item = self.bill()
        transfer = self.transfer(item)
        later = self.give_up(transfer)
        again = self.transfer(item)
        self.send(again)
        self.steps(transfer, LookedUp(later, "t-1", "settled"))
        self.follow(transfer, again)
        self.assertEqual((transfer.live, transfer.line_ids.live, again.line_ids.live), (True, False, True))
        self.assertEqual((again.payment_id.state, *self.states(item)), ("in_process", "in_payment"))
        # The money of both is gone: the first payment stands open on the vendor.
        self.assertEqual(transfer.payment_id.state, "in_process")
        self.assertIn("changed meanwhile", transfer.books_problem)
        self.assertTrue(transfer.activity_ids)

    # === MANY === #

    def test_one_that_cannot_be_recorded_is_told_and_the_others_go_on(self):
        items = [self.bill() for _each in range(4)]
        transfers = self.prepare(*(self.wish(item) for item in items)).transfer_ids.sudo().sorted("id")
        odd = transfers[1]
        # As if by another way than Odoo's: it is held.
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET parent_state = 'draft' WHERE id = %s", [items[1].id])
        self.env.cr.execute("UPDATE account_move SET state = 'draft' WHERE id = %s", [items[1].move_id.id])
        self.env.invalidate_all()
        self.send(*transfers)
        self.assertEqual(self.states(*items), ["in_payment", "not_paid", "in_payment", "in_payment"])
        self.assertEqual(transfers.payment_id.mapped("state"), ["in_process"] * 4)
        self.assertIn("changed meanwhile", odd.books_problem)
        self.assertEqual(odd.activity_ids.user_id, self.preparer)
        self.follow(*transfers)
        self.assertEqual(len(odd.activity_ids), 1)
        self.assertFalse((transfers - odd).activity_ids)


@tagged("post_install", "-at_install")
class TestBooksWithEntries(BooksCases, BooksCommon):
    """Community: each payment has a journal entry."""

    allow_inherited_tests_method = True

    def lock(self, day):
        # Odoo lets nobody lock unmatched lines away.
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET fiscalyear_lock_date = %s WHERE id = %s", [day, self.company.id])
        self.env.invalidate_all()

    def test_the_payment_has_an_entry_of_the_day_it_was_sent(self):
        transfer = self.transfer()
        self.assertFalse(transfer.payment_id.move_id)
        self.send(transfer)
        entry = transfer.payment_id.move_id
        self.assertEqual((entry.state, entry.date), ("posted", self.account._today()))
        self.assertEqual(sorted(entry.line_ids.mapped("balance")), [-100.0, 100.0])

    def test_a_locked_period_is_told_and_recorded_when_it_is_open(self):
        item = self.bill()
        transfer, other = self.transfer(item), self.transfer()
        other.sudo().scheduled_date = self.account._today() + timedelta(days=3)
        self.lock(self.account._today())
        self.send(transfer, other)
        self.assertEqual((transfer.payment_id.state, other.payment_id.state), ("draft", "in_process"))
        self.assertIn("locked period", transfer.books_problem)
        self.assertEqual(len(transfer.activity_ids), 1)
        self.lock(None)
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_follow_books").method_direct_trigger()
        self.assertEqual((transfer.payment_id.state, *self.states(item)), ("in_process", "in_payment"))
        self.assertFalse(transfer.books_problem or transfer.activity_ids)

    def test_declined_in_a_locked_period_is_reversed_in_the_open_one(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.send(transfer)
        entry = transfer.payment_id.move_id
        self.lock(self.account._today())
        self.steps(transfer, BankSays("declined"))
        self.follow(transfer)
        self.assertEqual((transfer.payment_id.state, entry.state, *self.states(item)),
                         ("canceled", "posted", "not_paid"))
        self.assertEqual(entry.reversal_move_ids.mapped("state"), ["posted"])
        self.assertGreater(entry.reversal_move_ids.date, entry.date)
        self.assertTrue(all(entry.line_ids.mapped("reconciled")))
        self.assertEqual(item.amount_residual, -100.0)
        self.follow(transfer)
        self.assertEqual(len(entry.reversal_move_ids), 1)

    def test_a_discount_is_recorded_with_the_payment(self):
        terms = self.env["account.payment.term"].create({
            "name": "3 %", "early_discount": True, "discount_percentage": 3.0, "discount_days": 10,
            "line_ids": [Command.create({"value": "percent", "value_amount": 100.0, "nb_days": 30})],
        })
        tax = self.company_data["default_tax_purchase"]
        item = self.bill(
            invoice_payment_term_id=terms.id,
            invoice_line_ids=[Command.create({"name": "Cable", "price_unit": 100.0, "tax_ids": tax.ids})],
        )
        total, reduced = -item.amount_currency, -item.discount_amount_currency
        for values, words in (
            ({"items": [(item, reduced - 1)]}, "no early-payment discount"),
            ({"items": [(item, reduced)], "scheduled_date": fields.Date.today() + timedelta(days=11)}, "no early"),
        ):
            with self.subTest(words), self.assert_told(words):
                self.prepare(self.wish(discounted=item, **values))
        transfer = self.transfer(items=[(item, reduced)], discounted=item)
        self.assertAlmostEqual(transfer.line_ids.discount, total - reduced)
        self.send(transfer)
        self.assertEqual((item.amount_residual, *self.states(item)), (0.0, "in_payment"))
        # The discount and its share of the tax.
        entry = transfer.payment_id.move_id
        self.assertEqual(len(entry.line_ids), 4)
        self.assertAlmostEqual(transfer.payment_id.amount, reduced)
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual(self.states(item), ["paid"])


@tagged("post_install", "-at_install")
class TestBooksWithoutEntries(BooksCases, BooksCommon):
    """Where another app looks after payments: no journal entry until the bank line."""

    allow_inherited_tests_method = True

    def setUp(self):
        super().setUp()
        self.enterContext(self.without_entries())

    def test_the_payment_has_no_entry(self):
        transfer = self.transfer()
        self.send(transfer)
        self.assertEqual((transfer.payment_id.state, bool(transfer.payment_id.move_id)), ("in_process", False))


@tagged("post_install", "-at_install")
class TestBooksOfAnotherCompany(BooksCommon):
    """A company of no country, in dollars: no forced audit trail, and every payment in a foreign currency."""

    @classmethod
    def setUpClass(cls):  # pylint: disable=method-required-super
        # Without the country that the usual world sets.
        QontoCommon.setUpClass.__func__.__wrapped__(cls)
        cls.setup_other_currency("EUR")

    def test_bills_follow_there_too(self):
        self.assertNotEqual(self.company.currency_id, self.account.currency_id)
        self.assertFalse(self.company.restrictive_audit_trail)
        older, newer = self.bill(), self.bill()
        transfer = self.transfer(items=[(older, 30.0), (newer, 100.0)])
        self.send(transfer)
        self.assertEqual((older.amount_residual_currency, newer.move_id.payment_state), (-70.0, "in_payment"))
        ref = self.debit(transfer)
        self.settle(transfer, ref)
        self.assertTrue(self.line(ref).is_reconciled)
        self.assertEqual((transfer.matched, newer.move_id.payment_state), (True, "paid"))
        declined = self.transfer(items=[(older, 70.0)])
        self.send(declined)
        self.steps(declined, BankSays("declined"))
        self.follow(declined)
        self.assertEqual((declined.payment_id.state, older.amount_residual_currency), ("canceled", -70.0))


@tagged("post_install", "-at_install")
class TestOwnTransfer(BooksCommon):
    def connect(self, **values):
        """Connect both accounts and return the main one."""
        wizard = self.choose(self.give_consent())
        wizard.line_ids.write({"selected": True})
        wizard.action_confirm()
        return self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])

    def test_a_transfer_between_own_accounts_has_no_payment_and_its_two_lines_are_one_movement(self):
        other = self.env["qonto.account"].search([("bank_ref", "=", self.sub_account["id"])])
        bank = other.journal_id.bank_account_id
        for values, words in (
            ({"items": [(self.bill(), 100.0)]}, "pays no bill"),
            ({"to_account": self.account}, "another account"),
            ({"partner_bank": self.payee}, "not that of"),
        ):
            with self.subTest(words), self.assert_told(words):
                self.prepare(self.wish(**{
                    "partner_bank": bank, "items": [], "total": 80.0, "to_account": other, **values
                }))
        own = self.wish(partner_bank=bank, items=[], total=80.0, to_account=other, reference="Reserve")
        with self.assert_told("order of its own"):
            self.prepare(own, self.wish(self.bill()))
        order = self.prepare(own)
        transfer = order.transfer_ids.sudo()
        self.assertEqual((order.kind, transfer.iban), ("internal_transfer", bank.sanitized_acc_number))
        self.assertFalse(transfer.payment_id)
        self.send(transfer)
        ref = self.debit(transfer, counterparty_iban=self.sub_account["iban"])
        self.bank.add(self.sub_account["id"], 80_00, counterparty_iban=self.main["iban"])
        self.settle(transfer, ref)
        self.assertTrue(transfer.live)
        self.sync(self.account | other)
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_match").method_direct_trigger()
        line = self.line(ref)
        self.assertTrue(line.is_reconciled)
        self.assertEqual((transfer.matched, transfer.live), (True, False))
