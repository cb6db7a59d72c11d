"""Real Odoo servers and stand-ins on copied databases, for the tests of whole systems."""

import itertools
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, paths, postgres, processes, say, settings
from .databases import Databases
from .testbed import OWN

# At the start of a record, after the time and the process: "2026-03-01 10:00:00,000 123 WARNING database logger: text".
_RECORD = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) ")
_copies = itertools.count(1)
_COMPLAINTS = {"WARNING", "ERROR", "CRITICAL"}


@dataclass(frozen=True)
class OdooServer:
    """A running Odoo: its address, its log, and its process, which leads a session of its own."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Let it die as in a power cut, workers and all."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def databases() -> Databases:
    """Return the prepared databases of the test run that this process belongs to."""
    configuration = os.environ.get("QONTO_TEST_CONFIGURATION")
    if not configuration:
        raise say.Problem("System tests need the databases that ./dev/test prepares: run them with it.")
    server = postgres.Server({}, {}, None)  # how to reach it is in the environment
    return Databases(odoo_source.locate(), server, Path(configuration), data="tests")


@contextmanager
def copied(source: str) -> Iterator[str]:
    """Give a copy of a prepared database for as long as the block lasts."""
    layers = databases()
    name = f"{OWN}{os.getpid()}_{next(_copies)}"
    layers.copy(source, name)
    try:
        yield name
    finally:
        layers.drop(name)


def run_odoo(database: str, *options: str, environment: Mapping[str, str] | None = None) -> str:
    """Run Odoo to its end on a database and return its log.

    :raise say.Problem: when it fails.
    """
    layers = databases()
    done = subprocess.run(
        [layers.odoo.python, layers.odoo.server, "-c", layers.configuration, "-d", database, *options],
        env={**settings.environment(layers.odoo), **(environment or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    if done.returncode:
        raise say.Problem(f"Odoo ended with status {done.returncode}:\n{done.stdout[-5000:]}")
    return done.stdout


def run_odoo_command(command: str, database: str, *options: str) -> str:
    """Run one of Odoo's commands, ours too, on a database and return what it said.

    :raise say.Problem: when it fails.
    """
    layers = databases()
    addons = ",".join(str(path) for path in (*layers.odoo.addons, paths.ROOT))
    done = subprocess.run(
        [
            layers.odoo.python, layers.odoo.server, f"--addons-path={addons}", command, "-c", layers.configuration,
            "-d", database, *options,
        ],
        env=settings.environment(layers.odoo),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    if done.returncode:
        raise say.Problem(f"{command} ended with status {done.returncode}:\n{done.stdout[-5000:]}")
    return done.stdout


@contextmanager
def odoo_server(
    database: str, *options: str, environment: Mapping[str, str] | None = None, seconds: float = 60
) -> Iterator[OdooServer]:
    """Run an Odoo server on a database for as long as the block lasts.

    :param options: more of Odoo's options, such as `--workers=2` or `--max-cron-threads=1` (none by default).
    :param environment: variables that are added to this process's own.
    :param seconds: how long the start may take.
    """
    layers = databases()
    port = processes.free_port()
    log = paths.state("log", f"odoo-{database}-{port}.log")
    command = [
        layers.odoo.python, layers.odoo.server, "-c", layers.configuration, "-d", database,
        f"--http-port={port}", f"--gevent-port={processes.free_port()}", f"--db-filter=^{database}$", *options,
    ]
    variables = {**settings.environment(layers.odoo), **(environment or {})}
    url = f"http://127.0.0.1:{port}"
    with processes.background(command, variables, log, health=f"{url}/web/login", seconds=seconds) as process:
        yield OdooServer(url, log, process)
    log.unlink()


def complaints(log: str) -> list[str]:
    """Return the records of a log that warn or worse, each with the lines that belong to it."""
    found: list[str] = []
    complaining = False
    for line in log.splitlines():
        record = _RECORD.match(line)
        if record:
            complaining = record["level"] in _COMPLAINTS
            if complaining:
                found.append(line)
        elif complaining:
            found[-1] += f"\n{line}"
    return found
