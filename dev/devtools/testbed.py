"""What a test run stands on: a database of its own with the addon installed, and a stand-in for the bank."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import bank, cache, odoo_source, paths, postgres, processes, say, settings

ADDON = "qonto_psd2_sync"
BASE_MODULES = "account,l10n_de,base_iban"
NOT_INSTALLED = {"tests", "static", "__pycache__"}  # folders whose files leave no trace in a database


@dataclass(frozen=True)
class TestBed:
    """One run's Odoo, configuration, database and environment."""

    odoo: odoo_source.Odoo
    configuration: Path
    database: str
    environment: dict[str, str]


@contextmanager
def prepared(extra: dict[str, str]) -> Iterator[TestBed]:
    """Prepare a run and clear up after it.

    Databases are made in two layers that later runs copy: Odoo with its accounting, and on it the addon as it is now.
    System tests find the names of both layers in the environment and copy them as well.

    :param extra: more variables for the run's environment.
    """
    odoo = odoo_source.locate()
    with postgres.running("tests", odoo.python, durable=False) as database_server:
        configuration = settings.write(
            "tests", odoo, database_server, data="tests",
            options={"http_port": str(processes.free_port()), "max_cron_threads": "0"},
        )
        databases = Databases(odoo, database_server, configuration)
        base, template, own = databases.prepare()
        environment = {
            **settings.environment(odoo), **database_server.environment, **extra,
            "PATH": os.pathsep.join(filter(None, [str(database_server.binaries or ""), os.environ["PATH"]])),
            "QONTO_PSD2_SYNC_KEY": settings.encryption_key(),
            "QONTO_TEST_CONFIGURATION": str(configuration),
            "QONTO_TEST_BASE": base,
            "QONTO_TEST_TEMPLATE": template,
        }
        environment.pop("ODOO_RC", None)
        log = paths.state("log", f"bank-{own}.log")
        try:
            with bank.running(odoo.python, environment, log) as address:
                addresses = ("QONTO_SIMULATOR_URL", "QONTO_PSD2_SYNC_API_URL", "QONTO_PSD2_SYNC_OAUTH_URL")
                environment |= dict.fromkeys(addresses, address)
                yield TestBed(odoo, configuration, own, environment)
            log.unlink()
        finally:
            databases.drop(own)


@dataclass(frozen=True)
class Databases:
    """The layers of prepared databases in the tests' cluster."""

    odoo: odoo_source.Odoo
    server: postgres.Server
    configuration: Path

    def prepare(self) -> tuple[str, str, str]:
        """Return the names of the base layer, of the layer with the addon, and of a copy for this run."""
        base = f"base_{_digest(self.odoo.identity, BASE_MODULES)}"
        template = f"addon_{_digest(base, addon_fingerprint())}"
        own = f"test_{os.getpid()}"
        with cache.locked(paths.state("postgres", "databases.lock")):
            self._drop_abandoned()
            if base not in self.server.databases():
                say.step("Preparing a database with Odoo's accounting (about a minute, once)")
                self._build(base, None, BASE_MODULES)
            if template not in self.server.databases():
                say.step("Installing the addon")
                self._build(template, base, ADDON)
                for older in self.server.databases():
                    if older.startswith("addon_") and older != template:
                        self.drop(older)
            self.copy(template, own)
        return base, template, own

    def copy(self, source: str, target: str) -> None:
        """Copy a database and its files."""
        self.server.copy(source, target)
        files = self.filestore(source)
        if files.exists():
            shutil.copytree(files, self.filestore(target), dirs_exist_ok=True)

    def drop(self, database: str) -> None:
        """Drop a database and its files."""
        self.server.drop(database)
        shutil.rmtree(self.filestore(database), ignore_errors=True)

    def filestore(self, database: str) -> Path:
        """Return the folder of a database's attachments."""
        return paths.state("data", "tests") / "filestore" / database

    def _build(self, name: str, source: str | None, modules: str) -> None:
        """Make a database under a passing name, so that an interrupted one is never taken for whole."""
        unfinished = f"unfinished_{name}"
        self.drop(unfinished)
        if source:
            self.copy(source, unfinished)
        say.run(
            [
                self.odoo.python, self.odoo.server, "-c", self.configuration, "-d", unfinished, "-i", modules,
                "--stop-after-init", "--no-http", "--log-level=warn",
            ],
            env=settings.environment(self.odoo), failure=f"Odoo could not install {modules}.",
        )
        installed = self.server.query("SELECT name FROM ir_module_module WHERE state = 'installed'", unfinished)
        if not set(modules.split(",")) <= set(installed):
            raise say.Problem(f"Odoo did not install {modules}. What it says: ./dev/odoo -d NAME -i {modules}")
        self.server.query(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
        if self.filestore(unfinished).exists():
            self.filestore(unfinished).rename(self.filestore(name))

    def _drop_abandoned(self) -> None:
        """Drop the copies of runs that were killed."""
        for name in self.server.databases():
            kind, _, pid = name.partition("_")
            if kind == "test" and not processes.is_running(int(pid.partition("_")[0])):
                self.drop(name)


def addon_fingerprint() -> str:
    """Return a digest of the addon's files as far as they matter to an installed database."""
    digest = hashlib.sha256()
    for path in sorted((paths.ROOT / ADDON).rglob("*")):
        if path.is_file() and not NOT_INSTALLED & set(path.parts):
            digest.update(f"{path.relative_to(paths.ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
