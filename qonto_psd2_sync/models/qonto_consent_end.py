# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a consent ends: withdrawn here, revoked at the bank, expired, or replaced."""

import logging
from functools import partial

from odoo import fields, models
from odoo.exceptions import UserError

from ..qonto_api import QontoError
from .failure_words import explain, explain_error

_logger = logging.getLogger(__name__)


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    bank_told = fields.Selection(
        selection=[("yes", "Qonto confirmed that the access was revoked"), ("no", "Qonto could not be told")],
        string="At the bank", readonly=True, copy=False,
    )
    bank_told_problem = fields.Char(string="Why Qonto could not be told", readonly=True, copy=False)

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

    def action_disconnect(self):
        """Open the page that says what stops, what stays and what else ends."""
        self.ensure_one()
        self.env["qonto.application"].check_access("write")
        wizard = self.env["qonto.disconnect"].create({"consent_ids": [fields.Command.set(self.ids)]})
        return wizard._action_open()

    def action_withdraw(self):
        """Disconnect: tell the bank to forget the token, keep every line.

        The bank is asked after the commit that ends the consent here: whatever it answers, Odoo stops using it.
        """
        self.env["qonto.application"].check_access("write")
        self.check_access("read")
        for consent in self.filtered(lambda consent: consent.state in self._LIVE):
            consent.sudo()._close_reminders()
            tokens = consent._end("withdrawn")
            # Nobody may write consents, so nobody may write into their history either; withdrawing was checked above.
            consent.sudo().message_post(
                body=self.env._(
                    "%(user)s withdrew this consent. Bank lines, matches and accounts stay as they are.",
                    user=self.env.user.name,
                )
            )
            consent.sudo().account_ids._stop_asking()
            self.env.cr.postcommit.add(partial(consent._revoke_and_tell, tokens))

    def _discard(self):
        """Remove round trips that came to nothing; what the bank gave for them is given back."""
        for consent in self.sudo():
            tokens = consent.token_ids._refresh_tokens()
            application = consent.application_id
            consent.unlink()
            if tokens:
                self.env.cr.postcommit.add(partial(self._give_back, application, tokens))

    def _give_back(self, application, tokens: list[str]):
        with self.env.registry.cursor() as cr:
            if problem := self._revoke(tokens, application.with_env(self.env(cr=cr)).sudo()):
                _logger.info("A token of app %s could not be revoked: %s", application.id, problem)

    def _revoke_quietly(self, token: str):
        """Revoke where the bank's answer changes nothing here."""
        if problem := self._revoke([token], self.application_id):
            _logger.info("A token of consent %s could not be revoked: %s", self.id, problem)

    def _revoke_and_tell(self, tokens: list[str]):
        """Ask the bank to revoke, and write its answer into the history; on a cursor of its own, after a commit."""
        with self.env.registry.cursor() as cr:
            consent = self.with_env(self.env(cr=cr)).sudo()
            problem = consent._revoke(tokens, consent.application_id)
            consent.write({"bank_told": "no" if problem else "yes", "bank_told_problem": problem or False})
            consent.message_post(
                body=self.env._(
                    "Qonto could not be told: %(reason)s. Odoo no longer has the key, so nothing can be read; to end "
                    "it at the bank too, remove the app in Qonto under Integrations.",
                    reason=problem.rstrip("."),
                )
                if problem
                else self.env._("Qonto confirmed that the access was revoked.")
            )

    def _revoke(self, tokens: list[str], application) -> str:
        """Ask the bank to forget tokens that nobody will use again.

        :param tokens: refresh tokens in clear; none where they could not be opened
        :return: why the bank could not be told; empty when it was
        """
        if not tokens:
            return explain(self.env, "sealed")
        try:
            with application._oauth_client() as oauth:
                for token in tokens:
                    oauth.revoke(token)
        except QontoError as error:
            return explain_error(self.env, error)
        except UserError as error:
            return str(error)
        return ""
