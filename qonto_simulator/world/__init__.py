"""Worlds: what the bank knows when it starts, the same for the same seed and instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..bank import DEFAULT_SEED, Bank
from ..clock import ClockState
from ..model import Settings
from ..policy import Policy
from .builder import Builder
from .demo import build_demo
from .small import build_empty, build_small

SCENARIOS: dict[str, Callable[[Builder], None]] = {
    "demo": build_demo,
    "small": build_small,
    "empty": build_empty,
}

DEFAULT_SCENARIO = "demo"


def reset(
    bank: Bank,
    *,
    seed: int = DEFAULT_SEED,
    now: datetime | None = None,
    scenario: str = DEFAULT_SCENARIO,
    frozen: bool = False,
) -> None:
    """Replace everything by a fresh world: no grants, no faults, default policy.

    :param now: the bank's now from here on; None goes back to real time
    :param frozen: let the clock stand
    """
    bank.store.clear()
    bank.clock.state = ClockState()
    if now is not None:
        bank.clock.set(now)
    at = now or bank.clock.now()
    if frozen:
        bank.clock.freeze(at)
    bank.store.policy.save(Policy())
    bank.store.settings.save(Settings(seed=seed, scenario=scenario, created_at=at))
    bank.save_clock()
    bank.ledger.rebuild()
    bank.limiter.clear()
    bank.requests.clear()
    SCENARIOS[scenario](Builder(bank, seed, at))


__all__ = ["DEFAULT_SCENARIO", "SCENARIOS", "reset"]
