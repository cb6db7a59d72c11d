# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The client that pays, over real HTTP: what it sends, what it believes, what an error means for the money."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from api_scripted_bank import DROPPED, Reply, refused_url, reply_html, reply_json
from hypothesis import given
from hypothesis import strategies as st
from test_api_frozen import ACCOUNT, KEY, KNOWN, ORDER, OTHER_IBAN, PAYEE, frozen_transfer

from qonto_api import (
    BadRequest,
    Endpoints,
    FrozenRequestChanged,
    InvalidAnswer,
    NetworkError,
    NotFound,
    OtherAnswer,
    PaymentClient,
    QontoError,
    ScaRequired,
    ServerError,
    Unauthorized,
    outcome_of,
)
from qonto_api.errors import error_for
from qonto_api.payment_orders import BulkOrder, freeze_beneficiary, freeze_bulk, freeze_internal
from qonto_api.payment_outcomes import CHALLENGED, NOT_ENROLLED, NOT_SENT, REFUSED, UNKNOWN, clock_difference
from qonto_api.payment_schemas import CLOSE_MATCH, FAILED, MATCH, UNSPECIFIED

SCA = "sca-session-token-" + "x" * 46
ID = "55555555-5555-4555-8555-555555555555"
AT = "2026-03-02T10:00:00.000Z"
SERVER_DATE = datetime(2026, 3, 2, 10, tzinfo=timezone.utc)
TRANSFER = {
    "id": ID,
    "initiator_id": "m",
    "bank_account_id": ACCOUNT,
    "beneficiary_id": KNOWN,
    "amount": 12.5,
    "amount_cents": 1250,
    "amount_currency": "EUR",
    "status": "pending",
    "reference": "RG 4711",
    "note": "odoo-1",
    "declined_reason": None,
    "scheduled_date": "2026-03-02",
    "created_at": AT,
    "updated_at": AT,
    "processed_at": None,
    "completed_at": None,
    "transaction_id": None,
    "recurring_transfer_id": None,
}
ITEM = {"client_transfer_id": KNOWN, "transfer_id": None, "status": "pending", "errors": None}
BULK = {"id": ID, "initiator_id": "m", "created_at": AT, "updated_at": AT, "total_count": 1, "results": [ITEM]}
BENEFICIARY = {
    "id": KNOWN,
    "name": PAYEE.name,
    "iban": PAYEE.iban,
    "bic": None,
    "currency": "EUR",
    "status": "validated",
    "trusted": True,
    "created_at": AT,
    "updated_at": AT,
}
META = {"current_page": 1, "next_page": None, "total_pages": 1, "total_count": 1, "per_page": 100}


def connect(url, **kwargs):
    given = {"sleep": lambda _seconds: None, "timeout": (2, 0.4)}
    return PaymentClient(Endpoints(url, url), "access", **given | kwargs)


@pytest.fixture
def client(bank):
    with connect(bank.url) as client:
        yield client


def error(status, payload=None):
    return error_for("POST /v2/sepa/transfers", status=status, payload=payload or {"errors": []})


# Sending


def test_the_frozen_bytes_go_out_as_they_are(bank, client):
    bank.script({"transfer": TRANSFER})
    frozen = frozen_transfer()
    accepted = client.send(frozen)
    (call,) = bank.calls
    assert (call.method, call.path, call.body) == ("POST", "/v2/sepa/transfers", frozen.body)
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Qonto-Idempotency-Key"] == KEY
    assert call.headers["X-Qonto-2fa-Preference"] == "paired-device"
    assert "X-Qonto-Sca-Session-Token" not in call.headers
    assert (accepted.answer.id, accepted.answer.amount) == (ID, Decimal("12.50"))
    assert accepted.server_date == SERVER_DATE


def test_the_replay_differs_by_its_proof_alone(bank, client):
    bank.script({"transfer": TRANSFER})
    client.send(frozen_transfer())
    client.send(frozen_transfer(), sca_session_token=SCA)
    first, second = bank.calls
    assert first.body == second.body
    assert set(second.headers.items()) - set(first.headers.items()) == {("X-Qonto-Sca-Session-Token", SCA)}


def test_what_was_changed_is_not_sent(bank, client):
    object.__setattr__(frozen := frozen_transfer(), "body", b"{}")
    with pytest.raises(FrozenRequestChanged):
        client.send(frozen)
    assert bank.calls == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        reply_json({"errors": []}, 502),
        DROPPED,
        reply_html(),
        reply_json({"errors": []}, 429),
        reply_json({"error": "Concurrent requests detected"}, 409),
        reply_json({"code": "sca_required", "sca_session_token": SCA}, 428),
        reply_json({"errors": [{"code": "unauthorized"}]}, 401),
    ],
)
def test_nothing_that_moves_money_is_ever_repeated_by_itself(bank, reply):
    bank.script(reply)
    with connect(bank.url, on_unauthorized=lambda: "another token") as client, pytest.raises(QontoError):
        client.send(frozen_transfer())
    assert len(bank.calls) == 1


def test_a_proof_is_never_told(bank, client):
    bank.script(reply_json({"errors": [{"code": "invalid", "detail": f"bad {SCA}"}]}, 422))
    with pytest.raises(BadRequest) as caught:
        client.send(frozen_transfer(), sca_session_token=SCA)
    assert SCA not in str(caught.value)
    assert caught.value.server_date == SERVER_DATE


def test_an_internal_transfer_and_a_beneficiary_name_no_way_of_approval(bank, client):
    frozen = freeze_internal(
        debit_iban=PAYEE.iban, credit_iban=OTHER_IBAN, amount=Decimal("12.5"), reference="RG", idempotency_key=KEY
    )
    answer = {"id": "i", "slug": "s", "status": "pending", "amount": "12.50", "amount_cents": 1250, "reference": "RG"}
    bank.script({"internal_transfer": {**answer, "created_at": AT}})
    assert client.send(frozen).answer.amount == Decimal("12.50")
    assert "X-Qonto-2fa-Preference" not in bank.calls[0].headers
    bank.script(reply_json({"beneficiary": BENEFICIARY}, 201))
    assert client.send(freeze_beneficiary(PAYEE, idempotency_key=KEY)).answer.trusted is True


# An answer to something else


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 99, "amount_cents": 9900},
        {"reference": "RG 4712"},
        {"note": "odoo-2"},
        {"bank_account_id": KNOWN},
        {"amount_currency": "USD"},
    ],
)
def test_an_old_answer_to_another_body_is_noticed(bank, client, changes):
    bank.script({"transfer": {**TRANSFER, **changes}})
    with pytest.raises(OtherAnswer) as caught:
        client.send(frozen_transfer())
    assert outcome_of(caught.value) == UNKNOWN
    assert caught.value.answer.id == ID
    assert caught.value.server_date == SERVER_DATE


def test_what_the_bank_does_not_tell_cannot_differ(bank, client):
    bank.script({"transfer": {**TRANSFER, "note": None, "bank_account_id": None, "reference": " RG  4711 "}})
    assert client.send(frozen_transfer()).answer.id == ID


def test_a_bulk_answers_for_exactly_its_transfers(bank, client):
    frozen = freeze_bulk([BulkOrder(KNOWN, ORDER)], bank_account_id=ACCOUNT, proof_token="p", idempotency_key=KEY)
    for answer in (BULK, {"bulk_transfer": BULK}):
        bank.script(answer)
        assert client.send(frozen).answer.items[0].client_transfer_id == KNOWN
    for wrong in ([], [{**ITEM, "client_transfer_id": ID}], [ITEM, {**ITEM, "client_transfer_id": ID}]):
        bank.script({**BULK, "results": wrong})
        with pytest.raises(OtherAnswer):
            client.send(frozen)


# What an error means for the money


@pytest.mark.parametrize(
    ("status", "payload", "outcome"),
    [
        (400, {"errors": [{"code": "insufficient_funds"}]}, REFUSED),
        (400, {"errors": [{"code": "payment_policy_approval_required"}]}, REFUSED),
        (401, {"errors": [{"code": "unauthorized"}]}, REFUSED),
        (401, {"errors": [{"code": "vop_proof_token_missing"}]}, REFUSED),
        (403, {"errors": [{"code": "forbidden"}]}, REFUSED),
        (404, {"errors": [{"code": "not_found"}]}, REFUSED),
        (412, {"errors": [{"code": "x"}]}, REFUSED),
        (422, {"errors": {"message": "Not found"}}, REFUSED),
        (428, {"code": "sca_required", "sca_session_token": SCA}, CHALLENGED),
        (428, {"errors": [{"code": "sca_required", "meta": {"sca_session_token": SCA}}]}, CHALLENGED),
        (428, {"code": "sca_not_enrolled", "message": "Enable SCA"}, NOT_ENROLLED),
        (408, None, UNKNOWN),
        (409, {"error": "Concurrent requests detected"}, UNKNOWN),
        (429, {"error": "Concurrent requests detected"}, UNKNOWN),
        (429, {"errors": [{"code": "too_many_requests"}]}, UNKNOWN),
        (500, None, UNKNOWN),
        (502, None, UNKNOWN),
        (504, None, UNKNOWN),
    ],
)
def test_only_a_definite_no_is_a_refusal(status, payload, outcome):
    assert outcome_of(error(status, payload)) == outcome


def test_a_missing_payee_proof_is_no_expired_login():
    missing = error(401, {"errors": [{"code": "vop_proof_token_missing"}]})
    assert isinstance(missing, BadRequest)
    assert not isinstance(missing, Unauthorized)


@given(st.integers(400, 599), st.sampled_from(["", "insufficient_funds", "unknown", "in_progress"]))
def test_no_server_failure_is_ever_taken_for_a_refusal(status, code):
    outcome = outcome_of(error(status, {"errors": [{"code": code}]}))
    if status >= 500 or status in (408, 409, 429):
        assert outcome == UNKNOWN
    else:
        assert outcome in (REFUSED, NOT_ENROLLED)


@pytest.mark.parametrize(
    "reply",
    [DROPPED, Reply(200, b'{"transfer": {"id"', {"Content-Type": "application/json"}, cut=True), reply_html(),
     reply_html(403), reply_json(b"nonsense"), reply_json({}), reply_json({"transfer": {"id": ID}}), Reply(200),
     reply_json(["x"]), Reply(302, headers={"Location": "/login"})],
)  # fmt: skip
def test_no_readable_answer_is_unknown(bank, client, reply):
    bank.script(reply)
    with pytest.raises((NetworkError, InvalidAnswer, QontoError)) as caught:
        client.send(frozen_transfer())
    assert outcome_of(caught.value) == UNKNOWN


def test_not_a_byte_left():
    with connect(refused_url()) as client, pytest.raises(NetworkError) as caught:
        client.send(frozen_transfer())
    assert outcome_of(caught.value) == NOT_SENT


def test_the_difference_of_the_clocks():
    assert clock_difference(None, SERVER_DATE) is None
    assert clock_difference(SERVER_DATE, SERVER_DATE - timedelta(seconds=61)) == 61
    assert clock_difference(SERVER_DATE, SERVER_DATE + timedelta(seconds=61)) == -61


# Payee checks


@pytest.mark.parametrize("token", [{"token": "proof-1"}, "proof-1"])
def test_a_check_in_both_shapes(bank, client, token):
    bank.script({"match_result": "MATCH_RESULT_CLOSE_MATCH", "matched_name": "Doehrmann KG", "proof_token": token})
    check = client.check_payee(name=PAYEE.name, iban=PAYEE.iban)
    assert (check.result, check.matched_name, check.proof_token) == (CLOSE_MATCH, "Doehrmann KG", "proof-1")
    assert "proof-1" not in repr(check)
    assert bank.calls[0].path == "/v2/sepa/verify_payee"


def test_an_unknown_result_is_never_a_match(bank, client):
    bank.script({"match_result": "MATCH_RESULT_ALMOST_CERTAIN_MATCH", "proof_token": "p"})
    assert client.check_payee(name="A", iban=PAYEE.iban).result == UNSPECIFIED


@pytest.mark.parametrize("status", [400, 500, 501, 502, 504])
def test_a_proof_is_found_in_an_error(bank, client, status):
    item = {"status": str(status), "code": "BAD_GATEWAY_ERROR_RESPONDING_BANK", "meta": {"proof_token": {"token": "p"}}}
    bank.script(reply_json({"errors": [item]}, status))
    check = client.check_payee(name="A", iban=PAYEE.iban)
    assert (check.result, check.proof_token) == (FAILED, "p")
    assert check.error_code == "BAD_GATEWAY_ERROR_RESPONDING_BANK"
    assert len(bank.calls) == 1


def test_an_error_without_a_proof_is_an_error(bank, client):
    for errors in ([{"code": "X"}], {"code": "X"}, [{"meta": {"proof_token": {}}}]):
        bank.script(reply_json({"errors": errors}, 502))
        with pytest.raises(ServerError):
            client.check_payee(name="A", iban=PAYEE.iban)


def test_a_bulk_check_in_both_shapes_of_error(bank, client):
    results = [
        {"id": "a", "response": {"match_result": "MATCH_RESULT_MATCH"}},
        {"id": "b", "error_code": "SINGLE_REQUEST_ERROR_CODE_GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"},
        {"id": "c", "error": {"code": "GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"}},
    ]
    bank.script({"requests": results, "proof_token": {"token": "p"}})
    asked = dict.fromkeys("abc", (PAYEE.name, PAYEE.iban))
    check = client.check_payees(asked)
    assert {key: found.result for key, found in check.results.items()} == {"a": MATCH, "b": FAILED, "c": FAILED}
    assert check.results["b"].error_code == check.results["c"].error_code == "GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"
    for wrong in (results[:2], [*results, results[0]], [*results[:2], {**results[2], "id": "d"}]):
        bank.script({"requests": wrong, "proof_token": "p"})
        with pytest.raises(InvalidAnswer):
            client.check_payees(asked)


def test_a_bulk_check_is_of_1_to_400(bank, client):
    for count in (0, 401):
        with pytest.raises(ValueError, match="400"):
            client.check_payees({str(n): ("A", PAYEE.iban) for n in range(count)})
    assert bank.calls == []


# Looking up


def test_beneficiaries_are_found_by_iban_wherever_it_stands(bank, client):
    nested = {k: v for k, v in BENEFICIARY.items() if k not in ("iban", "bic")} | {"id": ID}
    nested["bank_account"] = {"iban": PAYEE.iban, "bic": "COBADEFF"}
    other = {**BENEFICIARY, "id": "x", "iban": OTHER_IBAN}
    bank.script({"beneficiaries": [BENEFICIARY, nested, other], "meta": META})
    found = client.find_beneficiaries([PAYEE.iban])
    assert [(b.id, b.iban) for b in found] == [(KNOWN, PAYEE.iban), (ID, PAYEE.iban)]
    assert ("iban[]", PAYEE.iban) in bank.calls[0].query
    assert client.find_beneficiaries([]) == ()


def test_transfers_are_fetched_100_a_call(bank, client):
    ids = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(400)]
    bank.script(
        *(
            {"transfers": [{**TRANSFER, "id": one} for one in sorted(ids)[n * 100 : n * 100 + 100]], "meta": META}
            for n in range(4)
        )
    )
    assert set(client.get_transfers(ids)) == set(ids)
    assert len(bank.calls) == 4


def test_a_filter_that_the_bank_ignores_does_not_mislead(bank, client):
    other = {**TRANSFER, "id": KNOWN}
    bank.script({"transfers": [other], "meta": META}, {"transfer": TRANSFER})
    assert set(client.get_transfers([ID])) == {ID}
    bank.script({"transfers": [other], "meta": META}, reply_json({"errors": []}, 404))
    assert client.get_transfers([ID]) == {}


def test_transfers_are_found_by_our_marker(bank, client):
    ours, longer = {**TRANSFER, "id": "1", "note": "odoo-7 x"}, {**TRANSFER, "id": "2", "note": "odoo-70"}
    bank.script(
        {"transfers": [ours, longer], "meta": {**META, "next_page": 2}},
        {"transfers": [ours, {**TRANSFER, "id": "3", "note": None}], "meta": META},
    )
    assert [t.id for t in client.find_by_note("odoo-7", since=SERVER_DATE)] == ["1"]
    with pytest.raises(ValueError, match="word"):
        client.find_by_note("", since=SERVER_DATE)
    assert ("updated_at_from", "2026-03-02T10:00:00.000Z") in bank.calls[0].query
    assert ("sort_by", "updated_at:asc") in bank.calls[0].query


def test_pages_that_go_round_end(bank, client):
    bank.script({"transfers": [TRANSFER], "meta": {**META, "next_page": 1}})
    with pytest.raises(InvalidAnswer):
        list(client.iter_transfers())
    bank.script({"bulk_transfers": [BULK], "meta": {**META, "next_page": 1}})
    with pytest.raises(InvalidAnswer):
        client.find_bulk([ID])


def test_a_bulk_is_found_by_one_of_its_transfers(bank, client):
    bank.script({"bulk_transfers": [{**BULK, "results": []}, BULK], "meta": META})
    assert client.find_bulk([KNOWN]).id == ID
    bank.script({"bulk_transfers": [BULK], "meta": META})
    assert client.find_bulk(["nobody"]) is None


@pytest.mark.parametrize("errors", [[{"code": "c", "detail": "d"}], [{"errors": [{"code": "c", "detail": "d"}]}]])
def test_errors_of_a_bulk_in_both_shapes(bank, client, errors):
    item = {**ITEM, "status": "failed", "errors": errors}
    bank.script({"bulk_transfer": {**BULK, "results": [item]}})
    found = client.get_bulk_transfer(ID)
    assert (found.items[0].error_code, found.items[0].error_detail) == ("c", "d")
    assert found.created


def test_a_created_one_names_its_transfer(bank, client):
    bank.script({"bulk_transfer": {**BULK, "results": [{**ITEM, "status": "completed"}]}})
    with pytest.raises(InvalidAnswer):
        client.get_bulk_transfer(ID)


def test_another_one_than_asked_for_is_not_believed(bank, client):
    bank.script({"transfer": TRANSFER})
    with pytest.raises(InvalidAnswer):
        client.get_transfer(KNOWN)
    bank.script({"bulk_transfer": BULK})
    with pytest.raises(InvalidAnswer):
        client.get_bulk_transfer(KNOWN)


def test_looking_up_is_repeated_like_all_reading(bank, client):
    bank.script(Reply(500), {"transfer": TRANSFER})
    assert client.get_transfer(ID).id == ID
    bank.script(reply_json({"errors": []}, 404))
    with pytest.raises(NotFound):
        client.get_transfer(ID)


def test_cancel(bank, client):
    bank.script(Reply(204))
    client.cancel_transfer(ID)
    assert (bank.calls[0].method, bank.calls[0].path) == ("POST", f"/v2/sepa/transfers/{ID}/cancel")
    bank.script(reply_json({"errors": [{"code": "cannot_cancel"}]}, 400))
    with pytest.raises(BadRequest) as caught:
        client.cancel_transfer(ID)
    assert caught.value.code == "cannot_cancel"


def test_a_file_is_uploaded_under_a_plain_name(bank, client):
    bank.script({"attachment": {"id": "a1"}})
    given = {"content": b"%PDF", "content_type": "application/pdf", "idempotency_key": KEY}
    assert client.upload_attachment(file_name='Rg "4711" Ä.pdf', **given) == "a1"
    assert b'name="file"; filename="Rg %224711%22 %C3%84.pdf"' in bank.calls[0].body
    assert bank.calls[0].headers["X-Qonto-Idempotency-Key"] == KEY


def test_a_challenge_says_what_for(bank, client):
    body = {"code": "sca_required", "action_type": "transfer.single.create", "sca_session_token": SCA}
    bank.script(reply_json(body, 428))
    with pytest.raises(ScaRequired) as caught:
        client.send(frozen_transfer())
    assert (caught.value.sca_session_token, caught.value.action_type) == (SCA, "transfer.single.create")
