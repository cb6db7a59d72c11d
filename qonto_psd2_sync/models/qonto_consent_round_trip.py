# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The round trip to the bank in which a consent is given: away with a signed state, back with a code, good once."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import hash_sign, verify_hash_signed
from odoo.tools.misc import consteq

from ..qonto_api import QontoError, code_challenge, new_code_verifier
from ..vault import VaultError, vault_of
from .failure_words import explain_error

_logger = logging.getLogger(__name__)

STATE_SCOPE = "qonto_psd2_sync.oauth_state"
# A new member may have to pair a phone first; the bank's own code lives ten minutes.
ROUND_TRIP = timedelta(minutes=30)


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
    _inherit = "qonto.consent"

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
                organization_id=self.renews_id.organization_ref or None,
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
        self.env.flush_all()
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
        self._take_up(grant, {**facts, "scopes_granted": " ".join(granted)})
        return Outcome(consent_id=self.id)

    def _read_facts(self, grant) -> dict:
        """Ask the bank who we are now, and which accounts there are.

        :raise QontoError: the organization or the accounts can't be read
        """
        with self._client(grant.access_token) as client:
            organization = client.get_organization()
            facts = {
                "organization_ref": organization.id or organization.slug,
                "organization_name": organization.legal_name or organization.name or organization.slug,
                "bank_accounts": self._list_accounts(client),
            }
            # Both are good to know and neither is needed: a plan or a role that the bank keeps to itself is no error.
            try:
                member = client.get_membership()
                facts |= {"member_ref": member.id, "member_role": member.role}
            except QontoError as error:
                _logger.info("The bank does not tell the member's role: %s", error)
            try:
                plan = client.get_subscription()
                facts["plan_name"] = plan.name if plan else False
            except QontoError as error:
                _logger.info("The bank does not tell the plan: %s", error)
        return facts

    @staticmethod
    def _list_accounts(client) -> list[dict]:
        return [
            {
                "id": account.id,
                "name": account.name,
                "iban": account.iban,
                "currency": account.currency,
                "balance": None if account.balance is None else str(account.balance),
                "main": account.main,
                "status": account.status,
            }
            for account in client.list_bank_accounts()
            if not account.is_external
        ]

    def _bank_accounts_now(self) -> list[dict]:
        """Return the accounts as the bank lists them now; where it can't be asked, as it did with the consent."""
        try:
            with self._reading_client() as client:
                return self._list_accounts(client)
        except QontoError as error:
            _logger.info("Consent %s: the accounts could not be listed anew: %s", self.id, error)
            return self.bank_accounts or []

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
                    "In Qonto's developer portal the app needs the use case “automate your own business operations”. "
                    "A use case can't be changed later: make a new app if need be. Or connect for reading only."
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
