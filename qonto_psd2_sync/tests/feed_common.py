# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests of the feed share: a connected account with an opening entry, and the comparison with the bank."""

from datetime import datetime

from odoo import fields

from .common import QontoCommon

TRANSACTIONS = "/v2/transactions"


class FeedCommon(QontoCommon):
    """The main account is connected, with an opening entry; nothing is synced yet."""

    def setUp(self):
        super().setUp()
        self.account = self.connect(book_opening=True)
        self.ref = self.account.bank_ref
        self.now = datetime.fromisoformat(self.bank.ask("/state")["now"])

    def transaction(self, bank_ref: str):
        return self.env["qonto.transaction"].search([("bank_ref", "=", bank_ref)])

    def arrived(self, cents: int, **values):
        """Let the bank book a transaction, sync, and return what is known of it."""
        row = self.bank.add(self.ref, cents, **values)
        self.sync(self.account)
        return self.transaction(row["id"])

    def remove_at_bank(self, transaction):
        self.bank.ask(f"/transactions/{transaction.bank_ref}", method="DELETE")

    def reissue(self, transaction, **values):
        """The bank shows a transaction under another id."""
        old = next(row for row in self.bank.truth(self.ref)["transactions"] if row["id"] == transaction.bank_ref)
        self.remove_at_bank(transaction)
        return self.bank.add(
            self.ref, old["amount_cents"],
            **{"label": old["label"], "settled_at": old["settled_at"], "emitted_at": old["emitted_at"], **values},
        )

    def assert_books_equal_bank(self):
        """Every booked transaction once, on the bank's day, to the cent; and the ledger is the bank's balance."""
        truth = self.bank.truth(self.ref)
        start = fields.Date.to_string(self.account.start_date)
        booked = [
            row
            for row in truth["transactions"]
            if row["status"] == "completed" and row["local_date"] >= start
        ]
        self.assertEqual(
            sorted(
                (line.qonto_bank_ref, str(line.date), round(line.amount * 100))
                for line in self.lines_of(self.account)
            ),
            sorted((row["id"], row["local_date"], row["amount_cents"]) for row in booked),
        )
        self.account.invalidate_recordset()
        self.assertEqual(round(self.account.ledger_balance * 100), truth["balance_cents"])
        self.assertEqual(round(self.account.bank_balance * 100), truth["balance_cents"])

    def balance(self, day=None):
        """Work out *Balance on a day*."""
        return self.env["qonto.balance.day"].create({"account_id": self.account.id, **({"day": day} if day else {})})

    def assert_explained(self, **parts: int):
        """The difference between bank and ledger consists of these parts (in cents) and of nothing else."""
        balance = self.balance()
        self.assertEqual({part.kind: round(part.amount * 100) for part in balance.part_ids}, parts)
        self.assertEqual(round(balance.difference * 100), sum(parts.values()))
        return balance
