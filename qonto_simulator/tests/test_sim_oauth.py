"""OAuth host: every arrow of ``qonto-api.md`` section 4."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from .driver import ALL_SCOPES, EMPLOYEE, OWNER, REDIRECT, STATE, VERIFIER, Driver, Session, location, s256

# === AUTHORIZATION REQUEST === #


@pytest.mark.parametrize("change", [{"client_id": "unknown"}, {"client_id": None}])
def test_unknown_app_gets_a_page_not_a_redirect(driver: Driver, change):
    answer = driver.ask(**change)
    assert answer.status_code == 404
    assert "stand-in, not Qonto" in answer.text


@pytest.mark.parametrize("address", ["http://127.0.0.1:8069/other", REDIRECT + "/", REDIRECT + "?a=1", None])
def test_unregistered_redirect_address_gets_a_page(driver: Driver, address):
    assert driver.ask(redirect_uri=address).status_code == 404


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_request"),
        ({"scope": " "}, "invalid_request"),
        ({"scope": "organization.read nonsense"}, "invalid_scope"),
        ({"scope": "organization.read request_review.read"}, "invalid_scope"),
        ({"state": None}, "invalid_state"),
        ({"state": "seven77"}, "invalid_state"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": s256(VERIFIER), "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": s256(VERIFIER)}, "invalid_request"),
        ({"identity_type": "user"}, "unauthorized_client"),
    ],
)
def test_wrong_request_goes_back_by_redirect(driver: Driver, change, error):
    address, answer = location(driver.ask(**change))
    assert address == REDIRECT
    assert answer["error"] == error
    assert answer["error_description"]
    assert answer.get("state") == change.get("state", STATE)


def test_invalid_scope_names_the_scope(driver: Driver):
    _address, answer = location(driver.ask(scope="organization.read beneficiary.trust"))
    assert "not allowed to request scope 'beneficiary.trust'" in answer["error_description"]


def test_scopes_that_the_portal_took_away_are_refused(driver: Driver):
    driver.control("POST", "/policy", {"allowed_scopes": ["organization.read"]})
    assert location(driver.ask())[1]["error"] == "invalid_scope"
    assert driver.ask(scope="organization.read").headers["location"].startswith("http://127.0.0.1/oauth2/login")


def test_a_parameter_given_twice_is_refused(driver: Driver):
    query = [("client_id", driver.client["client_id"]), ("redirect_uri", REDIRECT), ("response_type", "code")]
    query += [("scope", "organization.read"), ("state", STATE), ("state", STATE + "2")]
    answer = driver.http.get("/oauth2/auth", params=query, follow_redirects=False)
    assert location(answer)[1]["error"] == "invalid_request"


# === PAGES === #


def test_wrong_password_says_so_and_lets_try_again(driver: Driver):
    page = driver.log_in(password="wrong")
    assert page.status_code == 200
    assert "Log-in failed" in page.text
    assert 'value="jule@halvering.example"' in page.text
    again = driver.submit(page, "/oauth2/login", email=OWNER, password="jule-stand-in")
    assert "Choose the organization" in again.text


def test_owner_of_two_organizations_chooses_one(driver: Driver):
    page = driver.log_in()
    assert "Halvering Lichttechnik GmbH" in page.text
    assert "Halvering Beteiligungs GmbH" in page.text
    consent = driver.choose(page, 1)
    assert "Allow My accounting to use Halvering Beteiligungs GmbH?" in consent.text
    second = driver.connect(organization=1).get("/organization").json()["organization"]
    assert second["name"] == "Halvering Beteiligungs GmbH"


def test_member_of_one_organization_is_not_asked_which(driver: Driver):
    assert "Allow My accounting" in driver.log_in(EMPLOYEE).text


def test_organization_named_in_the_request_is_chosen_already(driver: Driver):
    second = driver.state["organizations"][1]["id"]
    assert "Halvering Beteiligungs GmbH" in driver.log_in(organization_id=second).text


def test_consent_page_says_the_scopes_in_words(driver: Driver):
    page = driver.choose(driver.log_in(scope=ALL_SCOPES + " payment.write"))
    assert "See your accounts, balances, IBANs, transactions" in page.text
    assert "It may also, with money" in page.text
    assert "organization.read" not in page.text


def test_a_page_out_of_order_or_too_old_ends_the_log_in(driver: Driver):
    page = driver.http.get(driver.ask().headers["location"])
    assert driver.submit(page, "/oauth2/consent", decision="allow").status_code == 404
    driver.advance(minutes=30)
    late = driver.submit(page, "/oauth2/login", email=OWNER, password="jule-stand-in")
    assert late.status_code == 404


def test_allowing_returns_code_state_and_scope(driver: Driver):
    answer = driver.allow()
    assert answer["code"].startswith("ory_ac_")
    assert answer["state"] == STATE
    assert answer["scope"] == ALL_SCOPES


def test_refusing_returns_access_denied_and_no_code(driver: Driver):
    consent = driver.choose(driver.log_in())
    address, answer = location(driver.submit(consent, "/oauth2/consent", decision="deny"))
    assert address == REDIRECT
    assert answer["error"] == "access_denied"
    assert answer["state"] == STATE
    assert "code" not in answer
    assert driver.submit(consent, "/oauth2/consent", decision="allow").status_code == 404


# === CODE === #


def test_code_gives_tokens_with_the_bank_s_prefixes(driver: Driver):
    tokens = driver.redeem(driver.allow()["code"]).json()
    assert tokens["access_token"].startswith("ory_at_")
    assert tokens["refresh_token"].startswith("ory_rt_")
    assert tokens["expires_in"] == 3600
    assert tokens["token_type"] == "bearer"
    assert tokens["scope"] == ALL_SCOPES


def test_refresh_and_id_token_come_only_with_their_scopes(driver: Driver):
    tokens = driver.redeem(driver.allow(scope="organization.read")["code"]).json()
    assert "refresh_token" not in tokens
    assert "id_token" not in tokens


def test_id_token_has_the_documented_claims(driver: Driver):
    payload = driver.connect().tokens["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert set(claims) == {"at_hash", "aud", "auth_time", "email", "exp", "iat", "iss", "jti", "rat", "sid", "sub"}
    assert claims["email"] == OWNER


def refused(answer: httpx.Response, error: str = "invalid_grant") -> bool:
    return answer.status_code == (401 if error == "invalid_client" else 400) and answer.json()["error"] == error


@pytest.mark.parametrize(("minutes", "fine"), [(9.98, True), (10, False)])
def test_code_lives_ten_minutes(driver: Driver, minutes, fine):
    code = driver.allow()["code"]
    driver.advance(minutes=minutes)
    answer = driver.redeem(code)
    assert answer.status_code == 200 if fine else refused(answer)


def test_code_is_good_once_and_its_second_use_ends_the_grant(driver: Driver):
    code = driver.allow()["code"]
    session = Session(driver.http, driver.redeem(code).json())
    assert refused(driver.redeem(code))
    assert session.get("/organization").status_code == 401


def test_code_needs_the_same_redirect_address(driver: Driver):
    other = REDIRECT + "2"
    driver.control("POST", "/clients", {"redirect_uris": [other]})
    assert refused(driver.redeem(driver.allow()["code"], redirect_uri=other))


def test_code_belongs_to_its_app(driver: Driver):
    code = driver.allow()["code"]
    other = driver.control("POST", "/clients", {"new": True})["client"]
    answer = driver.redeem(code, client_id=other["client_id"], client_secret=other["client_secret"])
    assert refused(answer)
    assert driver.redeem(code).status_code == 200


@pytest.mark.parametrize(
    ("verifier", "fine"), [(VERIFIER, True), (VERIFIER + "x", False), (None, False), ("short", False)]
)
def test_pkce_challenge_needs_its_verifier(driver: Driver, verifier, fine):
    code = driver.allow(code_challenge=s256(VERIFIER), code_challenge_method="S256")["code"]
    answer = driver.redeem(code, code_verifier=verifier)
    assert answer.status_code == 200 if fine else refused(answer)


def test_verifier_without_challenge_is_refused(driver: Driver):
    assert refused(driver.redeem(driver.allow()["code"], code_verifier=VERIFIER))


# === TOKEN ENDPOINT === #


def test_wrong_secret_or_unknown_app_is_401_invalid_client(driver: Driver):
    code = driver.allow()["code"]
    assert refused(driver.redeem(code, client_secret="wrong"), "invalid_client")
    assert refused(driver.redeem(code, client_id="unknown"), "invalid_client")
    assert refused(driver.redeem(code, client_secret=None), "invalid_client")


def test_http_basic_is_not_taken(driver: Driver):
    pair = (driver.client["client_id"], driver.client["client_secret"])
    form = {"grant_type": "authorization_code", "code": driver.allow()["code"], "redirect_uri": REDIRECT}
    assert refused(driver.http.post("/oauth2/token", data=form, auth=pair), "invalid_client")


def test_json_body_unknown_grant_and_missing_field_are_refused(driver: Driver):
    assert refused(driver.http.post("/oauth2/token", json={"grant_type": "refresh_token"}), "invalid_request")
    assert refused(driver.token_call(grant_type="client_credentials"), "unsupported_grant_type")
    assert refused(driver.token_call(grant_type="refresh_token"), "invalid_request")
    assert refused(driver.token_call(), "invalid_request")


# === REFRESH === #


def test_refresh_rotates_and_the_new_one_works(driver: Driver):
    first = driver.connect().tokens
    second = driver.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert Session(driver.http, second).get("/organization").status_code == 200
    assert driver.refresh(second["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("seconds", "fine"), [(0, True), (59.9, True), (60, False)])
def test_old_refresh_token_works_sixty_seconds_from_its_first_use(driver: Driver, seconds, fine):
    old = driver.connect().tokens["refresh_token"]
    driver.refresh(old)
    driver.advance(seconds=seconds)
    answer = driver.refresh(old)
    assert answer.status_code == 200 if fine else refused(answer)


def test_grace_counts_from_the_first_use_not_the_last(driver: Driver):
    old = driver.connect().tokens["refresh_token"]
    for _use in range(2):
        assert driver.refresh(old).status_code == 200
        driver.advance(seconds=35)
    assert refused(driver.refresh(old))


def test_reuse_past_the_grace_ends_the_grant_unless_switched_off(driver: Driver):
    for revokes in (True, False):
        driver.control("POST", "/policy", {"reuse_revokes_grant": revokes})
        old = driver.connect().tokens["refresh_token"]
        new = driver.refresh(old).json()
        driver.advance(seconds=61)
        assert refused(driver.refresh(old))
        assert driver.refresh(new["refresh_token"]).status_code == (400 if revokes else 200)


@pytest.mark.parametrize(("days", "fine"), [(89.9, True), (90, False)])
def test_refresh_token_lives_ninety_days_from_its_issue(driver: Driver, days, fine):
    token = driver.connect().tokens["refresh_token"]
    driver.advance(days=days)
    answer = driver.refresh(token)
    assert answer.status_code == 200 if fine else refused(answer)


def test_ninety_days_are_renewed_at_each_use(driver: Driver):
    token = driver.connect().tokens["refresh_token"]
    for _use in range(3):
        driver.advance(days=80)
        token = driver.refresh(token).json()["refresh_token"]


def test_an_access_token_does_not_refresh(driver: Driver):
    assert refused(driver.refresh(driver.connect().tokens["access_token"]))


def test_access_token_can_die_with_the_refresh_token_it_came_with(driver: Driver):
    kept = driver.connect()
    driver.refresh(kept.tokens["refresh_token"])
    assert kept.get("/organization").status_code == 200
    driver.control("POST", "/policy", {"refresh_revokes_access_token": True})
    lost = driver.connect()
    driver.refresh(lost.tokens["refresh_token"])
    assert lost.get("/organization").status_code == 401


# === ENDS === #


@pytest.mark.parametrize(("minutes", "status"), [(59.9, 200), (60, 401)])
def test_access_token_lives_one_hour(driver: Driver, session: Session, minutes, status):
    driver.advance(minutes=minutes)
    assert session.get("/organization").status_code == status


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_a_token_ends_its_grant_only(driver: Driver, kind):
    first, second = driver.connect(), driver.connect()
    answer = driver.token_call("/oauth2/revoke", token=first.tokens[kind])
    assert (answer.status_code, answer.content) == (200, b"")
    assert first.get("/organization").status_code == 401
    assert refused(driver.refresh(first.tokens["refresh_token"]))
    assert second.get("/organization").status_code == 200


def test_revoking_an_unknown_token_is_fine_but_the_app_must_be_known(driver: Driver):
    assert driver.token_call("/oauth2/revoke", token="ory_rt_unknown").status_code == 200
    assert refused(driver.token_call("/oauth2/revoke", token="x", client_secret="no"), "invalid_client")


def test_an_app_cannot_revoke_another_s_token(driver: Driver, session: Session):
    other = driver.control("POST", "/clients", {"new": True})["client"]
    driver.token_call(
        "/oauth2/revoke",
        token=session.tokens["access_token"],
        client_id=other["client_id"],
        client_secret=other["client_secret"],
    )
    assert session.get("/organization").status_code == 200


def test_deleting_consents_ends_all_grants_of_member_and_app(driver: Driver):
    first, second, other = driver.connect(), driver.connect(), driver.connect(EMPLOYEE)
    answer = first.delete("/oauth2/consents")
    assert (answer.status_code, answer.content) == (204, b"")
    assert first.get("/organization").status_code == 401
    assert second.get("/organization").status_code == 401
    assert other.get("/organization").status_code == 200


def test_withdrawal_at_the_bank_ends_everything(driver: Driver, session: Session):
    assert driver.control("POST", "/revoke", {})["revoked"] == 1
    assert session.get("/organization").status_code == 401
    assert refused(driver.refresh(session.tokens["refresh_token"]))


# === POLICY === #


def test_auto_consent_answers_without_pages(driver: Driver):
    driver.control("POST", "/policy", {"auto_consent": "allow"})
    answer = location(driver.ask())[1]
    assert Session(driver.http, driver.redeem(answer["code"]).json()).get("/membership").json()["membership"][
        "email"
    ] == (OWNER)
    driver.control("POST", "/policy", {"auto_consent": "allow", "auto_member": EMPLOYEE})
    tokens = driver.redeem(location(driver.ask())[1]["code"]).json()
    assert Session(driver.http, tokens).get("/membership").json()["membership"]["role"] == "employee"
    driver.control("POST", "/policy", {"auto_consent": "deny"})
    assert location(driver.ask())[1]["error"] == "access_denied"
    driver.control("POST", "/policy", {"auto_consent": None})
    assert "/oauth2/login" in driver.ask().headers["location"]


def test_without_staging_token_the_sandbox_answers_html_with_200(driver: Driver, session: Session):
    driver.control("POST", "/policy", {"staging_token_required": True})
    for answer in (
        session.get("/organization"),
        driver.http.get("/v2/organization"),
        driver.refresh(session.tokens["refresh_token"]),
        driver.token_call("/oauth2/revoke", token="x"),
        driver.http.get("/v2/organization", headers={**session.headers, "X-Qonto-Staging-Token": "wrong"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
    driver.http.headers["X-Qonto-Staging-Token"] = driver.client["staging_token"]
    assert session.get("/organization").json()["organization"]["slug"]
    assert driver.refresh(session.tokens["refresh_token"]).json()["access_token"]
