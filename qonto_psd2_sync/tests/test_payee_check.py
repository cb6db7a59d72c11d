# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The payee check: asked once for a whole order, kept, sealed, for exactly its payees, decided by people (R7)."""

from odoo.tests import tagged

from .payment_common import PaymentCommon

SINGLE, BULK = "/v2/sepa/verify_payee", "/v2/sepa/bulk_verify_payee"


@tagged("post_install", "-at_install")
class TestPayeeCheck(PaymentCommon):
    def test_a_payee_that_fits_needs_no_decision(self):
        order = self.order()
        self.assertEqual(self.codes(order), ["payee_unchecked"])
        self.assertEqual(self.check(order), [])
