# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Watching: the phone, and afterwards the bank; and how it stands, for the screens."""

import logging
from datetime import datetime, timedelta

from odoo import fields, models
from odoo.tools import format_datetime

from ..payments import BankSays, Due, ScaSays, State, due
from ..payments.life import SCA_LIFE
from ..qonto_api import NotFound, QontoError, const
from ..qonto_api.frozen import BULK_TRANSFER, INTERNAL_TRANSFER
from ..qonto_api.payment_client import MOST_IDS
from ..qonto_api.payment_schemas import ITEM_FAILED
from ..vault import VaultError, vault_of
from . import payment_clock
from .failure_words import explain
from .payment_problem import Problem
from .payment_words import is_known, told
from .qonto_payment_order_work import LEASE

_logger = logging.getLogger(__name__)

# The bank takes one poll a second at most; over all tabs and jobs we ask every two (section 6.3).
POLL = timedelta(seconds=2)
POLL_TIMEOUT = (5.0, 5.0)
# How often the bank's own state of a transfer is read: while somebody watches, and by the age of the sending.
WATCHED = timedelta(seconds=5)
READ = ((timedelta(minutes=10), timedelta(seconds=30)), (timedelta(days=1), timedelta(minutes=10)))
READ_LATER = timedelta(hours=2)
# Before anything was sent they say nothing about money.
NO_ANSWER = ("network", "server_error", "in_progress", "invalid_answer")
# At most so many calls a round.
CALLS_A_ROUND = 4


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    polled_at = fields.Datetime(readonly=True, copy=False)

    # === THE PHONE === #

    def _may_poll(self, now: datetime) -> bool:
        return not self.polled_at or payment_clock.aware(self.polled_at) + POLL <= now

    def _claim_poll(self, now: datetime) -> bool:
        """Take this poll, for all tabs and jobs; committed before the bank is asked."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE qonto_payment_order SET polled_at = %s WHERE id = %s AND (polled_at IS NULL OR polled_at <= %s)",
            [payment_clock.stored(now), self.id, payment_clock.stored(now - POLL)],
        )
        taken = bool(self.env.cr.rowcount)
        self._commit()
        return taken

    def _await_phone(self, now: datetime) -> bool:
        """Ask how the challenge stands; replay when it is approved, end when its time is over."""
        if self._grant_problem() and self._stopped_by_a_problem():
            return False
        what = due(self._example("awaiting_sca")._life(), now)
        if what is Due.REPLAY:
            return self._replay()
        if what is Due.EXPIRE:
            return self._phone_says(const.SCA_WAITING)
        return self._claim_poll(now) and self._phone_says(self._ask_phone())

    def _ask_phone(self) -> str:
        """Ask the bank once, shortly, with no lock held; not to know is to wait."""
        try:
            token = vault_of(self.env).open(self.sca_token_sealed)
            with self.consent_id._payment_client(timeout=POLL_TIMEOUT, max_attempts=1) as client:
                return client.get_sca_session(token)
        except (VaultError, QontoError) as error:
            _logger.info("Payment order %s: the bank does not say how the approval stands: %s", self.id, error)
            return const.SCA_WAITING

    def _phone_says(self, result: str) -> bool:
        """Keep what the bank said of the phone.

        :return: whether it may be replayed now
        """
        waiting = self.transfer_ids.filtered(lambda transfer: transfer.state == State.AWAITING_SCA)
        now = payment_clock.now(self.env)
        waiting._step_together(ScaSays(result, now))
        if not any(transfer.state == State.AWAITING_SCA for transfer in waiting):
            self._forget_challenge()
        self._commit()
        return result == const.SCA_ALLOW

    # === THE BANK === #

    def _is_worth_a_look(self, now: datetime) -> bool:
        """Whether somebody who watches may have the bank asked again."""
        followed = self.transfer_ids.filtered(lambda transfer: transfer.state in ("submitted", "processing"))
        if not followed:
            return False
        asked = payment_clock.aware(self.polled_at)
        return not asked or (asked + WATCHED <= now and self._age(now) < READ[0][0])

    def _age(self, now: datetime) -> timedelta:
        sent = min(filter(None, self.transfer_ids.mapped("first_sent_at")), default=None)
        return now - payment_clock.aware(sent) if sent else timedelta()

    def _read(self, now: datetime) -> bool:
        """Follow the bank: what became of each transfer that it has (R6)."""
        self.polled_at = payment_clock.stored(now)
        self._commit()
        consent = self._consent_to_read_with()
        if not consent:
            return False
        try:
            with consent._payment_client(max_attempts=1) as client:
                if self.kind == BULK_TRANSFER and not all(self._at_bank().mapped("bank_ref")):
                    bulk = client.get_bulk_transfer(self.bulk_ref) if self.bulk_ref else None
                else:
                    bulk = None
                    internal = self.kind == INTERNAL_TRANSFER
                    found = self._read_internal(client) if internal else self._read_transfers(client)
        except QontoError as error:
            _logger.info("Payment order %s: the bank could not be read: %s", self.id, error)
            return False
        if bulk:
            self._take_items(bulk)
            self._commit()
            # What has been made is read at once; the rest in the next round.
            return all(self._at_bank().mapped("bank_ref")) and bool(self._at_bank())
        self._take_transfers(found)
        self._commit()
        return False

    def _at_bank(self):
        return self.transfer_ids.filtered(lambda transfer: transfer.state in ("submitted", "processing"))

    def _consent_to_read_with(self):
        """Reading moves nothing: the sender's own consent, else any that covers the account."""
        if self.consent_id.is_live:
            return self.consent_id
        return self.account_id._reading_consents().get(self.account_id.id)

    def _read_transfers(self, client) -> dict:
        """Return what the bank says, by its id: a list a hundred, and singly only what no list would show."""
        refs = sorted(filter(None, self._at_bank().mapped("bank_ref")))
        found, calls = {}, 0
        for start in range(0, len(refs), MOST_IDS):
            chunk = refs[start:start + MOST_IDS]
            page = client.list_transfers(ids=chunk)
            found.update({told.id: told for told in page.transfers if told.id in chunk})
            calls += 1
        for ref in [ref for ref in refs if ref not in found][:max(CALLS_A_ROUND - calls, 0)]:
            try:
                found[ref] = client.get_transfer(ref)
            except NotFound:
                continue
        return found

    def _read_internal(self, client) -> dict:
        """Return what the bank says of one between own accounts, by its id: no list shows it, its transactions do."""
        found = self._find_at_bank(client, self._at_bank())
        return {
            transfer.bank_ref: BankSays(hit.status, transaction_id=hit.transaction) for transfer, hit in found.items()
        }

    def _take_items(self, bulk):
        """Learn which transfers the bank has made of a bulk; one that it could not make is over (R6)."""
        by_client_ref = {transfer.client_ref: transfer for transfer in self.transfer_ids}
        for item in bulk.items:
            transfer = by_client_ref.get(item.client_transfer_id.lower())
            if not transfer or transfer.state not in ("submitted", "processing"):
                continue
            if item.status == ITEM_FAILED:
                told = BankSays("declined", item.error_code or "bulk_item_failed")
                transfer._step_together(told, " ".join(filter(None, (item.error_code, item.error_detail))))
            elif item.transfer_id and not transfer.bank_ref:
                transfer._step_together(BankSays("", transfer_id=item.transfer_id), item.transfer_id)

    def _take_transfers(self, found: dict):
        """Let each go on to where the bank says it is."""
        for transfer in self._at_bank():
            told = found.get(transfer.bank_ref)
            if isinstance(told, BankSays):
                transfer._step_together(told)
            elif told:
                event = BankSays(told.status, told.declined_reason, told.transaction_id)
                transfer._step_together(event, told.declined_reason or "")

    # === WHEN TO COME AGAIN === #

    def _next_look(self, now: datetime) -> datetime | None:
        """Return when the scheduled action goes on with it; None: there is nothing to wait for."""
        states = set(self.transfer_ids.mapped("state"))
        if "sending" in states:
            return now + LEASE
        if self.send_asked_at or "awaiting_sca" in states:
            return now + timedelta(seconds=10)
        if "unknown" in states or self._given_up():
            return self._next_look_up(now)
        followed = self._at_bank()
        if not followed:
            return None
        first = min((day for day in followed.mapped("scheduled_date") if day), default=None)
        if first and all(followed.mapped("scheduled_date")) and first > self._today():
            start = self.account_id._start_of_day(first)
            return min(start, now + timedelta(hours=12))
        age = self._age(now)
        return now + next((pause for until, pause in READ if age < until), READ_LATER)

    # === FOR THE SCREENS === #

    def progress(self) -> dict:
        """Tell how it stands, in plain values; see `docs/payments.md`."""
        self.ensure_one()
        self.check_access("read")
        return self.sudo()._progress()

    def _progress(self) -> dict:
        now = payment_clock.now(self.env)
        stage = self._stage()
        asked = payment_clock.aware(self._example("awaiting_sca").challenged_at or False)
        return {
            "stage": stage,
            "seconds_left": max(int((asked + SCA_LIFE - now).total_seconds()), 0) if asked else 0,
            "asked_seconds_ago": max(int((now - asked).total_seconds()), 0) if asked else 0,
            "person": self.sender_id.name or "",
            "problems": self._problems_in_words(stage),
            "transfers": [transfer._progress() for transfer in self.transfer_ids.sorted("id")],
            "evidence": self._evidence() if stage == "unknown" else [],
            "may_ask_again": self._may_ask_again(now),
            "may_give_up": any(transfer._may_be_given_up(now) for transfer in self.transfer_ids),
        }

    def _stage(self) -> str:
        """Return where the order is as a whole: what needs a person first."""
        states = set(self.transfer_ids.mapped("state"))
        if "unknown" in states:
            return "sending" if self.send_asked_at else "unknown"
        if "sending" in states:
            return "sending"
        if "awaiting_sca" in states:
            return "phone"
        if self.send_asked_at:
            return "checking"
        if states & {"draft", "to_approve", "verified"}:
            if self.trouble:
                return "attention"
            return "handed_over" if "to_approve" in states else "prepared"
        return "at_bank" if states & {"submitted", "processing"} else "over"

    def _problems_in_words(self, stage: str) -> list[dict]:
        """Return what keeps it from going out, worded; looked up only where somebody is to do something about it."""
        missing = [told(self.env, problem) for problem in self._look_up_problems()] if stage == "unknown" else []
        return missing + self._trouble_in_words(stage)

    def _trouble_in_words(self, stage: str) -> list[dict]:
        if not self.trouble or stage not in ("attention", "unknown"):
            return []
        if self.trouble == "strays" and not self.account_id._open_strays():
            return []  # somebody has decided
        problems = self._problems("ask") if self.trouble == "problems" else [self._trouble()]
        return [told(self.env, problem) for problem in problems]

    def _trouble(self) -> Problem:
        """Return what it was that needs a person: in the words for payments, else in those for the connection."""
        detail = self.trouble_detail or ""
        if self.trouble in NO_ANSWER and not self._example("unknown"):
            return Problem("not_reached", facts={"detail": detail})
        if is_known(self.env, self.trouble):
            return Problem(self.trouble, facts={"detail": detail, "sender": self.sender_id.name})
        return Problem("not_sent", facts={"said": explain(self.env, self.trouble, detail)})

    def _evidence(self) -> list[dict]:
        """Return what is known about an order whose money nobody knows: what was sent when, answers, look-ups."""
        return [
            {
                "transfer": entry.transfer_id.id,
                "at": format_datetime(self.env, entry.at, dt_format="medium"),
                "by": entry.user_id.name,
                "consent_of": entry.consent_of_id.name or "",
                "event": entry.event_words,
                "state": entry.state_words,
                "detail": entry.detail_words or "",
                "fingerprint": entry.fingerprint or "",
            }
            for entry in self.transfer_ids.trail_ids.sorted("id")
        ]

