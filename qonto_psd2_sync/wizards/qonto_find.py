# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Where is my transaction?*: enter what is known of it, and read where it is and what to do."""

from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..models.failure_words import explain_error
from ..models.qonto_account import WINDOW
from ..qonto_api import QontoError

SHOWN = 20
DAYS_AROUND = timedelta(days=4)


class QontoFind(models.TransientModel):
    _name = "qonto.find"
    _description = "Where is my transaction?"

    amount = fields.Float(digits=(16, 2), help="With or without sign.")
    day = fields.Date(help="Or some days off.")
    text = fields.Char(help="Counterparty, reference, note, account number, or the bank's ID.")
    searched = fields.Boolean(readonly=True)
    verdict = fields.Text(readonly=True)
    unfetched_account_ids = fields.Many2many("qonto.account", readonly=True)
    line_ids = fields.One2many("qonto.find.line", "find_id", readonly=True)

    def action_search(self):
        """Look into what was fetched; where nothing fits, ask the bank what was not fetched yet."""
        self.ensure_one()
        if not (self.amount or self.day or (self.text or "").strip()):
            raise UserError(self.env._("Enter an amount, a day or a text."))
        found = self.env["qonto.transaction"].search(self._domain(), limit=SHOWN, order="sort_at desc")
        self.line_ids.unlink()
        self.line_ids = [
            fields.Command.create({"transaction_id": row.id, "verdict": self._place_in_words(row)}) for row in found
        ]
        self.unfetched_account_ids = False
        self.verdict = (
            self.env._("%s found:", len(found)) if found else "\n".join([*self._ask_the_bank(), *self._why_not_here()])
        )
        self.searched = True
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Where is my transaction?"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _domain(self):
        domain = Domain.TRUE
        if self.amount:
            exact = [self.amount, -self.amount]
            domain &= Domain("amount", "in", exact) | Domain("local_amount", "in", exact)
        if self.day:
            first, last = self.day - DAYS_AROUND, self.day + DAYS_AROUND
            domain &= Domain.OR([
                [("booking_date", ">=", first), ("booking_date", "<=", last)],
                [("emitted_date", ">=", first), ("emitted_date", "<=", last)],
            ])
        text = (self.text or "").strip()
        if text:
            names = ("label", "counterparty_name", "reference", "note", "counterparty_iban", "bank_ref", "bank_slug")
            domain &= Domain.OR([(name, "ilike", text)] for name in names)
        return domain

    @api.model
    def _place_in_words(self, transaction) -> str:
        """Say where a transaction that was fetched is, and what to do."""
        line = transaction.statement_line_id
        if line:
            return self.env._(
                "It is a bank line of %(day)s in %(journal)s, %(matched)s.",
                day=format_date(self.env, line.date), journal=line.journal_id.display_name,
                matched=self.env._("matched") if line.is_reconciled else self.env._("not matched yet"),
            )
        advice = {
            "to_book": self.env._("It was fetched, and is booked by the next sync."),
            "removed": self.env._("Open it and press Restore to book it again."),
            "hidden": self.env._("Open it and press Restore to book it again."),
            "left_out": self.env._("Open it and press Restore to book it."),
            "doubtful": self.env._("Open it and decide."),
            "before_start": self.env._(
                "The account's start date is %s. Earlier days come from Qonto's export file.",
                format_date(self.env, transaction.account_id.start_date),
            ),
        }
        return " ".join(filter(None, (transaction.hold_reason, advice.get(transaction.feed_state))))

    @api.model
    def _accounts(self):
        return self.env["qonto.account"].search([("company_id", "in", self.env.companies.ids)])

    def _ask_the_bank(self) -> list[str]:
        """Ask each account's bank for what changed since the last sync."""
        words = []
        for account in self._accounts():
            consent = account._reading_consents().get(account.id)
            if not consent:
                words.append(self.env._(
                    "%(account)s: %(reason)s", account=account.name, reason=account._missing_consent_reason()
                ))
                continue
            since = (account.watermark or account._start_of_day(account.start_date).replace(tzinfo=None))
            try:
                with consent._reading_client() as client:
                    rows = client.list_transactions(
                        bank_account_id=account.bank_ref, updated_at_from=since.replace(tzinfo=timezone.utc)
                    ).transactions
            except QontoError as error:
                words.append(f"{account.name}: {explain_error(self.env, error)}")
                continue
            known = account._known(row.id for row in rows)
            for row in rows:
                if row.id not in known and self._fits(account, row):
                    self.unfetched_account_ids |= account
                    words.append(self.env._(
                        "%(account)s: the bank has it (%(amount)s, %(name)s), and it was not fetched yet. Fetch now.",
                        account=account.name, amount=account.currency_id.format(float(row.signed_amount)),
                        name=row.counterparty_name,
                    ))
        return words

    def _fits(self, account, row) -> bool:
        if self.amount and abs(self.amount) not in (float(row.amount), float(row.local_amount)):
            return False
        if self.day and abs(account._local_day(row.settled_at or row.emitted_at) - self.day) > DAYS_AROUND:
            return False
        text = (self.text or "").strip().casefold()
        known = (row.label, row.counterparty_name, row.reference, row.note, row.counterparty_iban, row.id)
        return not text or any(text in (value or "").casefold() for value in known)

    def _why_not_here(self) -> list[str]:
        """Give the reasons why nothing was found that the entered day tells."""
        accounts = self._accounts()
        if not accounts:
            return [self.env._("No Qonto account is connected.")]
        words = []
        if not self.unfetched_account_ids:
            words.append(self.env._(
                "No connected account has it: %s. Is it on another account at Qonto, or were amount or text typed "
                "differently?", ", ".join(accounts.mapped("name")),
            ))
        if self.day and self.day < max(account._today() for account in accounts) - WINDOW:
            words.append(self.env._(
                "That day is more than %s days back, which a connection may not read (PSD2). Export the transactions "
                "at Qonto as a file and import it.", WINDOW.days,
            ))
        for account in accounts:
            if self.day and self.day < account.start_date:
                words.append(self.env._(
                    "%(account)s begins on %(day)s.", account=account.name,
                    day=format_date(self.env, account.start_date),
                ))
        return words

    def action_fetch(self):
        """Sync the accounts in which the bank has it."""
        return self.unfetched_account_ids.action_sync()


class QontoFindLine(models.TransientModel):
    _name = "qonto.find.line"
    _description = "Transaction that may be meant"

    find_id = fields.Many2one("qonto.find", required=True, ondelete="cascade")
    transaction_id = fields.Many2one("qonto.transaction", ondelete="cascade")
    account_id = fields.Many2one(related="transaction_id.account_id")
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    booking_date = fields.Date(related="transaction_id.booking_date")
    emitted_date = fields.Date(related="transaction_id.emitted_date")
    counterparty_name = fields.Char(related="transaction_id.counterparty_name")
    amount = fields.Monetary(related="transaction_id.amount")
    verdict = fields.Text(string="Where it is")

    def action_open(self):
        """Open the transaction, or its bank line."""
        transaction = self.transaction_id
        if transaction.statement_line_id:
            return transaction.action_open_line()
        return {
            "type": "ir.actions.act_window", "res_model": "qonto.transaction", "res_id": transaction.id,
            "view_mode": "form", "views": [(False, "form")],
        }
