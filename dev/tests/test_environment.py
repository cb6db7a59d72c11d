"""Setting up survives interruptions, and says what is missing and how to get it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devtools import cache, odoo_source, paths, say, testing


def test_an_interrupted_build_is_made_anew(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    target = tmp_path / "thing"
    with pytest.raises(KeyboardInterrupt):
        cache.build_once(target, interrupted)
    assert not target.exists()
    cache.build_once(target, lambda folder: (folder / "whole").touch())
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_a_build_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, pathlib\n"
        f"sys.path.insert(0, {str(paths.DEV)!r})\n"
        "from devtools import cache\n"
        "def build(folder):\n"
        "    (folder / 'half').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"cache.build_once(pathlib.Path({str(tmp_path / 'thing')!r}), build)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode < 0
    target = cache.build_once(tmp_path / "thing", lambda folder: (folder / "whole").touch())
    assert [path.name for path in target.iterdir()] == ["whole"]


def test_two_at_once_build_one_after_the_other(tmp_path: Path) -> None:
    builds: list[Path] = []
    threads = [
        threading.Thread(target=cache.build_once, args=(tmp_path / "thing", builds.append)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1


def _checkout(folder: Path, version: str) -> Path:
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(f"version_info = ({version}, FINAL, 0, '')\n")
    (folder / "addons" / "account").mkdir(parents=True)
    (folder / "odoo-bin").touch()
    return folder


def test_a_given_checkout_of_odoo_19_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _checkout(tmp_path, "19, 0, 0")
    monkeypatch.setenv("ODOO_SOURCE", str(source))
    odoo = odoo_source.locate()
    assert (odoo.library, odoo.server) == (source, source / "odoo-bin")
    assert odoo.addons == (source / "odoo" / "addons", source / "addons")


@pytest.mark.parametrize("version", ["18, 0, 0", "'saas~19', 1, 0"])
def test_another_version_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("ODOO_SOURCE", str(_checkout(tmp_path, version)))
    with pytest.raises(say.Problem, match=r"is Odoo (18\.0|saas~19\.1)\. This addon is for 19\.0"):
        odoo_source.locate()


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_SOURCE", str(tmp_path))
    with pytest.raises(say.Problem, match=r"is no Odoo source checkout: .*release\.py is missing"):
        odoo_source.locate()


def test_a_python_without_the_requirements_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_SOURCE", str(_checkout(tmp_path / "odoo", "19, 0, 0")))
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho \"No module named 'psycopg2'\" >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setenv("ODOO_PYTHON", str(bare))
    with pytest.raises(say.Problem, match=r"pip install -r .*requirements\.txt\n[^\n]*psycopg2"):
        odoo_source.locate()


def test_a_version_that_left_the_archive_is_said_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: list[str], **_: object) -> str:
        return " odoo-19 | 19.0.1+dfsg-1 | an archive\n" if "madison" in command else ""

    monkeypatch.setattr(odoo_source, "_archive", lambda: "an archive")
    monkeypatch.setattr(say, "run", run)
    with pytest.raises(say.Problem, match=r"no longer has odoo-19=19\.0\.0.*It offers: 19\.0\.1"):
        odoo_source._download(tmp_path)


def test_no_debian_means_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odoo_source.platform, "freedesktop_os_release", lambda: {"ID": "fedora"})
    with pytest.raises(say.Problem, match=r"this is no Debian\. Use ODOO_SOURCE="):
        odoo_source._archive()


def test_paths_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, selected = testing._resolved(["dev/tests/test_environment.py::test_x", "-k", "name"])
    assert arguments == [f"{paths.DEV}/tests/test_environment.py::test_x", "-k", "name"]
    assert selected == [paths.DEV / "tests/test_environment.py"]
