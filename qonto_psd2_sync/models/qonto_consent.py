# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody allowed this company to do at Qonto, for how long, and how it ends."""

import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..qonto_api import QontoClient, QontoError
from .bank_words import role_in_words
from .failure_words import explain, explain_error

_logger = logging.getLogger(__name__)

# How long one question may be repeated, in seconds. Somebody may be waiting, and the next run asks again.
MAX_WAIT = 20
EXPIRING_SOON = timedelta(days=14)
# Owners and admins may do everything; managers what they were set to; the others only request
# (reference/qonto-api.md, section 7.3).
ROLES_THAT_PAY = ("owner", "admin")
ROLES_THAT_REQUEST = ("employee", "accountant", "reporting")


class QontoConsent(models.Model):
    _name = "qonto.consent"
    _description = "Consent to use Qonto"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "id desc"

    # A consent's life. Only `active` and `expiring` reach the bank.
    #
    #   draft ──leave for the bank──▶ waiting ──come back, allowed──▶ active ◀──used──▶ expiring
    #                                    │                              │                  │
    #            refused or abandoned: the record goes, nothing        │                  └──▶ expired
    #            half-made stays                                       ├──▶ withdrawn  (disconnected in Odoo)
    #                                                                  ├──▶ revoked    (the bank knows it no more)
    #                                                                  └──▶ replaced   (authorised anew)
    _LIVE = ("active", "expiring")
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("waiting", "Waiting for Qonto"),
            ("active", "Active"),
            ("expiring", "Expiring soon"),
            ("expired", "Expired"),
            ("withdrawn", "Withdrawn"),
            ("revoked", "Revoked at the bank"),
            ("replaced", "Replaced"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )
    is_live = fields.Boolean(compute="_compute_is_live", search="_search_is_live")
    application_id = fields.Many2one(
        "qonto.application", string="App", required=True, readonly=True, index=True, ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one("res.company", related="application_id.company_id", store=True, index=True)
    environment = fields.Selection(related="application_id.environment", store=True)
    journal_id = fields.Many2one("account.journal", string="Begun from", readonly=True, check_company=True)
    user_id = fields.Many2one("res.users", string="Given by", required=True, readonly=True, index=True)
    wording = fields.Html(string="Wording shown", readonly=True)
    scopes_requested = fields.Char(readonly=True)
    scopes_granted = fields.Char(readonly=True)
    agreed_at = fields.Datetime(string="Agreed on", readonly=True)
    authorised_at = fields.Datetime(string="Authorised at Qonto on", readonly=True, tracking=True)
    valid_until = fields.Datetime(readonly=True)
    ended_at = fields.Datetime(string="Ended on", readonly=True, tracking=True)
    ended_by_id = fields.Many2one("res.users", string="Ended by", readonly=True)
    organization_ref = fields.Char(string="Organization ID at Qonto", readonly=True)
    organization_name = fields.Char(string="Organization", readonly=True, tracking=True)
    plan_name = fields.Char(string="Plan", readonly=True)
    member_role = fields.Char(string="Role code", readonly=True)
    role_label = fields.Char(string="Role at Qonto", compute="_compute_permission")
    permission = fields.Selection(
        selection=[
            ("read", "Read only"),
            ("pay", "Read and pay"),
            ("request", "Read; payments only as requests"),
            ("unknown", "Read; payments not known yet"),
        ],
        compute="_compute_permission",
        string="May",
    )
    permission_reason = fields.Char(compute="_compute_permission")
    account_ids = fields.Many2many("qonto.account", string="Accounts", readonly=True, check_company=True)
    bank_accounts = fields.Json(
        readonly=True,
        groups="qonto_psd2_sync.group_feed_manager",
        help="The accounts as the bank listed them to this member.",
    )
    token_ids = fields.One2many("qonto.token", "consent_id", groups=fields.NO_ACCESS)
    state_digest = fields.Char(groups=fields.NO_ACCESS, copy=False)
    verifier_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    waiting_until = fields.Datetime(readonly=True, copy=False)

    _one_live_per_member = models.UniqueIndex(
        "(user_id, company_id, organization_ref) WHERE state IN ('active', 'expiring')",
        "This user already has a live consent for this organization.",
    )

    # === COMPUTE METHODS === #

    @api.depends("organization_name", "user_id", "state")
    def _compute_display_name(self):
        for consent in self:
            consent.display_name = self.env._(
                "%(organization)s by %(user)s",
                organization=consent.organization_name or "Qonto",
                user=consent.user_id.name or "",
            )

    @api.depends("state", "valid_until")
    def _compute_is_live(self):
        now = fields.Datetime.now()
        for consent in self:
            consent.is_live = consent.state in self._LIVE and (not consent.valid_until or consent.valid_until > now)

    def _search_is_live(self, operator, value):
        if operator != "in":
            return NotImplemented
        live = fields.Domain("state", "in", self._LIVE) & (
            fields.Domain("valid_until", "=", False) | fields.Domain("valid_until", ">", fields.Datetime.now())
        )
        if set(value) == {True}:
            return live
        return ~live if set(value) == {False} else fields.Domain(bool(value))

    @api.depends("scopes_granted", "member_role")
    @api.depends_context("lang")
    @api.depends_context("lang")
    def _compute_permission(self):
        for consent in self:
            consent.role_label = role_in_words(self.env, consent.member_role)
            if "payment.write" not in (consent.scopes_granted or "").split():
                consent.permission = "read"
                consent.permission_reason = self.env._("Paying was not part of this consent.")
            elif consent.member_role in ROLES_THAT_PAY:
                consent.permission = "pay"
                consent.permission_reason = self.env._("Owners and admins may pay at Qonto.")
            elif consent.member_role in ROLES_THAT_REQUEST:
                consent.permission = "request"
                consent.permission_reason = self.env._(
                    "With this role Qonto only lets you request transfers; an owner or admin must approve them."
                )
            else:
                consent.permission = "unknown"
                consent.permission_reason = (
                    self.env._("Qonto does not tell an app what a manager may pay: it shows with the first payment.")
                    if consent.member_role
                    else self.env._("Qonto did not tell your role: it shows with the first payment.")
                )

    # === USE === #

    def _client(self, access_token: str, on_unauthorized=None) -> QontoClient:
        """Return a client of the bank's API that acts as the member who gave this consent."""
        application = self.sudo().application_id
        return QontoClient(
            application._endpoints(),
            access_token,
            staging_token=application._secret("staging_token") or None,
            on_unauthorized=on_unauthorized,
            max_wait=MAX_WAIT,
        )

    def _reading_client(self) -> QontoClient:
        """Return a client with a good token; on a 401 it fetches one new token, and no more.

        :raise QontoError: no token can be had; a consent that the bank no longer knows says so
        """
        self.ensure_one()
        token = self.env["qonto.token"].sudo()
        access = token._access_token(self)
        return self._client(access, on_unauthorized=lambda: token._access_token(self, rejected=access))

    def _revoke_quietly(self, token: str):
        """Revoke where the bank's answer changes nothing here."""
        if problem := self._revoke([token]):
            _logger.info("A token of consent %s could not be revoked: %s", self.id, problem)

    def _end(self, state: str) -> list[str]:
        """Move live consents to an end state and drop their tokens.

        :return: the refresh tokens in clear, for whoever wants to tell the bank
        """
        tokens = []
        for consent in self.sudo():
            tokens += consent.token_ids._refresh_tokens()
            consent.token_ids.unlink()
            consent.write({"state": state, "ended_at": fields.Datetime.now(), "ended_by_id": self.env.uid})
        return tokens

    @api.model
    def _update_states(self):
        """Let the clock move consents: active ⇄ expiring → expired."""
        now = fields.Datetime.now()
        live = self.sudo().search([("state", "in", self._LIVE), ("valid_until", "!=", False)])
        over = live.filtered(lambda consent: consent.valid_until <= now)
        over._end("expired")
        for consent in live - over:
            state = "expiring" if consent.valid_until <= now + EXPIRING_SOON else "active"
            if consent.state != state:
                consent.state = state

    @api.autovacuum
    def _gc_abandoned(self):
        """Remove round trips that nobody came back from: nothing half-made stays behind."""
        self.search(
            [
                ("state", "in", ("draft", "waiting")),
                ("create_date", "<", fields.Datetime.now() - timedelta(days=1)),
            ]
        ).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unused(self):
        if self.filtered(lambda consent: consent.state not in ("draft", "waiting")):
            raise UserError(
                self.env._("A consent is evidence and stays on record. Withdraw it instead of deleting it.")
            )

    # === ACTION METHODS === #

    def action_map_accounts(self):
        """Open the choice of accounts for this consent."""
        self.ensure_one()
        wizard = self.env["qonto.map"].create({"consent_id": self.id})
        return wizard._action_open()

    def action_withdraw(self):
        """Disconnect: tell the bank to forget the token, keep every line.

        The bank is asked after the commit that ends the consent here: whatever it answers, Odoo stops using it.
        """
        self.env["qonto.application"].check_access("write")
        self.check_access("read")
        for consent in self.filtered(lambda consent: consent.state in self._LIVE):
            tokens = consent._end("withdrawn")
            # Nobody may write consents, so nobody may write into their history either; withdrawing was checked above.
            consent.sudo().message_post(
                body=self.env._(
                    "%(user)s withdrew this consent. Bank lines, matches and accounts stay as they are.",
                    user=self.env.user.name,
                )
            )
            self.env.cr.postcommit.add(partial(consent._revoke_and_tell, tokens))

    def _revoke_and_tell(self, tokens: list[str]):
        """Ask the bank to revoke, and write its answer into the history; on a cursor of its own, after a commit."""
        with self.env.registry.cursor() as cr:
            consent = self.with_env(self.env(cr=cr)).sudo()
            problem = consent._revoke(tokens)
            consent.message_post(
                body=self.env._(
                    "Qonto could not be told: %(reason)s. Odoo no longer has the key, so nothing can be read; to end "
                    "it at the bank too, remove the app in Qonto under Integrations.",
                    reason=problem.rstrip("."),
                )
                if problem
                else self.env._("Qonto confirmed that the access was revoked.")
            )

    def _revoke(self, tokens: list[str]) -> str:
        """Ask the bank to forget tokens that nobody will use again.

        :param tokens: refresh tokens in clear; none where they could not be opened
        :return: why the bank could not be told; empty when it was
        """
        if not tokens:
            return explain(self.env, "sealed")
        try:
            with self.application_id._oauth_client() as oauth:
                for token in tokens:
                    oauth.revoke(token)
        except QontoError as error:
            return explain_error(self.env, error)
        except UserError as error:
            return str(error)
        return ""
