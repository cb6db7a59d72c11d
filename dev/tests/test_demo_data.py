"""The demo's documents fit the books of a company that has just begun with Odoo."""

from datetime import date, timedelta

import demo_data


def _invoice(number: int, day: date, *paid: tuple[str, int]) -> dict:
    parts = [{"transaction_id": transaction, "amount_cents": cents} for transaction, cents in paid]
    return {
        "kind": "customer_invoice", "number": f"RE-2026-{number:04d}", "issue_date": day.isoformat(),
        "transactions": parts,
    }


def _bill(number: str, day: date) -> dict:
    return {"kind": "vendor_bill", "number": number, "issue_date": day.isoformat(), "transactions": []}


TODAY = date.today()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def test_invoices_begin_after_the_last_gap_and_bills_all_stay() -> None:
    documents = [_invoice(3, YESTERDAY), _bill("A7", YESTERDAY), _invoice(6, YESTERDAY), _invoice(7, TODAY)]
    assert [document["number"] for document in demo_data.without_gaps(documents)] == [
        "A7", "RE-2026-0006", "RE-2026-0007",
    ]


def test_nothing_lies_in_the_future() -> None:
    documents = [_invoice(1, TODAY), _invoice(2, TOMORROW), _bill("A7", TOMORROW)]
    assert demo_data.without_gaps(documents) == documents[:1]


def test_what_was_paid_before_the_feed_is_told_from_what_it_will_bring() -> None:
    begin = TODAY - timedelta(days=90)
    rows = [
        {"id": "early", "local_date": (begin - timedelta(days=1)).isoformat()},
        {"id": "first day", "local_date": begin.isoformat()},
        {"id": "pending", "local_date": None},
    ]
    documents = [
        _invoice(1, begin, ("early", 1000), ("first day", 500)),
        _invoice(2, begin, ("early", 700)),
        _invoice(3, begin, ("pending", 300)),
        _invoice(4, begin),
    ]
    assert demo_data.paid_before_the_feed(documents, [{"transactions": rows}]) == [1000, 700, 0, 0]
