# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Encryption of the secrets that rest in the database.

The key is never in the database. It comes from the server's configuration (``server_config``),
else from a file of mode 0600 in Odoo's data directory, made once; several hosts must share it.
From the key and the seal (database name and uuid) a key of this very database is derived: a copy
under another name or uuid reads nothing (design, rule R13).
"""

import base64
import logging
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from odoo.tools import config

from .server_config import option_source, server_option

_logger = logging.getLogger(__name__)

KEY_FILE = "qonto_psd2_sync.key"
MIN_KEY_LENGTH = 32


class VaultError(Exception):
    """A secret can't be sealed or opened here and now; nothing was lost."""


class VaultKeyMissing(VaultError):
    """No usable key: none is configured, and the key file can't be made or read."""


class SealBroken(VaultError):
    """The secret was sealed under another key, or for another database (a copy)."""


def key_file_path() -> Path:
    """Path of the key file: in the data directory, outside ``filestore``, so no dump carries it."""
    return Path(config["data_dir"]) / KEY_FILE


def key_source() -> str:
    """Where the key in force comes from: ``environment``, ``file`` (configuration) or ``data_dir``."""
    return option_source("key") or "data_dir"


def _make_key_file(path: Path) -> None:
    """Write a new key; of two processes that try at once one wins and both use its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:  # mkstemp makes mode 0600
            stream.write(secrets.token_urlsafe(48))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):  # an exclusive create, and whole at once
            os.link(temporary, path)
            _logger.info("Made the encryption key file %s", path)
    finally:
        Path(temporary).unlink()


def master_keys() -> list[str]:
    """Return the configured keys, newest first.

    :raise VaultKeyMissing: no key is configured and the key file is out of reach
    """
    configured = server_option("key")
    if not configured:
        path = key_file_path()
        try:
            if not path.exists():
                _make_key_file(path)
            configured = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise VaultKeyMissing(f"key file {path}: {error}") from error
    keys = [key.strip() for key in configured.split(",") if key.strip()]
    if not keys:
        raise VaultKeyMissing("the key is empty")
    if any(len(key) < MIN_KEY_LENGTH for key in keys):
        raise VaultKeyMissing(f"a key is shorter than {MIN_KEY_LENGTH} characters")
    return keys


class Vault:
    """Seals and opens texts for one database.

    :param list keys: master keys, newest first; the first one seals, all open
    :param str seal: what the secrets are bound to
    """

    def __init__(self, keys: list[str], seal: str):
        self._fernet = MultiFernet([self._derive(key, seal) for key in keys])

    @staticmethod
    def _derive(key: str, seal: str) -> Fernet:
        material = HKDF(
            algorithm=hashes.SHA256(),
            length=32,
            salt=None,
            info=b"qonto_psd2_sync\x00" + seal.encode(),
        ).derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(material))

    def seal(self, text: str) -> str:
        """Return ``text`` encrypted, as printable ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the text that was sealed.

        :raise SealBroken: sealed under another key or for another database
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealBroken("sealed under another key or for another database") from error


def vault_of(env) -> Vault:
    """Return the vault of the environment's database.

    :raise VaultKeyMissing: see :func:`master_keys`
    """
    uuid = env["ir.config_parameter"].sudo().get_param("database.uuid")
    return Vault(master_keys(), f"{env.cr.dbname}\x00{uuid}")
