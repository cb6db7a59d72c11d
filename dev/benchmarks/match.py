"""Matching: precision, recall and silence on a corpus with truth. Also: --corpus DIR, --development, --write DIR."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from devtools import paths, say, systems
from devtools.benchmarks import Benchmark, Figure, Results, at_least, at_most, exactly

sys.path.insert(0, str(paths.ROOT / "qonto_psd2_sync"))
from match_corpus import files, generator, judge, noise_development, noise_test
from match_corpus.classes import NAMES
from matching import propose

WORLD = paths.DEV / "match_corpus" / "odoo_world.py"
SEED = 20261115
TEST_LINES, DEVELOPMENT_LINES = 5000, 2000
SPLITS = {"test": (noise_test.NOISE, TEST_LINES), "development": (noise_development.NOISE, DEVELOPMENT_LINES)}


def _gates(mix: str) -> list[Figure]:
    """Return what has to be reached on every mix."""
    return [
        Figure(f"{mix}_precision", "", at_least(0.995)),
        Figure(f"{mix}_precision_low", "", at_least(0.99)),
        Figure(f"{mix}_autos", "lines", at_least(600)),
        Figure(f"{mix}_wrong_autos_13_14_20", "lines", exactly(0)),
        Figure(f"{mix}_wrong_autos_without_document", "lines", exactly(0)),
        Figure(f"{mix}_auto_share_exact", "", at_least(0.85)),
        Figure(f"{mix}_auto_share_own_payments", "", at_least(0.85)),
        Figure(f"{mix}_false_suggestions_class_18", "", at_most(0.05)),
        Figure(f"{mix}_false_proofs", "proofs", exactly(0)),
        Figure(f"{mix}_baselines_not_beaten", "", exactly(0)),
        Figure(f"{mix}_unstable", "lines", exactly(0)),
    ]


# On the mix that is meant to be everyday.
TYPICAL = [
    Figure("typical_auto_of_matchable", "", at_least(0.5)),
    Figure("typical_recall_1", "", at_least(0.88)),
    Figure("typical_recall_3", "", at_least(0.95)),
    Figure("typical_false_suggestions", "", at_most(0.05)),
]
SPEED = [
    Figure("one_line_p95", "ms", at_most(100)),
    Figure("odoo_1000_lines_10000_items", "s", at_most(20)),
    Figure("odoo_queries_for_more_lines", "queries", exactly(0)),
]
FIGURES = [*(figure for mix in generator.MIXES for figure in _gates(mix)), *TYPICAL, *SPEED]


def measure(results: Results) -> None:
    """Judge the engine on the test split's three mixes, and its speed."""
    _measure_split("test", results)
    _measure_speed(results)


def chosen(arguments: list[str]) -> Benchmark:
    """Return what the command line asks for: other files, the development split, or only the files."""
    if not arguments:
        return sys.modules[__name__]
    option, folder = arguments[0], Path(arguments[1]) if len(arguments) > 1 else None
    if option == "--development":
        return SimpleNamespace(
            FIGURES=FIGURES[: -len(SPEED)], measure=lambda results: _measure_split("development", results)
        )
    if option == "--corpus" and folder:
        return SimpleNamespace(FIGURES=_of_files(folder), measure=lambda results: _measure_files(folder, results))
    if option == "--write" and folder:
        return SimpleNamespace(
            FIGURES=[Figure("lines", "", at_least(1))], measure=lambda results: _write(folder, results)
        )
    raise SystemExit("./dev/bench match [--development | --corpus DIR | --write DIR]")


def _measure_split(split: str, results: Results) -> None:
    noise, size = SPLITS[split]
    for mix in generator.MIXES:
        corpus = generator.generate(noise, mix, size, SEED)
        _judge(mix, files.ledgers(corpus), results)


def _of_files(folder: Path) -> list[Figure]:
    """Return the figures of somebody's files: those of the mixes, and of the typical one."""
    typical = [Figure(figure.name.replace("typical", "corpus"), figure.unit, figure.goal) for figure in TYPICAL]
    kinds = {row.get("class") for row in files.read(folder).truth}
    without = {"auto_share_exact": 1, "auto_share_own_payments": 7, "false_suggestions_class_18": 18}
    return [
        figure
        for figure in (*_gates("corpus"), *typical)
        if without.get(figure.name.removeprefix("corpus_")) in (None, *kinds)
    ]


def _measure_files(folder: Path, results: Results) -> None:
    _judge("corpus", files.ledgers(files.read(folder)), results)


def _write(folder: Path, results: Results) -> None:
    """Write all splits' and mixes' files."""
    lines = 0
    for split, (noise, size) in SPLITS.items():
        for mix in generator.MIXES:
            corpus = generator.generate(noise, mix, size, SEED)
            files.write(corpus, folder / f"{split}-{mix}")
            lines += len(corpus.lines)
    results.record("lines", lines)


def _judge(mix: str, ledgers: list[files.Ledger], results: Results) -> None:
    judged = [each for ledger in ledgers for each in judge.judge(ledger)]
    total, classes = judge.report(judged), judge.by_class(judged)
    baselines = judge.against_baselines(judged, ledgers)
    declared = {figure.name for figure in results.figures}

    def record(name: str, value: float) -> None:
        if f"{mix}_{name}" in declared:
            results.record(f"{mix}_{name}", value)

    record("precision", total["precision"].value)
    record("precision_low", total["precision"].low)
    record("autos", total["precision"].of)
    record("wrong_autos_13_14_20", judge.wrong_autos(judged, judge.ID_PROOF_ONLY))
    record("wrong_autos_without_document", sum(each.auto is not None and not each.matchable for each in judged))
    for kind, name in ((1, "exact"), (7, "own_payments")):
        if kind in classes:
            record(f"auto_share_{name}", classes[kind]["auto_share"].value)
    if 18 in classes:
        record("false_suggestions_class_18", classes[18]["false_suggestions"].value)
    record("false_proofs", sum(each.false_proofs for each in judged))
    record("baselines_not_beaten", sum(each["our_precision"] <= each["precision"] for each in baselines.values()))
    record("unstable", sum(map(_unstable, ledgers)))
    record("auto_of_matchable", total["auto_of_matchable"].value)
    for name in ("recall_1", "recall_3", "false_suggestions"):
        record(name, total[name].value)
    results.details[mix] = {
        **judge.plain(total),
        "classes": {str(kind): judge.plain(rates) for kind, rates in classes.items()},
        "baselines": baselines,
        "calibration": judge.calibrated(judged),
    }
    _print(mix, total, classes, baselines)


def _unstable(ledger: files.Ledger) -> int:
    """Return how many lines get another answer when the items come in another order."""
    index = ledger.index()
    shuffled = files.Ledger(random.Random(1).sample(ledger.items, len(ledger.items)), ledger.rows, []).index()
    return sum(propose(case.facts, index) != propose(case.facts, shuffled) for case in ledger.cases)


def _measure_speed(results: Results) -> None:
    """One line against 10,000 open items."""
    corpus = generator.generate(noise_test.NOISE, "hostile", 21000, SEED)
    ledger = max(files.ledgers(corpus), key=lambda each: len(each.items))
    index = files.Ledger(ledger.items[:10000], ledger.rows, []).index()
    seconds = []
    for case in ledger.cases[:1000]:
        began = time.perf_counter()
        propose(case.facts, index)
        seconds.append(time.perf_counter() - began)
    results.record("one_line_p95", 1000 * sorted(seconds)[int(0.95 * len(seconds))])
    facts = _in_odoo(1000, 10000)
    results.record("odoo_1000_lines_10000_items", facts["seconds"])
    results.record("odoo_queries_for_more_lines", facts["queries_many"] - facts["queries_few"])
    results.details["odoo"] = facts
    print(f"\nOdoo: {facts}")


def _in_odoo(lines: int, items: int) -> dict:
    """Let a real Odoo decide what its bank lines pay."""
    layers = systems.databases()
    environment = {**os.environ, "PYTHONPATH": f"{paths.DEV}:{os.environ['PYTHONPATH']}"}
    with systems.copied(os.environ["QONTO_TEST_TEMPLATE"]) as database:
        done = subprocess.run(
            [layers.odoo.python, WORLD, layers.configuration, database, str(lines), str(items)],
            env=environment, capture_output=True, text=True, check=False,
        )
    if done.returncode:
        raise say.Problem(f"The world in Odoo could not be made or measured:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _print(mix: str, total: dict, classes: dict, baselines: dict) -> None:
    print(f"\n=== {mix}: {total['lines']} lines")
    head = f"{'class':<36} {'lines':>5}  {'autos wrong':>11}  {'auto':>6}  {'@1':>6}  {'@3':>6}  {'false':>6}"
    print(head)
    for kind, rates in [*classes.items(), (None, total)]:
        name = f"{kind} {NAMES.get(kind, '')}" if kind is not None else "all"
        wrong = rates["precision"].of - rates["precision"].hits
        shares = "  ".join(
            f"{rates[each].value:6.1%}" if rates[each].of else "     –"
            for each in ("auto_share", "recall_1", "recall_3", "false_suggestions")
        )
        print(f"{name:<36} {rates['lines']:>5}  {rates['precision'].of:>5} {wrong:>5}  {shares}")
    for name in ("precision", "auto_of_matchable", "recall_1", "recall_3", "exact_set", "false_suggestions"):
        print(f"{name:<20} {total[name]}")
    for name, each in baselines.items():
        print(
            f"{name:<12} precision {each['precision']:.1%}, ours {each['our_precision']:.1%} at {each['lines']} lines;"
            f" @1 {each['recall_1']:.1%}, @3 {each['recall_3']:.1%}"
        )
