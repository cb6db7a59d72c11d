# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever the order of rows, files and syncs: the books end up as the bank's."""

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statement_files import Account, Decision, Existing, Origin, Reason, Row, make_plan

FIRST = date(2026, 3, 1)
START = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
ACCOUNT = Account("DE89370400440532013000")
NAMES = ("Kiosk", "Kiosk am Tor", "Miete Meier", "Miete Schulz", "")
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def histories(draw):
    """What the bank booked: few days, few amounts, few texts, so that twins and near-twins abound."""
    facts = draw(st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from((-500, 500, 1200)), st.sampled_from(NAMES), st.integers(0, 2)),
        max_size=14,
    ))
    history, balance = [], Decimal(1000)
    for number, (day, cents, name, second) in enumerate(sorted(facts, key=lambda fact: (fact[0], fact[3]))):
        balance += Decimal(cents) / 100
        history.append({
            "number": number, "day": FIRST + timedelta(days=day), "amount": Decimal(cents) / 100, "name": name,
            "at": START + timedelta(days=day, seconds=second), "balance": balance, "id": f"id-{number}",
        })
    return history


def in_file(fact, number, template):
    full = template == "full"
    return Row(
        number, fact["day"], fact["amount"], "EUR", counterparty_name=fact["name"],
        settled_at=fact["at"] if template != "days" else None, balance=fact["balance"] if full else None,
        bank_id=fact["id"] if full else "",
    )


def in_feed(fact):
    return Existing(
        ("feed", fact["number"]), fact["day"], fact["amount"], (fact["id"],), fact["name"], Origin.FEED, fact["at"],
        fact["balance"],
    )


class Books:
    """Lines that came from a file or the feed. A sync adopts what a file brought, as the addon does."""

    def __init__(self, template):
        self.template, self.lines, self.asked = template, [], 0

    def sync(self, facts):
        known = {line.ids[0] for line in self.lines if line.origin is Origin.FEED}
        for fact in facts:
            if fact["id"] in known:
                continue
            fitting = [
                number for number, line in enumerate(self.lines) if line.origin is Origin.FILE
                and (line.day, line.amount, line.text) == (fact["day"], fact["amount"], fact["name"])
                and (not line.ids or line.ids == (fact["id"],))
                and (not line.settled_at or line.settled_at == fact["at"])
            ]
            if fitting:
                self.lines[fitting[0]] = in_feed(fact)
            else:
                self.lines.append(in_feed(fact))

    def drop(self, facts):
        rows = [in_file(fact, number, self.template) for number, fact in enumerate(facts, 2)]
        plan = make_plan(rows, ACCOUNT, self.lines)
        self.asked += plan.counts[Decision.SUSPECT]
        for index in plan.to_book:
            row = plan.decided[index].row
            key = ("file", len(self.lines))
            ids = (row.bank_id,) if row.bank_id else ()
            self.lines.append(Existing(
                key, row.day, row.amount, ids, row.counterparty_name, Origin.FILE, row.settled_at, row.balance,
            ))
        return plan

    def content(self):
        return Counter((line.day, line.amount, line.text) for line in self.lines)


def content(history):
    return Counter((fact["day"], fact["amount"], fact["name"]) for fact in history)


def told(plan):
    """What a plan decides, whatever stands where."""
    return Counter(
        (one.row.day, one.row.amount, one.row.counterparty_name, one.row.bank_id, one.decision) for one in plan.decided
    )


@QUICK
@given(histories(), st.data())
def test_any_order_of_rows_and_of_lines_gives_the_same_decisions(history, data):
    template = data.draw(st.sampled_from(("full", "timed", "days")))
    fed = data.draw(st.lists(st.sampled_from(history), unique_by=id)) if history else []
    lines = [in_feed(fact) for fact in fed]
    rows = [in_file(fact, number, template) for number, fact in enumerate(history, 2)]
    first = make_plan(rows, ACCOUNT, lines)
    second = make_plan(data.draw(st.permutations(rows)), ACCOUNT, data.draw(st.permutations(lines)))
    assert told(first) == told(second)
    assert first.totals == second.totals


@QUICK
@given(histories(), st.data())
def test_rows_repeated_within_a_file_change_nothing_where_the_bank_gave_ids(history, data):
    again = data.draw(st.lists(st.sampled_from(history))) if history else []
    repeated = data.draw(st.permutations(history + again))
    books = Books("full")
    plan = books.drop(repeated)
    assert books.content() == content(history)
    assert plan.chain.break_count == 0
    assert not plan.counts[Decision.SUSPECT]


@QUICK
@given(histories(), st.data())
def test_any_split_by_days_into_files_and_syncs_ends_with_the_banks_books(history, data):
    """Files overlap, come in any order, twice; syncs come between them. Days are whole, as the bank exports them."""
    books = Books(data.draw(st.sampled_from(("full", "timed", "days"))))
    spans = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=5))
    for by_sync, one, other in [*spans, data.draw(st.sampled_from([(True, 0, 5), (False, 0, 5)]))]:
        first, last = sorted((one, other))
        facts = [fact for fact in history if first <= (fact["day"] - FIRST).days <= last]
        if by_sync:
            books.sync(facts)
        else:
            books.drop(data.draw(st.permutations(facts)))
    assert books.content() == content(history)
    assert not books.asked


@QUICK
@given(histories(), st.data())
def test_any_split_by_rows_never_doubles_and_never_swallows_without_asking(history, data):
    """Even rows torn out of their day: what is not booked is asked about."""
    books = Books("full")
    known = []
    for _file in range(data.draw(st.integers(1, 3))):
        facts = data.draw(st.lists(st.sampled_from(history), unique_by=id)) if history else []
        if data.draw(st.booleans()):
            books.sync(facts)
        else:
            plan = books.drop(facts)
            for one in plan.decided:
                assert one.decision is not Decision.PRESENT or one.reason in (Reason.SAME_ID, Reason.SAME_CONTENT)
        known += facts
    have = books.content()
    bank = content({fact["number"]: fact for fact in known}.values())
    assert all(have[key] <= bank[key] for key in have)
    assert sum(bank.values()) - sum(have.values()) <= books.asked


@QUICK
@given(histories(), st.integers(0, 5))
def test_the_seam_is_whole_exactly_where_nothing_is_missing(history, cut):
    before = [fact for fact in history if (fact["day"] - FIRST).days < cut]
    after = [fact for fact in history if (fact["day"] - FIRST).days >= cut]
    rows = [in_file(fact, number, "full") for number, fact in enumerate(before, 2)]
    plan = make_plan(rows, ACCOUNT, [in_feed(fact) for fact in after])
    assert not plan.seams
    # Feed rows of one second that come back to where they began tell no beginning.
    first = [fact for fact in after if fact["at"] == after[0]["at"]]
    if len(rows) > 1 and after and sum(fact["amount"] for fact in first):
        short = make_plan(rows[:-1], ACCOUNT, [in_feed(fact) for fact in after])
        assert [seam.missing for seam in short.seams] == [rows[-1].amount]
