"""The stand-in for the bank, as a process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import processes


def command(python: Path, port: int, *options: str) -> list[str | Path]:
    """Return the command that starts the stand-in on a port of the loopback address."""
    return [python, "-m", "qonto_simulator", "--port", str(port), *options]


def health(port: int) -> str:
    """Return the address that answers 200 once the stand-in is ready."""
    return f"http://127.0.0.1:{port}/_control/health"


@contextmanager
def running(python: Path, environment: Mapping[str, str], log: Path, *options: str) -> Iterator[str]:
    """Run a stand-in on a free port for as long as the block lasts, and give its address."""
    port = processes.free_port()
    with processes.background(command(python, port, *options), environment, log, health=health(port)):
        yield f"http://127.0.0.1:{port}"
