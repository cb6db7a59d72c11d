"""Worlds: the same for the same seed and instant, plausible, and right to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from qonto_simulator import world
from qonto_simulator.bank import Bank
from qonto_simulator.clock import BERLIN, berlin_day
from qonto_simulator.codec import dumps
from qonto_simulator.world import iban

NOWS = ["2026-11-20T10:00:00+00:00", "2027-01-01T00:10:00+01:00", "2026-04-02T21:59:00+00:00", "2026-07-15T06:00:00Z"]


def made(now: str = NOWS[0], scenario: str = "demo", seed: int = 1) -> Bank:
    bank = Bank()
    world.reset(bank, now=datetime.fromisoformat(now.replace("Z", "+00:00")), scenario=scenario, seed=seed, frozen=True)
    return bank


def snapshot(bank: Bank) -> dict[str, list[str]]:
    return {table.name: [dumps(row) for row in table] for table in bank.store.tables if table.name != "clock"}


@pytest.fixture(scope="module", params=NOWS)
def any_demo(request) -> Bank:
    return made(request.param)


def test_same_seed_and_instant_make_the_same_world():
    assert snapshot(made()) == snapshot(made())


def test_another_seed_makes_another_world_with_other_credentials():
    one, two = made(), made(seed=2)
    assert {row.id for row in one.store.transactions}.isdisjoint({row.id for row in two.store.transactions})
    assert one.first_client() != two.first_client()


def test_credentials_and_accounts_do_not_depend_on_the_day():
    one, two = made(), made(NOWS[3])
    assert one.first_client() == two.first_client()
    assert [account.iban for account in one.store.accounts] == [account.iban for account in two.store.accounts]


def test_an_hour_later_the_same_rows_are_there():
    early, late = made("2026-11-20T10:00:00+00:00"), made("2026-11-20T11:00:00+00:00")
    assert {row.id for row in early.store.transactions} <= {row.id for row in late.store.transactions}


def test_nothing_lies_after_the_bank_s_now(any_demo: Bank):
    now = any_demo.clock.now()
    for row in any_demo.store.transactions:
        for instant in (row.emitted_at, row.created_at, row.updated_at, row.settled_at):
            assert instant is None or instant <= now
        assert row.settled_at is None or row.emitted_at <= row.settled_at
    assert all(account.updated_at <= now for account in any_demo.store.accounts)
    today = berlin_day(now)
    assert all(document.issue_date.isoformat() <= today for document in any_demo.store.documents)


def test_balances_form_a_chain_with_distinct_instants(any_demo: Bank):
    for account in any_demo.store.accounts:
        balance, rows = account.opening_balance_cents, any_demo.ledger.booked(account)
        assert all(a.settled_at < b.settled_at for a, b in pairwise(rows))
        for row in rows:
            balance += row.signed_cents
            assert row.settled_balance_cents == balance
            assert balance > 0, "a plausible company is not overdrawn"
        assert any_demo.ledger.balance(account) == balance


def test_demo_is_of_plausible_size_and_variety(any_demo: Bank):
    kinds = Counter(row.operation_type for row in any_demo.store.transactions)
    assert 350 <= sum(kinds.values()) <= 500
    assert set(kinds) == {"transfer", "income", "card", "direct_debit", "qonto_fee", "card_refund", "swift_income"}
    statuses = Counter(row.status for row in any_demo.store.transactions)
    assert statuses["pending"] >= 4
    assert statuses["declined"] >= 3
    currencies = {row.local_currency for row in any_demo.store.transactions}
    assert currencies == {"EUR", "USD", "GBP", "CHF"}
    oldest = min(row.emitted_at for row in any_demo.store.transactions)
    assert timedelta(days=190) < any_demo.clock.now() - oldest <= timedelta(days=200)


def test_three_accounts_with_valid_ibans(any_demo: Bank):
    accounts = any_demo.accounts(any_demo.first_organization().id)
    assert [account.main for account in accounts] == [True, False, False]
    numbers = [account.iban for account in any_demo.store.accounts]
    numbers += [row.counterparty_iban for row in any_demo.store.transactions if row.counterparty_iban]
    assert all(iban.is_valid(number) for number in numbers)
    assert iban.is_valid("DE89370400440532013000")
    assert not iban.is_valid("DE89370400440532013001")


def test_there_are_true_twins(any_demo: Bank):
    groups = defaultdict(set)
    for row in any_demo.store.transactions:
        if row.settled_at:
            groups[berlin_day(row.settled_at), row.signed_cents, row.label, row.reference].add(row.id)
    twins = [group for group in groups.values() if len(group) > 1]
    assert len(twins) >= 2


def test_some_bookings_have_another_day_in_berlin_than_in_utc(any_demo: Bank):
    differing = [
        row
        for row in any_demo.store.transactions
        if row.settled_at and berlin_day(row.settled_at) != row.settled_at.date().isoformat()
    ]
    assert len(differing) >= 5
    assert any(row.settled_at.astimezone(BERLIN).day == 1 for row in differing), "also over a month's end"


def test_rows_on_both_sides_of_the_clock_change():
    rows = made(NOWS[0]).store.transactions
    instants = {row.settled_at.replace(second=0, microsecond=0) for row in rows if row.settled_at}
    for hour in (0, 1):
        assert datetime(2026, 10, 25, hour, 30, tzinfo=timezone.utc) in instants


def test_own_transfers_have_a_row_on_each_side(any_demo: Bank):
    own = {account.iban: account.id for account in any_demo.store.accounts}
    rows = [row for row in any_demo.store.transactions if row.counterparty_iban in own]
    sides = Counter((row.reference, row.amount_cents, row.side) for row in rows)
    assert len(rows) >= 20
    assert all(sides[text, cents, "credit"] == sides[text, cents, "debit"] for text, cents, _side in sides)


def test_documents_belong_to_rows_and_add_up(any_demo: Bank):
    documents = list(any_demo.store.documents)
    paid: dict[str, int] = defaultdict(int)
    for document in documents:
        assert 0 <= document.open_cents <= document.amount_cents
        for part in document.settlements:
            row = any_demo.store.transactions.rows[part.transaction_id]
            side = "credit" if document.kind == "customer_invoice" else "debit"
            assert (row.side, row.status) == (side, "completed")
            assert document.issue_date.isoformat() <= berlin_day(row.settled_at)
            assert row.counterparty_iban == any_demo.store.partners.rows[document.partner_id].iban
            if part.hint == "exact":
                assert document.number in row.reference
            else:
                assert document.number not in (row.reference or "")
            paid[part.transaction_id] += part.amount_cents
    assert all(any_demo.store.transactions.rows[key].amount_cents == cents for key, cents in paid.items())
    assert len({(d.kind, d.partner_id, d.number) for d in documents}) == len(documents)


def test_documents_show_every_case(any_demo: Bank):
    documents = list(any_demo.store.documents)
    hints = Counter(part.hint for document in documents for part in document.settlements)
    assert 0.5 < hints["exact"] / hints.total() < 0.75
    assert hints["reformatted"] >= 10
    assert hints["none"] >= 10
    per_row = Counter(part.transaction_id for document in documents for part in document.settlements)
    assert 2 in per_row.values(), "one transaction pays two invoices"
    states = Counter((document.kind, document.state) for document in documents)
    assert states["customer_invoice", "partial"] >= 1
    assert states["customer_invoice", "open"] >= 3
    assert states["vendor_bill", "open"] >= 3
    explained = sum(row.operation_type == "income" for row in any_demo.store.transactions)
    assert sum(document.kind == "customer_invoice" for document in documents) > 0.6 * explained


def test_small_is_small_and_recent():
    for now in NOWS:
        bank = made(now, "small")
        accounts = bank.accounts(bank.first_organization().id)
        rows = [row for account in accounts for row in bank.ledger.rows(account)]
        assert len(accounts) == 2
        assert 15 <= len(rows) <= 35
        assert {row.status for row in rows} == {"pending", "declined", "completed"}
        assert min(row.emitted_at for row in rows) >= bank.clock.now() - timedelta(days=40)
        assert bank.store.documents.rows


def test_empty_is_empty():
    bank = made(scenario="empty")
    assert not len(bank.store.transactions)
    assert [bank.ledger.balance(account) for account in bank.accounts(bank.first_organization().id)] == [0, 0]
