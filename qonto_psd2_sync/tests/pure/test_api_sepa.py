# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a SEPA transfer can carry."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qonto_api import sepa

IBAN = "DE89370400440532013000"
ALLOWED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "


@pytest.mark.parametrize(
    "text", [IBAN, "de89 3704 0044 0532 0130 00", "FR7616958000014849440866435", "NL91ABNA0417164300"]
)
def test_a_right_iban(text):
    assert sepa.iban_problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("DE89370400440532013001", "check_digits"),
        ("DE98370400440532013000", "check_digits"),
        ("DE8937040044053201300", "check_digits"),
        ("Konto 12", "wrong_form"),
        ("DE89-3704-0044-0532-0130-00", "wrong_form"),
        ("ZZ89370400440532013000", "check_digits"),
        ("TR330006100519786457841326", "not_sepa"),
    ],
)
def test_a_wrong_iban(text, why):
    assert sepa.iban_problem(text) == why


@given(st.integers(0, 21), st.characters(min_codepoint=48, max_codepoint=57))
def test_one_wrong_digit_in_an_iban_is_always_found(place, digit):
    wrong = IBAN[:place] + digit + IBAN[place + 1 :]
    assert (sepa.iban_problem(wrong) is None) == (wrong == IBAN)


@given(st.text())
def test_an_iban_problem_is_always_a_known_word(text):
    assert sepa.iban_problem(text) in (
        None, "empty", "wrong_form", "wrong_length", "check_digits", "not_sepa"
    )  # fmt: skip


# Characters


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Döhrmann & Söhne KG", "Doehrmann + Soehne KG"),
        ("Straße 5–7, „Hof“", "Strasse 5-7, 'Hof'"),
        ("Łódź/Ørsted//Čapek", "Lodz/Orsted/Capek"),
        ("/RG 12/", "RG 12"),
        ("RG  12\n\tTeil 3", "RG 12 Teil 3"),
        ("株式会社", ""),
        ("Re. #4711 = 12 €", "Re. /4711 - 12 EUR"),
    ],
)
def test_text_is_written_as_a_person_would(text, written):
    assert sepa.to_sepa(text) == written


@given(st.text())
def test_written_text_is_always_carried(text):
    written = sepa.to_sepa(text)
    assert set(written) <= set(ALLOWED)
    assert sepa.text_problem(written, 10_000) in (None, "empty")
    assert sepa.to_sepa(written) == written


@given(st.text(ALLOWED, min_size=1, max_size=140).filter(lambda text: text.strip()))
def test_text_in_sepas_characters_is_never_changed_but_for_slashes_and_spaces(text):
    assert sepa.to_sepa(text).replace("/", "").replace(" ", "") == text.replace("/", "").replace(" ", "")
    assert sepa.text_problem(text, 140) in (None, "slashes")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("x" * 141, "too_long"),
        ("Müller", "characters"),
        ("a//b", "slashes"),
        ("/a", "slashes"),
    ],
)
def test_what_a_reference_cannot_be(text, why):
    assert sepa.reference_problem(text) == why


@pytest.mark.parametrize("name", ["Döhrmann & Söhne KG", "Ørsted A/S", "株 Kabushiki"])
def test_a_name_keeps_its_letters(name):
    assert sepa.name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "why"), [(" ", "empty"), ("x" * 71, "too_long"), ("株式会社", "characters"), ("a\nb", "characters")]
)
def test_what_a_name_cannot_be(name, why):
    assert sepa.name_problem(name) == why


def test_missing_characters_are_named_once():
    assert sepa.missing_characters("äbä€") == ("ä", "€")


# References


@pytest.mark.parametrize("text", ["RF18539007547034", "rf18 5390 0754 7034", "RF18 5390 0754 7034"])
def test_an_rf_reference_is_recognised(text):
    assert sepa.structured_reference(text) == "RF18539007547034"
    assert sepa.reference_problem(text) is None


@pytest.mark.parametrize("text", ["RF19539007547034", "RF18539007547043", "RF00539007547034"])
def test_a_mistyped_rf_reference_is_found(text):
    assert sepa.reference_problem(text) == "check_digits"


@pytest.mark.parametrize("text", ["RG 4711", "RF 4711/2", "RF18", "Rechnung RF18539007547034"])
def test_a_free_text_is_no_rf_reference(text):
    assert sepa.structured_reference(text) is None


@given(st.lists(st.text("ABC123/-", min_size=1, max_size=40)))
def test_numbers_are_split_so_that_each_group_fits_and_none_is_lost(numbers):
    groups = sepa.fit_references(numbers)
    assert [number for group in groups for number in group] == numbers
    assert all(0 < len(", ".join(group)) <= 140 for group in groups)
    # No group could have taken the first of the next one.
    for before, after in itertools.pairwise(groups):
        assert len(", ".join([*before, after[0]])) > 140


def test_a_number_that_fits_no_reference_is_refused():
    with pytest.raises(ValueError, match="longer"):
        sepa.fit_references(["x" * 141])


@given(st.text(ALLOWED), st.integers(1, 140))
def test_cut_text_is_never_too_long(text, longest):
    short = sepa.cut(text, longest)
    assert len(short) <= longest
    assert text.replace("/", "").replace(" ", "").startswith(short.replace("/", "").replace(" ", ""))


def test_text_is_cut_at_a_word():
    assert sepa.cut("Elektrogrosshandel Doehrmann und Soehne", 30) == "Elektrogrosshandel Doehrmann"
    assert sepa.cut("Elektrogrosshandel", 30) == "Elektrogrosshandel"
