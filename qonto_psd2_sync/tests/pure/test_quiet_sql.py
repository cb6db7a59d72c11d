"""A refusal that is expected is not logged: in this thread, for as long as it is."""

import logging
import threading
from collections.abc import Iterator

import pytest
from quiet_sql import refusal_expected

LOGGER = logging.getLogger("odoo.sql_db")


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture
def log() -> Iterator[list[str]]:
    handler = Kept()
    # Beside Odoo's tests the log is as quiet as their configuration says.
    level = LOGGER.level
    LOGGER.setLevel(logging.ERROR)
    LOGGER.addHandler(handler)
    yield handler.messages
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(level)


def _refuse() -> None:
    with refusal_expected():
        LOGGER.error("expected")
        raise ValueError("refused")


def test_it_is_kept_out_of_the_log_and_what_comes_later_is_not(log: list[str]) -> None:
    with pytest.raises(ValueError, match="refused"):
        _refuse()
    LOGGER.error("later")
    assert log == ["later"]


def test_of_two_threads_at_once_neither_mutes_the_other_nor_leaves_it_muted(log: list[str]) -> None:
    inside, done = threading.Event(), threading.Event()

    def other() -> None:
        with refusal_expected():
            inside.set()
            done.wait(5)
            LOGGER.error("expected")

    thread = threading.Thread(target=other)
    with refusal_expected():
        thread.start()
        assert inside.wait(5)
    LOGGER.error("mine")
    done.set()
    thread.join()
    LOGGER.error("later")
    assert log == ["mine", "later"]
