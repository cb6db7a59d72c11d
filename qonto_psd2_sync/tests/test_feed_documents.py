# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import qonto_document_watch
from .common import server_options
from .feed_common import FeedCommon

PNG = b"\x89PNG\r\n\x1a\n pixels"


class FilesCommon(FeedCommon):
    def setUp(self):
        super().setUp()
        self.sync(self.account)
        self.journal = self.account.journal_id
        # A line whose transaction gets a receipt.
        self.line = self.lines_of(self.account)[-1]
        self.row = self.line.qonto_bank_ref

    def look(self, later: bool = False):
        """Let the scheduled action look for files.

        :param later: after the time after which what went wrong is tried again
        """
        watch = self.account.document_watch_ids.sudo()
        watch.next_at = fields.Datetime.now() - timedelta(seconds=1)
        if later:
            self.account.document_ids.sudo().next_try_at = False
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_documents").sudo().method_direct_trigger()
        self.env.invalidate_all()
        return self.account.document_ids

    def attach(self, row: str | None = None, content: bytes | None = None, **facts):
        """Attach a file to a transaction at the bank, and return its id."""
        if content is not None:
            facts["content"] = base64.b64encode(content).decode()
        answer = self.bank.ask("/attachments", {"transaction_id": row or self.row, **facts})
        return answer["attachment"]["id"]

    def on_entry(self, move):
        """Return the files in an entry's chatter."""
        return self.env["ir.attachment"].search([("res_model", "=", "account.move"), ("res_id", "=", move.id)])

    def without_audit_trail(self):
        """As in a company whose country does not force it."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_company SET restrictive_audit_trail = FALSE WHERE id = %s", [self.company.id])
        self.env.invalidate_all()

    def calls(self, path: str) -> int:
        return sum(request["path"].startswith(path) for request in self.bank.requests())


@tagged("post_install", "-at_install")
class TestStatements(FilesCommon):
    def test_nothing_is_fetched_unless_somebody_switches_it_on(self):
        self.attach()
        self.bank.ask("/requests", method="DELETE")
        self.sync(self.account)
        with self.enter_registry_test_mode():
            self.env.ref("qonto_psd2_sync.ir_cron_documents").sudo().method_direct_trigger()
        self.assertFalse(self.account.document_ids)
        self.assertEqual((self.calls("/v2/statements"), self.calls("/v2/attachments")), (0, 0))

    def test_statements_are_with_the_account_once_a_month(self):
        self.account.fetch_statements = True
        files = self.look()
        months = [month for month in self.months() if month >= self.account.start_date.replace(day=1)]
        self.assertEqual(sorted(files.mapped("month")), months)
        self.assertTrue(months, "the world has a month that is over")
        self.assertEqual(set(files.mapped("state")), {"there"})
        file = files[0].attachment_id
        self.assertEqual((file.res_model, file.res_id), ("qonto.account", self.account.id))
        self.assertEqual(file.mimetype, "application/pdf")
        self.assertTrue(file.raw.startswith(b"%PDF-"))
        self.assertEqual(self.account.statement_count, len(months))
        self.assertEqual(self.journal.action_qonto_statements()["res_model"], "qonto.document")
        self.assertIn("/web/content/", files[0].action_open_file()["url"])

        self.account.action_fetch_documents()
        self.bank.ask("/requests", method="DELETE")
        self.assertEqual(self.look(), files, "the same once more")
        self.assertEqual(self.calls("/v2/statements"), 1, "the list, and no statement again")
        self.assertEqual(files[0].attachment_id, file)

    def months(self):
        """The months that are over, since the bank's first booking."""
        first = min(
            row["local_date"] for row in self.bank.truth(self.ref)["transactions"] if row["status"] == "completed"
        )
        month, this = fields.Date.to_date(first).replace(day=1), self.now.date().replace(day=1)
        found = []
        while month < this:
            found.append(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return found

    def test_the_database_knows_a_month_once(self):
        values = {"kind": "statement", "account_id": self.account.id, "month": "2026-01-01"}
        self.env["qonto.document"].sudo().create({**values, "bank_ref": "a"})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env["qonto.document"].sudo().create({**values, "bank_ref": "b"})

    def test_what_goes_wrong_is_told_in_words_and_tried_again(self):
        self.account.fetch_statements = True
        self.bank.fault("/files/", "status", status=503)
        failed = self.look().filtered("failure")[:1]
        self.assertEqual(failed.state, "waiting")
        self.assertIn("trouble answering", failed.failure)
        self.assertGreater(failed.next_try_at, fields.Datetime.now())
        self.look(later=True)
        self.assertEqual((failed.state, failed.failure), ("there", False))

    def test_a_page_in_place_of_a_pdf_is_not_kept(self):
        self.account.fetch_statements = True
        self.bank.fault("/files/", "html")
        refused = self.look().filtered(lambda file: file.state == "refused")
        self.assertEqual(len(refused), 1)
        self.assertIn("text/html", refused.failure)
        self.assertFalse(refused.attachment_id)
        self.assertEqual(self.account.unfetched_count, 1)
        self.look(later=True)
        self.assertEqual(refused.state, "refused", "time does not make it another file")
        refused.action_try_again()
        self.look()
        self.assertEqual(refused.state, "there")

    def test_an_address_that_expires_on_the_way_is_asked_for_again_at_once(self):
        self.account.fetch_statements = True
        self.bank.fault("/files/", "status", status=403)
        self.assertEqual(set(self.look().mapped("state")), {"there"})

    def test_trouble_with_files_is_no_trouble_of_the_feed(self):
        self.account.fetch_statements = True
        self.bank.fault("/v2/statements", "status", status=403, body={
            "errors": [{"code": "forbidden", "detail": "missing scope organization.read"}], "trace_id": "t",
        })
        self.look()
        self.assertIn("organization.read", self.account.documents_failure)
        self.assertFalse(self.account.failure)
        self.assertEqual(self.account.status, "connected")
        self.arrived(4711, label="Feed goes on")
        self.assertTrue(self.look(), "the next round is well")
        self.assertFalse(self.account.documents_failure)

    def test_a_round_that_dies_is_gone_on_with(self):
        self.account.fetch_receipts = True
        rows = self.lines_of(self.account)[-4:].mapped("qonto_bank_ref")
        for row in rows:
            self.attach(row)
        self.sync(self.account)
        with patch.object(qonto_document_watch, "FILES_A_ROUND", 2):
            self.assertEqual(sorted(self.look().mapped("state")), ["there"] * 2 + ["waiting"] * 2)
            there = self.account.document_ids.filtered("attachment_id")
            self.assertLessEqual(self.account.document_watch_ids.next_at, fields.Datetime.now())
            self.look()
        self.assertEqual(set(self.account.document_ids.mapped("state")), {"there"})
        self.assertLessEqual(there, self.account.document_ids)
        self.assertEqual(len(self.account.document_ids.attachment_id), 4)

    def test_two_workers_do_not_fetch_the_same_account(self):
        self.account.fetch_statements = True
        watch = self.account.document_watch_ids.sudo()
        watch.write({"lease_owner": "another", "lease_until": fields.Datetime.now() + timedelta(minutes=5)})
        self.assertFalse(self.look())
        watch.lease_until = fields.Datetime.now() - timedelta(minutes=1)
        self.assertTrue(self.look(), "the other one died")

    def test_statements_outlive_the_account(self):
        self.account.fetch_statements = True
        files = self.look().attachment_id
        wizard = self.env["qonto.delete"].create({"account_id": self.account.id})
        with patch.object(type(wizard), "_obstacles", return_value=[]):
            wizard.action_delete()
        self.assertEqual(set(files.mapped("res_model")), {"account.journal"})
        self.assertEqual(set(files.mapped("res_id")), {self.journal.id})


@tagged("post_install", "-at_install")
class TestReceipts(FilesCommon):
    def setUp(self):
        super().setUp()
        self.account.fetch_receipts = True

    def test_a_receipt_lies_on_the_entry_once_and_is_what_its_bytes_are(self):
        self.attach(content=PNG, file_name="../lunch.pdf")
        self.sync(self.account)
        self.look()
        file = self.on_entry(self.line.move_id)
        self.assertEqual((file.name, file.mimetype, file.raw), ("lunch.pdf.png", "image/png", PNG))
        self.bank.ask("/requests", method="DELETE")
        self.look()
        self.sync(self.account)
        self.look()
        self.assertEqual(self.on_entry(self.line.move_id), file)
        self.assertEqual(self.calls("/v2/attachments"), 0)

    def test_one_that_is_attached_later_comes_later(self):
        first = self.attach()
        self.sync(self.account)
        self.look()
        self.attach(file_name="second.pdf")
        self.sync(self.account)
        self.look()
        self.assertEqual(sorted(self.on_entry(self.line.move_id).mapped("name")), ["receipt.pdf", "second.pdf"])
        self.bank.ask(f"/attachments/{first}", method="DELETE")
        self.sync(self.account)
        self.look()
        self.assertEqual(len(self.on_entry(self.line.move_id)), 2, "what is removed at the bank stays in the books")

    def test_the_same_file_on_two_transactions_lies_on_both_entries(self):
        other = self.lines_of(self.account)[-2]
        shared = self.attach()
        self.attach(other.qonto_bank_ref, id=shared)
        self.sync(self.account)
        self.look()
        for line in self.line, other:
            self.assertEqual(len(self.on_entry(line.move_id)), 1)

    def test_what_is_not_booked_waits_with_its_receipt(self):
        pending = self.bank.add(self.ref, -4200, status="pending", label="Hotel")
        self.attach(pending["id"])
        self.sync(self.account)
        self.assertFalse(self.look())
        self.bank.edit(pending["id"], status="completed")
        self.sync(self.account)
        self.look()
        self.assertEqual(len(self.on_entry(self.transaction(pending["id"]).statement_line_id.move_id)), 1)

    def test_a_line_that_is_booked_anew_has_its_receipt_again(self):
        self.assertTrue(self.company.restrictive_audit_trail, "Germany forces it")
        self.attach()
        self.sync(self.account)
        self.look()
        transaction, old = self.line.qonto_transaction_id, self.line.move_id
        self.line.with_context(qonto_taken_back="wrong day").unlink()
        transaction.action_restore()
        self.sync(self.account)
        new = transaction.statement_line_id.move_id
        self.assertNotEqual(new, old)
        self.bank.ask("/requests", method="DELETE")
        self.look()
        self.look()
        self.assertEqual(len(self.on_entry(new)), 1)
        self.assertEqual(len(self.on_entry(old)), 1, "the canceled entry keeps its evidence")
        self.assertEqual(self.calls("/v2/attachments"), 0, "it is here already")

    def test_a_deleted_line_takes_its_copy_along_and_not_the_receipt(self):
        self.without_audit_trail()
        self.attach()
        self.sync(self.account)
        self.look()
        transaction, old = self.line.qonto_transaction_id, self.line.move_id.id
        self.line.unlink()
        self.look()
        self.assertFalse(self.env["account.move"].browse(old).exists())
        self.assertTrue(transaction.document_ids.attachment_id)
        transaction.action_restore()
        self.sync(self.account)
        self.look()
        self.assertEqual(len(self.on_entry(transaction.statement_line_id.move_id)), 1)

    def test_what_a_person_removes_from_the_entry_stays_away(self):
        self.without_audit_trail()
        self.attach()
        self.sync(self.account)
        self.look()
        self.on_entry(self.line.move_id).unlink()
        self.look()
        self.assertFalse(self.on_entry(self.line.move_id))

    def test_an_address_elsewhere_is_not_asked(self):
        self.attach()
        self.sync(self.account)
        self.bank.fault(
            "/v2/attachments", "alter", times=2,
            body=[{"set": ["attachment", "url"], "to": "http://169.254.169.254/latest"}],
        )
        file = self.look()
        self.assertEqual((file.state, file.failure_kind), ("refused", "other_host"))
        self.assertIn("169.254.169.254", file.failure)
        self.assertIn("file_hosts", file.failure)

    def test_a_host_that_the_server_names_is_asked(self):
        self.attach()
        self.sync(self.account)
        self.bank.fault(
            "/v2/attachments", "alter", times=2, body=[{"set": ["attachment", "url"], "to": "https://127.0.0.1:9/x"}]
        )
        with server_options(file_hosts="files.example, 127.0.0.1:9"):
            file = self.look()
        self.assertEqual((file.state, file.failure_kind), ("waiting", "network"))

    def test_a_huge_a_missing_and_a_wrong_file_are_told_apart(self):
        rows = self.lines_of(self.account)[-3:].mapped("qonto_bank_ref")
        ids = [self.attach(row) for row in rows]
        self.sync(self.account)
        by_ref = {ref: self.transaction(row).bank_ref for ref, row in zip(ids, rows, strict=True)}
        self.bank.ask(f"/attachments/{ids[1]}", method="DELETE")
        self.bank.fault("/files/", "huge")
        files = self.look()
        self.assertEqual(len(files), len(by_ref))
        self.assertEqual({file.failure_kind for file in files}, {"too_large", "not_found", False})
        self.assertTrue(all(file.failure for file in files if file.state == "refused"))

    def test_when_the_bank_is_out_of_reach_the_round_ends(self):
        for row in self.lines_of(self.account)[-5:].mapped("qonto_bank_ref"):
            self.attach(row)
        self.sync(self.account)
        self.bank.fault("/files/", "drop", times=None)
        files = self.look()
        self.assertEqual(sorted(files.mapped("tries")), [0, 0, 1, 1, 1])
        self.assertIn("could not be reached", self.account.documents_failure)
        self.bank.ask("/faults", method="DELETE")
        self.assertEqual(set(self.look(later=True).mapped("state")), {"there"})
