"""Servers and books for one check, made for it and thrown away after it: a running demo is not disturbed."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

from .. import bank, cache, demo, odoo_source, paths, postgres, processes, say, settings
from ..databases import Databases, addon_fingerprint
from .journey import Site

KIND = "books"
KEPT = 2


@contextmanager
def temporary() -> Iterator[Site]:
    """Run a stand-in and an Odoo with the demo company's books for as long as the block lasts."""
    odoo = odoo_source.locate()
    name = f"check_{os.getpid()}"
    environment = settings.environment(odoo)
    bank_log, odoo_log = (paths.state("log", f"{name}-{part}.log") for part in ("bank", "odoo"))
    bank_state = paths.state("check", f"{name}.sqlite")
    with postgres.running("tests", odoo.python, durable=False) as database_server:
        configuration = settings.write(name, odoo, database_server, data="tests")
        databases = Databases(odoo, database_server, configuration, data="tests")
        try:
            books, books_state = _books(databases)
            databases.copy(books, name)
            shutil.copy(books_state, bank_state)
            with bank.running(odoo.python, environment, bank_log, "--state-file", str(bank_state)) as bank_address:
                port = processes.free_port()
                address = f"http://127.0.0.1:{port}"
                settings.write(
                    name, odoo, database_server, data="tests", bank=bank_address,
                    options={
                        "http_port": str(port), "gevent_port": str(processes.free_port()), "db_name": name,
                        "dbfilter": f"^{name}$", "max_cron_threads": "0",
                    },
                )
                demo.introduce(database_server, name, address, bank_address)
                say.step("Starting Odoo")
                command = [odoo.python, odoo.server, "-c", configuration]
                with processes.background(command, environment, odoo_log, health=f"{address}/web/login", seconds=120):
                    demo.register_app(address, name, bank_address)
                    yield Site(address, bank_address, name, query=partial(database_server.query, database=name))
        finally:
            databases.drop(name)
            for path in (configuration, bank_state):
                path.unlink(missing_ok=True)
    bank_log.unlink()
    odoo_log.unlink()


def _books(databases: Databases) -> tuple[str, Path]:
    """Return the company's books and the stand-in's state that belongs to them, made once a day and version."""
    name = f"{KIND}_{_fingerprint()}"
    state = paths.state("check", f"{name}.sqlite")
    with cache.locked(paths.state("check", "books.lock")):
        if name in databases.server.databases() and state.exists():
            return name, state
        unfinished, unfinished_state = f"unfinished_{KIND}", state.with_name(f"unfinished_{KIND}.sqlite")
        databases.drop(unfinished)
        unfinished_state.unlink(missing_ok=True)
        environment = settings.environment(databases.odoo)
        log = paths.state("log", f"{name}-bank.log")
        with bank.running(
            databases.odoo.python, environment, log, "--state-file", str(unfinished_state)
        ) as bank_address:
            settings.write(
                databases.configuration.stem, databases.odoo, databases.server, data=databases.data, bank=bank_address
            )
            demo.make_books(databases, unfinished, bank_address)
        log.unlink()
        databases.drop(name)
        unfinished_state.rename(state)
        databases.rename(unfinished, name)
        _drop_older(databases)
        return name, state


def _drop_older(databases: Databases) -> None:
    newest_first = databases.server.query(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{KIND}\\_%' ORDER BY oid DESC"  # noqa: S608
    )
    for older in newest_first[KEPT:]:
        databases.drop(older)
        paths.state("check", f"{older}.sqlite").unlink(missing_ok=True)


def _fingerprint() -> str:
    """Return a digest of all that decides what the books look like; they hang on today's date."""
    digest = hashlib.sha256(f"{date.today()}\0{addon_fingerprint()}".encode())
    for path in [paths.DEV / "demo_data.py", *sorted((paths.ROOT / "qonto_simulator").rglob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
