# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests of file imports share: a history older than a connection may read, and files made of it."""

import base64
import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import fields

from .common import QontoCommon

ZONE = ZoneInfo("Europe/Berlin")
HEADER = (
    "Status", "Settlement date (UTC)", "Settlement date (local)", "Operation date (local)", "Total amount (incl. VAT)",
    "Balance", "Currency", "Account IBAN", "Counterparty name", "Transaction ID", "Reference", "Note",
)


class FileCommon(QontoCommon):
    """The main account has a history of 200 days; it is connected, with an opening entry, and nothing is synced."""

    def setUp(self):
        super().setUp()
        self.ref = self.main["id"]
        self.now = datetime.fromisoformat(self.bank.ask("/state")["now"])
        for days, cents, name in (
            (200, 500000, "Founders"), (180, -12000, "Rent"), (150, 45000, "Client A"), (120, -1500, "Parking"),
            (120, -1500, "Parking"), (95, 33300, "Client B"),
        ):
            self.book(days, cents, name)
        self.account = self.connect(book_opening=True)

    def book(self, days: int, cents: int, name: str, **values):
        """Let the bank have booked something so many days ago."""
        at = (self.now - timedelta(days=days)).isoformat()
        return self.bank.add(
            self.ref, cents,
            **{"label": name, "reference": f"{name} {days}", "settled_at": at, "emitted_at": at, "updated_at": at}
            | values,
        )

    def rows(self, first: int = 400, last: int = 0):
        """Return what the bank has booked between so many days ago and so many, in its order."""
        today = self.now.astimezone(ZONE).date()
        return sorted(
            (
                row for row in self.bank.truth(self.ref)["transactions"]
                if row["status"] == "completed"
                and str(today - timedelta(days=first)) <= row["local_date"] <= str(today - timedelta(days=last))
            ),
            key=lambda row: row["settled_at"],
        )

    def csv(self, rows, ids: str = "id", balances: bool = True, **changes) -> bytes:
        """Write a file as Qonto does in English.

        :param ids: which of the bank's IDs the file gives: `id`, `transaction_id`, `other`, or none
        :param changes: column → text for all rows
        """
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADER)
        for number, row in enumerate(rows):
            at = datetime.fromisoformat(row["settled_at"])
            emitted = datetime.fromisoformat(row["emitted_at"])
            cells = dict(zip(HEADER, (
                "Settled", f"{at:%d-%m-%Y %H:%M:%S}", f"{at.astimezone(ZONE):%d-%m-%Y %H:%M:%S}",
                f"{emitted.astimezone(ZONE):%d-%m-%Y %H:%M:%S}", f"{row['amount_cents'] / 100:.2f}",
                f"{row['settled_balance_cents'] / 100:.2f}" if balances else "", row["currency"], self.main["iban"],
                row["label"], row.get(ids) or (f"other-{number}" if ids == "other" else ""), row["reference"] or "",
                row["note"] or "",
            ), strict=True))
            writer.writerow((cells | changes).values())
        return out.getvalue().encode()

    def receive(self, data: bytes, name: str = "qonto_export.csv"):
        """Upload a file, and return its preview."""
        attachment = self.env["ir.attachment"].create({"name": name, "datas": base64.b64encode(data)})
        wizard = self.env["qonto.file.upload"].create({
            "account_id": self.account.id, "attachment_ids": [fields.Command.set(attachment.ids)],
        })
        action = wizard.action_preview()
        self.assertEqual(action.get("tag"), "qonto_psd2_sync.file_import", action)
        return self.env["qonto.file.import"].browse(action["params"]["import_id"])

    def verdicts(self, record) -> dict[str, int]:
        return {verdict["name"]: verdict["count"] for verdict in record.screen_info()["verdicts"]}

    def drive(self, record, start: str, expect: str):
        """Import or undo as the web client does, to the end."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            answer = getattr(record, start)()
            for _step in range(50):
                progress = record.import_step()
                if progress["state"] not in ("importing", "undoing"):
                    break
        self.env.invalidate_all()
        self.assertEqual(progress["state"], expect, answer)
        return progress

    def take(self, data: bytes, name: str = "qonto_export.csv"):
        """Upload and import a file; return the record."""
        record = self.receive(data, name)
        self.drive(record, "import_start", "done")
        return record

    def undo(self, record):
        return self.drive(record, "undo_start", "undone")

    def in_ledger(self):
        return sorted((str(line.date), round(line.amount * 100)) for line in self.lines_of(self.account))

    def assert_ledger_is(self, rows):
        """These rows of the bank, each once on its day, are the bank lines; and the ledger is the bank's balance."""
        self.assertEqual(self.in_ledger(), sorted((row["local_date"], row["amount_cents"]) for row in rows))
        self.assert_balanced()

    def assert_balanced(self):
        self.account.invalidate_recordset()
        self.assertEqual(
            round(self.account.ledger_balance * 100), self.bank.truth(self.ref)["balance_cents"], "ledger = bank"
        )
