# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Connecting one account: what would go wrong is refused in words before anything is made."""

from datetime import timedelta

from odoo import fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError
from odoo.tools import format_date


class QontoMapLine(models.TransientModel):
    _inherit = "qonto.map.line"

    def _check_choice(self, taken: dict):
        """Stop with a sentence before anything is made.

        :param dict taken: journals, short codes and ledger accounts that other lines of this choice use, with the
            journal's name; this one's are added
        """
        self.ensure_one()
        if self.problem:
            raise UserError(self.env._("%(account)s: %(problem)s", account=self.name, problem=self.problem))
        if not self.start_date:
            raise UserError(self.env._("%(account)s: choose a start date.", account=self.name))
        if self.start_date < self.earliest_date:
            raise UserError(self.env._("%(account)s: %(problem)s", account=self.name, problem=self._too_early()))
        if self.start_date > fields.Date.context_today(self):
            raise UserError(self.env._("%(account)s: the start date lies in the future.", account=self.name))
        if self.target == "existing":
            self._check_journal(taken)
        elif not (self.new_name and self.new_code):
            raise UserError(
                self.env._("%(account)s: the new journal needs a name and a short code.", account=self.name)
            )
        else:
            self._check_new_journal(taken)
        if self.overlap_count and not self.overlap_agreed:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s already has lines from %(date)s on: %(count)s. If they are "
                    "the same transactions, they would stand there twice: choose a later start date. Else tick “Sync "
                    "these days all the same”.",
                    account=self.name,
                    journal=self.journal_id.display_name,
                    count=self.overlap_count,
                    date=format_date(self.env, self.start_date),
                )
            )
        if self.book_opening:
            self._check_opening()

    def _check_journal(self, taken: dict):
        journal = self.journal_id
        name, label = self.name, journal.display_name
        if not journal:
            raise UserError(self.env._("%(account)s: choose a journal, or have a new one made.", account=name))
        journal.check_access("read")
        if journal.company_id != self.company_id or journal.type != "bank":
            raise UserError(
                self.env._("%(account)s: %(journal)s is no bank journal of this company.", account=name, journal=label)
            )
        other = journal.bank_account_id.sanitized_acc_number
        if other and other != sanitize_account_number(self.iban):
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s belongs to another IBAN. Choose the right one, or have a new "
                    "one made.",
                    account=name, journal=label,
                )
            )
        if journal.sudo().qonto_account_ids or journal in taken:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s receives another Qonto account. One journal, one account.",
                    account=name, journal=label,
                )
            )
        if journal.restrict_mode_hash_table:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s secures its entries with a hash, and so refuses every bank "
                    "line that is not matched yet. Choose another journal, or have a new one made.",
                    account=name, journal=label,
                )
            )
        if (journal.currency_id or journal.company_id.currency_id) != self.currency_id:
            raise UserError(
                self.env._(
                    "%(account)s is kept in %(currency)s, the journal %(journal)s in another currency.",
                    account=name, currency=self.currency_name, journal=label,
                )
            )
        self._check_iban_is_free(journal)
        taken[journal] = label

    def _check_iban_is_free(self, journal):
        """Refuse an IBAN that a journal of this company has already, other than the one that was chosen."""
        owner = self.env["account.journal"].sudo().with_context(active_test=False).search(
            [
                ("company_id", "=", self.company_id.id),
                ("bank_account_id.sanitized_acc_number", "=", sanitize_account_number(self.iban)),
                ("id", "not in", journal.ids),
            ],
            limit=1,
        )
        if owner:
            raise UserError(
                self.env._(
                    "%(account)s: its IBAN belongs to the journal %(journal)s. Choose that one.",
                    account=self.name, journal=owner.display_name,
                )
            )

    def _check_new_journal(self, taken: dict):
        """Refuse a journal that could not be made, before its sibling is."""
        journals = self.env["account.journal"].sudo().with_context(active_test=False)
        namesake = journals.search([("company_id", "=", self.company_id.id), ("code", "=", self.new_code)], limit=1)
        if namesake or self.new_code in taken:
            raise UserError(
                self.env._(
                    "%(account)s: the short code %(code)s is taken. Choose another one.",
                    account=self.name, code=self.new_code,
                )
            )
        self._check_iban_is_free(journals)
        ledger = self.new_account_id
        used = ledger and (
            journals.search([("default_account_id", "=", ledger.id)], limit=1).display_name or taken.get(ledger)
        )
        if used:
            raise UserError(
                self.env._(
                    "%(account)s: the ledger account %(ledger)s belongs to the journal %(journal)s. Choose another "
                    "one, or leave it empty.",
                    account=self.name, ledger=ledger.display_name, journal=used,
                )
            )
        taken.update({self.new_code: self.new_name, ledger: self.new_name})

    def _check_opening(self):
        if not self.opening_known:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry can't be booked, since the bank's balance is not known. Untick "
                    "it, or try again later.",
                    account=self.name,
                )
            )
        if not self.opening_account_id:
            raise UserError(
                self.env._("%(account)s: choose the account of the opening entry.", account=self.name)
            )
        journal = self._opening_journal()
        if not journal:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry needs a journal of type Miscellaneous. Make one first.",
                    account=self.name,
                )
            )
        lock_date = self.company_id._get_user_fiscal_lock_date(journal)
        if self._opening_date() <= lock_date:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry would be dated %(date)s, in a period locked until %(lock)s. "
                    "Choose a later start date, or untick it.",
                    account=self.name,
                    date=format_date(self.env, self._opening_date()),
                    lock=format_date(self.env, lock_date),
                )
            )

    def _opening_date(self):
        return self.start_date - timedelta(days=1)

    def _opening_journal(self):
        return self.env["account.journal"].sudo().search(
            [("type", "=", "general"), ("company_id", "=", self.company_id.id)], limit=1
        )

    def _connect(self):
        """Tie the account to its journal.

        :return: the `qonto.account`
        """
        self.ensure_one()
        consent = self.map_id.consent_id
        journal = self._make_journal() if self.target == "new" else self.journal_id.sudo()
        if not journal.bank_account_id:
            journal.set_bank_account(self.iban)
        # Journals are written by accounting administrators only; connecting is the right that was checked above.
        journal.bank_statements_source = "qonto"
        accounts = self.env["qonto.account"]
        account = accounts.sudo().create(
            {
                "name": self.name,
                "company_id": self.company_id.id,
                "environment": consent.environment,
                "bank_ref": self.bank_ref,
                "iban": self.iban,
                "main": self.main,
                "journal_id": journal.id,
                "currency_id": self.currency_id.id,
                "tz": accounts._default_tz(self.company_id),
                "start_date": self.start_date,
                "responsible_id": self.env.uid,
                "consent_ids": [fields.Command.link(consent.id)],
                "bank_balance": self.balance,
                "next_sync_at": fields.Datetime.now(),
            }
        )
        if self.book_opening and not self.currency_id.is_zero(self.opening_difference):
            account.opening_move_id = account._book_opening_entry(
                self._opening_date(), self.opening_difference, self.opening_account_id
            )
        account.message_post(
            body=self.env._(
                "Connected to the journal %(journal)s by %(user)s; transactions from %(date)s on.",
                journal=journal.display_name, user=self.env.user.name, date=format_date(self.env, self.start_date),
            )
        )
        return account.sudo(False)

    def _make_journal(self):
        company_currency = self.company_id.currency_id
        return self.env["account.journal"].sudo().with_company(self.company_id).create(
            {
                "name": self.new_name,
                "code": self.new_code,
                "type": "bank",
                "company_id": self.company_id.id,
                "currency_id": self.currency_id.id if self.currency_id != company_currency else False,
                "bank_acc_number": self.iban,
                **({"default_account_id": self.new_account_id.id} if self.new_account_id else {}),
            }
        )
