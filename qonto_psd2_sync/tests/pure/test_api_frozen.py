# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Requests that move money: checked, frozen once, and never anything else afterwards."""

import json
import uuid
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonto_api import FrozenRequest, FrozenRequestChanged
from qonto_api.frozen import PATHS, freeze
from qonto_api.payment_orders import (
    BulkOrder,
    OrderProblem,
    Payee,
    TransferOrder,
    amount_text,
    freeze_beneficiary,
    freeze_bulk,
    freeze_internal,
    freeze_transfer,
)

ACCOUNT = "11111111-1111-4111-8111-111111111111"
KEY = "22222222-2222-4222-8222-222222222222"
KNOWN = "33333333-3333-4333-8333-333333333333"
PAYEE = Payee("Döhrmann & Söhne KG", "DE89370400440532013000")
OTHER_IBAN = "FR7616958000014849440866435"
ORDER = TransferOrder(Decimal("12.5"), "RG 4711", payee=PAYEE, note="odoo-1")


def frozen_transfer(order=ORDER, **changes):
    facts = {"bank_account_id": ACCOUNT, "proof_token": "proof", "idempotency_key": KEY} | changes
    return freeze_transfer(order, **facts)


def test_a_transfer_is_these_very_bytes():
    assert frozen_transfer().body == (
        b'{"transfer":{"amount":"12.50","bank_account_id":"11111111-1111-4111-8111-111111111111",'
        b'"beneficiary":{"iban":"DE89370400440532013000","name":"D\\u00f6hrmann & S\\u00f6hne KG"},'
        b'"note":"odoo-1","reference":"RG 4711"},"vop_proof_token":"proof"}'
    )


def test_its_fingerprint_never_changes_between_versions():
    """Requests frozen before an update are sent after it."""
    assert frozen_transfer().fingerprint == "b935a74a9e0013260f1056bc2c5aa77b8adc9c018d41597e51697562a15af22f"


def test_all_fields_of_a_transfer():
    order = TransferOrder(
        Decimal("30000.01"),
        "RF18539007547034",
        beneficiary_id=KNOWN,
        scheduled_date=date(2026, 12, 24),
        attachment_ids=("a", "b"),
    )
    assert frozen_transfer(order).content()["transfer"] == {
        "amount": "30000.01",
        "reference": "RF18539007547034",
        "beneficiary_id": KNOWN,
        "scheduled_date": "2026-12-24",
        "attachment_ids": ["a", "b"],
        "bank_account_id": ACCOUNT,
    }


def test_a_bulk_is_flat():
    orders = [BulkOrder(str(uuid.UUID(int=n, version=4)), ORDER) for n in range(400)]
    content = freeze_bulk(orders, bank_account_id=ACCOUNT, proof_token="proof", idempotency_key=KEY).content()
    assert set(content) == {"bank_account_id", "vop_proof_token", "bulk_transfers"}
    assert len(content["bulk_transfers"]) == 400
    assert "bank_account_id" not in content["bulk_transfers"][0]


def test_an_internal_transfer_names_its_currency_twice():
    frozen = freeze_internal(
        debit_iban=PAYEE.iban, credit_iban=OTHER_IBAN, amount=Decimal(1), reference="Rest", idempotency_key=KEY
    )
    assert frozen.content()["internal_transfer"] == {
        "debit_iban": PAYEE.iban,
        "credit_iban": OTHER_IBAN,
        "amount": "1.00",
        "reference": "Rest",
        "currency": "EUR",
        "amount_currency": "EUR",
    }


def test_a_beneficiary():
    frozen = freeze_beneficiary(Payee("A", PAYEE.iban, "COBADEFFXXX"), idempotency_key=KEY)
    assert frozen.content() == {"beneficiary": {"name": "A", "iban": PAYEE.iban, "bic": "COBADEFFXXX"}}


# Kept and taken out again


def test_what_was_kept_is_what_was_frozen():
    frozen = frozen_transfer()
    stored = json.loads(json.dumps(frozen.to_stored()))
    assert FrozenRequest.from_stored(stored) == frozen


@given(st.sampled_from(sorted(frozen_transfer().to_stored())), st.integers(0, 10_000), st.characters(codec="ascii"))
def test_one_changed_character_anywhere_is_noticed(field, place, character):
    stored = frozen_transfer().to_stored()
    text = stored[field]
    place %= len(text)
    changed = text[:place] + character + text[place + 1 :]
    if changed == text:
        return
    with pytest.raises(FrozenRequestChanged):
        FrozenRequest.from_stored({**stored, field: changed})


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"transfer":{}}'},
        {"idempotency_key": "44444444-4444-4444-8444-444444444444"},
        {"sca_method": "passkey"},
        {"kind": "bulk_transfer"},
        {"fingerprint": "0" * 64},
    ],
)
def test_any_other_part_is_noticed_before_sending(change):
    with pytest.raises(FrozenRequestChanged):
        replace(frozen_transfer(), **change).verify()


@pytest.mark.parametrize("name", ["kind", "body", "idempotency_key", "sca_method", "fingerprint"])
def test_a_part_that_is_missing_is_noticed(name):
    stored = frozen_transfer().to_stored()
    for wrong in ({k: v for k, v in stored.items() if k != name}, {**stored, name: None}, {**stored, name: "ä"}):
        with pytest.raises(FrozenRequestChanged):
            FrozenRequest.from_stored(wrong)


def test_its_text_form_shows_neither_payee_nor_proof():
    assert "DE89" not in repr(frozen_transfer())
    assert "proof" not in repr(frozen_transfer())


def test_two_parts_never_run_into_each_other():
    """A fingerprint over plainly joined parts would take "ab" + "c" for "a" + "bc"."""
    kinds = [freeze(kind, {"a": "b"}, idempotency_key=KEY).fingerprint for kind in PATHS]
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize("content", [{"a": 1}, {"a": None}, {"a": 1.5}, {"a": [True]}, {1: "a"}])
def test_only_texts_are_frozen(content):
    with pytest.raises(ValueError, match="texts"):
        freeze("transfer", content, idempotency_key=KEY)


@pytest.mark.parametrize("key", ["", "1", KEY.replace("2", "A"), "{" + KEY + "}"])
def test_a_key_is_a_uuid(key):
    with pytest.raises(ValueError, match=r"."):
        frozen_transfer(idempotency_key=key)


def test_methods_that_cannot_be():
    with pytest.raises(ValueError, match="approval"):
        frozen_transfer(sca_method="sms-otp")
    with pytest.raises(ValueError, match="kind"):
        freeze("nonsense", {}, idempotency_key=KEY)


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=5))
def test_the_order_of_fields_makes_no_difference(content):
    turned = dict(reversed(content.items()))
    assert freeze("transfer", content, idempotency_key=KEY) == freeze("transfer", turned, idempotency_key=KEY)


# What cannot be frozen


@given(st.decimals(min_value="0.01", max_value="999999999.99", places=2))
def test_amounts_are_written_with_two_decimals(amount):
    text = amount_text(amount)
    assert Decimal(text) == amount
    assert text[-3] == "."
    assert "E" not in text


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        (Decimal(0), "not_positive"),
        (Decimal(-1), "not_positive"),
        (Decimal("NaN"), "not_positive"),
        (Decimal("Infinity"), "not_positive"),
        (12.5, "not_positive"),
        (Decimal("0.001"), "decimals"),
        (Decimal("12.505"), "decimals"),
        (Decimal(1000000000), "too_large"),
        (Decimal("1E+2000000"), "too_large"),
    ],
)
def test_amounts_that_cannot_be_paid(amount, why):
    with pytest.raises(OrderProblem) as caught:
        TransferOrder(amount, "RG", payee=PAYEE)
    assert (caught.value.field, caught.value.why) == ("amount", why)


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"reference": ""}, "reference", "empty"),
        ({"reference": "Müller"}, "reference", "characters"),
        ({"reference": "RF19539007547034"}, "reference", "check_digits"),
        ({"payee": None}, "payee", "one_of_two"),
        ({"beneficiary_id": KNOWN}, "payee", "one_of_two"),
        ({"payee": None, "beneficiary_id": "1"}, "payee", "wrong_form"),
        ({"note": "x" * 141}, "note", "too_long"),
        ({"attachment_ids": tuple("abcdef")}, "attachments", "too_many"),
        ({"amount": Decimal("30000.01")}, "attachments", "missing"),
    ],
)
def test_orders_that_cannot_be_frozen(changes, field, why):
    with pytest.raises(OrderProblem) as caught:
        replace(ORDER, **changes)
    assert (caught.value.field, caught.value.why) == (field, why)


@pytest.mark.parametrize(
    ("facts", "field", "why"),
    [
        (("", PAYEE.iban), "name", "empty"),
        (("x" * 71, PAYEE.iban), "name", "too_long"),
        (("A", "DE89370400440532013001"), "iban", "check_digits"),
        (("A", "de89370400440532013000"), "iban", "wrong_form"),
        (("A", "TR330006100519786457841326"), "iban", "not_sepa"),
        (("A", PAYEE.iban, "NOBIC"), "bic", "wrong_form"),
    ],
)
def test_payees_that_cannot_be(facts, field, why):
    with pytest.raises(OrderProblem) as caught:
        Payee(*facts)
    assert (caught.value.field, caught.value.why) == (field, why)


def test_bulks_that_cannot_be():
    one = BulkOrder(KNOWN, ORDER)
    facts = {"bank_account_id": ACCOUNT, "proof_token": "proof", "idempotency_key": KEY}
    many = [BulkOrder(str(uuid.UUID(int=n, version=4)), ORDER) for n in range(401)]
    for orders, why in (([], "empty"), (many, "too_many"), ([one, one], "not_unique")):
        with pytest.raises(OrderProblem) as caught:
            freeze_bulk(orders, **facts)
        assert caught.value.why == why
    for wrong in ({"proof_token": ""}, {"bank_account_id": "1"}):
        with pytest.raises(OrderProblem):
            freeze_bulk([one], **facts | wrong)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"debit_iban": "x"}, "debit_iban"),
        ({"credit_iban": PAYEE.iban}, "credit_iban"),
        ({"reference": "ü"}, "reference"),
        ({"amount": Decimal(0)}, "amount"),
    ],
)
def test_internal_transfers_that_cannot_be(changes, field):
    facts = {"debit_iban": PAYEE.iban, "credit_iban": OTHER_IBAN, "amount": Decimal(1), "reference": "Rest"}
    with pytest.raises(OrderProblem) as caught:
        freeze_internal(**facts | changes, idempotency_key=KEY)
    assert caught.value.field == field
