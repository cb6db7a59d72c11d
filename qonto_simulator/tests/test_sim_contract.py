"""The stand-in against ``openapi/qonto-openapi.yaml``: every operation, every status it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from qonto_simulator.api.call import Endpoint
from qonto_simulator.api.subjects import ENDPOINTS

from .contract import FILE, Contract, ContractError, document
from .driver import ALL_SCOPES, REDIRECT, STATE, Driver, Session
from .good_calls import GoodCall, good_call, spoilt

SHARED = Path(__file__).parents[3] / "shared" / "reference" / "qonto-openapi.yaml"


def operation_of(contract: Contract, endpoint: Endpoint) -> tuple[str, dict[str, Any]]:
    for name, (method, path, operation) in contract.operations().items():
        if (method, path) == (endpoint.method, endpoint.path):
            return name, operation
    raise AssertionError(f"{endpoint.method} {endpoint.path} is not in the contract")


def test_the_contract_is_the_one_that_was_handed_out():
    if not SHARED.exists():
        pytest.skip("no shared reference beside this checkout")
    assert FILE.read_bytes() == SHARED.read_bytes()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_scopes_and_keys_are_those_of_the_contract(endpoint: Endpoint):
    _name, operation = operation_of(Contract(), endpoint)
    security = operation.get("security", document()["security"])
    assert list(endpoint.scopes) == [scope for item in security for scope in item.get("oauth", ())]
    assert endpoint.api_key == any("apiKey" in item for item in security)


# Answers of which only the status is known, not when the bank gives them: a fault gives them here.
BY_FAULT = {
    "getScaSession": {"412"},
    "createBeneficiary": {"428"},
    "updateBeneficiary": {"428"},
    "cancelTransfer": {"428"},
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_status_that_the_contract_names_is_given(driver: Driver, contract: Contract, endpoint: Endpoint):
    name, operation = operation_of(contract, endpoint)
    contract.seen.clear()
    scopes = [*ALL_SCOPES.split(), *(scope for scope in endpoint.scopes if scope not in ALL_SCOPES)]
    driver.control("POST", "/policy", {"allowed_scopes": scopes})
    session = driver.connect(scope=" ".join(scopes))
    good = good_call(name, driver, session)
    named = set(operation["responses"])
    for status in sorted(named - {"200", "201", "204"}):
        if status in BY_FAULT.get(name, ()) or status in ("500", "501", "502", "504"):
            driver.control("POST", "/faults", {"path_prefix": "/v2", "kind": "status", "status": int(status)})
            good.send(endpoint.method, endpoint.path, session)
        else:
            provoke(status, endpoint, driver, session, good, name)
        assert contract.seen[name, int(status)], f"{name} never answered {status}"
    done = good.send(endpoint.method, endpoint.path, session)
    if done.status_code == 428:
        driver.control("POST", "/sca", {"decision": "allow"})
        proven = {**good.headers, "X-Qonto-Sca-Session-Token": done.json()["sca_session_token"]}
        done = good.send(endpoint.method, endpoint.path, session, headers=proven)
    assert done.is_success, done.text
    assert str(done.status_code) in named


def provoke(status: str, endpoint: Endpoint, driver: Driver, session: Session, good: GoodCall, name: str) -> None:
    """Make the call so that it is answered with this status."""

    def call(token: Session = session, **changes: Any) -> httpx.Response:
        return good.send(endpoint.method, endpoint.path, token, **changes)

    if status == "400":
        driver.http.request(endpoint.method, endpoint.path.format(**good.variables), json=good.json)
    elif status == "401":
        call(Session(driver.http, {"access_token": "bad"}))
    elif status == "403":
        call(headers={**good.headers, "X-Qonto-Organization-Id": "00000000-0000-4000-8000-000000000000"})
        lacking = " ".join(scope for scope in ALL_SCOPES.split() if scope not in endpoint.scopes)
        assert not endpoint.scopes or call(driver.connect(scope=lacking)).status_code == 403
    elif status == "404":
        call(variables=dict.fromkeys(good.variables, "unknown"))
    elif status == "429":
        driver.control("POST", "/policy", {"rate_10_seconds": 0})
        call()
        driver.control("POST", "/policy", {"rate_10_seconds": 1000})
    else:
        call(**spoilt(name, status, driver, session, good))


def test_oauth_operations_give_their_statuses(driver: Driver, contract: Contract):
    contract.seen.clear()
    session = driver.connect()
    driver.ask(scope=None)
    driver.ask(client_id="unknown")
    driver.redeem("unknown")
    driver.redeem("unknown", client_secret="wrong")
    driver.token_call("/oauth2/revoke")
    driver.token_call("/oauth2/revoke", token="x", client_secret="wrong")
    driver.token_call("/oauth2/revoke", token=session.tokens["access_token"])
    for name in ("oauthToken", "oauthRevokeToken"):
        assert {status for seen, status in contract.seen if seen == name} == {200, 400, 401}
    assert {status for seen, status in contract.seen if seen == "oauthAuthorize"} == {302, 404}


# === THE CHECKER ITSELF === #


def exchange(
    path: str, status: int, body: Any, query: str = "", **headers: str
) -> tuple[httpx.Request, httpx.Response]:
    request = httpx.Request("GET", f"http://127.0.0.1{path}?{query}")
    headers = {"Date": "Fri, 20 Nov 2026 10:00:00 GMT", **headers}
    return request, httpx.Response(status, json=body, headers=headers, request=request)


LABEL = {"id": "a", "name": "b", "parent_id": None}
META = {"current_page": 1, "total_pages": 1, "total_count": 1, "per_page": 100, "next_page": None, "prev_page": None}
ERROR = {"errors": [{"code": "x", "detail": "y"}], "trace_id": "t"}


@pytest.mark.parametrize(
    "wrong",
    [
        exchange("/v2/labels", 200, {"labels": [LABEL]}),
        exchange("/v2/labels", 200, {"labels": [{**LABEL, "colour": "red"}], "meta": META}),
        exchange("/v2/labels", 200, {"labels": [{**LABEL, "id": 7}], "meta": META}),
        exchange("/v2/labels", 200, {"labels": [LABEL], "meta": {**META, "per_page": 0}}),
        exchange("/v2/labels", 418, ERROR, **{"X-Tyk-Trace-Id": "t"}),
        exchange("/v2/labels", 404, ERROR, **{"X-Tyk-Trace-Id": "t"}),
        exchange("/v2/labels", 401, ERROR),
        exchange("/v2/labels", 401, {"error": "x"}),
        exchange("/v2/labels", 200, {"labels": [LABEL], "meta": META}, "per_page=101"),
        exchange("/v2/labels", 200, {"labels": [LABEL], "meta": META}, "surprise=1"),
        exchange("/v2/unknown", 200, {}),
    ],
    ids=lambda pair: f"{pair[1].status_code} {pair[0].url.path}?{pair[0].url.query.decode()} {pair[1].text[:50]}",
)
def test_the_checker_finds_what_breaks_the_contract(wrong):
    with pytest.raises(ContractError):
        Contract().check(*wrong)


def test_the_checker_lets_right_exchanges_pass():
    Contract().check(*exchange("/v2/labels", 200, {"labels": [LABEL], "meta": META}, "per_page=100"))
    Contract().check(*exchange("/v2/labels", 401, ERROR, **{"X-Tyk-Trace-Id": "t"}))


def test_an_accepted_token_request_must_be_one_of_the_contract(driver: Driver):
    form = {"client_id": "x", "client_secret": "y", "code": "z", "grant_type": "authorization_code"}
    whole = Contract().operations()["oauthToken"][2]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    Contract().check_value(whole["schema"], {**form, "redirect_uri": REDIRECT}, "form")
    with pytest.raises(ContractError):
        Contract().check_value(whole["schema"], form, "form")
    assert driver.ask(state=STATE).status_code == 302
