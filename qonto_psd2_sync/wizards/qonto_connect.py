# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Connect Qonto*: say in plain words what is shared, take an explicit yes, send the user to the bank."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from ..qonto_api.scopes import BANK_FEED_SCOPES, PAYMENT_SCOPES, SUBSCRIPTION_READ

# Where the browser's session keeps the nonces of the round trips that it began.
SESSION_KEY = "qonto_psd2_sync_round_trips"
ROUND_TRIPS_KEPT = 5


class QontoConnect(models.TransientModel):
    _name = "qonto.connect"
    _description = "Connect Qonto"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    application_id = fields.Many2one(
        "qonto.application", string="App", compute="_compute_application_id", store=True, readonly=False,
        domain="[('company_id', '=', company_id)]", check_company=True,
    )
    journal_id = fields.Many2one("account.journal", readonly=True, check_company=True)
    renews_id = fields.Many2one("qonto.consent", readonly=True, check_company=True)
    renews_since = fields.Datetime(related="renews_id.authorised_at")
    purpose = fields.Selection(
        selection=[("read", "Read accounts and transactions"), ("pay", "Read, and pay from Odoo")],
        required=True,
        default="read",
    )
    wording = fields.Html(compute="_compute_wording", sanitize=False)
    agreed = fields.Boolean(string="Yes, I allow this")

    @api.depends("company_id")
    def _compute_application_id(self):
        applications = self.env["qonto.application"].search([("company_id", "in", self.company_id.ids)])
        for wizard in self:
            if wizard.application_id.company_id != wizard.company_id:
                wizard.application_id = applications.filtered(
                    lambda application, company=wizard.company_id: application.company_id == company
                )[:1]

    @api.depends("purpose", "company_id", "application_id")
    def _compute_wording(self):
        for wizard in self:
            wizard.wording = self.env["ir.qweb"]._render(
                "qonto_psd2_sync.consent_wording",
                {
                    "company": wizard.company_id,
                    "pay": wizard.purpose == "pay",
                    "third_party": wizard.application_id.third_party,
                },
            )

    def action_continue(self):
        """Record the yes and send the browser to the bank."""
        self.ensure_one()
        self._check_may_connect()
        if not self.application_id:
            raise UserError(
                self.env._(
                    "No app is set up for %(company)s yet. Qonto → Set-up has a guide: it takes ten minutes, once.",
                    company=self.company_id.name,
                )
            )
        self.application_id.check_access("read")
        if not self.agreed:
            raise UserError(
                self.env._("Please tick “Yes, I allow this” first, or close the window: then nothing is shared.")
            )
        scopes = [*BANK_FEED_SCOPES, SUBSCRIPTION_READ, *(PAYMENT_SCOPES if self.purpose == "pay" else ())]
        consent = self.env["qonto.consent"].sudo().create(
            {
                "application_id": self.application_id.id,
                "user_id": self.env.uid,
                "journal_id": self.journal_id.id,
                "renews_id": self.renews_id.filtered(lambda old: old.user_id == self.env.user).id,
                "wording": self.wording,
                "scopes_requested": " ".join(scopes),
                "agreed_at": fields.Datetime.now(),
            }
        )
        address, nonce = consent.with_env(self.env)._begin_authorization()
        self._remember_round_trip(consent, nonce)
        return {"type": "ir.actions.act_url", "url": address, "target": "self"}

    def _remember_round_trip(self, consent, nonce: str):
        """Keep the nonce in the browser's session: only this browser can come back from the bank."""
        if request:
            kept = dict(list((request.session.get(SESSION_KEY) or {}).items())[1 - ROUND_TRIPS_KEPT:])
            request.session[SESSION_KEY] = {**kept, str(consent.id): nonce}

    def action_set_up(self):
        """Open the form of the company's app."""
        self._check_may_connect()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_application"),
            "views": [(False, "form")],
            "res_id": self.application_id.id,
            "target": "current",
        }

    def _check_may_connect(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise UserError(
                self.env._(
                    "Connecting needs the right “Qonto bank feed: Administrator”. An administrator can give it to you."
                )
            )
