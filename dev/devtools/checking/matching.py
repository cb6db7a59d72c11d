"""What the feed and *Bank matching* make of the demo's transactions, beside the documents that they truly pay."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .. import say
from .web import ExternalApi, WebClient

SCREEN = "qonto.matching"
LINE = "account.bank.statement.line"
UNDONE = 5


@dataclass
class Matching:
    """How many transactions that have a document were matched by themselves, rightly or wrongly, or suggested first.

    :ivar not_found: lines whose document is in the books, and is neither matched nor the first suggestion.
    """

    matched_right: int = 0
    matched_wrong: int = 0
    suggested_first: int = 0
    not_found: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, int]:
        return {
            "matched_right": self.matched_right, "matched_wrong": self.matched_wrong,
            "suggested_first": self.suggested_first,
        }


class MatchingCheck:
    """Reads the screen as a person sees it, and the ledger as an auditor does.

    :param documents: the stand-in's documents, with the transactions that pay them
    """

    def __init__(self, client: WebClient, api: ExternalApi, documents: list[dict[str, Any]]) -> None:
        self._client, self._api = client, api
        moves = api.read("account.move", [("state", "=", "posted"), ("move_type", "in", ("out_invoice", "in_invoice"))],
                         ["name", "ref", "move_type"])
        numbers = {move["ref"] if move["move_type"] == "in_invoice" else move["name"] for move in moves}
        self._truth: dict[str, set[str]] = defaultdict(set)
        for document in documents:
            for part in document["transactions"]:
                if document["number"] in numbers:
                    self._truth[part["transaction_id"]].add(document["number"])

    def match(self) -> Matching:
        """Compare what was booked by itself, and what is suggested, with the truth."""
        result = Matching()
        lines = {line["id"]: line for line in self._api.read(
            LINE, [("qonto_transaction_id", "!=", False)],
            ["qonto_bank_ref", "payment_ref", "date", "is_reconciled", "qonto_auto_booked_at"],
        )}
        paid = self._paid_by([line for line, facts in lines.items() if facts["is_reconciled"]])
        for line_id, documents in paid.items():
            line = lines[line_id]
            expected = self._truth.get(line["qonto_bank_ref"], set())
            if documents == expected:
                result.matched_right += bool(documents)
            else:
                result.matched_wrong += 1
                result.problems.append(
                    f"{_name(line)} is matched with {_words(documents)} and pays {_words(expected)}"
                )
        for row in self._open_rows():
            line = lines.get(row["id"])
            expected = line and self._truth.get(line["qonto_bank_ref"])
            if not expected:
                continue
            first = row["proposals"][0]["documents"].split(", ") if row["proposals"] else []
            if set(first) == expected:
                result.suggested_first += 1
            else:
                result.not_found.append(f"{_name(line)} pays {_words(expected)}, suggested is {_words(set(first))}")
        return result

    def undo_match(self) -> None:
        """Take some bookings back, find line and document open again, see that a sync leaves them, and match anew."""
        rows = self._booked_on_documents()[:UNDONE]
        _expect(rows, "nothing was booked by itself")
        ids = [row["id"] for row in rows]
        documents = self._paid_by(ids)
        _expect(not self._open_documents(documents), "a document that is paid is open")
        for row in rows:
            opened = self._client.call(SCREEN, "undo", row["id"])
            _expect(opened["state"] == "open", f"{row['name']}: the line is not open after the undo")
        left = self._open_documents(documents)
        _expect(left == set().union(*documents.values()), f"after the undo these are not open: {_words(left)}")
        for row in rows:
            again = self._client.call(SCREEN, "row", row["id"])
            _expect(again["proposals"], f"{row['name']}: nothing is proposed after the undo")
            best = again["proposals"][0]
            self._client.call(SCREEN, "accept", row["id"], best["item_ids"], best["expected"])
        _expect(self._paid_by(ids) == documents, "matched anew, the lines pay other documents than before")
        _expect(not self._open_documents(documents), "matched anew, a document is still open")

    def misbook(self) -> None:
        """Book a line on another document than its own, to show that the comparison finds it."""
        row = self._booked_on_documents()[0]
        self._client.call(SCREEN, "undo", row["id"])
        mine = set(row["documents"].split(", "))
        sign = "asset_receivable" if row["amount"] > 0 else "liability_payable"
        other = next(
            item for item in self._api.read(
                "account.move.line",
                [("account_type", "=", sign), ("reconciled", "=", False), ("parent_state", "=", "posted"),
                 ("move_id.move_type", "in", ("out_invoice", "in_invoice"))],
                ["move_id", "move_name", "amount_residual"],
            )
            if item["move_name"] not in mine and abs(item["amount_residual"]) >= 1
        )
        say.step(f"Sabotage (match): line {row['id']} goes to {other['move_name']!r}")
        plan = {"items": [{"id": other["id"]}], "rest_on_partner": True, "for_others": True}
        self._client.call(SCREEN, "book", row["id"], plan)

    # === READING === #

    def _booked_on_documents(self) -> list[dict[str, Any]]:
        """Return the first lines that were booked by themselves on documents: no movements between accounts."""
        rows = self._client.call(SCREEN, "load", view="booked")["rows"]
        paid = self._paid_by([row["id"] for row in rows])
        return [row for row in rows if paid[row["id"]]]

    def _open_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self._client.call(SCREEN, "load", known=[row["id"] for row in rows])
            rows += page["rows"]
            if not page["more"]:
                return rows

    def _paid_by(self, line_ids: list[int]) -> dict[int, set[str]]:
        """Map bank lines to the numbers of the documents that the ledger says they pay; none: booked on an account."""
        paid: dict[int, set[str]] = {line_id: set() for line_id in line_ids}
        items = self._api.read("account.move.line", [("statement_line_id", "in", line_ids)], ["statement_line_id"])
        line_of = {item["id"]: item["statement_line_id"][0] for item in items}
        partials = self._api.read(
            "account.partial.reconcile",
            ["|", ("debit_move_id", "in", list(line_of)), ("credit_move_id", "in", list(line_of))],
            ["debit_move_id", "credit_move_id"],
        )
        pairs = []
        for partial in partials:
            both = partial["debit_move_id"][0], partial["credit_move_id"][0]
            pairs += [(mine, other) for mine, other in (both, both[::-1]) if mine in line_of]
        others = {
            item["id"]: item["move_id"][0]
            for item in self._api.read("account.move.line", [("id", "in", [other for _, other in pairs])], ["move_id"])
        }
        numbers = {
            move["id"]: move["ref"] if move["move_type"] == "in_invoice" else move["name"]
            for move in self._api.read(
                "account.move", [("id", "in", list(others.values())), ("move_type", "!=", "entry")],
                ["name", "ref", "move_type"],
            )
        }
        for mine, other in pairs:
            if others.get(other) in numbers:
                paid[line_of[mine]].add(numbers[others[other]])
        return paid

    def _open_documents(self, paid: dict[int, set[str]]) -> set[str]:
        wanted = sorted(set().union(*paid.values()))
        moves = self._api.read(
            "account.move",
            ["|", ("name", "in", wanted), ("ref", "in", wanted), ("payment_state", "!=", "paid"),
             ("move_type", "in", ("out_invoice", "in_invoice"))],
            ["name", "ref", "move_type"],
        )
        return {move["ref"] if move["move_type"] == "in_invoice" else move["name"] for move in moves}


def _name(line: dict[str, Any]) -> str:
    return f"line {line['id']} ({line['payment_ref']!r} on {line['date']})"


def _words(documents: set[str]) -> str:
    return ", ".join(sorted(documents)) or "nothing"


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        raise say.Problem(otherwise)
