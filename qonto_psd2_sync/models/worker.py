# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is at work at an account or a payment order: a process of a host. A claim whose process is gone is nobody's
(design R9)."""

import os
import socket
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil


def sign() -> str:
    """Return a name for one piece of this process's work: place, process, when that began, and a nonce."""
    return "/".join((_place(), str(os.getpid()), _began(os.getpid()), uuid.uuid4().hex))


def is_gone(name: str) -> bool:
    """Whether the process that gave itself this name certainly lives no more; of another place nobody knows."""
    with suppress(ValueError):
        place, process, began, _nonce = name.rsplit("/", 3)
        return place == _place() and _began(int(process)) != began
    return False


@cache
def _place() -> str:
    """Return where this process can see which processes live: two hosts or containers may have one name."""
    marks = [socket.gethostname()]
    with suppress(OSError):
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        marks.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(marks)


def _began(process: int) -> str:
    """Return when a process began (its number is used again later); empty if there is none."""
    try:
        found = psutil.Process(process)
        return "" if found.status() == psutil.STATUS_ZOMBIE else f"{found.create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""
