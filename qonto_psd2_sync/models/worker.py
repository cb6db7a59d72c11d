# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is at work at an account or a payment order: a process of a host. A claim whose process is gone is nobody's
(design R9)."""

import os
import socket
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path


def sign() -> str:
    """Return a name for one piece of this process's work: place, process, when that began, and a nonce."""
    return "/".join((_place(), str(os.getpid()), _began(os.getpid()), uuid.uuid4().hex))


def is_gone(name: str) -> bool:
    """Whether the process that gave itself this name certainly lives no more; of another place nobody knows."""
    with suppress(ValueError, OSError):
        place, process, began, _nonce = name.rsplit("/", 3)
        return bool(place) and place == _place() and _began(int(process)) != began
    return False


@cache
def _place() -> str:
    """Return where this process can see which processes live: two hosts or containers may have one name.

    Empty on a system that does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """Return when a process began (its number is used again later); empty if it lives no more.

    In ticks since the boot, which nobody moves by setting the clock, as psutil's time is moved: proc_pid_stat(5).
    """
    try:
        facts = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, began = facts[0], facts[19]
    return "" if state in ("Z", "X") else began
