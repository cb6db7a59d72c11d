"""Bank matching: how long its first page takes, with 10,000 open items and 1,000 lines that wait."""

import json
import os
import subprocess
from pathlib import Path

from devtools import settings, systems
from devtools.benchmarks import Figure, Results, at_most

WORLD = Path(__file__).with_name("worlds") / "screen_world.py"
FIGURES = [Figure("first_page_p95", "ms", at_most(1000)), Figure("accept_p95", "ms", at_most(1000))]


def measure(results: Results) -> None:
    """Measure inside Odoo: what the server takes for the screen's own calls, as the screen makes them."""
    with systems.copied(os.environ["QONTO_TEST_TEMPLATE"]) as database:
        odoo = systems.databases()
        answer = subprocess.run(
            [odoo.odoo.python, WORLD, odoo.configuration, database], env=settings.environment(odoo.odoo),
            capture_output=True, text=True, check=False,
        )
    if answer.returncode:
        raise RuntimeError(answer.stderr[-3000:])
    facts = json.loads(answer.stdout.splitlines()[-1])
    for figure in FIGURES:
        results.record(figure.name, facts.pop(figure.name))
    results.details.update(facts)
