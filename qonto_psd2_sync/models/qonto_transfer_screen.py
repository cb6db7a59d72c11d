# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the screen of a payment order shows besides its progress: payees in detail, and who may do what."""

from odoo import models
from odoo.tools import format_date

from .payment_rights import PREPARE, SEND
from .payment_words_checks import bank_state_in_words

BEFORE = ("draft", "to_approve", "verified")
# Ended without money: these alone are sent again.
FAILED = ("refused", "expired", "declined", "failed")


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    def screen(self) -> dict:
        """Return plain values for the form; asked for when the progress has changed."""
        self.ensure_one()
        self.check_access("read")
        order, me = self.sudo(), self.env.user
        account = order.account_id
        why_not = self._why_not_send()
        may_send = me.has_group(SEND) and not why_not
        open_amount = sum(row.amount for row in order.transfer_ids if row.state in BEFORE)
        return {
            "currency_id": order.currency_id.id,
            "amount": sum(row.amount for row in order.transfer_ids if row.state != "canceled") or order.amount_total,
            "count_words": self._count_words(order.transfer_count),
            "account": account.display_name,
            "available": account.authorized_balance,
            "after": account.authorized_balance - open_amount,
            "prepared_by": order.prepared_by_id.name,
            "payer": order.payer_id.name or "",
            "sender": order.sender_id.name or "",
            "sender_is_me": order.sender_id == me,
            "may_prepare": me.has_group(PREPARE),
            "may_send": may_send,
            "why_not": why_not,
            "leaves_at_once": order.leaves_at_once,
            "payers": [{"id": user.id, "name": user.name} for user in self._who_may_send() - me]
            if me.has_group(PREPARE) else [],
            "may_resend": me.has_group(PREPARE) and bool(order._to_resend()),
            "cancelable": order.transfer_ids.filtered(
                lambda row: row.state == "submitted" and row.scheduled_date and row.scheduled_date > order._today()
            ).ids if me.has_group(SEND) else [],
            "strays": [
                {
                    "id": stray.id, "amount": stray.amount, "reference": stray.reference or "",
                    "state": bank_state_in_words(self.env, stray.bank_state or ""),
                    "day": format_date(self.env, stray.made_at),
                }
                for stray in account._open_strays()
            ],
            "decisions": self._reasons(order, "balance_low"),
            "rows": self._rows(),
        }

    @staticmethod
    def _reasons(record, code: str) -> list[dict]:
        """Return who went on in spite of a problem, and why."""
        decision = (record.decisions or {}).get(code)
        return [{"name": decision["name"], "reason": decision["reason"]}] if decision else []

    def _count_words(self, count: int) -> str:
        return self.env._("one transfer") if count == 1 else self.env._("%s transfers", count)

    def _why_not_send(self) -> str:
        """Say why this user cannot send it; empty: may, as far as the rights go."""
        order, me = self.sudo(), self.env.user
        if not me.has_group(SEND):
            return self.env._("Sending needs the right “Qonto payments: Send”. Hand it over to somebody who has it.")
        same = order.prepared_by_id == me
        if same and order.company_id.qonto_four_eyes:
            return self.env._("You prepared this payment; in this company somebody else sends it. Hand it over.")
        if same and order.leaves_at_once:
            return self.env._("The money would leave at once, without a phone: a second person sends it. Hand it over.")
        return ""

    def _who_may_send(self):
        """Return the people who may send payments of this company."""
        users = self.env.ref(SEND).sudo().all_user_ids
        company = self.sudo().company_id
        return users.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        ) - self.env.ref("base.user_root")

    def _to_resend(self):
        """Return the transfers that ended without money, though nobody wanted that, and were not sent again yet."""
        return self.transfer_ids.filtered(
            lambda row: not row.sent_again_id and not row.alarm
            and (row.state in FAILED or (row.state == "canceled" and row.reason != "by_person"))
        )

    def _rows(self) -> dict:
        """Return the details of each transfer, by its id (as text: JSON has no other keys)."""
        rows = {}
        facts = {fact["transfer_id"]: fact for fact in self.transfer_ids.payee_facts()}
        if self.sudo().kind == "internal_transfer":
            facts = {}  # between own accounts neither trust nor a payee check is asked for
        for transfer in self.sudo().transfer_ids:
            rows[str(transfer.id)] = {
                **facts.get(transfer.id, {}),
                "iban": transfer.iban,
                "reference": transfer.reference,
                "date": format_date(self.env, transfer.scheduled_date) if transfer.scheduled_date else "",
                "bills": [
                    {"id": bill.id, "name": bill._qonto_name() or bill.display_name}
                    for bill in transfer.line_ids.move_id
                ],
                "booked_label": self.env._("Booked"),
                "decisions": self._reasons(transfer, "already_paid"),
                "note": transfer._why_taken_out(),
            }
        return rows

    def _progress(self) -> dict:
        """Extend the progress by what was found of a payment that may have been made already, and what is booked."""
        facts = super()._progress()
        matched = {row.id: row.matched for row in self.transfer_ids}
        for row in facts["transfers"]:
            row["matched"] = matched[row["id"]]
        return facts


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _why_taken_out(self) -> str:
        """Return who canceled a transfer, and why if that was said; empty: nobody did."""
        if self.state != "canceled":
            return ""
        entry = self.trail_ids.filtered(lambda row: row.event == "Canceled")[-1:]
        if not entry.detail:
            return entry.user_id.name or ""
        return f"{entry.user_id.name}: “{entry.detail}”"
