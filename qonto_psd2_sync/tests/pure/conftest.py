# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pure tests import the addon's pure packages as top-level ones: no Odoo is needed to run them."""

import os
import sys
from pathlib import Path

import pytest

ADDON = Path(__file__).resolve().parents[2]
if str(ADDON) not in sys.path:
    sys.path.insert(0, str(ADDON))


@pytest.fixture(scope="session")
def _scripted_bank():
    from api_scripted_bank import ScriptedBank

    bank = ScriptedBank()
    yield bank
    bank.close()


@pytest.fixture
def bank(_scripted_bank):
    """A scripted HTTP server, see ``api_scripted_bank``; answers 500 until told otherwise."""
    from api_scripted_bank import Reply

    _scripted_bank.script(Reply(500))
    return _scripted_bank


@pytest.fixture(scope="module")
def running_stand_in():
    """The stand-in that QONTO_SIMULATOR_URL names."""
    from stand_in_bank import StandIn

    url = os.environ.get("QONTO_SIMULATOR_URL")
    if not url:
        pytest.fail(
            "These tests talk to the stand-in bank: run them with ./dev/test, or start one with "
            "'./dev/python -m qonto_simulator --port 8070' and set QONTO_SIMULATOR_URL=http://127.0.0.1:8070."
        )
    stand_in = StandIn(url)
    yield stand_in
    stand_in.control("reset")  # a frozen clock would surprise whoever comes next
