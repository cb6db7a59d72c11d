# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Disconnect*: what stops, what stays, and what else ends."""

from odoo import api, fields, models


class QontoDisconnect(models.TransientModel):
    _name = "qonto.disconnect"
    _description = "Disconnect Qonto"

    consent_ids = fields.Many2many("qonto.consent", string="Consents that end", readonly=True)
    stopping_account_ids = fields.Many2many("qonto.account", compute="_compute_accounts")
    going_on_account_ids = fields.Many2many("qonto.account", compute="_compute_accounts")
    line_count = fields.Integer(compute="_compute_accounts")
    ends_payments = fields.Boolean(compute="_compute_accounts")
    live_transfers = fields.Text(string="Transfers under way", compute="_compute_live_transfers")

    @api.model_create_multi
    def create(self, vals_list):
        """It is told about consents that one may see only."""
        wizards = super().create(vals_list)
        wizards.consent_ids.check_access("read")
        return wizards

    @api.depends("consent_ids")
    def _compute_accounts(self):
        for wizard in self:
            accounts = wizard.consent_ids.account_ids
            others = (accounts.consent_ids - wizard.consent_ids).filtered(
                lambda consent: consent.is_live and consent.user_id.active
            )
            going_on = accounts & others.account_ids
            wizard.going_on_account_ids = going_on
            wizard.stopping_account_ids = accounts - going_on
            wizard.line_count = self.env["account.bank.statement.line"].sudo().search_count(
                [("journal_id", "in", accounts.journal_id.ids)]
            )
            wizard.ends_payments = any(
                "payment.write" in (consent.scopes_granted or "").split() for consent in wizard.consent_ids
            )

    @api.depends("consent_ids")
    @api.depends_context("lang")
    def _compute_live_transfers(self):
        """Name what nobody could follow any more: what was sent with these consents, or leaves a stopping account."""
        for wizard in self:
            live = self.env["qonto.transfer"].sudo().search([
                ("live", "=", True), "|", ("order_id.consent_id", "in", wizard.consent_ids.ids),
                ("order_id.account_id", "in", wizard.stopping_account_ids.ids),
            ])
            wizard.live_transfers = "\n".join(transfer._held_by() for transfer in live) or False

    def _action_open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_disconnect"),
            "res_id": self.id,
        }

    def action_disconnect(self):
        """End the consents; the bank's answer is on the page that comes next."""
        self.ensure_one()
        consents = self.consent_ids
        consents.action_withdraw()
        one = {"views": [(False, "form")], "res_id": consents.id} if len(consents) == 1 else {}
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_consent"),
            **one,
            "target": "current",
        }
