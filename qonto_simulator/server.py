"""The process: uvicorn on one loopback socket, ended gracefully by SIGTERM."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType

import uvicorn

from .app import build_app
from .bank import Bank

# How long a request in work may still take after SIGTERM.
GRACE_SECONDS = 3


def serve(bank: Bank, host: str, port: int, log_level: str = "warning") -> None:
    """Serve until SIGTERM or SIGINT. Prints the address as soon as it can be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        config = uvicorn.Config(
            build_app(bank),
            log_level=log_level,
            access_log=log_level == "info",
            date_header=False,  # the bank's clock, not the machine's
            server_header=False,
            lifespan="off",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"qonto_simulator (stand-in, not Qonto) at http://{shown}:{listener.getsockname()[1]}" + "\n")
        sys.stdout.flush()
        # uvicorn finishes what is in work, then raises the signal again for this handler.
        signal.signal(signal.SIGTERM, _leave)
        uvicorn.Server(config).run(sockets=[listener])


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
