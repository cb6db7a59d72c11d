# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The preview tells what becomes of each row, each decision can be changed, and nothing is written before *Import*."""

import base64
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .file_common import FileCommon

CAMT = (
    b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/></Document>'
)
MT940 = b":20:STARTUMS\n:25:10020030/1234567\n:28C:1/1\n:60F:C260101EUR1,00\n"
FOREIGN = b"Fecha;Importe;Concepto\n01-02-2026;-12,50;Alquiler\n03-02-2026;100,00;Cliente\n"


@tagged("post_install", "-at_install")
class TestFilePreview(FileCommon):
    def decide(self, record, verdict: str, choice: str):
        return record.screen_decide_all(verdict, choice)

    def rows_of(self, record, verdict: str):
        return record.screen_rows(verdict)["rows"]

    # === VERDICTS === #

    def test_preview_writes_nothing_and_says_what_is_there_with_its_line(self):
        self.sync(self.account)
        before = self.in_ledger()
        record = self.receive(self.csv(self.rows()))
        self.assertEqual(self.in_ledger(), before)
        row = self.rows_of(record, "present")[0]
        line = self.env["qonto.transaction"].browse(row["line"]["id"]).statement_line_id
        self.assertEqual(line.journal_id, self.account.journal_id)
        self.assertIn("ID is there", row["why"])

    def test_screen_has_an_address_that_can_be_reloaded(self):
        action = self.receive(self.csv(self.rows(400, 91))).action_open()
        found = self.env["ir.actions.client"].search([("path", "=", action["path"])])
        self.assertEqual(found.tag, action["tag"])

    def test_typed_line_is_suspect_until_somebody_decides(self):
        old = self.rows(400, 91)
        line = self.env["account.bank.statement.line"].create({
            "journal_id": self.account.journal_id.id, "date": old[1]["local_date"], "amount": -120,
            "payment_ref": "Rent as I typed it",
        })
        record = self.receive(self.csv(old, balances=False))
        suspects = self.verdicts(record)["suspect"]
        self.assertEqual(suspects, 1)
        self.assertEqual(self.rows_of(record, "suspect")[0]["line"]["id"], line.id)
        self.assertIn("To decide first: 1", record.screen_info()["obstacle"])
        with self.assert_told("To decide first: 1"), self.enter_registry_test_mode():
            record.import_start()
        self.decide(record, "suspect", "same")
        self.drive(record, "import_start", "done")
        self.assertEqual(line.qonto_transaction_id.file_import_id, record, "the line that was there is the bank's now")
        self.assertEqual(len(self.lines_of(self.account)), len(old))
        self.undo(record)
        self.assertEqual(self.lines_of(self.account), line)
        self.assertFalse(line.qonto_transaction_id, "as it was")

    def test_suspect_can_be_imported_beside_the_line_that_is_there(self):
        old = self.rows(400, 91)
        self.env["account.bank.statement.line"].create({
            "journal_id": self.account.journal_id.id, "date": old[1]["local_date"], "amount": -120,
            "payment_ref": "Another rent",
        })
        record = self.receive(self.csv(old, balances=False))
        self.decide(record, "suspect", "import")
        self.drive(record, "import_start", "done")
        self.assertEqual(self.in_ledger().count((old[1]["local_date"], -12000)), 2)

    def test_single_row_can_be_left_out_and_comes_with_a_later_file(self):
        record = self.receive(self.csv(self.rows()))
        founders = next(row for row in self.rows_of(record, "new") if row["name"] == "Founders")
        info = record.screen_decide(founders["place"], "skip")
        self.assertEqual(info["to_import"], len(self.rows()) - 1)
        self.drive(record, "import_start", "done")
        self.assertNotIn(500000, [cents for _day, cents in self.in_ledger()])
        self.assert_balanced()
        self.take(self.csv(self.rows(), Note="again"))
        self.assert_ledger_is(self.rows())

    def test_pending_and_declined_rows_are_not_booked(self):
        rows = self.rows(400, 91)
        for status, sign in (("Processing", -1), ("Declined", 1)):
            record = self.receive(self.csv(rows, Status=status, Note=str(sign)))
            self.assertEqual(set(self.verdicts(record)), {"not_booked"})
            self.assertEqual(record.screen_info()["to_import"], 0)

    def test_locked_rows_are_held_and_wait_in_the_feed(self):
        self.sync(self.account)
        self.account.opening_move_id.with_context(force_delete=True).button_draft()
        self.account.opening_move_id.button_cancel()
        self.company.fiscalyear_lock_date = fields.Date.to_date(self.rows()[1]["local_date"])
        record = self.receive(self.csv(self.rows()))
        self.assertEqual(self.verdicts(record)["held"], 2)
        self.drive(record, "import_start", "done")
        held = record.transaction_ids.filtered(lambda row: row.feed_state == "held")
        self.assertEqual(held.mapped("hold_kind"), ["locked", "locked"])
        self.company.fiscalyear_lock_date = False
        self.sync(self.account)
        self.assertEqual(set(record.transaction_ids.mapped("feed_state")), {"booked"})

    def test_bad_rows_name_row_and_column_and_stop_the_import_until_left_out(self):
        data = self.csv(self.rows(400, 91), balances=False).decode().replace("5000.00", "five thousand")
        record = self.receive(data.encode())
        row = self.rows_of(record, "bad")[0]
        self.assertEqual((row["number"], row["amount"]), (2, ""))
        self.assertIn("Column “Total amount (incl. VAT)”: “five thousand” is no amount", row["why"])
        self.assertIn("To decide first: 1", record.screen_info()["obstacle"])
        self.decide(record, "bad", "skip")
        self.drive(record, "import_start", "done")
        self.assertEqual(record.line_count, 5)

    def test_rows_of_another_account_are_left_out_and_a_file_of_another_is_refused(self):
        rows = self.rows(400, 91)
        mixed = self.csv(rows[:3]) + self.csv(rows[3:], **{"Account IBAN": self.sub_account["iban"]}).split(b"\n", 1)[1]
        record = self.receive(mixed)
        self.assertEqual(self.verdicts(record), {"new": 3, "other_account": 3})
        with self.assert_told("is of another account"):
            self.receive(self.csv(rows, **{"Account IBAN": "FR7616798000010000005663951"}))

    def test_break_in_the_balances_is_named(self):
        rows = self.rows(400, 91)
        record = self.receive(self.csv([row for row in rows if row["amount_cents"] != -12000]))
        self.assertRegex(" ".join(record.screen_info()["warnings"]), r"in row 3 does not follow from row 2: .*120\.00")

    # === FILES THAT CAN'T BE USED === #

    def test_files_of_other_kinds_are_refused_in_words(self):
        for name, data, words in (
            ("a.xml", CAMT, "account_statement_import_camt"),
            ("a.sta", MT940, "account_statement_import_file"),
            ("a.pdf", b"%PDF-1.7\n", "It is a PDF"),
            ("a.csv", b"", "It is empty"),
        ):
            with self.subTest(name=name), self.assert_told(words):
                self.receive(data, name)
        self.assertFalse(self.env["qonto.file.import"].search([("account_id", "=", self.account.id)]))

    def test_unknown_columns_are_mapped_once_and_remembered(self):
        attachment = self.env["ir.attachment"].create({"name": "banco.csv", "datas": base64.b64encode(FOREIGN)})
        action = self.env["qonto.file.upload"].create({
            "account_id": self.account.id, "attachment_ids": [fields.Command.set(attachment.ids)],
        }).action_preview()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(wizard.line_ids.mapped("header"), ["Fecha", "Importe", "Concepto"])
        for header, meaning in (("Fecha", "settled_local"), ("Importe", "amount"), ("Concepto", "counterparty_name")):
            wizard.line_ids.filtered(lambda line, header=header: line.header == header).meaning = meaning
        action = wizard.action_confirm()
        record = self.env["qonto.file.import"].browse(action["params"]["import_id"])
        self.assertEqual(self.verdicts(record), {"new": 2})
        self.drive(record, "import_start", "done")
        self.assertEqual(
            record.transaction_ids.statement_line_ids.sorted("date").mapped("payment_ref"), ["Alquiler", "Cliente"]
        )
        again = self.receive(FOREIGN + b"05-02-2026;1,00;Nuevo\n", "banco2.csv")
        self.assertEqual(self.verdicts(again), {"new": 1, "present": 2})

    def test_two_columns_of_one_header_are_proposed_once_and_refused_by_name_when_both_mean_the_same(self):
        attachment = self.env["ir.attachment"].create({"name": "banco.csv", "datas": base64.b64encode(
            b"Fecha;Importe;Concepto;Importe\n03-02-2026;;Alquiler;-10,00\n04-02-2026;n/a;Cliente;20,00\n"
        )})
        action = self.env["qonto.file.upload"].create({
            "account_id": self.account.id, "attachment_ids": [fields.Command.set(attachment.ids)],
        }).action_preview()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(
            wizard.line_ids.mapped("meaning"), ["settled_local", "ignored", "reference", "amount"], "the better data"
        )
        wizard.line_ids[1].meaning = "amount"
        with self.assert_told(
            r"“Importe” \(column 2\) and “Importe” \(column 4\) can't both be “Amount, with its sign”"
        ):
            wizard.action_confirm()
        wizard.line_ids[1].meaning = "ignored"
        record = self.env["qonto.file.import"].browse(wizard.action_confirm()["params"]["import_id"])
        amounts = [row["amount"] for row in record.screen_rows()["rows"]]
        self.assertEqual(amounts, [record.currency_id.format(amount) for amount in (-10, 20)])

    # === WHERE FILES ARRIVE, AND WHOSE THEY ARE === #

    def test_files_dropped_on_the_card_are_previewed_and_other_journals_are_left_alone(self):
        names = ("one.csv", "two.csv")
        attachments = self.env["ir.attachment"].create([
            {"name": name, "datas": base64.b64encode(self.csv(self.rows(400, 91), Note=name))} for name in names
        ])
        journals = self.env["account.journal"]
        action = journals.with_context(
            default_journal_id=self.account.journal_id.id
        ).create_document_from_attachment(attachments.ids)
        record = self.env["qonto.file.import"].browse(action["params"]["import_id"])
        self.assertEqual(record.name, "one.csv")
        self.assertEqual(self.env["qonto.file.import"].browse(record.screen_info()["next"]).name, "two.csv")
        bill = self.env["ir.attachment"].create({"name": "bill.csv", "datas": base64.b64encode(b"a;b")})
        action = journals.with_context(
            default_journal_id=self.company_data["default_journal_purchase"].id, default_move_type="in_invoice",
        ).create_document_from_attachment(bill.ids)
        self.assertEqual(action["res_model"], "account.move")

    def test_only_users_of_the_feed_import_and_only_in_their_companies(self):
        data = self.csv(self.rows(400, 91))
        clerk = self.new_user("file_clerk", "qonto_psd2_sync.group_feed_user")
        auditor = self.new_user("file_auditor", "account.group_account_readonly")
        elsewhere = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = self.new_user(
            "file_stranger", "qonto_psd2_sync.group_feed_user", company_id=elsewhere.id, company_ids=elsewhere.ids,
        )
        record = self.receive(data)
        self.assertTrue(record.with_user(clerk).screen_rows()["rows"])
        self.assertTrue(record.with_user(auditor).screen_rows()["rows"])
        for method in ("import_start", "undo_start", "import_step"):
            with self.assert_told("needs the right"):
                getattr(record.with_user(auditor), method)()
        with self.assert_told("needs the right"):
            record.with_user(auditor).screen_decide(0, "skip")
        with self.assertRaises(AccessError):
            record.with_user(clerk).write({"state": "undone"})
        with self.assertRaises(AccessError):
            record.with_user(stranger).screen_info()
        self.drive(record.with_user(clerk), "import_start", "done")
        self.assertEqual(record.user_id, clerk)

    def test_preview_that_nobody_imports_is_cleared_away(self):
        record = self.receive(self.csv(self.rows(400, 91)))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE qonto_file_import SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=8), record.id],
        )
        self.env["qonto.file.import"].sudo()._gc_previews()
        self.assertFalse(record.exists())
