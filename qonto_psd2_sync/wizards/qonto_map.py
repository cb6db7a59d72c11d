# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Choose accounts*: what the bank showed to the member who gave the consent."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class QontoMap(models.TransientModel):
    _name = "qonto.map"
    _description = "Choose Qonto accounts"
    _rec_name = "organization_name"

    consent_id = fields.Many2one("qonto.consent", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="consent_id.company_id")
    organization_name = fields.Char(related="consent_id.organization_name")
    plan_name = fields.Char(related="consent_id.plan_name")
    role_label = fields.Char(related="consent_id.role_label")
    permission = fields.Selection(related="consent_id.permission")
    permission_reason = fields.Char(related="consent_id.permission_reason")
    line_ids = fields.One2many("qonto.map.line", "map_id")
    hides_ibans = fields.Boolean(compute="_compute_problems")
    has_problems = fields.Boolean(compute="_compute_problems")
    has_overlaps = fields.Boolean(compute="_compute_problems")

    @api.depends("line_ids.iban", "line_ids.problem", "line_ids.overlap_count")
    def _compute_problems(self):
        for wizard in self:
            wizard.hides_ibans = bool(wizard.line_ids) and not any(wizard.line_ids.mapped("iban"))
            wizard.has_problems = any(wizard.line_ids.mapped("problem"))
            wizard.has_overlaps = any(wizard.line_ids.mapped("overlap_count"))

    @api.model_create_multi
    def create(self, vals_list):
        """List the accounts that the bank showed to this member, with a proposal for each."""
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._check_may_map()
            wizard._list_accounts()
        return wizards

    def _check_may_map(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise UserError(
                self.env._(
                    "Connecting needs the right “Qonto bank feed: Administrator”. An administrator can give it to you."
                )
            )
        self.consent_id.check_access("read")
        if not self.consent_id.is_live:
            raise UserError(self.env._("This consent is over. Connect Qonto again."))
        if self.consent_id.user_id != self.env.user:
            raise UserError(
                self.env._(
                    "This consent was given by %s, account by account, and only that person can add accounts to it. "
                    "Connect Qonto yourself to add some.",
                    self.consent_id.user_id.name,
                )
            )

    def _list_accounts(self):
        currencies = {
            currency.name: currency for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        known = self._known_accounts()
        lines = self.env["qonto.map.line"].create(
            [
                {
                    "map_id": self.id,
                    "bank_ref": facts["id"],
                    "name": facts["name"],
                    "iban": facts["iban"],
                    "main": facts["main"],
                    "closed": facts["status"] == "closed",
                    "currency_name": facts["currency"],
                    "currency_id": currencies[facts["currency"]].id if facts["currency"] in currencies else False,
                    "balance": float(facts["balance"] or 0),
                    "account_id": known[facts["id"]].id if facts["id"] in known else False,
                }
                for facts in self.consent_id._bank_accounts_now()
            ]
        )
        lines._propose()
        lines._read_opening()

    def _known_accounts(self) -> dict:
        """Map the bank's id → the account that is connected already, closed ones too."""
        return {
            account.bank_ref: account
            for account in self.env["qonto.account"].search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("environment", "=", self.consent_id.environment),
                    ("active", "in", (True, False)),
                ]
            )
        }

    def _action_open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_map"),
            "res_id": self.id,
        }

    def action_confirm(self):
        """Connect the ticked accounts and begin the first sync at once."""
        self.ensure_one()
        self._check_may_map()
        chosen = self.line_ids.filtered(lambda line: line.selected and not line.account_id)
        if not chosen:
            raise UserError(self.env._("Tick at least one account."))
        taken, known = {}, self._known_accounts()
        for line in chosen:
            # Another window may have connected it meanwhile.
            line.account_id = known.get(line.bank_ref)
            line._check_choice(taken)
        accounts = self.env["qonto.account"]
        for line in chosen:
            accounts |= line._connect()
        return accounts.action_sync() | {"target": "main"}
