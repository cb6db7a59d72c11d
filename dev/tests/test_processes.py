"""Processes are found again and stopped, and somebody else's are left alone."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from devtools import processes, say

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_is_stopped_by_its_handle(tmp_path: Path) -> None:
    process = processes.launch(SLEEP, os.environ, tmp_path / "log")
    handle = processes.Handle.of(process)
    assert handle.is_running()
    handle.stop()
    assert not handle.is_running()
    process.wait()


def test_a_number_given_out_anew_is_not_touched(tmp_path: Path) -> None:
    process = processes.launch(SLEEP, os.environ, tmp_path / "log")
    handle = processes.Handle.of(process)
    other = replace(handle, began="1")
    assert not other.is_running()
    other.stop()
    assert process.poll() is None
    handle.stop()
    process.wait()


def test_children_end_with_their_server(tmp_path: Path) -> None:
    program = f"import subprocess; p = subprocess.Popen({SLEEP!r}); print(p.pid, flush=True); p.wait()"
    log = tmp_path / "log"
    process = processes.launch([sys.executable, "-c", program], os.environ, log)
    while not log.read_text().strip():
        assert process.poll() is None
    processes.stop(process.pid)
    process.wait()
    deadline = time.monotonic() + 10  # it was killed; the system buries it when it gets to it
    while processes.is_running(int(log.read_text())):
        assert time.monotonic() < deadline


def test_a_server_that_ends_at_once_is_said_with_its_last_words(tmp_path: Path) -> None:
    program = "import sys; sys.exit('the port is taken')"
    log = tmp_path / "log"
    process = processes.launch([sys.executable, "-c", program], os.environ, log)
    with pytest.raises(say.Problem, match=r"ended with status 1.*\nthe port is taken"):
        processes.wait_until_up(process, "http://127.0.0.1:9/", log, seconds=30)


def test_a_taken_port_is_not_given() -> None:
    preferred = processes.free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(preferred), "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        while not processes.answers(f"http://127.0.0.1:{preferred}/"):
            assert server.poll() is None
        assert processes.free_port(preferred) != preferred
    finally:
        server.terminate()
        server.wait()
