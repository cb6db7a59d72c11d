"""Strong customer authentication: challenge, phone, poll, proof; and extra SCA while reading."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qonto_simulator.bank import Bank

from .conftest import open_client
from .contract import Contract
from .driver import MANAGER, OWNER, Driver, Session

NOT_FOUND = {"message": "Not found"}


@pytest.fixture(autouse=True)
def _polls_need_no_pause(driver: Driver) -> None:
    driver.control("POST", "/policy", {"sca_poll_seconds": 0})


@pytest.fixture
def asked(driver: Driver, session: Session) -> Session:
    """A connection whose next list needs a proof."""
    driver.control("POST", "/sca/reading", {"email": OWNER})
    return session


def read(session: Session, token: str | None = None, method: str | None = None, **query: Any) -> httpx.Response:
    headers = dict(session.headers)
    if token:
        headers["X-Qonto-Sca-Session-Token"] = token
    if method:
        headers["X-Qonto-2fa-Preference"] = method
    query = {"bank_account_id": session.account()["id"], **query}
    return session.http.get("/v2/transactions", params=query, headers=headers)


def challenge(session: Session, method: str | None = None) -> str:
    answer = read(session, method=method)
    assert answer.status_code == 428, answer.text
    return answer.json()["sca_session_token"]


def poll(session: Session, token: str) -> str:
    answer = session.get(f"/sca_sessions/{token}")
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def decide(driver: Driver, token: str, decision: str) -> None:
    driver.control("POST", f"/sca/{token}", {"decision": decision})


def state(driver: Driver, token: str) -> str:
    return next(s["state"] for s in driver.control("GET", "/sca")["sessions"] if s["token"] == token)


# === CHALLENGE === #


def test_a_challenge_is_a_428_with_a_token(asked: Session):
    answer = read(asked)
    assert answer.status_code == 428
    body = answer.json()
    assert (body["code"], body["message"], body["action_type"]) == ("sca_required", "SCA required", "transaction.list")
    assert len(body["sca_session_token"]) == 64
    assert body["sca_session_token"] != body["sca_recovery_token"]


def test_without_a_paired_phone_it_is_a_428_without_a_token(driver: Driver, asked: Session):
    driver.control("POST", "/phones", {"email": OWNER, "paired": False})
    answer = read(asked)
    assert answer.status_code == 428
    assert set(answer.json()) == {"code", "message", "trace_id"}
    assert answer.json()["code"] == "sca_not_enrolled"
    assert driver.control("GET", "/sca")["sessions"] == []


def test_each_call_without_proof_rings_again(driver: Driver, asked: Session):
    assert challenge(asked) != challenge(asked)
    assert len(driver.control("GET", "/sca?state=waiting")["sessions"]) == 2


def test_passkey_says_so_and_needs_no_paired_phone(driver: Driver, asked: Session):
    driver.control("POST", "/phones", {"paired": False})
    answer = read(asked, method="passkey")
    assert answer.json()["message"] == "Passkey verification required"


@pytest.mark.parametrize(("method", "status"), [("sms-otp", 403), ("pigeon", 400)])
def test_methods_that_are_not_to_be_had(asked: Session, method, status):
    assert read(asked, method=method).status_code == status


def test_mock_is_for_the_sandbox_only(driver: Driver, asked: Session):
    driver.control("POST", "/policy", {"mock_sca": False})
    assert read(asked, method="mock").status_code == 400


# === POLL AND PROOF === #


def test_approved_and_replayed(driver: Driver, asked: Session):
    token = challenge(asked)
    assert poll(asked, token) == "waiting"
    decide(driver, token, "allow")
    assert poll(asked, token) == "allow"
    assert read(asked, token).status_code == 200
    assert read(asked).status_code == 200, "the proof holds for the pages after"
    assert poll(asked, token) == "allow"


def test_refused(driver: Driver, asked: Session):
    token = challenge(asked)
    decide(driver, token, "deny")
    assert poll(asked, token) == "deny"
    answer = read(asked, token)
    assert (answer.status_code, answer.json()["errors"]) == (422, NOT_FOUND)
    assert read(asked).status_code == 428


@pytest.mark.parametrize("decided", [False, True])
def test_fifteen_minutes_and_no_more(driver: Driver, asked: Session, decided):
    token = challenge(asked)
    if decided:
        decide(driver, token, "allow")
    driver.advance(minutes=14, seconds=59.999)
    assert poll(asked, token) == ("allow" if decided else "waiting")
    driver.advance(seconds=0.001)
    assert poll(asked, token) == "deny"
    assert read(asked, token).status_code == 412
    refusal = driver.http.post(f"/_control/sca/{token}", json={"decision": "allow"})
    assert refusal.status_code == 400
    assert "expired" in refusal.json()["error"]


def test_a_challenge_can_be_made_to_expire_without_moving_the_clock(driver: Driver, asked: Session):
    token = challenge(asked)
    now = driver.control("GET", "/health")["now"]
    decide(driver, token, "expire")
    assert poll(asked, token) == "deny"
    assert state(driver, token) == "expired"
    assert driver.control("GET", "/health")["now"] == now


def test_a_replay_before_the_decision_is_another_challenge(driver: Driver, asked: Session):
    token = challenge(asked)
    answer = read(asked, token)
    assert answer.status_code == 428
    assert answer.json()["sca_session_token"] != token


def test_a_proof_works_once(driver: Driver, asked: Session):
    token = challenge(asked)
    decide(driver, token, "allow")
    assert read(asked, token).status_code == 200
    driver.control("POST", "/sca/reading", {"email": OWNER})
    assert read(asked, token).status_code == 412


def test_a_proof_is_the_members_own(driver: Driver, asked: Session):
    token = challenge(asked)
    decide(driver, token, "allow")
    other = driver.connect(MANAGER)
    driver.control("POST", "/sca/reading", {"email": MANAGER})
    assert read(other, token).status_code == 422
    assert other.get(f"/sca_sessions/{token}").status_code == 404
    assert read(other, "unknown").status_code == 422


def test_polls_keep_a_second_apart(driver: Driver, asked: Session):
    driver.control("POST", "/policy", {"sca_poll_seconds": 3600})
    token, other = challenge(asked), challenge(asked)
    assert poll(asked, token) == "waiting"
    assert asked.get(f"/sca_sessions/{token}").status_code == 429
    assert poll(asked, other) == "waiting"


def test_other_path_is_404(asked: Session):
    assert asked.get(f"/sca/sessions/{challenge(asked)}").status_code == 404


# === MOCK === #


@pytest.mark.parametrize(("decision", "result"), [("allow", "allow"), ("deny", "deny")])
def test_a_mocked_session_is_decided_by_a_call(driver: Driver, asked: Session, decision, result):
    token = challenge(asked, "mock")
    headers = {**asked.headers, "X-Qonto-Staging-Token": driver.client["staging_token"]}
    at = f"/v2/mocked_sca_sessions/{token}"
    assert asked.http.get(at, headers=headers).json()["result"] == "waiting"
    assert asked.http.post(f"{at}/{decision}", headers=headers).json() == {"message": "Success"}
    assert asked.http.get(at, headers=headers).json()["result"] == result
    assert poll(asked, token) == result
    assert asked.http.post(f"{at}/{decision}", headers=headers).status_code == 404


def test_a_ringing_session_is_not_decided_by_a_call(driver: Driver, asked: Session):
    token = challenge(asked)
    headers = {**asked.headers, "X-Qonto-Staging-Token": driver.client["staging_token"]}
    assert asked.http.post(f"/v2/mocked_sca_sessions/{token}/allow", headers=headers).status_code == 404
    token = challenge(asked, "mock")
    assert asked.http.post(f"/v2/mocked_sca_sessions/{token}/allow", headers=asked.headers).status_code == 404
    assert poll(asked, token) == "waiting"


# === READING === #


def test_reading_asks_nobody_by_itself(driver: Driver, session: Session):
    assert read(session).status_code == 200
    driver.control("POST", "/sca/reading", {"email": OWNER})
    assert session.get("/bank_accounts").status_code == 200, "only lists of transactions ask"
    assert read(session).status_code == 428
    assert driver.control("POST", "/sca/reading", {"off": True}) == {"asked": []}
    assert read(session).status_code == 200


def test_reading_asks_only_whom_it_should(driver: Driver, session: Session):
    driver.control("POST", "/sca/reading", {"email": MANAGER})
    assert read(session).status_code == 200
    assert read(driver.connect(MANAGER)).status_code == 428
    assert OWNER in driver.control("POST", "/sca/reading", {})["asked"]
    assert read(session).status_code == 428


# === THE PHONE'S PAGE === #


def press(driver: Driver, button: str, token: str, email: str = OWNER) -> httpx.Response:
    return driver.http.post(f"/phone/{email}/decision", data={"token": token, "decision": button})


def test_phone_shows_what_is_asked_and_takes_the_answer(driver: Driver, asked: Session):
    assert "Nothing to approve." in driver.http.get(f"/phone/{OWNER}").text
    token = challenge(asked)
    text = driver.http.get(f"/phone/{OWNER}").text
    assert "Show the transactions of Hauptkonto to an app" in text
    assert "15:00" in text
    assert "1 to approve" in driver.http.get("/phone").text
    assert token not in driver.http.get(f"/phone/{MANAGER}").text
    assert "approved" in press(driver, "allow", token).text
    assert poll(asked, token) == "allow"
    assert "Too late" in press(driver, "deny", token).text
    assert poll(asked, token) == "allow"


@pytest.mark.parametrize(("button", "told"), [("deny", "refused"), ("expire", "expired")])
def test_phone_refuses_and_lets_expire(driver: Driver, asked: Session, button, told):
    token = challenge(asked)
    assert told in press(driver, button, token).text
    assert poll(asked, token) == "deny"


def test_somebody_elses_phone_decides_nothing(driver: Driver, asked: Session):
    token = challenge(asked)
    assert press(driver, "allow", token, MANAGER).status_code == 404
    assert driver.http.get("/phone/nobody@halvering.example").status_code == 404
    assert poll(asked, token) == "waiting"


def test_phone_out_of_reach_and_not_paired(driver: Driver, asked: Session):
    page = driver.http.post(f"/phone/{OWNER}/state", data={"state": "unreachable"}).text
    assert "No reception" in page
    token = challenge(asked)
    assert token not in driver.http.get(f"/phone/{OWNER}").text
    assert poll(asked, token) == "waiting"
    assert "not paired" in driver.http.post(f"/phone/{OWNER}/state", data={"state": "unpaired"}).text
    assert read(asked).json()["code"] == "sca_not_enrolled"
    assert token in driver.http.post(f"/phone/{OWNER}/state", data={"state": "paired"}).text


def test_control_decides_the_newest_and_refuses_nonsense(driver: Driver, asked: Session):
    first, second = challenge(asked), challenge(asked)
    driver.control("POST", "/sca", {"decision": "deny"})
    assert (poll(asked, first), poll(asked, second)) == ("waiting", "deny")
    driver.control("POST", "/sca", {"decision": "allow", "email": OWNER})
    assert poll(asked, first) == "allow"
    for path, body in [
        ("/sca", {"decision": "allow"}),
        ("/sca/unknown", {"decision": "allow"}),
        (f"/sca/{first}", {"decision": "perhaps"}),
        ("/phones", {"email": "nobody"}),
        ("/phones", {"paired": "yes"}),
        ("/sca/reading", {"email": "nobody"}),
    ]:
        assert driver.http.post(f"/_control{path}", json=body).status_code == 400, (path, body)
    assert all(phone["paired"] for phone in driver.control("GET", "/phones")["phones"])


def test_challenges_survive_a_restart(tmp_path, contract: Contract, bank: Bank):
    from qonto_simulator import world

    kept = Bank(tmp_path / "state.db")
    world.reset(kept, scenario="small")
    with open_client(kept, contract) as http:
        driver = Driver(http)
        driver.control("POST", "/sca/reading", {"email": OWNER})
        session = driver.connect()
        token = challenge(session)
    kept.close()
    again = Bank(tmp_path / "state.db")
    with open_client(again, contract) as http:
        assert poll(Session(http, session.tokens), token) == "waiting"
    again.close()
