# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The money trail: who did what with a transfer and what the bank said. Append-only."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from . import payment_clock


class QontoTransferTrail(models.Model):
    _name = "qonto.transfer.trail"
    _description = "What happened to a transfer at Qonto"
    _order = "id"
    _log_access = False
    _rec_name = "event"

    transfer_id = fields.Many2one("qonto.transfer", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", related="transfer_id.company_id", store=True, index=True)
    at = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    event = fields.Char(required=True, readonly=True)
    state_before = fields.Char(readonly=True)
    state_after = fields.Char(readonly=True)
    fingerprint = fields.Char(string="Fingerprint of the request", readonly=True)
    consent_of_id = fields.Many2one(
        "res.users", string="With the consent of", readonly=True, ondelete="restrict",
        help="Whose access to the bank was used for a look-up.",
    )
    detail = fields.Char(string="Detail as noted", readonly=True)

    @api.model
    def _note(self, transfer, event: str, before: str, detail: str = ""):
        """Add an entry: now, by the user at work."""
        return self._note_all({transfer: before}, event, detail)

    @api.model
    def _note_all(self, transfers: dict, event: str, detail: str = "", consent=None):
        """Add an entry to each: now, by the user at work.

        :param transfers: each with the state it was in before
        :param consent: with which the bank was asked
        """
        at = payment_clock.stored(payment_clock.now(self.env)) if transfers else None
        return self.create(
            [
                {
                    "transfer_id": transfer.id,
                    "at": at,
                    "user_id": self.env.uid,
                    "event": event,
                    "state_before": str(before),
                    "state_after": transfer.state,
                    "fingerprint": transfer.order_id.request_fingerprint,
                    "detail": (detail or "")[:500] or False,
                    "consent_of_id": consent.user_id.id if consent else False,
                }
                for transfer, before in transfers.items()
            ]
        )

    def write(self, vals):
        """Override of `models` to keep what was written; Odoo itself may fill in computed fields."""
        if set(vals) - {"company_id"}:
            raise UserError(self.env._("The trail of a transfer cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """What happened stays."""
        if self:
            raise UserError(self.env._("The trail of a transfer cannot be changed."))
