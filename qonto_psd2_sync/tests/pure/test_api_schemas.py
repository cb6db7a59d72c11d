# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
from contextlib import suppress
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from api_samples import ABSENT, ACCOUNT_ID, account, organization, page, tokens, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qonto_api import InvalidAnswer, parse_transaction, raw_json
from qonto_api.schemas import (
    parse_bank_account,
    parse_membership,
    parse_organization,
    parse_plan,
    parse_token_set,
    parse_transaction_page,
)
from qonto_api.transport import parse_json

UTC = timezone.utc
WRONG_TYPES = [{}, [], 1, True, "", "  ", "words", -1, Decimal("1.5"), [None], {"id": 1}, None]

nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def through_json(data):
    """As it arrives: Decimals instead of floats."""
    return parse_json(json.dumps(data).encode())


# Transactions


def test_a_transaction_is_read_in_full():
    found = parse_transaction(through_json(transaction()))
    assert found.id == "7b7a5ed6-3903-4782-889d-b4f64bd7bef9"
    assert found.transaction_id == "acme-gmbh-1111-1-transaction-99"
    assert found.bank_account_id == ACCOUNT_ID
    assert (found.status, found.side, found.operation_type) == ("completed", "debit", "transfer")
    assert (found.amount, found.signed_amount, found.currency) == (Decimal("123.45"), Decimal("-123.45"), "EUR")
    assert (found.local_amount, found.local_currency) == (Decimal("123.45"), "EUR")
    assert found.counterparty_name == "Muster Bürobedarf GmbH"
    assert (found.counterparty_iban, found.counterparty_bic) == ("DE89370400440532013000", "COBADEFFXXX")
    assert found.settled_at == datetime(2026, 3, 2, 10, 15, 30, 123000, tzinfo=UTC)
    assert found.emitted_at == found.created_at == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 2, 10, 15, 31, 456000, tzinfo=UTC)
    assert found.settled_balance == Decimal("9876.55")
    assert (found.reference, found.note, found.category) == ("INV/2026/014", None, "office_supply")
    assert found.label_ids == ("9a8b7c6d-0000-4000-8000-000000000001",)
    assert found.attachment_ids == ()
    assert (found.attachment_required, found.attachment_lost, found.is_external) == (True, False, False)
    assert found.raw["cashflow_category"] == {"name": "Suppliers"}


def test_currency_codes_are_upper_case_and_nothing_else():
    found = parse_transaction(transaction(currency="eur", local_currency="usd"))
    assert (found.currency, found.local_currency) == ("EUR", "USD")
    for wrong in ("EURO", "€", "E1R"):
        with pytest.raises(InvalidAnswer, match="field currency"):
            parse_transaction(transaction(currency=wrong))


def test_a_credit_is_positive_and_a_debit_negative():
    assert parse_transaction(transaction(side="credit")).signed_amount == Decimal("123.45")
    assert parse_transaction(transaction(side="Debit")).signed_amount == Decimal("-123.45")


def test_a_payment_in_another_currency_keeps_both_amounts_with_one_sign():
    found = parse_transaction(
        through_json(transaction(local_amount=20000, local_amount_cents=2000000, local_currency="JPY"))
    )
    assert (found.signed_amount, found.signed_local_amount) == (Decimal("-123.45"), Decimal(-20000))
    assert str(found.local_amount) == "20000"


def test_without_a_local_amount_the_payment_was_in_the_accounts_currency():
    found = parse_transaction(transaction(local_amount=None, local_amount_cents=None, local_currency=None))
    assert (found.local_amount, found.local_currency) == (Decimal("123.45"), "EUR")
    with pytest.raises(InvalidAnswer, match="local_amount is missing"):
        parse_transaction(transaction(local_amount=None, local_amount_cents=None, local_currency="USD"))


def test_the_label_names_the_counterparty_where_there_is_no_cleaned_name():
    assert parse_transaction(transaction(clean_counterparty_name=None)).counterparty_name == "Muster Bürobedarf"


@pytest.mark.parametrize("status", ["pending", "declined", "reversed", "something_new"])
def test_any_status_is_kept_as_text(status):
    found = parse_transaction(
        transaction(status=status, settled_at=None, settled_balance=None, settled_balance_cents=None)
    )
    assert (found.status, found.settled_at, found.settled_balance) == (status, None, None)


def test_what_the_bank_adds_later_breaks_nothing():
    found = parse_transaction(transaction(operation_type="brand_new", subject_type="BrandNew", brand_new={"x": [1]}))
    assert found.operation_type == "brand_new"
    assert found.raw["brand_new"] == {"x": [1]}


@pytest.mark.parametrize("field", ["id", "transaction_id", "status", "side", "currency", "emitted_at", "updated_at"])
@pytest.mark.parametrize("value", [ABSENT, None, "", 7, ["x"]])
def test_a_needed_field_that_is_absent_or_wrong_is_named_with_the_transaction(field, value):
    with pytest.raises(InvalidAnswer) as caught:
        parse_transaction(transaction(**{field: value}))
    assert field in str(caught.value)
    if field != "id":
        assert "7b7a5ed6-3903-4782-889d-b4f64bd7bef9" in str(caught.value)


def test_an_amount_is_needed_in_one_form_at_least():
    assert parse_transaction(transaction(amount=ABSENT)).amount == Decimal("123.45")
    assert parse_transaction(transaction(amount_cents=ABSENT)).amount == Decimal("123.45")
    with pytest.raises(InvalidAnswer, match="amount is missing"):
        parse_transaction(transaction(amount=ABSENT, amount_cents=ABSENT))


def test_a_side_that_says_no_sign_is_refused():
    with pytest.raises(InvalidAnswer, match="side"):
        parse_transaction(transaction(side="transfer"))


def test_a_negative_amount_is_refused_since_the_side_gives_the_sign():
    with pytest.raises(InvalidAnswer, match="amount is negative"):
        parse_transaction(transaction(amount=-123.45, amount_cents=-12345))
    with pytest.raises(InvalidAnswer, match="local_amount is negative"):
        parse_transaction(transaction(local_amount=-1, local_amount_cents=-100))


def test_a_negative_balance_is_read():
    found = parse_transaction(through_json(transaction(settled_balance=-0.5, settled_balance_cents=-50)))
    assert found.settled_balance == Decimal("-0.50")


@pytest.mark.parametrize(
    ("nested", "iban", "bic"),
    [
        ({"subject_type": "Income", "income": {"counterparty_account_number": "de89 3704 0044 0532 0130 00",
          "counterparty_account_number_format": "iban", "counterparty_bank_identifier": "cobadeff",
          "counterparty_bank_identifier_format": "bic"}}, "DE89370400440532013000", "COBADEFF"),
        ({"subject_type": "SwiftIncome", "swift_income": {"counterparty_account_number": "12345678",
          "counterparty_account_number_format": "account_number"}}, None, None),
        ({"subject_type": "swift_income", "swift_income": {"counterparty_account_number": "12345678"}}, None, None),
        ({"subject_type": "Card"}, None, None),
        ({"subject_type": None, "direct_debit": {"counterparty_account_number": "DE89370400440532013000"}},
         "DE89370400440532013000", None),
        ({"subject_type": "direct_debit", "income": {"counterparty_account_number": "FR7616798000010000005663951"},
          "direct_debit": {"counterparty_account_number": "DE89370400440532013000"}}, "DE89370400440532013000", None),
        ({"subject_type": "transfer", "transfer": {"counterparty_iban": "DE89370400440532013000",
          "counterparty_bic": "COBADEFFXXX"}}, "DE89370400440532013000", "COBADEFFXXX"),
    ],
)  # fmt: skip
def test_the_counterpartys_account_is_found_in_the_nested_object(nested, iban, bic):
    found = parse_transaction(transaction(**{"transfer": None, **nested}))
    assert (found.counterparty_iban, found.counterparty_bic) == (iban, bic)


def test_a_kept_raw_answer_gives_the_same_transaction_again():
    first = parse_transaction(through_json(transaction()))
    again = parse_transaction(json.loads(raw_json(first.raw)))
    assert again == first
    assert json.loads(raw_json(first.raw))["amount"] == 123.45


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_numbers_in_a_kept_raw_answer_keep_their_exact_value(number):
    kept = json.loads(raw_json({"n": number}), parse_float=Decimal)["n"]
    assert Decimal(kept) == number


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(nonsense)
def test_any_nonsense_in_place_of_an_answer_is_an_invalid_answer(data):
    for parse in (
        parse_transaction,
        parse_bank_account,
        parse_organization,
        parse_membership,
        parse_token_set,
        lambda data: parse_transaction_page(data, page=1, bank_account_id=ACCOUNT_ID),
    ):
        with pytest.raises(InvalidAnswer):
            parse(data)
    with suppress(InvalidAnswer):
        parse_plan(data)


@given(st.sampled_from(sorted(transaction())), nonsense | st.sampled_from(WRONG_TYPES))
def test_nonsense_in_one_field_is_read_over_or_an_invalid_answer(field, value):
    for parse, sample in (
        (parse_transaction, transaction(**{field: value})),
        (parse_bank_account, account(**{field: value})),
    ):
        with suppress(InvalidAnswer):
            parse(sample)


# Pages


def test_a_page_knows_what_follows():
    data = page(transaction(), transaction(id="b"), current=2, following=3, total=250, total_pages=3)
    found = parse_transaction_page(data, page=2, bank_account_id=ACCOUNT_ID)
    assert [t.id for t in found.transactions] == ["7b7a5ed6-3903-4782-889d-b4f64bd7bef9", "b"]
    assert (found.page, found.next_page, found.total_count, found.total_pages) == (2, 3, 250, 3)


@pytest.mark.parametrize("following", [None, ABSENT])
def test_the_last_page_names_none_or_leaves_the_key_out(following):
    found = parse_transaction_page(page(transaction(), next_page=following), page=1, bank_account_id=ACCOUNT_ID)
    assert found.next_page is None


def test_a_row_of_another_account_is_refused():
    data = page(transaction(), transaction(id="stray", bank_account_id="other"))
    with pytest.raises(InvalidAnswer, match="transaction stray: field bank_account_id names another account"):
        parse_transaction_page(data, page=1, bank_account_id=ACCOUNT_ID)


def test_a_row_of_the_older_form_names_no_account_and_is_accepted():
    data = page(transaction(bank_account_id=ABSENT))
    assert parse_transaction_page(data, page=1, bank_account_id=ACCOUNT_ID).transactions[0].bank_account_id is None


@pytest.mark.parametrize("meta", [ABSENT, None, [], "x", {"current_page": 2}, {"next_page": "2"}, {"next_page": True}])
def test_a_page_without_sound_meta_is_refused_since_rows_could_be_lost(meta):
    data = {"transactions": [transaction()]} | ({} if meta is ABSENT else {"meta": meta})
    with pytest.raises(InvalidAnswer, match=r"meta|page"):
        parse_transaction_page(data, page=1, bank_account_id=ACCOUNT_ID)


# Accounts, organization, member, plan


def test_an_account_as_an_owner_sees_it():
    found = parse_bank_account(through_json(account()))
    assert (found.id, found.name, found.status, found.main) == (ACCOUNT_ID, "Main account", "active", True)
    assert (found.iban, found.bic, found.currency) == ("FR7616798000010000005663951", "TRZOFR21XXX", "EUR")
    assert (found.balance, found.authorized_balance) == (Decimal("1000.10"), Decimal("990.00"))
    assert not found.is_external


def test_an_account_as_a_member_without_rights_sees_it():
    seen = {name: account()[name] for name in ("id", "name", "status", "main", "organization_id")}
    found = parse_bank_account(seen)
    assert (found.iban, found.currency, found.balance, found.authorized_balance) == (None, None, None, None)


def test_balances_may_come_as_text():
    found = parse_bank_account(account(balance="1000.10", balance_cents="100010"))
    assert found.balance == Decimal("1000.10")


def test_an_own_account_with_a_broken_iban_is_refused_and_another_banks_one_is_read_without():
    with pytest.raises(InvalidAnswer, match="field iban"):
        parse_bank_account(account(iban="12345"))
    assert parse_bank_account(account(iban="12345", is_external_account=True)).iban is None


@pytest.mark.parametrize("field", ["id", "status"])
def test_an_account_without_id_or_status_is_refused(field):
    with pytest.raises(InvalidAnswer, match=field):
        parse_bank_account(account(**{field: ABSENT}))


def test_the_organization_and_its_accounts():
    found = parse_organization(through_json(organization()))
    assert (found.slug, found.name, found.legal_name, found.legal_country) == (
        "acme-gmbh-1111",
        "Acme",
        "Acme GmbH",
        "DE",
    )
    assert [entry.id for entry in found.bank_accounts] == [ACCOUNT_ID]


def test_an_organization_without_id_takes_that_of_its_accounts():
    found = parse_organization(organization(id=None))
    assert found.id == account()["organization_id"]
    assert parse_organization(organization(id=None, bank_accounts=[])).id is None


def test_accounts_inherit_the_organizations_id():
    found = parse_organization(organization(bank_accounts=[account(organization_id=ABSENT)]))
    assert found.bank_accounts[0].organization_id == organization()["organization"]["id"]


def test_the_member_and_the_plan():
    member = parse_membership({"membership": {"id": "m1", "first_name": "Eva", "last_name": "Muster", "role": "owner"}})
    assert (member.id, member.full_name, member.role) == ("m1", "Eva Muster", "owner")
    assert (
        parse_plan({"plan": {"code": "team_business", "name": "Business", "status": "active"}}).code == "team_business"
    )
    assert parse_plan({"plan": None}) is None
    assert parse_plan({}) is None


# Tokens


def test_tokens_are_read_and_never_shown():
    found = parse_token_set(tokens())
    assert (found.access_token, found.refresh_token) == ("ory_at_new-access.sig", "ory_rt_new-refresh.sig")
    assert (found.expires_in, found.scopes) == (3600, ("offline_access", "organization.read"))
    assert "ory_" not in repr(found) + str(found)


@pytest.mark.parametrize("expires_in", [ABSENT, None, 0, -5, "soon", True, 10**12, []])
def test_an_odd_life_time_does_not_throw_the_new_refresh_token_away(expires_in):
    found = parse_token_set(tokens(expires_in=expires_in))
    assert found.expires_in == 3600
    assert found.refresh_token


def test_life_time_as_text_is_read():
    assert parse_token_set(tokens(expires_in="1800")).expires_in == 1800


@pytest.mark.parametrize("value", [ABSENT, None, "", 7, "with space", "line\r\nbreak", "ümlaut"])
def test_an_access_token_that_no_header_can_carry_is_refused(value):
    with pytest.raises(InvalidAnswer, match="access_token"):
        parse_token_set(tokens(access_token=value))


def test_another_token_type_is_refused():
    with pytest.raises(InvalidAnswer, match="token_type"):
        parse_token_set(tokens(token_type="mac"))


def test_without_offline_access_there_is_no_refresh_token():
    assert parse_token_set(tokens(refresh_token=ABSENT, scope=ABSENT)).refresh_token is None
    assert parse_token_set(tokens(scope=ABSENT)).scopes == ()
