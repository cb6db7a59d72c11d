# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Decides each row of a file against what the books and the feed have: n in the file against n in the books.

What is equal in every respect is interchangeable; apart from that the order of rows and of lines does not matter.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .chain import booking_order, check_chain, check_seams, seconds
from .facts import DaySource, Row, Status
from .pairing import Words, pair, words_of
from .plan import Account, Chain, Decided, Decision, Existing, Origin, Plan, Reason

# How far apart the days of one transaction may lie: a typed line; the days of operation and of settlement.
_NEAR, _NEAR_OTHER_DATES = timedelta(days=3), timedelta(days=7)
# So many rows that equal lines of the feed in all but the id, and none by its id: the ids are of two kinds.
_ENOUGH = 5
_HOUR = 3600
# So many lines of another text are looked at for a row that none agrees with: in a crowd all are alike.
_LOOKED_AT = 50


def make_plan(
    rows: Sequence[Row], account: Account, existing: Iterable[Existing], *, today: date | None = None,
) -> Plan:
    """Decide what becomes of each row.

    :param rows: of one file, in its order
    :param existing: all lines of the account's journal and all rows of its feed (one of the two where they are the
        same), from 7 days before the file's first day to 7 days after its last; more does no harm
    :param today: rows after it are suspect
    """
    return _Planner(rows, account, existing, today).plan()


class _Planner:
    def __init__(self, rows: Sequence[Row], account: Account, existing: Iterable[Existing], today: date | None):
        self.rows, self.account, self.today = rows, account, today
        self.lines = [_exact(line) for line in existing]
        self.decided: list[Decided | None] = [None] * len(rows)
        self.taken = bytearray(len(self.lines))
        self.comparable = account.ids_comparable
        self.by_operation = any(row.day_source is DaySource.OPERATION for row in rows)
        self.other_dates = self.by_operation or any(row.day_source is DaySource.MAPPED for row in rows)
        self.own_iban = "".join(account.iban.split()).upper()
        self.own_ids = {name.casefold() for name in account.ids if name}
        self.own_names = {" ".join(name.casefold().split()) for name in account.names if name}
        self.account_told = False

    def plan(self) -> Plan:
        left = [index for index in range(len(self.rows)) if not self._decide_alone(index)]
        ours = list(left)
        left.sort(key=lambda index: _content(self.rows[index]))
        for decide in (self._by_id, self._repeated, self._by_currency, self._by_content, self._by_near_day):
            left = [index for index in decide(left) if self.decided[index] is None]
        for index in left:
            self._decide_rest(index)
        return self._summed_up(ours)

    def _set(self, index: int, decision: Decision, reason: Reason | None = None, line: int | None = None,
             other: int | None = None) -> None:
        if line is not None:
            self.taken[line] = 1
        self.decided[index] = Decided(
            self.rows[index], decision, reason,
            None if line is None else self.lines[line].key,
            None if other is None else self.rows[other].number,
        )

    # === WHAT THE ROW ITSELF TELLS === #

    def _decide_alone(self, index: int) -> bool:
        row = self.rows[index]
        if row.problems:
            self._set(index, Decision.BAD)
        elif reason := self._of_other_account(row):
            self._set(index, Decision.OTHER_ACCOUNT, reason)
        elif row.status not in (Status.BOOKED, Status.UNKNOWN):
            self._set(index, Decision.NOT_BOOKED, Reason.STATUS if row.status_text else Reason.NO_SETTLEMENT)
        elif row.day is None:
            self._set(index, Decision.NOT_BOOKED, Reason.NO_SETTLEMENT)
        elif not row.amount:
            self._set(index, Decision.NOT_BOOKED, Reason.ZERO)
        return self.decided[index] is not None

    def _of_other_account(self, row: Row) -> Reason | None:
        if row.account_iban and self.own_iban:
            self.account_told = True
            return Reason.OTHER_IBAN if row.account_iban != self.own_iban else None
        if row.account_id and self.own_ids:
            self.account_told = True
            return Reason.OTHER_ACCOUNT_ID if row.account_id.casefold() not in self.own_ids else None
        if row.account_name and self.own_names:
            self.account_told = True
            name = " ".join(row.account_name.casefold().split())
            return Reason.OTHER_ACCOUNT_NAME if name not in self.own_names else None
        return None

    def _decide_rest(self, index: int) -> None:
        row = self.rows[index]
        if row.status is Status.UNKNOWN:
            self._set(index, Decision.SUSPECT, Reason.STATUS_UNKNOWN)
        elif self.today and row.day > self.today:
            self._set(index, Decision.SUSPECT, Reason.IN_FUTURE)
        else:
            self._set(index, Decision.NEW)

    # === BY THE BANK'S ID === #

    def _by_id(self, left: list[int]) -> list[int]:
        """Rows whose id is there; of those that share one, the first of each amount."""
        lines_of: dict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            for name in line.ids:
                if name:
                    lines_of[_id(name)].append(number)
        rows_of: dict[str, list[int]] = defaultdict(list)
        for index in left:
            if self.rows[index].bank_id:
                rows_of[_id(self.rows[index].bank_id)].append(index)
        for name, rows in rows_of.items():
            there = lines_of.get(name, ())
            if any(self.lines[line].origin is not Origin.FILE for line in there):
                self.comparable = True
            self._decide_id(rows, there)
        return left

    def _decide_id(self, rows: list[int], there: Sequence[int]) -> None:
        by_amount: dict[Decimal, list[int]] = defaultdict(list)
        for index in rows:
            by_amount[self.rows[index].amount].append(index)
        for amount, same in by_amount.items():
            first, *others = same
            equal = next((line for line in there if self.lines[line].amount == amount), None)
            if equal is not None:
                self._set(first, Decision.PRESENT, Reason.SAME_ID, equal)
            elif there:
                self._set(first, Decision.SUSPECT, Reason.ID_OF_OTHER_AMOUNT, there[0])
            elif len(by_amount) > 1:
                other = next(index for index in rows if self.rows[index].amount != amount)
                self._set(first, Decision.SUSPECT, Reason.ID_OF_OTHER_AMOUNT, other=other)
            for index in others:
                self._set(index, Decision.PRESENT, Reason.REPEATED, other=first)

    def _repeated(self, left: list[int]) -> list[int]:
        """Rows without id that the file has twice: two real ones of one second have not the same balance after them."""
        first: dict[tuple, int] = {}
        for index in left:
            row = self.rows[index]
            if row.bank_id or row.balance is None or row.settled_at is None:
                continue
            key = (row.settled_at, row.amount, row.balance, row.counterparty_name, row.reference)
            if key in first:
                self._set(index, Decision.PRESENT, Reason.REPEATED, other=first[key])
            else:
                first[key] = index
        return left

    def _by_currency(self, left: list[int]) -> list[int]:
        """An amount in another currency is no amount of this account: it is compared with nothing."""
        own = self.account.currency
        for index in left:
            if own and self.rows[index].currency not in ("", own):
                self._set(index, Decision.SUSPECT, Reason.OTHER_CURRENCY)
        return left

    # === BY DAY, AMOUNT AND TEXT === #

    def _by_content(self, left: list[int]) -> list[int]:
        """Pair rows and lines of one day and amount; what agrees in its text is the same, one for one."""
        groups: dict[tuple[date, Decimal], list[int]] = defaultdict(list)
        for index in left:
            groups[self.rows[index].day, self.rows[index].amount].append(index)
        there: dict[tuple[date, Decimal], list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            key = (self._day_of(line), line.amount)
            if not self.taken[number] and key in groups:
                there[key].append(number)
        unproven: list[tuple[int, int]] = []
        odd: list[tuple[int, int]] = []
        for key, lines in there.items():
            self._decide_group(groups[key], lines, unproven, odd)
        if self.comparable is None and len(unproven) >= _ENOUGH:
            self.comparable = False
        for index, line in unproven:
            if self.comparable is False:
                self._set(index, Decision.PRESENT, Reason.SAME_CONTENT, line)
            else:
                self._set(index, Decision.SUSPECT, Reason.OTHER_ID, line)
        for index, line in odd:
            self._set(index, Decision.SUSPECT, Reason.SAME_DAY_AND_AMOUNT, line)
        return left

    def _decide_group(self, rows: list[int], lines: list[int], unproven: list, odd: list) -> None:
        lines.sort(key=lambda number: _line_content(self.lines[number]))
        mine = [(self._words(self.rows[index]), None) for index in rows]
        theirs = [(words_of(self.lines[number].text), None) for number in lines]
        pairs = pair(mine, theirs, lambda row, line: self._rank(self.rows[rows[row]], self.lines[lines[line]]))
        for at, line_at in pairs:
            index, number = rows[at], lines[line_at]
            if self._ids_differ(self.rows[index], self.lines[number]):
                self.taken[number] = 1
                unproven.append((index, number))
            else:
                self._set(index, Decision.PRESENT, Reason.SAME_CONTENT, number)
        done_rows, done_lines = {row for row, _line in pairs}, {line for _row, line in pairs}
        rest = [number for at, number in enumerate(lines) if at not in done_lines]
        for index in (index for at, index in enumerate(rows) if at not in done_rows):
            row = self.rows[index]
            number = next((line for line in rest[:_LOOKED_AT] if not self._surely_apart(row, self.lines[line])), None)
            if number is not None:
                rest.remove(number)
                self.taken[number] = 1
                odd.append((index, number))

    def _day_of(self, line: Existing) -> date:
        return (line.operation_day or line.day) if self.by_operation else line.day

    @staticmethod
    def _words(row: Row) -> Words:
        text = f"{row.counterparty_name} {row.reference}"
        return words_of(text if text.strip() else row.note)

    def _rank(self, row: Row, line: Existing) -> int:
        """Return how well row and line go together but for their texts; 0: they are two."""
        if self._surely_apart(row, line):
            return 0
        if row.settled_at and line.settled_at and seconds(line.settled_at) == row.settled_at:
            return 3
        return 1 if self._ids_differ(row, line) else 2

    def _ids_differ(self, row: Row, line: Existing) -> bool:
        """Whether both have an id, not the same one, and that may mean something."""
        return bool(row.bank_id and line.ids) and (line.origin is Origin.FILE or self.comparable is not False)

    def _surely_apart(self, row: Row, line: Existing) -> bool:
        """Whether nothing can make them one: the line came from a file, with another id or instant."""
        if line.origin is not Origin.FILE:
            return False
        if row.bank_id and line.ids:
            return True
        if row.settled_at and line.settled_at:
            apart = abs((seconds(line.settled_at) - row.settled_at).total_seconds())
            # An hour apart: the same local time in the night when clocks go back.
            return apart not in (0, _HOUR)
        return False

    # === BY AMOUNT AND A DAY NEAR BY === #

    def _by_near_day(self, left: list[int]) -> list[int]:
        """Lines that a person typed may lie some days off; all may where the file has other dates than the feed."""
        free: dict[Decimal, list[tuple[date, int]]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            if not self.taken[number] and (line.origin is Origin.OTHER or self.other_dates):
                free[line.amount].append((line.day, number))
        for days in free.values():
            days.sort(key=lambda pair: (pair[0], _line_content(self.lines[pair[1]])))
        near = _NEAR_OTHER_DATES if self.other_dates else _NEAR
        for index in left:
            row = self.rows[index]
            days = free.get(row.amount)
            if not days:
                continue
            start = bisect_left(days, row.day - near, key=lambda pair: pair[0])
            end = bisect_right(days, row.day + near, key=lambda pair: pair[0])
            fitting = [pair for pair in days[start:end] if not self._surely_apart(row, self.lines[pair[1]])]
            if fitting:
                closest = min(fitting, key=lambda pair: abs(pair[0] - row.day))
                days.remove(closest)
                self._set(index, Decision.SUSPECT, Reason.NEAR_DAY, closest[1])
        return left

    # === ALL OF IT === #

    def _summed_up(self, ours: list[int]) -> Plan:
        counts = dict.fromkeys(Decision, 0)
        totals = dict.fromkeys(Decision, Decimal(0))
        for one in self.decided:
            counts[one.decision] += 1
            totals[one.decision] += one.row.amount or 0
        told = [
            index for index in ours
            if self.decided[index].reason is not Reason.REPEATED and self.rows[index].status is Status.BOOKED
        ]
        rows = [self.rows[index] for index in told]
        order = booking_order(rows)
        chain = check_chain(rows, order)
        seams, checked = self._seams(rows, order, chain)
        new = [told[at] for at in order if self.decided[told[at]].decision is Decision.NEW]
        days = [row.day for row in rows]
        return Plan(
            decided=tuple(self.decided), to_book=tuple(new), counts=counts, totals=totals,
            first_day=min(days, default=None), last_day=max(days, default=None), chain=chain, seams=seams,
            seams_checked=checked, ids_comparable=self.comparable, account_assumed=not self.account_told,
        )

    def _seams(self, rows: list[Row], order: list[int], chain: Chain):
        others = (line for number, line in enumerate(self.lines) if not self.taken[number])
        return check_seams(rows, order, chain, others)


def _exact(line: Existing) -> Existing:
    if isinstance(line.amount, Decimal) and (line.balance is None or isinstance(line.balance, Decimal)):
        return line
    return line._replace(
        amount=Decimal(str(line.amount)), balance=None if line.balance is None else Decimal(str(line.balance))
    )


def _id(name: str) -> str:
    return name.strip().casefold()


def _content(row: Row) -> tuple:
    """Sort rows by what they say, never by where they stand; those that are equal are interchangeable."""
    return (
        row.day, row.amount, row.counterparty_name, row.reference, row.note, row.bank_id,
        row.settled_at.timestamp() if row.settled_at else 0.0, row.balance or Decimal(0), row.number,
    )


def _line_content(line: Existing) -> tuple:
    return line.day, line.text, line.ids, line.settled_at.isoformat() if line.settled_at else "", str(line.key)
