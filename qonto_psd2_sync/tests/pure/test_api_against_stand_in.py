# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The client and the stand-in bank (``qonto_simulator``), from consent to the last transaction."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import requests
from stand_in_bank import ALL_SCOPES, CALLBACK, NOW

from qonto_api import (
    BadRequest,
    Forbidden,
    InvalidAnswer,
    NetworkError,
    NotFound,
    OAuthError,
    RateLimited,
    ScaNotEnrolled,
    ScaRequired,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
    new_code_verifier,
    scopes,
)


@pytest.fixture
def bank(running_stand_in):
    running_stand_in.begin()
    return running_stand_in


@pytest.fixture
def client(bank):
    with bank.client() as client:
        yield client


@pytest.fixture
def main(bank):
    return next(account for account in bank.accounts() if account["main"])


def rows_of(client, account, **query):
    pages = client.iter_transaction_pages(bank_account_id=account["id"], **query)
    return [row for page in pages for row in page.transactions]


# Consent


def test_a_consent_becomes_tokens_that_open_the_organization(bank):
    with bank.oauth() as oauth:
        verifier = new_code_verifier()
        answer = bank.callback(oauth, verifier=verifier)
        assert answer["state"] == "state-12345"
        tokens = oauth.exchange_code(code=answer["code"], redirect_uri=CALLBACK, code_verifier=verifier)
    assert set(tokens.scopes) == set(ALL_SCOPES)
    assert tokens.expires_in == 3600
    with bank.client(tokens) as client:
        organization = client.get_organization()
        member = client.get_membership()
        assert client.get_subscription().code
    assert organization.id == bank.facts["organizations"][0]["id"]
    assert organization.slug == bank.facts["organizations"][0]["slug"]
    assert (member.id, member.role) == (bank.facts["members"][0]["membership_id"], "owner")


def test_a_code_works_once(bank):
    with bank.oauth() as oauth:
        code = bank.callback(oauth)["code"]
        oauth.exchange_code(code=code, redirect_uri=CALLBACK)
        with pytest.raises(OAuthError) as caught:
            oauth.exchange_code(code=code, redirect_uri=CALLBACK)
    assert (caught.value.error, caught.value.status) == ("invalid_grant", 400)


def test_a_stolen_code_is_worthless_without_its_verifier(bank):
    with bank.oauth() as oauth:
        code = bank.callback(oauth, verifier=new_code_verifier())["code"]
        with pytest.raises(OAuthError, match="invalid_grant"):
            oauth.exchange_code(code=code, redirect_uri=CALLBACK, code_verifier=new_code_verifier())


def test_a_wrong_client_secret_is_told(bank):
    with bank.oauth(client_secret="wrong") as oauth, pytest.raises(OAuthError) as caught:
        oauth.refresh("ory_rt_any")
    assert (caught.value.error, caught.value.status) == ("invalid_client", 401)


def test_without_offline_access_there_is_no_refresh_token(bank):
    assert bank.tokens([scopes.ORGANIZATION_READ]).refresh_token is None


# The life of tokens


def test_an_expired_access_token_is_renewed_amid_work(bank, main):
    tokens = bank.tokens()

    def renew():
        with bank.oauth() as oauth:
            return oauth.refresh(tokens.refresh_token).access_token

    with bank.client(tokens, on_unauthorized=renew) as client:
        pages = client.iter_transaction_pages(bank_account_id=main["id"], per_page=5)
        first = next(pages)
        bank.control("clock", advance_seconds=3601)
        rest = [row for page in pages for row in page.transactions]
    assert len(first.transactions) + len(rest) == len(main["transactions"])


def test_a_refresh_token_is_rotated_and_the_old_one_works_for_a_minute(bank):
    old = bank.tokens().refresh_token
    with bank.oauth() as oauth:
        assert oauth.refresh(old).refresh_token != old
        bank.control("clock", advance_seconds=59)
        newest = oauth.refresh(old).refresh_token
        assert oauth.refresh(newest).access_token
        bank.control("clock", advance_seconds=2)
        with pytest.raises(OAuthError, match="invalid_grant"):
            oauth.refresh(old)


@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_a_refresh_whose_answer_was_lost_does_not_cost_the_consent(bank, kind):
    tokens = bank.tokens()
    bank.fault("/oauth2/token", kind, after_effect=True)
    with bank.oauth() as oauth:
        renewed = oauth.refresh(tokens.refresh_token)
        bank.control("clock", advance_seconds=3600)
        assert oauth.refresh(renewed.refresh_token).access_token


def test_after_revoking_the_token_opens_nothing(bank):
    tokens = bank.tokens()
    with bank.oauth() as oauth:
        oauth.revoke(tokens.access_token)
        oauth.revoke("ory_at_unknown")
    with bank.client(tokens) as client, pytest.raises(Unauthorized):
        client.get_organization()


def test_after_revoking_the_consents_the_token_opens_nothing(bank):
    tokens = bank.tokens()
    with bank.client(tokens) as client:
        client.revoke_consents()
        with pytest.raises(Unauthorized):
            client.get_organization()
    with bank.oauth() as oauth, pytest.raises(OAuthError, match="invalid_grant"):
        oauth.refresh(tokens.refresh_token)


def test_a_withdrawal_at_the_bank_is_asked_about_once_only(bank):
    tokens = bank.tokens()
    bank.control("revoke")
    asked = []
    with bank.client(tokens, on_unauthorized=lambda: asked.append(1) or "ory_at_other") as client:
        for _ in range(3):
            with pytest.raises(Unauthorized):
                client.get_organization()
    assert asked == [1]


# The staging token


def test_a_missing_staging_token_is_recognised_everywhere(bank):
    tokens = bank.tokens()
    with bank.client(tokens, staging_token=None) as client, pytest.raises(StagingTokenMissing):
        client.get_organization()
    with bank.oauth(staging_token="wrong") as oauth, pytest.raises(StagingTokenMissing):
        oauth.refresh(tokens.refresh_token)


# Accounts


def test_accounts_are_as_the_bank_has_them(bank, client):
    truth = {account["id"]: account for account in bank.accounts()}
    for accounts in (client.list_bank_accounts(), client.get_organization().bank_accounts):
        assert {account.id for account in accounts} == set(truth)
        for account in accounts:
            real = truth[account.id]
            assert (account.iban, account.currency, account.main) == (real["iban"], real["currency"], real["main"])
            assert account.balance == Decimal(real["balance_cents"]).scaleb(-2)
            assert account.authorized_balance == Decimal(real["authorized_balance_cents"]).scaleb(-2)
            assert client.get_bank_account(account.id) == account


def test_an_employee_sees_accounts_without_iban_and_balance(bank):
    employee = next(member for member in bank.facts["members"] if member["role"] == "employee")
    bank.control("policy", auto_member=employee["email"])
    with bank.client() as client:
        assert client.get_membership().role == "employee"
        for account in client.list_bank_accounts():
            assert (account.iban, account.currency, account.balance) == (None, None, None)


def test_an_unknown_account_is_not_found(client):
    with pytest.raises(NotFound):
        client.get_bank_account("00000000-0000-4000-8000-000000000000")


def test_a_missing_scope_is_named(bank):
    tokens = bank.tokens([scopes.OFFLINE_ACCESS, scopes.ORGANIZATION_READ])
    with bank.client(tokens) as client, pytest.raises(Forbidden) as caught:
        client.get_membership()
    assert caught.value.scope == "membership.read"
    assert caught.value.trace_id


# Transactions


@pytest.mark.parametrize("per_page", [1, 7, 100])
def test_every_transaction_arrives_once_and_as_it_is(client, main, per_page):
    rows = rows_of(client, main, per_page=per_page)
    truth = {row["id"]: row for row in main["transactions"]}
    assert len(rows) == len(truth) == len({row.id for row in rows})
    for row in rows:
        real = truth[row.id]
        assert row.signed_amount == Decimal(real["amount_cents"]).scaleb(-2)
        assert (row.transaction_id, row.status, row.side) == (real["transaction_id"], real["status"], real["side"])
        assert (row.currency, row.local_currency) == (real["currency"], real["local_currency"])
        assert (row.reference, row.counterparty_iban) == (real["reference"], real["counterparty_iban"])
        assert row.label == real["label"]
        assert (
            row.updated_at.isoformat() == datetime.fromisoformat(real["updated_at"].replace("Z", "+00:00")).isoformat()
        )
        assert row.bank_account_id == main["id"]
        assert (row.settled_at is None) == (real["settled_at"] is None)
    assert [row.updated_at for row in rows] == sorted(row.updated_at for row in rows)


def test_settled_balances_form_a_chain_that_ends_at_the_balance(client, main):
    booked = rows_of(client, main, statuses=["completed"], sort_by="settled_at:asc")
    balance = Decimal(main["opening_balance_cents"]).scaleb(-2)
    for row in booked:
        balance += row.signed_amount
        assert row.settled_balance == balance
    assert balance == Decimal(main["balance_cents"]).scaleb(-2)


def test_pending_and_declined_rows_come_only_when_asked_for(client, main):
    statuses = {row.status for row in rows_of(client, main)}
    assert statuses == {"pending", "completed", "declined"}
    assert {row.status for row in rows_of(client, main, statuses=["pending"])} == {"pending"}


def test_a_window_of_changes_has_both_its_edges(client, main):
    rows = rows_of(client, main)
    first, last = rows[3].updated_at, rows[9].updated_at
    window = rows_of(client, main, updated_at_from=first, updated_at_to=last)
    assert [row.id for row in window] == [row.id for row in rows if first <= row.updated_at <= last]


def test_a_window_of_bookings_is_honoured(client, main):
    since = NOW - timedelta(days=20)
    window = rows_of(client, main, statuses=["completed"], settled_at_from=since, sort_by="settled_at:desc")
    assert window
    assert all(row.settled_at >= since for row in window)


def test_an_account_without_transactions_is_one_empty_page(bank, client):
    fresh = bank.control("accounts", name="Empty")["account"]
    pages = list(client.iter_transaction_pages(bank_account_id=fresh["id"]))
    assert [page.transactions for page in pages] == [()]


def test_a_page_past_the_end_is_refused_by_the_bank(client, main):
    with pytest.raises(BadRequest) as caught:
        client.list_transactions(bank_account_id=main["id"], page=99)
    assert caught.value.status == 422


def test_one_transaction_is_the_same_as_in_the_list(client, main):
    listed = rows_of(client, main)[0]
    assert client.get_transaction(listed.id) == listed


def test_the_banks_clock_is_known(client):
    client.get_organization()
    assert abs(client.last_server_date - NOW) < timedelta(seconds=2)


# Bad days


@pytest.mark.parametrize("kind", ["drop", "truncate", "status"])
def test_a_page_that_fails_twice_is_fetched_again_without_loss(bank, client, main, kind):
    bank.fault("/v2/transactions", kind, times=2, skip=1)
    rows = rows_of(client, main, per_page=9)
    assert sorted(row.id for row in rows) == sorted(row["id"] for row in main["transactions"])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("status", ServerError), ("drop", NetworkError), ("truncate", NetworkError), ("garbage", InvalidAnswer),
     ("wrong_shape", InvalidAnswer), ("html", StagingTokenMissing)],
)  # fmt: skip
def test_a_bank_that_stays_broken_is_told_by_its_own_error(bank, client, main, kind, expected):
    bank.fault("/v2/transactions", kind, times=None)
    with pytest.raises(expected):
        rows_of(client, main)


def test_a_slow_bank_is_not_waited_for_without_end(bank):
    bank.fault("/v2/organization", "delay", seconds=1.5)
    with bank.client(timeout=(1, 0.3), max_attempts=1) as client, pytest.raises(NetworkError, match="in time"):
        client.get_organization()


def test_a_rate_limit_is_waited_out_as_told(bank):
    bank.fault("/v2/organization", "status", status=429, retry_after=3)
    slept = []
    with bank.client(sleep=slept.append) as client:
        assert client.get_organization().slug
    assert slept == [3.0]


def test_a_rate_limit_that_lasts_goes_back_to_the_caller_with_its_time(bank, client):
    bank.fault("/v2/organization", "status", status=429, retry_after=600, times=None)
    with pytest.raises(RateLimited) as caught:
        client.get_organization()
    assert caught.value.retry_after == 600


def test_rows_of_another_account_are_never_taken(bank, client, main):
    other = next(account for account in bank.accounts() if not account["main"])
    page = requests.get(
        f"{bank.url}/v2/transactions",
        {"bank_account_id": other["id"]},
        headers={
            "Authorization": f"Bearer {bank.tokens().access_token}",
            "X-Qonto-Staging-Token": bank.facts["client"]["staging_token"],
        },
        timeout=30,
    ).json()
    assert page["transactions"]
    bank.fault("/v2/transactions", "wrong_shape", body=page)
    with pytest.raises(InvalidAnswer, match="another account"):
        client.list_transactions(bank_account_id=main["id"])


# Strong customer authentication while reading


def test_reading_goes_on_with_an_approved_challenge(bank, client, main):
    bank.control("policy", sca_poll_seconds=0)
    bank.control("sca/reading")
    with pytest.raises(ScaRequired) as caught:
        client.list_transactions(bank_account_id=main["id"])
    token = caught.value.sca_session_token
    assert caught.value.action_type == "transaction.list"
    assert client.get_sca_session(token) == "waiting"
    bank.control("sca", decision="allow")
    assert client.get_sca_session(token) == "allow"
    assert client.list_transactions(bank_account_id=main["id"], sca_session_token=token).transactions
    assert client.list_transactions(bank_account_id=main["id"]).transactions


def test_a_member_without_a_paired_phone_is_told_so(bank, client, main):
    bank.control("sca/reading")
    bank.control("phones", paired=False)
    with pytest.raises(ScaNotEnrolled):
        client.list_transactions(bank_account_id=main["id"])
