# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The world of the tests of payments in the books: a connected account, a vendor, bills, and who may prepare."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command, fields

from ..models import payment_clock
from ..models.qonto_payment_order import Wish
from ..payments import Accepted, BankSays, Claimed, HandedOver, Verified
from .common import QontoCommon

IBAN, OTHER_IBAN = "DE02120300000000202051", "DE89370400440532013000"
PREPARE = "qonto_psd2_sync.group_payment_prepare"


class BooksCommon(QontoCommon):
    def setUp(self):
        super().setUp()
        self.account = self.connect()
        self.preparer = self.new_user("preparer", PREPARE)
        self.vendor = self.env["res.partner"].create({"name": "Elbe Kabel GmbH"})
        self.payee = self.env["res.partner.bank"].create({"partner_id": self.vendor.id, "acc_number": IBAN})

    # === DOCUMENTS === #

    def bill(self, amount: float = 100.0, **values):
        """Return the open instalment of a posted bill."""
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_date": fields.Date.today(),
                "currency_id": self.account.currency_id.id,
                "invoice_line_ids": [Command.create({"name": "Cable", "price_unit": amount, "tax_ids": []})],
                **values,
            }
        )
        bill.action_post()
        return bill.line_ids.filtered(
            lambda item: item.account_id.account_type in ("liability_payable", "asset_receivable")
        )

    # === ORDERS === #

    def wish(self, *items, **values):
        facts = {"partner_bank": self.payee, "reference": "RG 4711", "items": [(item, 100.0) for item in items]}
        return Wish(**{**facts, **values})

    def prepare(self, *wishes, user=None):
        orders = self.env["qonto.payment.order"].with_user(user or self.preparer)
        return orders._prepare(self.account.with_user(user or self.preparer), list(wishes))

    def transfer(self, item=None, **values):
        return self.prepare(self.wish(item or self.bill(), **values)).transfer_ids.sudo()

    # === THE LIFE === #

    def steps(self, transfer, *events):
        for event in events:
            transfer._step(event)
        return transfer.state

    def send(self, *transfers):
        """Let the bank have them, without an approval."""
        now = payment_clock.now(self.env)
        for transfer in transfers:
            ref = f"t-{transfer.id}"
            self.steps(transfer, HandedOver(), Verified(needs_sca=False), Claimed(now), Accepted(ref))
        self.follow(*transfers)

    def settle(self, transfer, transaction_ref: str):
        self.steps(transfer, BankSays("settled", transaction_id=transaction_ref))
        self.follow(transfer)

    def follow(self, *transfers):
        self.env["qonto.transfer"].union(*transfers)._follow_books()

    def debit(self, transfer, **values) -> str:
        """Let the bank book the transfer; return the transaction's id."""
        cents = round(transfer.amount * 100)
        return self.bank.add(self.main["id"], -cents, **{"label": "Somebody", "reference": "?", **values})["id"]

    def line(self, transaction_ref: str):
        """Sync, and return the bank line of a transaction."""
        self.sync(self.account)
        return self.env["account.bank.statement.line"].search([("qonto_bank_ref", "=", transaction_ref)])

    # === CONFIGURATION === #

    @contextmanager
    def without_entries(self):
        """Payments without a journal entry, as where an accounting app says that it looks after them."""
        moves = self.env.registry["account.move"]
        with patch.object(moves, "_get_invoice_in_payment_state", lambda self: "in_payment"):
            yield
