# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Is it in the books already? Lines that somebody else entered, and IDs that the bank gave anew: a person decides.

A twin is no doubt: two transactions that the bank shows under two IDs are two, however alike they look.
"""

import re
from datetime import timedelta

from odoo import models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.tools import SQL

# How many days a line that a person typed, or another bank's importer dated, may lie from the bank's day.
NEAR = timedelta(days=3)
WORD = re.compile(r"[^\W_]{4,}")


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    def _set_doubtful_apart(self):
        """Ask about each that a line not of this feed may stand for, and return the rest.

        Each such line is asked about once: of two twins at the bank and one typed line, the second twin is booked.
        """
        asked = self.filtered(lambda transaction: transaction.decision != "separate")
        free = asked._lines_of_others()
        rest = self
        for transaction in asked if free else ():
            near = [
                line for line in free
                if abs(line.date - transaction.booking_date) <= NEAR
                and not transaction.currency_id.compare_amounts(line.amount, transaction.amount)
            ]
            if not near:
                continue
            line = max(near, key=lambda line: (
                transaction._was_imported_as(line), transaction._shares_words_with(line),
                -abs(line.date - transaction.booking_date), -line.id,
            ))
            free.remove(line)
            rest -= transaction
            transaction.write({"feed_state": "doubtful", "doubt_kind": "there_already", "doubt_line_id": line.id})
        return rest

    def _lines_of_others(self) -> list:
        """Return the journal's posted lines with one of these amounts, near one of these days, not from the feed."""
        if not self:
            return []
        days = self.mapped("booking_date")
        lines = self.env["account.bank.statement.line"]
        lines.flush_model()
        found = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM account_bank_statement_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.journal_id = %(journal)s
                   AND line.qonto_transaction_id IS NULL
                   AND move.state = 'posted'
                   AND move.date BETWEEN %(first)s AND %(last)s
                   AND line.amount IN %(amounts)s
                   AND NOT EXISTS (
                       SELECT 1 FROM qonto_transaction asked
                        WHERE asked.doubt_line_id = line.id AND asked.feed_state = 'doubtful'
                       )
              ORDER BY line.id
                """,
                journal=self.account_id.journal_id.id, first=min(days) - NEAR, last=max(days) + NEAR,
                amounts=tuple(set(self.mapped("amount"))),
            )
        )
        return list(lines.browse(row[0] for row in found))

    def _shares_words_with(self, line) -> bool:
        """Whether counterparty or reference can be read in the line's text."""
        if self.counterparty_iban and sanitize_account_number(line.account_number) == self.counterparty_iban:
            return True
        mine = " ".join(filter(None, (self.counterparty_name, self.label, self.reference)))
        theirs = " ".join(filter(None, (line.payment_ref, line.partner_name, line.partner_id.name, line.ref)))
        return bool({*WORD.findall(mine.casefold())} & {*WORD.findall(theirs.casefold())})

    def _was_imported_as(self, line) -> bool:
        """Whether another importer noted the bank's own ID: OCA's keeps one where it is installed."""
        imported = (line["unique_import_id"] if "unique_import_id" in line._fields else "") or ""
        return any(ref and imported.endswith(ref) for ref in (self.bank_ref, self.bank_slug))

    def _forget_settled_doubts(self):
        """What there was a doubt about may be gone: the line was deleted, or belongs to another transaction now."""
        settled = self.filtered(
            lambda transaction: transaction.feed_state == "doubtful"
            and transaction.doubt_kind == "there_already"
            and (
                not transaction.doubt_line_id
                or transaction.doubt_line_id.qonto_transaction_id
                or transaction.doubt_line_id.state != "posted"
            )
        )
        settled.write({"feed_state": "to_book", "doubt_kind": False, "doubt_line_id": False})

    def _adopt(self, line):
        """Let a line that is there already be this transaction's; its day, amount and matches are not touched."""
        self.ensure_one()
        line.write({
            "qonto_transaction_id": self.id,
            **{
                name: value
                for name, value in (
                    ("partner_name", self.counterparty_name), ("account_number", self.counterparty_iban),
                    ("transaction_details", self._line_details()),
                )
                if value and not line[name]
            },
        })
        line.move_id.message_post(
            body=self.env._(
                "This line is the bank's transaction %(ref)s, as %(user)s decided.",
                ref=self.bank_ref, user=self.env.user.name,
            )
        )
        self.write({"feed_state": "booked", "doubt_kind": False, "doubt_line_id": False, "hold_kind": False})
