# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .common import QontoCommon


@tagged("post_install", "-at_install")
class TestFeed(QontoCommon):
    def test_lines_are_what_the_bank_booked(self):
        account = self.connect(book_opening=True)
        self.sync(account)
        truth = self.bank.truth(account.bank_ref)
        booked = [row for row in truth["transactions"] if row["status"] == "completed"]
        lines = self.lines_of(account)
        self.assertEqual(
            sorted((line.qonto_bank_ref, str(line.date), round(line.amount * 100)) for line in lines),
            sorted((row["id"], row["local_date"], row["amount_cents"]) for row in booked),
        )
        self.assertEqual(round(account.ledger_balance * 100), truth["balance_cents"])
        self.assertEqual(account.status, "connected")
