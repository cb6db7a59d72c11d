# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Importing a bank file in a real browser, with the stand-in's own export."""

import base64

from odoo.tests import tagged

from .file_common import FileCommon
from .test_tours import ToursCase

DASHBOARD = "/odoo/action-account.open_account_journal_dashboard_kanban"


@tagged("post_install", "-at_install")
class TestFileTours(FileCommon, ToursCase):
    def setUp(self):
        super().setUp()
        export = self.bank.ask("/export", {
            "account_ids": [self.ref], "template": "full", "language": "de", "format": "csv",
        })
        # Served at an address of its own, for the browser to pick up.
        self.env["ir.attachment"].create({
            "name": "qonto_test_export.csv", "url": "/qonto_test_export.csv", "type": "binary", "public": True,
            "mimetype": "text/csv", "raw": base64.b64decode(export["content"]),
        })

    def test_sync_90_days_export_200_import_undo_import_again_sync(self):
        self.tour("files", "qonto_clerk", DASHBOARD)
        self.env.invalidate_all()
        self.assert_ledger_is(self.rows())

    def test_preview_fits_a_phone(self):
        self.browser_size, self.touch_enabled = "375x667", True
        self.tour("files_phone", "qonto_clerk", DASHBOARD)
        self.assert_ledger_is(self.rows())
