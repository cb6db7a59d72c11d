"""Prepared databases in layers: each is a copy of the one below with more modules, made once for what goes into it."""

import hashlib
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, paths, postgres, say, settings

ADDON = "qonto_psd2_sync"
BASE_MODULES = "account,l10n_de,base_iban"
NOT_INSTALLED = {"tests", "__pycache__"}  # folders whose files leave no trace in a database
# No other clone's databases, nor anybody's else, may be taken for ours on a server that several use.
MINE = "qonto_" + hashlib.sha256(f"{platform.node()}:{paths.ROOT}".encode()).hexdigest()[:6]
KEPT = 3  # layers of a kind: a run that began before the last changes still copies its own


@dataclass(frozen=True)
class Databases:
    """The databases of one cluster, with the files that Odoo keeps for each.

    :ivar data: which of this clone's data directories has the files.
    """

    odoo: odoo_source.Odoo
    server: postgres.Server
    configuration: Path
    data: str

    def layer(self, kind: str, source: str | None, modules: str, *options: str, content: str = "") -> str:
        """Return the name of a database with these modules, made beforehand unless it is there.

        :param kind: what the layer is called.
        :param source: the layer below.
        :param options: more of Odoo's options for the installation.
        :param content: what else decides whether an existing one still fits.
        """
        key = hashlib.sha256("\0".join([self.odoo.identity, source or "", modules, *options, content]).encode())
        name = f"{MINE}_{kind}_{key.hexdigest()[:10]}"
        if name not in self._made(kind):
            say.step(f"Installing {modules.replace(',', ', ')} (once; it can take a minute)")
            unfinished = f"{MINE}_unfinished_{kind}"
            self.drop(unfinished)
            if source:
                self.copy(source, unfinished)
            self.install(unfinished, "-i", modules, *options)
            self.rename(unfinished, name)
            for older in self._made(kind)[KEPT:]:
                self.drop(older)
        return name

    def _made(self, kind: str) -> list[str]:
        """Return the layers of a kind, the newest first."""
        newest_first = self.server.query("SELECT datname FROM pg_database ORDER BY oid DESC")
        return [name for name in newest_first if name.startswith(f"{MINE}_{kind}_")]

    def install(self, database: str, *options: str) -> None:
        """Run Odoo's installation or update (`-i` or `-u` with the modules) on a database."""
        say.run(
            [
                self.odoo.python, self.odoo.server, "-c", self.configuration, "-d", database, *options,
                "--stop-after-init", "--no-http", "--log-level=warn",
            ],
            env=settings.environment(self.odoo), failure=f"Odoo failed at: {' '.join(options)}",
        )
        installed = self.server.query("SELECT name FROM ir_module_module WHERE state = 'installed'", database)
        if not set(options[1].split(",")) <= set(installed):
            raise say.Problem(f"Odoo did not install {options[1]}. What it says: ./dev/odoo -d NAME -i {options[1]}")

    def copy(self, source: str, target: str) -> None:
        """Copy a database and its files."""
        self.server.copy(source, target)
        files = self.files(source)
        if files.exists():
            shutil.copytree(files, self.files(target), dirs_exist_ok=True)

    def rename(self, source: str, target: str) -> None:
        """Give a database that nobody uses another name."""
        self.server.query(f'ALTER DATABASE "{source}" RENAME TO "{target}"')
        if self.files(source).exists():
            self.files(source).rename(self.files(target))

    def drop(self, database: str) -> None:
        """Drop a database and its files."""
        self.server.drop(database)
        shutil.rmtree(self.files(database), ignore_errors=True)

    def files(self, database: str) -> Path:
        """Return the folder of a database's attachments."""
        return paths.state("data", self.data, "filestore") / database


def addon_fingerprint() -> str:
    """Return a digest of the addon's files as far as they matter to an installed database."""
    digest = hashlib.sha256()
    for path in sorted((paths.ROOT / ADDON).rglob("*")):
        if path.is_file() and not NOT_INSTALLED & set(path.parts):
            digest.update(f"{path.relative_to(paths.ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
