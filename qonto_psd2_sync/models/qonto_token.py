# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The tokens of one grant: encrypted, rotated, and written only on a cursor of their own."""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..qonto_api import NetworkError, OAuthError, Unauthorized
from ..vault import VaultError, vault_of
from .qonto_consent_validity import TOKEN_LIFE

_logger = logging.getLogger(__name__)

# A token about to expire is no good for a page that takes a while.
MARGIN = timedelta(seconds=60)
LOCK_TIMEOUT = "20s"
# How often a worker looks again after another one has written the token.
ATTEMPTS = 3


class QontoToken(models.Model):
    _name = "qonto.token"
    _description = "Tokens of a consent to use Qonto"
    _log_access = False

    consent_id = fields.Many2one("qonto.consent", required=True, index=True, ondelete="cascade")
    access_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    refresh_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    access_expires_at = fields.Datetime()
    refresh_expires_at = fields.Datetime()

    _one_per_consent = models.Constraint("UNIQUE (consent_id)", "A consent has one set of tokens.")

    @api.model
    def _store(self, consent, grant):
        """Keep the tokens of a grant; the caller commits at once.

        :param grant: a `TokenSet` of the bank's answer
        """
        vault = vault_of(self.env)
        now = fields.Datetime.now()
        values = {
            "access_sealed": vault.seal(grant.access_token),
            "access_expires_at": now + timedelta(seconds=grant.expires_in),
        }
        if grant.refresh_token:
            values["refresh_sealed"] = vault.seal(grant.refresh_token)
            values["refresh_expires_at"] = now + TOKEN_LIFE
        token = self.search([("consent_id", "=", consent.id)])
        if token:
            token.write(values)
        else:
            token = self.create({"consent_id": consent.id, **values})
        if grant.refresh_token:
            consent.last_used_at = now
        return token

    def _refresh_tokens(self) -> list[str]:
        """Return the refresh tokens in clear; those that can't be opened here are left out."""
        found = []
        for token in self:
            try:
                found.append(vault_of(self.env).open(token.refresh_sealed))
            except (VaultError, AttributeError) as error:
                _logger.info("A token of consent %s can't be opened: %s", token.consent_id.id, error)
        return found

    @api.model
    def _access_token(self, consent, rejected: str | None = None) -> str:
        """Return an access token that is good now, refreshing it if need be.

        Works on a cursor of its own: a token that the bank has rotated survives whatever the caller rolls back. The
        row is locked and read again after the lock, so of two workers one refreshes and the other uses its result.

        :param str rejected: an access token that the bank has just refused
        :raise Unauthorized: the consent is over; it says so from now on
        :raise NetworkError: the bank, or the lock, could not be had in time
        """
        for _attempt in range(ATTEMPTS):
            with self.env.registry.cursor() as cr:
                token = self.with_env(self.env(cr=cr))._lock(consent)
                if token is not None:
                    return token._fresh_access(rejected)
        raise NetworkError("other workers have been refreshing the token for too long")

    @api.model
    def _lock(self, consent):
        """Lock the consent with its tokens: what the bank rotates is written together, and nobody comes in between.

        :return: the tokens, or None when another worker has just written: it can be read in a new transaction only
        :raise Unauthorized: there are none
        :raise NetworkError: the lock could not be had in time
        """
        self.env.cr.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        try:
            self.env.cr.execute(
                """
                SELECT token.id
                  FROM qonto_token token JOIN qonto_consent consent ON consent.id = token.consent_id
                 WHERE consent.id = %s
                   FOR NO KEY UPDATE
                """,
                [consent.id],
                log_exceptions=False,
            )
        except psycopg2.errors.SerializationFailure:
            return None
        except psycopg2.errors.LockNotAvailable as error:
            raise NetworkError("another worker has been refreshing the token for too long") from error
        row = self.env.cr.fetchone()
        if not row:
            raise Unauthorized("the consent has no token")
        return self.browse(row[0])

    def _fresh_access(self, rejected: str | None) -> str:
        """Return the stored token if it is good, else trade the refresh token; the row is locked."""
        self.ensure_one()
        self.invalidate_recordset()
        consent = self.consent_id
        try:
            vault = vault_of(self.env)
            access = vault.open(self.access_sealed)
            refresh = vault.open(self.refresh_sealed)
        except VaultError as error:
            # A copy, or a lost key: nothing is read, and the consent asks to authorise again.
            raise Unauthorized(f"the stored token can't be opened: {error}", code="sealed") from error
        if access != rejected and self.access_expires_at > fields.Datetime.now() + MARGIN:
            return access
        try:
            client = consent.application_id._oauth_client()
        except UserError as error:
            raise OAuthError(str(error), error="invalid_client", description=str(error)) from error
        with client as oauth:
            try:
                grant = oauth.refresh(refresh)
            except OAuthError as error:
                if error.error != "invalid_grant":
                    raise
                self._end_revoked(consent)
                raise Unauthorized("the bank no longer accepts the consent", code="invalid_grant") from error
        self._store(consent, grant)
        # At once: the bank has rotated the token, whatever comes after.
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self._tell_of_use(consent)
        return grant.access_token

    def _tell_of_use(self, consent):
        """The consent lives longer now: its state and its reminders follow. What goes wrong here costs no token."""
        try:
            consent._follow_clock()
            consent._remind()
            self.env.cr.commit()  # pylint: disable=invalid-commit
        except Exception:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
            _logger.exception("Consent %s: its reminders could not be closed; the next run tries again", consent.id)

    @api.model
    def _end_refused(self, consent):
        """End a consent whose fresh token the bank has refused, whatever the caller rolls back."""
        with self.env.registry.cursor() as cr:
            self = self.with_env(self.env(cr=cr))  # noqa: PLW0642 - from here on, on this cursor
            token = self._lock(consent)
            if token:
                self._end_revoked(token.consent_id)

    @api.model
    def _end_revoked(self, consent):
        """The bank knows the consent no more; committed at once, so that everybody sees it."""
        consent._end("revoked")
        consent.message_post(
            body=self.env._(
                "Qonto no longer accepts this consent: it was withdrawn at the bank, or not used for 90 days. "
                "Authorise again to go on; nothing is lost."
            )
        )
        self.env.cr.commit()  # pylint: disable=invalid-commit
