"""The feed: random histories of a bank, and a worker that dies at every commit. Many more: `./dev/test --full`."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from system_world import Bank, company_database

from devtools import settings, systems

SCRIPT = Path(__file__).with_name("feed_histories.py")
FULL = bool(os.environ.get("QONTO_TEST_FULL"))
HISTORIES, PAIRS = (250, "pairs") if FULL else (6, "singles")
WITHIN = 2 * 3600 if FULL else 600  # seconds


def _told(new_bank: Callable[..., str], piece: str, size: int | str) -> dict:
    """Run a piece in a process, a database and at a bank of its own, and return what it tells at its end."""
    bank = Bank(new_bank("--scenario", "empty"))
    with company_database() as database:
        layers = systems.databases()
        environment = {**settings.environment(layers.odoo), **bank.environment}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(SCRIPT.parent), str(SCRIPT.parents[1]), environment.get("PYTHONPATH", "")]
        )
        answer = subprocess.run(
            [layers.odoo.python, SCRIPT, layers.configuration, database, bank.address, piece, str(size)],
            env=environment, capture_output=True, text=True, timeout=WITHIN, check=False,
        )
    assert answer.returncode == 0, answer.stderr[-6000:]
    return json.loads(answer.stdout.splitlines()[-1])


def test_no_history_loses_or_doubles_anything(new_bank: Callable[..., str], capsys) -> None:
    told = _told(new_bank, "histories", HISTORIES)
    with capsys.disabled():
        print(f"\nThe feed: {told['histories']} histories")
    assert told["wrong"] == []
    assert told["histories"] >= HISTORIES


def test_no_death_loses_or_doubles_anything(new_bank: Callable[..., str], capsys) -> None:
    told = _told(new_bank, "matrix", PAIRS)
    with capsys.disabled():
        print(f"\nThe feed: {told['cells']} cells of the kill matrix")
    assert told["wrong"] == []
    assert told["cells"] >= 20
