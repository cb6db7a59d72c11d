# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import requests
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.fields import Datetime
from odoo.modules.registry import Registry
from odoo.orm.registry import DummyRLock
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import file_open, mute_logger

from ..qonto_api import NetworkError, OAuthError, QontoError, TokenSet, Unauthorized
from ..vault import vault_of
from .common import QontoCommon, StandIn

TOKEN, REVOKE, TRANSACTIONS = "/oauth2/token", "/oauth2/revoke", "/v2/transactions"
REFRESHED = f"POST {TOKEN} 200"


@tagged("post_install", "-at_install")
class TestToken(QontoCommon):
    def setUp(self):
        super().setUp()
        self.consent = self.give_consent()
        self.forget_requests()

    @property
    def token(self):
        self.env.invalidate_all()
        return self.env["qonto.token"].sudo().search([("consent_id", "=", self.consent.id)])

    def clear(self, name: str) -> str:
        return vault_of(self.env).open(self.token[name])

    def access(self, **values) -> str:
        with self.enter_registry_test_mode():
            return self.env["qonto.token"].sudo()._access_token(self.consent, **values)

    def refused(self) -> QontoError:
        """Return the error with which no token is to be had. `assertRaises` would undo what was committed meanwhile."""
        try:
            self.access()
        except QontoError as error:
            return error
        return self.fail("there was a token")

    def expire(self, **since):
        self.token.access_expires_at = Datetime.now() - timedelta(**(since or {"seconds": 1}))

    def forget_requests(self):
        self.bank.ask("/requests", method="DELETE")

    def asked(self) -> list[str]:
        return [f"{request['method']} {request['path']} {request['status']}" for request in self.bank.requests()]

    def assert_works_at_the_bank(self, access: str):
        header = {"Authorization": f"Bearer {access}"}
        answer = requests.get(f"{self.bank.address}/v2/organization", headers=header, timeout=20)
        self.assertEqual(answer.status_code, 200, answer.text)

    # === GOOD, OR FETCHED ANEW === #

    def test_tokens_rest_encrypted(self):
        token = self.token
        access, refresh = self.clear("access_sealed"), self.clear("refresh_sealed")
        self.assertTrue(access.startswith("ory_at_") and refresh.startswith("ory_rt_"))
        self.env.cr.execute("SELECT row_to_json(token)::text FROM qonto_token token WHERE id = %s", [token.id])
        row = self.env.cr.fetchone()[0]
        for secret in (access, refresh, "ory_"):
            self.assertNotIn(secret, row)

    def test_good_token_is_used_as_it_is(self):
        self.assertEqual(self.access(), self.clear("access_sealed"))
        self.assertFalse(self.asked())

    def test_token_that_is_over_or_nearly_so_is_fetched_anew(self):
        for seconds in (3600, 0, -30):
            with self.subTest(seconds=seconds):
                old_access, old_refresh = self.clear("access_sealed"), self.clear("refresh_sealed")
                self.expire(seconds=seconds)
                self.forget_requests()
                access = self.access()
                self.assertEqual(self.asked(), [REFRESHED])
                self.assertNotEqual(access, old_access)
                # The bank has rotated both: both are kept, and the consent lives longer.
                self.assertEqual(self.clear("access_sealed"), access)
                self.assertNotEqual(self.clear("refresh_sealed"), old_refresh)
                self.assertGreater(self.token.access_expires_at, Datetime.now() + timedelta(minutes=55))
                self.assertGreater(self.consent.valid_until, Datetime.now() + timedelta(days=89, hours=23))
                self.assert_works_at_the_bank(access)

    def test_refresh_token_is_kept_when_the_bank_gives_no_new_one(self):
        refresh = self.clear("refresh_sealed")
        self.expire()
        answer = {"access_token": "ory_at_new", "expires_in": 3600, "token_type": "bearer"}
        self.bank.fault(TOKEN, "wrong_shape", body=answer)
        self.assertEqual(self.access(), "ory_at_new")
        self.assertEqual(self.clear("refresh_sealed"), refresh)

    def test_one_refresh_for_one_rejected_token(self):
        rejected = self.clear("access_sealed")
        fresh = self.access(rejected=rejected)
        self.assertEqual(self.asked(), [REFRESHED])
        # Whoever comes later with the same rejected token gets what the first one fetched.
        self.assertEqual(self.access(rejected=rejected), fresh)
        self.assertEqual(self.asked(), [REFRESHED])

    def test_lost_answer_to_a_refresh_is_asked_for_again(self):
        self.expire()
        self.bank.fault(TOKEN, "drop", after_effect=True)
        access = self.access()
        self.assertEqual(self.clear("access_sealed"), access)
        self.assert_works_at_the_bank(access)

    def test_unreachable_bank_costs_no_consent(self):
        self.expire()
        before = self.clear("refresh_sealed")
        self.bank.fault(TOKEN, "drop", times=2)
        self.assertIsInstance(self.refused(), NetworkError)
        self.assertEqual((self.consent.state, self.clear("refresh_sealed")), ("active", before))
        self.assert_works_at_the_bank(self.access())

    def test_errors_other_than_a_lost_grant_cost_no_consent(self):
        cases = {
            "wrong secret": {"status": 401, "body": {"error": "invalid_client"}},
            "trouble": {"status": 503},
            "invalid request": {"status": 400, "body": {"error": "invalid_request"}},
        }
        for name, values in cases.items():
            with self.subTest(name):
                self.expire()
                self.bank.fault(TOKEN, "status", **values)
                self.refused()
                self.assertEqual(self.consent.state, "active")
                self.assert_works_at_the_bank(self.access())

    def test_app_without_its_secret_asks_nobody(self):
        self.expire()
        self.application.client_secret = False
        error = self.refused()
        self.assertIsInstance(error, OAuthError)
        self.assertEqual(error.error, "invalid_client")
        self.assertFalse(self.asked())
        self.assertEqual(self.consent.state, "active")

    def test_consent_without_tokens_is_no_access(self):
        self.token.unlink()
        self.assertIsInstance(self.refused(), Unauthorized)
        self.assertFalse(self.asked())

    # === OVER === #

    def test_grant_that_the_bank_no_longer_knows_ends_the_consent(self):
        self.expire()
        self.bank.ask("/revoke", {})
        self.assertEqual(self.refused().code, "invalid_grant")
        self.assertEqual(self.consent.state, "revoked")
        self.assertFalse(self.token)
        self.assertIn("withdrawn at the bank", str(self.consent.message_ids.mapped("body")))
        self.assertEqual(self.asked(), [f"POST {TOKEN} 400"])

    def test_refresh_token_that_lapsed_ends_the_consent(self):
        self.expire()
        self.bank.ask("/clock", {"advance_seconds": 91 * 24 * 3600})
        self.assertIsInstance(self.refused(), Unauthorized)
        self.assertEqual(self.consent.state, "revoked")

    def test_copied_database_reads_and_sends_nothing(self):
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another")
        self.assertEqual(self.refused().code, "sealed")
        self.assertFalse(self.asked())

    # === AS THE SYNC MEETS IT === #

    def use(self):
        """Connect the main account and forget what the bank was asked for it."""
        wizard = self.choose(self.consent)
        wizard.action_confirm()
        account = self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])
        self.forget_requests()
        return account

    def test_token_that_the_bank_rejects_is_fetched_anew_once(self):
        account = self.use()
        self.bank.ask("/clock", {"advance_seconds": 2 * 3600})
        self.sync(account)
        asked = self.asked()
        self.assertEqual(asked[:3], [f"GET {TRANSACTIONS} 401", REFRESHED, f"GET {TRANSACTIONS} 200"])
        self.assertEqual(asked.count(REFRESHED), 1)
        self.assertFalse([line for line in asked[2:] if not line.endswith("200")])

    def test_bank_that_rejects_every_token_is_not_asked_in_a_loop(self):
        account = self.use()
        self.bank.fault("/v2", "status", status=401, times=None)
        run = self.sync(account, expect="failed")[0]
        self.assertEqual(self.asked(), [f"GET {TRANSACTIONS} 401", REFRESHED, f"GET {TRANSACTIONS} 401"])
        self.assertIn("was withdrawn at the bank", run["message"])
        self.assertEqual((account.failure_kind, account.status), ("invalid_grant", "needs_you"))
        # Nothing is asked by schedule until somebody connects again.
        self.assertFalse(account.next_sync_at)
        self.assertNotIn(account, account._due_accounts())

    def test_bank_that_rejects_a_fresh_token_ends_the_consent_at_once(self):
        account = self.use()
        self.bank.fault("/v2", "status", status=401, times=None)
        try:
            with self.enter_registry_test_mode(), self.consent._reading_client() as client:
                client.get_organization()
        except Unauthorized as error:
            self.assertEqual(error.code, "invalid_grant")
        else:
            self.fail("the bank let it in")
        self.assertEqual(self.consent.state, "revoked")
        self.assertFalse(self.token)
        self.bank.ask("/faults", method="DELETE")
        self.forget_requests()
        self.sync(account, expect="failed")
        self.assertFalse(self.asked())

    def test_withdrawn_at_the_bank(self):
        account = self.use()
        self.sync(account)
        lines = self.lines_of(account)
        self.bank.ask("/revoke", {})
        self.forget_requests()
        run = self.sync(account, expect="failed")[0]
        self.assertEqual(self.asked(), [f"GET {TRANSACTIONS} 401", f"POST {TOKEN} 400"])
        self.assertIn("withdrawn at the bank", run["message"])
        self.assertEqual(account.failure_kind, "invalid_grant")
        # A sync's cursor and the token's are one in a test, so what the token's wrote was undone with the sync's.
        self.expire()
        self.refused()
        self.assertEqual(self.consent.state, "revoked")
        account.invalidate_recordset()
        self.assertEqual(account.status, "needs_you")
        self.assertIn("withdrawn at the bank, or not used for 90 days. Connect Qonto again", account.status_reason)
        self.assertEqual(self.lines_of(account), lines)
        # From now on the bank is left alone.
        self.forget_requests()
        self.sync(account, expect="failed")
        self.assertFalse(self.asked())

    def test_no_scheduled_action_dies_of_a_consent_that_is_over(self):
        account = self.use()
        self.sync(account)
        self.bank.ask("/revoke", {})
        account.sudo().next_sync_at = Datetime.now() - timedelta(minutes=1)
        self.forget_requests()
        cron = account._sync_crons()[:1]
        for _run in range(3):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.asked(), [f"GET {TRANSACTIONS} 401", f"POST {TOKEN} 400"])
        self.assertEqual((account.status, cron.failure_count, cron.active), ("needs_you", 0, True))
        card = account._card_data()
        self.assertEqual(card["qonto_status"], "needs_you")
        self.assertIn("withdrawn at the bank", card["qonto_reason"])

    def test_sync_of_a_copied_database(self):
        account = self.use()
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another")
        run = self.sync(account, expect="failed")[0]
        self.assertIn("looks like a copy", run["message"])
        self.assertIn("looks like a copy", account.status_reason)
        self.assertEqual(account.status, "needs_you")
        self.assertFalse(self.asked())

    def test_neutralized_database_is_cut_off(self):
        account = self.use()
        _waiting, address, nonces = self.begin()
        query = self.at_the_bank(address)
        self.forget_requests()
        self.env.flush_all()
        with file_open("qonto_psd2_sync/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.env["qonto.token"].sudo().search_count([]))
        self.assertFalse(self.application.client_secret)
        self.assertEqual(self.consent.state, "withdrawn")
        self.assertEqual((account.status, account.sync_interval), ("needs_you", "0"))
        self.assertNotIn(account, account._due_accounts())
        self.sync(account, expect="failed")
        self.assertFalse(self.come_back(query, nonces).ok)
        self.assertFalse(self.asked())

    def test_sync_without_the_apps_secret(self):
        account = self.use()
        self.expire()
        self.application.client_secret = False
        run = self.sync(account, expect="failed")[0]
        self.assertIn("Set-up", run["message"])
        self.assertEqual(account.status, "needs_you")


@tagged("post_install", "-at_install")
class TestTokenOnCursorsOfItsOwn(BaseCase):
    """What one transaction can't show: this test commits, and clears away what it committed."""

    MARK = "made by a test of qonto_psd2_sync"
    _request_handler = QontoCommon._request_handler

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.bank = StandIn()
        address = "https://books.example.com/callback"
        facts = self.bank.reset(redirect_uris=[address])
        self.bank.policy(auto_consent="allow")
        client = facts["client"]
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True, "mail_create_nolog": True})
            self.clear_away(cr)  # what a test left that was killed
            taken = env["qonto.application"].search([("environment", "=", "own")]).company_id
            company = env["res.company"].search([("id", "not in", taken.ids)], limit=1)
            if not company:
                self.skipTest("each company of this database has an app at own addresses already")
            application = env["qonto.application"].create(
                {
                    "company_id": company.id,
                    "environment": "own",
                    "client_id": client["client_id"],
                    "client_secret": client["client_secret"],
                }
            )
            consent = env["qonto.consent"].create(
                {
                    "application_id": application.id,
                    "user_id": SUPERUSER_ID,
                    "state": "active",
                    "organization_ref": self.MARK,
                }
            )
            env["qonto.token"]._store(consent, self.tokens_of_the_bank(application, address))
            self.consent_id = consent.id
        self.addCleanup(self.with_cursor, lambda env, _consent: self.clear_away(env.cr))
        self.bank.ask("/requests", method="DELETE")

    def tokens_of_the_bank(self, application, address: str) -> TokenSet:
        with application._oauth_client() as oauth:
            url = oauth.authorization_url(
                redirect_uri=address, scopes=["offline_access", "organization.read"], state="at-least-eight"
            )
            location = requests.get(url, allow_redirects=False, timeout=20).headers["Location"]
            code = location.partition("code=")[2].partition("&")[0]
            return oauth.exchange_code(code=code, redirect_uri=address)

    def clear_away(self, cr):
        cr.execute(
            """
            WITH consents AS (DELETE FROM qonto_consent WHERE organization_ref = %s RETURNING id, application_id),
                 messages AS (
                     DELETE FROM mail_message
                      WHERE model = 'qonto.consent' AND res_id IN (SELECT id FROM consents)
                 )
            SELECT application_id FROM consents
            """,
            [self.MARK],
        )
        for (application_id,) in cr.fetchall():
            cr.execute("DELETE FROM qonto_application WHERE id = %s", [application_id])

    def with_cursor(self, work, end="commit"):
        """Do some work on a cursor of its own and commit it, or roll it back."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            answer = work(env, env["qonto.consent"].browse(self.consent_id))
            getattr(cr, end)()
            return answer

    def stored(self, name: str) -> str:
        return self.with_cursor(lambda env, consent: vault_of(env).open(consent.token_ids[name]))

    def expire(self):
        def work(_env, consent):
            consent.token_ids.access_expires_at = Datetime.now() - timedelta(seconds=1)

        self.with_cursor(work)

    def refreshes(self) -> int:
        return sum(request["path"] == TOKEN for request in self.bank.requests())

    def test_rotated_token_survives_what_the_caller_rolls_back(self):
        old = self.stored("refresh_sealed")
        self.expire()
        access = self.with_cursor(lambda env, consent: env["qonto.token"]._access_token(consent), end="rollback")
        self.assertEqual(self.stored("access_sealed"), access)
        self.assertNotEqual(self.stored("refresh_sealed"), old)

    def test_end_of_the_consent_survives_what_the_caller_rolls_back(self):
        self.expire()
        self.bank.ask("/revoke", {})

        def work(env, consent):
            with self.assertRaises(Unauthorized):
                env["qonto.token"]._access_token(consent)

        self.with_cursor(work, end="rollback")
        state, tokens = self.with_cursor(lambda _env, consent: (consent.state, len(consent.token_ids)))
        self.assertEqual((state, tokens), ("revoked", 0))

    def test_of_two_workers_one_refreshes_and_the_other_uses_its_result(self):
        rejected = self.stored("access_sealed")
        self.bank.fault(TOKEN, "delay", seconds=0.7)

        def worker(_number):
            def work(env, consent):
                return env["qonto.token"]._access_token(consent, rejected=rejected)

            return self.with_cursor(work, end="rollback")

        # Tests run under the registry's lock, which the workers would wait for.
        with patch.object(Registry, "_lock", DummyRLock()), ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(worker, range(3), timeout=60))
        self.assertEqual(self.refreshes(), 1)
        self.assertEqual(set(answers), {self.stored("access_sealed")})
        self.assertNotEqual(answers[0], rejected)

    def test_rotated_token_is_kept_whoever_writes_the_consent_meanwhile(self):
        self.expire()
        self.bank.fault(TOKEN, "delay", seconds=1)

        def refresh():
            return self.with_cursor(lambda env, consent: env["qonto.token"]._access_token(consent))

        def write(_env, consent):
            consent.plan_name = "Another"
            consent.flush_recordset()

        with patch.object(Registry, "_lock", DummyRLock()), ThreadPoolExecutor(1) as pool:
            refreshed = pool.submit(refresh)
            time.sleep(0.25)  # by now the bank has been asked and takes its time
            with suppress(SerializationFailure), mute_logger("odoo.sql_db"):
                self.with_cursor(write)
            access = refreshed.result(timeout=30)
        self.assertEqual(self.stored("access_sealed"), access)

    # === A CRASH BETWEEN THE BANK'S ANSWER AND THE COMMIT === #

    def crash(self):
        """Refresh, and die after the bank has rotated the token and before it is stored."""
        self.expire()
        def work(env, consent):
            with (
                patch.object(self.registry["qonto.token"], "_store", side_effect=RuntimeError("power cut")),
                self.assertRaisesRegex(RuntimeError, "power cut"),
            ):
                env["qonto.token"]._access_token(consent)

        self.with_cursor(work, end="rollback")
        self.assertEqual(self.refreshes(), 1)

    def test_crash_is_survived_inside_the_banks_grace(self):
        old = self.stored("refresh_sealed")
        self.crash()
        self.assertEqual(self.stored("refresh_sealed"), old)
        access = self.with_cursor(lambda env, consent: env["qonto.token"]._access_token(consent))
        self.assertEqual(self.stored("access_sealed"), access)
        self.assertEqual(self.with_cursor(lambda _env, consent: consent.state), "active")
        header = {"Authorization": f"Bearer {access}"}
        answer = requests.get(f"{self.bank.address}/v2/organization", headers=header, timeout=20)
        self.assertEqual(answer.status_code, 200)

    def test_crash_after_the_grace_ends_in_authorise_again(self):
        self.crash()
        self.bank.ask("/clock", {"advance_seconds": 61})

        def work(env, consent):
            with self.assertRaises(Unauthorized):
                env["qonto.token"]._access_token(consent)

        self.with_cursor(work, end="rollback")
        state, words = self.with_cursor(
            lambda _env, consent: (consent.state, str(consent.message_ids.mapped("body")))
        )
        self.assertEqual(state, "revoked")
        self.assertIn("Authorise again to go on", words)

    def test_consent_that_the_bank_refuses_is_over_whatever_the_caller_rolls_back(self):
        self.bank.fault("/v2", "status", status=401, times=None)

        def work(_env, consent):
            with self.assertRaises(Unauthorized), consent._reading_client() as client:
                client.get_organization()

        self.with_cursor(work, end="rollback")
        state, tokens = self.with_cursor(lambda _env, consent: (consent.state, len(consent.token_ids)))
        self.assertEqual((state, tokens), ("revoked", 0))
        asked = [request["status"] for request in self.bank.requests()]
        self.assertEqual(asked, [401, 200, 401])

    def test_trouble_with_a_reminder_costs_no_token(self):
        old = self.stored("refresh_sealed")
        self.expire()
        reminders = patch.object(self.registry["qonto.consent"], "_remind", side_effect=RuntimeError("no mail"))
        with reminders, mute_logger("odoo.addons.qonto_psd2_sync.models.qonto_token"):
            access = self.with_cursor(lambda env, consent: env["qonto.token"]._access_token(consent), end="rollback")
        self.assertEqual(self.stored("access_sealed"), access)
        self.assertNotEqual(self.stored("refresh_sealed"), old)
