"""What is older than 90 days, from the bank's export: imported, compared with the bank, taken back, imported again."""

import base64
import json
import time
import urllib.request
from typing import Any

from .. import say
from .comparison import cents, ledger_cents
from .web import ExternalApi, WebClient

IMPORT = "qonto.file.import"
LINE = "account.bank.statement.line"
NAME = "qonto_export.xlsx"


class FileCheck:
    """Imports the export of one account as a person does, a preview first.

    :param bank: the stand-in's address
    :param account: the `qonto.account`: name, bank_ref, journal, start date
    :param truth: the account at the stand-in's control API
    """

    def __init__(
        self, client: WebClient, api: ExternalApi, bank: str, account: dict[str, Any], truth: dict[str, Any]
    ) -> None:
        self._client, self._api, self._bank, self._account, self._truth = client, api, bank, account, truth
        booked = [row for row in truth["transactions"] if row["status"] == "completed"]
        self._older = [row for row in booked if row["local_date"] < account["start_date"]]
        self._synced = [row for row in booked if row["local_date"] >= account["start_date"]]
        _expect(self._older, f"{account['name']} has nothing older than the first sync at the bank")

    def take(self, sabotage: bool = False) -> int:
        """Preview and import all that the bank exports; return the import's id."""
        # What is matched stays when an import is undone; here all of it shall go.
        self._client.call("qonto.account", "write", [self._account["id"]], {"books_by_itself": False})
        before = self._lines()
        content = self.export()
        import_id = self.preview(content)
        info = self._call("screen_info", import_id)
        counts = {verdict["name"]: verdict["count"] for verdict in info["verdicts"]}
        _expect(
            (counts.get("new", 0), counts.get("present", 0)) == (len(self._older), len(self._synced)),
            f"the preview says {counts}; the bank has {len(self._older)} older rows and {len(self._synced)} others",
        )
        _expect(not info["undecided"], f"the preview asks about {info['undecided']} rows")
        _expect(info["balances"]["agrees"], f"ledger and bank would differ: {info['balances']}")
        _expect(self._lines() == before, "the preview has written something")
        self._drive("import_start", import_id, "done")
        if sabotage:
            self._lose_a_line()
        self.expect_all_once()
        self.expect_refusal(content)
        return import_id

    def undo(self, import_id: int) -> None:
        """Take it back: what was synced is left, as it was."""
        self._drive("undo_start", import_id, "undone")
        self._compare(self._synced)
        self._client.call("qonto.account", "write", [self._account["id"]], {"books_by_itself": True})

    def expect_all_once(self) -> None:
        """All that the bank has booked is in the books, each once; and the ledger is the bank's balance."""
        self._compare([*self._older, *self._synced])

    # === AS THE SCREEN DOES === #

    def export(self) -> str:
        """Return all that the bank exports of the account, in base64."""
        body = {
            "account_ids": [self._account["bank_ref"]], "template": "full", "language": "de", "format": "xlsx",
            "ids": "id",
        }
        request = urllib.request.Request(
            f"{self._bank}/_control/export", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["content"]

    def _upload(self, content: str) -> list[int]:
        values = {"name": NAME, "datas": content}
        attachments = self._client.call("ir.attachment", "create", [values])
        return self._client.call(
            "qonto.file.upload", "create",
            [{"account_id": self._account["id"], "attachment_ids": [[6, 0, attachments]]}],
        )

    def preview(self, content: str) -> int:
        """Drop a file, and return the id of its preview."""
        _expect(base64.b64decode(content), "the bank exports nothing")
        action = self._client.call("qonto.file.upload", "action_preview", self._upload(content))
        _expect(action.get("tag") == "qonto_psd2_sync.file_import", f"no preview is opened: {action}")
        return action["params"]["import_id"]

    def expect_refusal(self, content: str) -> str:
        """Drop a file that was imported before, and return with which words it is refused."""
        try:
            self.preview(content)
        except say.Problem as problem:
            # In the user's language: it names the file, and the one that was imported before.
            _expect(str(problem).count(NAME) == 2, f"refused with other words: {problem}")
            return str(problem)
        raise say.Problem("the same file is taken twice")

    def _call(self, method: str, import_id: int, *arguments: Any) -> Any:
        return self._client.call(IMPORT, method, [import_id], *arguments)

    def _drive(self, start: str, import_id: int, expected: str) -> None:
        answer = self._call(start, import_id)
        _expect(not answer["changed"], "the books changed since the preview, though nobody wrote")
        deadline = time.monotonic() + 180
        progress: dict[str, Any] = {"state": ""}
        while time.monotonic() < deadline and progress["state"] not in ("done", "undone"):
            progress = self._call("import_step", import_id)
        _expect(progress["state"] == expected, f"the import ended as {progress}")

    # === BESIDE THE BANK === #

    def _lines(self) -> list[tuple[str, str, int]]:
        return sorted(
            (line["qonto_bank_ref"] or "", line["date"], cents(line["amount"]))
            for line in self._api.read(
                LINE, [("journal_id", "=", self._account["journal_id"][0]), ("state", "=", "posted")],
                ["qonto_bank_ref", "date", "amount"],
            )
        )

    def _compare(self, rows: list[dict[str, Any]]) -> None:
        """Each row once, on its day, to the cent; nothing else; and the ledger is the bank's balance."""
        name = self._account["name"]
        stated = sorted((row["id"], row["local_date"], row["amount_cents"]) for row in rows)
        lines = self._lines()
        missing = [row for row in stated if row not in lines]
        _expect(not missing, f"{name}: {len(missing)} transactions have no line, the first is {missing[:1]}")
        _expect(lines == stated, f"{name}: {len(lines)} lines for {len(stated)} transactions")
        ledger = ledger_cents(self._api, self._account["journal_id"][0])
        _expect(
            ledger == self._truth["balance_cents"],
            f"{name}: the ledger has {ledger / 100:.2f}, the bank {self._truth['balance_cents'] / 100:.2f}",
        )

    def _lose_a_line(self) -> None:
        line = self._api.read(
            LINE, [("journal_id", "=", self._account["journal_id"][0]), ("date", "<", self._account["start_date"])],
            ["payment_ref"],
        )[0]
        say.step(f"Sabotage (import): line {line['id']}, {line['payment_ref']!r}")
        self._api.call(LINE, "unlink", [line["id"]])


def _expect(fact: object, otherwise: str) -> None:
    if not fact:
        raise say.Problem(otherwise)
