# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Trusting a payee's account: who may, whom to ask, and what the number was before."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .payment_common import IBAN, OTHER_IBAN, PREPARE, PaymentCommon

VALIDATE = "account.group_validate_bank_account"


@tagged("post_install", "-at_install")
class TestPayeeTrust(PaymentCommon):
    def setUp(self):
        super().setUp()
        self.chief = self.new_user("chief", PREPARE, VALIDATE)
        self.preparer.sudo().group_ids += self.env.ref("base.group_partner_manager")
        self.payee.sudo().allow_out_payment = False

    def facts(self, user, bank=None):
        bank = (bank or self.payee).with_user(user)
        return bank._qonto_trust_facts()[bank.id]

    def test_who_may_trusts_the_number_that_was_shown(self):
        order = self.order()
        self.check(order)
        self.assertEqual(self.codes(order), ["payee_untrusted"])
        self.assertFalse(self.problem(order, "payee_untrusted").decidable)
        self.assertFalse(self.facts(self.preparer)["may_trust"])
        self.assertTrue(self.facts(self.chief)["may_trust"])
        with self.assertRaises(AccessError):
            self.payee.with_user(self.preparer).action_qonto_trust(self.payee.acc_number)
        with self.assert_told("changed meanwhile"):
            self.payee.with_user(self.chief).action_qonto_trust(OTHER_IBAN)
        self.payee.with_user(self.chief).action_qonto_trust(self.payee.acc_number)
        self.assertTrue(self.payee.allow_out_payment)
        self.assertEqual(self.codes(order), [])
        self.assertTrue(order.transfer_ids.payee_facts()[0]["trusted"])

    def test_others_ask_somebody_who_may_once_with_old_and_new_number(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        # Odoo's tests switch tracking off.
        tracked = self.payee.with_user(self.preparer).with_context(tracking_disable=False, mail_notrack=False)
        tracked.acc_number = OTHER_IBAN
        self.env.flush_all()
        self.env.cr.precommit.run()
        facts = self.facts(self.preparer)
        self.assertEqual(
            (facts["old_number"].replace(" ", ""), facts["changed_by"], facts["changed_how"]),
            (IBAN, self.preparer.name, "changed"),
        )
        self.assertTrue(facts["changed_at"])
        self.assertIn({"id": self.chief.id, "name": self.chief.name}, facts["ask"])
        asking = self.payee.with_user(self.preparer)
        with self.assert_told("may not trust"):
            asking.action_qonto_ask_to_trust(self.preparer.id)
        for _twice in range(2):
            asking.action_qonto_ask_to_trust(self.chief.id)
        activity = self.payee.activity_ids
        self.assertEqual((len(activity), activity.user_id), (1, self.chief))
        note = activity.note.replace(" ", "")
        for number in (IBAN, OTHER_IBAN):
            self.assertIn(number, note)
        self.assertEqual(self.facts(self.preparer)["asked"], self.chief.name)
        # On Odoo's own form, to which the activity leads.
        self.payee.with_user(self.chief).sudo().write({"allow_out_payment": True})
        self.assertFalse(self.payee.activity_ids)

    def test_a_second_account_is_shown_beside_the_one_paid_before(self):
        self.payee.sudo().allow_out_payment = True
        self.env["account.payment"].create(
            {
                "payment_type": "outbound", "partner_type": "supplier", "partner_id": self.vendor.id, "amount": 5.0,
                "partner_bank_id": self.payee.id, "journal_id": self.account.journal_id.id,
            }
        ).action_post()
        second = self.env["res.partner.bank"].with_user(self.preparer).create(
            {"partner_id": self.vendor.id, "acc_number": OTHER_IBAN}
        )
        facts = self.facts(self.preparer, second)
        self.assertEqual((facts["old_number"].replace(" ", ""), facts["changed_how"]), (IBAN, "new"))
        self.assertEqual(facts["changed_by"], self.preparer.name)
        self.assertEqual(self.facts(self.preparer)["old_number"], "")
