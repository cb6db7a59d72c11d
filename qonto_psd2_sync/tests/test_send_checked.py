# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the checks find keeps the money here until a person has decided: up to the bank's ledger (R7, R12, R15)."""

from odoo.tests import tagged

from .payment_common import GOOD, IBAN, OTHER_IBAN, SEND
from .sending_common import SendingCommon


@tagged("post_install", "-at_install")
class TestSendChecked(SendingCommon):
    def stopped(self, order, code: str) -> dict:
        """Press *Send* and expect that this one problem keeps everything here."""
        told = self.send(order)
        self.assertEqual((told["stage"], [problem["code"] for problem in told["problems"]]), ("attention", [code]))
        self.assertEqual((self.posts(), self.pushes()), (0, 0))
        return told["problems"][0]

    def goes_out(self, order):
        """Press *Send* and approve; the bank debits it once."""
        before = len(self.debits())
        told = self.pay(order)
        self.assertEqual(told["stage"], "at_bank", told)
        self.assertEqual(len(self.debits()), before + 1)

    def test_before_a_byte_has_left_an_unreachable_bank_says_nothing_about_money(self):
        self.bank.fault("/v2/sepa/transfers", "drop", method="GET", times=None)
        problem = self.stopped(self.order(), "not_reached")
        self.assertEqual(problem["who"], "You")
        self.assertRegex(problem["what"], "Nothing was sent")
        self.assertRegex(problem["then"], r"^Send it again in a few minutes\..* \(.+\)$")

    def test_a_name_that_does_not_fit_waits_for_a_reason(self):
        self.bank.ask("/payees", {"iban": IBAN, "vop_result": "MATCH_RESULT_NO_MATCH"})
        order = self.order()
        problem = self.stopped(order, "payee_no_match")
        self.assertTrue(problem["decidable"])
        self.assertIn("fraud", problem["what"])
        order.action_decide("payee_no_match", "Called them")
        self.goes_out(order)

    def test_what_was_paid_in_the_app_waits_for_a_reason(self):
        self.bank.ask("/transfers", {"account_id": self.main["id"], "amount": "100.00", "reference": "Cable",
                                     "beneficiary": {"name": "Elbe Kabel GmbH", "iban": IBAN}})
        order = self.order()
        problem = self.stopped(order, "already_paid")
        self.assertEqual([hit["what"] for hit in problem["hits"]], ["Transfer at Qonto, made elsewhere"])
        order.action_decide("already_paid", GOOD)
        self.goes_out(order)

    def test_a_large_amount_goes_with_its_bill(self):
        self.bank.add(self.main["id"], 90_000_00)
        item = self.bill(30_000.01)
        order = self.order(self.wish(item))
        self.stopped(order, "attachment_missing")
        self.env["ir.attachment"].create(
            {"name": "Bill.pdf", "raw": b"%PDF-1.4", "mimetype": "application/pdf",
             "res_model": "account.move", "res_id": item.move_id.id}
        )
        self.goes_out(order)

    def test_trusted_payees_leave_without_a_phone_when_that_was_said_and_allowed(self):
        self.company.qonto_without_approval = True
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel GmbH", "trusted": True})
        order = self.order()
        self.stopped(order, "at_once_unsaid")
        told = self.send(order)
        self.assertEqual(told["stage"], "at_bank", told)
        self.assertEqual((len(self.debits()), self.pushes()), (1, 0))

    def test_what_was_frozen_to_leave_without_a_phone_stays_once_that_is_forbidden_and_rings_anew(self):
        self.company.qonto_without_approval = True
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel GmbH", "trusted": True})
        order = self.order()
        self.stopped(order, "at_once_unsaid")
        self.press_send(order)
        # The request is frozen, and its worker is gone before the first byte.
        with self.enter_registry_test_mode(), order.sudo()._apart() as frozen:
            self.assertTrue(frozen._is_ready())
        self.company.qonto_without_approval = False
        told = self.drive(order)
        self.assertEqual((self.posts(), self.debits()), (0, []))
        self.assertEqual((told["stage"], self.state(order)), ("over", "canceled"))
        self.assertIn("no longer allowed", told["transfers"][0]["words"]["what"])
        self.assertEqual(order.transfer_ids.payment_id.state, "canceled", "its bill is free")
        self.assertFalse(order.send_asked_at)
        # What it says to do next: sent again, it is approved on the phone.
        self.assertTrue(order.screen()["may_resend"])
        self.goes_out(order.browse(order.action_resend()))
        self.assertEqual(self.pushes(), 1)

    def test_what_left_without_a_phone_is_not_repeated_once_that_is_forbidden(self):
        self.company.qonto_without_approval = True
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel GmbH", "trusted": True})
        order = self.order()
        self.stopped(order, "at_once_unsaid")
        self.bank.fault("/v2/sepa/transfers", "drop", method="POST", times=None)
        self.send(order)
        self.bank.ask("/faults", method="DELETE")
        self.company.qonto_without_approval = False
        self.look_after(order, seconds=40)
        self.assertEqual((self.state(order), self.debits()), ("unknown", []))
        self.assertTrue(order.transfer_ids.not_found_at, "it is looked up instead")
        told = self.send(order)
        self.assertEqual((self.debits(), [row["code"] for row in told["problems"]]), ([], ["repeat_not_allowed"]))

    def test_a_trusted_payee_rings_and_keeps_its_name_at_the_bank(self):
        self.bank.ask("/payees", {"iban": IBAN, "holder": "Elbe Kabel Hamburg"})
        self.bank.ask("/beneficiaries", {"iban": IBAN, "name": "Elbe Kabel Hamburg", "trusted": True})
        self.goes_out(self.order())
        self.assertEqual((self.pushes(), self.debits()[0]["name"]), (1, "Elbe Kabel Hamburg"))

    def test_payees_are_checked_by_hand_and_not_again_on_sending(self):
        vendor, account = self.new_vendor("Weser Rohr AG", OTHER_IBAN)
        order = self.order(self.wish(self.bill()), self.wish(self.bill(vendor=vendor), partner_bank=account))
        self.env.flush_all()
        with self.enter_registry_test_mode():
            facts = order.action_check_payees()
        self.env.invalidate_all()
        self.assertEqual([fact["result"] for fact in facts], ["match", "match"])
        self.assertTrue(self.env.user.has_group(SEND))
        self.send(order)
        self.assertEqual((self.calls("/v2/sepa/bulk_verify_payee"), self.pushes()), (1, 1))
