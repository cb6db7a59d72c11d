# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import re
import socket
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest
from api_samples import tokens
from api_scripted_bank import DROPPED, Reply, refused_url, reply_html, reply_json

from qonto_api import (
    SANDBOX,
    Endpoints,
    InvalidAnswer,
    NetworkError,
    OAuthClient,
    OAuthError,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
    code_challenge,
    const,
    new_code_verifier,
    scopes,
)

REDIRECT = "https://odoo.example.com/qonto/callback?db=main"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def oauth(bank):
    with connect(bank.url) as client:
        yield client


def connect(url, **kwargs):
    return OAuthClient(Endpoints(url, url), "client-1", "the-client-secret", staging_token="staging-1", **kwargs)


def authorization(**kwargs):
    given = {"redirect_uri": REDIRECT, "scopes": scopes.BANK_FEED_SCOPES, "state": "state-12345"}
    with OAuthClient(SANDBOX, "client-1", "the-client-secret") as client:
        return client.authorization_url(**given | kwargs)


# Authorization


def test_the_address_for_the_user_has_all_that_the_bank_asks_for():
    url = authorization(code_challenge="challenge", organization_id="org-1")
    assert url.startswith("https://oauth-sandbox.staging.qonto.co/oauth2/auth?")
    assert parse_qs(urlsplit(url).query) == {
        "client_id": ["client-1"],
        "redirect_uri": [REDIRECT],
        "response_type": ["code"],
        "scope": ["offline_access organization.read membership.read"],
        "state": ["state-12345"],
        "code_challenge": ["challenge"],
        "code_challenge_method": ["S256"],
        "organization_id": ["org-1"],
    }
    assert "the-client-secret" not in url
    assert "+" not in url, "some servers do not read + as a space"


def test_without_pkce_and_organization_their_parameters_are_left_out():
    assert not {"code_challenge", "code_challenge_method", "organization_id"} & set(
        parse_qs(urlsplit(authorization()).query)
    )


@pytest.mark.parametrize(
    "wrong", [{"scopes": ()}, {"scopes": "organization.read"}, {"scopes": ["a", ""]}, {"state": "short"}, {"state": ""}]
)
def test_an_address_that_the_bank_would_refuse_is_not_made(wrong):
    with pytest.raises(ValueError, match=r"scope|state"):
        authorization(**wrong)


def test_credentials_are_needed():
    for credentials in (("", "secret"), ("id", "")):
        with pytest.raises(ValueError, match="needed"):
            OAuthClient(SANDBOX, *credentials)


# PKCE


def test_pkce_matches_the_example_of_rfc_7636():
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_verifiers_are_fresh_and_of_the_right_form():
    verifiers = {new_code_verifier() for _ in range(20)}
    assert len(verifiers) == 20
    for verifier in verifiers:
        assert re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", verifier)
        digest = hashlib.sha256(verifier.encode()).digest()
        assert code_challenge(verifier) == urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, "a" * 42 + "ä", "a" * 43 + "\n"])
def test_a_verifier_of_the_wrong_form_is_refused(verifier):
    with pytest.raises(ValueError, match="verifier"):
        code_challenge(verifier)


# Tokens


def test_a_code_is_exchanged_with_credentials_in_the_body(bank, oauth):
    bank.script(tokens())
    found = oauth.exchange_code(code="ory_ac_code", redirect_uri=REDIRECT, code_verifier="v" * 43)
    call = bank.calls[0]
    assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", "/oauth2/token", FORM)
    assert call.form == {
        "grant_type": "authorization_code",
        "code": "ory_ac_code",
        "redirect_uri": REDIRECT,
        "code_verifier": "v" * 43,
        "client_id": "client-1",
        "client_secret": "the-client-secret",
    }
    assert call.headers["X-Qonto-Staging-Token"] == "staging-1"
    assert "Authorization" not in call.headers
    assert found.access_token == "ory_at_new-access.sig"


def test_a_refresh_sends_the_refresh_token_and_returns_the_new_one(bank, oauth):
    bank.script(tokens())
    assert oauth.refresh("ory_rt_old").refresh_token == "ory_rt_new-refresh.sig"
    form = bank.calls[0].form
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "ory_rt_old")


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "invalid_client"), (403, "access_denied")])
def test_a_refusal_is_an_oauth_error_and_never_repeated(bank, oauth, status, error):
    bank.script(
        reply_json({"error": error, "error_description": "token ory_rt_old of the-client-secret is odd"}, status)
    )
    with pytest.raises(OAuthError) as caught:
        oauth.refresh("ory_rt_old")
    assert (caught.value.error, caught.value.status) == (error, status)
    assert caught.value.description == "token *** of *** is odd"
    assert "ory_rt_old" not in str(caught.value)
    assert len(bank.calls) == 1


def test_a_401_that_is_no_oauth_error_is_unauthorized(bank, oauth):
    bank.script(reply_json({"errors": [{"code": "unauthorized"}]}, 401))
    with pytest.raises(Unauthorized):
        oauth.refresh("ory_rt_old")


def test_a_lost_answer_to_a_refresh_is_asked_for_once_more(bank, oauth):
    bank.script(DROPPED, tokens())
    assert oauth.refresh("ory_rt_old").refresh_token == "ory_rt_new-refresh.sig"
    assert [call.form["refresh_token"] for call in bank.calls] == ["ory_rt_old"] * 2


def test_a_refresh_is_repeated_exactly_once(bank, oauth):
    bank.script(DROPPED)
    with pytest.raises(NetworkError):
        oauth.refresh("ory_rt_old")
    assert len(bank.calls) == 2


def test_a_refresh_is_not_repeated_when_the_grace_may_be_over(bank, oauth, monkeypatch):
    monkeypatch.setattr(const, "REFRESH_RETRY_WITHIN", 0)
    bank.script(DROPPED)
    with pytest.raises(NetworkError):
        oauth.refresh("ory_rt_old")
    assert len(bank.calls) == 1


def test_a_lost_answer_to_a_code_is_not_asked_for_again_since_a_code_works_once(bank, oauth):
    bank.script(DROPPED)
    with pytest.raises(NetworkError):
        oauth.exchange_code(code="ory_ac_code", redirect_uri=REDIRECT)
    assert len(bank.calls) == 1


def test_a_failure_of_the_host_is_left_to_the_caller(bank, oauth):
    bank.script(Reply(503))
    with pytest.raises(ServerError):
        oauth.refresh("ory_rt_old")
    assert len(bank.calls) == 1


def test_what_never_left_is_sent_once_more(monkeypatch):
    attempts = []
    connect_socket = socket.socket.connect

    def counted(self, address):
        attempts.append(address)
        return connect_socket(self, address)

    monkeypatch.setattr(socket.socket, "connect", counted)
    with connect(refused_url()) as nowhere, pytest.raises(NetworkError) as caught:
        nowhere.exchange_code(code="ory_ac_code", redirect_uri=REDIRECT)
    assert caught.value.request_sent is False
    assert len(attempts) == 2


def test_the_log_in_page_means_that_the_staging_token_is_missing(bank, oauth):
    for reply in (reply_html(), Reply(302, b"", {"Location": "https://qonto.onelogin.com/"})):
        bank.script(reply)
        with pytest.raises(StagingTokenMissing):
            oauth.refresh("ory_rt_old")


@pytest.mark.parametrize("payload", [[], "x", 1, None, {}, {"access_token": ""}, {"access_token": "a b"}])
def test_an_answer_without_a_token_is_invalid(bank, oauth, payload):
    bank.script(reply_json(payload))
    with pytest.raises(InvalidAnswer):
        oauth.refresh("ory_rt_old")


def test_revoking_accepts_any_empty_success(bank, oauth):
    bank.script(Reply(200))
    assert oauth.revoke("ory_rt_old") is None
    call = bank.calls[0]
    assert (call.path, call.form["token"], call.form["client_secret"]) == (
        "/oauth2/revoke",
        "ory_rt_old",
        "the-client-secret",
    )


def test_a_revocation_that_was_not_confirmed_is_an_error(bank, oauth):
    bank.script(reply_json({"error": "invalid_client"}, 401))
    with pytest.raises(OAuthError):
        oauth.revoke("ory_rt_old")
