"""OCA's addons: for running beside ours, never part of it."""

import hashlib
from pathlib import Path

from . import cache, paths, say, venv

REQUIREMENTS = paths.DEV / "oca-requirements.txt"


def addons() -> Path:
    """Return a folder for Odoo's addons path with the pinned addons, made once."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    return cache.build_once(paths.cache() / f"oca-{key}", _build) / "odoo" / "addons"


def _build(home: Path) -> None:
    say.step("Fetching OCA's addons (1 MB, once)")
    install = ["uv", "pip", "install", "--quiet", "--no-cache", "--no-deps", "--target", home, "-r", REQUIREMENTS]
    offline = "PyPI did not deliver OCA's addons. Is there a network? Is a pip index configured that works?"
    say.run([venv.python(), "-m", *install], failure=offline)
