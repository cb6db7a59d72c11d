# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Already moved between own accounts? The bank lists no such transfer and it carries no mark of ours: there is no field
for one. So both accounts' transactions are looked at, and a person decides (design R12, R3)."""

from datetime import datetime, timedelta

from odoo import models

from ..payments.life import OVER
from ..payments.references import any_same
from ..qonto_api.frozen import INTERNAL_TRANSFER
from . import payment_clock
from .payment_problem import Problem
from .qonto_payment_order_check import LOOK_BACK
from .qonto_transfer_paid import FOUND_AT_MOST, Hit

# Both sides are booked in the same moment; a page of the bank may be older than the other.
TOGETHER = timedelta(hours=1)
# One that was sent from here is matched with its bank lines by then.
JUST_NOW = timedelta(days=1)


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    def _moved(self, client, account, side: str, since: datetime) -> list:
        """Return the transactions of one side with the amount of this order, oldest first."""
        amount = self.transfer_ids.amount
        return sorted(
            (
                row
                for page in client.iter_transaction_pages(bank_account_id=account.bank_ref, updated_at_from=since)
                for row in page.transactions
                if row.side == side and row.status != "declined" and row.emitted_at >= since
                and not self.currency_id.compare_amounts(float(row.amount), amount)
            ),
            key=lambda row: row.emitted_at,
        )

    def _look_at_own_accounts(self, client):
        """Keep what went out of this account and into the other in the last 30 days, whoever moved it."""
        transfer = self._unsent()
        went = self._moved(client, self.account_id, "debit", payment_clock.now(self.env) - LOOK_BACK)
        came = self._moved(client, transfer.to_account_id, "credit", went[0].emitted_at - TOGETHER) if went else []
        found = []
        for debit in went:
            credit = next((row for row in came if abs(row.emitted_at - debit.emitted_at) <= TOGETHER), None)
            if not credit:
                continue
            came.remove(credit)
            found.append(
                {
                    "id": debit.id, "slug": debit.transaction_id, "amount": float(debit.amount),
                    "reference": debit.reference or "", "day": debit.emitted_at.date().isoformat(),
                    "status": debit.status,
                }
            )
        self.bank_transfers = found

    def _paid_problems(self, transfers) -> list[Problem]:
        """Override: between own accounts there is no vendor, and one amount may well move every week."""
        if self.kind != INTERNAL_TRANSFER:
            return super()._paid_problems(transfers)
        found = []
        for transfer in transfers:
            rows = [hit.row(why) for hit, why in (*self._own_transfer_hits(transfer), *self._own_bank_hits(transfer))]
            if rows:
                rows = rows[:FOUND_AT_MOST]
                about = sorted([row["what"], row["ref"]] for row in rows)
                facts = {"payee": transfer.payee_name, "count": len(rows), "hits": rows, "own": True}
                found.append(Problem("already_paid", transfer, facts, decidable=True, about=about))
        return found

    def _own_transfer_hits(self, transfer):
        """Transfers of this database that do the same, and are under way or were sent just now."""
        just_now = payment_clock.stored(payment_clock.now(self.env) - JUST_NOW)
        found = self.env["qonto.transfer"].search(
            [
                ("id", "!=", transfer.id), ("order_id.account_id", "=", self.account_id.id),
                ("to_account_id", "=", transfer.to_account_id.id), ("state", "not in", [str(state) for state in OVER]),
                "|", ("live", "=", True), ("first_sent_at", ">=", just_now),
            ]
        )
        for row in found:
            if not self.currency_id.compare_amounts(row.amount, transfer.amount):
                yield Hit(
                    "transfer", str(row.id), row.create_date.date(), row.amount, row.reference, row.state
                ), "accounts"

    def _own_bank_hits(self, transfer):
        """Movements at the bank that this database did not make: made in the app, or before it was restored."""
        listed = self.bank_transfers or []
        ids = [*(row["id"] for row in listed), *(row["slug"] for row in listed)]
        known = set(self.env["qonto.transfer"].search([("transaction_ref", "in", ids)]).mapped("transaction_ref"))
        for row in listed:
            if known & {row["id"], row["slug"]}:
                continue
            same = any_same([transfer.reference], [row["reference"]])
            yield Hit(
                "own_accounts", row["id"], datetime.fromisoformat(row["day"]).date(), row["amount"], row["reference"],
                row["status"],
            ), "accounts_reference" if same else "accounts"
