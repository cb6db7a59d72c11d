# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import logging
from datetime import date

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ..controllers.report import REPORT_PATH
from ..vault import vault_of
from .test_connect import ConnectCase


@tagged("post_install", "-at_install")
class TestReport(ConnectCase):
    def setUp(self):
        super().setUp()
        self.application.staging_token = "a-staging-token-in-clear"
        self.account = self.connect()
        self.sync(self.account)

    def secrets(self) -> list[str]:
        """Return what must never be told: secrets in clear and sealed, IBANs, names of payers."""
        vault, token = vault_of(self.env), self.account.sudo().consent_ids.token_ids
        application = self.application.sudo()
        sealed = [
            token.access_sealed, token.refresh_sealed, application.client_secret_sealed,
            application.staging_token_sealed,
        ]
        payers = self.account.transaction_ids
        return [
            *sealed, *map(vault.open, sealed), self.main["iban"], *filter(None, payers.mapped("counterparty_iban")),
        ]

    def test_report_has_versions_states_and_the_last_runs(self):
        self.bank.fault("/v2/transactions", "status", status=503, times=None)
        self.sync(self.account, expect="failed")
        report = self.env["qonto.report"]._collect()
        self.assertEqual(
            set(report),
            {"made_at", "versions", "encryption", "scheduled_actions", "apps", "consents", "accounts"},
        )
        self.assertTrue(all(report["versions"].values()))
        (account,) = report["accounts"]
        self.assertEqual((account["status"], account["failure"]), ("not_syncing", "server_error"))
        self.assertEqual([run["state"] for run in account["last_runs"]], ["failed", "done"])
        self.assertEqual(sum(account["transactions"].values()), len(self.account.transaction_ids))
        self.assertEqual(report["consents"][0]["state"], "active")
        self.assertEqual(len(report["scheduled_actions"]), 2)
        json.dumps(report)

    def test_report_tells_no_secret_no_iban_and_no_name(self):
        self.account.sudo().write(
            {
                "failure_kind": "internal",
                "failure_detail": f"ValueError: Muster GmbH {self.main['iban']} client_secret=abc",
            }
        )
        text = json.dumps(self.env["qonto.report"]._collect(), ensure_ascii=False)
        for secret in self.secrets():
            self.assertNotIn(secret, text)
        iban = self.main["iban"]
        self.assertIn(f"{iban[:2]}…{iban[-4:]}", text)
        labels = self.account.transaction_ids.mapped("counterparty_name")
        for name in (self.env.user.name, self.company.name, "Muster GmbH", "abc", *filter(None, labels)):
            self.assertNotIn(name, text)

    def test_report_is_about_ones_own_companies(self):
        other = self.env["res.company"].sudo().create({"name": "Other"})
        stranger = self.new_user(
            "stranger", "qonto_psd2_sync.group_feed_manager", company_id=other.id, company_ids=[other.id]
        )
        report = self.env(user=stranger)["qonto.report"]._collect()
        self.assertEqual([report["apps"], report["consents"], report["accounts"]], [[], [], []])
        with self.assertRaises(AccessError):
            self.env(user=self.new_user("clerk", "qonto_psd2_sync.group_feed_user"))["qonto.report"]._collect()

    def test_nothing_leaks_into_a_log_at_debug_level(self):
        said = []

        class Ear(logging.Handler):
            def emit(self, record):
                said.append(self.format(record))

        ear, root = Ear(), logging.getLogger()
        levels = {name: logging.getLogger(name).level for name in ("", "urllib3", "odoo", "odoo.addons")}
        root.addHandler(ear)
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)
        # What Odoo writes of its own SQL is no matter of this addon, and holds sealed values only.
        quiet = logging.getLogger("odoo.sql_db")
        level, quiet.level = quiet.level, logging.WARNING
        try:
            consent = self.give_consent()
            consent.sudo().token_ids.access_expires_at = "2020-01-01"
            self.env.flush_all()
            self.sync(self.account)
            secrets = self.secrets()
            self.bank.fault("/v2", "status", status=500, times=None)
            self.sync(self.account, expect="failed")
            self.bank.ask("/faults", method="DELETE")
            consent.action_withdraw()
            self.commit_hooks()
        finally:
            root.removeHandler(ear)
            quiet.level = level
            for name, before in levels.items():
                logging.getLogger(name).setLevel(before)
        self.assertTrue(any("/v2/transactions" in line for line in said), "the log is at debug level")
        for secret in secrets:
            self.assertFalse([line for line in said if secret in line])
        self.assertFalse([line for line in said if "ory_at_" in line or "ory_rt_" in line])


@tagged("post_install", "-at_install")
class TestReportDownload(ConnectCase, HttpCase):
    def test_administrators_of_the_feed_download_it_and_nobody_else(self):
        self.authenticate("accountman", "accountman")
        answer = self.url_open(REPORT_PATH)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(f"qonto-report-{date.today()}.json", answer.headers["Content-Disposition"])
        self.assertEqual(answer.json()["apps"][0]["environment"], "own")
        for login, group in (("clerk", "qonto_psd2_sync.group_feed_user"), ("admin2", "base.group_system")):
            with self.subTest(login):
                self.new_user(login, group)
                self.authenticate(login, login)
                self.assertEqual(self.url_open(REPORT_PATH).status_code, 403)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(REPORT_PATH, allow_redirects=False).headers["Location"])
