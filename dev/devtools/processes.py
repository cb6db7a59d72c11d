"""Processes that are started here: run to their end, or in the background until they are stopped."""

import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def attached(command: Sequence[str | Path], environment: Mapping[str, str]) -> int:
    """Run a command in the foreground and return its exit status; Ctrl-C and SIGTERM are the command's to answer."""
    with subprocess.Popen([str(part) for part in command], env=environment) as process:
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
