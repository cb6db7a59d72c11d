"""The frame for benchmarks gives a verdict that nobody can soften by leaving something out."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from devtools.benchmarks import Figure, Results, at_least, at_most, available, exactly, execute

FIGURES = (
    Figure("first_sync", "s", at_most(60)),
    Figure("rate", "1/s", at_least(200)),
    Figure("doubles", "", exactly(0)),
)


def _benchmark(**values: float) -> SimpleNamespace:
    def measure(results: Results) -> None:
        for name, value in values.items():
            results.record(name, value)

    return SimpleNamespace(FIGURES=FIGURES, measure=measure)


def test_all_goals_reached() -> None:
    report = execute("sync", _benchmark(first_sync=60, rate=200.5, doubles=0))
    assert report == {
        "bench": "sync",
        "met": True,
        "figures": [
            {"name": "first_sync", "value": 60, "unit": "s", "goal": "<= 60", "met": True},
            {"name": "rate", "value": 200.5, "unit": "1/s", "goal": ">= 200", "met": True},
            {"name": "doubles", "value": 0, "unit": "", "goal": "== 0", "met": True},
        ],
    }


@pytest.mark.parametrize(
    "values",
    [
        {"first_sync": 60.1, "rate": 200, "doubles": 0},
        {"first_sync": 1, "rate": 199, "doubles": 0},
        {"first_sync": 1, "rate": 200, "doubles": 1},
    ],
)
def test_one_goal_missed_is_not_met(values: dict[str, float]) -> None:
    report = execute("sync", _benchmark(**values))
    assert report["met"] is False
    assert [figure["met"] for figure in report["figures"]].count(False) == 1


def test_a_missing_figure_is_shown_with_its_goal_and_not_met() -> None:
    report = execute("sync", _benchmark(first_sync=1, doubles=0))
    assert report["met"] is False
    assert report["figures"][1] == {"name": "rate", "value": None, "unit": "1/s", "goal": ">= 200", "met": False}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_no_result_and_the_line_stays_json(value: float) -> None:
    report = execute("sync", _benchmark(first_sync=1, rate=value, doubles=0))
    assert report["met"] is False
    assert "NaN" not in json.dumps(report)
    assert "Infinity" not in json.dumps(report)


def test_a_failure_keeps_what_was_measured_and_is_not_met(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(results: Results) -> None:
        for name, value in (("first_sync", 1), ("rate", 300), ("doubles", 0)):
            results.record(name, value)
        raise RuntimeError("the server is gone")

    report = execute("sync", SimpleNamespace(FIGURES=FIGURES, measure=measure))
    assert report["met"] is False
    assert all(figure["met"] for figure in report["figures"])
    assert "the server is gone" in capsys.readouterr().err


def test_a_benchmark_without_figures_proves_nothing() -> None:
    assert execute("empty", SimpleNamespace(FIGURES=(), measure=lambda results: None))["met"] is False


def test_a_figure_that_was_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="not declared"):
        Results(FIGURES).record("unheard_of", 1)


def test_a_figure_is_measured_once() -> None:
    results = Results(FIGURES)
    results.record("rate", 1)
    with pytest.raises(ValueError, match="measured before"):
        results.record("rate", 300)


def test_benchmarks_are_listed_by_their_docstrings(tmp_path: Path) -> None:
    (tmp_path / "sync.py").write_text('"""A year of transactions.\n\nMore."""\nraise SystemExit\n')
    (tmp_path / "_helper.py").write_text("")
    assert available(tmp_path) == {"sync": "A year of transactions."}


def test_details_go_with_the_verdict() -> None:
    def measure(results: Results) -> None:
        results.details["classes"] = {"1": 0.5}

    assert execute("sync", SimpleNamespace(FIGURES=FIGURES, measure=measure))["details"] == {"classes": {"1": 0.5}}
