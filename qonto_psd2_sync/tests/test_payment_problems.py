# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether money may move, before the phone rings and right before the replay: each rule alone stops it (R8, R14)."""

import uuid
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import payment_clock
from ..models.payment_words import told, words, words_of
from ..payments import Accepted, BankSays, Claimed, GivenUp, HandedOver, LookedUp, NoAnswer, Verified
from ..qonto_api import ScaRequired
from ..qonto_api.payment_orders import Payee, TransferOrder, freeze_transfer
from .payment_common import GOOD, IBAN, OTHER_IBAN, SEND, PaymentCommon


@tagged("post_install", "-at_install")
class TestPaymentProblems(PaymentCommon):
    def breaches(self, order):
        """Return each rule with what breaks it."""
        transfer, item = order.sudo().transfer_ids, order.sudo().transfer_ids.line_ids.move_line_id
        sender = self.env.user.sudo()
        other = self.env["res.partner"].create({"name": "Somebody else"})
        dollar = self.env.ref("base.USD")
        return {
            "bill_not_posted": lambda: self.change(item, parent_state="cancel"),
            "bill_paid": lambda: self.change(item, reconciled=True, amount_residual_currency=0),
            "bill_owes_less": lambda: self.change(item, amount_residual_currency=-99.99),
            "bill_currency": lambda: self.change(item, currency_id=dollar.id),
            "bill_other_payee": lambda: self.change(item, partner_id=other.id),
            "amount_changed": lambda: self.change(transfer, amount=100.01),
            "payee_untrusted": lambda: self.payee.write({"allow_out_payment": False}),
            "payee_account_changed": lambda: self.change(self.payee, acc_number=OTHER_IBAN),
            "payee_renamed": lambda: self.change(self.payee, acc_holder_name="Elbe Rohr GmbH"),
            "payee_account_archived": lambda: self.change(self.payee, active=False),
            "payee_other_partner": lambda: self.change(self.payee, partner_id=other.id),
            "date_passed": lambda: transfer.write({"scheduled_date": fields.Date.today() - timedelta(days=2)}),
            "sender_archived": lambda: self.change(sender, active=False),
            "sender_no_right": lambda: sender.write({"group_ids": [(3, self.env.ref(SEND).id)]}),
            "sender_other_company": lambda: self.env.cr.execute(
                "DELETE FROM res_company_users_rel WHERE user_id = %s AND cid = %s", [sender.id, self.company.id]
            ),
            "sender_missing": lambda: order.sudo().write({"sender_id": False}),
            "consent_missing": lambda: order.sudo().write({"consent_id": False}),
            "consent_replaced": lambda: self.consent.sudo().write({"state": "replaced"}),
            "consent_ended": lambda: self.consent.sudo().write({"state": "withdrawn"}),
            "consent_of_other": lambda: self.consent.sudo().write({"user_id": self.preparer.id}),
            "consent_reads_only": lambda: self.consent.sudo().write({"scopes_granted": "organization.read"}),
            "consent_other_account": lambda: self.consent.sudo().write({"account_ids": [(5,)]}),
            "account_closed": lambda: self.change(self.account, active=False),
            "balance_low": lambda: self.account.sudo().write({"authorized_balance": 99.99}),
            "iban_wrong": lambda: (
                self.change(transfer, iban="DE03120300000000202051"),
                self.change(self.payee, acc_number="DE03120300000000202051"),
            ),
            "reference_wrong": lambda: transfer.write({"reference": "Müller"}),
            "reference_digits": lambda: transfer.write({"reference": "RF19539007547034"}),
            "name_wrong": lambda: transfer.write({"payee_name": "\u4e2d\u6587"}),
        }

    def test_each_rule_alone_stops_the_money_at_both_moments(self):
        order = self.order()
        self.assertEqual(self.check(order), [])
        breaches = self.breaches(order)
        self.check_breaches(order, breaches, "ask")
        self.wait_for_the_phone(order)
        self.assertEqual(self.codes(order, "replay"), [])
        self.check_breaches(order, breaches, "replay")

    def check_breaches(self, order, breaches, moment: str):
        for code, breach in breaches.items():
            with self.subTest(code=code, moment=moment), self.undone():
                breach()
                found = [problem for problem in order._problems(moment) if problem.code != "payee_unchecked"]
                self.assertEqual([problem.code for problem in found], [code])
                said = told(self.env, found[0])
                self.assertTrue(said["what"] and said["who"] and said["then"])
                self.assertNotEqual(said["what"], words(self.env, "no such code").what)

    def test_a_balance_counts_what_is_on_its_way_and_a_person_may_know_better(self):
        self.account.sudo().authorized_balance = 250.0
        sent, order = self.order(self.wish(self.bill(100.0))), self.order(self.wish(self.bill(160.0)))
        self.assertEqual(self.check(order), [])
        for event in (HandedOver(), Verified(), Claimed(fields.Datetime.now().astimezone())):
            sent.sudo().transfer_ids._step(event)
        problem = self.problem(order, "balance_low")
        self.assertTrue(problem.decidable)
        self.assertIn("100.00", told(self.env, problem)["what"])
        with self.assert_told("give a reason"):
            order.action_decide("balance_low", "")
        order.action_decide("balance_low", GOOD)
        self.assertEqual(self.codes(order), [])
        self.assertIn(GOOD, order.transfer_ids.trail_ids.sorted("id")[-1].detail)
        self.wait_for_the_phone(order)
        self.assertEqual(self.codes(order, "replay"), [])
        # Debited before the balance was read: it is in the balance.
        sent.sudo().transfer_ids._step(Accepted("t-1"))
        other = self.order(self.wish(self.bill(20.0)))
        with self.undone():
            self.change(sent.transfer_ids | order.transfer_ids, state="settled")
            self.account.sudo().bank_balance_at = fields.Datetime.now() + timedelta(minutes=1)
            self.assertNotIn("balance_low", self.codes(other))

    def test_two_people_where_the_company_wants_it(self):
        order = self.order()
        self.check(order)
        self.company.qonto_four_eyes = True
        self.assertEqual(self.codes(order), [])
        order.sudo().prepared_by_id = self.env.user
        self.assertEqual(self.codes(order), ["four_eyes"])
        self.assertIn("another person", told(self.env, self.problem(order, "four_eyes"))["what"])

    def test_who_changes_the_companys_guards_is_kept_beside_the_accounts(self):
        for value, word in ((True, "on"), (False, "off")):
            self.env["res.config.settings"].create({"qonto_without_approval": value}).execute()
            self.assertEqual(self.company.qonto_without_approval, value)
            body = self.account.message_ids[0].body
            self.assertIn(f"switched “Trusted payees without approval” {word}", body)
        with self.assertRaises(AccessError):
            self.company.with_user(self.new_user("boss", SEND)).write({"qonto_without_approval": True})

    def test_above_30000_the_bill_goes_along(self):
        large, small = self.bill(30_000.01), self.bill(30_000.0)
        order = self.order(self.wish(large), self.wish(small))
        self.assertEqual(self.check(order), ["attachment_missing"])
        self.assertEqual(self.problem(order, "attachment_missing").transfer.line_ids.move_line_id, large)
        for move, name, kind in (
            (large.move_id, "note.txt", "text/plain"), (large.move_id, "Rechnung Ä.pdf", "application/pdf"),
            (small.move_id, "small.pdf", "application/pdf"),
        ):
            self.env["ir.attachment"].create(
                {"name": name, "raw": b"%PDF-1.4 bill", "mimetype": kind, "res_model": move._name, "res_id": move.id}
            )
        self.assertEqual(self.codes(order), [])
        with self.client() as client:
            uploaded = order._upload_attachments(client)
            transfer = order.transfer_ids.filtered(lambda row: row.amount > 30_000)
            self.assertEqual({row_id: len(ids) for row_id, ids in uploaded.items()}, {transfer.id: 1})
            # The bank takes it with what was uploaded.
            name, iban = transfer.payee_name, transfer.iban
            frozen = freeze_transfer(
                TransferOrder(
                    Decimal("30000.01"), "R-1", payee=Payee(name, iban), attachment_ids=uploaded[transfer.id]
                ),
                bank_account_id=self.account.bank_ref, idempotency_key=str(uuid.uuid4()),
                proof_token=client.check_payee(name=name, iban=iban).proof_token,
            )
            self.bank.add(self.main["id"], 90_000_00)
            with self.assertRaises(ScaRequired):
                client.send(frozen)

    def test_a_transfer_says_where_it_is_and_why(self):
        now = payment_clock.now(self.env)
        transfer = self.order().sudo().transfer_ids
        self.assertIn("Prepared", words_of(transfer).what)
        for event in (HandedOver(), Verified(), Claimed(now), Accepted("t-1")):
            transfer._step(event)
        self.assertIn("accepted", words_of(transfer).what)
        transfer._step(BankSays("declined", "debit_account_insufficient_funds"))
        self.assertIn("not enough money", words_of(transfer).what)
        unknown = self.order(self.wish(self.bill(12.0))).sudo().transfer_ids
        looked_up = [LookedUp(now + timedelta(hours=hours)) for hours in (1, 13, 26)]
        for event in (HandedOver(), Verified(), Claimed(now), NoAnswer(), *looked_up):
            unknown._step(event)
        self.assertIn("not known", words_of(unknown).what)
        unknown._step(GivenUp(now + timedelta(hours=27), "Not in the app either"))
        self.assertIn("Not in the app either", words_of(unknown).what)

    def test_many_transfers_take_no_more_questions_to_the_database_than_few(self):
        def queries(count: int) -> int:
            order = self.order(*[self.wish(self.bill(100.0 * count + number)) for number in range(count)])
            with self.client() as client:
                order._check_payees(client)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self.codes(order), [])
            return self.env.cr.sql_log_count - before

        few, many = queries(3), queries(15)
        self.assertLess(many, few + 12, f"{few} for 3 transfers, {many} for 15")

    def test_what_changed_is_said_with_both_numbers_and_who(self):
        order = self.order()
        self.check(order)
        self.change(self.payee, acc_number=OTHER_IBAN)
        said = told(self.env, self.problem(order, "payee_account_changed"))
        self.assertIn(IBAN, said["what"])
        self.assertIn(OTHER_IBAN, said["what"])
