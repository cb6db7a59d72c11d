# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The payee check: asked once for a whole order, kept, sealed, for exactly its payees, decided by people (R7, R15)."""

import uuid
from decimal import Decimal

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.payment_words import told
from ..payments import Canceled
from ..qonto_api import ScaRequired
from ..qonto_api.payment_orders import Payee, TransferOrder, freeze_transfer
from .payment_common import GOOD, IBAN, OTHER_IBAN, SEND, PaymentCommon

SINGLE, BULK, LIST = "/v2/sepa/verify_payee", "/v2/sepa/bulk_verify_payee", "/v2/sepa/transfers"


@tagged("post_install", "-at_install")
class TestPayeeCheck(PaymentCommon):
    def send(self, order):
        """Send a single transfer, named as the check says."""
        transfer = order.sudo().transfer_ids
        whom = (
            {"payee": Payee(transfer.payee_name, transfer.iban)}
            if order._needs_sca() else {"beneficiary_id": transfer.known_ref}
        )
        frozen = freeze_transfer(
            TransferOrder(Decimal(str(transfer.amount)), transfer.reference, note=transfer.marker, **whom),
            bank_account_id=self.account.bank_ref, proof_token=order._proof_token(), idempotency_key=str(uuid.uuid4()),
        )
        with self.client() as client:
            return client.send(frozen)

    # === THE CHECK AND ITS PROOF === #

    def test_a_payee_that_fits_needs_no_decision_and_is_asked_about_once(self):
        order = self.order()
        self.assertEqual(self.codes(order), ["payee_unchecked"])
        self.assertEqual(self.check(order), [])
        transfer = order.transfer_ids
        self.assertEqual((transfer.payee_result, transfer.known_as), ("match", "new"))
        self.assertEqual(transfer.payee_checked_by_id, self.env.user)
        self.assertTrue(transfer.payee_checked_at)
        self.assertNotIn(order._proof_token(), order.sudo().proof_sealed)
        self.assertEqual(self.check(order), [])
        self.assertEqual((self.calls(SINGLE), self.calls(BULK), self.calls(LIST)), (1, 0, 2))
        with self.assertRaises(ScaRequired):
            self.send(order)

    def test_a_proof_is_for_these_payees_for_a_time_and_in_this_database_only(self):
        _vendor, other = self.new_vendor("Weser Rohr AG", OTHER_IBAN)
        order = self.order(self.wish(self.bill()), self.wish(self.bill(vendor=_vendor), partner_bank=other))
        self.check(order)
        token = order._proof_token()
        self.assertTrue(token)
        with self.later(hours=21, minutes=59):
            self.assertEqual(order._proof_token(), token)
            self.assertEqual(self.codes(order), ["payee_unchecked"])  # what the bank sent since was not looked at
        with self.later(hours=22):
            self.assertIsNone(order._proof_token())
        for change in ({"payee_name": "Elbe Rohr GmbH"}, {"iban": "DE75512108001245126199"}):
            with self.subTest(change), self.undone():
                order.sudo().transfer_ids[0].write(change)
                self.assertIsNone(order._proof_token())
        with self.undone():
            order.sudo().transfer_ids[0]._step(Canceled("by_person"))
            self.assertIsNone(order._proof_token())
        with self.undone():
            self.env["ir.config_parameter"].sudo().set_param("database.uuid", str(uuid.uuid4()))
            self.assertIsNone(order._proof_token())
        self.assertEqual(order._proof_token(), token)
        self.assertEqual((self.calls(SINGLE), self.calls(BULK)), (0, 1))

    # === RESULTS === #

    def test_each_result_but_a_match_is_told_and_needs_a_reason(self):
        ibans = {
            "payee_close_match": ("DE75512108001245126199", {"vop_result": "MATCH_RESULT_CLOSE_MATCH",
                                                              "matched_name": "Oder Holz KG"}),
            "payee_no_match": ("DE12500105170648489890", {"vop_result": "MATCH_RESULT_NO_MATCH"}),
            "payee_not_possible": ("DE27100777770209299700", {"vop_result": "MATCH_RESULT_NOT_POSSIBLE"}),
            "payee_unspecified": ("FR1420041010050500013M02606", {"vop_result": "MATCH_RESULT_UNSPECIFIED"}),
            "payee_failed": (OTHER_IBAN, {"vop_error": "GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK"}),
        }
        wishes = [self.wish(self.bill())]
        for code, (iban, facts) in ibans.items():
            vendor, account = self.new_vendor(code, iban, **facts)
            wishes.append(self.wish(self.bill(vendor=vendor), partner_bank=account))
        order = self.order(*wishes)
        self.assertEqual(self.check(order), sorted(ibans))
        self.assertEqual((self.calls(SINGLE), self.calls(BULK)), (0, 1))
        close = self.problem(order, "payee_close_match")
        self.assertIn("Oder Holz KG", told(self.env, close)["what"])
        facts = {fact["payee"]: fact for fact in order.transfer_ids.payee_facts()}
        self.assertEqual(
            {name: fact["result"] for name, fact in facts.items() if name in ibans},
            {code: code.removeprefix("payee_") for code in ibans},
        )
        self.assertTrue(facts["payee_close_match"]["may_use_bank_name"])
        self.assertIn("fraud", facts["payee_no_match"]["words"]["what"])
        with self.assertRaises(AccessError):
            order.with_user(self.preparer).transfer_ids.filtered("payee_error_code").action_accept_payee(GOOD)
        with self.assert_told("give a reason"):
            close.transfer.action_accept_payee(" ")
        with self.assert_told("nothing to decide"):
            order.transfer_ids.filtered(lambda row: row.iban == IBAN).action_accept_payee(GOOD)
        for problem in order._problems("ask"):
            problem.transfer.with_env(self.env).action_accept_payee(f"They told {problem.code}")
        self.assertEqual(self.codes(order), [])
        trail = close.transfer.trail_ids.sorted("id")[-1]
        self.assertEqual((trail.event, trail.user_id), ("Decided", self.env.user))
        self.assertIn("They told payee_close_match", trail.detail)
        # Another result is another question.
        close.transfer.payee_matched_name = "Oder Holzbau KG"
        self.assertEqual(self.codes(order), ["payee_close_match"])

    def test_the_banks_name_can_be_taken_and_is_checked_again(self):
        vendor, account = self.new_vendor("Oder Holz GmbH", OTHER_IBAN, holder="Oder Holz KG")
        order = self.order(self.wish(self.bill(vendor=vendor), partner_bank=account))
        self.assertEqual(self.check(order), ["payee_close_match"])
        transfer = order.transfer_ids
        with self.assertRaises(AccessError):
            transfer.with_user(self.preparer).action_use_bank_name()
        transfer.action_use_bank_name()
        self.assertEqual(transfer.payee_name, "Oder Holz KG")
        self.assertEqual(self.codes(order), ["payee_unchecked"])
        self.assertEqual(self.check(order), [])
        self.assertEqual(transfer.payee_result, "match")
        with self.assert_told("gave no name"):
            transfer.action_use_bank_name()

    def test_a_check_that_fails_with_a_proof_can_be_decided_and_one_without_cannot(self):
        self.bank.ask("/payees", {"iban": IBAN, "vop_error": "BAD_GATEWAY_ERROR_RESPONDING_BANK"})
        order = self.order()
        self.assertEqual(self.check(order), ["payee_failed"])
        self.assertEqual(order.transfer_ids.payee_error_code, "BAD_GATEWAY_ERROR_RESPONDING_BANK")
        order.transfer_ids.action_accept_payee(GOOD)
        with self.assertRaises(ScaRequired):
            self.send(order)
        self.bank.ask("/payees", {"iban": IBAN, "vop_error": "ERROR_UNSPECIFIED", "vop_token": False})
        order = self.order()
        self.assertIn("check_failed", self.check(order))
        self.assertFalse(self.problem(order, "check_failed").decidable)
        self.assertIsNone(order._proof_token())

    def test_the_banks_limit_of_unused_checks_is_told(self):
        self.bank.policy(unused_vop_per_hour=0)
        order = self.order()
        self.assertEqual(self.check(order), ["check_limited"])
        said = told(self.env, self.problem(order, "check_limited"))
        self.assertIn("limit is reached", said["what"])
        self.bank.policy(unused_vop_per_hour=100)
        self.assertEqual(self.check(order), [])

    # === R15: PAYEES KNOWN AT THE BANK === #

    def test_a_trusted_payee_is_sent_inline_under_the_banks_name_and_the_phone_rings(self):
        self.bank.ask("/payees", {"iban": IBAN, "holder": "Elbe Kabel Hamburg"})
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel Hamburg", "trusted": True})
        order = self.order()
        self.assertEqual(self.check(order), [])
        transfer = order.transfer_ids
        self.assertEqual((transfer.known_as, transfer.payee_name), ("trusted", "Elbe Kabel Hamburg"))
        self.assertTrue(order._needs_sca())
        with self.assertRaises(ScaRequired):
            self.send(order)

    def test_a_known_payee_is_shown_and_one_that_qonto_rejected_is_not(self):
        for status, known_as in (("validated", "known"), ("declined", "new")):
            with self.subTest(status):
                self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe", "status": status})
                order = self.order()
                self.check(order)
                self.assertEqual((order.transfer_ids.known_as, order.transfer_ids.payee_name),
                                 (known_as, "Elbe Kabel GmbH"))

    def test_without_approval_money_leaves_only_after_it_was_said_and_by_a_second_person(self):
        self.company.qonto_without_approval = True
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel GmbH", "trusted": True})
        order = self.order()
        self.assertFalse(order.leaves_at_once)
        self.assertEqual(self.check(order), ["at_once_unsaid"])
        self.assertTrue(order.leaves_at_once)
        self.press_send(order)
        self.assertEqual(self.check(order), [])
        with self.undone():
            order.sudo().prepared_by_id = self.env.user
            self.assertEqual(self.codes(order), ["second_person"])
        accepted = self.send(order)
        self.assertEqual(accepted.answer.reference, order.transfer_ids.reference)
        # One payee that is not trusted, and the phone rings for all.
        vendor, account = self.new_vendor("Weser Rohr AG", OTHER_IBAN)
        order = self.order(self.wish(self.bill(55.0)), self.wish(self.bill(vendor=vendor), partner_bank=account))
        self.check(order)
        self.assertFalse(order.leaves_at_once)

    def test_who_checks_needs_no_right_to_send(self):
        order = self.order()
        with self.client() as client:
            order.with_user(self.preparer)._check_payees(client)
        self.assertEqual(order.transfer_ids.payee_checked_by_id, self.preparer)
        self.assertFalse(self.preparer.has_group(SEND))

    def test_a_payee_that_is_trusted_no_more_has_its_own_name_again(self):
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel Hamburg", "trusted": True})
        order = self.order()
        self.check(order)
        self.assertEqual(order.transfer_ids.payee_name, "Elbe Kabel Hamburg")
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel Hamburg", "trusted": False})
        self.check(order)
        self.assertEqual(
            (order.transfer_ids.payee_name, order.transfer_ids.known_as, order.transfer_ids.payee_result),
            ("Elbe Kabel GmbH", "known", "match"),
        )
