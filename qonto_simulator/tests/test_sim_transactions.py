"""Transactions: filters, order, pages, fields (section 8)."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qonto_simulator.bank import Bank

from .conftest import open_client
from .contract import Contract
from .driver import EMPLOYEE, MANAGER, Driver, Session

ALL = ["pending", "declined", "completed"]
SORTABLE = ["updated_at", "settled_at", "emitted_at", "created_at"]


def listing(session: Session, **query: Any) -> httpx.Response:
    return session.get("/transactions", bank_account_id=session.account()["id"], **query)


# === WHICH ACCOUNT === #


def test_an_account_must_be_named(session: Session):
    assert session.get("/transactions").status_code == 400


def test_account_by_iban_or_id_and_the_id_wins(session: Session):
    main, taxes = session.account(), session.account("Steuerrücklage")
    by_id = session.get("/transactions", bank_account_id=main["id"]).json()
    assert session.get("/transactions", iban=main["iban"]).json() == by_id
    assert session.get("/transactions", iban=taxes["iban"], bank_account_id=main["id"]).json() == by_id
    assert {row["bank_account_id"] for row in by_id["transactions"]} == {main["id"]}


def test_foreign_or_unknown_account_is_422_with_errors_as_object(driver: Driver, session: Session):
    foreign = driver.connect(organization=1).account()
    for query in ({"bank_account_id": foreign["id"]}, {"bank_account_id": "x"}, {"iban": foreign["iban"]}):
        answer = session.get("/transactions", **query)
        assert answer.status_code == 422
        assert answer.json()["errors"]["code"]


# === STATUS === #


def test_without_status_only_completed_rows_come_back(session: Session):
    assert {row["status"] for row in listing(session).json()["transactions"]} == {"completed"}
    everything = listing(session, **{"status[]": ALL}).json()["transactions"]
    assert {row["status"] for row in everything} == set(ALL)


def test_names_without_brackets_are_not_known(session: Session, contract: Contract):
    contract.ignored = {"status", "operation_type", "side[]", "current_page", "includes"}
    plain = listing(session).json()
    assert listing(session, status="pending").json() == plain
    assert listing(session, operation_type="card").json() == plain
    assert listing(session, **{"side[]": "debit"}).json() == plain
    assert listing(session, current_page=2, includes="labels").json() == plain


def test_current_page_works_where_the_policy_says_so(driver: Driver, session: Session, contract: Contract):
    contract.ignored = {"current_page"}
    driver.control("POST", "/policy", {"accept_current_page": True})
    assert listing(session, current_page=2, per_page=5).json() == listing(session, page=2, per_page=5).json()


def test_unsettled_rows_have_no_settled_fields(session: Session):
    for row in listing(session, **{"status[]": ALL}).json()["transactions"]:
        booked = row["status"] == "completed"
        for name in ("settled_at", "settled_balance", "settled_balance_cents"):
            assert (row[name] is not None) == booked


@pytest.mark.parametrize(
    "query",
    [
        {"status[]": "reversed"},
        {"status[]": ["completed", "nonsense"]},
        {"side": "both"},
        {"sort_by": "amount:asc"},
        {"sort_by": "settled_at"},
        {"sort_by": "settled_at:up"},
        {"includes[]": "everything"},
    ],
)
def test_value_outside_a_list_is_400_not_in_list(session: Session, query):
    answer = listing(session, **query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "not_in_list"


def test_with_attachments_takes_only_a_boolean(session: Session):
    assert listing(session, with_attachments="yes").status_code == 400
    assert listing(session, with_attachments="true").json()["meta"]["total_count"] == 0
    assert listing(session, with_attachments="false").json() == listing(session).json()


# === PERIODS === #


@pytest.mark.parametrize("field", ["updated_at", "settled_at", "emitted_at", "created_at"])
@pytest.mark.parametrize("end", ["from", "to"])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("yesterday", 400),
        ("2026-13-01T00:00:00Z", 400),
        ("2026-11-01T00:00:00", 400),
        ("20261-11-01T00:00:00Z", 400),
        ("0001-01-01T00:00:00Z", 422),
        ("9999-12-31T23:59:59Z", 422),
        ("2026-11-01T00:00:00.123Z", 200),
        ("2026-11-01T01:00:00+01:00", 200),
    ],
)
def test_instants_must_be_iso_8601_of_a_sane_year(session: Session, field, end, text, status):
    assert listing(session, **{f"{field}_{end}": text}).status_code == status


@pytest.mark.parametrize("field", SORTABLE)
def test_both_ends_of_a_period_belong_to_it(session: Session, field):
    rows = listing(session, sort_by=f"{field}:asc").json()["transactions"]
    first, last = rows[3][field], rows[-4][field]
    found = listing(session, sort_by=f"{field}:asc", **{f"{field}_from": first, f"{field}_to": last}).json()
    assert found["transactions"] == [row for row in rows if first <= row[field] <= last]


def test_a_period_of_settlement_leaves_pending_rows_out(session: Session):
    query = {"status[]": ALL, "settled_at_from": "2020-01-01T00:00:00Z"}
    assert {row["status"] for row in listing(session, **query).json()["transactions"]} == {"completed"}


# === ORDER AND PAGES === #


def test_default_order_is_newest_settlement_first(session: Session):
    rows = listing(session).json()["transactions"]
    assert rows == listing(session, sort_by="settled_at:desc").json()["transactions"]
    instants = [row["settled_at"] for row in rows]
    assert instants == sorted(instants, reverse=True)
    assert len(set(instants)) == len(instants)


def test_rows_without_settlement_lead_when_descending_and_trail_when_ascending(session: Session):
    down = listing(session, **{"status[]": ALL}, sort_by="settled_at:desc").json()["transactions"]
    up = listing(session, **{"status[]": ALL}, sort_by="settled_at:asc").json()["transactions"]
    unsettled = sum(row["settled_at"] is None for row in down)
    assert all(row["settled_at"] is None for row in down[:unsettled])
    assert all(row["settled_at"] is None for row in up[-unsettled:])
    assert up == down[::-1]


def test_pages_join_to_the_whole_and_the_page_past_the_end_is_422(session: Session):
    whole = listing(session, **{"status[]": ALL}).json()
    total = whole["meta"]["total_count"]
    rows: list[dict[str, Any]] = []
    pages = -(-total // 7)
    for page in range(1, pages + 1):
        answer = listing(session, **{"status[]": ALL}, per_page=7, page=page).json()
        assert answer["meta"]["total_pages"] == pages
        assert answer["meta"]["next_page"] == (page + 1 if page < pages else None)
        rows += answer["transactions"]
    assert rows == whole["transactions"]
    past = listing(session, **{"status[]": ALL}, per_page=7, page=pages + 1)
    assert past.status_code == 422


def test_an_empty_list_has_a_first_page(session: Session):
    answer = listing(session, updated_at_from="2099-01-01T00:00:00Z")
    assert answer.json()["transactions"] == []
    assert answer.json()["meta"]["total_pages"] == 0
    assert listing(session, updated_at_from="2099-01-01T00:00:00Z", page=2).status_code == 422


# === FIELDS === #


def test_amounts_are_unsigned_and_the_side_has_the_sign(session: Session):
    rows = listing(session, **{"status[]": ALL}).json()["transactions"]
    assert all(row["amount_cents"] > 0 and row["amount"] == row["amount_cents"] / 100 for row in rows)
    for side in ("credit", "debit"):
        found = listing(session, **{"status[]": ALL}, side=side).json()["transactions"]
        assert found == [row for row in rows if row["side"] == side]


def test_operation_types_filter_together(session: Session):
    rows = listing(session).json()["transactions"]
    found = listing(session, **{"operation_type[]": ["card", "income"]}).json()["transactions"]
    assert found == [row for row in rows if row["operation_type"] in ("card", "income")]
    assert {row["operation_type"] for row in found} == {"card", "income"}
    assert listing(session, **{"operation_type[]": "unheard_of"}).json()["transactions"] == []


def test_counterparty_stands_under_its_kind(session: Session):
    for row in listing(session).json()["transactions"]:
        kind = row["operation_type"]
        assert (kind in row) == (kind in ("income", "transfer", "direct_debit"))
        if kind == "income":
            assert row["income"]["counterparty_account_number_format"] == "IBAN"


def test_includes_add_what_they_name(session: Session):
    plain = listing(session).json()["transactions"]
    assert not any({"labels", "attachments", "vat_details"} & set(row) for row in plain)
    full = listing(session, **{"includes[]": ["labels", "attachments", "vat_details"]}).json()["transactions"]
    for row in full:
        assert [label["id"] for label in row["labels"]] == row["label_ids"]
        assert row["attachments"] == []
    assert any(row["labels"] for row in full)
    taxed = next(row for row in full if row["vat_amount_cents"])
    item = taxed["vat_details"]["items"][0]
    assert item["amount_cents"] + item["amount_excluding_vat_cents"] == taxed["amount_cents"]


def test_one_by_id_equals_its_row_in_the_list(driver: Driver, session: Session):
    row = listing(session).json()["transactions"][0]
    assert session.get(f"/transactions/{row['id']}").json()["transaction"] == row
    with_labels = session.get(f"/transactions/{row['id']}", **{"includes[]": "labels"}).json()["transaction"]
    assert with_labels == {**row, "labels": with_labels["labels"]}
    for token in (driver.connect(organization=1), session):
        unknown = row["id"] if token is not session else "unknown"
        answer = token.get(f"/transactions/{unknown}")
        assert answer.status_code == 404
        assert answer.json()["errors"]["code"] == "not_found"


def test_manager_sees_all_rows_employee_his_own_without_balances(driver: Driver, session: Session):
    account = session.account()["id"]
    everything = session.transactions(account, ALL)
    assert driver.connect(MANAGER).transactions(account, ALL) == everything
    tom = driver.connect(EMPLOYEE)
    own = tom.transactions(account, ALL)
    me = tom.get("/membership").json()["membership"]["id"]
    assert [row["id"] for row in own] == [row["id"] for row in everything if row["initiator_id"] == me]
    assert own
    assert all(row["settled_balance"] is None for row in own)
    hidden = next(row for row in everything if row["initiator_id"] != me)
    assert tom.get(f"/transactions/{hidden['id']}").status_code == 404


# === AGAINST THE TRUTH === #


@pytest.fixture(scope="module")
def demo_session(contract: Contract) -> Iterator[tuple[Session, list[dict[str, Any]], str]]:
    """The demo world, read only, with a plain list of its rows as the oracle."""
    from qonto_simulator import world

    from .conftest import NOW

    bank = Bank()
    world.reset(bank, now=NOW, scenario="demo", frozen=True)
    bank.policy.rate_10_seconds = bank.policy.rate_10_minutes = 10**6
    with open_client(bank, contract) as client:
        driver = Driver(client)
        session = driver.connect()
        account = session.account()["id"]
        yield session, driver.control("GET", f"/truth?account_id={account}")["accounts"][0]["transactions"], account


instants = st.datetimes(dt.datetime(2026, 4, 1), dt.datetime(2026, 11, 30), timezones=st.just(dt.timezone.utc))


questions = st.fixed_dictionaries(
    {
        "statuses": st.sets(st.sampled_from(ALL)),
        "side": st.sampled_from([None, "credit", "debit"]),
        "kinds": st.sets(st.sampled_from(["card", "income", "transfer", "direct_debit", "qonto_fee"])),
        "field": st.sampled_from(["updated_at", "settled_at", "emitted_at"]),
        "since": st.none() | instants,
        "until": st.none() | instants,
        "order": st.sampled_from(["asc", "desc"]),
        "per_page": st.integers(20, 100),
    }
)


def text(instant: dt.datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def matches(row: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Say it again in plain words, as the oracle."""
    at = row[asked["field"]]
    return (
        row["status"] in (asked["statuses"] or {"completed"})
        and asked["side"] in (None, row["side"])
        and (not asked["kinds"] or row["operation_type"] in asked["kinds"])
        and (asked["since"] is None or (at is not None and at >= text(asked["since"])))
        and (asked["until"] is None or (at is not None and at <= text(asked["until"])))
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=questions)
def test_any_filter_lists_exactly_what_the_truth_holds(demo_session, asked):
    session, truth, account = demo_session
    field = asked["field"]
    query = {"sort_by": f"{field}:{asked['order']}", "per_page": asked["per_page"]}
    query |= {"operation_type[]": sorted(asked["kinds"])}
    query |= {f"{field}_from": text(asked["since"])} if asked["since"] else {}
    query |= {f"{field}_to": text(asked["until"])} if asked["until"] else {}
    query |= {"side": asked["side"]} if asked["side"] else {}
    rows = session.transactions(account, sorted(asked["statuses"]), **query)
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in truth if matches(row, asked))
    dated = [row[field] for row in rows if row[field]]
    assert dated == sorted(dated, reverse=asked["order"] == "desc")


def test_truth_equals_what_the_api_lists(demo_session):
    session, truth, account = demo_session
    listed = {row["id"]: row for row in session.transactions(account, ALL)}
    assert set(listed) == {row["id"] for row in truth}
    for row in truth:
        shown = listed[row["id"]]
        sign = 1 if shown["side"] == "credit" else -1
        assert row["amount_cents"] == sign * shown["amount_cents"]
        for name in ("status", "emitted_at", "settled_at", "updated_at", "settled_balance_cents", "label", "reference"):
            assert row[name] == shown[name]


def test_ten_thousand_rows_answer_fast(driver: Driver, session: Session):
    account = session.account()["id"]
    driver.control("POST", "/transactions/generate", {"account_id": account, "count": 10_000})
    pages = random.Random(1).sample(range(1, 100), 9)
    driver.control("DELETE", "/requests")
    for page in pages:
        assert session.get("/transactions", bank_account_id=account, page=page, sort_by="updated_at:asc").is_success
    took = sorted(entry["milliseconds"] for entry in driver.control("GET", "/requests")["requests"])
    assert took[len(took) // 2] < 20
