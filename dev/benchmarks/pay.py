"""Payments: 400 bills from selection to "waiting for approval", and their accounting against Odoo's own Pay."""

import os
from pathlib import Path

from _place import place

from devtools import say
from devtools.benchmarks import Figure, Results, at_most, exactly

WORK = Path(__file__).with_name("_pay_work.py")
# QONTO_BENCH_SIZE makes it smaller: to try the benchmark itself, not for a verdict.
SIZE = int(os.environ.get("QONTO_BENCH_SIZE", "400"))
FIGURES = [
    Figure("until_the_phone_rings", "s of Odoo", at_most(10)),
    Figure("payee_checks", "calls", exactly(1)),
    Figure("create_calls", "calls", exactly(1)),
    Figure("reads_a_round", "calls", at_most(4)),
    Figure("accounting_against_stock", "×", at_most(1.0)),
    Figure("accounting_against_stock_without_entries", "×", at_most(1.0)),
    Figure("debits_too_many", "transfers", exactly(0)),
    Figure("debits_missing", "transfers", exactly(0)),
]


def measure(results: Results) -> None:
    """Measure inside one Odoo process, at a stand-in of its own."""
    say.step(f"{SIZE} bills by us and {SIZE} by Odoo's own Pay, with and without entries of payments")
    with place() as own:
        facts = own.work(WORK, SIZE)
    for figure in FIGURES:
        results.record(figure.name, facts.pop(figure.name))
    results.details.update(facts)
