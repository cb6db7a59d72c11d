# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Transactions that came from a file, and how the bank's own answer later takes each of them over.

What the feed brings and a file brought before is one transaction, not two. It is known again by the ID that the file
gave, if that is one of the bank's two; else by day, amount and text, one for one: of three alike at the bank and two in
the file, the third is new.
"""

import re
from itertools import chain

from odoo import fields, models

from .qonto_transaction_facts import SETTLED

SPACES = re.compile(r"\s+")
WORD = re.compile(r"[^\W_]{4,}")


def plain(text: str | None) -> str:
    """Return a text as it is compared."""
    return SPACES.sub(" ", (text or "").strip()).casefold()


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    file_import_id = fields.Many2one(
        "qonto.file.import", string="Imported from", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    file_ref = fields.Char(string="ID in the file", readonly=True)
    file_row = fields.Integer(string="Row of the file", readonly=True)
    file_day_source = fields.Char(readonly=True, help="Of the booking, or of the operation if the file has no other.")
    file_only = fields.Boolean(
        string="Known from a file only", readonly=True, help="No sync has brought it yet; one that does takes it over."
    )
    file_line_kept = fields.Boolean(readonly=True, help="The bank line was there before the import.")
    file_state_before = fields.Char(readonly=True, help="What the feed knew of it before the import.")

    _file_only_idx = models.Index("(account_id, booking_date) WHERE file_only")
    _file_ref_idx = models.Index("(account_id, file_ref) WHERE file_ref IS NOT NULL")

    def _become_the_banks(self, values: dict, known=None):
        """The bank shows what a file brought before: the record, and with it the line, is the bank's from now on.

        :param known: what the feed knew of it while it was pending at the bank, if it did; gives way
        """
        self.ensure_one()
        values = dict(values, file_only=False)
        if known and known != self:
            known.unlink()
        stays = self.feed_state in SETTLED
        waits = self.feed_state in ("to_book", "held", "doubtful") and values["status"] == "completed"
        if stays or waits:
            values.pop("feed_state")
        if self.feed_state == "booked":
            values["question_kind"] = self._question_about(values)
        self.write(values)

    def _says_the_same_as(self, row) -> int:
        """Compare the texts of a file with those of the bank's answer.

        :param row: `Transaction` of the bank's client
        :return: 0: another transaction; else the more, the more of the texts agree
        """
        names = {plain(row.counterparty_name), plain(row.label)} - {""}
        pairs = [
            ({plain(self.counterparty_name)} - {""}, names),
            ({plain(self.reference)} - {""}, {plain(row.reference)} - {""}),
            ({plain(self.note)} - {""}, {plain(row.note)} - {""}),
        ]
        comparable = [(mine, theirs) for mine, theirs in pairs if mine and theirs]
        if not comparable:
            return 1
        same = sum(bool(mine & theirs) for mine, theirs in comparable)
        if same:
            return 2 + same
        words = [{*WORD.findall(" ".join(chain.from_iterable(side)))} for side in zip(*comparable, strict=True)]
        return 2 if words[0] & words[1] else 0

    def _may_be_of(self, days: tuple, amount: float) -> bool:
        """Whether day and amount are those of the bank's row.

        :param days: of the row: the day of its booking, and that of the operation
        """
        day = days[1] if self.file_day_source == "operation" else days[0]
        return self.booking_date == day and not self.currency_id.compare_amounts(self.amount, amount)


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    # Whether the IDs in export files are the bank's own: nobody has said so; found out by the first that fits.
    file_ids_comparable = fields.Selection(selection=[("yes", "Yes"), ("no", "No")], readonly=True)

    def _claims_on_files(self, rows) -> dict:
        """Find, for rows that the bank has booked, the transactions that a file brought before; each is claimed once.

        :param rows: `Transaction` objects of the bank's client
        :return: the bank's id → the transaction
        """
        rows = [row for row in rows if row.status == "completed" and row.settled_at]
        days = {row.id: (self._local_day(row.settled_at), self._local_day(row.emitted_at)) for row in rows}
        refs = {ref for row in rows for ref in (row.id, row.transaction_id) if ref}
        transactions = self.env["qonto.transaction"]
        mine = rows and transactions.search(
            [
                ("account_id", "=", self.id), ("file_only", "=", True),
                "|", ("booking_date", "in", list(set(chain.from_iterable(days.values())))),
                ("file_ref", "in", list(refs)),
            ],
            order="booking_date, settled_at, file_row, id",
        )
        if not mine:
            return {}
        by_ref = {transaction.file_ref: transaction for transaction in mine if transaction.file_ref}
        claims = {}
        for row in rows:
            found = by_ref.get(row.id) or by_ref.get(row.transaction_id)
            if found and found not in claims.values():
                claims[row.id] = found
        if claims and self.file_ids_comparable != "yes":
            self.sudo().file_ids_comparable = "yes"
        by_id = self.file_ids_comparable == "yes"
        free = [row for row in rows if row.id not in claims]
        taken = set(claims.values())
        left = [
            transaction for transaction in mine
            if transaction not in taken and not (by_id and transaction.file_ref)
        ]
        pairs = sorted(
            (
                (-score, position, number, row, transaction)
                for number, row in enumerate(sorted(free, key=lambda row: (row.settled_at, row.id)))
                for position, transaction in enumerate(left)
                if transaction._may_be_of(days[row.id], float(row.signed_amount))
                and (score := transaction._says_the_same_as(row))
            ),
            key=lambda pair: pair[:3],
        )
        for *_order, row, transaction in pairs:
            if row.id not in claims and transaction not in taken:
                claims[row.id] = transaction
                taken.add(transaction)
        return claims
