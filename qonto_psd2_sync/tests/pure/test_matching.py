# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The matching engine, without Odoo: what proves what, and when nobody need be asked."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from matching import ItemIndex, LineFacts, OpenItem, ProofKind, propose
from matching.numbers import tells

DAY = date(2026, 11, 16)
IBAN, OTHER_IBAN = "DE02120300000000202051", "DE02500105170137075030"


def item(id_=1, residual="357.00", numbers=("RE-2026-0236",), partner=7, ibans=(IBAN,), **facts):
    return OpenItem(id_, partner, Decimal(residual), "EUR", tuple(numbers), DAY, frozenset(ibans), **facts)


def line(amount="357.00", text="", iban=None, **facts):
    return LineFacts(1, Decimal(amount), "EUR", (text,), DAY, iban, **facts)


def best(a_line, *items):
    found = propose(a_line, ItemIndex(items))
    return found[0] if found else None


@pytest.mark.parametrize(
    "text",
    ["RE-2026-0236", "Zahlung re 2026/0236 vom 09.10.", "Rechnung RE20260236", "Rg.Nr.: RE 2026 0236; danke"],
)
def test_number_is_found_in_its_usual_disguises(text):
    assert best(line(text=text), item()).kinds == {ProofKind.NUMBER, ProofKind.AMOUNT}


@pytest.mark.parametrize("text", ["RE-2026-02361", "XRE-2026-0236", "9RE 2026 0236", "2026", "0236", "RE-2026"])
def test_number_that_stands_there_only_in_part_proves_nothing(text):
    proposal = best(line("99.00", text), item())
    assert proposal is None or ProofKind.NUMBER not in proposal.kinds


def test_short_numbers_years_and_round_sums_prove_nothing():
    assert [number for number in ("17", "2026", "1000", "R 12") if tells(number)] == []


def test_number_and_exact_amount_are_certain():
    assert best(line(text="RE-2026-0236"), item()).certain


def test_account_and_exact_amount_are_certain():
    assert best(line(iban=IBAN), item()).certain


def test_number_and_account_are_certain_for_a_part_payment():
    assert best(line("100.00", "RE-2026-0236", IBAN), item()).certain


def test_overpaid_is_suggested_and_not_certain():
    proposal = best(line("400.00", "RE-2026-0236", IBAN), item())
    assert proposal.item_ids == (1,)
    assert not proposal.certain


@pytest.mark.parametrize("facts", [{"text": "RE-2026-0236", "amount": "99.00"}, {"iban": IBAN, "amount": "99.00"}, {}])
def test_one_proof_is_never_certain(facts):
    assert not best(line(**facts), item()).certain


def test_nothing_proved_is_nothing_proposed():
    assert best(line("12.34", "Kaffee"), item()) is None


def test_twins_with_account_and_amount_are_for_a_person():
    proposals = propose(line(iban=IBAN), ItemIndex([item(1), item(2, numbers=("RE-2026-0237",))]))
    assert {proposal.item_ids for proposal in proposals} == {(1,), (2,)}
    assert not any(proposal.certain for proposal in proposals)


def test_number_tells_twins_apart():
    proposal = best(line(text="RE-2026-0237", iban=IBAN), item(1), item(2, numbers=("RE-2026-0237",)))
    assert (proposal.item_ids, proposal.certain) == ((2,), True)


def test_number_of_another_document_speaks_against_amount_and_account():
    proposals = propose(
        line(text="RE-2026-0999", iban=IBAN), ItemIndex([item(1), item(2, "50.00", numbers=("RE-2026-0999",))])
    )
    assert not any(proposal.certain for proposal in proposals)


def test_several_documents_in_one_payment_add_up():
    proposal = best(
        line("157.00", "RE-2026-0236 und RE-2026-0239"),
        item(1, "100.00"),
        item(2, "57.00", numbers=("RE-2026-0239",)),
    )
    assert (proposal.item_ids, proposal.certain) == ((1, 2), True)
    assert ProofKind.AMOUNT in proposal.kinds


def test_own_transfer_comes_first():
    proposal = best(
        line("-80.00", "RE-2026-0236", transfer_id="t-1"),
        item(1, "-80.00"),
        item(2, "-80.00", numbers=("X-77777",), transfer_id="t-1"),
    )
    assert proposal.item_ids == (2,)


@pytest.mark.parametrize(
    "other",
    [
        item(residual="-357.00"),
        replace(item(), currency="USD"),
    ],
)
def test_money_of_the_other_way_or_currency_is_not_proposed(other):
    assert best(line(text="RE-2026-0236", iban=IBAN), other) is None


def test_another_partners_document_is_not_proposed_for_a_line_with_a_partner():
    assert best(line(text="RE-2026-0236", partner_id=8), item(partner=7)) is None


def test_own_partners_document_is():
    assert best(line(text="RE-2026-0236", partner_id=7), item(partner=7)).certain
