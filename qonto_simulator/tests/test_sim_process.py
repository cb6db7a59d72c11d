"""The stand-in as what it is: a process of its own that speaks HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from .driver import Driver, Session
from .good_calls import key, transfer_body

ROOT = Path(__file__).parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "qonto_simulator", "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    process = start(*arguments)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        with httpx.Client(base_url=found[0], follow_redirects=True, trust_env=False) as http:
            yield process, http
    finally:
        process.kill()
        process.communicate()


def test_state_survives_a_graceful_end_and_a_hard_one(tmp_path: Path):
    options = ("--state-file", str(tmp_path / "bank.db"), "--scenario", "small", "--seed", "5")
    with running(*options) as (process, http):
        driver = Driver(http)
        session = driver.connect()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    with running(*options) as (process, http):
        session = Session(http, session.tokens)
        account = session.account()["id"]
        body = {"account_id": account, "side": "credit", "amount_cents": 123, "label": "Vor dem Absturz"}
        made = Driver(http).control("POST", "/transactions", body)["transaction"]
        process.kill()
        process.wait()
    with running("--state-file", str(tmp_path / "bank.db")) as (_process, http):
        driver = Driver(http)
        assert (driver.state["seed"], driver.state["scenario"]) == (5, "small")
        assert Session(http, session.tokens).get(f"/transactions/{made['id']}").status_code == 200
        assert driver.refresh(session.tokens["refresh_token"]).status_code == 200


def test_it_starts_quickly_and_takes_its_now(tmp_path: Path):
    begin = time.monotonic()
    with running("--now", "2026-05-05T05:05:00+02:00") as (_process, http):
        state = http.get("/_control/state").json()
        took = time.monotonic() - begin
        answer = http.get("/v2/organization")
    assert state["now"].startswith("2026-05-05T03:05:0")
    assert answer.headers.get_list("date")[0].startswith("Tue, 05 May 2026 03:05:0")
    assert len(answer.headers.get_list("date")) == 1
    assert "server" not in answer.headers
    assert took < 5, f"{took:.1f} s; about half a second on an idle machine"


def test_connection_faults_are_real(tmp_path: Path):
    with running("--scenario", "small") as (_process, http):
        driver = Driver(http)
        session = driver.connect()
        for kind in ("drop", "truncate"):
            driver.control("POST", "/faults", {"path_prefix": "/v2/labels", "kind": kind})
            with pytest.raises(httpx.RemoteProtocolError):
                session.get("/labels")
        driver.control("POST", "/faults", {"path_prefix": "/v2/labels", "kind": "delay", "seconds": 0.4})
        with pytest.raises(httpx.ReadTimeout):
            http.get("/v2/labels", headers=session.headers, timeout=0.1)
        driver.control("POST", "/faults", {"path_prefix": "/v2/oauth2", "kind": "drop", "after_effect": True})
        with pytest.raises(httpx.RemoteProtocolError):
            session.delete("/oauth2/consents")
        assert session.get("/labels").status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com"])
def test_it_listens_on_loopback_only(host: str):
    process = start("--host", host)
    output, _none = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "loopback" in output


@pytest.mark.parametrize("status", [429, 409])
def test_the_same_key_at_the_same_time_pays_once(status: int):
    with running("--scenario", "small") as (_process, http):
        driver = Driver(http)
        driver.control("POST", "/policy", {"money_call_seconds": 0.5, "concurrent_status": status})
        session = driver.connect()
        body = transfer_body(driver, session)
        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(session.post, "/sepa/transfers", body, **key()) for _number in range(2)]
        answers = sorted((future.result() for future in both), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [200, status]
        assert answers[1].json() == {"error": "Concurrent requests detected"}
        assert len(driver.control("GET", "/debits")["debits"]) == 1


def test_a_client_that_gave_up_may_have_paid():
    """The answer comes late; the client has gone; the money moves all the same."""
    with running("--scenario", "small") as (_process, http):
        driver = Driver(http)
        session = driver.connect()
        body = transfer_body(driver, session)
        driver.control("POST", "/faults", {"path_prefix": "/v2/sepa/transfers", "kind": "delay", "seconds": 1})
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v2/sepa/transfers", json=body, headers={**session.headers, **key()}, timeout=0.3)
        deadline = time.monotonic() + 5
        while not driver.control("GET", "/debits")["debits"] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(driver.control("GET", "/debits")["debits"]) == 1
