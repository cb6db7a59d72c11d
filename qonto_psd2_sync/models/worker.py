# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is at work at an account or a payment order: a process of a host. A claim whose process is gone is nobody's
(design R9)."""

import os
import socket
import uuid
from contextlib import suppress

import psutil


def sign() -> str:
    """Return a name for one piece of this process's work: host, process, when that began, and a nonce."""
    return "/".join((socket.gethostname(), str(os.getpid()), _began(os.getpid()), uuid.uuid4().hex))


def is_gone(name: str) -> bool:
    """Whether the process that gave itself this name certainly lives no more; of another host nobody knows."""
    with suppress(ValueError):
        host, process, began, _nonce = name.rsplit("/", 3)
        return host == socket.gethostname() and _began(int(process)) != began
    return False


def _began(process: int) -> str:
    """Return when a process began (its number is used again later); empty if there is none."""
    try:
        found = psutil.Process(process)
        return "" if found.status() == psutil.STATUS_ZOMBIE else f"{found.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
