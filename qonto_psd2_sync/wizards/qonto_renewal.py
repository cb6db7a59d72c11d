# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Back from the bank with accounts that are set up already: what became of them, or what must be decided first."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class QontoRenewal(models.TransientModel):
    _name = "qonto.renewal"
    _description = "Qonto authorised again"
    _rec_name = "organization_name"

    consent_id = fields.Many2one("qonto.consent", required=True, readonly=True, ondelete="cascade")
    organization_name = fields.Char(related="consent_id.organization_name")
    question = fields.Selection(related="consent_id.question")
    old_organization_name = fields.Char(related="consent_id.renews_id.organization_name", string="Organization so far")
    account_ids = fields.Many2many("qonto.account", compute="_compute_accounts")
    missing_account_ids = fields.Many2many("qonto.account", compute="_compute_accounts")
    new_account_count = fields.Integer(compute="_compute_accounts")
    has_gaps = fields.Boolean(compute="_compute_accounts")
    title = fields.Char(compute="_compute_words")
    explanation = fields.Text(compute="_compute_words")

    @api.depends("consent_id")
    def _compute_accounts(self):
        for wizard in self:
            consent = wizard.consent_id.sudo()
            known = consent._recognised_accounts()
            wizard.account_ids = known.sudo(False)
            wizard.missing_account_ids = consent.missing_account_ids.sudo(False)
            wizard.new_account_count = len(consent.bank_accounts or []) - len(known)
            wizard.has_gaps = bool(known.gap_ids)

    @api.depends("consent_id")
    @api.depends_context("lang")
    def _compute_words(self):
        for wizard in self:
            if wizard.question == "organization":
                wizard.title = self.env._("This is another organization")
                wizard.explanation = self.env._(
                    "You allowed access to %(new)s. The consent that you were renewing is for %(old)s, and it still "
                    "works. Nothing was changed yet.",
                    new=wizard.organization_name, old=wizard.old_organization_name,
                )
            elif wizard.question == "accounts":
                wizard.title = self.env._("Not all accounts are there")
                wizard.explanation = self.env._(
                    "With what you just allowed, Qonto does not show: %(accounts)s. An owner or admin sees all "
                    "accounts. Nothing was changed yet: the consent there was still works.",
                    accounts=", ".join(wizard.missing_account_ids.mapped("name")),
                )
            else:
                wizard.title = self.env._("Qonto is connected again")
                wizard.explanation = self.env._(
                    "The accounts were recognised. Journals, start dates, bank lines and matches are as they were, "
                    "and the feed goes on where it stopped."
                )

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._check_own()
        return wizards

    def _check_own(self):
        """Only who gave the consent, and still may connect, decides about it."""
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise UserError(
                self.env._(
                    "Connecting needs the right “Qonto bank feed: Administrator”. An administrator can give it to you."
                )
            )
        self.consent_id.check_access("read")
        if self.consent_id.user_id != self.env.user:
            raise UserError(
                self.env._("This was authorised by %s, who decides about it.", self.consent_id.user_id.name)
            )

    def _action_open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_renewal"),
            "res_id": self.id,
        }

    # === ACTION METHODS === #

    def action_replace(self):
        """The new consent takes the old one's place."""
        return self._answer("replace")

    def action_keep(self):
        """Keep the old consent, and the new one besides."""
        return self._answer("keep")

    def action_discard(self):
        """Forget the new authorisation; the old consent goes on."""
        self._answer("discard")
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_consent"),
            "target": "main",
        }

    def _answer(self, answer: str):
        self.ensure_one()
        self._check_own()
        allowed = {"organization": ("replace", "keep", "discard"), "accounts": ("replace", "discard")}
        if answer not in allowed.get(self.question, ()):
            raise UserError(self.env._("This was decided already."))
        consent = self.consent_id
        consent._answer(answer)
        return answer != "discard" and consent._next_wizard()._action_open()

    def action_sync(self):
        """Fetch what came meanwhile."""
        self.ensure_one()
        return self.account_ids.action_sync() | {"target": "main"}

    def action_map_accounts(self):
        """Connect accounts that are not set up yet."""
        return self.consent_id.action_map_accounts()
