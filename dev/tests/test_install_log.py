"""Installing the addon and starting a server with it says nothing that would worry anybody."""

from collections.abc import Callable
from pathlib import Path

from devtools import systems

# Odoo itself says this on every machine where root starts it; containers and CI do.
ROOT_WARNING = "Running as user 'root' is a security risk."


def _about_the_addon(log: str) -> list[str]:
    return [complaint for complaint in systems.complaints(log) if ROOT_WARNING not in complaint]


def test_installing_on_an_existing_database_logs_no_warning(new_database: Callable[..., str]) -> None:
    log = systems.run_odoo(new_database(addon=False), "-i", "qonto_psd2_sync", "--stop-after-init", "--no-http")
    assert "Module qonto_psd2_sync loaded" in log
    assert _about_the_addon(log) == []


def test_updating_logs_no_warning(new_database: Callable[..., str]) -> None:
    log = systems.run_odoo(new_database(), "-u", "qonto_psd2_sync", "--stop-after-init", "--no-http")
    assert "Module qonto_psd2_sync loaded" in log
    assert _about_the_addon(log) == []


def test_a_server_starts_without_a_warning(
    new_database: Callable[..., str], odoo_server: Callable[..., systems.OdooServer]
) -> None:
    server = odoo_server(new_database(), "--max-cron-threads=1")
    log = Path(server.log).read_text()
    assert "Registry loaded" in log
    assert _about_the_addon(log) == []
