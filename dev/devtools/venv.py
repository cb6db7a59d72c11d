"""The virtual environment: Odoo's requirements and the tools, every version pinned."""

import hashlib
import sys
import sysconfig
from pathlib import Path

from . import cache, paths, say

REQUIREMENTS = paths.DEV / "requirements.txt"


def python() -> Path:
    """Return the Python of the environment that fits `requirements.txt`, made beforehand if needed."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes() + sysconfig.get_platform().encode() + sys.version.encode())
    home = paths.cache() / f"venv-{sys.version_info.major}.{sys.version_info.minor}-{key.hexdigest()[:12]}"
    return cache.build_once(home, _build) / "bin" / "python"


def _build(home: Path) -> None:
    """Fill an environment that can be moved to another path."""
    say.step("Making the Python environment (about 250 MB, once)")
    no_venv = "python3 cannot make virtual environments. On Debian: apt-get install python3-venv"
    say.run([sys.executable, "-m", "venv", home], failure=no_venv)
    with (home / "pyvenv.cfg").open("a") as configuration:
        configuration.write("relocatable = true\n")  # uv then writes scripts that find the interpreter beside them
    interpreter = home / "bin" / "python"
    offline = "PyPI did not deliver what Python needs. Is there a network? Is a pip index configured that works?"
    pinned_uv = next(line for line in REQUIREMENTS.read_text().splitlines() if line.startswith("uv=="))
    say.run([interpreter, "-m", "pip", "install", "--quiet", pinned_uv.split()[0]], failure=offline)
    install = ["uv", "pip", "install", "--quiet", "--no-cache", "--python", interpreter, "-r", REQUIREMENTS]
    say.run([interpreter, "-m", *install], failure=offline)
