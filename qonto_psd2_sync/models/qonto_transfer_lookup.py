# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A transfer of which nobody knows whether the bank has it: looked up by our own marker until it is found, or until a
person decides that it does not exist (design R3)."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..payments import BankSays, Due, GivenUp, LookedUp, State, due, may_give_up
from ..payments.life import LOOK_UPS_OVER
from ..qonto_api import QontoError
from ..qonto_api.frozen import BULK_TRANSFER, INTERNAL_TRANSFER
from ..qonto_api.payment_schemas import ITEM_FAILED
from ..quiet_sql import refusal_expected
from . import payment_clock
from .payment_problem import Problem
from .payment_rights import SEND

_logger = logging.getLogger(__name__)

# The first look after the answer was lost, the next ones; what is over counts only after 24 hours of looking.
SOON, REPEAT = timedelta(seconds=30), timedelta(seconds=20)
APART = (timedelta(hours=1), timedelta(hours=5))
DAILY = timedelta(days=1)
OTHERS_LOOK = timedelta(hours=1)
# The bank's clock may be a little behind ours.
BEFORE = timedelta(hours=1)
# How long the bank is asked about what was given up.
AFTER_GIVEN_UP = timedelta(days=30)


@dataclass(frozen=True)
class Found:
    """What the bank has under our marker.

    :ivar ref: its id; empty: the bank has it, and has not made it yet
    :ivar also: more of the same marker, which must not be
    :ivar transaction: the id of its debit, where that is how it was found
    """

    ref: str
    status: str
    reason: str | None = None
    also: int = 0
    transaction: str | None = None


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    told = fields.Json(readonly=True, copy=False, help="What a person was told about already.")

    def _find_out(self, now: datetime) -> bool:
        """Repeat by key where that rings no phone, else look up; not more often than it helps."""
        if self.due_at and self.due_at > payment_clock.stored(now):
            return False
        repeats = due(self._example("unknown")._life(), now) is Due.REPEAT
        if repeats and not self._may_no_longer_leave_at_once():
            return self._send_again()
        return self._look_up()

    def _look_up(self) -> bool:
        """Ask the bank for our markers, and keep what came of it; every look-up is evidence."""
        wanted = self.transfer_ids.filtered(lambda transfer: transfer.state == State.UNKNOWN) | self._given_up()
        consent = self._senders_consent() or self._consent_to_read_with()
        found = {}
        if consent:
            self._commit()
            try:
                with consent._payment_client(max_attempts=1) as client:
                    found = self._find_at_bank(client, wanted)
            except QontoError as error:
                _logger.info("Payment order %s: the bank could not be asked for it: %s", self.id, error)
                return False
        if not self._senders_consent():
            # What the bank may not show to anybody else is among the account's bookings all the same.
            # One that was given up may have been sent anew, and that one's booking looks the same.
            missing = wanted - wanted.browse(transfer.id for transfer in found)
            found |= missing.filtered(lambda transfer: transfer.state == State.UNKNOWN)._find_among_bookings()
        self._take_findings(wanted, found, payment_clock.now(self.env), consent)
        self._tell_what_needs_a_person()
        self._commit()
        return False

    def _senders_consent(self):
        """Return a live consent of the member of the bank who sent it: what the bank shows depends on the member.

        It is the one it was sent with, or a newer one of the same member; else none.
        """
        sent_with = self.consent_id
        live = self.account_id.consent_ids.filtered("is_live")
        return live.filtered(lambda consent: consent == sent_with) or live.filtered(
            lambda consent: consent.organization_ref == sent_with.organization_ref
            and consent.member_ref == sent_with.member_ref
            # Where the bank does not say which member it is, a user stands for one.
            and (consent.member_ref or consent.user_id == sent_with.user_id)
        ).sorted("id")[-1:]

    def _look_up_problems(self) -> list[Problem]:
        """Return why not finding it proves nothing (R3): the bank was not asked as the member who sent it."""
        if self._senders_consent():
            return []
        other = self._consent_to_read_with()
        code = "sender_must_look" if other else "nobody_can_look"
        return [Problem(code, facts={"sender": self.sender_id.name, "other": other.user_id.name if other else ""})]

    def _take_findings(self, wanted, found: dict, now: datetime, consent):
        """Keep what a look-up found, or that it found nothing; only its sender's own is proof of that (R3)."""
        missing = wanted.browse()
        for transfer in wanted:
            hit = found.get(transfer)
            if hit is None:
                missing |= transfer
                continue
            what = f"{hit.ref} {hit.status}".strip()
            transfer._step_together(LookedUp(now, hit.ref, hit.status, hit.reason), what, consent)
            if hit.transaction:
                transfer._step_together(BankSays(hit.status, transaction_id=hit.transaction), hit.transaction)
            if hit.also:
                transfer.alarm = "found_twice"
        missing = missing.filtered(lambda transfer: transfer.state == State.UNKNOWN)
        if consent and consent == self._senders_consent():
            missing._step_together(LookedUp(now), consent=consent)
        elif consent:
            missing._note_vain_look_up(now, consent)

    def _find_at_bank(self, client, wanted) -> dict:
        """Return what the bank has of these transfers: transfer → :class:`Found`."""
        since = payment_clock.aware(min(wanted.mapped("first_sent_at"))) - BEFORE
        if self.kind == INTERNAL_TRANSFER:
            return self._find_internal(client, wanted, since)
        found = self._find_items(client, wanted) if self.kind == BULK_TRANSFER else {}
        hits = defaultdict(list)
        markers = {transfer.marker: transfer for transfer in wanted}
        for told in client.iter_transfers(updated_at_from=since):
            for word in set((told.note or "").split()) & markers.keys():
                hits[markers[word]].append(told)
        for transfer, told in hits.items():
            first = min(told, key=lambda each: each.created_at)
            found[transfer] = Found(first.id, first.status, first.declined_reason, len(told) - 1)
        return found

    def _find_items(self, client, wanted) -> dict:
        """Return what the bank says of a bulk that it has: made, not made yet, or not to be made."""
        bulk = client.find_bulk(wanted.mapped("client_ref"))
        if not bulk:
            return {}
        self.bulk_ref = bulk.id
        items = {item.client_transfer_id.lower(): item for item in bulk.items}
        found = {}
        for transfer in wanted:
            item = items.get(transfer.client_ref)
            if item and item.status == ITEM_FAILED:
                found[transfer] = Found("", "declined", item.error_code or "bulk_item_failed")
            elif item:
                found[transfer] = Found(item.transfer_id or "", "")
        return found

    def _find_internal(self, client, wanted, since: datetime) -> dict:
        """The bank shows no transfer between own accounts: its two transactions do, one on either side."""
        transfer = wanted.ensure_one()
        sides = [
            [
                row for row in self._moved(client, account, side, since + BEFORE - SOON)
                if transfer.reference in (row.reference or row.label or "")
            ]
            for account, side in ((self.account_id, "debit"), (transfer.to_account_id, "credit"))
        ]
        others = self.env["qonto.transfer"].search(
            [("transaction_ref", "in", [row.id for row in sides[0]]), ("id", "!=", transfer.id)]
        ).mapped("transaction_ref")
        sides[0] = [row for row in sides[0] if row.id not in others]
        pairs = min(map(len, sides))
        if not pairs:
            return {}
        debit = min(sides[0], key=lambda row: row.emitted_at)
        return {transfer: Found("", "settled", None, pairs - 1, debit.id)}

    def _next_look_up(self, now: datetime) -> datetime:
        """Return when the bank is asked again: soon, after an hour, then so that 24 hours are covered, then daily."""
        example = self._example("unknown")
        if not example:
            return now + DAILY if self._age(now) < AFTER_GIVEN_UP else None
        if not self._senders_consent():
            # It may be found all the same; that it is not, proves nothing.
            return now + (OTHERS_LOOK if self._age(now) < AFTER_GIVEN_UP else DAILY)
        life = example._life()
        looked = life.not_found_at
        if due(life, now) is Due.REPEAT:
            return now + REPEAT
        if not looked:
            return now + SOON
        if len(looked) <= len(APART):
            return max(looked[-1] + APART[len(looked) - 1], now + SOON)
        if looked[-1] - looked[0] < LOOK_UPS_OVER:
            return max(looked[0] + LOOK_UPS_OVER + SOON, now + SOON)
        return now + DAILY

    # === A PERSON HAS TO KNOW === #

    def _tell_what_needs_a_person(self):
        """An unknown transfer has a named owner: its sender, else whoever may send (design, *What must hold*)."""
        kind = self.env.ref("qonto_psd2_sync.mail_activity_payment", raise_if_not_found=False)
        if not kind:
            return
        troubled = {
            f"{transfer.id} {transfer.alarm or transfer.state}"
            for transfer in self.transfer_ids if transfer.state == State.UNKNOWN or transfer.alarm
        }
        if not troubled:
            self.activity_ids.filtered(lambda activity: activity.activity_type_id == kind).action_feedback(
                feedback=self.env._("It is known now what became of it.")
            )
        if not troubled - set(self.told or ()):
            return
        self.told = sorted(troubled)
        for user in self._whom_to_ask():
            reader = self.with_context(lang=user.lang)
            self.activity_schedule(
                "qonto_psd2_sync.mail_activity_payment", user_id=user.id,
                summary=reader.env._("A payment at Qonto needs you"),
                note=reader.env._(
                    "%(count)s of the transfers of this order: it is not known whether the money moved, or something "
                    "came out otherwise than Odoo was told. Open the order: it shows what was sent and what the bank "
                    "answered. Do not pay these bills another way before.",
                    count=len(troubled),
                ),
            )

    def _whom_to_ask(self):
        sender = self.sender_id
        if sender.active and self.company_id in sender.company_ids:
            return sender
        payers = self.env.ref(SEND).sudo().all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        return payers - self.env.ref("base.user_root")


    def _look_up_at_once(self):
        """Let the bank be asked now for what is unknown: whoever sent it has just connected again."""
        back = self.filtered(lambda order: order._senders_consent())
        back = back.try_lock_for_update(allow_referencing=True).filtered(lambda order: not order.work_owner)
        if back:
            back.due_at = payment_clock.stored(payment_clock.now(self.env))
            self._pay_cron()._trigger()


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    def _take_up(self, grant, facts: dict):
        result = super()._take_up(grant, facts)
        self._look_up_what_was_sent()
        return result

    def _answer(self, answer: str):
        result = super()._answer(answer)
        self.exists()._look_up_what_was_sent()
        return result

    def _look_up_what_was_sent(self):
        """Ask for what is unknown with a new consent. It would be asked for in an hour anyway, so nothing fails."""
        accounts = self.sudo().filtered("is_live").account_ids
        try:
            with refusal_expected(), self.env.cr.savepoint():
                self.env["qonto.payment.order"].sudo().search([
                    ("account_id", "in", accounts.ids), ("transfer_ids.state", "=", State.UNKNOWN),
                ])._look_up_at_once()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            _logger.info("What is unknown at the bank is looked up by schedule: a worker is at it")


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _note_vain_look_up(self, now: datetime, consent):
        """Keep that another member's look-up found nothing, once a day."""
        recently = payment_clock.stored(now - DAILY)
        noted = self.trail_ids.filtered(
            lambda entry: entry.event == "LookedUpByOther" and entry.consent_of_id == consent.user_id
            and entry.at > recently
        ).transfer_id
        fresh = {transfer: transfer.state for transfer in self - noted}
        self.env["qonto.transfer.trail"].sudo()._note_all(fresh, "LookedUpByOther", consent=consent)

    def _may_be_given_up(self, now: datetime) -> bool:
        """Whether a person may decide that the bank does not have it."""
        return self.state == State.UNKNOWN and may_give_up(self._life(), now, self._booked_until())

    def _booked_until(self) -> datetime | None:
        """Return until when the account's bookings are known, where nobody can look it up as its sender (R3).

        What is to be executed on a later day is booked so much later.
        """
        account, sent_at = self.order_id.account_id, payment_clock.aware(self.first_sent_at)
        if not account.last_sync_at or not sent_at or self.order_id._senders_consent():
            return None
        later = account._start_of_day(self.scheduled_date) - sent_at if self.scheduled_date else timedelta()
        return payment_clock.aware(account.last_sync_at) - max(later, timedelta())

    def _find_among_bookings(self) -> dict:
        """Return what is among the account's bookings: same payee's account, amount and reference, made since.

        :return: transfer → :class:`Found`
        """
        if not self:
            return {}
        account, since = self.order_id.account_id, min(self.mapped("first_sent_at")) - BEFORE
        bookings = self.env["qonto.transaction"].search([
            ("account_id", "=", account.id), ("status", "=", "completed"), ("amount", "<", 0),
            ("counterparty_iban", "in", self.mapped("iban")), ("emitted_at", ">=", since),
        ], order="emitted_at, id")
        taken = set(self.search([
            ("transaction_ref", "in", [*bookings.mapped("bank_ref"), *filter(None, bookings.mapped("bank_slug"))]),
        ]).mapped("transaction_ref"))
        # A payment that the bank has, and whose booking is not named yet, may be an equal one: then nobody knows.
        rivals = {
            (row.iban, row.amount) for row in self.search([
                ("order_id.account_id", "=", account.id), ("iban", "in", self.mapped("iban")),
                ("state", "in", ("submitted", "processing", "settled", "returned")), ("transaction_ref", "=", False),
            ])
        }
        found = {}
        for transfer in self.filtered(lambda transfer: (transfer.iban, transfer.amount) not in rivals):
            for row in bookings:
                if (
                    not taken & {row.bank_ref, row.bank_slug} and row.counterparty_iban == transfer.iban
                    and row.emitted_at >= transfer.first_sent_at - BEFORE
                    and not transfer.currency_id.compare_amounts(-row.amount, transfer.amount)
                    and transfer.reference in (row.reference or row.label or "")
                ):
                    taken.add(row.bank_ref)
                    found[transfer] = Found("", "settled", transaction=row.bank_ref)
                    break
        return found

    def action_give_up(self, reason: str):
        """Decide that the bank does not have these transfers: three look-ups over 24 hours found nothing (R3).

        The evidence stays. Should one show up later, it is taken up again, with an alarm.
        """
        if not self.env.user.has_group(SEND):
            raise AccessError(self.env._("You need the right to send payments at Qonto."))
        self.check_access("read")
        if len((reason or "").strip()) < 3:
            raise UserError(self.env._("Please give a reason. It is kept with the payment."))
        now = payment_clock.now(self.env)
        for transfer in self.sudo():
            if not transfer._may_be_given_up(now):
                raise UserError(
                    self.env._(
                        "%(payee)s: the bank is still being asked. It can be given up after three look-ups over 24 "
                        "hours that found nothing.",
                        payee=transfer.payee_name,
                    )
                )
            transfer._step(GivenUp(now, reason.strip(), transfer._booked_until()), reason.strip())
            transfer.order_id._tell_what_needs_a_person()
            transfer.order_id._plan()
