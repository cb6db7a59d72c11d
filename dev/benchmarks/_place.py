"""Where a benchmark's measured work is done: a process, a database and a bank of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools import bank, paths, say, settings, systems

sys.path.insert(0, str(paths.DEV / "tests"))
from system_world import Bank, company_database


@dataclass(frozen=True)
class Place:
    """A company's database that has the addon, and the address of an empty bank."""

    database: str
    address: str

    def work(self, script: Path, *arguments: object) -> dict[str, Any]:
        """Run a script here, and return the JSON of its last line.

        It is called with Odoo's configuration, the database, the bank's address, and the arguments.
        """
        layers = systems.databases()
        environment = {**settings.environment(layers.odoo), **Bank(self.address).environment}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(paths.DEV / "tests"), str(paths.DEV), environment.get("PYTHONPATH", "")]
        )
        done = subprocess.run(
            [layers.odoo.python, script, layers.configuration, self.database, self.address, *map(str, arguments)],
            env=environment, capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise say.Problem(f"{' '.join(map(str, arguments))} failed:\n{done.stderr[-5000:]}")
        return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def place() -> Iterator[Place]:
    """Give a place for as long as the block lasts."""
    odoo = systems.databases().odoo
    log = paths.state("log", f"bank-bench-{os.getpid()}.log")
    with company_database() as database, bank.running(
        odoo.python, settings.environment(odoo), log, "--scenario", "empty"
    ) as address:
        yield Place(database, address)
