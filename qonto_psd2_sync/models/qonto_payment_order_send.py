# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sending: claimed and committed before the first byte leaves, the answer kept on another cursor (R2, R4, R9)."""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..payments import (
    Accepted,
    BankSays,
    Challenged,
    Claimed,
    ClocksDiffer,
    HandedOver,
    LookedUp,
    NoAnswer,
    NotEnrolled,
    NotSent,
    Refused,
    State,
    Stopped,
    Verified,
    may_repeat,
)
from ..qonto_api import FrozenRequestChanged, OtherAnswer, QontoError, outcome_of, payment_outcomes
from ..qonto_api.frozen import BULK_TRANSFER, INTERNAL_TRANSFER, TRANSFER, FrozenRequest
from ..qonto_api.payment_orders import (
    BulkOrder,
    OrderProblem,
    freeze_bulk,
    freeze_internal,
    freeze_transfer,
)
from ..vault import VaultError, vault_of
from . import payment_clock
from .failure_words import failure_of
from .payment_rights import SEND
from .payment_words import refusal_code

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What came of a sending.

    :ivar outcome: of `payment_outcomes`; ``accepted``
    :ivar answer: what the bank made of it
    """

    outcome: str
    sent_at: datetime
    answer: object = None
    error: QontoError | None = None
    server_date: datetime | None = None


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    grant_ref = fields.Integer(
        readonly=True, copy=False, help="The very grant of the first call; with another one nothing is replayed (R14)."
    )
    bulk_ref = fields.Char(string="ID of the bulk at Qonto", readonly=True, copy=False)
    sca_token_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)

    # === THE INTENT === #

    def action_send(self):
        """Write down that this user wants it sent, with this user's own consent; :meth:`drive` does it (R9).

        Pressed twice, or run again by Odoo, it is the same intent.

        :raise UserError: this user cannot send it, or there is nothing to send
        """
        self.ensure_one()
        if not self.env.user.has_group(SEND):
            raise AccessError(self.env._("You need the right to send payments at Qonto."))
        self.check_access("read")
        order = self.sudo()
        if not order.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._("Somebody else is at this payment right now. Please try again."))
        order.invalidate_recordset(["send_asked_at", "sender_id"])
        if order.send_asked_at:
            return True
        now = payment_clock.now(self.env)
        if not order._unsent() and not order._may_ask_again(now):
            raise UserError(self.env._("There is nothing to send: it was sent already, or canceled."))
        if order._may_ask_again(now) and order.sender_id != self.env.user:
            raise UserError(
                self.env._("Only %s can ask the bank again: it is the same payment.", order.sender_id.name)
            )
        consent = order.account_id._payment_consent(self.env.user, order._needed_scopes())
        values = {"send_asked_at": payment_clock.stored(now), "trouble": False, "trouble_detail": False}
        if order._unsent():
            values |= {"sender_id": self.env.uid, "consent_id": consent.id, "grant_ref": consent.token_ids.id}
        # Should the browser go away now, the scheduled action sends it.
        order.write({**values, "due_at": payment_clock.stored(now)})
        trail = self.env["qonto.transfer.trail"].sudo()
        trail._note_all({transfer: transfer.state for transfer in order._unsent()}, "SendAsked")
        self._pay_cron()._trigger()
        return True

    def _may_ask_again(self, now) -> bool:
        """Whether a person may have the identical bytes sent once more; the phone may ring again (R3)."""
        unknown = self.transfer_ids.filtered(lambda transfer: transfer.state == State.UNKNOWN)
        return bool(unknown) and all(
            may_repeat(transfer._life(), now, by_person=True) for transfer in unknown
        )

    # === BEFORE THE FIRST BYTE === #

    def _go(self) -> bool:
        """Carry out what was asked for: look at everything, freeze the request, send it."""
        if self.transfer_ids.filtered(lambda transfer: transfer.state == State.UNKNOWN):
            return self._send_again(by_person=True)
        try:
            if not self._is_ready():
                return False
        except UserError as error:
            return self._needs_person("order_problem", str(error))
        except OrderProblem as error:
            return self._needs_person("order_problem", str(error))
        except VaultError:
            return self._needs_person("sealed")
        except QontoError as error:
            return self._needs_person(*failure_of(error))
        return self._send()

    def _is_ready(self) -> bool:
        """Check payees and bills, freeze the request and let the transfers be ready; commits (R2, R7, R8)."""
        if problem := self._grant_problem():
            return self._needs_person(problem)
        if not self._unsent():
            return self._needs_person("nothing_to_send")
        with self.consent_id._payment_client() as client:
            self.account_id._look_for_strays(client, self.consent_id)
            if self.kind != INTERNAL_TRANSFER:
                self._check_payees(client)
            else:
                self._look_at_own_accounts(client)
            self._commit()
            if self.account_id._open_strays():
                return self._needs_person("strays")
            if self._may_no_longer_leave_at_once():
                return self._stop_what_would_leave_at_once()
            if self._problems("ask"):
                return self._needs_person("problems")
            if not self.request_sealed:
                self._freeze(self._make_request(client))
        drafts = self._unsent().filtered(lambda transfer: transfer.state == State.DRAFT)
        drafts._step_together(HandedOver())
        given = self._unsent().filtered(lambda transfer: transfer.state == State.TO_APPROVE)
        given._step_together(Verified(needs_sca=self._needs_sca()))
        self._commit()
        return True

    def _may_no_longer_leave_at_once(self) -> bool:
        """Whether the request was frozen to leave without a phone, and now a phone has to ring (R15)."""
        return bool(self.request_sealed) and self._needs_sca() and not all(self._to_be_sent().mapped("needs_sca"))

    def _stop_what_would_leave_at_once(self) -> bool:
        """Its bytes stay as they are (R2), so it ends here, and is sent again with other ones."""
        self._to_be_sent()._step_together(Stopped("phone_needed_now"))
        self.write({"send_asked_at": False, "trouble": False, "trouble_detail": False})
        self._commit()
        return False

    def _needs_person(self, code: str, detail: str = "") -> bool:
        """Nothing was sent, and nothing will be until a person did something about it."""
        self._start_over()
        self.write({"send_asked_at": False, "trouble": code, "trouble_detail": (detail or "")[:500]})
        self._commit()
        return False

    def _grant_problem(self) -> str | None:
        """Return why the sender's consent is not the one that was chosen when *Send* was pressed (R14)."""
        consent = self.consent_id
        if not consent.is_live:
            return "consent_ended"
        if lacks := consent._lacks(self._needed_scopes()):
            return lacks
        if consent.user_id != self.sender_id or not self.sender_id.active or not self.company_id.active:
            return "sender_archived"
        return None if consent.token_ids.id == self.grant_ref else "consent_replaced"

    def _make_request(self, client) -> FrozenRequest:
        """Return the request, made of what was checked."""
        key, bank_ref = str(uuid.uuid4()), self.account_id.bank_ref
        transfers = self._unsent().sorted("id")
        if self.kind == INTERNAL_TRANSFER:
            return freeze_internal(
                debit_iban=self.account_id.iban, credit_iban=transfers.to_account_id.iban,
                amount=decimal_of(transfers.amount), reference=transfers.reference, idempotency_key=key,
            )
        proof = self._proof_token()
        files = self._upload_attachments(client)
        orders = [transfer._as_sent(files.get(transfer.id, ())) for transfer in transfers]
        if self.kind == TRANSFER:
            return freeze_transfer(
                orders[0], bank_account_id=bank_ref, proof_token=proof, idempotency_key=key
            )
        bulk = [
            BulkOrder(transfer.client_ref, order) for transfer, order in zip(transfers, orders, strict=True)
        ]
        return freeze_bulk(bulk, bank_account_id=bank_ref, proof_token=proof, idempotency_key=key)

    # === THE BYTES === #

    def _send(self, proof: str | None = None) -> bool:
        """Claim, commit, send; keep the answer on another cursor.

        :param proof: of the approval
        """
        try:
            frozen = self._frozen()
            with self.consent_id._payment_client() as client:
                sent_at = payment_clock.now(self.env)
                if len(self._to_be_sent()) != _count_of(frozen):
                    return self._needs_person("order_problem", self.env._("one of its transfers was taken out."))
                self._to_be_sent()._step_together(Claimed(sent_at))
                self.write({"send_asked_at": False, "trouble": False, "trouble_detail": False})
                self._renew()
                self._commit()
                reply = self._bytes_out(client, frozen, sent_at, proof)
        except (VaultError, FrozenRequestChanged):
            return self._needs_person("sealed")
        except QontoError as error:
            # Not even a token was to be had: nothing was claimed.
            return self._needs_person(*failure_of(error))
        with self._apart() as order:
            order._take_reply(reply)
            order._commit()
        return True

    def _to_be_sent(self):
        """Return the transfers that the frozen request is about."""
        return self.transfer_ids.filtered(
            lambda transfer: transfer.state in (State.VERIFIED, State.AWAITING_SCA, State.UNKNOWN)
        )

    @staticmethod
    def _bytes_out(client, frozen: FrozenRequest, sent_at: datetime, proof: str | None) -> Reply:
        """Send, once; the database is left alone meanwhile. Whatever is not a definite answer is none (R4)."""
        try:
            accepted = client.send(frozen, sca_session_token=proof)
        except OtherAnswer as error:
            return Reply("other_answer", sent_at, error=error, server_date=error.server_date)
        except QontoError as error:
            return Reply(outcome_of(error), sent_at, error=error, server_date=error.server_date)
        except Exception:
            _logger.exception("A payment was sent, and its answer could not be read")
            return Reply(payment_outcomes.UNKNOWN, sent_at)
        return Reply("accepted", sent_at, answer=accepted.answer, server_date=accepted.server_date)

    # === THE ANSWER === #

    def _take_reply(self, reply: Reply):
        """Keep what the bank answered. The caller commits."""
        transfers = self.transfer_ids.filtered(lambda transfer: transfer.state == State.SENDING)
        now = payment_clock.now(self.env)
        difference = payment_outcomes.clock_difference(reply.server_date, now)
        if difference is not None and abs(difference) > payment_outcomes.MAX_CLOCK_DIFFERENCE:
            transfers._step_together(ClocksDiffer(), f"{difference:+.0f} s")
        if reply.outcome == "accepted":
            self._take_acceptance(transfers, reply.answer)
        elif transfers:
            event, detail = self._event_of(reply)
            if isinstance(event, Challenged):
                token = vault_of(self.env).seal(reply.error.sca_session_token)
                self.write({"sca_token_sealed": token, "polled_at": payment_clock.stored(now)})
            if isinstance(event, NotSent):
                self.write({"trouble": "not_sent", "trouble_detail": detail})
            transfers._step_together(event, detail)
        self._tell_what_needs_a_person()

    @staticmethod
    def _event_of(reply: Reply):
        """Return what an error means for the transfers, and the bank's words."""
        error = reply.error
        detail = " ".join(filter(None, (error and (error.code or error.kind), error and error.detail))) or ""
        if reply.outcome == payment_outcomes.CHALLENGED:
            return Challenged(reply.sent_at), ""
        if reply.outcome == payment_outcomes.NOT_ENROLLED:
            return NotEnrolled(), detail
        if reply.outcome == payment_outcomes.NOT_SENT:
            return NotSent(), detail or str(error)
        if reply.outcome == payment_outcomes.REFUSED:
            return Refused(refusal_code(error)), detail
        return NoAnswer("other_answer" if reply.outcome == "other_answer" else None), detail or str(error or "")

    def _take_acceptance(self, transfers, answer):
        """The bank has it. Should somebody have given the answer up meanwhile, it is found now."""
        if self.kind == BULK_TRANSFER:
            self.bulk_ref = answer.id
            self._has_it(transfers, "", "")
            self._take_items(answer)
            return
        told = BankSays(
            answer.status, getattr(answer, "declined_reason", None), getattr(answer, "transaction_id", None)
        )
        self._has_it(transfers, answer.id, answer.id)
        self.transfer_ids.filtered(lambda transfer: transfer.bank_ref == answer.id)._step_together(told)

    def _has_it(self, transfers, bank_ref: str, detail: str):
        if transfers:
            transfers._step_together(Accepted(bank_ref or None), detail)
            return
        lost = self.transfer_ids.filtered(lambda transfer: transfer.state == State.UNKNOWN)
        lost._step_together(LookedUp(payment_clock.now(self.env), transfer_id=bank_ref), detail)

    def _without_an_owner(self) -> bool:
        """Whoever sent it died before it could keep the answer: nobody knows (R9)."""
        sending = self.transfer_ids.filtered(lambda transfer: transfer.state == State.SENDING)
        sending._step_together(NoAnswer(), "worker_gone")
        self._tell_what_needs_a_person()
        self._commit()
        return True

    # === THE REPLAY === #

    def _replay(self) -> bool:
        """The member approved: look at everything once more, then send the very same bytes with the proof (R8, R14)."""
        if self._stopped_by_a_problem():
            return False
        try:
            proof = vault_of(self.env).open(self.sca_token_sealed)
        except VaultError:
            return self._needs_person("sealed")
        return self._send(proof)

    def _stopped_by_a_problem(self) -> bool:
        """Stop the whole order, whose bytes are one, if something has changed since it was approved."""
        code, names, facts = self._what_has_changed()
        if code:
            transfers = self._to_be_sent()
            transfers.reason_facts = facts
            transfers._step_together(Stopped(code), names)
            self._forget_challenge()
            self._commit()
        return bool(code)

    def _what_has_changed(self) -> tuple[str, str, dict]:
        """Return why money may not move (any more), at which payees, and what to say of it; nothing: it may."""
        if problem := self._grant_problem():
            return problem, "", {}
        problems = self._problems("replay")
        if not problems:
            return "", "", {}
        first = problems[0]
        names = ", ".join(problem.transfer.payee_name for problem in problems if problem.transfer)
        return first.code, names, {name: fact for name, fact in first.facts.items() if isinstance(fact, str)}

    def _forget_challenge(self):
        self.sca_token_sealed = False

    def _send_again(self, *, by_person: bool = False) -> bool:
        """Send the identical bytes once more, as a look-up by key (R3); what stops a replay stops this too."""
        now = payment_clock.now(self.env)
        unknown = self._to_be_sent()
        if not all(may_repeat(transfer._life(), now, by_person=by_person) for transfer in unknown):
            return self._needs_person("too_late_to_repeat")
        if self._may_no_longer_leave_at_once():
            return self._needs_person("repeat_not_allowed")
        code, names, _facts = self._what_has_changed()
        if code:
            return self._needs_person(code, names)
        proof = None
        try:
            if any(transfer.doubt == "proven" for transfer in unknown):
                proof = vault_of(self.env).open(self.sca_token_sealed)
        except VaultError:
            return self._needs_person("sealed")
        return self._send(proof)


def decimal_of(amount: float) -> Decimal:
    """Return an amount in euros, exactly."""
    return Decimal(f"{amount:.2f}")


def _count_of(frozen: FrozenRequest) -> int:
    """Return how many transfers a request makes."""
    return len(frozen.content()["bulk_transfers"]) if frozen.kind == BULK_TRANSFER else 1
