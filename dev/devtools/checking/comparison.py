"""The books beside the bank: by id, day and cents, and by balance."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .web import ExternalApi


@dataclass
class Comparison:
    """What differs between the bank's truth and Odoo, over all connected accounts.

    :ivar balance_difference: the bank's last `settled_balance` less the ledger's balance, in euros, absolutes added up.
    """

    bank_transactions: int = 0
    booked_lines: int = 0
    doubles: int = 0
    missing: int = 0
    balance_difference: Decimal = Decimal("0.00")
    problems: list[str] = field(default_factory=list)

    def account(self, api: ExternalApi, account: dict[str, Any], truth: dict[str, Any]) -> None:
        """Compare one account.

        :param account: the `qonto.account`: name, journal, start date.
        :param truth: the account at the stand-in's control API.
        """
        journal = account["journal_id"][0]
        booked = {
            row["id"]: row
            for row in truth["transactions"]
            if row["status"] == "completed" and row["local_date"] >= account["start_date"]
        }
        lines = api.read(
            "account.bank.statement.line", [("journal_id", "=", journal), ("state", "=", "posted")],
            ["qonto_bank_ref", "date", "amount", "payment_ref"],
        )
        self.bank_transactions += len(booked)
        self.booked_lines += len(lines)
        self._lines(account["name"], booked, lines)
        self._balance(api, account["name"], journal, truth)

    def _lines(self, name: str, booked: dict[str, dict[str, Any]], lines: list[dict[str, Any]]) -> None:
        seen: set[str] = set()
        for line in lines:
            row = booked.get(line["qonto_bank_ref"])
            where = f"{name}: line {line['id']} ({line['payment_ref']!r} on {line['date']})"
            if row is None or row["id"] in seen:
                self.doubles += 1
                self.problems.append(f"{where} has no transaction of its own at the bank")
                continue
            seen.add(row["id"])
            if line["date"] != row["local_date"]:
                self.problems.append(f"{where} should have the day {row['local_date']}, for transaction {row['id']}")
            if cents(line["amount"]) != row["amount_cents"]:
                self.problems.append(
                    f"{where} is {line['amount']:.2f} and should be {row['amount_cents'] / 100:.2f}, "
                    f"for transaction {row['id']}"
                )
        for row in booked.values():
            if row["id"] not in seen:
                self.missing += 1
                self.problems.append(
                    f"{name}: transaction {row['id']} ({row['label']!r} on {row['local_date']}, "
                    f"{row['amount_cents'] / 100:.2f}) has no line"
                )

    def _balance(self, api: ExternalApi, name: str, journal: int, truth: dict[str, Any]) -> None:
        ledger = ledger_cents(api, journal)
        settled = [row for row in truth["transactions"] if row["status"] == "completed"]
        newest = max(settled, key=lambda row: row["settled_at"], default=None)
        bank = newest["settled_balance_cents"] if newest else truth["balance_cents"]
        if ledger != bank:
            self.problems.append(f"{name}: the bank has {bank / 100:.2f} and the ledger {ledger / 100:.2f}")
        self.balance_difference += Decimal(abs(bank - ledger)) / 100


def ledger_cents(api: ExternalApi, journal: int, before: str | None = None) -> int:
    """Return the balance of a journal's account from its posted journal items, in cents.

    :param before: a day (ISO 8601) whose items, and all later ones, are left out.
    """
    ledger_account = api.read("account.journal", [("id", "=", journal)], ["default_account_id"])[0][
        "default_account_id"
    ]
    items = api.read(
        "account.move.line",
        [
            ("account_id", "=", ledger_account[0]), ("parent_state", "=", "posted"),
            *([("date", "<", before)] if before else []),
        ],
        ["amount_currency"],
    )
    return sum(cents(item["amount_currency"]) for item in items)


def cents(amount: float) -> int:
    """Return an amount of Odoo's, which has two places and arrives as a float, in cents."""
    return int((Decimal(repr(amount)) * 100).to_integral_value())
