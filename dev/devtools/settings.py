"""Odoo's configuration file of this clone."""

import base64
import configparser
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from . import odoo_source, paths, postgres

ODOO_PORT = 8069
BANK_PORT = 8070


def write(
    name: str,
    odoo: odoo_source.Odoo,
    database_server: postgres.Server,
    *,
    data: str,
    bank: str = f"http://127.0.0.1:{BANK_PORT}",
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write `.dev/<name>.conf` and return its path.

    :param data: which of this clone's data directories (filestores, sessions) to use.
    :param bank: the address of the stand-in, which the addon takes for both the bank's API and its log-in pages.
    :param options: more of Odoo's options.
    """
    configuration = configparser.RawConfigParser()
    configuration["options"] = {
        "addons_path": ",".join(str(path) for path in (*odoo.addons, paths.ROOT)),
        "data_dir": str(paths.state("data", data)),
        "http_interface": "127.0.0.1",
        "http_port": str(ODOO_PORT),
        "list_db": "False",
        "max_cron_threads": "1",
        **database_server.odoo_options,
        **(options or {}),
    }
    configuration["qonto_psd2_sync"] = {"api_url": bank, "oauth_url": bank, "key": encryption_key()}
    path = paths.state(f"{name}.conf")
    unfinished = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as handle:
        configuration.write(handle)
    unfinished.rename(path)
    return path


def encryption_key() -> str:
    """Return this clone's Fernet key, made once."""
    path = paths.state("key")
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as handle:
            handle.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    except FileExistsError:
        pass
    return path.read_text()


def environment(odoo: odoo_source.Odoo) -> dict[str, str]:
    """Return the environment of every Python process here: Odoo and this clone importable, the clock in UTC."""
    return _with_path(odoo.library, paths.ROOT)


def plain_environment() -> dict[str, str]:
    """Return an environment in which this clone can be imported, but no Odoo."""
    return _with_path(paths.ROOT)


def _with_path(*folders: Path) -> dict[str, str]:
    inherited = os.environ.get("PYTHONPATH")
    search = [*map(str, folders), *([inherited] if inherited else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search), "TZ": "UTC"}
