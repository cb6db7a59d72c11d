# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Challenges while reading, and asking how they stand."""

from datetime import datetime, timezone

import pytest
from api_scripted_bank import Reply, reply_json

from qonto_api import Endpoints, InvalidAnswer, NotFound, QontoClient, ScaRequired, ServerError
from qonto_api.transport import Body, Transport

TOKEN = "sca-session-token-" + "x" * 46


@pytest.fixture
def client(bank):
    with QontoClient(Endpoints(bank.url, bank.url), "access", sleep=lambda _seconds: None) as client:
        yield client


@pytest.mark.parametrize("result", ["waiting", "allow", "deny"])
def test_a_challenge_is_asked_for_by_its_token(bank, client, result):
    bank.script({"result": result, "canceled_at": ""})
    assert client.get_sca_session(TOKEN) == result
    assert bank.calls[0].path == f"/v2/sca_sessions/{TOKEN}"


@pytest.mark.parametrize("body", [{}, {"result": "maybe"}, {"result": None}, []])
def test_an_unknown_result_is_not_taken_for_one(bank, client, body):
    bank.script(body)
    with pytest.raises(InvalidAnswer):
        client.get_sca_session(TOKEN)


def test_a_poll_is_sent_once_and_never_tells_the_token(bank, client):
    bank.script(reply_json({"errors": [{"code": "unknown", "detail": f"failed for {TOKEN}"}]}, 500))
    with pytest.raises(ServerError) as caught:
        client.get_sca_session(TOKEN)
    assert len(bank.calls) == 1
    assert TOKEN not in str(caught.value) + str(caught.value.detail)


def test_an_unknown_challenge_is_not_found(bank, client):
    bank.script(reply_json({"errors": {"code": "not_found"}}, 404))
    with pytest.raises(NotFound):
        client.get_sca_session(TOKEN)


def test_the_proof_goes_along_with_a_list(bank, client):
    bank.script({"transactions": [], "meta": {"current_page": 1, "total_pages": 0, "total_count": 0, "per_page": 100}})
    client.list_transactions(bank_account_id="a", sca_session_token=TOKEN)
    client.list_transactions(bank_account_id="a")
    assert bank.calls[0].headers["X-Qonto-Sca-Session-Token"] == TOKEN
    assert "X-Qonto-Sca-Session-Token" not in bank.calls[1].headers


def test_a_challenge_is_never_repeated_by_itself(bank, client):
    bank.script(reply_json({"code": "sca_required", "message": "SCA required", "sca_session_token": TOKEN}, 428))
    with pytest.raises(ScaRequired):
        client.list_transactions(bank_account_id="a")
    assert len(bank.calls) == 1


def test_an_error_tells_the_banks_clock(bank, client):
    bank.script(reply_json({"errors": []}, 404))
    with pytest.raises(NotFound) as caught:
        client.get_sca_session(TOKEN)
    assert caught.value.server_date == datetime(2026, 3, 2, 10, tzinfo=timezone.utc)


def test_a_body_goes_out_byte_for_byte_with_its_headers(bank):
    bank.script({})
    with Transport(bank.url, is_production=True) as transport:
        transport.request("POST", "/v2/x", body=Body(b'{"a":  "\xc3\xa4"}'), headers={"X-Qonto-Idempotency-Key": "k"})
        with pytest.raises(ValueError, match="X-Key"):
            transport.request("POST", "/v2/x", headers={"X-Key": "a\r\nX-Other: b"})
    (call,) = bank.calls
    assert call.body == b'{"a":  "\xc3\xa4"}'
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Qonto-Idempotency-Key"] == "k"


def test_a_get_can_be_asked_for_just_once(bank):
    bank.script(Reply(500))
    with Transport(bank.url, is_production=True, sleep=lambda _seconds: None) as transport, pytest.raises(ServerError):
        transport.request("GET", "/v2/x", repeat=False)
    assert len(bank.calls) == 1
