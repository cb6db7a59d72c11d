# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The app that a company registered in Qonto's developer portal."""

import re
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..qonto_api import PRODUCTION, SANDBOX, Endpoints, OAuthClient
from ..server_config import server_option
from ..vault import SealBroken, VaultKeyMissing, vault_of

CALLBACK_PATH = "/qonto_psd2_sync/oauth/callback"
MASK = "••••••••"
# What a header can carry: the bank's client refuses anything else.
SECRET = re.compile(r"[\x21-\x7e]*")


class QontoApplication(models.Model):
    _name = "qonto.application"
    _description = "Qonto app"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "company_id, environment"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    environment = fields.Selection(
        selection=[
            ("production", "Production"),
            ("sandbox", "Sandbox"),
            ("own", "Own addresses (server configuration)"),
        ],
        required=True,
        default="production",
        tracking=True,
        help="Production is the real bank. The sandbox is Qonto's test bank and needs a staging token. "
        "Own addresses are set by whoever runs the server.",
    )
    client_id = fields.Char(
        string="Client ID", required=True, tracking=True, groups="qonto_psd2_sync.group_feed_manager"
    )
    client_secret = fields.Char(
        compute="_compute_client_secret",
        inverse="_inverse_client_secret",
        copy=False,
        groups="qonto_psd2_sync.group_feed_manager",
        help="Stored encrypted. It can be replaced, but not be read again.",
    )
    client_secret_sealed = fields.Char(copy=False, groups=fields.NO_ACCESS)
    staging_token = fields.Char(
        compute="_compute_staging_token",
        inverse="_inverse_staging_token",
        copy=False,
        groups="qonto_psd2_sync.group_feed_manager",
        help="Only for the sandbox: Qonto's developer portal shows it. Stored encrypted.",
    )
    staging_token_sealed = fields.Char(copy=False, groups=fields.NO_ACCESS)
    third_party = fields.Boolean(
        string="We are a licensed third party (TPP)",
        tracking=True,
        help="An app of your own reads your own account, and its consent renews with every sync. A payment institution "
        "with a licence must ask the customer anew every 180 days.",
    )
    remind_by_mail = fields.Boolean(
        string="Mail before a consent ends",
        default=True,
        help="7 days and 1 day before. The activities on the journal, on days 14, 7, 3 and 1, come in any case.",
    )
    redirect_uri = fields.Char(
        string="Redirect address",
        compute="_compute_redirect_uri",
        help="Copy it into the app's settings in Qonto's developer portal, letter by letter.",
    )
    consent_ids = fields.One2many(
        "qonto.consent", "application_id", string="Consents", domain=[("state", "not in", ("draft", "waiting"))]
    )

    _company_environment_uniq = models.Constraint(
        "UNIQUE (company_id, environment)",
        "This company already has an app for this environment. Change that one.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id", "environment")
    def _compute_display_name(self):
        labels = dict(self._fields["environment"]._description_selection(self.env))
        for application in self:
            application.display_name = self.env._(
                "%(company)s: %(environment)s",
                company=application.company_id.name or "",
                environment=labels.get(application.environment, ""),
            )

    @api.depends("client_secret_sealed")
    def _compute_client_secret(self):
        for application in self:
            application.client_secret = MASK if application.sudo().client_secret_sealed else False

    @api.depends("staging_token_sealed")
    def _compute_staging_token(self):
        for application in self:
            application.staging_token = MASK if application.sudo().staging_token_sealed else False

    def _inverse_client_secret(self):
        self._seal_input("client_secret")

    def _inverse_staging_token(self):
        self._seal_input("staging_token")

    def _compute_redirect_uri(self):
        base = self.get_base_url().rstrip("/")
        for application in self:
            application.redirect_uri = base + CALLBACK_PATH

    @api.constrains("environment")
    def _check_own_addresses(self):
        for application in self:
            if application.environment == "own":
                application._endpoints()

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse to pull the app from under consents that live on its credentials."""
        identity = {name: vals[name] for name in ("client_id", "environment", "company_id") if name in vals}
        for application in self.sudo():
            now = application.read(list(identity), load=None)[0]
            if any(now[name] != identity[name] for name in identity) and any(application.consent_ids.mapped("is_live")):
                raise UserError(
                    self.env._(
                        "Connections to Qonto depend on this app. Disconnect them first (Qonto → Consents), "
                        "then change the app: another app means that everybody authorises again."
                    )
                )
        return super().write(vals)

    # === SECRETS === #

    def _seal_input(self, name: str):
        """Store what was typed into a secret's field, encrypted; the mask means "unchanged"."""
        for application in self:
            value = (application[name] or "").strip()
            if value == MASK:
                continue
            if not SECRET.fullmatch(value):
                raise UserError(
                    self.env._(
                        "%(field)s: there are characters in it that can't belong there. Copy it anew from Qonto's "
                        "developer portal, without spaces.",
                        field=self._fields[name]._description_string(self.env),
                    )
                )
            try:
                sealed = vault_of(self.env).seal(value) if value else False
            except VaultKeyMissing as error:
                raise UserError(
                    self.env._(
                        "The secret was not stored: this server has no usable encryption key (%(reason)s). "
                        "Whoever runs the server sets QONTO_PSD2_SYNC_KEY or makes Odoo's data directory writable.",
                        reason=str(error),
                    )
                ) from error
            application.sudo()[f"{name}_sealed"] = sealed

    def _secret(self, name: str) -> str:
        """Return a secret in clear, for a call to the bank; empty when none is stored.

        :param str name: ``client_secret`` or ``staging_token``
        :raise UserError: the secret can't be opened on this server
        """
        self.ensure_one()
        sealed = self.sudo()[f"{name}_sealed"]
        if not sealed:
            return ""
        try:
            return vault_of(self.env).open(sealed)
        except VaultKeyMissing as error:
            raise UserError(
                self.env._(
                    "This server has no usable encryption key (%(reason)s), so Qonto's credentials can't be read. "
                    "Whoever runs the server restores the key; then it works again.",
                    reason=str(error),
                )
            ) from error
        except SealBroken as error:
            raise UserError(
                self.env._(
                    "Qonto's credentials were stored by another database or under another key: this looks like a "
                    "copy. It reads and sends nothing. Enter the credentials again under Qonto → Set-up and "
                    "authorise again if this database shall talk to the bank."
                )
            ) from error

    # === THE BANK === #

    def _endpoints(self) -> Endpoints:
        """Return the bank's addresses for this app.

        :raise ValidationError: own addresses are not, or wrongly, configured
        """
        self.ensure_one()
        if self.environment == "production":
            return PRODUCTION
        if self.environment == "sandbox":
            return SANDBOX
        api_url, oauth_url = server_option("api_url"), server_option("oauth_url")
        if not (api_url and oauth_url):
            raise ValidationError(
                self.env._(
                    "Own addresses are not configured on this server. Choose Production or Sandbox, or have whoever "
                    "runs the server set api_url and oauth_url in the section [qonto_psd2_sync] of its configuration."
                )
            )
        try:
            return Endpoints(api_url, oauth_url)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "The bank's own addresses in the server's configuration can't be used: %(reason)s. "
                    "They must begin with https://, or be on this very machine.",
                    reason=str(error),
                )
            ) from error

    def _oauth_client(self) -> OAuthClient:
        """Return a client of the bank's OAuth host; a context manager.

        :raise UserError: a credential is missing, or can't be opened on this server
        """
        self.ensure_one()
        self._check_credentials_complete()
        application = self.sudo()
        return OAuthClient(
            application._endpoints(),
            application.client_id,
            application._secret("client_secret"),
            staging_token=application._secret("staging_token") or None,
        )

    def _check_credentials_complete(self):
        """Stop with a sentence before a person is sent to the bank in vain."""
        self.ensure_one()
        application = self.sudo()
        if not application.client_secret_sealed:
            raise UserError(
                self.env._(
                    "The app has no client secret yet. Copy it from Qonto's developer portal into Qonto → Set-up."
                )
            )
        if application.environment == "sandbox" and not application.staging_token_sealed:
            raise UserError(
                self.env._(
                    "Qonto's sandbox needs a staging token. Copy it from the developer portal into Qonto → Set-up."
                )
            )

    def _redirect_uri_is_safe(self) -> bool:
        """Whether the bank may send a code there: https, or this very machine."""
        parts = urlsplit(self.redirect_uri or "")
        return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")

    # === ACTION METHODS === #

    def action_check_connection(self):
        """Open the list of what is right and what is not."""
        self.ensure_one()
        check = self.env["qonto.check"].create({"application_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Check connection"),
            "res_model": "qonto.check",
            "res_id": check.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_reseal(self):
        """Encrypt all secrets anew under the newest key of the server; then the old key can go."""
        self.check_access("write")
        counts = self.env["qonto.sealed"]._reseal()
        if counts["unreadable"]:
            raise UserError(
                self.env._(
                    "%(unreadable)s secrets can't be read with any key of this server, so nothing was changed. Keep "
                    "the old keys, or enter the credentials again and connect again.",
                    unreadable=counts["unreadable"],
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s secrets are encrypted under the newest key. Older keys can be taken away.", counts["resealed"]
                ),
            },
        }

    def action_connect(self):
        """Open the consent wizard for this app."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_connect"),
            "context": {"default_company_id": self.company_id.id, "default_application_id": self.id},
        }
