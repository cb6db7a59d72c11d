"""Things that take long to make, made once: all or nothing, by one process at a time."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; the system lets go of it even when the holder is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build_once(target: Path, build: Callable[[Path], None]) -> Path:
    """Return `target`, built beforehand if it is not there yet.

    `build` fills another folder beside the target, which gets the target's name when it is whole: an interrupted
    build leaves nothing that looks finished, and a second process waits for the first.
    """
    if target.exists():
        return target
    with locked(target.with_name(f"{target.name}.lock")):
        if target.exists():
            return target
        unfinished = target.with_name(f"{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        build(unfinished)
        unfinished.rename(target)
    return target
