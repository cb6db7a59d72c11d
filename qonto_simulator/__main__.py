"""``python -m qonto_simulator --port P``: start the stand-in on loopback."""

from __future__ import annotations

import argparse
import ipaddress
import sys
from datetime import datetime
from pathlib import Path

from . import world
from .bank import DEFAULT_SEED, Bank
from .clock import parse_instant
from .server import serve


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    bank = Bank(options.state_file)
    if bank.store.empty:
        world.reset(bank, seed=options.seed, now=options.now, scenario=options.scenario)
        bank.commit()
    try:
        serve(bank, options.host, options.port, options.log_level)
    finally:
        bank.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m qonto_simulator", description="A stand-in for the bank; not Qonto."
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one and prints it")
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="loopback only")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--now", type=_instant, help="the bank's now, ISO 8601 with offset")
    parser.add_argument("--scenario", choices=sorted(world.SCENARIOS), default=world.DEFAULT_SCENARIO)
    parser.add_argument("--state-file", type=Path, help="keep all state here; an existing one wins over the rest")
    parser.add_argument("--log-level", default="warning", choices=("info", "warning", "error"))
    return parser


def _loopback(text: str) -> str:
    if text == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(text).is_loopback:
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError("the stand-in listens on loopback only, e.g. 127.0.0.1")


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be ISO 8601 with an offset, e.g. 2026-11-20T09:00:00Z") from None


if __name__ == "__main__":
    sys.exit(main())
