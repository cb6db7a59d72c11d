"""Running the tests: by pytest, or by Odoo's own runner."""

import re
import sys
from pathlib import Path

from . import browser, paths, processes, say, testbed, venv
from .databases import ADDON

# Tests that need neither Odoo nor a database.
PLAIN = (paths.ROOT / "qonto_psd2_sync/tests/pure", paths.ROOT / "qonto_simulator/tests")
TAGS = f"/{ADDON}"


def run_by_pytest(arguments: list[str], extra: dict[str, str]) -> int:
    """Run the tests that pytest's arguments select (all by default) and return pytest's exit status."""
    arguments, selected = _resolved(arguments)
    pytest = ["-m", "pytest", "--rootdir", paths.ROOT, "-c", paths.ROOT / "pyproject.toml"]
    if selected and all(any(path.is_relative_to(plain) for plain in PLAIN) for path in selected):
        with testbed.bank_alone(extra) as environment:
            command = [venv.python(), *pytest, "-p", "no:odoo", *arguments]
            return processes.attached(command, environment, paths.ROOT)
    browser.ensure()
    with testbed.prepared(extra) as bed:
        odoo = ["--odoo-config", bed.configuration, "--odoo-database", bed.database, "--odoo-http"]
        return processes.attached([bed.odoo.python, *pytest, *odoo, *arguments], bed.environment, paths.ROOT)


def run_by_odoo(arguments: list[str], extra: dict[str, str]) -> int:
    """Run the Odoo tests by Odoo's runner; a run without any test has failed.

    :param arguments: Odoo's test tags instead of all the addon's.
    """
    browser.ensure()
    log = paths.state("log", "odoo-runner.log")
    log.unlink(missing_ok=True)
    with testbed.prepared(extra) as bed:
        command = [
            bed.odoo.python, bed.odoo.server, "-c", bed.configuration, "-d", bed.database, "-u", ADDON,
            "--test-tags", ",".join(arguments) or TAGS, "--stop-after-init", "--logfile", log,
        ]
        say.step(f"Odoo's own runner works; its log is {log}")
        status = processes.attached(command, bed.environment, paths.ROOT)
    text = log.read_text(errors="replace")
    counts = re.findall(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", text)
    failed = sum(int(failures) + int(errors) for failures, errors, _ in counts)
    tests = sum(int(number) for *_, number in counts)
    if status or failed or not tests:
        sys.stderr.write(processes.tail(log, 80) + "\n")
        for test in re.findall(r": ((?:FAIL|ERROR): \S+)$", text, re.MULTILINE):
            print(f"odoo: {test}")
    print(f"{tests - failed} passed, {failed} failed")
    return status or int(failed > 0 or not tests)


def _resolved(arguments: list[str]) -> tuple[list[str], list[Path]]:
    """Make the paths among the arguments absolute, and return them also by themselves."""
    resolved, selected = [], []
    for argument in arguments:
        name, separator, test = argument.partition("::")
        places = [] if argument.startswith("-") else [base / name for base in (Path.cwd(), paths.ROOT)]
        path = next((place.resolve() for place in places if place.exists()), None)
        if path:
            selected.append(path)
        resolved.append(f"{path}{separator}{test}" if path else argument)
    return resolved, selected
