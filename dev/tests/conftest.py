"""What system tests start from: copies of the prepared databases, Odoo servers, and stand-ins of their own."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from devtools import bank, odoo_source, paths, processes, settings, systems

collect_ignore = ["addons"]  # tests of an addon of their own, which Odoo runs in test_system_oca.py


@pytest.fixture
def started() -> Iterator[ExitStack]:
    """Hold what a test starts, and stop it in the opposite order."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_database(started: ExitStack) -> Callable[..., str]:
    """Return a function that copies the prepared database: with the addon, or `addon=False` without it."""

    def copy(*, addon: bool = True) -> str:
        layer = "QONTO_TEST_TEMPLATE" if addon else "QONTO_TEST_BASE"
        return started.enter_context(systems.copied(os.environ[layer]))

    return copy


@pytest.fixture
def odoo_server(started: ExitStack) -> Callable[..., systems.OdooServer]:
    """Return a function that starts Odoo on a database; see `systems.odoo_server` for its arguments."""

    def start(database: str, *options: str, **more: object) -> systems.OdooServer:
        return started.enter_context(systems.odoo_server(database, *options, **more))

    return start


@pytest.fixture
def new_bank(started: ExitStack) -> Callable[..., str]:
    """Return a function that starts a stand-in of the test's own and gives its address."""

    def start(*options: str) -> str:
        odoo = odoo_source.locate()
        log = paths.state("log", f"bank-{os.getpid()}-{processes.free_port()}.log")
        return started.enter_context(bank.running(odoo.python, settings.environment(odoo), log, *options))

    return start
