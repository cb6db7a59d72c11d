"""The browser that tests drive: Debian's chromium."""

import os
import shutil

from . import say

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")  # as Odoo's tests look for it
# It speaks with this machine only.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """Return the browser's path, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure() -> None:
    """Install a browser if there is none, or say how to."""
    if executable():
        return
    advice = "The tests need a browser. On Debian: apt-get install chromium"
    if os.geteuid() or not shutil.which("apt-get"):
        raise say.Problem(advice)
    say.step("Installing chromium for the tests")
    say.run(["apt-get", "update"], failure=advice)
    say.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, failure=advice,
    )
