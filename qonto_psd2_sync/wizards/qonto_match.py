# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Match*: what a bank line pays, proposed with its proofs or chosen by hand."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.booking import WriteOff


class QontoMatch(models.TransientModel):
    _name = "qonto.match"
    _description = "Match a bank line"

    statement_line_id = fields.Many2one(
        "account.bank.statement.line", string="Bank line", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="statement_line_id.company_id")
    currency_id = fields.Many2one(related="statement_line_id.currency_id")
    partner_name = fields.Char(related="statement_line_id.partner_name")
    payment_ref = fields.Char(related="statement_line_id.payment_ref")
    date = fields.Date(related="statement_line_id.date")
    amount = fields.Monetary(related="statement_line_id.amount")
    proposal_ids = fields.One2many("qonto.match.proposal", "match_id")
    silence = fields.Char(compute="_compute_silence", help="Why nothing is proposed.")
    item_ids = fields.Many2many(
        "account.move.line",
        string="Open items",
        domain="[('company_id', '=', company_id), ('parent_state', '=', 'posted'), ('reconciled', '=', False),"
        " ('account_type', 'in', ('asset_receivable', 'liability_payable'))]",
    )
    rest = fields.Selection(
        selection=[("refuse", "There is none"), ("partner", "Stays open on the partner"), ("account", "To an account")],
        string="What is left over",
        required=True,
        default="refuse",
    )
    rest_account_id = fields.Many2one("account.account", string="Account")
    rest_label = fields.Char(string="Text of the rest")

    @api.depends("proposal_ids")
    def _compute_silence(self):
        for match in self:
            match.silence = False if match.proposal_ids else match._silence_in_words()

    def _silence_in_words(self) -> str:
        if not self.env["account.move.line"].search_count(self.statement_line_id._qonto_open_items_domain(), limit=1):
            return self.env._("Nothing is proposed: there is no open invoice or bill.")
        return self.env._(
            "Nothing is proposed: no open document has its number in the text, the counterparty's account or exactly "
            "this amount."
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Propose what the line may pay."""
        matches = super().create(vals_list)
        proposals = matches.statement_line_id._qonto_proposals()
        for match in matches:
            line = match.statement_line_id
            match.proposal_ids = [
                fields.Command.create(
                    {
                        "sequence": sequence,
                        "item_ids": [fields.Command.set(proposal.item_ids)],
                        "proofs": " · ".join(line._qonto_proof_in_words(proof) for proof in proposal.proofs),
                        "certain": proposal.certain,
                    }
                )
                for sequence, proposal in enumerate(proposals.get(line.id, ()))
            ]
        return matches

    def action_book(self):
        """Book the line on the items that were chosen by hand, and on an account what is left over."""
        self.ensure_one()
        line = self.statement_line_id
        line._qonto_check_may_match()
        if not self.item_ids and self.rest != "account":
            raise UserError(self.env._("Choose at least one open item, or an account for what is left over."))
        if self.rest == "account" and not self.rest_account_id:
            raise UserError(self.env._("Choose the account for what is left over."))
        write_offs = (WriteOff(self.rest_account_id, label=self.rest_label or ""),) if self.rest == "account" else ()
        line._qonto_book_items(self.item_ids, write_offs=write_offs, rest_on_partner=self.rest == "partner")
        return {"type": "ir.actions.act_window_close"}


class QontoMatchProposal(models.TransientModel):
    _name = "qonto.match.proposal"
    _description = "Proposal for a bank line"
    _order = "sequence, id"

    match_id = fields.Many2one("qonto.match", required=True, ondelete="cascade")
    sequence = fields.Integer()
    item_ids = fields.Many2many("account.move.line", string="Open items", readonly=True)
    documents = fields.Char(compute="_compute_facts")
    partner_id = fields.Many2one("res.partner", compute="_compute_facts")
    currency_id = fields.Many2one("res.currency", compute="_compute_facts")
    residual = fields.Monetary(string="Open", compute="_compute_facts")
    date_maturity = fields.Date(string="Due", compute="_compute_facts")
    proofs = fields.Char(readonly=True)
    certain = fields.Boolean(readonly=True)

    @api.depends("item_ids")
    def _compute_facts(self):
        for proposal in self:
            items = proposal.item_ids
            proposal.documents = ", ".join(item.move_id.ref or item.move_name for item in items)
            proposal.partner_id = items.partner_id[:1]
            proposal.currency_id = items.currency_id[:1]
            proposal.residual = sum(items.mapped("amount_residual_currency"))
            proposal.date_maturity = items[:1].date_maturity

    def action_book(self):
        """Book the line on what is proposed; more than is open stays open on the partner."""
        self.ensure_one()
        line = self.match_id.statement_line_id
        line._qonto_check_may_match()
        line._qonto_book_items(self.item_ids, rest_on_partner=True)
        return {"type": "ir.actions.act_window_close"}
