# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payment orders and transfers: what can be prepared, that a bill is held once, and that the trail stays."""

import uuid
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import payment_clock
from ..payments import (
    Accepted,
    BankSays,
    Canceled,
    Challenged,
    Claimed,
    GivenUp,
    HandedOver,
    LookedUp,
    Matched,
    NoAnswer,
    ScaSays,
    State,
    Verified,
)
from ..qonto_api import FrozenRequestChanged
from ..qonto_api.payment_orders import Payee, TransferOrder, freeze_transfer
from ..vault import SealBroken
from .books_common import IBAN, OTHER_IBAN, PREPARE, BooksCommon


@tagged("post_install", "-at_install")
class TestTransfer(BooksCommon):
    # === PREPARING === #

    def test_a_prepared_order_knows_payee_amount_and_bills(self):
        first, second = self.bill(), self.bill(50.0)
        order = self.prepare(self.wish(first), self.wish(items=[(second, 20.0)], reference="RF18539007547034"))
        self.assertEqual((order.amount_total, order.transfer_count, order.prepared_by_id), (120.0, 2, self.preparer))
        one, two = order.transfer_ids.sorted("id")
        self.assertEqual((one.partner_id, one.iban, one.payee_name), (self.vendor, IBAN, "Elbe Kabel GmbH"))
        self.assertEqual((one.amount, two.amount, two.reference), (100.0, 20.0, "RF18539007547034"))
        self.assertEqual(one.line_ids.move_line_id, first)
        self.assertEqual((one.state, one.live), ("draft", True))
        self.assertNotEqual(one.marker, two.marker)
        self.assertEqual(one.trail_ids.mapped("event"), ["Prepared"])
        self.assertEqual(one.trail_ids.user_id, self.preparer)

    def test_a_grouped_transfer_has_many_bills(self):
        transfer = self.prepare(self.wish(self.bill(), self.bill())).transfer_ids
        self.assertEqual((transfer.amount, len(transfer.line_ids)), (200.0, 2))

    def test_a_refund_to_a_customer_can_be_paid(self):
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.vendor.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [Command.create({"name": "Back", "price_unit": 100.0, "tax_ids": []})],
            }
        )
        refund.action_post()
        item = refund.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        self.assertEqual(self.prepare(self.wish(item)).amount_total, 100.0)

    def test_who_has_no_right_prepares_nothing(self):
        item = self.bill()
        for group in ("account.group_account_invoice", "qonto_psd2_sync.group_feed_manager"):
            with self.subTest(group), self.assertRaises(AccessError):
                self.prepare(self.wish(item), user=self.new_user(group[-12:], group))
        self.assertFalse(self.env["qonto.transfer"].search([("line_ids.move_line_id", "=", item.id)]))

    def test_what_cannot_be_paid_is_refused_in_words(self):
        item, paid, draft = self.bill(), self.bill(), self.bill()
        draft.move_id.button_draft()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.move_id.ids
        ).create({})._create_payments()
        elsewhere = self.env["res.partner.bank"].create(
            {"partner_id": self.env["res.partner"].create({"name": "Else"}).id, "acc_number": OTHER_IBAN}
        )
        foreign = self.env["res.partner.bank"].create(
            {"partner_id": self.vendor.id, "acc_number": "TR330006100519786457841326"}
        )
        receivable = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.vendor.id,
                "invoice_line_ids": [Command.create({"name": "Sold", "price_unit": 100.0, "tax_ids": []})],
            }
        )
        receivable.action_post()
        owed_to_us = receivable.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        dollars = self.bill(currency_id=self.env.ref("base.USD").id)
        for wish, words in (
            (self.wish(), "no bill to pay"),
            (self.wish(paid), "is not open"),
            (self.wish(draft), "is not open"),
            (self.wish(dollars), "not in euros"),
            (self.wish(owed_to_us), "between 0.01 and"),
            (self.wish(items=[(item, 100.01)]), "between 0.01 and"),
            (self.wish(items=[(item, 0.0)]), "between 0.01 and"),
            (self.wish(item, partner_bank=elsewhere), "another payee"),
            (self.wish(item, partner_bank=foreign), "outside the SEPA area"),
            (self.wish(item, reference="Müller"), "no umlauts"),
            (self.wish(item, reference="RF19539007547034"), "check digits"),
            (self.wish(item, item), "twice"),
        ):
            with self.subTest(words), self.assert_told(words):
                self.prepare(wish)
        with self.assert_told("1 to 400"):
            self.prepare()
        self.assertFalse(self.env["qonto.transfer"].search([("partner_id", "=", self.vendor.id)]))

    def test_each_company_sees_its_own(self):
        order = self.prepare(self.wish(self.bill()))
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        clerk = self.new_user("clerk", PREPARE, company_id=branch.id, company_ids=[branch.id])
        for records in (order, order.transfer_ids, order.transfer_ids.line_ids, order.transfer_ids.trail_ids):
            with self.subTest(records._name):
                self.assertTrue(records.with_user(self.preparer).has_access("read"))
                self.assertFalse(records.with_user(clerk).has_access("read"))

    # === R1: A BILL IS HELD ONCE === #

    def test_a_bill_that_is_under_way_is_not_prepared_again_and_the_message_says_why(self):
        item = self.bill()
        transfer = self.transfer(item)
        self.steps(transfer, HandedOver())
        with self.assert_told(r"a transfer of .*100.00.* to Elbe Kabel GmbH \(Handed over\) for it is under way"):
            self.prepare(self.wish(item))

    def test_postgresql_itself_keeps_the_second_one_out(self):
        item = self.bill()
        self.transfer(item)
        other = self.transfer()
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env["qonto.transfer.line"].sudo().create(
                {"transfer_id": other.id, "move_line_id": item.id, "amount": 1.0}
            )
            self.env.flush_all()

    def test_a_bill_is_free_again_when_its_transfer_ended_without_money(self):
        item = self.bill()
        self.steps(self.transfer(item), Canceled("by_person"))
        again = self.transfer(item)
        self.assertTrue(again.live)

    def test_settled_and_unknown_hold_the_bill_until_the_bank_line_is_matched(self):
        now = payment_clock.now(self.env)
        item = self.bill()
        transfer = self.transfer(item)
        self.steps(transfer, HandedOver(), Verified(needs_sca=False), Claimed(now), NoAnswer())
        with self.assert_told("Not known"):
            self.prepare(self.wish(item))
        self.steps(transfer, LookedUp(now, "t-1", "settled"))
        with self.assert_told("Sent to the payee's bank"):
            self.prepare(self.wish(item))
        transfer._step(Matched())
        self.assertFalse(transfer.live)
        self.assertFalse(transfer.line_ids.live)

    def test_a_bill_that_is_paid_by_a_transfer_is_not_deleted(self):
        item = self.bill()
        self.transfer(item)
        with self.assertRaises(psycopg2.Error), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("DELETE FROM account_move_line WHERE id = %s", [item.id])

    def test_a_bill_stays_as_it_is_while_a_transfer_pays_it(self):
        item, free = self.bill(), self.bill()
        transfer = self.transfer(item)
        for method in ("button_draft", "button_cancel"):
            with self.subTest(method), self.assert_told("stays as it is: a transfer of .*100.00.* to Elbe"):
                getattr(free.move_id | item.move_id, method)()
        self.assertEqual((free.move_id.state, item.move_id.state), ("posted", "posted"))
        free.move_id.button_draft()
        self.steps(transfer, Canceled("by_person"))
        item.move_id.button_draft()
        self.assertEqual(item.move_id.state, "draft")

    # === THE LIFE === #

    def test_a_life_is_kept_part_by_part(self):
        now = payment_clock.now(self.env)
        transfer = self.transfer()
        self.steps(
            transfer, HandedOver(), Verified(), Claimed(now), Challenged(now), ScaSays("allow", now),
            Claimed(now + timedelta(minutes=1)), NoAnswer(alarm="other_answer"), LookedUp(now + timedelta(hours=2)),
            LookedUp(now + timedelta(hours=12)), LookedUp(now + timedelta(hours=27)),
        )
        self.env.flush_all()
        self.env.invalidate_all()
        life = transfer._life()
        self.assertEqual((life.state, life.doubt, life.alarm), (State.UNKNOWN, "proven", "other_answer"))
        self.assertEqual((life.first_sent_at, life.challenged_at), (now, now))
        self.assertEqual(len(life.not_found_at), 3)
        self.assertEqual(life.not_found_at[0], now + timedelta(hours=2))
        self.steps(transfer, GivenUp(now + timedelta(hours=28), "Not in the app either"))
        self.assertEqual((transfer.state, transfer.given_up, transfer.live), ("failed", True, False))

    def test_the_usual_way_leaves_a_trail(self):
        now = payment_clock.now(self.env)
        transfer = self.transfer()
        self.steps(
            transfer, HandedOver(), Verified(needs_sca=False), Claimed(now), Accepted("t-1"), BankSays("processing"),
            BankSays("processing"), BankSays("settled", transaction_id="row-1"),
        )
        self.assertEqual((transfer.state, transfer.bank_ref, transfer.transaction_ref), ("settled", "t-1", "row-1"))
        self.assertEqual(
            transfer.trail_ids.sorted("id").mapped("state_after"),
            ["draft", "to_approve", "verified", "sending", "submitted", "processing", "settled"],
        )

    def test_what_is_not_possible_is_told_and_changes_nothing(self):
        transfer = self.transfer()
        with self.assert_told("not possible for a transfer that is: Prepared"):
            transfer._step(Accepted("t-1"))
        self.assertEqual((transfer.state, len(transfer.trail_ids)), ("draft", 1))

    def test_the_bank_knows_each_transfer_once(self):
        now = payment_clock.now(self.env)
        for number in range(2):
            transfer = self.transfer()
            self.steps(transfer, HandedOver(), Verified(needs_sca=False), Claimed(now))
            if number == 0:
                self.steps(transfer, Accepted("t-1"))
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            transfer._step(Accepted("t-1"))
            self.env.flush_all()

    def test_time_can_be_moved_in_one_place(self):
        later = payment_clock.now(self.env) + timedelta(minutes=15)
        with patch.object(payment_clock, "now", lambda _env: later):
            transfer = self.transfer()
        self.assertEqual(transfer.trail_ids.at, payment_clock.stored(later))

    # === THE TRAIL === #

    def test_nothing_of_it_is_deleted_or_rewritten(self):
        transfer = self.transfer()
        for record in (transfer, transfer.order_id, transfer.trail_ids):
            with self.subTest(record._name), self.assertRaises(UserError):
                record.unlink()
        with self.assert_told("cannot be changed"):
            transfer.trail_ids.detail = "It was somebody else"

    # === R2: THE FROZEN REQUEST === #

    def frozen(self, transfer):
        payee = Payee(transfer.payee_name, transfer.iban)
        order = TransferOrder(
            Decimal(str(transfer.amount)), transfer.reference, payee=payee, note=transfer.marker
        )
        return freeze_transfer(
            order, bank_account_id=self.account.bank_ref, proof_token="proof", idempotency_key=str(uuid.uuid4())
        )

    def test_what_was_frozen_is_what_is_sent(self):
        transfer = self.transfer()
        frozen = self.frozen(transfer)
        transfer.order_id._freeze(frozen)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(transfer.order_id._frozen(), frozen)
        self.assertEqual(transfer.order_id.request_fingerprint, frozen.fingerprint)
        self.assertNotIn(IBAN, transfer.order_id.sudo().request_sealed)
        with self.assert_told("frozen already"):
            transfer.order_id._freeze(self.frozen(transfer))

    def test_another_request_under_the_same_order_is_noticed(self):
        first, second = self.transfer(), self.transfer()
        first.order_id._freeze(self.frozen(first))
        second.order_id._freeze(self.frozen(second))
        first.order_id.sudo().request_sealed = second.order_id.sudo().request_sealed
        with self.assertRaises(FrozenRequestChanged):
            first.order_id._frozen()

    def test_a_copied_database_cannot_read_the_request(self):
        transfer = self.transfer()
        transfer.order_id._freeze(self.frozen(transfer))
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", str(uuid.uuid4()))
        with self.assertRaises(SealBroken):
            transfer.order_id._frozen()
