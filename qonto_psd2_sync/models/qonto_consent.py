# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody allowed this company to do at Qonto, and the round trip in which it is allowed."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import hash_sign, verify_hash_signed
from odoo.tools.misc import consteq

from ..qonto_api import QontoClient, QontoError, code_challenge, new_code_verifier
from ..vault import VaultError, vault_of
from .bank_words import role_in_words
from .failure_words import explain, explain_error

_logger = logging.getLogger(__name__)

STATE_SCOPE = "qonto_psd2_sync.oauth_state"
# A new member may have to pair a phone first; the bank's own code lives ten minutes.
ROUND_TRIP = timedelta(minutes=30)
# How long one question may be repeated, in seconds. Somebody may be waiting, and the next run asks again.
MAX_WAIT = 20
EXPIRING_SOON = timedelta(days=14)
# Owners and admins may do everything; managers what they were set to; the others only request
# (reference/qonto-api.md, section 7.3).
ROLES_THAT_PAY = ("owner", "admin")
ROLES_THAT_REQUEST = ("employee", "accountant", "reporting")


@dataclass(frozen=True)
class Outcome:
    """How a return from the bank ended, in words for the person who returned."""

    consent_id: int = 0
    title: str = ""
    message: str = ""
    advice: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.consent_id)


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

    # === THE ROUND TRIP === #

    def _begin_authorization(self) -> tuple[str, str]:
        """Go from `draft` to `waiting`.

        :return: the bank's address to send the browser to, and the nonce that the browser's session keeps
        """
        self.ensure_one()
        application = self.application_id
        application._check_credentials_complete()
        if not application._redirect_uri_is_safe():
            raise UserError(
                self.env._(
                    "Qonto would send the answer to %(address)s, which is not encrypted. Have whoever runs the server "
                    "make Odoo reachable by https:// and set that address (Settings → Technical → System Parameters → "
                    "web.base.url).",
                    address=application.redirect_uri,
                )
            )
        nonce = secrets.token_urlsafe(24)
        verifier = new_code_verifier()
        try:
            sealed = vault_of(self.env).seal(verifier)
        except VaultError as error:
            raise UserError(
                self.env._("This server has no usable encryption key: %(reason)s.", reason=str(error))
            ) from error
        self.sudo().write(
            {
                "state": "waiting",
                "state_digest": self._digest(nonce),
                "verifier_sealed": sealed,
                "waiting_until": fields.Datetime.now() + ROUND_TRIP,
            }
        )
        signed = hash_sign(
            self.sudo().env, STATE_SCOPE, {"consent": self.id, "user": self.env.uid, "nonce": nonce},
            expiration=ROUND_TRIP,
        )
        with application._oauth_client() as oauth:
            address = oauth.authorization_url(
                redirect_uri=application.redirect_uri,
                scopes=self.scopes_requested.split(),
                state=signed,
                code_challenge=code_challenge(verifier),
                organization_id=self.organization_ref or None,
            )
        return address, nonce

    @staticmethod
    def _digest(nonce: str) -> str:
        return hashlib.sha256(nonce.encode()).hexdigest()

    @api.model
    def _receive_callback(self, query: dict, session_nonces: dict) -> Outcome:
        """Take the browser back from the bank: claim the round trip, fetch tokens, learn the accounts.

        Runs on the cursor it is given and commits: a code is good once, so nothing of this may be
        undone by a request that Odoo runs again.

        :param dict query: the address's parameters
        :param dict session_nonces: consent id (text) → nonce, as the browser's session kept them
        """
        consent = self._claim_round_trip(query.get("state") or "", session_nonces)
        if not consent:
            return Outcome(
                title=self.env._("This return from the bank can't be used"),
                message=self.env._(
                    "It may be too old, used already, or begun by somebody else or in another browser. "
                    "Nothing was connected or changed."
                ),
                advice=self.env._("Start again with Qonto → Connect, and finish in the same browser."),
            )
        self.env.cr.commit()  # pylint: disable=invalid-commit
        outcome = consent._exchange(query)
        if not outcome.ok:
            consent.sudo().unlink()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return outcome

    @api.model
    def _claim_round_trip(self, state: str, session_nonces: dict):
        """Return the waiting consent that ``state`` belongs to, and make it unusable for a second claim.

        The signature, the expiry, the user, the browser's session, the right and the single use are all checked;
        which of them failed is nobody's business but the log's.
        """
        nothing = self.browse()
        try:
            payload = verify_hash_signed(self.sudo().env, STATE_SCOPE, state)
        except Exception:  # noqa: BLE001 - nonsense of any kind makes this helper raise anything
            payload = None
        if not isinstance(payload, dict):
            _logger.info("OAuth callback: state is unsigned, tampered with or expired")
            return nothing
        nonce = str(payload.get("nonce"))
        kept = str(session_nonces.get(str(payload.get("consent")), ""))
        if (
            payload.get("user") != self.env.uid
            or not consteq(kept, nonce)
            or not self.env.user.has_group("qonto_psd2_sync.group_feed_manager")
        ):
            _logger.info("OAuth callback: user %s did not begin this round trip", self.env.uid)
            return nothing
        self.env.cr.execute(
            """
            UPDATE qonto_consent SET state_digest = NULL
             WHERE id = %s AND state = 'waiting' AND state_digest = %s AND user_id = %s AND waiting_until > %s
         RETURNING id
            """,
            [payload["consent"], self._digest(nonce), self.env.uid, fields.Datetime.now()],
        )
        claimed = self.env.cr.fetchone()
        if not claimed:
            _logger.info("OAuth callback: round trip of consent %s is over", payload["consent"])
            return nothing
        consent = self.browse(claimed[0])
        consent.invalidate_recordset()
        return consent

    def _exchange(self, query: dict) -> Outcome:
        """Trade the code for tokens and make the consent active."""
        self.ensure_one()
        if query.get("error"):
            return self._refused(query["error"], query.get("error_description") or "")
        consent = self.sudo()
        application = consent.application_id
        try:
            verifier = vault_of(self.env).open(consent.verifier_sealed)
            with application._oauth_client() as oauth:
                grant = oauth.exchange_code(
                    code=query.get("code") or "", redirect_uri=application.redirect_uri, code_verifier=verifier
                )
        except (VaultError, UserError) as error:
            return Outcome(
                title=self.env._("Qonto could not be connected"),
                message=str(error),
                advice=self.env._("Have whoever runs the server look at Qonto → Set-up → Check connection."),
            )
        except QontoError as error:
            return self._failed(error)
        # A server that does not repeat the scopes granted what was asked for (RFC 6749, 5.1).
        granted = grant.scopes or tuple(consent.scopes_requested.split())
        if "organization.read" not in granted:
            self._revoke_quietly(grant.refresh_token or grant.access_token)
            return self._missing_scope("organization.read")
        if not grant.refresh_token:
            self._revoke_quietly(grant.access_token)
            return self._missing_scope("offline_access")
        try:
            facts = self._read_facts(grant)
        except QontoError as error:
            self._revoke_quietly(grant.refresh_token)
            return self._failed(error)
        self._activate(grant, {**facts, "scopes_granted": " ".join(granted)})
        return Outcome(consent_id=self.id)

    def _read_facts(self, grant) -> dict:
        """Ask the bank who we are now, and which accounts there are.

        :raise QontoError: the organization or the accounts can't be read
        """
        with self._client(grant.access_token) as client:
            organization = client.get_organization()
            accounts = client.list_bank_accounts()
            facts = {
                "organization_ref": organization.id or organization.slug,
                "organization_name": organization.legal_name or organization.name or organization.slug,
                "bank_accounts": [self._account_facts(account) for account in accounts if not account.is_external],
            }
            # Both are good to know and neither is needed: a plan or a role that the bank keeps to itself is no error.
            try:
                facts["member_role"] = client.get_membership().role
            except QontoError as error:
                _logger.info("The bank does not tell the member's role: %s", error)
            try:
                plan = client.get_subscription()
                facts["plan_name"] = plan.name if plan else False
            except QontoError as error:
                _logger.info("The bank does not tell the plan: %s", error)
        return facts

    @staticmethod
    def _account_facts(account) -> dict:
        return {
            "id": account.id,
            "name": account.name,
            "iban": account.iban,
            "currency": account.currency,
            "balance": None if account.balance is None else str(account.balance),
            "main": account.main,
            "status": account.status,
        }

    def _activate(self, grant, facts: dict):
        """Go from `waiting` to `active`; a consent that this one renews becomes `replaced`."""
        consent = self.sudo()
        previous = consent.search(
            [
                ("user_id", "=", consent.user_id.id),
                ("company_id", "=", consent.company_id.id),
                ("environment", "=", consent.environment),
                ("organization_ref", "=", facts["organization_ref"]),
                ("state", "in", self._LIVE),
            ]
        )
        offered = {account["id"] for account in facts["bank_accounts"]}
        known = self.env["qonto.account"].sudo().search(
            [
                ("company_id", "=", consent.company_id.id),
                ("environment", "=", consent.environment),
                ("bank_ref", "in", list(offered)),
            ]
        )
        old_tokens = previous._end("replaced")
        consent.write(
            {
                **facts,
                "state": "active",
                "authorised_at": fields.Datetime.now(),
                "verifier_sealed": False,
                "waiting_until": False,
                "account_ids": [fields.Command.set(known.ids)],
            }
        )
        self.env["qonto.token"].sudo()._store(consent, grant)
        known._forget_failure()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        # The bank's revoke-consents call might end the new grant too: the old token goes alone.
        for token in old_tokens:
            self._revoke_quietly(token)

    def _refused(self, error: str, description: str) -> Outcome:
        if error == "access_denied":
            return Outcome(
                title=self.env._("You did not allow access at Qonto"),
                message=self.env._("Nothing was connected, and nothing is shared."),
                advice=self.env._("Start again with Qonto → Connect whenever you like."),
            )
        if error == "invalid_scope":
            return Outcome(
                title=self.env._("Your Qonto app may not ask for this"),
                message=self.env._("Qonto says: %(text)s", text=description or error),
                advice=self.env._(
                    "In Qonto's developer portal the app needs the use case “automate your own business”. A use case "
                    "can't be changed later: make a new app if need be. Or connect for reading only."
                ),
            )
        return Outcome(
            title=self.env._("Qonto did not allow the connection"),
            message=self.env._("Qonto says: %(text)s", text=description or error),
            advice=self.env._("Try again in a few minutes. Nothing was connected or changed."),
        )

    def _missing_scope(self, scope: str) -> Outcome:
        return Outcome(
            title=self.env._("Qonto left out a permission that is needed"),
            message=self.env._(
                "The permission “%(scope)s” was asked for and not granted, so accounts could not be kept up to date. "
                "Nothing was connected.",
                scope=scope,
            ),
            advice=self.env._("In Qonto's developer portal allow this permission for your app, then connect again."),
        )

    def _failed(self, error: QontoError) -> Outcome:
        return Outcome(
            title=self.env._("Qonto could not be connected"),
            message=explain_error(self.env, error),
            advice=self.env._("Nothing was connected or changed. Qonto → Set-up → Check connection shows more."),
        )

    def _revoke_quietly(self, token: str):
        """Revoke where the bank's answer changes nothing here."""
        if problem := self._revoke([token]):
            _logger.info("A token of consent %s could not be revoked: %s", self.id, problem)

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
