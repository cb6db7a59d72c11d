"""The corpus is the same each time and true in itself, and the judge can't be talked into a better mark."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from match_corpus import files, generator, judge, noise_development, noise_test
from match_corpus.metrics import Rate, calibration, precision_at
from matching import Proof, ProofKind, Proposal

NOISE = noise_development.NOISE


@pytest.fixture(scope="module")
def corpus() -> generator.Corpus:
    return generator.generate(NOISE, "typical", 600, 1)


def test_same_seed_gives_the_same_corpus(corpus: generator.Corpus) -> None:
    assert generator.generate(NOISE, "typical", 600, 1) == corpus
    assert generator.generate(NOISE, "typical", 600, 2) != corpus


def test_files_give_back_what_was_written(corpus: generator.Corpus, tmp_path: Path) -> None:
    files.write(corpus, tmp_path)
    assert files.read(tmp_path) == corpus


def test_mixes_have_the_promised_shares() -> None:
    clean, typical, hostile = (generator.MIXES[mix] for mix in ("clean", "typical", "hostile"))
    assert all(sum(mix.values()) == pytest.approx(1) for mix in (clean, typical, hostile))
    assert (clean[1], typical[1], typical[18]) == (0.6, 0.25, 0.4)
    assert all(hostile[kind] == pytest.approx(2 * typical[kind]) for kind in (13, 14, 15, 20))


def test_every_line_has_its_class_and_the_counts_are_those_of_the_mix(corpus: generator.Corpus) -> None:
    counts = Counter(row["class"] for row in corpus.truth)
    assert (len(corpus.lines), counts[1], counts[18]) == (600, 150, 240)
    assert set(counts) == set(range(1, 21))


def test_truth_accounts_for_the_line_to_the_cent_unless_it_says_why_not(corpus: generator.Corpus) -> None:
    for ledger in files.ledgers(corpus):
        truth = {row["line"]: row for row in corpus.truth}
        for case in ledger.cases:
            if case.truth and truth[case.row["id"]]["rest"] is None:
                assert sum(case.truth.values()) == case.facts.amount, case


def test_splits_share_neither_companies_nor_partners_nor_numberings() -> None:
    test = noise_test.NOISE
    assert not {company.name for company in test.companies} & {company.name for company in NOISE.companies}
    assert not {company.invoice for company in test.companies} & {company.invoice for company in NOISE.companies}
    assert not set(test.people) & set(NOISE.people)
    assert not set(test.disguises) & set(NOISE.disguises)


def _always_certain(line, index) -> tuple[Proposal, ...]:
    """Book each line on any item, and claim that the amount is exact."""
    return (Proposal(line.id, (next(iter(index.items)),), (Proof(ProofKind.AMOUNT),), True, (line.amount,)),)


def test_a_matcher_that_books_anything_is_found_out(corpus: generator.Corpus) -> None:
    judged = [each for ledger in files.ledgers(corpus) for each in judge.judge(ledger, _always_certain)]
    report = judge.report(judged)
    assert report["precision"].value < 0.05
    assert report["false_suggestions"].value == 1
    assert judge.wrong_autos(judged, judge.ID_PROOF_ONLY) > 20
    assert sum(each.false_proofs for each in judged) > 500


def test_a_matcher_that_is_silent_books_nothing_right(corpus: generator.Corpus) -> None:
    judged = [each for ledger in files.ledgers(corpus) for each in judge.judge(ledger, lambda line, index: ())]
    report = judge.report(judged)
    assert (report["recall_3"].value, report["auto_share"].value, report["false_suggestions"].value) == (0, 0, 0)


def test_right_items_with_wrong_amounts_are_a_wrong_booking(corpus: generator.Corpus) -> None:
    ledger = files.ledgers(corpus)[0]
    case = next(case for case in ledger.cases if case.kind == 9)
    [(item_id, amount)] = case.truth.items()

    def book(paid: Decimal) -> judge.Judged:
        proposal = Proposal(case.facts.id, (item_id,), (), certain=True, amounts=(paid,))
        [judged] = judge.judge(replace(ledger, cases=[case]), lambda line, index: (proposal,))
        return judged

    assert book(amount).auto_right
    assert not book(amount + Decimal("0.01")).auto_right


def test_wilson_s_interval() -> None:
    assert round(Rate(600, 600).low, 4) == 0.9936
    assert [round(bound, 4) for bound in (Rate(5, 10).low, Rate(5, 10).high)] == [0.2366, 0.7634]


def test_precision_of_equally_sure_answers_is_their_mean() -> None:
    assert precision_at([((2,), True), ((1,), True), ((1,), False)], 2) == 0.75


def test_calibration_holds_what_was_stated_against_what_was_so() -> None:
    assert calibration([(0.95, True), (0.95, False), (0.1, False)]) == [
        {"from": 0.1, "count": 1, "stated": 0.1, "observed": 0.0},
        {"from": 0.9, "count": 2, "stated": 0.95, "observed": 0.5},
    ]
