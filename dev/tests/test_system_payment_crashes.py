"""Payments that crash at every point: none is debited twice or called failed. All cells: `./dev/test --full`."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from system_world import Bank, company_database

from devtools import settings, systems

SCRIPT = Path(__file__).with_name("payment_crashes.py")
FULL = bool(os.environ.get("QONTO_TEST_FULL"))
SIZE, CELLS, WITHIN = ("full", 300, 5400) if FULL else ("short", 19, 400)


def test_no_crash_pays_a_bill_twice_or_calls_a_paid_one_failed(new_bank: Callable[..., str], capsys) -> None:
    bank = Bank(new_bank("--scenario", "empty"))
    with company_database() as database:
        layers = systems.databases()
        environment = {**settings.environment(layers.odoo), **bank.environment}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(SCRIPT.parent), str(SCRIPT.parents[1]), environment.get("PYTHONPATH", "")]
        )
        answer = subprocess.run(
            [layers.odoo.python, SCRIPT, layers.configuration, database, bank.address, SIZE],
            env=environment, capture_output=True, text=True, timeout=WITHIN, check=False,
        )
    assert answer.returncode == 0, answer.stderr[-6000:]
    told = json.loads(answer.stdout.splitlines()[-1])
    with capsys.disabled():
        print(f"\nPayments that crash: {len(told['report'])} cells; impossible: {len(told['impossible'])}")
        for line in told["report"]:
            print(f"  {line['cell']}: debits {line['debits']}, {line.get('states')} -> {line.get('final')}")
        for line in told["impossible"]:
            print(f"  impossible: {line}")
    assert told["wrong"] == []
    assert len(told["report"]) >= CELLS
