"""API host: admission, error shapes, organization, accounts, members (sections 2, 3, 7)."""

from __future__ import annotations

import httpx
import pytest

from .driver import EMPLOYEE, MANAGER, OWNER, Driver, Session

READS = ["/organization", "/bank_accounts", "/memberships", "/labels"]


def code_of(answer: httpx.Response) -> str:
    return answer.json()["errors"][0]["code"]


# === ADMISSION === #


def test_missing_authorization_is_400_not_401(driver: Driver):
    answer = driver.http.get("/v2/organization")
    assert (answer.status_code, code_of(answer)) == (400, "bad_request")
    assert "missing" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer ", "Basic abc", "login:secret", "nonsense"])
def test_bad_credentials_are_401(driver: Driver, value):
    answer = driver.http.get("/v2/organization", headers={"Authorization": value})
    assert (answer.status_code, code_of(answer)) == (401, "unauthorized")


def test_a_refresh_token_is_no_access_token(driver: Driver, session: Session):
    headers = {"Authorization": f"Bearer {session.tokens['refresh_token']}"}
    assert driver.http.get("/v2/organization", headers=headers).status_code == 401


def test_missing_scope_is_403_and_named(driver: Driver):
    session = driver.connect(scope="organization.read")
    for path, scope in (("/membership", "membership.read"), ("/subscription", "subscription.read")):
        answer = session.get(path)
        assert (answer.status_code, code_of(answer)) == (403, "forbidden")
        assert scope in answer.json()["errors"][0]["detail"]
    other = driver.connect(scope="membership.read")
    assert "organization.read" in other.get("/transactions").json()["errors"][0]["detail"]
    assert other.delete("/oauth2/consents").status_code == 403


def test_every_error_carries_its_trace_id_twice(session: Session):
    answer = session.get("/labels/unknown")
    assert answer.status_code == 404
    assert answer.json()["trace_id"] == answer.headers["X-Tyk-Trace-Id"]


def test_unknown_path_or_method_is_404(driver: Driver, session: Session):
    assert code_of(session.get("/nonsense")) == "not_found"
    assert driver.http.post("/v2/organization", headers=session.headers).status_code == 404


def test_other_organization_header_is_403(driver: Driver, session: Session):
    own, other = (organization["id"] for organization in driver.state["organizations"])
    for named, status in ((own, 200), (other, 403)):
        headers = {**session.headers, "X-Qonto-Organization-Id": named}
        assert driver.http.get("/v2/organization", headers=headers).status_code == status


def test_api_key_reads_but_not_what_needs_oauth(driver: Driver):
    key = driver.state["api_key"]
    headers = {"Authorization": f"{key['login']}:{key['secret']}"}
    for path in READS:
        assert driver.http.get(f"/v2{path}", headers=headers).status_code == 200
    for path in ("/membership", "/subscription"):
        assert driver.http.get(f"/v2{path}", headers=headers).status_code == 403


def test_date_header_is_the_bank_s_clock(driver: Driver, session: Session):
    assert session.get("/organization").headers["Date"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    driver.advance(minutes=10)
    assert driver.http.get("/v2/organization").headers["Date"] == "Fri, 20 Nov 2026 10:10:00 GMT"


# === LIMITS === #


@pytest.mark.parametrize("limit", ["rate_10_seconds", "rate_10_minutes"])
def test_too_many_requests_are_429_without_retry_after(driver: Driver, session: Session, limit):
    driver.control("POST", "/policy", {limit: 3})
    statuses = [session.get("/labels").status_code for _request in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    answer = session.get("/labels")
    assert "Retry-After" not in answer.headers
    driver.control("POST", "/policy", {limit: 100000, "retry_after": 7})
    assert session.get("/labels").status_code == 200


def test_retry_after_is_sent_where_asked_for(driver: Driver, session: Session):
    driver.control("POST", "/policy", {"rate_10_seconds": 0, "retry_after": 7})
    assert session.get("/labels").headers["Retry-After"] == "7"


def test_more_than_200_answers_of_401_in_an_hour_throttle(driver: Driver, session: Session):
    bad = {"Authorization": "Bearer bad"}
    for _request in range(201):
        assert driver.http.get("/v2/labels", headers=bad).status_code == 401
    assert driver.http.get("/v2/labels", headers=bad).status_code == 429
    assert session.get("/labels").status_code == 429
    driver.control("POST", "/policy", {"unauthorized_per_hour": 500})
    assert session.get("/labels").status_code == 200


# === ORGANIZATION AND ACCOUNTS === #


def test_organization_carries_its_accounts_and_an_odd_date(session: Session):
    organization = session.get("/organization").json()["organization"]
    assert organization["legal_country"] == "DE"
    assert organization["contract_signed_at"] == "2023-02-14 09:30:12.345678"
    assert [account["name"] for account in organization["bank_accounts"]] == ["Hauptkonto", "Steuerrücklage"]
    assert session.get("/organization", include_external_accounts="maybe").status_code == 400


def test_accounts_agree_between_list_one_and_organization(session: Session):
    listed = session.get("/bank_accounts").json()["bank_accounts"]
    assert [account["main"] for account in listed] == [True, False]
    for account in listed:
        assert session.get(f"/bank_accounts/{account['id']}").json()["bank_account"] == account
    assert session.get("/organization").json()["organization"]["bank_accounts"] == listed


def test_account_of_another_organization_is_404(driver: Driver, session: Session):
    foreign = driver.connect(organization=1).account()
    answer = session.get(f"/bank_accounts/{foreign['id']}")
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_what_a_member_sees_depends_on_the_role(driver: Driver):
    basic = {"id", "name", "status", "main", "organization_id"}
    balances = {"currency", "balance", "balance_cents", "authorized_balance", "authorized_balance_cents"}
    owner, manager, employee = (set(driver.connect(email).account()) for email in (OWNER, MANAGER, EMPLOYEE))
    assert employee == basic
    assert manager == basic | balances
    assert owner > manager | {"iban", "bic"}


def test_who_sees_no_iban_sees_none_in_the_organization(driver: Driver):
    for email in (MANAGER, EMPLOYEE):
        assert driver.connect(email).get("/organization").json()["organization"]["bank_accounts"] == []


def test_account_without_iban_has_no_such_field(driver: Driver, session: Session):
    made = driver.control("POST", "/accounts", {"name": "Tagesgeld", "iban": None})["account"]
    assert "iban" not in session.get(f"/bank_accounts/{made['id']}").json()["bank_account"]
    assert session.get("/organization").json()["organization"]["bank_accounts"][-1]["iban"] == ""


def test_authorized_balance_is_lower_by_pending_debits(session: Session):
    account = session.account()
    pending = session.transactions(account["id"], ["pending"])
    held = sum(row["amount_cents"] for row in pending if row["side"] == "debit")
    assert held > 0
    assert account["authorized_balance_cents"] == account["balance_cents"] - held


# === MEMBERS, PLAN, LABELS === #


def test_members_and_own_membership(driver: Driver, session: Session):
    members = session.get("/memberships").json()["memberships"]
    assert [member["role"] for member in members] == ["owner", "manager", "reporting", "employee"]
    own = driver.connect(EMPLOYEE).get("/membership").json()["membership"]
    assert (own["role"], own["email"]) == ("employee", EMPLOYEE)


def test_plan_of_each_organization(driver: Driver, session: Session):
    assert session.get("/subscription").json()["plan"]["code"] == "team_business"
    assert driver.connect(organization=1).get("/subscription").json()["plan"]["code"] == "solo_basic"


def test_plan_may_be_null(bank, session: Session):
    bank.first_organization().plan_code = None
    assert session.get("/subscription").json() == {"plan": None}


def test_labels_form_a_tree(session: Session):
    labels = session.get("/labels").json()["labels"]
    root = labels[0]
    assert root["parent_id"] is None
    assert {label["parent_id"] for label in labels[1:]} == {root["id"]}
    assert session.get(f"/labels/{root['id']}").json()["label"] == root


# === PAGES OF LISTS === #


@pytest.mark.parametrize("path", ["/bank_accounts", "/memberships", "/labels"])
def test_lists_have_pages(session: Session, path):
    whole = session.get(path).json()
    key = path.removeprefix("/")
    total = whole["meta"]["total_count"]
    assert whole["meta"]["next_page"] is None
    rows = []
    for page in range(1, total + 1):
        answer = session.get(path, page=page, per_page=1).json()
        assert answer["meta"]["prev_page"] == (page - 1 or None)
        assert answer["meta"]["next_page"] == (page + 1 if page < total else None)
        rows += answer[key]
    assert rows == whole[key]


@pytest.mark.parametrize(
    "query", [{"per_page": 101}, {"per_page": 0}, {"page": 0}, {"page": -1}, {"page": "x"}, {"per_page": "1.5"}]
)
def test_impossible_pages_are_refused(session: Session, query):
    assert session.get("/labels", **query).status_code == 400
    assert session.get("/transactions", bank_account_id=session.account()["id"], **query).status_code == 400
