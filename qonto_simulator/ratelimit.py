"""Limits per address (``qonto-api.md`` section 2.4), counted in real time.

Real time, not the bank's: a test that freezes the bank's clock must not run into a limit, and one
that moves it by an hour must not wipe the count. Limits themselves are in the policy.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque

from .policy import Policy


class RateLimiter:
    """Sliding windows of requests and of answers with status 401."""

    def __init__(self) -> None:
        self._requests: dict[str, deque[float]] = defaultdict(deque)
        self._refusals: dict[str, deque[float]] = defaultdict(deque)

    def clear(self) -> None:
        self._requests.clear()
        self._refusals.clear()

    def exceeded(self, address: str, policy: Policy) -> str | None:
        """Count a request; return what it exceeds, or None."""
        now = time.monotonic()
        requests, refusals = self._requests[address], self._refusals[address]
        _drop_older(requests, now - 600)
        _drop_older(refusals, now - 3600)
        requests.append(now)
        if len(refusals) > policy.unauthorized_per_hour:
            return "Too many unauthorized requests"
        if len(requests) > policy.rate_10_minutes:
            return "Rate limit exceeded: too many requests in 10 minutes"
        if _newer(requests, now - 10) > policy.rate_10_seconds:
            return "Rate limit exceeded: too many requests in 10 seconds"
        return None

    def note_status(self, address: str, status: int) -> None:
        if status == 401:
            self._refusals[address].append(time.monotonic())


class Polls:
    """When each SCA session was last asked for."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def too_soon(self, token: str, least_seconds: float, now: float) -> bool:
        """Count a poll; True when it came too early. Such a one does not put off the next."""
        last = self._last.get(token)
        if last is not None and now - last < least_seconds:
            return True
        self._last[token] = now
        return False


def _drop_older(instants: deque[float], limit: float) -> None:
    while instants and instants[0] < limit:
        instants.popleft()


def _newer(instants: deque[float], limit: float) -> int:
    count = 0
    for instant in reversed(instants):
        if instant < limit:
            break
        count += 1
    return count
