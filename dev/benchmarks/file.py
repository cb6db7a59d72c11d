"""Bank files: 100,000 rows previewed against 100,000 existing ones; 10,000 imported against Odoo's own create."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from devtools import bank, odoo_source, paths, say, settings, systems
from devtools.benchmarks import Figure, Results, at_least, at_most, exactly

sys.path.insert(0, str(paths.DEV / "tests"))
from system_world import Bank, company_database

WORK = Path(__file__).with_name("_file_work.py")
# QONTO_BENCH_SIZE makes it smaller: to try the benchmark itself, not for a verdict.
IMPORTED = int(os.environ.get("QONTO_BENCH_SIZE", "10000"))
PREVIEWED = 10 * IMPORTED
ROUNDS = 3

FIGURES = [
    Figure("preview_seconds", "s", at_most(30)),
    Figure("preview_memory", "MB above idle", at_most(300)),
    Figure("queries_of_ten_times_the_rows", "×", at_most(1.1)),
    Figure("records_of_the_preview", "records", exactly(0)),
    Figure("wrong_verdicts", "rows", exactly(0)),
    Figure("against_core_create", "×", at_least(0.9)),
    Figure("wrong_lines", "lines", exactly(0)),
    Figure("longest_step", "s", at_most(15)),
]


def measure(results: Results) -> None:
    """Measure the preview, then imports and the core's create in turn."""
    say.step(f"Preview of {PREVIEWED:,} rows against {PREVIEWED:,} existing ones")
    large, small = _work("preview", PREVIEWED), _work("preview", PREVIEWED // 10)
    say.step(f"{large['seconds']:.1f} s, {large['mb']:.0f} MB, {large['queries']} queries, {large['counts']}")
    results.details["preview"] = large
    results.record("preview_seconds", round(large["seconds"], 1))
    results.record("preview_memory", round(large["mb"]))
    results.record("queries_of_ten_times_the_rows", round(large["queries"] / small["queries"], 2))
    results.record("records_of_the_preview", large["records"])
    half = PREVIEWED // 2
    results.record("wrong_verdicts", abs(large["counts"].get("new", 0) - half) + abs(
        large["counts"].get("present", 0) - half
    ))
    ours, core = [], []
    for turn in range(ROUNDS):
        say.step(f"Round {turn + 1} of {ROUNDS}: {IMPORTED:,} rows by our import, then by the core's create")
        ours.append(_work("ours", IMPORTED))
        core.append(_work("core", IMPORTED))
    rate, core_rate = (
        statistics.median(IMPORTED / run["seconds"] for run in runs) for runs in (ours, core)
    )
    say.step(f"Ours {rate:.1f} lines a second, the core {core_rate:.1f}")
    results.details["rates"] = {"ours": round(rate, 1), "core": round(core_rate, 1)}
    results.record("against_core_create", round(rate / core_rate, 3))
    results.record("wrong_lines", max(run["wrong"] for run in ours))
    results.record("longest_step", round(max(run["longest_step"] for run in ours), 1))


def _work(mode: str, size: int) -> dict[str, Any]:
    """Do one piece of work in a process, a database and at a bank of its own, and return what it measured."""
    layers = systems.databases()
    log = paths.state("log", f"bank-bench-{os.getpid()}.log")
    with company_database() as database, bank.running(
        odoo_source.locate().python, settings.environment(layers.odoo), log, "--scenario", "empty"
    ) as address:
        environment = {**settings.environment(layers.odoo), **Bank(address).environment}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(paths.DEV / "tests"), str(paths.DEV), environment.get("PYTHONPATH", "")]
        )
        done = subprocess.run(
            [layers.odoo.python, WORK, layers.configuration, database, address, mode, str(size)],
            env=environment, capture_output=True, text=True, check=False,
        )
    if done.returncode:
        raise say.Problem(f"{mode} failed:\n{done.stderr[-5000:]}")
    return json.loads(done.stdout.splitlines()[-1])
