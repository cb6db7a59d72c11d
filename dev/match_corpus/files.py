"""A corpus as files, and as what the engine is told.

`lines.jsonl`, `items.jsonl` and `truth.jsonl` (and, if there is one, `companies.jsonl`): see `docs/matching.md`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from matching import ItemIndex, ItemKind, LineFacts, OpenItem

from .books import Row
from .generator import Corpus

KINDS = {"sent": ItemKind.SENT, "payment": ItemKind.PAYMENT}
NAMES = ("lines", "items", "truth", "companies")


def write(corpus: Corpus, folder: Path) -> None:
    """Write a corpus' files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        rows = (json.dumps(row, ensure_ascii=False) for row in getattr(corpus, name))
        (folder / f"{name}.jsonl").write_text("".join(f"{row}\n" for row in rows))


def read(folder: Path) -> Corpus:
    """Read a corpus' files."""
    return Corpus(*(_rows(folder / f"{name}.jsonl", optional=name == "companies") for name in NAMES))


def _rows(path: Path, *, optional: bool) -> list[Row]:
    if optional and not path.exists():
        return []
    return [json.loads(row) for row in path.read_text().splitlines() if row.strip()]


@dataclass(frozen=True)
class Case:
    """A bank line as the matcher sees it, and what is true about it.

    :ivar truth: what each item is paid by the line, signed as its residual; empty where no document explains it.
    """

    facts: LineFacts
    row: Row
    kind: int | None
    truth: dict[int, Decimal]


@dataclass(frozen=True)
class Ledger:
    """One company's open items and bank lines."""

    items: list[OpenItem]
    rows: dict[int, Row]
    cases: list[Case]

    def index(self) -> ItemIndex:
        return ItemIndex(self.items)


def ledgers(corpus: Corpus) -> list[Ledger]:
    """Return a corpus as facts, company by company."""
    numbers = {str(row["id"]): at for at, row in enumerate(corpus.items, 1)}
    partners: dict[str, int] = {}
    truth = {str(row["line"]): row for row in corpus.truth}
    companies = {str(row["company"]): row for row in corpus.companies}
    items, lines = _by_company(corpus.items), _by_company(corpus.lines)
    result = []
    for company in sorted(lines):
        rows = {numbers[str(row["id"])]: row for row in items.get(company, [])}
        own = frozenset(_iban(iban) for iban in companies.get(company, {}).get("ibans", ()))
        cases = []
        for at, row in enumerate(lines[company], 1):
            fact = truth.get(str(row["id"]), {})
            settled = {numbers[str(each["item"])]: Decimal(str(each["amount"])) for each in fact.get("items", ())}
            cases.append(Case(_line(at, row, own), row, fact.get("class"), settled))
        result.append(Ledger([_item(number, row, partners) for number, row in rows.items()], rows, cases))
    return result


def _by_company(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row.get("company", ""))].append(row)
    return found


def _item(number: int, row: Row, partners: dict[str, int]) -> OpenItem:
    partner = row.get("partner") or row.get("partner_name")
    return OpenItem(
        id=number,
        partner_id=partners.setdefault(str(partner), len(partners) + 1) if partner else None,
        residual=Decimal(str(row["residual"])),
        currency=str(row.get("currency", "EUR")),
        numbers=tuple(map(str, filter(None, row.get("numbers", ())))),
        day=date.fromisoformat(str(row["date"])[:10]),
        ibans=frozenset(map(_iban, row.get("partner_ibans") or ())),
        transfer_id=row.get("transfer_id"),
        kind=KINDS.get(str(row.get("kind")), ItemKind.DOCUMENT),
        names=(str(row["partner_name"]),) if row.get("partner_name") else (),
        discount_day=date.fromisoformat(str(row["discount_date"])[:10]) if row.get("discount_date") else None,
        discount_amount=Decimal(str(row["discount_amount"])) if row.get("discount_amount") is not None else None,
    )


def _line(number: int, row: Row, own: frozenset[str]) -> LineFacts:
    sign = 1 if row["side"] == "credit" else -1
    foreign = row.get("local_currency") not in (None, row["currency"])
    return LineFacts(
        id=number,
        amount=sign * Decimal(str(row["local_amount" if foreign else "amount"])),
        currency=str(row["local_currency" if foreign else "currency"]),
        texts=tuple(str(row[name]) for name in ("label", "reference", "note") if row.get(name)),
        day=date.fromisoformat(str(row.get("settled_at") or row["emitted_at"])[:10]),
        iban=_counterparty(row),
        transfer_id=row.get("transfer_id"),
        name=str(row.get("clean_counterparty_name") or row.get("label") or ""),
        operation=str(row.get("operation_type") or ""),
        own_account=_counterparty(row) in own,
        account_amount=sign * Decimal(str(row["amount"])) if foreign else None,
        account_currency=str(row["currency"]) if foreign else None,
    )


def _counterparty(row: Row) -> str | None:
    for value in [row, *row.values()]:
        if isinstance(value, dict) and value.get("counterparty_account_number"):
            form = str(value.get("counterparty_account_number_format") or "IBAN")
            return _iban(value["counterparty_account_number"]) if form.upper() == "IBAN" else None
    return None


def _iban(text: object) -> str:
    return "".join(str(text).split()).upper()
