"""One accepted call of each operation of the contract, and how to spoil it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from .driver import OWNER, Driver, Session


@dataclass
class GoodCall:
    """What an operation's call is made of. ``variables`` fill its path."""

    variables: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None

    def send(self, method: str, path: str, session: Session, **changes: Any) -> httpx.Response:
        """Send it; a change replaces ``variables``, ``params``, ``headers`` or ``json``."""
        call = GoodCall(**{**vars(self), **changes})
        headers = {**session.headers, **call.headers}
        at = path.format(**call.variables)
        return session.http.request(method, at, params=call.params, headers=headers, json=call.json)


Maker = Callable[[Driver, Session], GoodCall]
MAKERS: dict[str, Maker] = {}


def good_call(name: str, driver: Driver, session: Session) -> GoodCall:
    return MAKERS.get(name, _plain)(driver, session)


def maker(*names: str) -> Callable[[Maker], Maker]:
    def register(function: Maker) -> Maker:
        MAKERS.update(dict.fromkeys(names, function))
        return function

    return register


def _plain(_driver: Driver, _session: Session) -> GoodCall:
    return GoodCall()


@maker("getBankAccount")
def _account(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.account()["id"]})


@maker("listTransactions")
def _transactions(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall(params={"bank_account_id": session.account()["id"]})


@maker("getTransaction")
def _transaction(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.transactions(session.account()["id"])[0]["id"]})


@maker("getLabel")
def _label(_driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"id": session.get("/labels").json()["labels"][0]["id"]})


@maker("getScaSession")
def _sca(driver: Driver, session: Session) -> GoodCall:
    return GoodCall({"sca_session_token": _challenge(driver, session, "paired-device")})


@maker("getMockedScaSession", "decideMockedScaSession")
def _mocked(driver: Driver, session: Session) -> GoodCall:
    token = _challenge(driver, session, "mock")
    staging = {"X-Qonto-Staging-Token": driver.client["staging_token"]}
    return GoodCall({"sca_session_token": token, "decision": "allow"}, headers=staging)


def _challenge(driver: Driver, session: Session, method: str) -> str:
    driver.control("POST", "/policy", {"sca_poll_seconds": 0})
    driver.control("POST", "/sca/reading", {"email": OWNER})
    query = {"bank_account_id": session.account()["id"]}
    headers = {**session.headers, "X-Qonto-2fa-Preference": method}
    answer = session.http.get("/v2/transactions", params=query, headers=headers)
    driver.control("POST", "/sca/reading", {"off": True})
    return answer.json()["sca_session_token"]
