# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Model-based: whatever gets lost, comes late or crashes, and whenever, one transfer debits at most once.

A bank of a few lines (keys that forget, challenges, proofs, requests that arrive late) and the machine, driven by
hypothesis. The oracle is the bank's list of debits.
"""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from payments import (
    Accepted,
    Challenged,
    Claimed,
    GivenUp,
    HandedOver,
    Life,
    LookedUp,
    NoAnswer,
    NotSent,
    Refused,
    ScaSays,
    State,
    Verified,
    may_give_up,
    may_repeat,
    may_replay,
    step,
)

KEPT = timedelta(minutes=30)
SCA_LIFE = timedelta(minutes=15)
# A request that the bank has received takes effect by then, or never.
LATEST = timedelta(minutes=4)
NEVER_PAID = (State.REFUSED, State.EXPIRED, State.CANCELED, State.FAILED)


@dataclass
class Challenge:
    created: datetime
    decision: str | None = None
    used: bool = False


class Bank:
    def __init__(self, needs_sca):
        self.needs_sca = needs_sca
        self.challenges = []
        self.key_stored_at = None
        self.debits = []

    def handle(self, proof, now, refusing=False):
        """Answer a request; ``proof`` is a challenge or None."""
        if self.key_stored_at is not None and now < self.key_stored_at + KEPT:
            return Accepted(self.debits[0])
        if refusing:
            return Refused("insufficient_funds")
        if self.needs_sca:
            if proof is None or (proof.decision is None and now < proof.created + SCA_LIFE):
                self.challenges.append(Challenge(now))
                return Challenged(now)
            if proof.used or proof.decision != "allow" or now >= proof.created + SCA_LIFE:
                return Refused("412")
            proof.used = True
        self.debits.append(f"transfer-{len(self.debits) + 1}")
        self.key_stored_at = now
        return Accepted(self.debits[-1])


class NeverTwice(RuleBasedStateMachine):
    @initialize(needs_sca=st.booleans())
    def begin(self, needs_sca):
        self.now = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
        self.bank = Bank(needs_sca)
        self.life = step(step(Life(), HandedOver()), Verified(needs_sca=needs_sca))
        self.proof = None  # of the challenge we know
        self.on_the_way = []  # requests that take effect later

    # What happens outside

    @rule(seconds=st.sampled_from([1, 60, 299, 600, 899, 900, 1499, 1500, 1799, 1800, 4 * 3600, 25 * 3600]))
    def time_passes(self, seconds):
        after = self.now + timedelta(seconds=seconds)
        # What is on its way arrives while the time passes, at its own moment.
        for proof, refusing, arrives in sorted(self.on_the_way, key=lambda request: request[2]):
            if arrives <= after:
                self.bank.handle(proof, arrives, refusing)
        self.on_the_way = [request for request in self.on_the_way if request[2] > after]
        self.now = after

    @precondition(lambda self: self.bank.challenges)
    @rule(decision=st.sampled_from(["allow", "deny"]))
    def member_decides(self, decision):
        newest = self.bank.challenges[-1]
        if newest.decision is None and self.now < newest.created + SCA_LIFE:
            newest.decision = decision

    # What we do

    def send(self, fate, refusing, delay):
        proof = self.proof if self.life.with_proof else None
        if fate == "not_sent":
            self.life = step(self.life, NotSent())
        elif fate == "late":
            self.on_the_way.append((proof, refusing, self.now + timedelta(seconds=delay)))
            self.life = step(self.life, NoAnswer())
        elif fate == "lost_before":
            self.life = step(self.life, NoAnswer())
        else:
            answer = self.bank.handle(proof, self.now, refusing)
            if fate == "lost_after":  # also: the worker was killed
                self.life = step(self.life, NoAnswer())
                return
            if isinstance(answer, Challenged):
                self.proof = self.bank.challenges[-1]
            self.life = step(self.life, answer)

    fates = st.sampled_from(["answered", "answered", "lost_before", "lost_after", "late", "not_sent"])
    delays = st.integers(1, int(LATEST.total_seconds()))

    @precondition(lambda self: self.life.state is State.VERIFIED)
    @rule(fate=fates, refusing=st.booleans(), delay=delays)
    def press_send(self, fate, refusing, delay):
        self.life = step(self.life, Claimed(self.now))
        self.send(fate, refusing, delay)

    @precondition(lambda self: self.life.state is State.AWAITING_SCA)
    @rule(fate=fates, refusing=st.booleans(), delay=delays)
    def replay(self, fate, refusing, delay):
        if may_replay(self.life, self.now):
            self.life = step(self.life, Claimed(self.now))
            self.send(fate, refusing, delay)

    @precondition(lambda self: self.life.state is State.UNKNOWN)
    @rule(fate=fates, refusing=st.booleans(), delay=delays, by_person=st.booleans())
    def repeat(self, fate, refusing, delay, by_person):
        if may_repeat(self.life, self.now, by_person=by_person):
            self.life = step(self.life, Claimed(self.now))
            self.send(fate, refusing, delay)

    @precondition(lambda self: self.life.state is State.AWAITING_SCA)
    @rule()
    def poll(self):
        challenge = self.proof
        over = self.now >= challenge.created + SCA_LIFE and not challenge.used
        result = "deny" if over else challenge.decision or "waiting"
        self.life = step(self.life, ScaSays(result, self.now))

    @precondition(lambda self: self.life.state is State.UNKNOWN or self.life.given_up)
    @rule()
    def look_up(self):
        found = self.bank.debits[0] if self.bank.debits else None
        if self.life.state is State.UNKNOWN or self.life.state is State.FAILED:
            self.life = step(self.life, LookedUp(self.now, found, "settled" if found else None))

    @precondition(lambda self: self.life.state is State.UNKNOWN)
    @rule()
    def give_up(self):
        if may_give_up(self.life, self.now):
            self.life = step(self.life, GivenUp(self.now, "Nowhere to be found"))

    # What must hold, always

    @invariant()
    def never_twice(self):
        assert len(getattr(self, "bank", Bank(True)).debits) <= 1

    @invariant()
    def never_called_failed_while_money_moved(self):
        if hasattr(self, "life") and self.life.state in NEVER_PAID:
            assert self.bank.debits == [] or self.life.given_up
            # And never will: a later round of this very check sees what is still on its way.

    @invariant()
    def given_up_only_what_does_not_exist(self):
        if hasattr(self, "life") and self.life.given_up and self.life.state is State.FAILED:
            assert self.bank.debits == []

    @invariant()
    def at_the_bank_only_what_is_there(self):
        if hasattr(self, "life") and self.life.transfer_id:
            assert self.life.transfer_id in self.bank.debits

    @invariant()
    def what_is_there_holds_its_bill(self):
        if hasattr(self, "life") and self.bank.debits:
            assert self.life.live


NeverTwice.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestNeverTwice = NeverTwice.TestCase


# The same, laid out: each way that a sending can go, at each time that matters, three sendings deep.

FATES = ["answered", "lost_before", "lost_after", "late", "not_sent"]
SECONDS = [0, 14 * 60 + 59, 15 * 60 + 1, 24 * 60 + 59, 29 * 60 + 59, 30 * 60 + 1, 23 * 3600]


def check(machine):
    machine.never_twice()
    machine.never_called_failed_while_money_moved()
    machine.at_the_bank_only_what_is_there()
    machine.what_is_there_holds_its_bill()


def go_on(machine, fate, refusing):
    """Whatever is possible now: send, approve and replay, or repeat."""
    sending = {"fate": fate, "refusing": refusing, "delay": 200}
    if machine.life.state is State.VERIFIED:
        machine.press_send(**sending)
    elif machine.life.state is State.AWAITING_SCA:
        machine.member_decides("allow")
        machine.poll()
        if machine.life.state is State.AWAITING_SCA:
            machine.replay(**sending)
    elif machine.life.state is State.UNKNOWN:
        machine.repeat(**sending, by_person=True)
    check(machine)


@pytest.mark.parametrize("needs_sca", [False, True], ids=["trusted", "with approval"])
@pytest.mark.parametrize("first", FATES)
def test_each_cell_of_the_matrix(first, needs_sca):
    for waits in itertools.product(SECONDS, repeat=2):
        for second, third in itertools.product(FATES, repeat=2):
            for refusing in itertools.product([False, True], repeat=2):
                machine = NeverTwice()
                machine.begin(needs_sca)
                go_on(machine, first, refusing=False)
                for wait, fate, refused in zip(waits, (second, third), refusing, strict=True):
                    machine.time_passes(wait)
                    check(machine)
                    go_on(machine, fate, refused)
                machine.time_passes(3600)
                check(machine)
