# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether two references name the same bill."""

import pytest

from payments.references import any_same, same_reference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RG-4711", "rg 4711"),
        ("RG 4711", "RG4711"),
        ("RG 4711", "Invoice RG4711, thank you"),
        ("RE/2026/0012", "Kd 55 RE 2026-0012"),
        ("4711", "RG 4711"),
        ("Miete", "miete"),
    ],
)
def test_the_same_bill_is_recognised_however_it_is_written(one, other):
    assert same_reference(one, other)
    assert same_reference(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RG 4711", "RG 47110"),
        ("RG 4711", "RG 4712"),
        ("R 1", "R 12"),
        ("12", "RG 12"),
        ("Miete", "Miete November"),
        ("", ""),
        (None, "RG 4711"),
        ("--", "--"),
    ],
)
def test_another_bill_is_another_bill(one, other):
    assert not same_reference(one, other)
    assert not same_reference(other, one)


def test_one_of_many_is_enough():
    assert any_same(["A-1", "RG 4711"], ["x", "RG4711"])
    assert not any_same([], ["RG4711"])
