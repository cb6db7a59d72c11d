"""How the scripts talk: progress on standard error, and problems that name the way out."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_STARTED = time.monotonic()


class Problem(Exception):
    """Something that the person at the keyboard has to know: what happened, and what to do."""


def step(text: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path],
    *,
    failure: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
) -> str:
    """Run a command to its end without showing its output.

    :param failure: what to say when the command fails; its last lines are added.
    :param user: the system user to run as, for a caller that is root.
    :return: the standard output.
    :raise Problem: when the command is missing or fails.
    """
    as_user = {"user": user, "group": user, "extra_groups": []} if user else {}
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            env=env, cwd=cwd, check=False, **as_user,
        )
    except FileNotFoundError as error:
        raise Problem(f"{failure}\n{command[0]} is not installed.") from error
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Problem(f"{failure}\n{tail}")
    return done.stdout


def main(entry: Callable[[list[str]], int]) -> None:
    """Run a script's entry point and turn its ending into an exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        sys.exit(entry(sys.argv[1:]))
    except Problem as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit(130)
