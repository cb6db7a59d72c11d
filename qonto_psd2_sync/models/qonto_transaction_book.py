# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From a transaction that the bank has booked to a bank line, or to the reason why it must wait."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import RedirectWarning, UserError, ValidationError


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    def _hold_what_must_wait(self):
        """Mark what can't be booked now with the reason, and return the rest.

        Nothing is dated anew: stock Odoo would silently give a line in a locked period the day of the run.
        """
        journal = self.account_id.journal_id
        currencies = {
            currency.name: currency
            for currency in self.env["res.currency"].with_context(active_test=False).search(
                [("name", "in", list({name for name in self.mapped("local_currency") if name}))]
            )
        }
        lock_date = journal.company_id._get_user_fiscal_lock_date(journal) if self else None
        ready = self.browse()
        for transaction in self:
            kind, detail = transaction._hold_cause(journal, lock_date, currencies)
            if not kind:
                ready |= transaction
            elif (transaction.feed_state, transaction.hold_kind, transaction.hold_detail or "") != (
                "held", kind, detail,
            ):
                transaction.write({"feed_state": "held", "hold_kind": kind, "hold_detail": detail})
        return ready

    def _hold_cause(self, journal, lock_date, currencies: dict) -> tuple[str, str]:
        """Return why this transaction must wait, as kind and detail; an empty kind means it need not."""
        if not journal.active:
            return "journal_archived", ""
        if journal.restrict_mode_hash_table:
            return "journal_hashed", ""
        if not journal.suspense_account_id:
            return "no_suspense", ""
        if self.booking_date <= lock_date and self.decision != "first_open_day":
            return "locked", fields.Date.to_string(lock_date)
        if self._is_foreign() and self.decision != "plain":
            currency = currencies.get(self.local_currency)
            if not currency:
                return "currency_unknown", self.local_currency
            if not currency.active:
                return "currency_inactive", self.local_currency
            if currency.is_zero(self.local_amount):
                return "zero_local", self.local_currency
        return "", ""

    def _is_foreign(self) -> bool:
        return bool(self.local_currency) and self.local_currency != self.currency_id.name

    def _line_date(self, lock_date):
        """Return the day of the bank line: the bank's own, save where somebody decided on the first open day."""
        if self.decision == "first_open_day" and self.booking_date <= lock_date:
            return lock_date + timedelta(days=1)
        return self.booking_date

    def _book(self):
        """Make the bank lines; where Odoo refuses one, the others of the batch are made all the same.

        :return: the transactions that are bank lines now
        """
        if not self:
            return self
        values = self._line_values()
        lines = self.env["account.bank.statement.line"]
        try:
            with self.env.cr.savepoint():
                lines.create(values)
                self.env.flush_all()
            booked = self
        except (UserError, ValidationError, RedirectWarning, IntegrityError, ValueError):
            self.env.invalidate_all(flush=False)
            booked = self._book_one_by_one(values)
        booked.write({
            "feed_state": "booked", "hold_kind": False, "hold_detail": False, "doubt_kind": False,
            "question_kind": False,
        })
        return booked

    def _book_one_by_one(self, values: list[dict]):
        booked = self.browse()
        for transaction, line_values in zip(self, values, strict=True):
            try:
                with self.env.cr.savepoint():
                    self.env["account.bank.statement.line"].create(line_values)
                    self.env.flush_all()
                booked |= transaction
            except (UserError, ValidationError, RedirectWarning, IntegrityError, ValueError) as error:
                self.env.invalidate_all(flush=False)
                reason = str(error.args[0] if error.args else error).strip()[:500]
                if (transaction.feed_state, transaction.hold_kind, transaction.hold_detail) != (
                    "held", "refused", reason,
                ):
                    transaction.write({"feed_state": "held", "hold_kind": "refused", "hold_detail": reason})
        return booked

    def _line_values(self) -> list[dict]:
        """Return the values of bank lines for the core's own `create`, in the order of the records."""
        partners = self._partners_by_iban()
        journal = self.account_id.journal_id
        lock_date = journal.company_id._get_user_fiscal_lock_date(journal)
        currencies = {
            currency.name: currency.id
            for currency in self.env["res.currency"].search(
                [("name", "in", [name for name in self.mapped("local_currency") if name])]
            )
        }
        return [
            {
                "journal_id": transaction.journal_id.id,
                "date": transaction._line_date(lock_date),
                "amount": transaction.amount,
                "payment_ref": transaction._line_label(),
                "partner_name": transaction.counterparty_name,
                "partner_id": partners.get(sanitize_account_number(transaction.counterparty_iban), False),
                "account_number": transaction.counterparty_iban,
                "transaction_type": transaction.operation_type,
                "transaction_details": transaction._line_details(),
                "qonto_transaction_id": transaction.id,
                **(
                    {
                        "foreign_currency_id": currencies[transaction.local_currency],
                        "amount_currency": transaction.local_amount,
                    }
                    if transaction._is_foreign() and transaction.decision != "plain"
                    else {}
                ),
            }
            for transaction in self
        ]

    def _line_label(self) -> str:
        """Counterparty and reference: a bare number would make OCA's matcher book the line on any invoice."""
        reference = self.reference or self.note
        name = self.counterparty_name or self.label
        if name and reference and reference != name:
            return f"{name} - {reference}"
        return name or reference or self.bank_slug or self.bank_ref

    def _line_details(self) -> dict:
        """Facts that matching rules may search in, OCA's too."""
        facts = {
            "qonto_id": self.bank_ref,
            "qonto_transaction_id": self.bank_slug,
            "operation_type": self.operation_type,
            "label": self.label,
            "reference": self.reference,
            "note": self.note,
            "category": self.category,
            "labels": self.bank_labels,
            "counterparty_bic": self.counterparty_bic,
            "card_last_digits": self.card_last_digits,
            "emitted_date": fields.Date.to_string(self.emitted_date),
        }
        return {name: value for name, value in facts.items() if value}

    def _partners_by_iban(self) -> dict[str, int]:
        """Map the counterparties' IBANs to partners, where an IBAN belongs to one partner only."""
        numbers = {sanitize_account_number(iban) for iban in self.mapped("counterparty_iban") if iban}
        found: dict[str, set[int]] = {}
        for bank_account in self.env["res.partner.bank"].search(
            [
                ("sanitized_acc_number", "in", list(numbers)),
                ("company_id", "in", [False, *self.company_id.ids]),
            ]
        ):
            found.setdefault(bank_account.sanitized_acc_number, set()).add(
                bank_account.partner_id.commercial_partner_id.id
            )
        return {number: partners.pop() for number, partners in found.items() if len(partners) == 1}

