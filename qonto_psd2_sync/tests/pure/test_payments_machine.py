# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The life of a transfer, arrow by arrow and window by window."""

from datetime import datetime, timedelta, timezone

import pytest

from payments import (
    ARROWS,
    Accepted,
    BankSays,
    Canceled,
    Challenged,
    Claimed,
    ClocksDiffer,
    Due,
    GivenUp,
    HandedOver,
    Life,
    LookedUp,
    Matched,
    NoAnswer,
    NotAllowed,
    NotEnrolled,
    NotSent,
    Refused,
    ScaSays,
    SentBack,
    State,
    Stopped,
    TakenBack,
    Verified,
    due,
    may_give_up,
    may_repeat,
    may_replay,
    step,
)
from payments.life import OVER

T0 = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
BANK_WORDS = ("pending", "processing", "settled", "declined", "canceled")


def at(minutes=0, seconds=0, hours=0):
    return T0 + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def lived(*events, life=None):
    life = life or Life()
    for event in events:
        life = step(life, event)
    return life


READY = lived(HandedOver(), Verified())
TRUSTED = lived(HandedOver(), Verified(needs_sca=False))
SENT = lived(Claimed(T0), life=READY)
ASKED = lived(Challenged(T0), life=SENT)
APPROVED = lived(ScaSays("allow", at(2)), life=ASKED)
REPLAYED = lived(Claimed(at(3)), life=APPROVED)
LOST = lived(NoAnswer(), life=REPLAYED)
SUBMITTED = lived(Accepted("t"), life=REPLAYED)


def refuses(life, event):
    with pytest.raises(NotAllowed) as caught:
        step(life, event)
    assert (caught.value.state, caught.value.event) == (life.state, event)


# The drawing


MOST_LIVES = 6_000


def all_events():
    times = [at(), at(14, 59), at(16), at(hours=13), at(hours=25)]
    timeless = [
        HandedOver(), TakenBack(), Verified(), Verified(needs_sca=False), Canceled(), Stopped("bill_changed"),
        Accepted("t"), NotEnrolled(), NotSent(), Refused("no"), NoAnswer(), SentBack(), Matched(),
        *(BankSays(word) for word in (*BANK_WORDS, "new_word")),
    ]  # fmt: skip
    timed = [
        *(Claimed(now) for now in times),
        *(Challenged(now) for now in times[:2]),
        *(ScaSays(result, now) for result in ("waiting", "allow", "deny") for now in times[:3]),
        *(LookedUp(now) for now in times),
        *(LookedUp(now, "t", word) for word in BANK_WORDS for now in times[-1:]),
        GivenUp(times[-1], "sure"),
    ]
    return timeless + timed


def reachable():
    """Every life that a few events lead to, and the arrows on the way."""
    seen, arrows, border = {Life()}, set(), [Life()]
    events = all_events()
    for _round in range(12):
        following = []
        for life in border:
            for event in events:
                try:
                    after = step(life, event)
                except NotAllowed:
                    continue
                if after.state is not life.state:
                    arrows.add((life.state, after.state))
                if after not in seen and len(seen) < MOST_LIVES:
                    seen.add(after)
                    following.append(after)
        border = following
    return seen, arrows


@pytest.fixture(scope="module")
def walk():
    return reachable()


@pytest.fixture
def seen(walk):
    return walk[0]


def test_every_arrow_is_walked_and_no_other(walk):
    drawn = {(before, after) for before, afters in ARROWS.items() for after in afters}
    assert drawn - walk[1] == set()
    assert walk[1] - drawn == set()
    assert set(ARROWS) == set(State)


def test_every_state_has_a_way_out_or_is_over():
    for state in State:
        assert ARROWS[state] or state in OVER
    # One ending can turn out to be none.
    assert {state for state in OVER if ARROWS[state]} == {State.FAILED}


def test_only_a_given_up_transfer_comes_back(seen):
    failed = [life for life in seen if life.state is State.FAILED and not life.given_up]
    assert failed
    for life in failed:
        refuses(life, LookedUp(at(hours=60), "t", "settled"))


def test_what_left_is_live_until_it_is_certain_that_no_money_moved(seen):
    for life in seen:
        if life.state in (State.UNKNOWN, State.SENDING, State.AWAITING_SCA, State.SUBMITTED, State.PROCESSING):
            assert life.live or life.matched


def test_no_life_ends_well_for_us_while_a_sending_is_in_doubt(seen):
    for life in seen:
        if life.doubt is not None and not life.given_up:
            assert life.state in (State.UNKNOWN, State.SENDING)


# The usual way


def test_one_transfer_from_draft_to_paid():
    life = SUBMITTED
    assert life.live
    for word, state in (("processing", State.PROCESSING), ("settled", State.SETTLED)):
        life = step(life, BankSays(word, transaction_id="row"))
        assert (life.state, life.live) == (state, True)
    life = step(life, Matched())
    assert not life.live
    assert step(life, Matched(undone=True)).live
    assert step(life, SentBack()).state is State.RETURNED


def test_what_is_due_on_the_usual_way():
    for life, expected in (
        (Life(), Due.PERSON),
        (READY, Due.PERSON),
        (SENT, Due.NOTHING),
        (ASKED, Due.POLL),
        (APPROVED, Due.REPLAY),
        (SUBMITTED, Due.READ),
        (lived(BankSays("settled"), life=SUBMITTED), Due.NOTHING),
    ):
        assert due(life, at(4)) is expected


def test_two_workers_cannot_both_claim():
    refuses(SENT, Claimed(T0))
    refuses(REPLAYED, Claimed(at(3)))


def test_nothing_can_be_undone_once_bytes_left():
    for event in (Canceled(), Stopped("x"), TakenBack(), HandedOver(), Verified()):
        refuses(SENT, event)
        refuses(LOST, event)
    refuses(SUBMITTED, Stopped("x"))


def test_a_check_that_fails_before_the_replay_ends_it():
    stopped = lived(Stopped("bill_changed"), life=APPROVED)
    assert (stopped.state, stopped.reason, stopped.live) == (State.CANCELED, "bill_changed", False)


def test_not_a_byte_left_is_as_if_it_had_not_been_claimed():
    assert lived(NotSent(), life=SENT) == READY
    assert lived(NotSent(), life=REPLAYED).state is State.AWAITING_SCA
    assert lived(Claimed(at(5)), NotSent(), life=LOST).state is State.UNKNOWN


# R5: refused, expired, not enrolled


@pytest.mark.parametrize(
    ("when", "state"),
    [(at(0), State.REFUSED), (at(14, 59), State.REFUSED), (at(15), State.EXPIRED), (at(hours=23), State.EXPIRED)],
)
def test_deny_is_a_refusal_before_15_minutes_and_the_end_of_time_after(when, state):
    assert lived(ScaSays("deny", when), life=ASKED).state is state


def test_a_challenge_expires_by_our_clock_when_the_poll_says_nothing():
    assert due(ASKED, at(15, 59)) is Due.POLL
    assert due(ASKED, at(16)) is Due.EXPIRE
    assert lived(ScaSays("waiting", at(15, 59)), life=ASKED).state is State.AWAITING_SCA
    assert lived(ScaSays("waiting", at(16)), life=ASKED).state is State.EXPIRED


def test_a_dead_proof_is_not_used():
    assert may_replay(APPROVED, at(14, 59))
    assert not may_replay(APPROVED, at(15))
    refuses(APPROVED, Claimed(at(15)))
    assert due(APPROVED, at(15)) is Due.POLL
    assert due(APPROVED, at(16)) is Due.EXPIRE


def test_no_paired_device_ends_it():
    failed = lived(NotEnrolled(), life=SENT)
    assert (failed.state, failed.reason) == (State.FAILED, "not_enrolled")


def test_an_unapproved_challenge_is_not_replayed():
    refuses(ASKED, Claimed(at(1)))
    refuses(lived(ScaSays("waiting", at(1)), life=ASKED), Claimed(at(1)))


# R3 and R4: unknown


def test_no_definite_answer_is_unknown_at_once():
    for life in (SENT, REPLAYED):
        unknown = lived(NoAnswer(), life=life)
        assert (unknown.state, unknown.live) == (State.UNKNOWN, True)


def test_a_definite_no_to_the_first_sending_is_a_failure():
    failed = lived(Refused("insufficient_funds"), life=SENT)
    assert (failed.state, failed.reason, failed.live) == (State.FAILED, "insufficient_funds", False)
    assert lived(Refused("expired"), life=REPLAYED).state is State.FAILED


def test_a_no_to_a_repeat_proves_nothing():
    """The first one may have taken the funds, or spent the proof, or still be on its way."""
    again = lived(Claimed(at(5)), Refused("insufficient_funds"), life=LOST)
    assert (again.state, again.live) == (State.UNKNOWN, True)


@pytest.mark.parametrize(("when", "allowed"), [(at(3), True), (at(14, 59), True), (at(15), False), (at(24, 59), False)])
def test_proven_bytes_are_repeated_while_their_proof_lives(when, allowed):
    assert may_repeat(LOST, when) is allowed
    assert due(LOST, when) is (Due.REPEAT if allowed else Due.LOOK_UP)


@pytest.mark.parametrize(
    ("when", "allowed"),
    [(at(0), True), (at(24, 59), True), (at(25), False), (at(29, 59), False), (at(hours=23), False)],
)
def test_bare_bytes_are_repeated_inside_25_minutes(when, allowed):
    lost = lived(Claimed(T0), NoAnswer(), life=TRUSTED)
    assert may_repeat(lost, when) is allowed
    if allowed:
        assert lived(Claimed(when), Accepted("t"), life=lost).state is State.SUBMITTED
    else:
        refuses(lost, Claimed(when))


def test_bare_bytes_that_would_ring_are_repeated_only_by_a_person():
    lost = lived(NoAnswer(), life=SENT)
    assert not may_repeat(lost, at(1))
    assert may_repeat(lost, at(1), by_person=True)
    assert due(lost, at(1)) is Due.LOOK_UP


def test_time_that_runs_backwards_opens_no_window():
    assert not may_repeat(lived(Claimed(T0), NoAnswer(), life=TRUSTED), T0 - timedelta(seconds=1))


def test_clocks_that_differ_close_the_window():
    lost = lived(ClocksDiffer(), life=lived(Claimed(T0), NoAnswer(), life=TRUSTED))
    assert not may_repeat(lost, at(1))
    refuses(lost, Claimed(at(1)))
    # A first replay, with no sending in doubt, needs no window.
    assert may_replay(lived(ClocksDiffer(), life=APPROVED), at(3))


def test_a_challenge_to_the_repeat_clears_the_doubt_about_bare_bytes():
    asked = lived(NoAnswer(), Claimed(at(5)), Challenged(at(5)), life=SENT)
    assert (asked.state, asked.doubt) == (State.AWAITING_SCA, None)
    assert lived(ScaSays("deny", at(6)), life=asked).state is State.REFUSED


def test_a_challenge_never_clears_the_doubt_about_proven_bytes():
    again = lived(Claimed(at(5)), Challenged(at(5)), life=LOST)
    assert (again.state, again.alarm) == (State.UNKNOWN, "challenged_again")
    assert lived(Challenged(at(3)), life=REPLAYED).state is State.UNKNOWN


def test_what_is_found_is_adopted():
    for word, state in zip(
        BANK_WORDS,
        (State.SUBMITTED, State.PROCESSING, State.SETTLED, State.DECLINED, State.CANCELED),
        strict=True,
    ):
        found = lived(LookedUp(at(hours=1), "t", word), life=LOST)
        assert (found.state, found.transfer_id, found.doubt, found.alarm) == (state, "t", None, None)


def looked_up(*times):
    return lived(*(LookedUp(moment) for moment in times), life=LOST)


def test_not_found_counts_after_three_look_ups_over_a_day():
    patient = looked_up(at(30), at(hours=12), at(30, hours=24))
    assert may_give_up(patient, at(30, hours=24))
    assert due(patient, at(30, hours=24)) is Due.PERSON
    assert not may_give_up(looked_up(at(30), at(30, hours=24)), at(hours=25))
    assert not may_give_up(looked_up(at(30), at(hours=12), at(29, 59, hours=24)), at(hours=25))


def test_look_ups_in_a_row_count_as_one():
    hasty = looked_up(at(30), at(31), at(32), at(33), at(30, hours=24))
    assert len(hasty.not_found_at) == 2
    assert not may_give_up(hasty, at(hours=25))


def test_giving_up_needs_the_time_and_a_reason():
    patient = looked_up(at(30), at(hours=12), at(30, hours=24))
    refuses(LOST, GivenUp(at(hours=30), "sure"))
    refuses(patient, GivenUp(at(hours=30), "  "))
    given_up = lived(GivenUp(at(hours=30), "Not in the app either"), life=patient)
    assert (given_up.state, given_up.given_up, given_up.live) == (State.FAILED, True, False)


def test_a_week_of_bookings_without_it_counts_as_much_as_looking():
    week = at(hours=168)
    assert may_give_up(LOST, at(hours=192), week)
    assert not may_give_up(LOST, at(hours=192), week - timedelta(seconds=1))
    assert not may_give_up(LOST, week - timedelta(hours=1), week), "bookings of days to come are not known"
    assert lived(GivenUp(at(hours=192), "Not in the app either", week), life=LOST).given_up
    refuses(LOST, GivenUp(at(hours=192), "Not in the app either", at(hours=144)))


def test_a_given_up_transfer_that_shows_up_raises_an_alarm_and_is_adopted():
    given_up = lived(GivenUp(at(hours=30), "sure"), life=looked_up(at(30), at(hours=12), at(30, hours=24)))
    assert lived(LookedUp(at(hours=40)), life=given_up) == given_up
    found = lived(LookedUp(at(hours=50), "t", "settled"), life=given_up)
    assert (found.state, found.alarm, found.live) == (State.SETTLED, "found_after_given_up", True)


# At the bank


def test_the_banks_word_never_goes_backwards():
    settled = lived(BankSays("settled"), life=SUBMITTED)
    for word in ("pending", "processing", "new_word"):
        assert lived(BankSays(word), life=settled).state is State.SETTLED
    for word in ("declined", "canceled"):
        after = lived(BankSays(word), life=settled)
        assert (after.state, after.alarm) == (State.SETTLED, "ended_after_settled")


def test_a_decline_keeps_its_reason_and_frees_the_bill():
    declined = lived(BankSays("processing"), BankSays("declined", "beneficiary_iban_invalid"), life=SUBMITTED)
    assert (declined.state, declined.reason, declined.live) == (State.DECLINED, "beneficiary_iban_invalid", False)
    assert lived(BankSays("settled"), life=declined).alarm == "settled_after_end"


def test_cancel_at_the_bank():
    assert lived(Canceled("by_person"), life=SUBMITTED).state is State.CANCELED
    refuses(lived(BankSays("processing"), life=SUBMITTED), Canceled())
