# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Proposals for bank lines: Odoo's records become facts for the engine, its proofs become sentences."""

from odoo import api, models
from odoo.exceptions import UserError

from ..matching import ItemIndex, ProofKind, Proposal, propose
from .booking import Booking, Match


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def _qonto_proposals(self) -> dict[int, tuple[Proposal, ...]]:
        """Return the proposals for each line that is not matched yet; a few queries for all of them."""
        lines = self.filtered(lambda line: not line.is_reconciled)
        proposals = {}
        for company in lines.company_id:
            of_company = lines.filtered(lambda line, company=company: line.company_id == company)
            index = ItemIndex(of_company._qonto_open_items())
            proposals.update({line.id: propose(line._qonto_facts(), index) for line in of_company})
        return proposals

    # === WORDS === #

    @api.model
    def _qonto_proof_in_words(self, proof) -> str:
        """Return what a proof says, for the person who checks it."""
        if proof.kind is ProofKind.NUMBER:
            return self.env._("number %(number)s in the text", number=proof.detail)
        if proof.kind is ProofKind.IBAN:
            return self.env._("account known as the partner's")
        if proof.kind is ProofKind.AMOUNT:
            return self.env._("amount exact")
        return self.env._("sent from Odoo as this transfer")

    # === ACTION METHODS === #

    def action_qonto_match(self):
        """Open the choice of what this line pays."""
        self.ensure_one()
        self._qonto_check_may_match()
        if self.is_reconciled:
            raise UserError(self.env._("This line is matched already. Undo the match first to match it anew."))
        wizard = self.env["qonto.match"].create({"statement_line_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Match"),
            "res_model": "qonto.match",
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_qonto_undo_match(self):
        """Take the match of this line back; documents and payments are as before."""
        self._qonto_check_may_match()
        self.check_access("write")
        self._qonto_undo()

    def _qonto_check_may_match(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            raise UserError(
                self.env._("Matching needs the right “Qonto bank feed: User”. An administrator can give it to you.")
            )

    def _qonto_book_items(self, items, **values):
        """Book this line on open items, in the order given.

        :param items: `account.move.line`
        :param values: of `Booking`
        """
        self.ensure_one()
        return self._qonto_book([Booking(self, tuple(Match(item) for item in items), **values)])
