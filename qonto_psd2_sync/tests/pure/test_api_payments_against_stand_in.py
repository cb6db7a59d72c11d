# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The client that pays and the stand-in bank: what the ledger of debits says afterwards is what counts."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
import requests
from stand_in_bank import NOW

from qonto_api import (
    BadRequest,
    FrozenRequest,
    InvalidAnswer,
    NetworkError,
    NotFound,
    OtherAnswer,
    PaymentClient,
    PreconditionFailed,
    ScaNotEnrolled,
    ScaRequired,
    ServerError,
    outcome_of,
    scopes,
)
from qonto_api.payment_orders import (
    BulkOrder,
    Payee,
    TransferOrder,
    freeze_beneficiary,
    freeze_bulk,
    freeze_internal,
    freeze_transfer,
)
from qonto_api.payment_outcomes import UNKNOWN
from qonto_api.payment_schemas import CLOSE_MATCH, DECLINED, FAILED, MATCH, NOT_POSSIBLE, PENDING, SETTLED

PAYING = (
    *scopes.BANK_FEED_SCOPES,
    scopes.PAYMENT_WRITE,
    scopes.INTERNAL_TRANSFER_WRITE,
    scopes.ATTACHMENT_WRITE,
)
PAYEE = Payee("Elbe Kabel GmbH", "DE02120300000000202051")


@pytest.fixture
def bank(running_stand_in):
    running_stand_in.begin()
    return running_stand_in


@pytest.fixture
def client(bank):
    bank.control("policy", sca_poll_seconds=0)
    bank.control("payees", iban=PAYEE.iban, holder=PAYEE.name)
    app = bank.facts["client"]
    token = bank.tokens(PAYING).access_token
    with PaymentClient(
        bank.endpoints, token, staging_token=app["staging_token"], sleep=lambda _s: None, timeout=(2, 1)
    ) as client:
        yield client


@pytest.fixture
def account(client):
    return next(account for account in client.list_bank_accounts() if account.main)


def key():
    return str(uuid.uuid4())


def debits(bank):
    return requests.get(f"{bank.url}/_control/debits", timeout=30).json()["debits"]


def frozen(client, account, **changes):
    facts = {"amount": Decimal("12.50"), "reference": "RG 4711", "payee": PAYEE, "note": "odoo-1"} | changes
    check = client.check_payee(name=PAYEE.name, iban=PAYEE.iban)
    return freeze_transfer(
        TransferOrder(**facts), bank_account_id=account.id, proof_token=check.proof_token, idempotency_key=key()
    )


def challenge(client, request):
    with pytest.raises(ScaRequired) as caught:
        client.send(request)
    return caught.value.sca_session_token


def paid(bank, client, request):
    token = challenge(client, request)
    bank.control("sca", decision="allow")
    return client.send(request, sca_session_token=token)


def advance(bank, **parts):
    bank.control("clock", advance_seconds=timedelta(**parts).total_seconds())


# One transfer


def test_a_transfer_is_checked_approved_sent_and_settled(bank, client, account):
    request = frozen(client, account)
    token = challenge(client, request)
    assert client.get_sca_session(token) == "waiting"
    assert debits(bank) == []
    bank.control("sca", decision="allow")
    assert client.get_sca_session(token) == "allow"
    accepted = client.send(FrozenRequest.from_stored(request.to_stored()), sca_session_token=token)
    assert (accepted.answer.status, accepted.answer.amount) == (PENDING, Decimal("12.50"))
    assert accepted.server_date == NOW
    advance(bank, minutes=1)
    settled = client.get_transfer(accepted.answer.id)
    assert settled.status == SETTLED
    row = client.get_transaction(settled.transaction_id)
    assert (row.amount, row.status, row.counterparty_iban) == (Decimal("12.50"), "completed", PAYEE.iban)
    assert len(debits(bank)) == 1


def test_a_lost_answer_is_found_by_the_same_bytes_and_by_our_marker(bank, client, account):
    request = frozen(client, account)
    token = challenge(client, request)
    bank.control("sca", decision="allow")
    bank.fault("/v2/sepa/transfers", "drop", after_effect=True)
    with pytest.raises(NetworkError) as caught:
        client.send(request, sca_session_token=token)
    assert outcome_of(caught.value) == UNKNOWN
    (debit,) = debits(bank)
    assert [found.id for found in client.find_by_note("odoo-1", since=NOW - timedelta(minutes=5))] == [debit["id"]]
    assert client.send(request, sca_session_token=token).answer.id == debit["id"]
    assert len(debits(bank)) == 1


@pytest.mark.parametrize(("kind", "error"), [("status", ServerError), ("html", Exception), ("garbage", InvalidAnswer)])
def test_a_spoilt_answer_is_unknown_and_the_money_has_moved(bank, client, account, kind, error):
    request = frozen(client, account)
    token = challenge(client, request)
    bank.control("sca", decision="allow")
    bank.fault("/v2/sepa/transfers", kind, after_effect=True)
    with pytest.raises(error) as caught:
        client.send(request, sca_session_token=token)
    assert outcome_of(caught.value) == UNKNOWN
    assert len(debits(bank)) == 1


def test_an_answer_that_comes_too_late_is_unknown_and_the_money_moves(bank, client, account):
    request = frozen(client, account)
    token = challenge(client, request)
    bank.control("sca", decision="allow")
    bank.fault("/v2/sepa/transfers", "delay", seconds=1.5)
    with pytest.raises(NetworkError) as caught:
        client.send(request, sca_session_token=token)
    assert outcome_of(caught.value) == UNKNOWN


def test_an_old_key_with_a_new_body_is_noticed(bank, client, account):
    first = frozen(client, account)
    paid(bank, client, first)
    check = client.check_payee(name=PAYEE.name, iban=PAYEE.iban)
    order = TransferOrder(Decimal("99.00"), "RG 4712", payee=PAYEE, note="odoo-2")
    second = freeze_transfer(
        order, bank_account_id=account.id, proof_token=check.proof_token, idempotency_key=first.idempotency_key
    )
    with pytest.raises(OtherAnswer) as caught:
        client.send(second)
    assert caught.value.answer.amount == Decimal("12.50")
    assert len(debits(bank)) == 1


def test_refused_and_expired(bank, client, account):
    request = frozen(client, account)
    token = challenge(client, request)
    bank.control("sca", decision="deny")
    assert client.get_sca_session(token) == "deny"
    with pytest.raises(BadRequest):
        client.send(request, sca_session_token=token)
    token = challenge(client, request)
    advance(bank, minutes=15)
    assert client.get_sca_session(token) == "deny"
    with pytest.raises(PreconditionFailed):
        client.send(request, sca_session_token=token)
    assert debits(bank) == []


def test_no_paired_phone(bank, client, account):
    bank.control("phones", paired=False)
    with pytest.raises(ScaNotEnrolled):
        client.send(frozen(client, account))


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"payment_policy": "approval_required"}, "payment_policy_approval_required"),
        ({"payment_policy": "approver_missing"}, "payment_policy_approver_missing"),
    ],
)
def test_the_banks_own_policy_is_told_by_its_code(bank, client, account, policy, code):
    request = frozen(client, account)
    bank.control("policy", **policy)
    with pytest.raises(BadRequest) as caught:
        client.send(request)
    assert caught.value.code == code


def test_funds_that_are_not_there(bank, client):
    poor = bank.control("accounts", name="Poor", balance_cents=1)["account"]["id"]
    account = client.get_bank_account(poor)
    with pytest.raises(BadRequest) as caught:
        client.send(frozen(client, account))
    assert caught.value.code == "insufficient_funds"


def test_declined_at_execution(bank, client, account):
    bank.control("payees", iban=PAYEE.iban, holder=PAYEE.name, fate="declined", reason="beneficiary_iban_invalid")
    made = paid(bank, client, frozen(client, account)).answer
    advance(bank, minutes=1)
    transfer = client.get_transfer(made.id)
    assert (transfer.status, transfer.declined_reason) == (DECLINED, "beneficiary_iban_invalid")


def test_a_scheduled_transfer_is_canceled(bank, client, account):
    made = paid(bank, client, frozen(client, account, scheduled_date=date(2026, 12, 24))).answer
    client.cancel_transfer(made.id)
    assert client.get_transfer(made.id).status == "canceled"
    with pytest.raises(BadRequest) as caught:
        client.cancel_transfer(made.id)
    assert caught.value.code == "cannot_cancel"
    with pytest.raises(NotFound):
        client.cancel_transfer(key())


def test_above_30000_euros_with_a_file(bank, client):
    rich = bank.control("accounts", name="Rich", balance_cents=10_000_000)["account"]["id"]
    file = client.upload_attachment(
        file_name="Rg 4711.pdf", content=b"%PDF-1.4", content_type="application/pdf", idempotency_key=key()
    )
    request = frozen(client, client.get_bank_account(rich), amount=Decimal("30000.01"), attachment_ids=(file,))
    paid(bank, client, request)
    assert debits(bank)[0]["amount_cents"] == 3_000_001


# Payees


def test_payee_checks(bank, client):
    assert client.check_payee(name="ELBE KABEL GMBH", iban=PAYEE.iban).result == MATCH
    close = client.check_payee(name="Elbe Kabell", iban=PAYEE.iban)
    assert (close.result, close.matched_name) == (CLOSE_MATCH, PAYEE.name)
    bank.control("payees", iban=PAYEE.iban, vop_error="GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK", vop_status=504)
    failed = client.check_payee(name=PAYEE.name, iban=PAYEE.iban)
    assert (failed.result, failed.error_code) == (FAILED, "GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK")
    check = client.check_payees({"a": (PAYEE.name, PAYEE.iban), "b": ("A", "FR1420041010050500013M02606")})
    assert {key: found.result for key, found in check.results.items()} == {"a": FAILED, "b": NOT_POSSIBLE}


@pytest.mark.parametrize("nested", [False, True])
def test_known_payees(bank, client, nested):
    bank.control("policy", nest_beneficiary_account=nested)
    assert client.find_beneficiaries([PAYEE.iban]) == ()
    made = client.send(freeze_beneficiary(PAYEE, idempotency_key=key())).answer
    assert (made.iban, made.trusted) == (PAYEE.iban, False)
    bank.control("beneficiaries", iban=PAYEE.iban, name=PAYEE.name, trusted=True)
    (found,) = client.find_beneficiaries([PAYEE.iban])
    assert (found.id, found.trusted) == (made.id, True)


def test_a_trusted_payee_by_id_rings_no_phone(bank, client, account):
    known = bank.control("beneficiaries", iban=PAYEE.iban, name=PAYEE.name, trusted=True)["beneficiary"]["id"]
    client.send(frozen(client, account, payee=None, beneficiary_id=known))
    assert len(debits(bank)) == 1


# Bulk


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_bulk_of_25_of_which_2_fail(bank, client, account, wrapped):
    bank.control("policy", bulk_wrapped=wrapped)
    bank.control("payees", iban=PAYEE.iban, holder=PAYEE.name, fate="failed", reason="iban_blocked", times=2)
    ids = [key() for _number in range(25)]
    check = client.check_payees(dict.fromkeys(ids, (PAYEE.name, PAYEE.iban)))
    orders = [BulkOrder(one, TransferOrder(Decimal(n + 1), f"RG {n}", payee=PAYEE)) for n, one in enumerate(ids)]
    request = freeze_bulk(
        orders, bank_account_id=account.id, proof_token=check.proof_token, idempotency_key=key()
    )
    token = challenge(client, request)
    bank.control("sca", decision="allow")
    bulk = client.send(request, sca_session_token=token).answer
    assert not bulk.created
    advance(bank, minutes=1)
    done = client.get_bulk_transfer(bulk.id)
    assert done.created
    failed = [item for item in done.items if item.status == "failed"]
    assert [item.error_code for item in failed] == ["iban_blocked"] * 2
    transfers = client.get_transfers([item.transfer_id for item in done.items if item.transfer_id])
    assert {transfer.status for transfer in transfers.values()} == {SETTLED}
    assert len(transfers) == len(debits(bank)) == 23
    assert client.find_bulk(ids[:1]).id == bulk.id
    assert client.find_bulk([key()]) is None
    assert client.send(request, sca_session_token=token).answer.id == bulk.id
    assert len(debits(bank)) == 23


def test_400_in_a_bulk(bank, client):
    rich = bank.control("accounts", name="Rich", balance_cents=100_000_000)["account"]["id"]
    ids = [key() for _number in range(400)]
    check = client.check_payees(dict.fromkeys(ids, (PAYEE.name, PAYEE.iban)))
    orders = [BulkOrder(one, TransferOrder(Decimal(1), f"RG {n}", payee=PAYEE)) for n, one in enumerate(ids)]
    request = freeze_bulk(orders, bank_account_id=rich, proof_token=check.proof_token, idempotency_key=key())
    bulk = paid(bank, client, request).answer
    advance(bank, minutes=1)
    created = [item.transfer_id for item in client.get_bulk_transfer(bulk.id).items]
    assert len(client.get_transfers(created)) == 400


# Between own accounts


def test_between_own_accounts(bank, client, account):
    other = next(a for a in client.list_bank_accounts() if not a.main and a.iban)
    request = freeze_internal(
        debit_iban=account.iban,
        credit_iban=other.iban,
        amount=Decimal(10),
        reference="Ruecklage",
        idempotency_key=key(),
    )
    answer = client.send(request).answer
    assert answer.amount == Decimal("10.00")
    assert client.send(request).answer == answer
    assert [debit["kind"] for debit in debits(bank)] == ["internal"]
