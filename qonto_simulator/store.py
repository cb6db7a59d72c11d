"""Tables in memory; with a state file each change also lands on disk before the answer leaves.

The file is an SQLite database with one row a record (JSON). A commit writes only what changed, in
one transaction, so it is atomic and stays cheap with tens of thousands of bank transactions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from . import codec, model
from .payments import records
from .policy import Policy

T = TypeVar("T")


class Table(Generic[T]):
    """Records of one kind by key. ``save`` after every change of a record."""

    def __init__(self, name: str, kind: type[T], key: str) -> None:
        self.name, self.kind, self.key = name, kind, key
        self.rows: dict[str, T] = {}
        self.changed: dict[str, None] = {}  # a set that keeps order
        self.cleared = False

    def save(self, record: T) -> T:
        key = getattr(record, self.key)
        self.rows[key] = record
        self.changed[key] = None
        return record

    def delete(self, key: str) -> None:
        if self.rows.pop(key, None) is not None:
            self.changed[key] = None

    def clear(self) -> None:
        self.rows.clear()
        self.changed.clear()
        self.cleared = True

    def get(self, key: str) -> T | None:
        return self.rows.get(key)

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)


class Store:
    """All that the stand-in remembers."""

    def __init__(self, path: Path | None = None) -> None:
        self.clock: Table[model.ClockRow] = Table("clock", model.ClockRow, "id")
        self.settings: Table[model.Settings] = Table("settings", model.Settings, "id")
        self.policy: Table[Policy] = Table("policy", Policy, "id")
        self.organizations = Table("organization", model.Organization, "id")
        self.users = Table("user", model.User, "email")
        self.memberships = Table("membership", model.Membership, "id")
        self.accounts = Table("account", model.Account, "id")
        self.labels = Table("label", model.Label, "id")
        self.transactions = Table("transaction", model.Transaction, "id")
        self.documents = Table("document", model.Document, "id")
        self.partners = Table("partner", model.Partner, "id")
        self.clients = Table("client", model.Client, "client_id")
        self.authorizations = Table("authorization", model.Authorization, "challenge")
        self.codes = Table("code", model.Code, "code")
        self.grants = Table("grant", model.Grant, "id")
        self.tokens = Table("token", model.Token, "value")
        self.faults = Table("fault", model.Fault, "id")
        self.phones = Table("phone", records.Phone, "email")
        self.sca_sessions = Table("sca_session", records.ScaSession, "token")
        self.reading_sca = Table("reading_sca", records.ReadingSca, "membership_id")
        self.beneficiaries = Table("beneficiary", records.Beneficiary, "id")
        self.payees = Table("payee", records.Payee, "iban")
        self.proofs = Table("proof", records.Proof, "token")
        self.transfers = Table("transfer", records.Transfer, "id")
        self.bulks = Table("bulk", records.Bulk, "id")
        self.internal_transfers = Table("internal_transfer", records.InternalTransfer, "id")
        self.attachments = Table("attachment", records.Attachment, "id")
        self.stored_answers = Table("stored_answer", records.StoredAnswer, "key")
        self._disk = self._open(path) if path else None
        if self._disk:
            self._load(self._disk)

    @property
    def tables(self) -> list[Table[Any]]:
        return [value for value in vars(self).values() if isinstance(value, Table)]

    @property
    def empty(self) -> bool:
        return not len(self.settings)

    def clear(self) -> None:
        for table in self.tables:
            table.clear()

    def commit(self) -> None:
        """Write what changed since the last commit, all or nothing."""
        changed = [table for table in self.tables if table.changed or table.cleared]
        if self._disk and changed:
            with self._disk:
                for table in changed:
                    self._write(self._disk, table)
        for table in changed:
            table.changed.clear()
            table.cleared = False

    def close(self) -> None:
        if self._disk:
            self.commit()
            self._disk.close()
            self._disk = None

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        disk = sqlite3.connect(path, check_same_thread=False)
        path.chmod(0o600)
        # A killed process loses nothing that was committed: what the kernel has, it keeps. Only a
        # power cut could, and for that a stand-in need not wait for the disk at every request.
        disk.execute("PRAGMA synchronous=OFF")
        disk.execute(
            "CREATE TABLE IF NOT EXISTS record"
            " (place INTEGER PRIMARY KEY, kind TEXT, key TEXT, value TEXT, UNIQUE (kind, key))"
        )
        return disk

    @staticmethod
    def _write(disk: sqlite3.Connection, table: Table[Any]) -> None:
        if table.cleared:
            disk.execute("DELETE FROM record WHERE kind = ?", (table.name,))
        kept = [key for key in table.changed if key in table.rows]
        put = [(table.name, key, codec.dumps(table.rows[key])) for key in kept]
        gone = [(table.name, k) for k in table.changed if k not in table.rows]
        disk.executemany(
            "INSERT INTO record (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            put,
        )
        disk.executemany("DELETE FROM record WHERE kind = ? AND key = ?", gone)

    def _load(self, disk: sqlite3.Connection) -> None:
        by_name = {table.name: table for table in self.tables}
        rows = disk.execute("SELECT kind, key, value FROM record ORDER BY place")
        for kind, key, value in rows:
            if (table := by_name.get(kind)) is not None:
                table.rows[key] = codec.loads(table.kind, value)
