"""What clients asked of the bank; for tests that count calls. Holds no secret."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 20000


@dataclass
class LoggedRequest:
    """``query`` is kept for API calls only: those of the OAuth host carry ``state`` and the like."""

    number: int
    time: str
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    client_id: str | None = None
    membership_id: str | None = None
    fault: str | None = None


class RequestLog:
    def __init__(self) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self._number = 0

    def add(self, **facts: Any) -> None:
        self._number += 1
        self._entries.append(LoggedRequest(number=self._number, **facts))

    def entries(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        self._entries.clear()
