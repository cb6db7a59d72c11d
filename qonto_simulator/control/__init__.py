"""The control API ``/_control/…``: what tests and the demo steer the bank with. See README."""

from __future__ import annotations

from starlette.routing import Route

from ..bank import Bank
from . import approvals, books, steering, truth


def all_routes(bank: Bank) -> list[Route]:
    return [*steering.routes(bank), *books.routes(bank), *truth.routes(bank), *approvals.routes(bank)]
