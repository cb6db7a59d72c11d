"""The control API ``/_control/…``: what tests and the demo steer the bank with. See README."""

from __future__ import annotations

from starlette.routing import Route

from ..bank import Bank
from . import approvals, books, exports, payments, receipts, steering, truth


def all_routes(bank: Bank) -> list[Route]:
    subjects = (steering, books, truth, approvals, payments, exports, receipts)
    return [route for subject in subjects for route in subject.routes(bank)]
