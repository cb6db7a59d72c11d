# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is checked of one transfer before money may move: its bills, its payee's account, its form (design R8)."""

from odoo import models

from ..qonto_api import sepa
from .payment_problem import Problem
from .qonto_payment_order import PAYABLE


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _bill_names_fact(self) -> dict:
        return {"bill": ", ".join(self.line_ids.move_id.mapped("name")) or self.reference, "payee": self.payee_name}

    def _bill_problems(self, today) -> list[Problem]:
        """R8: each bill is posted and open, owes enough, and is this payee's."""
        found = []
        currency = self.currency_id
        partner = self.partner_id.commercial_partner_id
        for line in self.line_ids:
            item = line.move_line_id
            facts = {"bill": item.move_id.name or "", "payee": self.payee_name}
            # A credit note is taken off: what it owes and what is paid of it are both negative.
            owed, settled = -item.amount_residual_currency, line.amount + line.discount
            sign = 1 if settled > 0 else -1
            if item.parent_state != "posted" or item.account_id.account_type not in PAYABLE:
                found.append(Problem("bill_not_posted", self, facts))
            elif item.reconciled:
                found.append(Problem("bill_paid", self, facts))
            elif item.currency_id != currency:
                found.append(Problem("bill_currency", self, facts))
            elif item.partner_id.commercial_partner_id != partner:
                found.append(Problem("bill_other_payee", self, facts))
            elif currency.compare_amounts(sign * settled, sign * owed) > 0:
                money = currency.format
                found.append(
                    Problem("bill_owes_less", self, {**facts, "owed": money(owed), "amount": money(settled)})
                )
            elif line.discount and not item.move_id._is_eligible_for_early_payment_discount(
                currency, self.scheduled_date or today
            ):
                found.append(Problem("discount_over", self, facts))
        if self.line_ids and currency.compare_amounts(sum(self.line_ids.mapped("amount")), self.amount):
            found.append(Problem("amount_changed", self, self._bill_names_fact()))
        if self.payment_id and self.payment_id.state in ("canceled", "rejected"):
            found.append(Problem("payment_canceled", self, self._bill_names_fact()))
        return found

    def _recipient_problems(self) -> list[Problem]:
        """R8: the payee's account is trusted now, and is the one that was approved."""
        bank = self.partner_bank_id
        if self.to_account_id:
            return self._own_account_problems()
        facts = {"payee": self.payee_name, "iban": self.iban}
        if sepa.compact_iban(bank.acc_number or "") != self.iban:
            change = bank._qonto_number_changes().get(bank.id, {})
            who = {"changed_by": change.get("by") or bank.write_uid.name or "", "changed_at": change.get("at", "")}
            return [Problem("payee_account_changed", self, {**facts, **who, "new_iban": bank.acc_number or ""})]
        if bank.partner_id != self.partner_id:
            return [Problem("payee_other_partner", self, {**facts, "partner": bank.partner_id.display_name})]
        if not bank.active or not self.partner_id.active:
            return [Problem("payee_account_archived", self, facts)]
        holder = self.env["qonto.payment.order"]._payee_name(bank)
        if self.holder_name and holder != self.holder_name:
            return [Problem("payee_renamed", self, {**facts, "before": self.holder_name, "now": holder})]
        if not bank.allow_out_payment:
            return [Problem("payee_untrusted", self, facts)]
        return []

    def _own_account_problems(self) -> list[Problem]:
        account = self.to_account_id
        if not account.active or sepa.compact_iban(account.iban or "") != self.iban:
            return [Problem("account_closed", self, {"account": account.display_name})]
        return []

    def _form_problems(self, today) -> list[Problem]:
        """R8: what the bank can carry, and a day that has not passed."""
        facts = {"payee": self.payee_name}
        found = []
        if self.scheduled_date and self.scheduled_date < today:
            found.append(Problem("date_passed", self, {**facts, "date": self.scheduled_date.isoformat()}))
        if why := sepa.iban_problem(self.iban):
            found.append(Problem("iban_wrong", self, {**facts, "why": why}))
        if sepa.name_problem(self.payee_name):
            found.append(Problem("name_wrong", self, facts))
        if why := sepa.reference_problem(self.reference):
            code = "reference_digits" if why == sepa.CHECK_DIGITS else "reference_wrong"
            found.append(Problem(code, self, {**facts, "reference": self.reference}))
        return found
