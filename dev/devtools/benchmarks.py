"""The frame for benchmarks: what is to be measured is declared before, and the verdict is one line of JSON.

A benchmark is a module `dev/benchmarks/<name>.py` with a docstring, its `FIGURES`, and a function `measure(results)`
that builds its own data and records each figure once:

    FIGURES = (Figure("first_sync", "s", at_most(60)), Figure("doubles", "lines", exactly(0)))

    def measure(results: Results) -> None:
        results.record("first_sync", …)

What else is worth knowing goes into `results.details`, which the verdict carries along. A benchmark that takes
arguments has a function `chosen(arguments)` that returns the `FIGURES` and `measure` that they ask for.

It runs in the environment of a test run: `devtools.systems` gives it databases, Odoo servers and stand-ins.
"""

import ast
import importlib
import json
import math
import operator
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from . import paths

FOLDER = paths.DEV / "benchmarks"
Number = int | float


@dataclass(frozen=True)
class Goal:
    """What a figure has to reach."""

    sign: str
    bound: Number
    holds: Callable[[Number, Number], bool]

    def __str__(self) -> str:
        return f"{self.sign} {self.bound}"


def at_most(bound: Number) -> Goal:
    """Return the goal of a figure that should be small."""
    return Goal("<=", bound, operator.le)


def at_least(bound: Number) -> Goal:
    """Return the goal of a figure that should be large."""
    return Goal(">=", bound, operator.ge)


def exactly(bound: Number) -> Goal:
    """Return the goal of a figure that may be nothing else."""
    return Goal("==", bound, operator.eq)


@dataclass(frozen=True)
class Figure:
    """One figure that a benchmark promises."""

    name: str
    unit: str
    goal: Goal


class Benchmark(Protocol):
    """The module of a benchmark."""

    FIGURES: Sequence[Figure]

    def measure(self, results: "Results") -> None:
        """Build the data, measure, and record every figure."""


@dataclass
class Results:
    """The values that a run has measured so far."""

    figures: Sequence[Figure]
    values: dict[str, Number] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)

    def record(self, name: str, value: Number) -> None:
        """Keep the value of a declared figure; each is measured once."""
        if name not in {figure.name for figure in self.figures}:
            raise ValueError(f"The figure {name} is not declared.")
        if name in self.values:
            raise ValueError(f"The figure {name} was measured before.")
        self.values[name] = value

    def report(self, bench: str) -> dict[str, object]:
        """Return the verdict; a figure that is missing or no number is not met, nor is a run without figures."""
        rows = [self._row(figure) for figure in self.figures]
        verdict = {"bench": bench, "met": bool(rows) and all(row["met"] for row in rows), "figures": rows}
        return {**verdict, "details": self.details} if self.details else verdict

    def _row(self, figure: Figure) -> dict[str, object]:
        value = self.values.get(figure.name, math.nan)
        measured = math.isfinite(value)
        return {
            "name": figure.name,
            "value": value if measured else None,
            "unit": figure.unit,
            "goal": str(figure.goal),
            "met": measured and figure.goal.holds(value, figure.goal.bound),
        }


def available(folder: Path = FOLDER) -> dict[str, str]:
    """Return the benchmarks' names, each with the first line of its docstring, without importing any."""
    found = {}
    for path in sorted(folder.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        found[path.stem] = text.partition("\n")[0]
    return found


def execute(name: str, benchmark: Benchmark) -> dict[str, object]:
    """Run a benchmark and return its verdict; what was measured before a failure stays in it."""
    results = Results(benchmark.FIGURES)
    try:
        benchmark.measure(results)
    except Exception:  # noqa: BLE001 - whatever broke, the verdict has to be printed
        traceback.print_exc()
        failed = {"met": False}
    else:
        failed = {}
    return {**results.report(name), **failed}


def main() -> int:
    """Run the benchmark that the command line names, print its verdict as the last line, and judge it."""
    name = sys.argv[1]
    sys.path.insert(0, str(FOLDER))
    benchmark = importlib.import_module(name)
    if hasattr(benchmark, "chosen"):
        benchmark = benchmark.chosen(sys.argv[2:])
    report = execute(name, benchmark)
    sys.stderr.flush()
    print(json.dumps(report), flush=True)
    return 0 if report["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
