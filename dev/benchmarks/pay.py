"""Payments: 400 bills from selection to "waiting for approval", and their accounting against Odoo's own Pay."""

import json
import os
import subprocess
import sys
from pathlib import Path

from devtools import bank, paths, say, settings, systems
from devtools.benchmarks import Figure, Results, at_most, exactly

sys.path.insert(0, str(paths.DEV / "tests"))
from system_world import Bank, company_database

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
    layers = systems.databases()
    log = paths.state("log", f"bank-bench-{os.getpid()}.log")
    environment = settings.environment(layers.odoo)
    with company_database() as database, bank.running(
        layers.odoo.python, environment, log, "--scenario", "empty"
    ) as address:
        say.step(f"{SIZE} bills by us and {SIZE} by Odoo's own Pay, with and without entries of payments")
        path = os.pathsep.join([str(paths.DEV / "tests"), str(paths.DEV), environment.get("PYTHONPATH", "")])
        answer = subprocess.run(
            [layers.odoo.python, WORK, layers.configuration, database, address, str(SIZE)],
            env={**environment, **Bank(address).environment, "PYTHONPATH": path},
            capture_output=True, text=True, check=False,
        )
    if answer.returncode:
        raise RuntimeError(answer.stderr[-3000:])
    facts = json.loads(answer.stdout.splitlines()[-1])
    for figure in FIGURES:
        results.record(figure.name, facts.pop(figure.name))
    results.details.update(facts)
