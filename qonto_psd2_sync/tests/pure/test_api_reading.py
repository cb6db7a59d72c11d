# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import tracemalloc
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonto_api import InvalidAnswer
from qonto_api.const import CURRENCY_EXPONENTS
from qonto_api.reading import Record
from qonto_api.transport import parse_json

UTC = timezone.utc


def money(currency="EUR", **fields):
    return Record("row", {"id": "r1", **fields}).optional_money("amount", currency)


def time(text):
    return Record("row", {"id": "r1", "at": text}).time("at")


# Amounts


@given(st.integers(-(10**14), 10**14))
def test_cents_and_amount_make_the_same_exact_decimal(cents):
    exact = Decimal(cents).scaleb(-2)
    assert money(amount=exact, amount_cents=cents) == exact
    assert money(amount_cents=cents) == exact
    assert money(amount=exact) == exact
    assert money(amount=str(exact), amount_cents=str(cents)) == exact
    assert str(money(amount_cents=cents)) == str(exact + 0)


@given(st.integers(0, 10**13))
def test_an_amount_that_was_a_float_on_the_way_is_still_exact(cents):
    exact = Decimal(cents).scaleb(-2)
    assert money(amount=float(exact), amount_cents=cents) == exact
    assert money(amount=float(exact)) == exact


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12).filter(bool))
def test_amount_and_cents_that_disagree_are_refused(cents, off):
    with pytest.raises(InvalidAnswer, match="row r1: field amount and amount_cents disagree"):
        money(amount=Decimal(cents + off).scaleb(-2), amount_cents=cents)


@given(st.integers(1, 10**9), st.sampled_from(sorted(CURRENCY_EXPONENTS)))
def test_cents_of_a_currency_without_hundredths_may_be_hundredths_or_minor_units(units, currency):
    exponent = CURRENCY_EXPONENTS[currency]
    exact = Decimal(units).scaleb(-exponent)
    assert money(currency, amount=exact, amount_cents=units) == exact
    if exponent == 0:
        assert money(currency, amount=exact, amount_cents=units * 100) == exact


def test_yen_have_no_decimals_and_dinar_three():
    assert str(money("JPY", amount=Decimal("1500.0"), amount_cents=150000)) == "1500"
    assert str(money("KWD", amount=Decimal("1.5"), amount_cents=150)) == "1.500"
    assert str(money("EUR", amount=7)) == "7.00"


def test_the_third_decimal_of_a_dinar_comes_from_the_amount():
    assert money("KWD", amount=Decimal("1.234"), amount_cents=123) == Decimal("1.234")
    assert money("KWD", amount=Decimal("1.236"), amount_cents=124) == Decimal("1.236")
    with pytest.raises(InvalidAnswer):
        money("KWD", amount=Decimal("1.234"), amount_cents=125)


def test_cents_alone_are_refused_where_their_unit_is_uncertain():
    assert money("USD", amount_cents=150) == Decimal("1.50")
    with pytest.raises(InvalidAnswer, match="no certain unit"):
        money("JPY", amount_cents=150)


def test_a_bank_may_state_hundredths_of_a_currency_that_has_none():
    assert str(money("ISK", amount=Decimal("10.55"), amount_cents=1055)) == "10.55"


def test_fractions_of_a_cent_are_refused():
    with pytest.raises(InvalidAnswer, match="more decimals"):
        money(amount=Decimal("1.005"))
    with pytest.raises(InvalidAnswer):
        money(amount=Decimal("1.005"), amount_cents=100)


def test_there_is_no_negative_zero():
    assert str(money(amount=Decimal("-0.00"))) == "0.00"


@pytest.mark.parametrize(
    "value",
    [True, [], {}, "ten", "10,00", "1e3", "0x1F", "NaN", " 1", "+1", "١٢", Decimal("NaN"), Decimal("Infinity"),
     Decimal("1e999999999"), Decimal("-1e-999999999"), 10**30, float("nan"), float("inf")],
)  # fmt: skip
def test_what_is_no_plausible_number_is_refused_quickly(value):
    with pytest.raises(InvalidAnswer, match="row r1: field amount"):
        money(amount=value)
    with pytest.raises(InvalidAnswer):
        money(amount_cents=value)


def test_a_number_that_would_fill_the_memory_is_never_written_out():
    tracemalloc.start()
    try:
        with pytest.raises(InvalidAnswer):
            money(amount=Decimal("1e50000000"))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_cents_with_a_fraction_are_refused():
    with pytest.raises(InvalidAnswer, match="amount_cents is not a whole number"):
        money(amount_cents=Decimal("10.5"))


def test_absent_and_null_amounts_are_none():
    assert money() is None
    assert money(amount=None, amount_cents=None) is None


# Times


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_an_iso_time_of_any_zone_becomes_the_same_instant_in_utc(naive, minutes):
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = time(moment.isoformat())
    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T10:15:30Z", datetime(2026, 3, 2, 10, 15, 30, tzinfo=UTC)),
        ("2026-03-02T10:15:30.123Z", datetime(2026, 3, 2, 10, 15, 30, 123000, tzinfo=UTC)),
        ("2026-03-02T10:15:30.123456789Z", datetime(2026, 3, 2, 10, 15, 30, 123456, tzinfo=UTC)),
        ("2026-03-02T00:15:30+0200", datetime(2026, 3, 1, 22, 15, 30, tzinfo=UTC)),
        ("2026-03-02 10:15:30 UTC", datetime(2026, 3, 2, 10, 15, 30, tzinfo=UTC)),
    ],
)
def test_the_banks_ways_to_write_a_time(text, expected):
    assert time(text) == expected


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T10:15:30", "2026-03-02", "2026-13-02T10:15:30Z", "2026-02-30T10:15:30Z", "2026-03-02T25:00:00Z",
     "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-03-02T10:15:30+99:00", "2026-03-02T10:15:30+01:75",
     "yesterday", 1772446530, True, {}, "٢٠٢٦-03-02T10:15:30Z"],
)  # fmt: skip
def test_a_time_without_zone_or_sense_is_refused(text):
    with pytest.raises(InvalidAnswer, match="row r1: field at is not"):
        time(text)


def test_a_needed_time_that_is_absent_or_empty_is_refused():
    for text in (None, "", " "):
        with pytest.raises(InvalidAnswer, match="row r1: field at is missing"):
            time(text)


# The rest


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("text", 1), ("text", ""), ("text", None), ("optional_text", 1), ("optional_text", []), ("texts", "a"),
        ("texts", [1]), ("texts", {}), ("flag", 1), ("flag", "true"), ("count", -1), ("count", True),
        ("count", "1"), ("count", Decimal("1.5")), ("record", []), ("record", "x"), ("records", None),
        ("records", {}), ("records", ["x"]),
    ],
)  # fmt: skip
def test_a_wrong_type_is_refused_and_the_field_named(method, wrong):
    with pytest.raises(InvalidAnswer) as caught:
        getattr(Record("row", {"id": "r1", "field": wrong}), method)("field")
    assert "field" in str(caught.value)


def test_messages_never_quote_the_value():
    with pytest.raises(InvalidAnswer) as caught:
        Record("row", {"id": "r1", "at": "private words"}).time("at")
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("data", [None, [], "x", 1, True])
def test_only_an_object_is_a_record(data):
    with pytest.raises(InvalidAnswer, match="row: not a JSON object"):
        Record("row", data)


# JSON


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"NaN", b"[Infinity]", b'{"a": -Infinity}', b"\xff\xfe{}", b'{"a":1}{', b"9" * 5000,
     b"1e99999999999999999999999", b"[" * 100_000, b"[" * 60 + b"]" * 60],
)  # fmt: skip
def test_broken_json_is_refused_with_a_value_error(body):
    with pytest.raises(ValueError, match=r"."):
        parse_json(body)


def test_numbers_with_a_fraction_become_exact_decimals():
    assert parse_json(b'{"a": 0.1, "b": 3, "c": 1e2}') == {"a": Decimal("0.1"), "b": 3, "c": Decimal("1E+2")}


def test_text_is_fit_for_postgresql():
    assert parse_json(rb'{"a\u0000": "x\u0000y", "b": ["\ud800", "\ud83d\ude00"]}') == {"a": "xy", "b": ["?", "😀"]}


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_value_error(body):
    with suppress(ValueError):
        parse_json(body)
