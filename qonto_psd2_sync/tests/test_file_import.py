# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files and syncs bring the same history once, in whatever order; an import can be taken back."""

from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models import file_preview, qonto_file_import_book, qonto_file_import_undo
from .file_common import FileCommon


class Killed(BaseException):
    """The worker's process is gone at this instant."""


@tagged("post_install", "-at_install")
class TestFileImport(FileCommon):
    # === ONCE, IN ANY ORDER === #

    def test_sync_then_file_then_sync_is_the_banks_history_once(self):
        self.sync(self.account)
        self.assert_balanced()
        record = self.receive(self.csv(self.rows()))
        self.assertEqual(self.verdicts(record)["new"], 6)
        self.assertFalse(self.lines_of(self.account).filtered(lambda line: line.date < self.account.start_date))
        self.drive(record, "import_start", "done")
        self.assert_ledger_is(self.rows())
        self.sync(self.account)
        self.assert_ledger_is(self.rows())

    def test_file_with_the_banks_ids_then_sync_adopts_every_line(self):
        self.adopts_every_line("id")

    def test_file_with_the_banks_readable_ids_then_sync_adopts_every_line(self):
        self.adopts_every_line("transaction_id")

    def test_file_with_ids_of_its_own_then_sync_adopts_every_line(self):
        self.adopts_every_line("other")

    def test_file_without_ids_then_sync_adopts_every_line(self):
        self.adopts_every_line("none")

    def adopts_every_line(self, ids: str):
        record = self.take(self.csv(self.rows(), ids=ids))
        self.assert_ledger_is(self.rows())
        lines = self.lines_of(self.account)
        report = self.sync(self.account)[0]
        self.assertFalse(report["booked"])
        self.assertEqual(self.lines_of(self.account), lines, "the same lines")
        self.assert_ledger_is(self.rows())
        synced = lines.filtered(lambda line: line.date >= self.account.start_date)
        self.assertEqual(
            set(synced.mapped("qonto_bank_ref")),
            {row["id"] for row in self.rows() if row["local_date"] >= str(self.account.start_date)},
        )
        self.assertFalse(any(synced.qonto_transaction_id.mapped("file_only")))
        self.assertEqual(record.line_count, len(lines))

    def test_newest_piece_first_gives_the_same_ledger(self):
        self.gives_the_same_ledger((3, 2, 1, 0), syncs=(1,), ids=("id", "none"))

    def test_oldest_piece_first_gives_the_same_ledger(self):
        self.gives_the_same_ledger((0, 1, 2, 3), syncs=(0, 2), ids=("none", "transaction_id"))

    def test_pieces_that_leave_holes_for_later_give_the_same_ledger(self):
        self.gives_the_same_ledger((1, 3, 0, 2), syncs=(), ids=("none",))

    def gives_the_same_ledger(self, order, syncs, ids):
        """Import overlapping pieces of the history in this order, with and without IDs, with syncs after some."""
        pieces = [(400, 150), (160, 60), (95, 20), (30, 0)]
        for turn, piece in enumerate(order):
            self.take_what_is_new(self.csv(self.rows(*pieces[piece]), ids=ids[turn % len(ids)]))
            if turn in syncs:
                self.sync(self.account)
        self.sync(self.account)
        self.assert_ledger_is(self.rows())

    def take_what_is_new(self, data):
        record = self.receive(data)
        if record.screen_info()["to_import"]:
            self.drive(record, "import_start", "done")

    def test_twins_are_kept_and_none_is_swallowed(self):
        # The file was made after two of three; the third came the same minute.
        at = (self.now - timedelta(days=10)).isoformat()
        twins = [
            self.bank.add(self.ref, -990, label="Kiosk", reference="Coffee", settled_at=at, emitted_at=at)
            for _twin in range(3)
        ]
        rows = [row for row in self.rows() if row["id"] != twins[2]["id"]]
        self.take(self.csv(rows, ids="none", balances=False))
        self.sync(self.account)
        self.assert_ledger_is(self.rows())
        kiosk = self.lines_of(self.account).filtered(lambda line: line.amount == -9.9)
        self.assertEqual(sorted(kiosk.mapped("qonto_bank_ref")), sorted(row["id"] for row in twins))

    def test_what_was_pending_at_the_bank_is_the_line_of_the_file(self):
        row = self.bank.add(self.ref, -4200, status="pending", label="Hotel", reference="Room 1")
        self.sync(self.account)
        self.bank.edit(row["id"], status="completed")
        self.take(self.csv(self.rows(), ids="none", balances=False))
        self.assert_ledger_is(self.rows())
        lines = self.lines_of(self.account)
        self.sync(self.account)
        self.assertEqual(self.lines_of(self.account), lines)
        self.assert_ledger_is(self.rows())
        line = lines.filtered(lambda line: line.amount == -42)
        self.assertEqual((line.qonto_bank_ref, line.qonto_transaction_id.feed_state), (row["id"], "booked"))

    def test_what_the_feed_knows_from_before_the_start_becomes_the_line(self):
        old = self.book(100, -7700, "Late change", updated_at=self.now.isoformat())
        self.account = self.account  # connected before: its opening entry does not know of it
        self.sync(self.account)
        self.assertEqual(self.state_of(old), "before_start")
        self.take(self.csv(self.rows()))
        self.assertEqual(self.state_of(old), "booked")
        self.assertEqual(self.in_ledger().count((old["local_date"], -7700)), 1)

    def state_of(self, row):
        return self.env["qonto.transaction"].search([("bank_ref", "=", row["id"])]).feed_state

    # === THE SAME FILE, AND OTHERS === #

    def test_same_file_twice_is_refused_with_the_date_unless_it_was_undone(self):
        data = self.csv(self.rows())
        record = self.take(data, "first.csv")
        with self.assert_told(r"“again.csv” was imported on .* \(as “first.csv”\)"):
            self.receive(data, "again.csv")
        self.undo(record)
        again = self.take(data, "again.csv")
        self.assertEqual(again.line_count, len(self.rows()))
        self.assert_ledger_is(self.rows())

    def test_two_files_with_equal_rows_are_no_false_alarm(self):
        self.take(self.csv(self.rows(), Note="one"))
        second = self.receive(self.csv(self.rows(), Note="two"))
        self.assertEqual(self.verdicts(second), {"present": len(self.rows())})
        self.assertIn("nothing to import", second.screen_info()["obstacle"])

    def test_import_pressed_twice_imports_once(self):
        record = self.receive(self.csv(self.rows()))
        self.env.flush_all()
        with self.enter_registry_test_mode():
            record.import_start()
            record.import_start()
        self.drive(record, "import_start", "done")
        self.assert_ledger_is(self.rows())

    def test_two_tabs_a_sync_and_undo_at_the_wrong_moment_end_in_a_sentence_and_import_once(self):
        record = self.receive(self.csv(self.rows()))
        gone = self.receive(self.csv(self.rows(), Note="discarded"))
        gone.action_discard()

        def lease(owner):
            until = owner and fields.Datetime.now() + timedelta(minutes=3)
            self.account.sudo().write({"lease_owner": owner, "lease_until": until})
            self.env.flush_all()
            self.env.invalidate_all()

        with self.enter_registry_test_mode():
            with self.assert_told("it was discarded, or its file was dropped again"):
                gone.import_start()
            lease("another tab")
            with self.assert_told("A sync or an import of .* is running"):
                record.import_start()
            lease(False)
            self.assertFalse(record.import_start()["changed"])
            with self.assert_told(f"“{record.name}” is being imported. Try again when it is done"):
                record.undo_start()
            second = self.receive(self.csv(self.rows(400, 91), Note="dropped meanwhile"))
            with self.assert_told(f"“{record.name}” is being imported. Try again when it is done"):
                second.import_start()
            lease("another tab")
            self.assertFalse(record.import_start()["changed"], "the other tab began it: this one goes on watching")
            self.assertEqual(record.import_step()["state"], "importing", "the other tab is at it")
            lease(False)
        self.drive(record, "import_start", "done")
        self.assert_ledger_is(self.rows())
        self.drive(record, "import_start", "done")
        with self.enter_registry_test_mode():
            record.undo_start()
            lease("another tab")
            self.assertFalse(record.undo_start()["changed"], "pressed twice")
            with self.assert_told("A sync or an import of .* is running"):
                second.import_start()
            lease(False)
            with self.assert_told(f"“{record.name}” is being taken back"):
                second.import_start()
        self.undo(record)
        with self.assert_told("Nothing of .* can be taken back"), self.enter_registry_test_mode():
            record.undo_start()

    def test_lock_and_disconnection_between_preview_and_import_leave_books_right(self):
        self.sync(self.account)
        rows = self.rows(400, 91)
        record = self.receive(self.csv(rows, ids="none", balances=False))
        # Only the oldest three days are locked: the opening entry can move no more.
        self.company.fiscalyear_lock_date = fields.Date.to_date(rows[2]["local_date"])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.assertTrue(record.import_start()["changed"])
        self.env.invalidate_all()
        self.assertEqual(self.verdicts(record), {"held": 3, "new": 3})
        self.assertIn("into a period locked until", record.screen_info()["obstacle"])
        record.screen_decide_all("held", "skip")
        self.assertFalse(record.screen_info()["obstacle"])
        self.account.consent_ids.action_withdraw()
        self.drive(record, "import_start", "done")
        self.assertEqual(record.line_count, 3)
        self.assert_balanced()

    def test_books_that_changed_since_the_preview_make_a_new_preview(self):
        record = self.receive(self.csv(self.rows()))
        self.sync(self.account)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.assertTrue(record.import_start()["changed"])
        self.env.invalidate_all()
        self.assertEqual(record.state, "preview")
        self.assertEqual(self.verdicts(record)["new"], 6)
        self.drive(record, "import_start", "done")
        self.assert_ledger_is(self.rows())

    # === A WORKER THAT DIES === #

    def test_import_and_undo_go_on_after_a_worker_died_at_any_commit(self):
        rows = self.rows()
        with patch.object(file_preview, "CHUNK", 6), patch.object(qonto_file_import_book, "CHUNK", 6):
            for number in range(4):
                record = self.receive(self.csv(rows, ids=("id", "none")[number % 2], Note=str(number)))
                self.die_at(record, "import_start", commit=1 + number, before=number % 2)
                self.assertIn(record.state, ("preview", "importing"))
                if number == 3:
                    # A sync that comes first finishes it first.
                    self.sync(self.account)
                else:
                    self.drive(record, "import_start", "done")
                self.assert_ledger_is(rows)
                with patch.object(qonto_file_import_undo, "BOOK_BATCH", 7):
                    self.die_at(record, "undo_start", commit=1 + number, before=number % 2)
                    self.drive(record, "undo_start", "undone")
                recent = [row for row in rows if row["local_date"] >= str(self.account.start_date)]
                synced = recent if number == 3 else []
                self.assertEqual(len(self.in_ledger()), len(synced))
                self.account.invalidate_recordset()
                self.assertEqual(
                    round(self.account.ledger_balance * 100),
                    self.bank.truth(self.ref)["balance_cents"]
                    - sum(row["amount_cents"] for row in recent) + sum(row["amount_cents"] for row in synced),
                )
        self.assert_ledger_is(recent)

    def die_at(self, record, start: str, commit: int, before: int):
        """Let the worker die right before or after one of its commits; then its lease runs out."""
        accounts, commits = type(self.account), 0
        real = accounts._commit_page

        def commit_page(account, lease):
            nonlocal commits
            commits += 1
            if commits == commit and before:
                raise Killed
            real(account, lease)
            if commits == commit:
                raise Killed

        self.env.flush_all()
        with self.enter_registry_test_mode(), patch.object(accounts, "_commit_page", commit_page), suppress(Killed):
            getattr(record, start)()
            for _step in range(10):
                record.import_step()
        self.env.invalidate_all()
        self.account.sudo().write({"lease_owner": False, "lease_until": False})

    # === UNDO === #

    def test_undo_takes_back_what_is_not_matched_and_leaves_no_mark(self):
        self.assertTrue(self.company.restrictive_audit_trail, "forced in Germany")
        self.sync(self.account)
        before = self.in_ledger()
        record = self.take(self.csv(self.rows()))
        entries = self.lines_of(self.account).filtered("qonto_transaction_id.file_import_id").move_id
        self.assertEqual(len(entries), 6)
        self.undo(record)
        self.assertEqual(self.in_ledger(), before)
        self.assert_balanced()
        self.assertEqual(set(entries.mapped("state")), {"cancel"}, "readable in the audit trail")
        self.assertLessEqual(entries, record.past_move_ids)
        self.assertFalse(self.env["qonto.transaction"].search([("feed_state", "=", "removed")]))
        self.assertEqual(self.account.opening_move_id.date, self.account.start_date - timedelta(days=1))
        self.sync(self.account)
        self.assertEqual(self.in_ledger(), before)
        again = self.take(self.csv(self.rows()))
        self.assertEqual(again.line_count, 6)
        self.assert_ledger_is(self.rows())

    def test_matched_lines_stay_are_named_and_can_be_taken_back_later(self):
        record = self.take(self.csv(self.rows(400, 91)))
        self.sync(self.account)
        rent = self.lines_of(self.account).filtered(lambda line: line.amount == -120)
        suspense = rent._seek_for_lines()[1]
        suspense.account_id = self.company_data["default_account_expense"]
        self.assertTrue(rent.is_reconciled)
        self.undo(record)
        self.assertEqual(record.line_count, 1)
        self.assertEqual(self.env["account.bank.statement.line"].search(record.action_open_lines()["domain"]), rent)
        self.assertIn("1 stay: they are matched", record.summary)
        self.assert_balanced()
        self.assertEqual(self.account.opening_move_id.date, rent.date - timedelta(days=1))
        self.assertEqual(record.opening_after_id, self.account.opening_move_id, "as it is now")
        rent.action_undo_reconciliation()
        self.undo(record)
        self.assertFalse(record.line_count)
        self.assertEqual(self.account.opening_move_id.date, self.account.start_date - timedelta(days=1))
        self.assert_balanced()

    def test_undo_leaves_no_hole_where_a_sync_has_brought_the_line_too(self):
        record = self.take(self.csv(self.rows()))
        self.sync(self.account)
        self.undo(record)
        self.assertEqual(min(self.in_ledger())[0], min(
            row["local_date"] for row in self.rows() if row["local_date"] >= str(self.account.start_date)
        ))
        self.assert_balanced()
        self.assertIn("a sync has brought them, too", record.summary)

    # === THE OPENING ENTRY === #

    def test_opening_entry_moves_before_the_first_row(self):
        opening = self.account.opening_move_id
        self.sync(self.account)
        record = self.receive(self.csv(self.rows(400, 91)))
        self.assertIn("It moves from", record.screen_info()["opening"])
        self.assertTrue(record.screen_info()["balances"]["agrees"])
        self.assertEqual(opening.state, "posted", "nothing is written before Import")
        self.drive(record, "import_start", "done")
        self.assertEqual(opening.state, "cancel")
        first = fields.Date.to_date(self.rows()[0]["local_date"])
        moved = self.account.opening_move_id
        self.assertEqual(moved.date, first - timedelta(days=1))
        truth = self.bank.truth(self.ref)
        self.assertEqual(
            round(self.account._opening_amount(moved) * 100),
            truth["balance_cents"] - sum(row["amount_cents"] for row in self.rows()),
        )
        self.assert_ledger_is(self.rows())
        balance = self.env["qonto.balance.day"].create(
            {"account_id": self.account.id, "day": fields.Date.context_today(self.account)}
        )
        self.assertFalse(balance.part_ids)

    def test_opening_entry_in_a_locked_period_refuses_with_the_reason(self):
        self.sync(self.account)
        data = self.csv(self.rows())
        self.company.fiscalyear_lock_date = self.account.opening_move_id.date
        record = self.receive(data)
        self.assertEqual(self.verdicts(record)["held"], 6)
        self.assertIn("lies in a period locked until", record.screen_info()["obstacle"])
        with self.assert_told("lies in a period locked until"), self.enter_registry_test_mode():
            record.import_start()
        self.assertEqual(record.state, "preview")
        self.assert_balanced()

    def test_second_file_that_fills_holes_moves_the_opening_by_its_own_rows(self):
        rows = self.rows(400, 91)
        self.sync(self.account)
        self.take(self.csv([rows[0], rows[2]], balances=False))
        self.assert_balanced()
        self.take(self.csv(rows, balances=False))
        self.assert_ledger_is(self.rows())
