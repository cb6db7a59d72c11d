# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One transaction as the bank states it, whether it is a bank line already, not yet, or never."""

import hashlib
import json
from datetime import timezone

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import format_date

from ..qonto_api import raw_json
from .bank_words import kind_in_words, status_in_words


class QontoTransaction(models.Model):
    _name = "qonto.transaction"
    _description = "Transaction at Qonto"
    _order = "sort_at desc, id desc"
    _check_company_auto = True
    _rec_name = "label"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, index=True)
    journal_id = fields.Many2one("account.journal", related="account_id.journal_id")
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    account_currency = fields.Char(string="Currency of the account", related="account_id.currency_id.name")
    bank_ref = fields.Char(string="ID at Qonto", required=True, readonly=True)
    bank_slug = fields.Char(string="Readable ID at Qonto", readonly=True, index=True)
    status = fields.Char(string="Status code", required=True, readonly=True)
    status_label = fields.Char(string="Status at the bank", compute="_compute_words")
    operation_type = fields.Char(string="Kind code", readonly=True)
    kind = fields.Char(compute="_compute_words")
    label = fields.Char(readonly=True)
    counterparty_name = fields.Char(string="Counterparty", readonly=True)
    counterparty_iban = fields.Char(string="Counterparty's account", readonly=True)
    counterparty_bic = fields.Char(string="Counterparty's BIC", readonly=True)
    reference = fields.Char(readonly=True)
    note = fields.Char(readonly=True)
    category = fields.Char(readonly=True)
    card_last_digits = fields.Char(string="Card", readonly=True)
    amount = fields.Monetary(readonly=True, help="Positive: money came in. Negative: money went out.")
    local_amount = fields.Float(string="Original amount", digits=(16, 3), readonly=True)
    local_currency = fields.Char(string="Original currency", readonly=True)
    settled_balance = fields.Monetary(string="Balance after it", readonly=True)
    has_settled_balance = fields.Boolean(readonly=True)
    emitted_at = fields.Datetime(string="Made on", readonly=True)
    settled_at = fields.Datetime(string="Booked at the bank on", readonly=True)
    sort_at = fields.Datetime(readonly=True)
    booking_date = fields.Date(readonly=True, help="The bank's calendar day of the booking.")
    emitted_date = fields.Date(string="Payment date", readonly=True, help="The bank's calendar day of the payment.")
    bank_updated_at = fields.Datetime(string="Last change at the bank", readonly=True)
    fingerprint = fields.Char(readonly=True)
    raw = fields.Json(string="The bank's own record", readonly=True)
    raw_text = fields.Text(string="Record as text", compute="_compute_raw_text")

    # Where a transaction stands between the bank and the books.
    #
    #   pending ──booked at the bank──▶ to_book ──▶ booked ──line deleted──▶ removed
    #      │                              │  ▲         (a later change at the bank is noted, never booked)
    #      └──declined──▶ out             ▼  │ the reason is gone
    #                                    held
    #   before_start: booked at the bank before the account's start date; never a line
    feed_state = fields.Selection(
        selection=[
            ("pending", "Pending at the bank"),
            ("to_book", "To book"),
            ("booked", "Bank line"),
            ("held", "Held"),
            ("before_start", "Before the start date"),
            ("out", "Not booked at the bank"),
            ("removed", "Line deleted"),
        ],
        string="State",
        required=True,
        readonly=True,
        index=True,
    )
    hold_kind = fields.Char(readonly=True)
    hold_detail = fields.Char(readonly=True)
    hold_reason = fields.Char(string="Why", compute="_compute_hold_reason")
    changed_at_bank = fields.Datetime(
        string="Changed at the bank", readonly=True, help="When the bank changed it after it became a bank line."
    )
    statement_line_ids = fields.One2many("account.bank.statement.line", "qonto_transaction_id", readonly=True)
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", string="Bank line", compute="_compute_statement_line_id"
    )

    _bank_ref_uniq = models.Constraint(
        "UNIQUE (account_id, bank_ref)", "The bank's transaction is already there for this account."
    )
    _to_book_idx = models.Index("(account_id, settled_at, id) WHERE feed_state IN ('to_book', 'held')")
    _sort_idx = models.Index("(account_id, sort_at DESC, id DESC)")

    # === COMPUTE METHODS === #

    @api.depends("statement_line_ids")
    def _compute_statement_line_id(self):
        for transaction in self:
            transaction.statement_line_id = transaction.statement_line_ids[:1]

    @api.depends("status", "operation_type")
    @api.depends_context("lang")
    def _compute_words(self):
        for transaction in self:
            transaction.status_label = status_in_words(self.env, transaction.status)
            transaction.kind = kind_in_words(self.env, transaction.operation_type)

    @api.depends("raw")
    def _compute_raw_text(self):
        for transaction in self:
            transaction.raw_text = json.dumps(transaction.raw, indent=2, ensure_ascii=False, sort_keys=True)

    @api.depends("feed_state", "hold_kind", "hold_detail", "status")
    @api.depends_context("lang")
    def _compute_hold_reason(self):
        for transaction in self:
            transaction.hold_reason = transaction._reason_in_words()

    def _reason_in_words(self) -> str | bool:
        """Say why a transaction is no bank line, in the reader's language."""
        detail = self.hold_detail or ""
        if self.feed_state == "out":
            if self.status == "declined":
                return self.env._("The bank declined it: no money moved.")
            return self.env._("The bank says “%s”: it is not booked there.", self.status)
        if self.feed_state == "pending":
            return self.env._("The bank has not booked it yet. The amount may still change.")
        if self.feed_state == "before_start":
            return self.env._("Booked before the account's start date.")
        if self.feed_state == "removed":
            return self.env._("Its bank line was deleted in Odoo; it stays deleted.")
        words = {
            "locked": lambda: self.env._(
                "Its day lies in a period locked until %(date)s. Unlock the period, and the next sync books it.",
                date=format_date(self.env, detail),
            ),
            "currency_inactive": lambda: self.env._(
                "The currency %(currency)s is switched off. Activate it, and the next sync books it.", currency=detail
            ),
            "currency_unknown": lambda: self.env._("Odoo does not know the currency %(currency)s.", currency=detail),
            "zero_local": lambda: self.env._(
                "The bank gives an original amount of zero in %(currency)s, which Odoo can't book.", currency=detail
            ),
            "journal_hashed": lambda: self.env._(
                "The journal secures its entries with a hash and so refuses lines that are not matched yet. Switch "
                "that off in the journal, and the next sync books it."
            ),
            "journal_archived": lambda: self.env._("The journal is archived. Restore it, and the next sync books it."),
            "no_suspense": lambda: self.env._(
                "The journal has no suspense account. Set one in the journal, and the next sync books it."
            ),
            "refused": lambda: self.env._("Odoo refused the line: %(reason)s", reason=detail),
        }
        return words[self.hold_kind]() if self.feed_state == "held" and self.hold_kind in words else False

    # === FETCH === #

    @api.model
    def _values_of(self, account, row) -> dict:
        """Return the record's values for a transaction of the bank's client.

        :param row: `Transaction` of the client
        """
        settled = row.settled_at and row.status == "completed"
        raw = json.loads(raw_json(row.raw))
        values = {
            "account_id": account.id,
            "bank_ref": row.id,
            "bank_slug": row.transaction_id,
            "status": row.status,
            "operation_type": row.operation_type,
            "label": row.label,
            "counterparty_name": row.counterparty_name,
            "counterparty_iban": row.counterparty_iban,
            "counterparty_bic": row.counterparty_bic,
            "reference": row.reference,
            "note": row.note,
            "category": row.category,
            "card_last_digits": row.card_last_digits,
            "amount": float(row.signed_amount),
            "local_amount": float(row.signed_local_amount),
            "local_currency": row.local_currency,
            "settled_balance": float(row.settled_balance or 0),
            "has_settled_balance": row.settled_balance is not None,
            "emitted_at": self._naive(row.emitted_at),
            "settled_at": self._naive(row.settled_at) if settled else False,
            "sort_at": self._naive(row.settled_at if settled else row.emitted_at),
            "booking_date": account._local_day(row.settled_at) if settled else False,
            "emitted_date": account._local_day(row.emitted_at),
            "bank_updated_at": self._naive(row.updated_at),
            "raw": raw,
            "fingerprint": self._fingerprint(raw),
        }
        values["feed_state"] = self._first_state(account, row.status, values["booking_date"])
        return values

    @staticmethod
    def _naive(instant):
        return instant.astimezone(timezone.utc).replace(tzinfo=None) if instant else False

    @staticmethod
    def _fingerprint(raw: dict) -> str:
        """Tell two answers apart; links that expire by themselves are no change."""
        stable = {name: value for name, value in raw.items() if name not in ("logo", "attachments")}
        text = json.dumps(stable, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @staticmethod
    def _first_state(account, status: str, booking_date) -> str:
        if status == "pending":
            return "pending"
        if status != "completed" or not booking_date:
            return "out"
        return "to_book" if booking_date >= account.start_date else "before_start"

    def _take_change(self, values: dict):
        """Take over what the bank changed; a transaction that is a bank line keeps its place in the books."""
        self.ensure_one()
        if self.feed_state in ("booked", "removed"):
            values = {**values, "changed_at_bank": fields.Datetime.now()}
            values.pop("feed_state")
        elif self.feed_state == "held" and values["feed_state"] == "to_book":
            values = {**values, "feed_state": "held"}
        self.write(values)

    # === BOOK === #

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
        if self.booking_date <= lock_date:
            return "locked", fields.Date.to_string(lock_date)
        if self._is_foreign():
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
        booked.write({"feed_state": "booked", "hold_kind": False, "hold_detail": False})
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
                reason = error.args[0] if error.args else error
                transaction.write(
                    {"feed_state": "held", "hold_kind": "refused", "hold_detail": str(reason).strip()[:500]}
                )
        return booked

    def _line_values(self) -> list[dict]:
        """Return the values of bank lines for the core's own `create`, in the order of the records."""
        partners = self._partners_by_iban()
        currencies = {
            currency.name: currency.id
            for currency in self.env["res.currency"].search(
                [("name", "in", [name for name in self.mapped("local_currency") if name])]
            )
        }
        return [
            {
                "journal_id": transaction.journal_id.id,
                "date": transaction.booking_date,
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
                    if transaction._is_foreign()
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

    # === ACTION METHODS === #

    def action_open_line(self):
        """Open the bank line, if there is one."""
        self.ensure_one()
        if not self.statement_line_id:
            raise UserError(self.hold_reason or self.env._("There is no bank line."))
        return self.statement_line_id.action_open_qonto_line()
