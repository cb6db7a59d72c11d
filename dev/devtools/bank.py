"""The stand-in for the bank, as a process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import processes


def command(python: Path, port: int, *options: str) -> list[str | Path]:
    """Return the command that starts the stand-in on a port of the loopback address."""
    return [python, "-m", "qonto_simulator", "--port", str(port), *options]


def health(address: str) -> str:
    """Return the page of a stand-in that answers 200 once it is ready."""
    return f"{address}/_control/health"


@contextmanager
def running(python: Path, environment: Mapping[str, str], log: Path, *options: str) -> Iterator[str]:
    """Run a stand-in on a free port for as long as the block lasts, and give its address."""
    port = processes.free_port()
    address = f"http://127.0.0.1:{port}"
    with processes.background(command(python, port, *options), environment, log, health=health(address)):
        yield address
