"""Bank files: 100,000 rows previewed against 100,000 existing ones; 10,000 imported against Odoo's own create."""

import os
from pathlib import Path
from typing import Any

from _place import place

from devtools import say
from devtools.benchmarks import Figure, Results, at_least, at_most, exactly

WORK = Path(__file__).with_name("_file_work.py")
# QONTO_BENCH_SIZE makes it smaller: to try the benchmark itself, not for a verdict.
IMPORTED = int(os.environ.get("QONTO_BENCH_SIZE", "10000"))
PREVIEWED = 10 * IMPORTED

FIGURES = [
    Figure("preview_seconds", "s", at_most(30)),
    Figure("preview_memory", "MB above idle", at_most(300)),
    Figure("preview_of_spreadsheet_seconds", "s", at_most(30)),
    Figure("preview_of_spreadsheet_memory", "MB above idle", at_most(300)),
    Figure("queries_of_ten_times_the_rows", "×", at_most(1.1)),
    Figure("records_of_the_preview", "records", exactly(0)),
    Figure("wrong_verdicts", "rows", exactly(0)),
    Figure("against_core_create", "×", at_least(0.9)),
    Figure("wrong_lines", "lines", exactly(0)),
    Figure("longest_step", "s", at_most(15)),
]


def measure(results: Results) -> None:
    """Measure the preview, then an import and the core's create in turn."""
    say.step(f"Preview of {PREVIEWED:,} rows against {PREVIEWED:,} existing ones")
    large, small, sheet = _work("csv", PREVIEWED), _work("csv", PREVIEWED // 10), _work("xlsx", PREVIEWED)
    for kind, run in (("CSV", large), ("XLSX", sheet)):
        say.step(f"{kind}: {run['seconds']:.1f} s, {run['mb']:.0f} MB, {run['queries']} queries, {run['counts']}")
    results.details["previews"] = {"csv": large, "xlsx": sheet}
    results.record("preview_seconds", round(large["seconds"], 1))
    results.record("preview_memory", round(large["mb"]))
    results.record("preview_of_spreadsheet_seconds", round(sheet["seconds"], 1))
    results.record("preview_of_spreadsheet_memory", round(sheet["mb"]))
    results.record("queries_of_ten_times_the_rows", round(large["queries"] / small["queries"], 2))
    results.record("records_of_the_preview", max(large["records"], sheet["records"]))
    results.record("wrong_verdicts", sum(
        abs(run["counts"].get(verdict, 0) - PREVIEWED // 2) for run in (large, sheet) for verdict in ("new", "present")
    ))
    say.step(f"{IMPORTED:,} rows by our import and by the core's create, in turn")
    run = _work("imports", IMPORTED)
    results.details["imports"] = run
    say.step(
        f"Ours {1 / run['ours']:.1f} lines a second, the core {1 / run['core']:.1f}; by this process's own time"
        f" {1 / run['ours_processor']:.1f} and {1 / run['core_processor']:.1f}"
    )
    results.record("against_core_create", round(run["core"] / run["ours"], 3))
    results.record("wrong_lines", run["wrong"])
    results.record("longest_step", round(run["longest_step"], 1))


def _work(mode: str, size: int) -> dict[str, Any]:
    """Do one piece of work in a process, a database and at a bank of its own, and return what it measured."""
    with place() as own:
        return own.work(WORK, mode, size)
