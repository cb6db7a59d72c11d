"""Processes that are started here: run to their end, or in the background until they are stopped."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import say

# To addresses of this machine, whatever proxy is configured.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def attached(command: Sequence[str | Path], environment: Mapping[str, str], cwd: Path | None = None) -> int:
    """Run a command in the foreground and return its exit status; Ctrl-C and SIGTERM are the command's to answer."""
    with subprocess.Popen([str(part) for part in command], env=environment, cwd=cwd) as process:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command as well
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


def free_port(preferred: int = 0) -> int:
    """Return a port of the loopback address that nobody listens on: the preferred one if it is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port")


def answers(url: str) -> bool:
    """Tell whether an address of this machine answers 200 now."""
    try:
        with DIRECT.open(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def launch(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, keep_open: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a process of its own session, which a Ctrl-C in the terminal does not reach.

    :param keep_open: open files that the process inherits.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, pass_fds=keep_open,
        )


def wait_until_up(process: subprocess.Popen[bytes], health: str, log: Path, *, seconds: float) -> None:
    """Wait until a process answers under its health address.

    :raise say.Problem: when it ends before, or does not answer in time.
    """
    deadline = time.monotonic() + seconds
    while not answers(health):
        if process.poll() is not None:
            raise say.Problem(f"It ended with status {process.returncode}: {log}\n{tail(log)}")
        if time.monotonic() > deadline:
            raise say.Problem(f"No answer from {health} in {seconds:.0f} s: {log}\n{tail(log)}")
        time.sleep(0.1)


def stop(pid: int, *, seconds: float = 15) -> None:
    """End a process that leads its own session, and by force what takes longer or stays behind of its children."""
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal_group(pid, signal.SIGKILL)
    while is_running(pid):
        time.sleep(0.05)


def _signal_group(pid: int, sent: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, sent)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and not merely waiting to be buried."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@dataclass(frozen=True)
class Handle:
    """A process that outlives the script which started it: its number, and when that number was given out."""

    pid: int
    began: str

    @classmethod
    def of(cls, process: subprocess.Popen[bytes]) -> "Handle":
        """Return the handle of a process that was just started."""
        return cls(process.pid, _began(process.pid))

    def is_running(self) -> bool:
        """Tell whether this very process is still there."""
        return is_running(self.pid) and _began(self.pid) == self.began

    def stop(self) -> None:
        """End the process and its children, if it is still there."""
        if self.is_running():
            stop(self.pid)


def _began(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def tail(log: Path, lines: int = 20) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


@contextmanager
def background(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, *, health: str, seconds: float = 60
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for as long as the block lasts."""
    process = launch(command, environment, log)
    try:
        wait_until_up(process, health, log, seconds=seconds)
        yield process
    finally:
        stop(process.pid)
        process.wait()
