# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import string
import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qonto_api import mask_iban, redact

URL_SAFE = string.ascii_letters + string.digits + "-_"
WORDS = st.text(alphabet=string.ascii_letters + string.digits + " .,;:/=\"'()&?-_\näß", max_size=60)


def ory_tokens():
    kinds = st.sampled_from(["at", "rt", "ac"])
    secret = st.text(alphabet=URL_SAFE, min_size=20, max_size=60)
    return st.builds(lambda kind, a, b: f"ory_{kind}_{a}.{b}", kinds, secret, secret)


def ibans():
    """IBANs of any country with right check digits."""

    def build(country, body):
        digits = "".join(str(int(c, 36)) for c in body + country + "00")
        return f"{country}{98 - int(digits) % 97:02d}{body}"

    country = st.sampled_from(["DE", "FR", "NL", "MT", "NO", "ES", "IT"])
    body = st.text(alphabet=string.digits + "ABCXYZ", min_size=11, max_size=27)
    return st.builds(build, country, body)


@given(WORDS, ory_tokens(), WORDS)
def test_no_ory_token_survives_in_any_text(before, token, after):
    said = redact(f"{before}{token} {after}")
    assert token not in said
    secret = token.partition(".")[0][7:]
    assert said.count(secret) <= (before + after).count(secret)


@given(WORDS, st.text(alphabet=URL_SAFE + ".~+/=", min_size=8, max_size=50), WORDS)
def test_no_bearer_token_survives(before, token, after):
    said = redact(f"{before} Authorization: Bearer {token} {after}")
    assert f"Bearer {token}" not in said


@given(WORDS, st.text(alphabet=URL_SAFE, min_size=12, max_size=40), WORDS)
@example("", "x" * 12, "")
def test_no_given_secret_survives(before, secret, after):
    assert secret not in redact(before + secret + after, [secret, None, ""])


@given(st.binary(min_size=48, max_size=48))
@example(b"\0" * 48)
def test_no_sca_token_survives(random):
    token = base64.urlsafe_b64encode(random).decode()
    said = redact(f"session {token} is not usable")
    assert token not in said
    assert said.startswith("session ")


@given(WORDS.filter(lambda t: not t or t[-1] == " "), ibans(), st.booleans(), WORDS)
def test_no_full_iban_survives_plain_or_in_groups_of_four(before, iban, grouped, after):
    written = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4)) if grouped else iban
    said = redact(f"{before}{written} {after}")
    assert written not in said
    assert iban not in said


@given(ibans(), ibans())
def test_the_second_of_two_ibans_in_a_row_is_masked_too(first, second):
    said = redact(f"{first} {second}")
    assert first not in said
    assert second not in said


def test_an_iban_keeps_country_and_last_four():
    said = redact("The account DE89 3704 0044 0532 0130 00 was refused, FR7616798000010000005663951 too")
    assert said == "The account DE…3000 was refused, FR…3951 too"
    assert mask_iban("de89 3704 0044 0532 0130 00") == "DE…3000"


def test_a_mistyped_iban_is_masked():
    assert redact("beneficiary.iban DE00370400440532013000 is invalid") == "beneficiary.iban DE…3000 is invalid"
    assert "3704 0044" not in redact("iban DE00 3704 0044 0532 0130 00 is invalid")


@pytest.mark.parametrize(
    "text",
    [
        "GET /v2/transactions/{id} answered 404 not_found: Not found (trace 5a1c7d3f9be24a0c8d6e4f2a1b3c5d7e)",
        "BAD_REQUEST_ERROR_RESPONDING_BANK_INVALID_RESPONSE",
        "SINGLE_REQUEST_ERROR_CODE_BAD_REQUEST_ERROR_5XX_RESPONDING_BANK",
        "organisation_compliance_reasons_of_some_longer_kind",
        "transaction 7b7a5ed6-3903-4782-889d-b4f64bd7bef9: field amount is missing",
        "Invoice INV/2026/00014 of 12 March 2026, 1.234,56 EUR, phone +49 30 123456",
        "missing required OAuth scope: organization.read",
    ],
)
def test_what_helps_to_find_the_fault_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "client_secret=s3cr3t-value&grant_type=x",
        '{"refresh_token": "s3cr3t-value"}',
        "X-Qonto-Staging-Token: s3cr3t-value",
        "'Authorization': 'Bearer s3cr3t-value'",
        "Authorization: s3cr3t-value",
        "code_verifier=s3cr3t-value",
        "sca_session_token: s3cr3t-value",
    ],
)
def test_named_secrets_are_masked(text):
    assert "s3cr3t" not in redact(text)


def test_a_uuid_is_no_secret():
    for _ in range(50):
        identity = str(uuid.uuid4())
        assert identity in redact(f"object {identity} is unknown")
