"""Beside OCA's `account_reconcile_oca`: every case of booking and undoing goes through its function and its screen."""

import configparser
import re
import subprocess
from pathlib import Path

from devtools import oca, settings, systems

ADDON = "qonto_beside_oca"
ADDONS = Path(__file__).with_name("addons")
WITHIN = 500  # seconds


def test_beside_ocas_screen_all_bookings_are_made_and_undone(new_database) -> None:
    database = new_database(addon=False)
    odoo = systems.databases()
    options = configparser.RawConfigParser()
    options.read(odoo.configuration)
    addons = [*options["options"]["addons_path"].split(","), oca.addons(), ADDONS]
    answer = subprocess.run(
        [
            odoo.odoo.python, odoo.odoo.server, "-c", odoo.configuration, "-d", database,
            "--addons-path", ",".join(map(str, addons)), "-i", ADDON, "--test-tags", f"/{ADDON}", "--stop-after-init",
            "--http-port", str(systems.processes.free_port()), "--max-cron-threads", "0",
        ],
        env=settings.environment(odoo.odoo), capture_output=True, text=True, timeout=WITHIN, check=False,
    )
    log = answer.stdout + answer.stderr
    failures = "\n".join(line for line in log.splitlines() if " ERROR " in line or line.startswith("AssertionError"))
    found = re.search(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", log)
    assert answer.returncode == 0, log[-3000:]
    assert found, log[-3000:]
    assert (found[1], found[2]) == ("0", "0"), failures
    assert int(found[3]) > 50
