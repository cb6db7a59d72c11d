# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that moves between the company's own accounts: one movement, two bank lines, booked over the transfer account.

The first side is booked on the company's account for transfers between its banks, the second one settles that item.
By itself only when both sides are there and each names the other's account.
"""

from collections import defaultdict
from datetime import timedelta

from odoo import models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError
from odoo.fields import Domain

from .booking import Booking, Match, WriteOff

# Between banks a transfer may take a weekend.
APART = timedelta(days=5)


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    # === FINDING === #

    def _qonto_own_journals(self) -> dict:
        """Map lines that wait to the own journal whose account the counterparty's is; others are left out."""
        lines = self.filtered(
            lambda line: not line.is_reconciled and line.account_number
            and line.company_id.transfer_account_id.reconcile
        )
        journals = self.env["account.journal"].search([
            ("type", "=", "bank"), ("company_id", "in", lines.company_id.ids), ("bank_account_id", "!=", False),
        ])
        by_iban = {
            (journal.company_id, journal.bank_account_id.sanitized_acc_number): journal for journal in journals
        }
        found = {
            line: by_iban.get((line.company_id, sanitize_account_number(line.account_number))) for line in lines
        }
        return {line: journal for line, journal in found.items() if journal and journal != line.journal_id}

    def _qonto_other_sides(self) -> dict:
        """Map lines to the line that is the other side of the same movement, where both name each other's account.

        Equal movements are paired in the order of their days; whichever is meant, both sides are the same.
        """
        mine = self._qonto_own_journals()
        if not mine:
            return {}
        days = [line.date for line in mine]
        others = self.search([
            ("journal_id", "in", [journal.id for journal in mine.values()]), ("is_reconciled", "=", False),
            ("move_id.state", "=", "posted"), ("amount", "in", list({-line.amount for line in mine})),
            ("date", ">=", min(days) - APART), ("date", "<=", max(days) + APART),
        ])
        free = defaultdict(list)
        for other, journal in (others - self.browse(line.id for line in mine))._qonto_own_journals().items():
            free[other.journal_id, journal, other.amount].append(other)
        # Both sides may be among these lines.
        for line, journal in mine.items():
            free[line.journal_id, journal, line.amount].append(line)
        pairs: dict = {}
        for line in sorted(mine, key=lambda line: (line.date, line.id)):
            candidates = sorted(
                (
                    other for other in free[mine[line], line.journal_id, -line.amount]
                    if other not in pairs and other != line and abs(other.date - line.date) <= APART
                    and other.currency_id == line.currency_id and not other.foreign_currency_id
                ),
                key=lambda other: (other.date, other.id),
            )
            if line not in pairs and candidates and not line.foreign_currency_id:
                pairs[line], pairs[candidates[0]] = candidates[0], line
        return {line: other for line, other in pairs.items() if line in self}

    def _qonto_waiting_transfer_item(self, journal):
        """Return the item that the other side, booked before, left on the transfer account, or none."""
        self.ensure_one()
        return self.env["account.move.line"].search(
            Domain([
                ("account_id", "=", self.company_id.transfer_account_id.id), ("parent_state", "=", "posted"),
                ("reconciled", "=", False), ("move_id.statement_line_id.journal_id", "=", journal.id),
                ("amount_residual_currency", "=", self.amount), ("currency_id", "=", self.currency_id.id),
                ("date", ">=", self.date - APART), ("date", "<=", self.date + APART),
            ]),
            order="date, id", limit=1,
        )

    # === BOOKING === #

    def _qonto_book_own(self, journal):
        """Book this side of a movement to or from an own account; settle the other side if that is booked already."""
        self.ensure_one()
        item = self._qonto_waiting_transfer_item(journal)
        account = self.company_id.transfer_account_id
        booking = Booking(self, (Match(item),)) if item else Booking(self, write_offs=(WriteOff(account),))
        self._qonto_book([booking])

    def _qonto_book_own_pairs(self):
        """Book both sides of movements between own accounts where both are there, and nothing forbids it.

        :return: the lines booked
        """
        booked = self.browse()
        for line, other in self._qonto_other_sides().items():
            both = line | other
            if line in booked or both != both._qonto_may_be_booked_by_itself():
                continue
            try:
                with self.env.cr.savepoint():
                    line._qonto_book_own(other.journal_id)
                    other._qonto_book_own(line.journal_id)
            except UserError:
                self.env.invalidate_all(flush=False)
                continue
            both._qonto_keep_proofs(
                [{"kind": "own", "detail": ""}, {"kind": "other_side", "detail": ""}], by_itself=True
            )
            booked |= both
        return booked

    # === WORDS === #

    def _qonto_own_told(self) -> dict:
        """Map lines to what a person is told of a movement between own accounts, as a proposal of the screen."""
        others = self._qonto_other_sides()
        return {
            line: [{
                "own_journal_id": journal.id,
                "documents": self.env._("Own transfer: %(journal)s", journal=journal.name),
                "partner": "", "due": "", "open_text": "", "difference": "", "certain": False,
                "proofs": [
                    {"kind": kind, "text": line._qonto_own_proof_in_words(kind)}
                    for kind in ("own", *(("other_side",) if line in others else ()))
                ],
            }]
            for line, journal in self._qonto_own_journals().items()
        }

    def _qonto_own_proof_in_words(self, kind: str) -> str:
        if kind == "own":
            return self.env._("the other account is your own")
        return self.env._("the other side is there")
