"""What a test run stands on: a database of its own with the addon installed, and a stand-in for the bank."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import bank, cache, odoo_source, paths, postgres, processes, settings, venv
from .databases import ADDON, BASE_MODULES, MINE, Databases, addon_fingerprint

OWN = f"{MINE}_test_"  # followed by the number of the process that runs the tests


@dataclass(frozen=True)
class TestBed:
    """One run's Odoo, configuration, database and environment."""

    odoo: odoo_source.Odoo
    configuration: Path
    database: str
    environment: dict[str, str]


@contextmanager
def prepared(extra: dict[str, str], *, undoes: bool = True) -> Iterator[TestBed]:
    """Prepare a run and clear up after it.

    Databases are made in two layers that later runs copy: Odoo with its accounting, and on it the addon as it is now.
    System tests find the names of both layers in the environment and copy them as well.

    :param extra: more variables for the run's environment.
    :param undoes: whether nearly all that is written is rolled back; a benchmark commits, and is vacuumed as in life.
    """
    odoo = odoo_source.locate()
    with postgres.running("tests", odoo.python, durable=False, undoes=undoes) as database_server:
        configuration = settings.write(
            "tests", odoo, database_server, data="tests",
            options={"http_port": str(processes.free_port()), "max_cron_threads": "0"},
        )
        databases = Databases(odoo, database_server, configuration, data="tests")
        base, template, own = _prepare(databases)
        environment = {
            **settings.environment(odoo), **database_server.environment, **extra,
            "PATH": os.pathsep.join(filter(None, [str(database_server.binaries or ""), os.environ["PATH"]])),
            "QONTO_PSD2_SYNC_KEY": settings.encryption_key(),
            "QONTO_TEST_CONFIGURATION": str(configuration),
            "QONTO_TEST_BASE": base,
            "QONTO_TEST_TEMPLATE": template,
        }
        environment.pop("ODOO_RC", None)
        try:
            with _stand_in(odoo.python, environment) as addresses:
                yield TestBed(odoo, configuration, own, {**environment, **addresses})
        finally:
            databases.drop(own)


@contextmanager
def bank_alone(extra: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give the environment of a run that needs the stand-in, but no Odoo and no database."""
    environment = {**settings.plain_environment(), **extra}
    with _stand_in(venv.python(), environment) as addresses:
        yield {**environment, **addresses}


@contextmanager
def _stand_in(python: Path, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Run a stand-in and give the variables that tell tests and addon where it is."""
    log = paths.state("log", f"bank-{os.getpid()}.log")
    with bank.running(python, environment, log) as address:
        yield dict.fromkeys(("QONTO_SIMULATOR_URL", "QONTO_PSD2_SYNC_API_URL", "QONTO_PSD2_SYNC_OAUTH_URL"), address)
    log.unlink()


def _prepare(databases: Databases) -> tuple[str, str, str]:
    """Return the names of the layer without the addon, of the layer with it, and of a copy for this run."""
    own = f"{OWN}{os.getpid()}"
    with cache.locked(paths.state("postgres", "tests.databases")):
        for name in databases.server.databases():  # of runs that were killed
            if name.startswith(OWN) and not processes.is_running(int(name.removeprefix(OWN).partition("_")[0])):
                databases.drop(name)
        base = databases.layer("base", None, BASE_MODULES)
        template = databases.layer("addon", base, ADDON, content=addon_fingerprint())
        databases.copy(template, own)
    return base, template, own
