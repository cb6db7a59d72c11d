# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Already paid? What looks like the same payment, here and at the bank, before anything is sent (design R12)."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from odoo import fields, models

from ..payments.life import OVER
from ..payments.references import any_same
from ..qonto_api import payment_schemas, sepa
from . import payment_clock
from .payment_problem import Problem
from .qonto_payment_order_check import LOOK_BACK

# How long a reference is remembered. IBAN and amount alone count within `LOOK_BACK` only: rents come each month.
REFERENCES_FOR = timedelta(days=400)
NOT_BOOKED = ("pending", "to_book", "held", "doubtful")
NO_MONEY = (payment_schemas.DECLINED, payment_schemas.CANCELED)
MARKER = re.compile(r"\bodoo-[0-9a-f]{32}\b")
FOUND_AT_MOST = 20


@dataclass(frozen=True)
class Hit:
    """Something that may be the same payment.

    :ivar what: ``transfer``, ``payment``: here; ``bank_transfer``: at the bank, made elsewhere; ``lost_transfer``: at
        the bank, made by this Odoo, which does not know it; ``pending``, ``bank_line``: a debit
    :ivar ref: which one, unique with ``what``
    """

    what: str
    ref: str
    day: date | None
    amount: float
    reference: str
    state: str = ""
    iban: str = ""
    partner_id: int = 0
    references: tuple = ()

    def row(self, why: str) -> dict:
        """Return it as plain values."""
        return {
            "what": self.what, "ref": self.ref, "why": why, "day": self.day.isoformat() if self.day else "",
            "amount": self.amount, "reference": self.reference, "state": self.state,
        }


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    # What the bank has sent to these payees lately, as it said when it was last looked at.
    bank_transfers = fields.Json(readonly=True, copy=False)

    def _look_at_transfers(self, client, transfers):
        """List the bank's transfers of the last 30 days once, whoever made them, and keep those to these vendors."""
        ibans = self._ibans_of_payees(transfers)
        payees = {payee.id: payee for payee in client.find_beneficiaries(sorted(ibans))}
        since = payment_clock.now(self.env) - LOOK_BACK
        found = []
        for transfer in client.iter_transfers(updated_at_from=since):
            payee = payees.get(transfer.beneficiary_id)
            if payee is None or transfer.status in NO_MONEY or transfer.created_at < since:
                continue
            marker = MARKER.search(transfer.note or "")
            found.append(
                {
                    "id": transfer.id, "iban": payee.iban, "amount": float(transfer.amount),
                    "reference": transfer.reference or "", "day": transfer.created_at.date().isoformat(),
                    "status": transfer.status, "transaction": transfer.transaction_id or "",
                    "marker": marker.group() if marker else "",
                }
            )
        self.bank_transfers = found

    def _ibans_of_payees(self, transfers) -> dict[str, int]:
        """Return all accounts of these vendors, old ones too, with the vendor's id."""
        vendors = transfers.partner_id.commercial_partner_id
        banks = self.env["res.partner.bank"].with_context(active_test=False).search_fetch(
            [("partner_id", "child_of", vendors.ids)], ["sanitized_acc_number", "partner_id"]
        )
        found = {sepa.compact_iban(bank.acc_number): bank.partner_id.commercial_partner_id.id for bank in banks}
        found.update({row.iban: row.partner_id.commercial_partner_id.id for row in transfers})
        return {iban: vendor for iban, vendor in found.items() if not sepa.iban_problem(iban)}

    # === R12 === #

    def _paid_problems(self, transfers) -> list[Problem]:
        """Return for each transfer what looks like the same payment. A few queries, however many transfers."""
        if not transfers:
            return []
        ibans = self._ibans_of_payees(transfers)
        hits = [
            *self._transfer_hits(transfers, ibans), *self._payment_hits(transfers), *self._bank_hits(ibans),
            *self._feed_hits(ibans),
        ]
        by_vendor = defaultdict(list)
        for hit in hits:
            by_vendor[hit.partner_id].append(hit)
        counted = transfers._counted_in_residual()
        recent, own = self._today() - LOOK_BACK, {("transfer", str(row_id)) for row_id in self.transfer_ids.ids}
        found = []
        for transfer in transfers:
            rows = []
            references = transfer._references()
            for hit in by_vendor[transfer.partner_id.commercial_partner_id.id]:
                if (hit.what, hit.ref) in counted[transfer.id] or (hit.what, hit.ref) == ("transfer", str(transfer.id)):
                    continue
                # Two equal bills in one order, each with its number, were chosen in plain sight.
                if (why := transfer._why_same(references, hit, recent)) and (
                    why == "reference" or (hit.what, hit.ref) not in own
                ):
                    rows.append(hit.row(why))
            if rows:
                rows = rows[:FOUND_AT_MOST]
                about = sorted([row["what"], row["ref"]] for row in rows)
                facts = {"payee": transfer.payee_name, "count": len(rows), "hits": rows}
                found.append(Problem("already_paid", transfer, facts, decidable=True, about=about))
        return found

    def _transfer_hits(self, transfers, ibans):
        """Transfers of this database, prepared or sent, save those that ended without money."""
        ended = [str(state) for state in OVER]
        since = fields.Datetime.now() - REFERENCES_FOR
        found = self.env["qonto.transfer"].search(
            [
                ("company_id", "=", self.company_id.id), ("state", "not in", ended), ("create_date", ">=", since),
                "|", ("iban", "in", list(ibans)),
                ("partner_id", "child_of", transfers.partner_id.commercial_partner_id.ids),
            ]
        )
        for row in found:
            yield Hit(
                "transfer", str(row.id), row.create_date.date(), row.amount, row.reference, row.state, row.iban,
                ibans.get(row.iban, row.partner_id.commercial_partner_id.id), tuple(row._references()),
            )

    def _payment_hits(self, transfers):
        """Payments that are no transfer of ours: by another method, file or hand."""
        own = self.env["qonto.transfer"]._search(
            [("payment_id", "!=", False), ("company_id", "=", self.company_id.id)]
        ).subselect("payment_id")
        found = self.env["account.payment"].search(
            [
                ("company_id", "=", self.company_id.id), ("payment_type", "=", "outbound"),
                ("state", "in", ("in_process", "paid")), ("id", "not in", own),
                ("date", ">=", self._today() - REFERENCES_FOR),
                ("partner_id", "child_of", transfers.partner_id.commercial_partner_id.ids),
            ]
        )
        for row in found:
            iban = sepa.compact_iban(row.partner_bank_id.acc_number or "")
            yield Hit(
                "payment", str(row.id), row.date, row.amount, row.memo or row.name or "", row.state, iban,
                row.partner_id.commercial_partner_id.id, tuple(row.reconciled_bill_ids.mapped("ref")),
            )

    def _bank_hits(self, ibans):
        """Transfers at the bank that this database does not know: made elsewhere, or before it was restored."""
        listed = self.bank_transfers or []
        transfers = self.env["qonto.transfer"]
        known = set(transfers.search([("bank_ref", "in", [row["id"] for row in listed])]).mapped("bank_ref"))
        marks = set(transfers.search([("marker", "in", [row["marker"] for row in listed])]).mapped("marker"))
        for row in listed:
            if row["id"] in known or row["marker"] in marks or row["iban"] not in ibans:
                continue
            yield Hit(
                "lost_transfer" if row["marker"] else "bank_transfer", row["id"], date.fromisoformat(row["day"]),
                row["amount"], row["reference"], row["status"], row["iban"], ibans[row["iban"]],
            )

    def _feed_hits(self, ibans):
        """Debits that nobody has matched, or that are not booked yet."""
        found = self.env["qonto.transaction"].search(
            [
                ("company_id", "=", self.company_id.id), ("amount", "<", 0),
                ("counterparty_iban", "in", list(ibans)),
                ("sort_at", ">=", fields.Datetime.now() - REFERENCES_FOR),
                "|", ("feed_state", "in", NOT_BOOKED),
                "&", ("feed_state", "=", "booked"), ("statement_line_ids.is_reconciled", "=", False),
            ]
        )
        refs = {*found.mapped("bank_ref"), *found.mapped("bank_slug")} - {False}
        shown_already = {
            *self.env["qonto.transfer"].search([("transaction_ref", "in", list(refs))]).mapped("transaction_ref"),
            *(row["transaction"] for row in self.bank_transfers or [] if row["transaction"]),
        }
        for row in found:
            if row.bank_ref in shown_already or row.bank_slug in shown_already:
                continue
            yield Hit(
                "pending" if row.feed_state == "pending" else "bank_line", str(row.id),
                row.booking_date or row.emitted_date, -row.amount, row.reference or row.label or "", row.status,
                row.counterparty_iban, ibans[row.counterparty_iban],
            )


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _why_same(self, references, hit: Hit, recent) -> str | None:
        """Return why a hit may be this very payment: ``reference``, ``amount`` (and IBAN), or None."""
        if any_same(references, (hit.reference, *hit.references)):
            return "reference"
        same = hit.iban == self.iban and not self.currency_id.compare_amounts(hit.amount, self.amount)
        return "amount" if same and (hit.day is None or hit.day >= recent) else None

    def _references(self) -> list[str]:
        """Return what this payment may be called: its reference, and the numbers of its bills."""
        bills = self.line_ids.move_id
        return [self.reference, *filter(None, (*bills.mapped("ref"), *bills.mapped("payment_reference")))]

    def _counted_in_residual(self) -> dict[int, set]:
        """Return per transfer what its bills' residuals already count: it is no second payment."""
        payable = self.line_ids.move_id.line_ids.filtered(
            lambda item: item.account_id.account_type in ("liability_payable", "asset_receivable")
        )
        by_bill = defaultdict(set)
        for item in payable:
            others = item.matched_debit_ids.debit_move_id | item.matched_credit_ids.credit_move_id
            by_bill[item.move_id.id] |= set(others.move_id.ids)
        moves = self.env["account.move"].browse({move for moves in by_bill.values() for move in moves})
        payments = {move.id: move.origin_payment_id for move in moves}
        transfers = self.env["qonto.transfer"].search([("payment_id", "in", moves.origin_payment_id.ids)])
        of_payment = defaultdict(set)
        for transfer in transfers:
            of_payment[transfer.payment_id.id].add(transfer.id)
        of_line = {move.id: move.statement_line_id.qonto_transfer_id.id for move in moves if move.statement_line_id}
        counted = {}
        for transfer in self:
            found = set()
            for move_id in set().union(*(by_bill[bill.id] for bill in transfer.line_ids.move_id), set()):
                if payment := payments[move_id]:
                    found.add(("payment", str(payment.id)))
                    found.update(("transfer", str(row)) for row in of_payment[payment.id])
                if of_line.get(move_id):
                    found.add(("transfer", str(of_line[move_id])))
            counted[transfer.id] = found
        return counted
