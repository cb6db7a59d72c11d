"""Where things are: the clone, its own state, and the cache that all clones share."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "dev"
STATE = ROOT / ".dev"


def cache() -> Path:
    """Return the folder shared between clones: the unpacked Odoo and the virtual environments."""
    chosen = os.environ.get("QONTO_DEV_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qonto_psd2_sync"


def state(*parts: str) -> Path:
    """Return a path of this clone's own state and make sure that its folder exists."""
    path = STATE.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
