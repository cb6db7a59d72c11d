# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Choose accounts* offers a rule for the bank's own fees, which no bill explains."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

FEE = "qonto_fee"
# Where charts of accounts keep bank charges, by the beginning of the account's code.
USUAL_ACCOUNTS = {"de_skr03": "4970", "de_skr04": "6855", "fr": "627", "es_pymes": "626", "es_full": "626"}


class QontoMap(models.TransientModel):
    _inherit = "qonto.map"

    offers_fee_rule = fields.Boolean(compute="_compute_offers_fee_rule")
    wants_fee_rule = fields.Boolean(string="Book Qonto's own fees by a rule")
    fee_account_id = fields.Many2one(
        "account.account", string="Account for fees", check_company=True, compute="_compute_fee_account_id",
        store=True, readonly=False,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost', 'expense_other'))]",
    )

    @api.depends("company_id")
    def _compute_offers_fee_rule(self):
        """A rule that is there already, made by us or by a person, stays as it is."""
        rules = self.env["account.reconcile.model"].with_context(active_test=False)
        for wizard in self:
            wizard.offers_fee_rule = not rules.search_count(
                [("qonto_operation_type", "=", FEE), ("company_id", "parent_of", wizard.company_id.ids)], limit=1
            )

    @api.depends("company_id")
    def _compute_fee_account_id(self):
        """Propose the account of an existing rule for bank fees, else what the chart of accounts uses."""
        for wizard in self:
            wizard.fee_account_id = wizard._usual_fee_account()

    def _usual_fee_account(self):
        code = USUAL_ACCOUNTS.get(self.company_id.chart_template)
        accounts = self.env["account.account"].with_company(self.company_id)
        here = Domain(accounts._check_company_domain(self.company_id)) & Domain("account_type", "like", "expense")
        return accounts.search(here & Domain("code", "=like", f"{code}%"), order="code", limit=1) if code else accounts

    def action_confirm(self):
        """Override: make the rule that the person asked for, together with the connection."""
        wanted = self.wants_fee_rule and self.offers_fee_rule
        if wanted and not self.fee_account_id:
            raise UserError(self.env._("Choose the account for Qonto's fees, or switch the rule off."))
        action = super().action_confirm()
        if wanted:
            self._make_fee_rule()
        return action

    def _make_fee_rule(self):
        self.env["account.reconcile.model"].with_company(self.company_id).create(
            {
                "name": self.env._("Qonto fees"),
                "company_id": self.company_id.id,
                "trigger": "auto_reconcile",
                "qonto_operation_type": FEE,
                "line_ids": [Command.create({"account_id": self.fee_account_id.id})],
            }
        )
