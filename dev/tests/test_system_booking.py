"""Two people book the same bank line or the same invoice at once: one wins, the other is told in words."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from system_world import company_database

from devtools import settings, systems

RACE = Path(__file__).with_name("booking_race.py")
AT_IT, PAID = "Somebody else is booking", "is open any more"
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


def test_who_comes_while_another_is_at_it_is_told_and_does_not_wait(told: dict[str, Any]) -> None:
    assert AT_IT in told["one"]["same line"]
    assert AT_IT in told["one"]["same invoice"]
    assert AT_IT in told["one"]["undo at once"]


def test_who_began_before_the_other_was_done_finds_the_invoice_paid(told: dict[str, Any]) -> None:
    assert PAID in told["one"]["began before, same invoice"]
    assert "is booked already" in told["one"]["after it, same line"]
    assert told["one"]["state"] == {"residual": 0, "booked": [True, False], "partials": 1}


def test_what_one_undid_the_other_can_book(told: dict[str, Any]) -> None:
    assert "there is nothing to undo" in told["one"]["undo again"]
    assert told["one"]["after undo"] == "booked"
    assert told["one"]["state after undo"] == {"residual": 0, "booked": [False, True], "partials": 1}


def test_of_two_in_the_same_moment_one_wins(told: dict[str, Any]) -> None:
    for both in told["both"]:
        winners = [answer for answer in both["answers"] if answer == "booked"]
        losers = [answer for answer in both["answers"] if answer != "booked"]
        assert (len(winners), len(losers)) == (1, 1), both
        assert AT_IT in losers[0] or PAID in losers[0], losers
        assert sorted(both["state"].pop("booked")) == [False, True]
        assert both["state"] == {"residual": 0, "partials": 1}
