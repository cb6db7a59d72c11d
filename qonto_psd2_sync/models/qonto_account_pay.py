# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""With whose consent money moves: with the sender's own, since it is the sender's phone that rings (design, 4)."""

from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError

from ..qonto_api import PaymentClient, Unauthorized
from ..qonto_api.scopes import PAYMENT_WRITE
from .qonto_consent import MAX_WAIT


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _payment_consent(self, user):
        """Return the user's own live consent to pay from this account.

        :raise UserError: there is none, with what to do
        """
        self.ensure_one()
        own = self.env["qonto.consent"].sudo().search(
            [("user_id", "=", user.id), ("account_ids", "in", self.ids), ("is_live", "=", True)], order="id desc"
        )
        paying = own.filtered(lambda consent: consent._covers_payments())
        if paying:
            return paying[0]
        if own:
            raise UserError(
                self.env._(
                    "Your consent lets Odoo read %s, not pay from it. Connect Qonto again (Qonto → Connect) and choose "
                    "to read and pay.",
                    self.name,
                )
            )
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

    def _covers_payments(self) -> bool:
        return PAYMENT_WRITE in (self.scopes_granted or "").split()

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
