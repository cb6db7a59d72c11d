# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One credit transfer: whom, how much, for what, and where it is."""

import uuid
from dataclasses import fields as parts_of
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..payments import Life, NotAllowed, State, step
from ..payments.life import Doubt
from . import payment_clock

# Where each part of a `Life` is kept.
LIFE_FIELDS = {
    **{part.name: part.name for part in parts_of(Life)},
    "transfer_id": "bank_ref",
    "transaction_id": "transaction_ref",
}


class QontoTransfer(models.Model):
    _name = "qonto.transfer"
    _description = "Credit transfer at Qonto"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "reference"

    order_id = fields.Many2one(
        "qonto.payment.order", string="Payment order", required=True, readonly=True, index=True, ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one("res.company", related="order_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", related="order_id.currency_id", store=True)
    partner_id = fields.Many2one("res.partner", string="Payee", required=True, readonly=True, index=True)
    partner_bank_id = fields.Many2one(
        "res.partner.bank", string="Payee's account", required=True, readonly=True, ondelete="restrict"
    )
    payee_name = fields.Char(string="Name for the payee check", required=True, readonly=True)
    iban = fields.Char(string="IBAN", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    reference = fields.Char(required=True, readonly=True)
    scheduled_date = fields.Date(readonly=True, help="Empty: as soon as it is approved.")
    line_ids = fields.One2many("qonto.transfer.line", "transfer_id", string="Bills", readonly=True)
    payment_id = fields.Many2one(
        "account.payment", readonly=True, copy=False, index="btree_not_null", ondelete="restrict",
        check_company=True, help="The accounting document of this transfer.",
    )
    to_account_id = fields.Many2one(
        "qonto.account", string="To own account", readonly=True, ondelete="restrict", check_company=True
    )
    trail_ids = fields.One2many("qonto.transfer.trail", "transfer_id", readonly=True)
    marker = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: f"odoo-{uuid.uuid4().hex}",
        help="Our own mark in the transfer's note at the bank, by which it is found again.",
    )
    client_ref = fields.Char(
        string="Our ID", required=True, readonly=True, copy=False, default=lambda self: str(uuid.uuid4())
    )

    # The life, part by part; `payments/machine.py` draws the arrows and is the only way along them: `_step`.
    state = fields.Selection(
        selection=[
            ("draft", "Prepared"),
            ("to_approve", "Handed over"),
            ("verified", "Ready to send"),
            ("sending", "Being sent"),
            ("awaiting_sca", "Waiting for the phone"),
            ("submitted", "Accepted"),
            ("processing", "In process"),
            ("settled", "Sent to the payee's bank"),
            ("returned", "Returned"),
            ("unknown", "Not known"),
            ("refused", "Refused on the phone"),
            ("expired", "Not approved in time"),
            ("canceled", "Canceled"),
            ("declined", "Declined by the bank"),
            ("failed", "Failed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )
    live = fields.Boolean(
        compute="_compute_live", store=True, help="It holds its bills: nobody pays them a second time."
    )
    needs_sca = fields.Boolean(string="Needs an approval", default=True, readonly=True, copy=False)
    first_sent_at = fields.Datetime(string="First sent on", readonly=True, copy=False)
    with_proof = fields.Boolean(string="Sent with an approval", readonly=True, copy=False)
    doubt = fields.Selection(
        selection=[("bare", "Without an approval"), ("proven", "With an approval")],
        string="Sending without an answer",
        readonly=True,
        copy=False,
    )
    challenged_at = fields.Datetime(string="Approval asked for on", readonly=True, copy=False)
    approved = fields.Boolean(string="Approved on the phone", readonly=True, copy=False)
    window_closed = fields.Boolean(string="Clocks differ", readonly=True, copy=False)
    not_found_at = fields.Json(string="Looked up in vain on", readonly=True, copy=False)
    given_up = fields.Boolean(readonly=True, copy=False)
    alarm = fields.Char(readonly=True, copy=False, tracking=True)
    matched = fields.Boolean(string="Matched with its bank line", readonly=True, copy=False)
    bank_ref = fields.Char(string="ID at Qonto", readonly=True, copy=False, index="btree_not_null")
    transaction_ref = fields.Char(string="Transaction at Qonto", readonly=True, copy=False, index="btree_not_null")
    reason = fields.Char(readonly=True, copy=False)
    reason_facts = fields.Json(readonly=True, copy=False, help="What the sentence about the reason names.")

    _marker_uniq = models.Constraint("UNIQUE (marker)", "Each transfer has a mark of its own.")
    _client_ref_uniq = models.Constraint("UNIQUE (client_ref)", "Each transfer has an ID of its own.")
    _bank_ref_uniq = models.UniqueIndex(
        "(company_id, bank_ref) WHERE bank_ref IS NOT NULL", "This transfer of the bank is known already."
    )
    # R1 where there is no bill.
    _one_live_transfer = models.UniqueIndex(
        "(payment_id) WHERE live AND payment_id IS NOT NULL", "A transfer for this payment is under way already."
    )
    _amount_positive = models.Constraint("CHECK (amount > 0)", "A transfer's amount is above zero.")

    # === COMPUTE METHODS === #

    @api.depends("state", "matched")
    def _compute_live(self):
        for transfer in self:
            transfer.live = Life(state=State(transfer.state), matched=transfer.matched).live

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """What was asked to be paid, and what became of it, stays."""
        if self:
            raise UserError(self.env._("A transfer is never deleted. Cancel it instead."))

    # === THE LIFE OF A TRANSFER === #

    def _life(self) -> Life:
        """Return the transfer as the machine knows it."""
        self.ensure_one()
        return Life(
            state=State(self.state),
            needs_sca=self.needs_sca,
            first_sent_at=payment_clock.aware(self.first_sent_at),
            with_proof=self.with_proof,
            doubt=Doubt(self.doubt) if self.doubt else None,
            challenged_at=payment_clock.aware(self.challenged_at),
            approved=self.approved,
            window_closed=self.window_closed,
            not_found_at=tuple(map(datetime.fromisoformat, self.not_found_at or ())),
            given_up=self.given_up,
            alarm=self.alarm or None,
            matched=self.matched,
            transfer_id=self.bank_ref or None,
            transaction_id=self.transaction_ref or None,
            reason=self.reason or None,
        )

    def _step(self, event, detail: str = "") -> Life:
        """Let something happen to one transfer; see :meth:`_step_together`.

        :return: the life after it
        """
        self.ensure_one()
        return self._step_together(event, detail)[self.id]

    def _step_together(self, event, detail: str = "", consent=None) -> dict[int, Life]:
        """Let the same thing happen to transfers, to all or to none, and keep it in their trails. The caller commits.

        Whoever comes second, in another worker or tab, meets a lock or the state after the first.

        :param event: of `payments.events`
        :param detail: what the bank or a person said; no secret
        :param consent: with which the bank was asked
        :return: the lives after it, by id
        :raise UserError: that cannot happen now
        """
        if self.try_lock_for_update(allow_referencing=True) != self:
            raise UserError(self.env._("Somebody else is at this transfer right now. Please try again."))
        # Locked: what is read now is what the last one committed (or PostgreSQL has us begin anew).
        self.invalidate_recordset(list(LIFE_FIELDS.values()))
        lives, changes, before = {}, {}, {}
        for transfer in self:
            life = transfer._life()
            try:
                after = lives[transfer.id] = step(life, event)
            except NotAllowed:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "That is not possible for a transfer that is: %(state)s.", state=labels[transfer.state]
                    )
                ) from None
            if after != life:
                before[transfer] = life.state
                changes.setdefault(repr(self._changes(life, after)), (self._changes(life, after), []))[1].append(
                    transfer.id
                )
        for values, ids in changes.values():
            self.browse(ids).write(values)
        self.env["qonto.transfer.trail"].sudo()._note_all(before, type(event).__name__, detail, consent)
        return lives

    @staticmethod
    def _changes(before: Life, after: Life) -> dict:
        """Return the fields to write."""
        changes = {}
        for part, field in LIFE_FIELDS.items():
            value = getattr(after, part)
            if value == getattr(before, part):
                continue
            if isinstance(value, datetime):
                value = payment_clock.stored(value)
            elif isinstance(value, tuple):
                value = [moment.isoformat() for moment in value]
            changes[field] = str(value) if isinstance(value, State | Doubt) else value or False
        return changes
