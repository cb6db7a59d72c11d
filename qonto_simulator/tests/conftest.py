"""A bank of its own for each test, spoken to through its HTTP surface."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timezone

import httpx
import pytest

from qonto_simulator import world
from qonto_simulator.app import build_app
from qonto_simulator.bank import Bank

from .contract import Contract
from .driver import Driver, Session

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def contract() -> Contract:
    """One record of all exchanges of the run."""
    return Contract()


class InProcess(httpx.BaseTransport):
    """Speaks to the app without a socket."""

    def __init__(self, bank: Bank) -> None:
        self._app = httpx.ASGITransport(build_app(bank), client=("127.0.0.1", 50000))
        self._loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run_until_complete(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    def close(self) -> None:
        self._loop.close()


def open_client(bank: Bank, contract: Contract) -> httpx.Client:
    """Return a client of which every exchange is held to the contract."""

    def hold(response: httpx.Response) -> None:
        response.read()
        contract.check(response.request, response)

    hooks = {"response": [hold]}
    return httpx.Client(
        transport=InProcess(bank), base_url="http://127.0.0.1", event_hooks=hooks, follow_redirects=True
    )


@pytest.fixture
def bank() -> Bank:
    """The small world at a standstill of its clock."""
    bank = Bank()
    world.reset(bank, now=NOW, scenario="small", frozen=True)
    return bank


@pytest.fixture
def http(bank: Bank, contract: Contract) -> Iterator[httpx.Client]:
    contract.ignored, contract.off = set(), False
    with open_client(bank, contract) as client:
        yield client
    contract.ignored, contract.off = set(), False


@pytest.fixture
def driver(http: httpx.Client) -> Driver:
    return Driver(http)


@pytest.fixture
def session(driver: Driver) -> Session:
    """The owner's connection with all scopes that reading needs."""
    return driver.connect()


@pytest.fixture
def demo() -> Bank:
    bank = Bank()
    world.reset(bank, now=NOW, scenario="demo", frozen=True)
    return bank
