# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""With whose consent money moves: with the sender's own, since it is the sender's phone that rings (design, 4)."""

from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError

from ..qonto_api import PaymentClient, Unauthorized
from ..qonto_api.scopes import ATTACHMENT_WRITE, INTERNAL_TRANSFER_WRITE, PAYMENT_WRITE
from .payment_words import words
from .qonto_consent import MAX_WAIT

# What a consent is not enough for, by the permission that is missing.
LACKING = {
    PAYMENT_WRITE: "consent_reads_only",
    INTERNAL_TRANSFER_WRITE: "consent_no_internal",
    ATTACHMENT_WRITE: "consent_no_files",
}


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _payment_consent(self, user, needed: set[str]):
        """Return the user's own live consent to pay from this account.

        :param needed: the permissions that what is to be done takes, no others
        :raise UserError: there is none, with what to do
        """
        self.ensure_one()
        own = self.env["qonto.consent"].sudo().search(
            [("user_id", "=", user.id), ("account_ids", "in", self.ids), ("is_live", "=", True)], order="id desc"
        )
        for consent in own:
            if not consent._lacks(needed):
                return consent
        lacks = own[:1]._lacks(needed) if own else None
        if lacks == "consent_reads_only":
            raise UserError(
                self.env._(
                    "Your consent lets Odoo read %s, not pay from it. Connect Qonto again (Qonto → Connect) and choose "
                    "to read and pay.",
                    self.name,
                )
            )
        if lacks:
            raise UserError(str(words(self.env, lacks, sender=user.name)))
        raise UserError(
            self.env._(
                "The bank asks whoever sends a payment on that person's own phone, so you need a consent of your own "
                "for %s. Connect Qonto (Qonto → Connect) with your own access to the bank, or have somebody send the "
                "payment who has done so.",
                self.name,
            )
        )


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    def _lacks(self, needed: set[str]) -> str | None:
        """Return what this consent is not enough for, as a code; None: it has all of these permissions."""
        missing = needed - set((self.scopes_granted or "").split())
        return next((code for scope, code in LACKING.items() if scope in missing), None)

    @contextmanager
    def _payment_client(self, **options):
        """Give a client of the bank's API for payments, with a good token; a question that gets a 401 is repeated
        once with a new one. What moves money is not: its sender is checked anew first (R14).

        :param options: of the client
        :raise QontoError: no token can be had
        """
        self.ensure_one()
        application = self.sudo().application_id
        token = self.env["qonto.token"].sudo()
        access = token._access_token(self)
        fetched = []

        def fetch_another() -> str:
            fetched.append(token._access_token(self, rejected=access))
            return fetched[0]

        client = PaymentClient(
            application._endpoints(),
            access,
            staging_token=application._secret("staging_token") or None,
            on_unauthorized=fetch_another,
            **{"max_wait": MAX_WAIT, **options},
        )
        with client:
            try:
                yield client
            except Unauthorized as error:
                if not fetched:
                    raise
                token._end_refused(self)
                raise Unauthorized("the bank no longer accepts the consent", code="invalid_grant") from error
