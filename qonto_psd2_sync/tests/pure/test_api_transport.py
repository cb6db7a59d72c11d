# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The gate to the bank, over real HTTP: what is sent, what is believed, what is repeated."""

import gzip
import logging
import threading
from datetime import datetime, timezone

import pytest
from api_scripted_bank import DROPPED, Reply, refused_url, reply_html, reply_json
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qonto_api import (
    BadRequest,
    Forbidden,
    InProgress,
    InvalidAnswer,
    NetworkError,
    QontoError,
    RateLimited,
    ScaRequired,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
    const,
)
from qonto_api.transport import BearerAuth, Transport

TOKEN = "ory_at_the-access-token.sig"


@pytest.fixture
def slept():
    return []


@pytest.fixture
def transport(bank, slept):
    with connect(bank.url, sleep=slept.append) as transport:
        yield transport


def connect(url, **kwargs):
    given = {"is_production": True, "auth": BearerAuth(TOKEN), "timeout": (2, 0.4), "sleep": lambda _seconds: None}
    return Transport(url, **given | kwargs)


# What is sent


def test_the_bearer_token_the_user_agent_and_the_staging_token_are_sent(bank):
    bank.script({})
    with connect(bank.url, staging_token="staging-1", user_agent="odoo test/1") as transport:
        transport.request("GET", "/v2/organization")
    headers = bank.calls[0].headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["X-Qonto-Staging-Token"] == "staging-1"
    assert headers["User-Agent"] == "odoo test/1"
    assert headers["Accept"] == "application/json"


@pytest.mark.parametrize("token", [TOKEN, None])
def test_netrc_never_replaces_the_token(bank, tmp_path, monkeypatch, token):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    bank.script({})
    with connect(bank.url, auth=BearerAuth(token)) as transport:
        transport.request("GET", "/v2/organization")
    assert bank.calls[0].headers.get("Authorization") == (token and f"Bearer {token}")


def test_ids_are_quoted_into_the_path(bank, transport):
    bank.script({})
    transport.request("GET", "/v2/transactions/{id}", path={"id": "a/../b?c=d e"})
    assert bank.calls[0].path == "/v2/transactions/a%2F..%2Fb%3Fc%3Dd%20e"
    assert bank.calls[0].query == []


@pytest.mark.parametrize("value", ["", " ", ".", "..", None, 7])
def test_an_id_that_would_name_another_address_is_refused(transport, value):
    with pytest.raises(ValueError, match="id"):
        transport.request("GET", "/v2/transactions/{id}", path={"id": value})


def test_cookies_are_not_kept(bank, transport):
    bank.script(reply_json({}, Set_Cookie="session=1; Path=/"), {})
    transport.request("GET", "/a")
    transport.request("GET", "/a")
    assert "Cookie" not in bank.calls[1].headers


@pytest.mark.parametrize("token", ["", "two words", "line\r\nInjected: header", "ümlaut"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token):
    with pytest.raises(ValueError, match="access token is empty or has characters") as caught:
        BearerAuth(token)
    assert not token or token not in str(caught.value)
    assert TOKEN not in repr(BearerAuth(TOKEN))


# What is believed


def test_an_answer_is_parsed_and_its_date_kept(bank, transport):
    bank.script({"a": 1})
    answer = transport.request("GET", "/v2/organization")
    assert (answer.status, answer.payload) == (200, {"a": 1})
    assert answer.date == transport.last_server_date == datetime(2026, 3, 2, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
def test_an_absent_or_broken_date_is_none(bank, transport, date):
    bank.script(reply_json({}, Date=date))
    transport.request("GET", "/v2/organization")
    assert transport.last_server_date is None


def test_an_empty_answer_is_no_payload(bank, transport):
    bank.script(Reply(204))
    assert transport.request("DELETE", "/v2/oauth2/consents").payload is None


def test_a_packed_answer_is_unpacked(bank, transport):
    bank.script(reply_json(gzip.compress(b'{"a": 1}'), Content_Encoding="gzip"))
    assert transport.request("GET", "/a").payload == {"a": 1}


def test_a_web_page_is_a_missing_staging_token_in_a_test_environment_only(bank, transport):
    for reply in (reply_html(), Reply(200, b"", {"Content-Type": "text/html"})):
        bank.script(reply)
        with pytest.raises(InvalidAnswer, match="web page"):
            transport.request("GET", "/v2/organization")
        with connect(bank.url, is_production=False) as sandbox, pytest.raises(StagingTokenMissing):
            sandbox.request("GET", "/v2/organization")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(bank, transport, status):
    bank.script(Reply(status, b"", {"Location": bank.url + "/elsewhere"}))
    with pytest.raises(InvalidAnswer, match="redirected"):
        transport.request("GET", "/v2/organization")
    with connect(bank.url, is_production=False) as sandbox, pytest.raises(StagingTokenMissing):
        sandbox.request("GET", "/v2/organization")
    assert [call.path for call in bank.calls] == ["/v2/organization"] * 2


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": 1}', "text/plain"),
        (b'{"a": 1}', None),
        (b'{"a": ', "application/json"),
        (b"NaN", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
    ],
)
def test_what_is_no_sound_json_is_an_invalid_answer(bank, transport, body, content_type):
    bank.script(Reply(200, body, {"Content-Type": content_type}))
    with pytest.raises(InvalidAnswer):
        transport.request("GET", "/v2/organization")
    assert len(bank.calls) == 1


def test_a_problem_json_content_type_is_json(bank, transport):
    bank.script(Reply(200, b"{}", {"Content-Type": "application/vnd.api+json; charset=utf-8"}))
    assert transport.request("GET", "/a").payload == {}


def test_an_endless_answer_is_cut_off(bank, transport, monkeypatch):
    monkeypatch.setattr(const, "MAX_ANSWER_BYTES", 1000)
    bank.script(reply_json(b" " * 1000 + b"{}"))
    with pytest.raises(InvalidAnswer, match="far too much"):
        transport.request("GET", "/v2/organization")


def test_a_packed_bomb_is_cut_off(bank, transport, monkeypatch):
    monkeypatch.setattr(const, "MAX_ANSWER_BYTES", 1_000_000)
    bank.script(reply_json(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"))
    with pytest.raises(InvalidAnswer, match="far too much"):
        transport.request("GET", "/v2/organization")


def test_a_firewalls_page_is_not_the_banks_refusal(bank, transport):
    for status in (400, 403, 404, 422):
        bank.script(reply_html(status))
        with pytest.raises(InvalidAnswer) as caught:
            transport.request("GET", "/v2/organization")
        assert caught.value.status == status


@pytest.mark.parametrize(("status", "expected"), [(401, Unauthorized), (429, RateLimited), (502, ServerError)])
def test_a_gateways_page_says_by_its_status_what_to_do_next(bank, status, expected):
    bank.script(reply_html(status))
    with connect(bank.url, max_attempts=1) as transport, pytest.raises(expected):
        transport.request("GET", "/v2/organization")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    status=st.integers(200, 599).filter(lambda status: status not in (204, 304)),
    body=st.binary(max_size=60) | st.sampled_from([b"{}", b'{"errors": 1}', b'[{"a": []}]', b"null", b"<html>"]),
    content_type=st.sampled_from(["application/json", "text/html", "text/plain", "", "application/octet-stream"]),
)
@example(status=428, body=b'{"errors": [[{"sca_session_token": [1]}]]}', content_type="application/json")
@example(status=200, body=b"", content_type="")
def test_no_answer_whatsoever_raises_anything_but_a_qonto_error(bank, status, body, content_type):
    bank.script(Reply(status, body, {"Content-Type": content_type}))
    with connect(bank.url, max_attempts=1) as transport:
        if outcome := _error_of(transport):
            assert outcome.status == status


def _error_of(transport):
    try:
        transport.request("GET", "/v2/organization")
    except QontoError as error:
        return error
    return None


# Errors


def test_an_error_carries_what_support_needs(bank, transport):
    body = {"errors": [{"code": "forbidden", "detail": "Missing required OAuth scope: payment.write"}]}
    bank.script(reply_json(body, 403, X_Tyk_Trace_Id="trace-7"))
    with pytest.raises(Forbidden) as caught:
        transport.request("GET", "/v2/organization")
    error = caught.value
    assert (error.status, error.code, error.scope, error.trace_id) == (403, "forbidden", "payment.write", "trace-7")
    assert str(error) == (
        "GET /v2/organization answered 403 forbidden: Missing required OAuth scope: payment.write (trace trace-7)"
    )


def test_an_error_never_repeats_our_own_tokens(bank):
    detail = f"bad {TOKEN} and staging-1 and plain-one"
    bank.script(reply_json({"errors": [{"code": "invalid", "detail": detail}]}, 400))
    auth = BearerAuth("plain-one")
    with connect(bank.url, staging_token="staging-1", auth=auth) as transport, pytest.raises(BadRequest) as caught:
        transport.request("GET", "/v2/organization")
    assert caught.value.detail == "bad *** and *** and ***"


def test_a_secret_in_the_path_is_in_no_message_and_no_log_of_ours(bank, transport, caplog):
    caplog.set_level(logging.DEBUG, "qonto_api")
    bank.script(reply_json({"code": "x"}, 404))
    with pytest.raises(QontoError) as caught:
        transport.request("GET", "/v2/sca_sessions/{token}", path={"token": "secret-session"})
    assert "secret-session" not in str(caught.value) + caplog.text
    assert "GET /v2/sca_sessions/{token} 404" in caplog.text


def test_log_lines_have_method_route_status_and_time_only(bank, transport, caplog):
    caplog.set_level(logging.DEBUG, "qonto_api")
    bank.script({"name": "private"})
    transport.request("GET", "/v2/transactions", params=[("iban", "DE89370400440532013000")])
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("qonto_api")]
    assert len(lines) == 1
    assert lines[0].startswith("GET /v2/transactions 200 ")
    assert lines[0].endswith(" ms")


def test_a_lost_connection_shows_no_address_in_its_traceback(transport):
    with connect(refused_url(), max_attempts=1) as nowhere, pytest.raises(NetworkError) as caught:
        nowhere.request("GET", "/v2/sca_sessions/{token}", path={"token": "secret-session"})
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# What is repeated


def test_a_get_is_repeated_until_the_bank_is_back(bank, transport, slept):
    bank.script(Reply(503), DROPPED, reply_json({}, 500), {"a": 1})
    assert transport.request("GET", "/v2/organization").payload == {"a": 1}
    assert len(bank.calls) == 4
    assert all(low <= wait <= low * 1.5 for low, wait in zip([1, 2, 4], slept, strict=True))


def test_a_get_is_given_up_after_the_last_attempt(bank, transport, slept):
    bank.script(Reply(502))
    with pytest.raises(ServerError):
        transport.request("GET", "/v2/organization")
    assert (len(bank.calls), len(slept)) == (4, 3)


def test_an_answer_cut_short_is_fetched_again(bank, transport):
    bank.script(Reply(200, b'{"a"', {"Content-Type": "application/json"}, cut=True), {"a": 1})
    assert transport.request("GET", "/v2/organization").payload == {"a": 1}


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(bank, transport):
    never = threading.Event()
    bank.script(Reply(wait=never), {"a": 1})
    assert transport.request("GET", "/v2/organization").payload == {"a": 1}
    never.set()


def test_retry_after_is_honoured(bank, transport, slept):
    bank.script(reply_json({}, 429, Retry_After="7"), {})
    transport.request("GET", "/v2/organization")
    assert slept == [7.0]


def test_retry_after_as_a_date_counts_from_the_servers_clock(bank, transport, slept):
    bank.script(reply_json({}, 503, Retry_After="Mon, 02 Mar 2026 10:00:20 GMT"), {})
    transport.request("GET", "/v2/organization")
    assert slept == [20.0]


def test_without_retry_after_a_rate_limit_waits_ten_seconds_and_then_longer(bank, transport, slept):
    bank.script(reply_json({}, 429), reply_json({}, 429), {})
    transport.request("GET", "/v2/organization")
    assert 10 <= slept[0] <= 15
    assert 20 <= slept[1] <= 30


def test_a_wait_beyond_the_budget_is_left_to_the_caller(bank, transport, slept):
    bank.script(reply_json({}, 429, Retry_After="61"))
    with pytest.raises(RateLimited) as caught:
        transport.request("GET", "/v2/organization")
    assert caught.value.retry_after == 61
    assert slept == []


def test_the_waits_together_stay_within_the_budget(bank, slept):
    bank.script(reply_json({}, 429, Retry_After="25"))
    with connect(bank.url, sleep=slept.append, max_attempts=50) as transport, pytest.raises(RateLimited):
        transport.request("GET", "/v2/organization")
    assert slept == [25, 25]


@pytest.mark.parametrize("value", ["-5", "soon", "nan", "inf", "1e9", "9" * 400, ""])
def test_a_retry_after_without_sense_is_ignored(bank, value):
    bank.script(reply_json({}, 429, Retry_After=value))
    with connect(bank.url, max_attempts=1) as transport, pytest.raises(RateLimited) as caught:
        transport.request("GET", "/v2/organization")
    assert caught.value.retry_after is None


def test_a_retry_after_of_years_is_a_day(bank, transport):
    bank.script(reply_json({}, 429, Retry_After="999999999"))
    with pytest.raises(RateLimited) as caught:
        transport.request("GET", "/v2/organization")
    assert caught.value.retry_after == 86400


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"errors": [{"code": "bad_request"}]}),
        (401, {"errors": [{"code": "unauthorized"}]}),
        (403, {"code": "forbidden"}),
        (404, {"code": "not_found"}),
        (409, {"error": "Concurrent requests detected"}),
        (412, {"code": "x"}),
        (422, {"errors": {"message": "Not found"}}),
        (428, {"code": "sca_required", "sca_session_token": "t"}),
        (429, {"error": "Concurrent requests detected"}),
    ],
)
def test_no_refusal_is_ever_repeated(bank, transport, status, body):
    bank.script(reply_json(body, status))
    with pytest.raises(QontoError):
        transport.request("GET", "/v2/organization")
    assert len(bank.calls) == 1


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [(Reply(500), ServerError), (DROPPED, NetworkError), (reply_json({}, 429), RateLimited),
     (reply_json({"sca_session_token": "t"}, 428), ScaRequired), (reply_json({}, 401), Unauthorized),
     (reply_json({"error": "Concurrent requests detected"}, 409), InProgress)],
)  # fmt: skip
def test_a_call_that_writes_is_sent_exactly_once(bank, transport, method, reply, expected):
    bank.script(reply)
    with pytest.raises(expected):
        transport.request(method, "/v2/something")
    assert len(bank.calls) == 1


def test_it_is_known_when_nothing_was_sent():
    with connect(refused_url(), max_attempts=1) as nowhere, pytest.raises(NetworkError) as caught:
        nowhere.request("POST", "/v2/something")
    assert caught.value.request_sent is False
    assert (caught.value.kind, caught.value.status, caught.value.refused) == ("network", None, False)


def test_after_a_lost_answer_the_request_may_have_arrived(bank, transport):
    for reply in (DROPPED, Reply(wait=(never := threading.Event()))):
        bank.script(reply)
        with pytest.raises(NetworkError) as caught:
            transport.request("POST", "/v2/something")
        assert caught.value.request_sent is True
    never.set()


def test_a_failed_secure_connection_is_not_tried_again(bank, slept):
    bank.script({})
    url = bank.url.replace("http://", "https://")
    with connect(url, sleep=slept.append) as transport, pytest.raises(NetworkError) as caught:
        transport.request("GET", "/v2/organization")
    assert caught.value.tls_failed
    assert slept == []


def test_at_least_one_attempt_is_needed():
    with pytest.raises(ValueError, match="max_attempts"):
        connect("http://127.0.0.1", max_attempts=0)
