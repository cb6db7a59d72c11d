# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import datetime, timedelta, timezone

import pytest
from api_samples import ACCOUNT_ID, account, organization, page, transaction
from api_scripted_bank import Reply, reply_html, reply_json
from freezegun import freeze_time

from qonto_api import (
    Endpoints,
    InvalidAnswer,
    NotFound,
    QontoClient,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
)

UTC = timezone.utc
EXPIRED = reply_json({"errors": [{"code": "unauthorized", "detail": "expired"}]}, 401)


@pytest.fixture
def client(bank):
    with connect(bank) as client:
        yield client


def connect(bank, **kwargs):
    kwargs.setdefault("sleep", lambda _seconds: None)
    return QontoClient(Endpoints(bank.url, bank.url), "old-token", **kwargs)


def tokens_sent(bank):
    return [call.headers["Authorization"].removeprefix("Bearer ") for call in bank.calls]


def ids(found):
    return [entry.id for entry in found.transactions]


# Expired access


def test_a_401_asks_for_one_new_token_and_repeats_the_call(bank):
    bank.script(EXPIRED, organization())
    with connect(bank, on_unauthorized=lambda: "new-token") as client:
        assert client.get_organization().slug == "acme-gmbh-1111"
        bank.script(organization())
        client.get_organization()
    assert tokens_sent(bank) == ["new-token"]


def test_a_second_401_is_raised_and_no_third_call_is_made(bank):
    bank.script(EXPIRED)
    asked = []
    with connect(bank, on_unauthorized=lambda: asked.append(1) or "new-token") as client:
        with pytest.raises(Unauthorized):
            client.get_organization()
        assert tokens_sent(bank) == ["old-token", "new-token"]
        with pytest.raises(Unauthorized):
            client.get_organization()
    assert len(asked) == 1, "a client asks once in its life"
    assert len(bank.calls) == 3


def test_without_a_way_to_a_new_token_a_401_is_raised_at_once(bank, client):
    bank.script(EXPIRED)
    with pytest.raises(Unauthorized):
        client.get_organization()
    assert len(bank.calls) == 1


def test_an_error_while_asking_for_a_token_reaches_the_caller(bank):
    bank.script(EXPIRED)

    def fail():
        raise LookupError("locked")

    with connect(bank, on_unauthorized=fail) as client, pytest.raises(LookupError):
        client.get_organization()
    assert len(bank.calls) == 1


def test_a_new_token_that_no_header_can_carry_is_refused(bank):
    bank.script(EXPIRED)
    with (
        connect(bank, on_unauthorized=lambda: "bad\r\ntoken") as client,
        pytest.raises(ValueError, match="access token"),
    ):
        client.get_organization()


# Organization and accounts


def test_the_organization_is_fetched_without_other_banks_accounts(bank, client):
    bank.script(organization())
    assert client.get_organization().legal_name == "Acme GmbH"
    assert bank.calls[0].query == []


def test_all_pages_of_accounts_are_fetched(bank, client):
    bank.script(
        {"bank_accounts": [account()], "meta": {"current_page": 1, "next_page": 2}},
        {"bank_accounts": [account(id="second", main=False)], "meta": {"current_page": 2, "next_page": None}},
    )
    assert [entry.id for entry in client.list_bank_accounts()] == [ACCOUNT_ID, "second"]
    assert [dict(call.query)["page"] for call in bank.calls] == ["1", "2"]


def test_accounts_without_meta_are_one_page(bank, client):
    bank.script({"bank_accounts": [account()]})
    assert len(client.list_bank_accounts()) == 1
    assert len(bank.calls) == 1


def test_pages_of_accounts_that_go_round_are_refused(bank, client):
    bank.script({"bank_accounts": [account()], "meta": {"next_page": 1}})
    with pytest.raises(InvalidAnswer, match="circle"):
        client.list_bank_accounts()


def test_one_account_is_fetched_and_checked(bank, client):
    bank.script({"bank_account": account()})
    assert client.get_bank_account(ACCOUNT_ID).main
    with pytest.raises(InvalidAnswer, match="another account"):
        client.get_bank_account("other")
    bank.script(reply_json({"errors": [{"code": "not_found"}]}, 404))
    with pytest.raises(NotFound):
        client.get_bank_account("other")


def test_member_plan_and_single_transaction(bank, client):
    bank.script({"membership": {"id": "m1", "role": "admin"}})
    assert client.get_membership().role == "admin"
    bank.script({"plan": None})
    assert client.get_subscription() is None
    bank.script({"transaction": transaction()})
    found = client.get_transaction(transaction()["id"], includes=["labels"])
    assert found.reference == "INV/2026/014"
    assert bank.calls[0].query == [("includes[]", "labels")]
    with pytest.raises(InvalidAnswer, match="another one"):
        client.get_transaction("other")


# Transactions


def test_the_question_is_asked_as_the_bank_wants_it(bank, client):
    bank.script(page())
    client.list_transactions(
        bank_account_id=ACCOUNT_ID,
        updated_at_from=datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2))),
        updated_at_to=datetime(2026, 3, 2, tzinfo=UTC),
        includes=("labels", "attachments"),
    )
    assert bank.calls[0].path == "/v2/transactions"
    assert bank.calls[0].query == [
        ("bank_account_id", ACCOUNT_ID),
        ("status[]", "pending"),
        ("status[]", "completed"),
        ("status[]", "declined"),
        ("updated_at_from", "2026-03-01T10:30:00.000Z"),
        ("updated_at_to", "2026-03-02T00:00:00.000Z"),
        ("sort_by", "updated_at:asc"),
        ("includes[]", "labels"),
        ("includes[]", "attachments"),
        ("page", "1"),
        ("per_page", "100"),
    ]


def test_limits_are_rounded_outwards_so_that_no_row_at_the_edge_is_lost(bank, client):
    bank.script(page())
    edge = datetime(2026, 12, 31, 23, 59, 59, 999400, tzinfo=UTC)
    client.list_transactions(bank_account_id=ACCOUNT_ID, settled_at_from=edge, settled_at_to=edge)
    query = dict(bank.calls[0].query)
    assert query["settled_at_from"] == "2026-12-31T23:59:59.999Z"
    assert query["settled_at_to"] == "2027-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"updated_at_from": datetime(2026, 3, 1)},
        {"settled_at_to": datetime(2026, 3, 1)},
        {"bank_account_id": ""},
        {"statuses": ()},
        {"statuses": "completed"},
        {"sort_by": "amount:asc"},
        {"sort_by": "updated_at"},
        {"page": 0},
        {"per_page": 0},
        {"per_page": 101},
        {"includes": ["secrets"]},
        {"includes": "labels"},
    ],
)
def test_a_wrong_question_is_not_sent(bank, client, wrong):
    with pytest.raises(ValueError, match=r"."):
        client.list_transactions(**{"bank_account_id": ACCOUNT_ID, **wrong})
    assert bank.calls == []


def test_a_row_of_another_account_stops_everything(bank, client):
    bank.script(page(transaction(bank_account_id="other")))
    with pytest.raises(InvalidAnswer, match="another account"):
        client.list_transactions(bank_account_id=ACCOUNT_ID)


def test_pages_follow_each_other_to_the_last_one(bank, client):
    bank.script(
        page(transaction(id="a"), following=2),
        page(transaction(id="b"), current=2, following=3),
        page(transaction(id="c"), current=3),
    )
    found = [ids(each) for each in client.iter_transaction_pages(bank_account_id=ACCOUNT_ID, per_page=1)]
    assert found == [["a"], ["b"], ["c"]]
    assert [dict(call.query)["page"] for call in bank.calls] == ["1", "2", "3"]


def test_pages_are_fetched_only_when_asked_for(bank, client):
    bank.script(page(transaction(id="a"), following=2))
    pages = client.iter_transaction_pages(bank_account_id=ACCOUNT_ID)
    assert bank.calls == []
    next(pages)
    assert len(bank.calls) == 1


def test_an_empty_page_is_the_end_even_if_it_names_another(bank, client):
    bank.script(page(transaction(), following=2), page(current=2, following=3))
    assert len(list(client.iter_transaction_pages(bank_account_id=ACCOUNT_ID))) == 2
    assert len(bank.calls) == 2


@pytest.mark.parametrize("following", [0, 1])
def test_a_next_page_that_is_not_further_on_is_refused_after_the_page_was_handed_out(bank, client, following):
    bank.script(page(transaction(), next_page=following))
    pages = client.iter_transaction_pages(bank_account_id=ACCOUNT_ID)
    assert ids(next(pages))
    with pytest.raises(InvalidAnswer, match="next one"):
        next(pages)
    assert len(bank.calls) == 1


def test_a_next_page_beyond_the_last_one_is_never_asked_for(bank, client):
    bank.script(page(transaction(), next_page=2, total_pages=1))
    with pytest.raises(InvalidAnswer, match="next one"):
        list(client.iter_transaction_pages(bank_account_id=ACCOUNT_ID))
    assert len(bank.calls) == 1


def test_the_same_rows_again_and_again_are_no_progress(bank, client):
    def endless(number):
        return page(transaction(), current=number, following=number + 1, total_pages=None)

    bank.script(endless(1), endless(2), endless(3))
    with pytest.raises(InvalidAnswer, match="repeats"):
        list(client.iter_transaction_pages(bank_account_id=ACCOUNT_ID))
    assert len(bank.calls) == 2


def test_a_bank_that_ignores_the_page_number_is_noticed(bank, client):
    bank.script(page(transaction(), following=2))
    with pytest.raises(InvalidAnswer, match="current_page"):
        list(client.iter_transaction_pages(bank_account_id=ACCOUNT_ID))
    assert len(bank.calls) == 2


# The rest


def test_consents_are_revoked_once_and_never_by_repetition(bank, client):
    bank.script(Reply(204))
    assert client.revoke_consents() is None
    assert (bank.calls[0].method, bank.calls[0].path) == ("DELETE", "/v2/oauth2/consents")
    bank.script(Reply(500))
    with pytest.raises(ServerError):
        client.revoke_consents()
    assert len(bank.calls) == 1


def test_the_banks_clock_is_kept_whatever_ours_says(bank, client):
    assert client.last_server_date is None
    bank.script(organization())
    with freeze_time("2001-01-01"):
        client.get_organization()
    assert client.last_server_date == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_a_poll_that_must_be_quick_is_sent_once(bank):
    bank.script(Reply(503))
    with connect(bank, max_attempts=1) as client, pytest.raises(ServerError):
        client.get_organization()
    assert len(bank.calls) == 1


def test_the_sandboxs_log_in_page_is_recognised(bank, client):
    bank.script(reply_html())
    with pytest.raises(StagingTokenMissing):
        client.get_organization()


def test_an_empty_answer_in_place_of_data_is_invalid(bank, client):
    bank.script(Reply(200))
    for call in (client.get_organization, client.list_bank_accounts, client.get_membership, client.get_subscription):
        with pytest.raises(InvalidAnswer):
            call()
