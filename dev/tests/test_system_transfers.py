"""Two people prepare a transfer of the same bill, two workers claim or record the same transfer: one wins."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from system_world import company_database

from devtools import settings, systems

RACE = Path(__file__).with_name("transfer_race.py")
WITHIN = 180  # seconds


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    with company_database() as database:
        odoo = systems.databases()
        answer = subprocess.run(
            [odoo.odoo.python, RACE, odoo.configuration, database], env=settings.environment(odoo.odoo),
            capture_output=True, text=True, timeout=WITHIN, check=False,
        )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def test_a_bill_gets_one_live_transfer_though_two_prepare_it_in_the_same_moment(told: dict[str, Any]) -> None:
    for both in told["prepared"]:
        losers = [answer for answer in both["answers"] if answer != "done"]
        assert len(losers) == 1, both
        assert "under way" in losers[0]
        assert both["lines"] == 1


def test_a_transfer_is_claimed_once_though_two_claim_it_in_the_same_moment(told: dict[str, Any]) -> None:
    for both in told["claimed"]:
        losers = [answer for answer in both["answers"] if answer != "done"]
        assert len(losers) == 1, both
        assert "Somebody else is at this transfer" in losers[0] or "Being sent" in losers[0]
        assert both["trail"] == ["Prepared", "HandedOver", "Verified", "Claimed"]


def test_an_accepted_order_is_recorded_once_though_two_workers_record_it_in_the_same_moment(
    told: dict[str, Any],
) -> None:
    once = {
        "payment": "in_process", "entries": ["posted"], "bill": "in_payment", "reconciled": 1, "left": 0.0,
        "problem": "", "activities": 0,
    }
    assert [len(recorded["books"]) for recorded in told["recorded"]] == [8, 8, 2]
    for recorded in told["recorded"]:
        assert recorded["answers"] == ["done", "done"]
        assert all(books == once for books in recorded["books"]), recorded
    assert told["recorded"][-1]["waited"] < 5, "nobody waits for who is at it"
    assert told["errors"] == []
