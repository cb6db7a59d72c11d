# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonto_api import (
    BadRequest,
    Forbidden,
    InProgress,
    InvalidAnswer,
    NetworkError,
    NotFound,
    OAuthError,
    PreconditionFailed,
    QontoError,
    RateLimited,
    ScaNotEnrolled,
    ScaRequired,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
)
from qonto_api.errors import error_for, oauth_error_for, read_problem

ITEM = {"code": "not_in_list", "detail": "status is wrong", "source": {"parameter": "status"}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([
        "errors", "code", "detail", "message", "source", "pointer", "error", "error_description", "trace_id", "meta",
        "sca_session_token", "title",
    ]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def error(status, payload=None, **kwargs):
    return error_for("GET /v2/transactions", status=status, payload=payload, **kwargs)


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({"errors": [ITEM], "trace_id": "t1"}, "not_in_list", "status is wrong (at status)"),
        ({"errors": [ITEM, {"code": "x", "detail": "y"}]}, "not_in_list", "status is wrong (at status); y"),
        ({"errors": ITEM, "trace_id": "t1"}, "not_in_list", "status is wrong (at status)"),
        ({"errors": {"message": "Not found"}, "trace_id": "t1"}, None, "Not found"),
        (
            {"code": "invalid", "detail": "no", "source": {"pointer": "/callback_url"}},
            "invalid",
            "no (at /callback_url)",
        ),
        ({"code": "sca_not_enrolled", "message": "Enable SCA"}, "sca_not_enrolled", "Enable SCA"),
        (
            {"errors": [{"id": "1", "status": "502", "code": "BAD_GATEWAY_ERROR_RESPONDING_BANK", "title": "Gateway"}]},
            "BAD_GATEWAY_ERROR_RESPONDING_BANK",
            "Gateway",
        ),
        ({"error": "invalid_grant", "error_description": "used"}, None, "used"),
        ({"errors": ["plain words"]}, None, "plain words"),
        ({"errors": [{"source": {"header": "X-Qonto-Idempotency-Key"}}]}, None, "at X-Qonto-Idempotency-Key"),
        ({"errors": []}, None, None),
        ({}, None, None),
        (None, None, None),
        ([], None, None),
        ("words", None, "words"),
    ],
)
def test_every_known_shape_is_read(body, code, detail):
    problem = read_problem(body)
    assert (problem.code, problem.detail) == (code, detail)


def test_trace_id_comes_from_the_body_or_else_from_the_header():
    assert error(400, {"errors": [ITEM], "trace_id": "body"}, trace_id="header").trace_id == "body"
    assert error(400, {"errors": [ITEM]}, trace_id="header").trace_id == "header"


@pytest.mark.parametrize(
    ("status", "expected", "kind", "refused"),
    [
        (400, BadRequest, "bad_request", True),
        (401, Unauthorized, "unauthorized", True),
        (403, Forbidden, "forbidden", True),
        (404, NotFound, "not_found", True),
        (405, BadRequest, "bad_request", True),
        (408, ServerError, "server_error", False),
        (409, InProgress, "in_progress", False),
        (412, PreconditionFailed, "precondition_failed", True),
        (413, BadRequest, "bad_request", True),
        (422, BadRequest, "bad_request", True),
        (428, ScaNotEnrolled, "sca_not_enrolled", True),
        (429, RateLimited, "rate_limited", False),
        (500, ServerError, "server_error", False),
        (503, ServerError, "server_error", False),
        (599, ServerError, "server_error", False),
    ],
)
def test_each_status_has_its_class_and_tells_whether_it_is_a_refusal(status, expected, kind, refused):
    found = error(status)
    assert type(found) is expected
    assert (found.kind, found.status, found.refused) == (kind, status, refused)


def test_no_answer_that_may_hide_a_payment_counts_as_a_refusal():
    assert not any(kind.refused for kind in (NetworkError, InvalidAnswer, StagingTokenMissing, ServerError, InProgress))


def test_401_for_a_missing_payee_proof_is_no_expired_login():
    found = error(401, {"errors": [{"code": "vop_proof_token_missing", "detail": "missing"}]})
    assert type(found) is BadRequest
    assert found.code == "vop_proof_token_missing"


def test_429_of_the_idempotency_layer_means_in_progress():
    assert type(error(429, {"error": "Concurrent requests detected"})) is InProgress
    assert type(error(429, {"error": "API rate limit exceeded"})) is RateLimited


@pytest.mark.parametrize(
    "body",
    [
        {"code": "sca_required", "sca_session_token": "T" * 64, "action_type": "transfer.single.create"},
        {"errors": [{"code": "sca_required", "meta": {"sca_session_token": "T" * 64}}]},
        {"errors": {"sca_session_token": "T" * 64}},
    ],
)
def test_428_with_a_token_anywhere_is_a_challenge_and_never_shows_the_token(body):
    found = error(428, body)
    assert isinstance(found, ScaRequired)
    assert found.sca_session_token == "T" * 64
    assert found.action_type == body.get("action_type")
    assert "TTTT" not in str(found) + repr(found)


def test_428_with_an_empty_token_is_not_enrolled():
    assert isinstance(error(428, {"code": "sca_required", "sca_session_token": ""}), ScaNotEnrolled)


@pytest.mark.parametrize(
    ("detail", "scope"),
    [
        ("Missing required OAuth scope: payment.write", "payment.write"),
        ("The scope 'webhook' is required", "webhook"),
        ("missing required OAuth scope", None),
        ("see organization.read", None),
        (None, None),
    ],
)
def test_403_names_the_missing_scope_when_the_bank_does(detail, scope):
    assert error(403, {"errors": [{"code": "forbidden", "detail": detail}]}).scope == scope


def test_message_is_one_line_with_call_status_code_detail_and_trace():
    found = error(400, {"errors": [{"code": "invalid", "detail": "line\nbreak"}], "trace_id": "t1"})
    assert str(found) == "GET /v2/transactions answered 400 invalid: line break (trace t1)"


def test_message_and_detail_hide_tokens_ibans_and_given_secrets():
    detail = "token ory_at_secret of DE89370400440532013000 with my-staging-token"
    found = error(400, {"errors": [{"code": "invalid", "detail": detail}]}, secrets=("my-staging-token",))
    assert found.detail == "token *** of DE…3000 with ***"
    assert found.detail in str(found)


def test_overlong_text_of_the_bank_is_cut():
    assert len(str(error(400, {"errors": [{"detail": "word " * 10_000}] * 50}))) < 700


@given(json_values, st.integers(400, 599))
def test_no_error_body_whatsoever_breaks_the_reader(payload, status):
    assert isinstance(error(status, payload), QontoError)
    refusal = oauth_error_for("POST /oauth2/token", status=status, payload=payload)
    assert refusal is None or isinstance(refusal, OAuthError)


def test_oauth_error_carries_error_and_description():
    found = oauth_error_for(
        "POST /oauth2/token", status=400, payload={"error": "invalid_grant", "error_description": "code used twice"}
    )
    assert (found.error, found.description, found.code, found.kind) == (
        "invalid_grant",
        "code used twice",
        "invalid_grant",
        "oauth",
    )


def test_an_oauth_hosts_own_failure_is_no_refusal():
    assert oauth_error_for("POST /oauth2/token", status=503, payload={"error": "temporarily_unavailable"}) is None
    assert oauth_error_for("POST /oauth2/token", status=429, payload={"error": "slow_down"}) is None
