# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers as no bank should give them: it is tried again where that helps, else said in words; never half a page."""

import json
from unittest.mock import patch

from odoo.tests import tagged

from ..qonto_api import raw_json, transport
from .feed_common import TRANSACTIONS, FeedCommon


@tagged("post_install", "-at_install")
class TestFeedAnswers(FeedCommon):
    def setUp(self):
        super().setUp()
        # The waiting is real at the client's own tests; here it would only take time.
        for name in ("BACKOFF_FIRST", "BACKOFF_FIRST_RATE_LIMITED"):
            self.startPatcher(patch.object(transport.const, name, 0.01))

    def calls(self) -> int:
        return sum(request["path"] == TRANSACTIONS for request in self.bank.requests())

    def assert_mended_by_itself(self, kind: str, **values):
        """The very same sync gets over it."""
        self.bank.fault(TRANSACTIONS, kind, **values)
        self.sync(self.account)
        self.assert_books_equal_bank()

    def assert_nothing_then_all(self, words: str, calls: int | None = None, **fault):
        """Nothing of the answer is written, the account says what is wrong, and the next sync has all."""
        self.bank.ask("/requests", method="DELETE")
        self.bank.fault(TRANSACTIONS, **fault)
        (report,) = self.sync(self.account, expect="failed")
        self.assertRegex(report["message"], words)
        self.assertFalse(self.env["qonto.transaction"].search([]))
        self.assertFalse(self.account.watermark)
        self.assertTrue(self.account.failure)
        if calls is not None:
            self.assertEqual(self.calls(), calls)
        self.bank.ask("/faults", method="DELETE")
        self.sync(self.account)
        self.assertFalse(self.account.failure)
        self.assert_books_equal_bank()

    # === TRIED AGAIN AT ONCE === #

    def test_server_error_once(self):
        self.assert_mended_by_itself("status", status=503)

    def test_rate_limit_with_and_without_retry_after(self):
        self.assert_mended_by_itself("status", status=429)
        self.bank.add(self.ref, 100)
        self.assert_mended_by_itself("status", status=429, retry_after=0)

    def test_connection_lost_before_and_amid_the_answer(self):
        self.assert_mended_by_itself("drop")
        self.bank.add(self.ref, 100)
        self.assert_mended_by_itself("drop", after_effect=True)
        self.bank.add(self.ref, 100)
        self.assert_mended_by_itself("truncate")

    def test_slow_answer(self):
        self.assert_mended_by_itself("delay", seconds=0.5)

    # === NOT TRIED AGAIN AT ONCE === #

    def test_server_error_that_lasts(self):
        self.assert_nothing_then_all("trouble answering", kind="status", status=500, times=None, calls=4)

    def test_rate_limit_that_asks_for_long(self):
        self.assert_nothing_then_all("asks to wait", kind="status", status=429, retry_after=3000, times=None, calls=1)

    def test_web_page_instead_of_an_answer(self):
        self.assert_nothing_then_all("log-in page", kind="html", calls=1)

    def test_no_json(self):
        self.assert_nothing_then_all("could not be understood", kind="garbage", calls=1)

    def test_answer_of_another_shape(self):
        self.assert_nothing_then_all("could not be understood", kind="wrong_shape", calls=1)

    def test_refused_access_is_not_asked_for_in_a_loop(self):
        self.assert_nothing_then_all(
            "Connect Qonto again", kind="status", status=401, times=None, calls=2,
            body={"errors": [{"code": "unauthorized", "detail": "Invalid token"}]},
        )

    # === ANSWERS THAT CAN'T BE RIGHT === #

    def altered(self, *changes) -> dict:
        return {"kind": "alter", "body": list(changes), "times": None}

    def test_row_in_another_currency(self):
        self.assert_nothing_then_all(
            "another currency", **self.altered({"set": ["transactions", 3, "currency"], "to": "USD"})
        )

    def test_row_of_another_account(self):
        self.assert_nothing_then_all(
            "could not be understood",
            **self.altered({"set": ["transactions", 3, "bank_account_id"], "to": "somebody-else"}),
        )

    def test_missing_fields(self):
        for name in ("id", "side", "updated_at", "status", "emitted_at"):
            with self.subTest(name):
                self.bank.fault(TRANSACTIONS, **self.altered({"drop": ["transactions", 3, name]}))
                self.sync(self.account, expect="failed")
                self.assertFalse(self.env["qonto.transaction"].search([]))
                self.bank.ask("/faults", method="DELETE")

    def test_row_that_is_booked_nobody_knows_when(self):
        truth = self.bank.truth(self.ref)["transactions"]
        self.assertTrue(all(row["status"] == "completed" for row in truth[:1]))
        changes = [
            {"set": ["transactions", 0, "status"], "to": "completed"},
            {"set": ["transactions", 0, "settled_at"], "to": None},
        ]
        self.assert_nothing_then_all("does not say when", **self.altered(*changes))

    def test_rows_in_another_order(self):
        self.assert_nothing_then_all("not in the order", **self.altered({"repeat": ["transactions", 0]}))

    def test_list_without_its_end(self):
        self.assert_nothing_then_all("could not be understood", **self.altered({"drop": ["meta"]}))

    def test_next_page_that_never_ends_is_followed_to_the_end_once(self):
        self.bank.fault(TRANSACTIONS, **self.altered({"set": ["meta", "next_page"], "to": 2}))
        self.bank.ask("/requests", method="DELETE")
        self.sync(self.account)
        self.assertLess(self.calls(), 8)
        self.bank.ask("/faults", method="DELETE")
        self.assert_books_equal_bank()

    def test_same_page_again_and_again_comes_to_an_end(self):
        self.bank.ask("/transactions/generate", {"account_id": self.ref, "count": 150, "days": 20})
        page = self.page()
        self.bank.fault(TRANSACTIONS, "wrong_shape", body=page, times=None)
        self.bank.ask("/requests", method="DELETE")
        (report,) = self.sync(self.account, expect="failed")
        self.assertIn("not in the order", report["message"])
        self.assertLess(self.calls(), 8)
        self.bank.ask("/faults", method="DELETE")
        self.sync(self.account)
        self.assert_books_equal_bank()

    def page(self) -> dict:
        """Return the bank's first page as it stands."""
        start = self.account._start_of_day(self.account.start_date)
        with self.enter_registry_test_mode(), self.account.consent_ids._reading_client() as client:
            page = client.list_transactions(bank_account_id=self.ref, updated_at_from=start)
        return {
            "transactions": [self._plain(row.raw) for row in page.transactions],
            "meta": {"current_page": 1, "next_page": 2, "total_pages": 2, "total_count": 175, "per_page": 100},
        }

    def _plain(self, raw: dict) -> dict:
        return json.loads(raw_json(raw))

    # === WORDS THAT NOBODY KNOWS YET === #

    def test_unknown_members_and_fields_are_kept_and_harm_nothing(self):
        row = self.bank.add(self.ref, 100, operation_type="teleport")
        changes = [
            {"set": ["transactions", -1, "brand_new_field"], "to": {"deep": [1, 2]}},
            {"set": ["transactions", -1, "subject_type"], "to": "Teleport"},
        ]
        self.bank.fault(TRANSACTIONS, "alter", body=changes)
        self.sync(self.account)
        transaction = self.transaction(row["id"])
        self.assertEqual((transaction.kind, transaction.feed_state), ("teleport", "booked"))
        self.assertEqual(transaction.raw["brand_new_field"], {"deep": [1, 2]})
        self.assert_books_equal_bank()

    def test_unknown_status_is_no_line(self):
        row = self.bank.add(self.ref, 100)
        self.bank.fault(TRANSACTIONS, "alter", body=[{"set": ["transactions", -1, "status"], "to": "on_the_moon"}])
        self.sync(self.account)
        transaction = self.transaction(row["id"])
        self.assertEqual(transaction.feed_state, "out")
        self.assertIn("on the moon", transaction.hold_reason)
        self.account.watermark = False
        self.sync(self.account)
        self.assertEqual(transaction.feed_state, "booked")
