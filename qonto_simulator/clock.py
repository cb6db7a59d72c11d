"""The bank's clock.

Every instant that the stand-in states (``Date`` header, token life, ``updated_at`` …) comes from
here, so that a test can move the bank's time without waiting. Rate limits do not: they count in
real time (see ``ratelimit.py``), else a frozen clock would run into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class ClockState:
    """What a restart has to remember of the clock.

    ``offset_seconds`` is added to real time; ``frozen_at`` stops the clock at that instant.
    """

    offset_seconds: float = 0.0
    frozen_at: datetime | None = None


class Clock:
    """Real time plus an offset, or a standstill."""

    def __init__(self, state: ClockState | None = None) -> None:
        self.state = state or ClockState()

    def now(self) -> datetime:
        """Return the bank's now, in UTC and whole milliseconds (as the bank writes instants)."""
        if self.state.frozen_at is not None:
            return self.state.frozen_at
        return whole_ms(_real_now() + timedelta(seconds=self.state.offset_seconds))

    @property
    def frozen(self) -> bool:
        return self.state.frozen_at is not None

    def set(self, instant: datetime) -> None:
        """Jump to ``instant``; a frozen clock stays frozen there."""
        instant = whole_ms(instant.astimezone(timezone.utc))
        self.state.offset_seconds = (instant - _real_now()).total_seconds()
        if self.frozen:
            self.state.frozen_at = instant

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))

    def freeze(self, at: datetime | None = None) -> None:
        """Stop, here or at an instant."""
        self.state.frozen_at = whole_ms(at.astimezone(timezone.utc)) if at else self.now()

    def unfreeze(self) -> None:
        """Run on from where the clock stood."""
        if self.state.frozen_at is not None:
            instant, self.state.frozen_at = self.state.frozen_at, None
            self.set(instant)

    def real(self) -> None:
        """Follow the machine's clock again."""
        self.state.offset_seconds, self.state.frozen_at = 0.0, None


def _real_now() -> datetime:
    return datetime.now(timezone.utc)


def whole_ms(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def iso(instant: datetime | None) -> str | None:
    """Write an instant as the bank does: ``2026-03-01T09:30:00.000Z`` (UTC, milliseconds)."""
    if instant is None:
        return None
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset (or ``Z``).

    :raise ValueError: not ISO 8601, or no offset given
    """
    value = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
    if value.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return whole_ms(value.astimezone(timezone.utc))


def http_date(instant: datetime) -> str:
    return format_datetime(instant.replace(microsecond=0), usegmt=True)


def berlin_day(instant: datetime) -> str:
    """Return the calendar day in the bank's home time zone, ``YYYY-MM-DD``."""
    return instant.astimezone(BERLIN).date().isoformat()
