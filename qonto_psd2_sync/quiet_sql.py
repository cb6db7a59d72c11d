# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What PostgreSQL is asked to refuse, as when two workers want the same, is no error in the log.

Odoo's `mute_logger` is not made for threads: of two at once, one takes back what the other set, and the last may leave
the logger muted for good.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_expected: ContextVar[bool] = ContextVar("qonto_refusal_expected", default=False)


class _NotExpected(logging.Filter):
    def filter(self, _record: logging.LogRecord) -> bool:
        return not _expected.get()


@contextmanager
def refusal_expected() -> Iterator[None]:
    """Keep what the database refuses in this block, and in this thread, out of the log; it is raised all the same."""
    before = _expected.set(True)
    try:
        yield
    finally:
        _expected.reset(before)


logging.getLogger("odoo.sql_db").addFilter(_NotExpected())
