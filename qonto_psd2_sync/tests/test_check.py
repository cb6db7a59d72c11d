# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import tempfile
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import LOOPBACK, QontoCommon, server_options

TOKEN = "/oauth2/token"
KEY, REDIRECT, REACH = "Encryption key", "Redirect address", "Reach Qonto"
CREDENTIALS, STAGING, SCHEDULED = "Client ID and secret", "Staging token", "Scheduled actions"


@tagged("post_install", "-at_install")
class TestCheck(QontoCommon):
    def setUp(self):
        super().setUp()
        # A test database may have been lying around for days.
        self.env["ir.cron"].sudo().search([]).nextcall = fields.Datetime.now()

    def check(self, application=None) -> dict:
        """Run the check and return name → (result, what to do)."""
        action = (application or self.application).action_check_connection()
        check = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(check.all_right, all(line.result == "right" for line in check.line_ids))
        return {line.name: (line.result, line.message) for line in check.line_ids}

    def assert_to_mend(self, name: str, *words: str, **others: str):
        """Expect one line to be wrong and to say how it is mended."""
        lines = self.check()
        self.assertEqual(lines[name][0], "wrong", lines)
        for word in words:
            self.assertIn(word, lines[name][1])
        wrong = {line for line, (result, _message) in lines.items() if result == "wrong"}
        self.assertEqual(wrong, {name}, lines)
        return lines

    def test_all_right(self):
        lines = self.check()
        self.assertEqual(list(lines), [KEY, REDIRECT, REACH, CREDENTIALS, SCHEDULED])
        self.assertEqual({result for result, _message in lines.values()}, {"right"}, lines)
        self.assertIn(self.application.redirect_uri, lines[REDIRECT][1])

    def test_place_of_the_key_is_named(self):
        secret = self.bank.ask("/state")["client"]["client_secret"]
        for key, words in (("k" * 32, "server's environment"), (None, "file in Odoo's data directory")):
            with (
                self.subTest(words),
                tempfile.TemporaryDirectory() as data_dir,
                server_options(data_dir=data_dir, key=key),
            ):
                self.application.client_secret = secret
                self.assertIn(words, self.check()[KEY][1])

    # === WHAT THE BANK SAYS OF THE CREDENTIALS === #

    def test_wrong_secret(self):
        self.application.client_secret = "wrong"
        lines = self.assert_to_mend(CREDENTIALS, "client ID or secret", "developer portal", "Set-up")
        self.assertEqual(lines[REACH][0], "right")

    def test_wrong_client_id(self):
        self.application.client_id = "00000000-0000-0000-0000-000000000000"
        self.assert_to_mend(CREDENTIALS, "client ID or secret", "developer portal")

    def test_missing_secret(self):
        self.application.client_secret = False
        self.bank.ask("/requests", method="DELETE")
        self.assert_to_mend(CREDENTIALS, "no client secret yet", "developer portal")
        self.assertFalse(self.bank.requests())

    def test_app_that_may_not_use_this_kind_of_login(self):
        self.bank.fault(TOKEN, "status", status=400, body={"error": "unauthorized_client"})
        lines = self.check()
        self.assertEqual((lines[REACH][0], lines[CREDENTIALS][0]), ("right", "unknown"), lines)
        self.assertIn("unauthorized_client", lines[CREDENTIALS][1])

    def test_sandbox_without_staging_token_is_not_asked(self):
        facts = self.bank.ask("/state")["client"]
        sandbox = self.application.create(
            {
                "company_id": self.company.id,
                "environment": "sandbox",
                "client_id": facts["client_id"],
                "client_secret": facts["client_secret"],
            }
        )
        result, message = self.check(sandbox)[CREDENTIALS]
        self.assertEqual(result, "wrong")
        self.assertIn("needs a staging token", message)

    def test_staging_token(self):
        token = self.bank.ask("/state")["client"]["staging_token"]
        self.bank.policy(staging_token_required=True)
        self.assert_to_mend(STAGING, "staging token is missing or wrong", "developer portal")
        self.application.staging_token = "wrong"
        self.assert_to_mend(STAGING, "staging token is missing or wrong")
        self.application.staging_token = token
        self.assertEqual({result for result, _message in self.check().values()}, {"right"})

    # === REACHING IT === #

    def test_unreachable_bank(self):
        with server_options(oauth_url=f"{LOOPBACK}9"):
            lines = self.assert_to_mend(REACH, "could not be reached", "this server may open connections")
        self.assertEqual(lines[CREDENTIALS], ("unknown", "Qonto could not be asked."))

    def test_bank_that_answers_nonsense(self):
        cases = {
            "garbage": ({"kind": "garbage"}, "could not be understood"),
            "no tokens": ({"kind": "wrong_shape"}, "could not be understood"),
            "error 500": ({"kind": "status", "status": 500}, "trouble answering"),
            "no answer": ({"kind": "drop", "times": 2}, "could not be reached"),
        }
        for name, (fault, words) in cases.items():
            with self.subTest(name):
                self.bank.fault(TOKEN, **fault)
                lines = self.assert_to_mend(REACH, words)
                self.assertEqual(lines[CREDENTIALS][0], "unknown")

    # === THIS SERVER === #

    def test_redirect_address_without_encryption(self):
        parameters = self.env["ir.config_parameter"].sudo()
        for address, safe in (
            ("http://books.example.com", False),
            ("http://localhost.example.com", False),
            ("https://books.example.com", True),
            ("http://localhost:8069", True),
        ):
            with self.subTest(address):
                parameters.set_param("web.base.url", address)
                self.application.invalidate_recordset()
                if safe:
                    self.assertEqual(self.check()[REDIRECT][0], "right")
                else:
                    self.assert_to_mend(REDIRECT, address, "not encrypted", "web.base.url")

    def test_key_that_is_too_short(self):
        with server_options(key="short"):
            lines = self.check()
        self.assertEqual(lines[KEY][0], "wrong")
        self.assertIn("QONTO_PSD2_SYNC_KEY", lines[KEY][1])
        self.assertEqual(lines[CREDENTIALS][0], "wrong")

    def test_scheduled_actions_that_are_off(self):
        self.env["qonto.account"]._sync_crons().active = False
        self.assert_to_mend(SCHEDULED, "switched off", "Settings → Technical → Scheduled Actions")

    def test_scheduled_actions_that_nobody_runs(self):
        self.env["qonto.account"]._sync_crons()[0].nextcall = fields.Datetime.now() - timedelta(hours=1)
        self.assert_to_mend(SCHEDULED, "overdue", "max_cron_threads")

    # === WHO, AND AGAIN === #

    def test_again_sees_what_was_mended(self):
        self.application.client_secret = "wrong"
        check = self.env["qonto.check"].browse(self.application.action_check_connection()["res_id"])
        self.assertFalse(check.all_right)
        self.application.client_secret = self.bank.ask("/state")["client"]["client_secret"]
        again = self.env["qonto.check"].browse(check.action_again()["res_id"])
        self.assertTrue(again.all_right)

    def test_only_administrators_of_the_feed_may_ask(self):
        self.bank.ask("/requests", method="DELETE")
        others = (
            self.new_user("clerk", "qonto_psd2_sync.group_feed_user"),
            self.new_user("payer", "qonto_psd2_sync.group_payment_send"),
            self.new_user("root-like", "base.group_system"),
        )
        for user in others:
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.application.with_user(user).action_check_connection()
        self.assertFalse(self.bank.requests())
