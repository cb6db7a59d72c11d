# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a line's amount fits what is open: exactly, with a discount, less a fee, in part, too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from .facts import LineFacts, OpenItem, Rest

# What a bank keeps of a payment, at most; and as a share of it unless the payment came from abroad.
MOST_FEE, FEE_SHARE = Decimal(25), Decimal("0.05")
# What a payment provider keeps, at most, of what it pays out.
PROVIDER_SHARE, PROVIDER_EACH = Decimal("0.035"), Decimal(1)
MOST_ROUNDING = Decimal("0.05")
FROM_ABROAD = "swift_income"


class How(Enum):
    """The ways an amount can fit, best first."""

    EXACT = "exact"
    DISCOUNT = "discount"
    ROUNDING = "rounding"
    LATE_DISCOUNT = "late_discount"
    FEE = "fee"
    PART = "part"
    OVERPAID = "overpaid"


@dataclass(frozen=True)
class Fit:
    """How it fits, and what of each item is settled, beside the items; as in :class:`Proposal`."""

    how: How
    amounts: tuple[Decimal, ...]
    discounted: frozenset[int] = frozenset()
    rest: Rest | None = None
    rest_amount: Decimal = Decimal(0)


def amounts_of(line: LineFacts) -> dict[str, Decimal]:
    """Return the line's amount by currency: in the other party's and in the account's."""
    found = {line.currency: line.amount}
    if line.account_amount is not None and line.account_currency:
        found.setdefault(line.account_currency, line.account_amount)
    return found


def amount_for(line: LineFacts, items: Sequence[OpenItem]) -> Decimal | None:
    """Return the line's amount in the items' currency, None when they have several or one that it lacks."""
    currencies = {item.currency for item in items}
    return amounts_of(line).get(currencies.pop()) if len(currencies) == 1 else None


def fit(line: LineFacts, items: Sequence[OpenItem]) -> Fit | None:
    """Return how a line's amount fits the items, None when it goes the other way or is in another currency."""
    amount, total = amount_for(line, items), sum(item.residual for item in items)
    if amount is None or amount == 0 or total == 0 or (amount > 0) != (total > 0):
        return None
    full = tuple(item.residual for item in items)
    if amount == total:
        return Fit(How.EXACT, full)
    return (
        _discount(line, items, amount)
        or _rounding(line, full, amount - total)
        or _less(line, items, amount)
        or _more(full, amount - total)
    )


def _discount(line: LineFacts, items: Sequence[OpenItem], amount: Decimal) -> Fit | None:
    """The discount is taken of all items that have one; or, too late, of the only one."""
    offered = [item for item in items if item.discount_amount is not None]
    in_time = [item for item in offered if line.day <= (item.discount_day or line.day)]
    if in_time:
        less = sum(item.residual - item.discount_amount for item in in_time)
        if amount == sum(item.residual for item in items) - less:
            return Fit(
                How.DISCOUNT, tuple(item.residual for item in items), frozenset(item.id for item in in_time)
            )
    if len(items) == 1 and items[0].discount_amount == amount:
        return Fit(How.LATE_DISCOUNT, (amount,), rest=Rest.LATE_DISCOUNT)
    return None


def _rounding(line: LineFacts, full: tuple[Decimal, ...], difference: Decimal) -> Fit | None:
    if line.account_amount is not None and abs(difference) <= MOST_ROUNDING:
        return Fit(How.ROUNDING, full, rest=Rest.ROUNDING, rest_amount=difference)
    return None


def _less(line: LineFacts, items: Sequence[OpenItem], amount: Decimal) -> Fit | None:
    full = tuple(item.residual for item in items)
    total = sum(full)
    missing = abs(total) - abs(amount)
    if missing <= 0:
        return None
    is_fee = missing <= MOST_FEE and (missing <= FEE_SHARE * abs(total) or line.operation == FROM_ABROAD)
    is_provider = line.amount > 0 and missing <= PROVIDER_SHARE * abs(total) + PROVIDER_EACH * len(items)
    if is_fee or (is_provider and len(items) > 1):
        return Fit(How.FEE, full, rest=Rest.FEE, rest_amount=amount - total)
    left, amounts = amount, []
    for residual in full:  # in the order of the items; what goes the other way is taken in full
        part = residual if abs(residual) <= abs(left) or (residual > 0) != (amount > 0) else left
        amounts.append(part)
        left -= part
    return Fit(How.PART, tuple(amounts), rest=Rest.PART) if left == 0 and all(amounts) else None


def _more(full: tuple[Decimal, ...], difference: Decimal) -> Fit:
    return Fit(How.OVERPAID, full, rest=Rest.OVERPAID, rest_amount=difference)
