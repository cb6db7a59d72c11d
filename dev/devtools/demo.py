"""The demo: two servers in the background, which stay after the script has ended."""

import json
import urllib.request
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from . import bank, cache, odoo_source, paths, postgres, processes, say, settings
from .checking.web import WebClient
from .databases import ADDON, BASE_MODULES, Databases, addon_fingerprint

DATABASE = "qonto_demo"
DIRECTOR = "chef"  # log-in and password
STATE = paths.STATE / "demo.json"
BANK_STATE = paths.STATE / "bank.json"
LOCK = paths.STATE / "demo.lock"
CALLBACK = "/qonto_psd2_sync/oauth/callback"
ODOO_LOG = "demo-odoo.log"
BANK_LOG = "demo-bank.log"
SHEET = """
Odoo 19            {odoo}
  managing director  log-in chef, password chef
  bookkeeper         log-in buchhaltung, password buchhaltung
The bank           {bank}   (stand-in, not Qonto)
{members}

Begin in Odoo as chef: on the dashboard, the card of the bank journal has "Qonto verbinden" (Connect Qonto).
Stop: ./dev/demo --stop      Start anew: ./dev/demo --reset
"""


@dataclass(frozen=True)
class Running:
    """Where the demo runs: the servers' addresses and processes. While it starts, Odoo's are still missing."""

    bank: str
    bank_process: processes.Handle
    odoo: str = ""
    odoo_process: processes.Handle | None = None

    def answers(self) -> bool:
        """Tell whether both servers are there."""
        return (
            self.odoo_process is not None
            and self.odoo_process.is_running()
            and self.bank_process.is_running()
            and processes.answers(f"{self.odoo}/web/login")
            and processes.answers(bank.health(self.bank))
        )

    def sheet(self) -> str:
        """Return what a newcomer needs: addresses and log-ins."""
        state = _ask(f"{self.bank}/_control/state")
        first = state["organizations"][0]["id"]
        members = "\n".join(
            f"  {member['role']:<18} log-in {member['email']}, password {member['password']}"
            for member in state["members"] if member["organization_id"] == first
        )
        return SHEET.format(odoo=self.odoo, bank=self.bank, members=members)


def running() -> Running | None:
    """Return where the demo was left running, if it was."""
    try:
        left = json.loads(STATE.read_text())
    except FileNotFoundError:
        return None
    for name in ("odoo_process", "bank_process"):
        left[name] = left[name] and processes.Handle(**left[name])
    return Running(**left)


def start() -> Running:
    """Start the demo unless it runs; set it up or bring it up to date beforehand where needed."""
    with cache.locked(LOCK):
        left = running()
        if left and left.answers():
            return left
        _end(left)
        odoo = odoo_source.locate()
        with postgres.running("demo", odoo.python, durable=True) as database_server:
            return _start(odoo, database_server)


def stop() -> None:
    """Stop both servers, and the database server when nobody else uses it."""
    with cache.locked(LOCK):
        _end(running())
        odoo = odoo_source.locate()
        with postgres.running("demo", odoo.python, durable=True):
            pass  # the last one to leave stops it


def reset() -> None:
    """Stop the demo and throw its data away."""
    with cache.locked(LOCK):
        _end(running())
        odoo = odoo_source.locate()
        with postgres.running("demo", odoo.python, durable=True) as database_server:
            configuration = settings.write("demo", odoo, database_server, data="demo")
            Databases(odoo, database_server, configuration, data="demo").drop(DATABASE)
        BANK_STATE.unlink(missing_ok=True)


def _start(odoo: odoo_source.Odoo, database_server: postgres.Server) -> Running:
    try:
        left = _start_bank(odoo)
        odoo_port = processes.free_port(settings.ODOO_PORT)
        configuration = settings.write(
            "demo", odoo, database_server, data="demo", bank=left.bank,
            options={
                "http_port": str(odoo_port), "gevent_port": str(processes.free_port()), "db_name": DATABASE,
                "dbfilter": f"^{DATABASE}$", "max_cron_threads": "2",
            },
        )
        _prepare(Databases(odoo, database_server, configuration, data="demo"), left.bank)
        left = replace(left, odoo=f"http://127.0.0.1:{odoo_port}")
        introduce(database_server, DATABASE, left.odoo, left.bank)
        left = _start_odoo(odoo, configuration, left)
        if not database_server.query("SELECT 1 FROM qonto_application LIMIT 1", DATABASE):
            register_app(left.odoo, DATABASE, left.bank)
        return left
    except BaseException:
        _end(running())
        raise


def _start_bank(odoo: odoo_source.Odoo) -> Running:
    say.step("Starting the stand-in for the bank")
    port = processes.free_port(settings.BANK_PORT)
    address, log = f"http://127.0.0.1:{port}", paths.state("log", BANK_LOG)
    command = bank.command(odoo.python, port, "--state-file", str(BANK_STATE))
    process = processes.launch(command, settings.environment(odoo), log)
    left = _kept(Running(address, processes.Handle.of(process)))
    processes.wait_until_up(process, bank.health(address), log, seconds=60)
    return left


def _start_odoo(odoo: odoo_source.Odoo, configuration: Path, left: Running) -> Running:
    say.step("Starting Odoo")
    log = paths.state("log", ODOO_LOG)
    with postgres.kept_running("demo") as kept:
        command = [odoo.python, odoo.server, "-c", configuration]
        process = processes.launch(command, settings.environment(odoo), log, keep_open=kept)
    left = _kept(replace(left, odoo_process=processes.Handle.of(process)))
    processes.wait_until_up(process, f"{left.odoo}/web/login", log, seconds=120)
    return left


def _prepare(databases: Databases, bank_address: str) -> None:
    """Make the demo's database, or update the addon in it when its files have changed."""
    server, fingerprint = databases.server, addon_fingerprint()
    if DATABASE not in server.databases():
        unfinished = f"unfinished_{DATABASE}"
        databases.drop(unfinished)
        make_books(databases, unfinished, bank_address)
        databases.rename(unfinished, DATABASE)
    elif fingerprint not in server.query(
        f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608
    ):
        say.step("Updating the addon")
        databases.install(DATABASE, "-u", ADDON)
    else:
        return
    server.query(f"COMMENT ON DATABASE {DATABASE} IS '{fingerprint}'")


def make_books(databases: Databases, database: str, bank_address: str) -> None:
    """Make a database with the addon and the demo company's books, which belong to a stand-in's transactions."""
    base = databases.layer("demo_base", None, BASE_MODULES, "--load-language=de_DE")
    say.step("Installing the addon and the demo company's books")
    databases.copy(base, database)
    databases.install(database, "-i", ADDON)
    say.run(
        [databases.odoo.python, paths.DEV / "demo_data.py", databases.configuration, database, bank_address],
        env=settings.environment(databases.odoo), failure="The demo's data could not be made.",
    )


def introduce(database_server: postgres.Server, database: str, address: str, bank_address: str) -> None:
    """Tell Odoo its own address, and the bank where to send people back to."""
    for key, value in (("web.base.url", address), ("web.base.url.freeze", "True")):
        database_server.query(
            f"INSERT INTO ir_config_parameter (key, value) VALUES ('{key}', '{value}') "  # noqa: S608
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            database,
        )
    _ask(f"{bank_address}/_control/clients", {"redirect_uris": [address + CALLBACK]})


def register_app(address: str, database: str, bank_address: str) -> None:
    """Enter the app's credentials in Odoo, as the managing director would copy them from the developer portal.

    Not before the database has its last name: what is encrypted is bound to it.
    """
    client = _ask(f"{bank_address}/_control/state")["client"]
    odoo = WebClient(address, database, DIRECTOR, DIRECTOR)
    credentials = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    odoo.call("qonto.application", "create", [{"environment": "own", **credentials}])


def _kept(left: Running) -> Running:
    """Write down at once what was started, so that a later call can stop it whatever happens to this one."""
    unfinished = STATE.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(left)))
    unfinished.rename(STATE)
    return left


def _end(left: Running | None) -> None:
    """Stop what was left running; a number that now belongs to somebody else's process is not touched."""
    if left:
        say.step("Stopping")
        for process in (left.odoo_process, left.bank_process):
            if process:
                process.stop()
        STATE.unlink()


def _ask(address: str, body: dict[str, object] | None = None) -> dict:
    request = urllib.request.Request(address, headers={"Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body).encode()
    with processes.DIRECT.open(request, timeout=30) as response:
        return json.load(response)
