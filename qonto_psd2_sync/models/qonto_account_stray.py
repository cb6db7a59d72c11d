# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Transfers at the bank that carry our mark and that Odoo does not know: made before a backup was restored, or by a
copy of this database. Nothing is sent from the account until a person decided about each (design R13)."""

from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from . import payment_clock
from .payment_rights import SEND

MARK = "odoo-"
# How far back the bank is asked at first, and how much of what was seen is looked at again.
LOOK_BACK = timedelta(days=30)
OVERLAP = timedelta(hours=1)


class QontoStrayTransfer(models.Model):
    _name = "qonto.stray.transfer"
    _description = "Transfer at Qonto that this Odoo lacks"
    _order = "made_at desc, id desc"
    _rec_name = "reference"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    bank_ref = fields.Char(string="ID at Qonto", required=True, readonly=True)
    marker = fields.Char(string="Mark", required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    reference = fields.Char(readonly=True)
    bank_state = fields.Char(string="State at Qonto", readonly=True)
    made_at = fields.Datetime(string="Made on", readonly=True)
    state = fields.Selection(
        selection=[("open", "To be decided"), ("decided", "Decided")], default="open", required=True, readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)

    _bank_ref_uniq = models.Constraint("UNIQUE (account_id, bank_ref)", "This transfer is named already.")

    def action_decide(self, reason: str):
        """Let payments go on although Odoo lacks these transfers; the reason stays on record."""
        if not self.env.user.has_group(SEND):
            raise AccessError(self.env._("You need the right to send payments at Qonto."))
        self.check_access("read")
        if len((reason or "").strip()) < 3:
            raise UserError(self.env._("Please give a reason. It is kept with the transfer."))
        self.sudo().filtered(lambda stray: stray.state == "open").write(
            {
                "state": "decided", "reason": reason.strip(), "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """What was found and decided stays."""
        if self:
            raise UserError(self.env._("What was found at the bank stays on record."))


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    strays_seen_until = fields.Datetime(readonly=True, copy=False)
    strays_seen_with_id = fields.Many2one("qonto.consent", readonly=True, copy=False)

    def _open_strays(self):
        """Return what somebody has to decide before anything is sent from this account."""
        return self.env["qonto.stray.transfer"].sudo().search(
            [("account_id", "in", self.ids), ("state", "=", "open")]
        )

    def _look_for_strays(self, client, consent=None):
        """Compare the bank's transfers of this account that carry our mark with Odoo's. The caller commits.

        In a database restored from a backup the time until which they were seen is the backup's: what was sent since
        is found. With another consent everything recent is looked at anew.

        :param consent: with which it is asked
        """
        self.ensure_one()
        now = payment_clock.now(self.env)
        since = self._strays_since(now, consent)
        told = [
            (mark, transfer)
            for transfer in client.iter_transfers(updated_at_from=since)
            if transfer.bank_account_id in (None, self.bank_ref)
            for mark in (transfer.note or "").split() if mark.startswith(MARK)
        ]
        known = set(
            self.env["qonto.transfer"].sudo().search([("marker", "in", [mark for mark, _ in told])]).mapped("marker")
        )
        strays = self.env["qonto.stray.transfer"].sudo()
        named = set(strays.search([("account_id", "=", self.id)]).mapped("bank_ref"))
        fresh = {
            transfer.id: (mark, transfer)
            for mark, transfer in told if mark not in known and transfer.id not in named
        }
        strays.create(
            [
                {
                    "account_id": self.id, "bank_ref": transfer.id, "marker": mark,
                    "amount": float(transfer.amount), "reference": transfer.reference,
                    "bank_state": transfer.status, "made_at": payment_clock.stored(transfer.created_at),
                }
                for mark, transfer in fresh.values()
            ]
        )
        values = {"strays_seen_until": payment_clock.stored(now)}
        if consent:
            values["strays_seen_with_id"] = consent.id
        self.sudo().write(values)

    def _strays_since(self, now: datetime, consent) -> datetime:
        seen = payment_clock.aware(self.sudo().strays_seen_until)
        if not seen or (consent and consent != self.sudo().strays_seen_with_id):
            return now - LOOK_BACK
        return max(seen - OVERLAP, now - LOOK_BACK)
