# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The opening entry of an account: what the bank had before the first line, and how it moves when older lines come."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _opening_entry(self):
        """Return the opening entry, if it stands: one that somebody canceled or reversed is theirs to look after."""
        move = self.sudo().opening_move_id
        reversed_by = move.reversal_move_ids.filtered(lambda entry: entry.state == "posted")
        return move.browse() if reversed_by or move.state != "posted" else move

    def _opening_amount(self, move) -> float:
        """Return what an opening entry gives the bank's ledger account, in the account's currency."""
        mine = move.line_ids.filtered(lambda item: item.account_id == self.journal_id.default_account_id)
        return sum(mine.mapped("amount_currency"))

    @api.model
    def _opening_counterpart(self, move, ledger_account):
        return (move.line_ids.account_id - ledger_account)[:1]

    def _opening_obstacle(self, day) -> str | bool:
        """Say why the opening entry can't be moved to a day, if it can't."""
        move = self._opening_entry()
        if not move:
            return False
        lock_date = move.company_id._get_user_fiscal_lock_date(move.journal_id)
        facts = {"entry": move.name, "date": format_date(self.env, move.date)}
        if move.inalterable_hash:
            return self.env._(
                "The opening entry %(entry)s of %(date)s is sealed (it has a hash) and can't be moved.", **facts
            )
        if move.date <= lock_date:
            return self.env._(
                "The opening entry %(entry)s of %(date)s lies in a period locked until %(lock)s and can't be moved. "
                "Have the period unlocked, or leave out the rows up to that day.",
                lock=format_date(self.env, lock_date), **facts,
            )
        if day <= lock_date:
            return self.env._(
                "The opening entry %(entry)s would have to move to %(day)s, into a period locked until %(lock)s. "
                "Have the period unlocked, or leave out the rows up to that day.",
                day=format_date(self.env, day), lock=format_date(self.env, lock_date), **facts,
            )
        if move.line_ids.matched_debit_ids or move.line_ids.matched_credit_ids:
            return self.env._(
                "The opening entry %(entry)s of %(date)s is matched with other entries. Undo that first, or leave out "
                "the rows up to that day.", **facts,
            )
        return False

    def _move_opening(self, day, amount: float, like=None, reason: str = ""):
        """Replace the opening entry by one of another day and amount; the old one stays readable, canceled.

        :param day: of the new entry
        :param float amount: what it gives the bank's ledger account; zero: no entry is needed
        :param like: the entry whose other account is used, if none stands
        :return: the new entry, empty if none is needed
        """
        self.ensure_one()
        own, old = self.sudo(), self._opening_entry()
        if obstacle := self._opening_obstacle(day):
            raise UserError(obstacle)
        counterpart = self._opening_counterpart(old or like, own.journal_id.default_account_id)
        new = old.browse()
        if not self.currency_id.is_zero(amount):
            new = own._book_opening_entry(day, amount, counterpart)
        if old:
            old.button_draft()
            old.button_cancel()
            old.message_post(body=reason)
        if new:
            new.message_post(body=reason)
        own.opening_move_id = new
        return new

    def _opening_journal(self):
        return self.env["account.journal"].sudo().search(
            [("type", "=", "general"), ("company_id", "=", self.company_id.id)], limit=1
        )

    def _book_opening_entry(self, day, amount: float, counterpart):
        """Book what the bank had at the end of a day, against the account that the user chose."""
        company, journal = self.company_id, self.journal_id
        balance = self.currency_id._convert(amount, company.currency_id, company, day)
        label = self.env._("Opening balance %s", self.name)
        move = self.env["account.move"].sudo().with_company(company).create(
            {
                "move_type": "entry",
                "journal_id": self._opening_journal().id,
                "date": day,
                "ref": label,
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": account.id,
                            "name": label,
                            "currency_id": self.currency_id.id,
                            "amount_currency": sign * amount,
                            "balance": sign * balance,
                        }
                    )
                    for account, sign in ((journal.default_account_id, 1), (counterpart, -1))
                ],
            }
        )
        move.action_post()
        return move

    def _opening_day(self):
        """Return the day before the first line that the books have of this account, or shall have."""
        first = self.env["qonto.transaction"].sudo().search(
            [
                ("account_id", "=", self.id), ("file_import_id", "!=", False), ("booking_date", "<", self.start_date),
                ("feed_state", "in", ("booked", "to_book", "held", "doubtful")),
            ],
            order="booking_date", limit=1,
        )
        return (first.booking_date or self.start_date) - timedelta(days=1)
