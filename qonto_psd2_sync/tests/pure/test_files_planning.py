# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What becomes of each row, given what the books have: nothing doubled, no twin swallowed, the rest is asked about."""

import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from statement_files import (
    Account,
    Code,
    DaySource,
    Decision,
    Existing,
    Origin,
    Problem,
    Reason,
    Row,
    Status,
    booking_order,
    make_plan,
)

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)
NEW, PRESENT, SUSPECT = Decision.NEW, Decision.PRESENT, Decision.SUSPECT
NOT_BOOKED, OTHER_ACCOUNT, BAD = Decision.NOT_BOOKED, Decision.OTHER_ACCOUNT, Decision.BAD
OWN = Account("DE89 3704 0044 0532 0130 00", "EUR", ("acc-1",), ("Hauptkonto",))


def row(amount="-5.00", name="Kiosk", day=DAY, **facts):
    number = facts.pop("number", 2)
    return Row(number, day, Decimal(amount), facts.pop("currency", "EUR"), counterparty_name=name, **facts)


def line(key=1, amount="-5.00", text="Kiosk", day=DAY, ids=(), **facts):
    return Existing(key, day, Decimal(amount), ids, text, **facts)


def decisions(rows, lines=(), account=OWN, **options):
    rows = [row if row.number != 2 else numbered(row, number) for number, row in enumerate(rows, 2)]
    plan = make_plan(rows, account, lines, **options)
    return [(one.decision, one.reason) if one.reason else one.decision for one in plan.decided]


def numbered(one, number):
    return Row(number, **{name: getattr(one, name) for name in Row.__slots__ if name != "number"})


# === ALREADY THERE === #


@pytest.mark.parametrize("theirs", ["a-1", "A-1", " a-1 "])
def test_one_of_the_banks_ids_is_enough_whatever_day_and_text(theirs):
    there = line(7, day=DAY - timedelta(days=9), text="Other", ids=("uuid", theirs))
    plan = make_plan([row(bank_id="a-1")], OWN, [there])
    (one,) = plan.decided
    assert (one.decision, one.reason, one.existing) == (PRESENT, Reason.SAME_ID, 7)
    assert plan.ids_comparable is True


def test_an_id_with_another_amount_is_asked_about():
    asked = (SUSPECT, Reason.ID_OF_OTHER_AMOUNT)
    assert decisions([row(bank_id="a-1")], [line(amount="-5.01", ids=("a-1",))]) == [asked]
    assert decisions([row(bank_id="a-1"), row("-6.00", bank_id="a-1")]) == [asked, asked]


@pytest.mark.parametrize("in_file", range(4))
@pytest.mark.parametrize("in_books", range(4))
def test_of_n_in_the_file_and_m_in_the_books_what_is_more_is_new(in_file, in_books):
    found = decisions([row()] * in_file, [line(key) for key in range(in_books)])
    assert found.count((PRESENT, Reason.SAME_CONTENT)) == min(in_file, in_books)
    assert found.count(NEW) == max(0, in_file - in_books)


def test_twins_with_ids_are_told_apart_by_them():
    rows = [row(bank_id="a-1"), row(bank_id="a-2"), row(bank_id="a-3")]
    assert decisions(rows, [line(ids=("a-2",))]) == [NEW, (PRESENT, Reason.SAME_ID), NEW]


def test_a_twin_with_an_id_is_never_swallowed_by_a_line_of_another_id():
    # The line's own id is not in the file: a twin, or an id given anew. A person tells.
    rows = [row(bank_id="a-1"), row("-9.00", bank_id="a-9")]
    lines = [line(1, ids=("a-2",)), line(2, "-9.00", ids=("a-9",))]
    assert decisions(rows, lines) == [(SUSPECT, Reason.OTHER_ID), (PRESENT, Reason.SAME_ID)]


def test_ids_of_another_kind_are_found_out_and_the_content_counts():
    """Open question 20: the file's id may be none of the API's."""
    rows = [row(f"-{number}.00", bank_id=f"exp-{number}") for number in range(1, 7)]
    lines = [line(number, f"-{number}.00", ids=(f"uuid-{number}",)) for number in range(1, 7)]
    plan = make_plan(rows, OWN, lines)
    assert {(one.decision, one.reason) for one in plan.decided} == {(PRESENT, Reason.SAME_CONTENT)}
    assert plan.ids_comparable is False
    # A few are no proof: they are asked about, unless an earlier file has proved it.
    assert decisions(rows[:2], lines[:2]) == [(SUSPECT, Reason.OTHER_ID)] * 2
    known = Account(OWN.iban, ids_comparable=False)
    assert decisions(rows[:2], lines[:2], known) == [(PRESENT, Reason.SAME_CONTENT)] * 2


@pytest.mark.parametrize(("name", "reference", "text"), [
    ("Kiosk", "Zeitung", "Kiosk Zeitung"), ("KIOSK", "", "Kiosk am Tor - Zeitung"),
    ("Müller", "R-12/3", "MULLER, r 12 3"),
    ("Kiosk", "Zeitung", "Kiosk"), ("", "Zeitung", "Kiosk - Zeitung"), ("", "", "Kiosk"), ("Kiosk", "x", ""),
])
def test_a_text_that_says_less_or_writes_otherwise_is_the_same(name, reference, text):
    assert decisions([row(name=name, reference=reference)], [line(text=text)]) == [(PRESENT, Reason.SAME_CONTENT)]


def test_another_text_on_the_same_day_with_the_same_amount_is_asked_about():
    assert decisions([row(name="Miete Meier")], [line(text="Miete Schulz")]) == [(SUSPECT, Reason.SAME_DAY_AND_AMOUNT)]


def test_equal_amounts_of_a_day_are_paired_by_their_texts():
    rows = [row(name="Meier"), row(name="Schulz"), row(name="Kiosk"), row(name="Kiosk")]
    lines = [line(1, text="Schulz"), line(2, text="Kiosk"), line(3, text="Meier")]
    plan = make_plan(rows, OWN, lines)
    assert [one.existing for one in plan.decided[:2]] == [3, 1]
    assert sorted(one.decision.value for one in plan.decided[2:]) == ["new", "present"]


def test_the_instant_tells_which_of_two_alike_is_there():
    rows = [row(settled_at=NOON), row(settled_at=NOON + timedelta(seconds=1))]
    (first, second) = make_plan(rows, OWN, [line(settled_at=NOON.replace(second=1, microsecond=900))]).decided
    assert (first.decision, second.decision) == (NEW, PRESENT)


def test_a_line_of_an_earlier_file_is_another_if_its_id_or_second_is():
    there = line(origin=Origin.FILE, ids=("a-1",), settled_at=NOON)
    assert decisions([row(bank_id="a-2")], [there]) == [NEW]
    assert decisions([row(settled_at=NOON + timedelta(seconds=7))], [there]) == [NEW]
    assert decisions([row(settled_at=NOON)], [there]) == [(PRESENT, Reason.SAME_CONTENT)]
    assert decisions([row()], [there]) == [(PRESENT, Reason.SAME_CONTENT)]


@pytest.mark.parametrize(("days", "found"), [
    (0, (PRESENT, Reason.SAME_CONTENT)), (1, (SUSPECT, Reason.NEAR_DAY)), (-3, (SUSPECT, Reason.NEAR_DAY)), (4, NEW),
])
def test_a_typed_line_may_lie_some_days_off(days, found):
    assert decisions([row()], [line(day=DAY + timedelta(days=days), origin=Origin.OTHER)]) == [found]


def test_a_line_of_the_feed_some_days_off_is_another():
    assert decisions([row()], [line(day=DAY + timedelta(days=1))]) == [NEW]


def test_a_typed_line_is_asked_about_once():
    typed = line(day=DAY + timedelta(days=1), origin=Origin.OTHER)
    assert sorted(map(str, decisions([row(), row()], [typed]))) == sorted(map(str, [(SUSPECT, Reason.NEAR_DAY), NEW]))


def test_days_of_operation_are_compared_with_days_of_operation():
    rows = [row(day_source=DaySource.OPERATION, operation_day=DAY)]
    later = DAY + timedelta(days=3)
    assert decisions(rows, [line(day=later, operation_day=DAY)]) == [(PRESENT, Reason.SAME_CONTENT)]
    assert decisions(rows, [line(day=later)]) == [(SUSPECT, Reason.NEAR_DAY)]


# === WITHIN THE FILE === #


def test_a_row_that_the_file_has_twice_is_taken_once():
    rows = [row(bank_id="a-1"), row(bank_id="a-1")]
    assert decisions(rows) == [NEW, (PRESENT, Reason.REPEATED)]
    balances = {"settled_at": NOON, "balance": Decimal("95.00")}
    assert decisions([row(**balances), row(**balances)]) == [NEW, (PRESENT, Reason.REPEATED)]


def test_two_real_ones_of_a_second_have_two_balances_and_are_both_taken():
    rows = [row(settled_at=NOON, balance=Decimal("95.00")), row(settled_at=NOON, balance=Decimal("90.00"))]
    assert decisions(rows) == [NEW, NEW]
    assert decisions([row(), row()]) == [NEW, NEW]


# === NOT FOR THIS ACCOUNT, NOT BOOKED, ODD === #


@pytest.mark.parametrize(("facts", "reason"), [
    ({"account_iban": "FR7630006000011234567890189"}, Reason.OTHER_IBAN),
    ({"account_iban": "DE89370400440532013000", "account_name": "Renamed"}, None),
    ({"account_id": "acc-2"}, Reason.OTHER_ACCOUNT_ID), ({"account_id": "ACC-1"}, None),
    ({"account_name": "Steuern"}, Reason.OTHER_ACCOUNT_NAME), ({"account_name": "hauptkonto"}, None),
])
def test_rows_of_another_account_are_told_by_iban_else_id_else_name(facts, reason):
    plan = make_plan([row(**facts)], OWN, [])
    assert (plan.decided[0].reason, plan.account_assumed) == (reason, False)
    assert plan.decided[0].decision is (OTHER_ACCOUNT if reason else NEW)


def test_a_file_that_names_no_account_says_so():
    assert make_plan([row()], OWN, []).account_assumed


@pytest.mark.parametrize("status", [Status.PENDING, Status.DECLINED, Status.CANCELED, Status.REVERSED])
def test_what_is_not_booked_at_the_bank_is_not_booked_here(status):
    assert decisions([row(status=status, status_text="x", day=None)]) == [(NOT_BOOKED, Reason.STATUS)]
    assert decisions([row(status=status, status_text="x")]) == [(NOT_BOOKED, Reason.STATUS)]


def test_what_is_odd_is_asked_about_and_not_booked_by_itself():
    assert decisions([row(status=Status.UNKNOWN, status_text="en orbite")]) == [(SUSPECT, Reason.STATUS_UNKNOWN)]
    assert decisions([row(currency="USD")], [line()]) == [(SUSPECT, Reason.OTHER_CURRENCY)]
    assert decisions([row()], today=DAY - timedelta(days=1)) == [(SUSPECT, Reason.IN_FUTURE)]
    assert decisions([row("0.00")]) == [(NOT_BOOKED, Reason.ZERO)]
    assert decisions([row(day=None, status=Status.PENDING)]) == [(NOT_BOOKED, Reason.NO_SETTLEMENT)]
    assert decisions([Row(2, problems=(Problem(Code.BAD_DATE, 2),))]) == [BAD]


def test_counts_and_totals_add_up():
    rows = [row("10.00"), row("-2.50", name="x"), row("3.00", status=Status.PENDING, status_text="x", day=None)]
    plan = make_plan(rows, OWN, [line(amount="-2.50", text="x")])
    assert (plan.counts[NEW], plan.counts[PRESENT], plan.counts[NOT_BOOKED]) == (1, 1, 1)
    assert (plan.totals[NEW], plan.totals[PRESENT]) == (Decimal("10.00"), Decimal("-2.50"))
    assert sum(plan.counts.values()) == len(rows)


def test_amounts_of_the_books_may_be_floats():
    assert decisions([row("-0.30")], [Existing(1, DAY, -0.3, (), "Kiosk")]) == [(PRESENT, Reason.SAME_CONTENT)]


# === BALANCES === #


def chained(*amounts, start="100.00", step=timedelta(minutes=1), **facts):
    balance, rows = Decimal(start), []
    for number, amount in enumerate(amounts):
        balance += Decimal(amount)
        at = NOON + step * number
        rows.append(row(amount, day=at.date(), settled_at=at, balance=balance, number=number + 2, **facts))
    return rows


@pytest.mark.parametrize("order", [1, -1])
def test_a_whole_chain_is_whole_upwards_and_downwards(order):
    chain = make_plan(chained("1.00", "-2.00", "3.00")[::order], OWN, []).chain
    assert (chain.rows, chain.opening, chain.closing, chain.breaks) == (3, Decimal("100.00"), Decimal("102.00"), ())


def test_the_first_break_is_found_with_what_is_missing():
    rows = chained("1.00", "-2.00", "3.00", "4.00", "5.00")
    del rows[2]
    chain = make_plan(rows, OWN, []).chain
    assert chain.break_count == 1
    assert (chain.breaks[0].after_row, chain.breaks[0].row, chain.breaks[0].missing) == (3, 5, Decimal("3.00"))


def test_rows_of_one_second_or_day_are_ordered_by_their_balances():
    rows = chained("1.00", "-2.00", "3.00", "4.00", "-2.00", "2.00", step=timedelta())
    for shuffled in (rows[3:] + rows[:3], rows[::-1], rows[::2] + rows[1::2]):
        plan = make_plan(shuffled, OWN, [])
        assert plan.chain.break_count == 0
        ordered = [plan.decided[index].row.balance for index in plan.to_book]
        assert (ordered[0], ordered[-1]) == (Decimal("101.00"), rows[-1].balance)


def test_without_balances_rows_of_a_day_keep_the_files_direction():
    days = [DAY + timedelta(days=1), DAY, DAY, DAY - timedelta(days=1)]
    assert booking_order([row(day=day) for day in days]) == [3, 2, 1, 0]
    assert booking_order([row(day=day) for day in days[::-1]]) == [0, 1, 2, 3]


def test_the_seam_to_the_feed_meets_or_says_what_is_missing():
    rows = chained("1.00", "2.00", "3.00", step=timedelta(days=1))
    feed = [line(9, "4.00", "x", DAY + timedelta(days=5), balance="110.00", settled_at=NOON + timedelta(days=5))]
    plan = make_plan(rows, OWN, feed)
    assert (plan.seams_checked, plan.seams) == (1, ())
    short = make_plan(rows[:-1], OWN, feed)
    assert [(seam.existing, seam.after_row, seam.missing) for seam in short.seams] == [(9, 3, Decimal("3.00"))]
    before = [line(8, "4.00", "x", DAY - timedelta(days=5), balance="99.00")]
    assert [seam.missing for seam in make_plan(rows, OWN, before).seams] == [Decimal("1.00")]


def test_a_file_without_balances_has_no_chain():
    plan = make_plan([row()], OWN, [line(9, balance="1.00", day=DAY + timedelta(days=2))])
    assert (plan.chain.rows, plan.seams_checked) == (0, 0)


# === MANY === #


@pytest.mark.parametrize("texts", [1, 300, 6000])
def test_thousands_of_one_day_and_amount_are_paired_in_seconds(texts):
    number = 6000
    rows = [row(name=f"Partner {index % texts}", reference="Spende", number=index + 2) for index in range(number)]
    lines = [line(index, text=f"Spende Partner {index % texts}") for index in range(0, number, 2)]
    started = time.process_time()
    plan = make_plan(rows, OWN, lines)
    assert time.process_time() - started < 10
    assert (plan.counts[NEW] + plan.counts[SUSPECT], plan.counts[PRESENT]) == (number // 2, number // 2)
