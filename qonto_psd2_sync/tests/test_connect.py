# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import hashlib
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests
from freezegun import freeze_time
from lxml import html

from odoo import http
from odoo.exceptions import AccessError
from odoo.fields import Datetime
from odoo.tests import HttpCase, tagged

from ..models.qonto_application import CALLBACK_PATH
from ..models.qonto_consent_round_trip import ROUND_TRIP
from ..qonto_api.scopes import PAYMENT_SCOPES
from ..vault import vault_of
from .common import QontoCommon

TOKEN, REVOKE, API = "/oauth2/token", "/oauth2/revoke", "/v2"
FEED_SCOPES = ["offline_access", "organization.read", "membership.read", "subscription.read"]
STARTED_OVER = "can't be used"


def words_of(markup: str) -> str:
    return " ".join(html.fromstring(markup).text_content().split())


class ConnectCase(QontoCommon):
    """What tests of the round trip look at."""

    def consents(self):
        self.env.invalidate_all()
        return self.env["qonto.consent"].sudo().search([("company_id", "=", self.company.id)])

    def tokens(self):
        return self.env["qonto.token"].sudo().search([("consent_id.company_id", "=", self.company.id)])

    def asked(self, path: str = "/") -> list[str]:
        """Return method, path and status of what the bank was asked since its log was emptied."""
        return [
            f"{request['method']} {request['path']} {request['status']}"
            for request in self.bank.requests()
            if request["path"].startswith(path)
        ]

    def forget_requests(self):
        self.bank.ask("/requests", method="DELETE")

    def commit_hooks(self):
        """Do what Odoo does after the commit that a test never makes."""
        with self.enter_registry_test_mode():
            self.env.cr.postcommit.run()

    def history(self, record) -> str:
        record.invalidate_recordset()
        return " ".join(words_of(message.body) for message in record.message_ids if message.body)

    def assert_failed(self, outcome, title: str, *words: str):
        """Expect an outcome that says what happened, why, and what to do."""
        self.assertFalse(outcome.ok, outcome)
        self.assertIn(title, outcome.title)
        for text in (outcome.title, outcome.message, outcome.advice):
            self.assertTrue(text.strip(), outcome)
        for word in words:
            self.assertIn(word, f"{outcome.message} {outcome.advice}")

    @contextmanager
    def nothing_stays(self):
        """Expect that the block leaves no consent, token or account behind, and touches none that was there."""

        def state_of_all():
            self.env.invalidate_all()
            return (
                [(consent.id, consent.state) for consent in self.consents()],
                [(token.id, token.access_sealed) for token in self.tokens()],
                self.env["qonto.account"].sudo().search([("company_id", "=", self.company.id)]).ids,
            )

        before = state_of_all()
        yield
        self.assertEqual(state_of_all(), before)


@tagged("post_install", "-at_install")
class TestConnect(ConnectCase):
    # === SAYING YES === #

    def test_without_an_explicit_yes_nobody_is_sent_to_the_bank(self):
        with self.assert_told("Please tick"), self.nothing_stays():
            self.begin(agreed=False)
        self.assertFalse(self.env["qonto.connect"].create({}).agreed)

    def test_words_of_a_licensed_third_party_name_the_180_days(self):
        for third_party in (False, True):
            self.application.third_party = third_party
            said = words_of(self.env["qonto.connect"].create({}).wording)
            self.assertEqual("180 days" in said, third_party)
            self.assertIn("nothing was synced for 90 days", said)

    def test_without_an_app_the_way_to_one_is_named(self):
        self.application.unlink()
        with self.assert_told("No app is set up .* guide"):
            self.begin()

    def test_words_are_kept_as_they_were_shown(self):
        for purpose, said, not_said in (
            ("pay", "the right to send transfers", "this connection only reads"),
            ("read", "this connection only reads", "the right to send transfers"),
        ):
            with self.subTest(purpose):
                wizard = self.env["qonto.connect"].create({"purpose": purpose})
                shown = words_of(wizard.wording)
                consent, _address, _nonces = self.begin(purpose=purpose)
                self.assertEqual(words_of(consent.wording), shown)
                for words in (
                    said,
                    self.company.name,
                    "90 days",
                    "Until you disconnect",
                    "they do not become bills in Odoo",
                    "E-mail address and password of your Qonto login, also if you normally log in another way",
                    "phone",
                ):
                    self.assertIn(words, shown)
                self.assertNotIn(not_said, shown)
                self.assertEqual(consent.user_id, self.env.user)
                self.assertLess(Datetime.now() - consent.agreed_at, timedelta(minutes=1))

    def test_what_is_asked_for_is_what_was_chosen(self):
        for purpose, scopes in (("read", FEED_SCOPES), ("pay", [*FEED_SCOPES, *PAYMENT_SCOPES])):
            with self.subTest(purpose):
                consent, address, _nonces = self.begin(purpose=purpose)
                query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
                self.assertEqual(query["scope"].split(), scopes)
                self.assertEqual(consent.scopes_requested.split(), scopes)
                self.assertEqual(query["redirect_uri"], self.application.redirect_uri)
                self.assertEqual((query["response_type"], query["client_id"]), ("code", self.application.client_id))

    def test_code_is_bound_to_this_server_by_pkce(self):
        consent, address, nonces = self.begin()
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.assertEqual(query["code_challenge_method"], "S256")
        verifier = vault_of(self.env).open(consent.sudo().verifier_sealed)
        digest = hashlib.sha256(verifier.encode()).digest()
        self.assertEqual(base64.urlsafe_b64encode(digest).decode().rstrip("="), query["code_challenge"])
        self.assertNotIn(verifier, address)
        # The bank would refuse the code without it: whoever steals the code alone gets nothing.
        returned = self.at_the_bank(address)
        client = self.bank.ask("/state")["client"]
        form = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "redirect_uri": self.application.redirect_uri,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        stolen = requests.post(f"{self.bank.address}{TOKEN}", data=form, timeout=20)
        self.assertEqual(stolen.status_code, 400)
        self.assertTrue(self.come_back(returned, nonces).ok)
        self.assertFalse(consent.sudo().verifier_sealed)

    def test_two_round_trips_share_no_secret(self):
        first, second = (parse_qs(urlsplit(self.begin()[1]).query) for _ in range(2))
        for name in ("state", "code_challenge"):
            self.assertNotEqual(first[name], second[name])

    def test_bank_is_not_asked_to_answer_in_clear(self):
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", "http://books.example.com")
        self.application.invalidate_recordset()
        with self.assert_told("http://books.example.com.*not encrypted.*web.base.url"), self.nothing_stays():
            self.begin()

    def test_company_in_the_words_is_the_company_of_the_app(self):
        other = self.env["res.company"].create({"name": "Other GmbH"})
        self.env.user.company_ids += other
        both = [self.company.id, other.id]
        theirs = self.env["qonto.application"].create(
            {"company_id": other.id, "environment": "own", "client_id": "id", "client_secret": "secret"}
        )
        action = theirs.with_context(allowed_company_ids=both).action_connect()
        connect = self.env["qonto.connect"].with_context(allowed_company_ids=both)
        wizard = connect.with_context(**action["context"]).create({"agreed": True})
        self.assertEqual(wizard.application_id, theirs)
        self.assertIn("Other GmbH asks Qonto", words_of(wizard.wording))
        # Nor can the two be mixed by hand, nor an app be used that one may not see.
        with self.assert_told("company inconsistencies"):
            connect.create({"agreed": True, "application_id": theirs.id})
        self.env.user.company_ids -= other
        self.env.invalidate_all()
        with self.assertRaises(AccessError), self.nothing_stays():
            self.begin(company_id=other.id, application_id=theirs.id)

    def test_connect_from_a_journal_is_for_the_journals_company(self):
        other = self.env["res.company"].create({"name": "Other GmbH"})
        self.env.user.company_ids += other
        both = [self.company.id, other.id]
        journal = self.env["account.journal"].sudo().create(
            {"name": "Theirs", "type": "general", "code": "THEIR", "company_id": other.id}
        )
        action = journal.sudo(False).with_context(allowed_company_ids=both).action_qonto_connect()
        wizard = self.env["qonto.connect"].with_context(**action["context"], allowed_company_ids=both).create({})
        self.assertEqual(wizard.company_id, other)
        self.assertFalse(wizard.application_id)

    # === WHAT THE BANK TELLS === #

    def test_organization_plan_and_role_are_kept(self):
        consent = self.give_consent()
        self.assertEqual(consent.organization_ref, self.owner["organization_id"])
        self.assertEqual(consent.organization_name, "Halvering Lichttechnik GmbH")
        self.assertEqual((consent.plan_name, consent.member_role), ("Business", "owner"))
        self.assertLess(Datetime.now() - consent.authorised_at, timedelta(minutes=1))
        self.assertGreater(consent.valid_until, Datetime.now() + timedelta(days=89))
        self.assertIn("Halvering", consent.display_name)
        self.assertEqual(
            {(account["name"], account["iban"], account["main"]) for account in consent.bank_accounts},
            {(self.main["name"], self.main["iban"], True), (self.sub_account["name"], self.sub_account["iban"], False)},
        )

    def test_what_the_member_may_do_and_why(self):
        cases = {
            "owner": ("pay", "Owners and admins may pay"),
            "manager": ("unknown", "does not tell an app what a manager may pay"),
            "employee": ("request", "an owner or admin must approve"),
            "reporting": ("request", "an owner or admin must approve"),
        }
        for role, (permission, reason) in cases.items():
            with self.subTest(role):
                self.bank.policy(auto_member=self.emails[role])
                consent = self.give_consent(purpose="pay")
                self.assertEqual((consent.member_role, consent.permission), (role, permission))
                self.assertIn(reason, consent.permission_reason)

    def test_without_the_right_to_pay_nobody_may_pay(self):
        consent = self.give_consent(purpose="read")
        self.assertEqual((consent.member_role, consent.permission), ("owner", "read"))
        self.assertIn("Paying was not part", consent.permission_reason)

    def test_role_and_plan_that_the_bank_keeps_to_itself_are_no_error(self):
        self.bank.fault("/v2/membership", "status", status=403)
        self.bank.fault("/v2/subscription", "garbage")
        consent = self.give_consent()
        self.assertFalse(consent.member_role or consent.plan_name)
        self.assertEqual(consent.permission, "unknown")
        self.assertIn("did not tell your role", consent.permission_reason)

    def test_role_that_nobody_knows_yet(self):
        membership = {"membership": {"id": "m", "role": "treasurer", "first_name": "A", "last_name": "B"}}
        self.bank.fault("/v2/membership", "wrong_shape", body=membership)
        consent = self.give_consent()
        self.assertEqual((consent.member_role, consent.permission), ("treasurer", "unknown"))

    # === REFUSED === #

    def test_refused_at_the_bank(self):
        self.bank.policy(auto_consent="deny")
        with self.nothing_stays():
            _consent, address, nonces = self.begin()
            outcome = self.come_back(self.at_the_bank(address), nonces)
        self.assert_failed(outcome, "You did not allow access", "Nothing was connected", "Qonto → Connect")

    def test_app_that_may_not_ask_for_payments(self):
        self.bank.policy(allowed_scopes=FEED_SCOPES)
        with self.nothing_stays():
            _consent, address, nonces = self.begin(purpose="pay")
            outcome = self.come_back(self.at_the_bank(address), nonces)
        self.assert_failed(outcome, "may not ask for this", "payment.write", "automate your own", "reading only")
        self.assertTrue(self.give_consent(purpose="read"))

    def test_error_without_a_description(self):
        for error in ("server_error", "temporarily_unavailable", "access_denied", "invalid_scope"):
            with self.subTest(error), self.nothing_stays():
                _consent, address, nonces = self.begin()
                state = self.at_the_bank(address)["state"]
                outcome = self.come_back({"error": error, "state": state}, nonces)
                self.assert_failed(outcome, "")
                if error != "access_denied":
                    self.assertIn(error, outcome.message)

    # === A STATE THAT IS NOT OURS === #

    def assert_not_ours(self, query: dict, nonces: dict, user=None):
        self.forget_requests()
        live = self.consents().filtered("is_live")
        outcome = self.come_back(query, nonces, user=user)
        self.assert_failed(outcome, STARTED_OVER, "Nothing was connected", "Start again")
        self.assertFalse(self.asked())
        self.assertEqual(self.consents().filtered("is_live"), live)

    def test_state_that_is_nonsense(self):
        consent, address, nonces = self.begin()
        query = self.at_the_bank(address)
        raw = base64.urlsafe_b64decode(query["state"] + "===")
        tampered = raw.replace(b'"nonce"', b'"nonse"')
        other_consent = raw.replace(f'"consent": {consent.id}'.encode(), b'"consent": 1')
        later = raw[:1] + b"\xff" * 4 + raw[5:]
        self.assertNotEqual(raw, other_consent)
        nonsense = ["", "x", "🏦", "AQ", "A" * 5000, "null", "%00", query["state"][:-2]]
        nonsense += [base64.urlsafe_b64encode(state).decode() for state in (tampered, other_consent, later)]
        for state in nonsense:
            with self.subTest(state):
                self.assert_not_ours({**query, "state": state}, nonces)
        with self.subTest("no state at all"):
            self.assert_not_ours({"code": query["code"]}, nonces)
            self.assert_not_ours({}, nonces)
        # The round trip that is under way was not disturbed.
        self.assertTrue(self.come_back(query, nonces).ok)

    def test_state_of_somebody_else(self):
        _consent, address, nonces = self.begin()
        query = self.at_the_bank(address)
        other = self.new_user("other", "qonto_psd2_sync.group_feed_manager")
        self.assert_not_ours(query, nonces, user=other)
        self.assertTrue(self.come_back(query, nonces).ok)

    def test_state_in_another_browser(self):
        consent, address, nonces = self.begin()
        _other, _address, other_nonces = self.begin()
        query = self.at_the_bank(address)
        for kept in ({}, {str(consent.id): "wrong"}, {str(consent.id): ""}, other_nonces):
            with self.subTest(kept):
                self.assert_not_ours(query, kept)
        self.assertTrue(self.come_back(query, nonces).ok)

    def test_state_is_good_once(self):
        consent, address, nonces = self.begin()
        query = self.at_the_bank(address)
        self.assertTrue(self.come_back(query, nonces).ok)
        self.assert_not_ours(query, nonces)
        self.assertEqual(consent.state, "active")

    def test_state_is_used_up_before_the_bank_is_asked(self):
        """A page that is loaded twice at once comes back twice before the first return has ended."""
        consent, address, nonces = self.begin()
        state = self.at_the_bank(address)["state"]
        consents = self.env["qonto.consent"]
        self.assertEqual(consents._claim_round_trip(state, nonces), consent)
        self.assertFalse(consents._claim_round_trip(state, nonces))

    def test_refusal_uses_the_state_up(self):
        self.bank.policy(auto_consent="deny")
        _consent, address, nonces = self.begin()
        query = self.at_the_bank(address)
        self.assert_failed(self.come_back(query, nonces), "You did not allow")
        self.assert_not_ours(query, nonces)

    def test_state_that_is_too_old(self):
        with self.subTest("by the signature"):
            _consent, address, nonces = self.begin()
            query = self.at_the_bank(address)
            with freeze_time(Datetime.now() + ROUND_TRIP + timedelta(seconds=5)):
                self.assert_not_ours(query, nonces)
        with self.subTest("by the record"):
            consent, address, nonces = self.begin()
            query = self.at_the_bank(address)
            consent.sudo().waiting_until = Datetime.now() - timedelta(seconds=1)
            self.assert_not_ours(query, nonces)

    def test_right_that_was_lost_on_the_way(self):
        _consent, address, nonces = self.begin()
        query = self.at_the_bank(address)
        self.env.user.sudo().group_ids -= self.env.ref("qonto_psd2_sync.group_feed_manager")
        self.assert_not_ours(query, nonces)

    # === A CODE THAT IS NOT GOOD === #

    def test_code_that_is_too_old(self):
        with self.nothing_stays():
            _consent, address, nonces = self.begin()
            query = self.at_the_bank(address)
            self.bank.ask("/clock", {"advance_seconds": 11 * 60})
            outcome = self.come_back(query, nonces)
        self.assert_failed(outcome, "could not be connected", "too old, used already", "Check connection")

    def test_code_that_was_used(self):
        self.bank.policy(reuse_revokes_grant=False)
        _consent, address, nonces = self.begin()
        used = self.at_the_bank(address)
        self.assertTrue(self.come_back(used, nonces).ok)
        with self.nothing_stays():
            _consent, address, nonces = self.begin()
            query = self.at_the_bank(address)
            outcome = self.come_back({**query, "code": used["code"]}, nonces)
        self.assert_failed(outcome, "could not be connected", "too old, used already")

    def test_code_of_another_round_trip(self):
        """The bank gave it to the same app and member, and still it is good for the browser that left alone (PKCE)."""
        _first, address, _nonces = self.begin()
        stolen = self.at_the_bank(address)["code"]
        _second, address, nonces = self.begin()
        query = self.at_the_bank(address) | {"code": stolen}
        self.assert_failed(self.come_back(query, nonces), "could not be connected", "Nothing was connected")
        self.assertFalse(self.consents().filtered("is_live"))

    def test_code_that_is_missing_or_invented(self):
        for code in ("", "invented", "x" * 3000, "\n", "🏦"):
            with self.subTest(code), self.nothing_stays():
                _consent, address, nonces = self.begin()
                query = self.at_the_bank(address)
                self.assert_failed(self.come_back({**query, "code": code}, nonces), "could not be connected")

    def test_credentials_that_went_wrong_meanwhile(self):
        good = self.bank.ask("/state")["client"]["client_secret"]
        for secret, words in (("wrong", "client ID or secret"), (False, "no client secret yet")):
            with self.subTest(secret), self.nothing_stays():
                _consent, address, nonces = self.begin()
                query = self.at_the_bank(address)
                self.application.client_secret = secret
                self.assert_failed(self.come_back(query, nonces), "could not be connected", words, "Set-up")
                self.application.client_secret = good

    # === A BANK THAT ANSWERS NONSENSE === #

    def test_nonsense_instead_of_tokens(self):
        cases = {
            "garbage": {"kind": "garbage"},
            "html": {"kind": "html"},
            "no tokens": {"kind": "wrong_shape"},
            "tokens that are none": {"kind": "wrong_shape", "body": {"access_token": "", "scope": "organization.read"}},
            "a list": {"kind": "wrong_shape", "body": []},
            "error 500": {"kind": "status", "status": 500},
            "no answer": {"kind": "drop"},
            "an answer that got lost": {"kind": "drop", "after_effect": True},
            "half an answer": {"kind": "truncate"},
        }
        for name, fault in cases.items():
            with self.subTest(name), self.nothing_stays():
                _consent, address, nonces = self.begin()
                query = self.at_the_bank(address)
                self.bank.fault(TOKEN, **fault)
                self.assert_failed(self.come_back(query, nonces), "could not be connected")

    def test_nonsense_instead_of_facts(self):
        account = {"id": "a", "name": "A", "status": "active", "main": True, "iban": "not an IBAN", "currency": "EUR"}
        accounts = {"bank_accounts": [account]}
        cases = {
            "organization garbage": ("/v2/organization", {"kind": "garbage"}),
            "organization html": ("/v2/organization", {"kind": "html"}),
            "organization of another shape": ("/v2/organization", {"kind": "wrong_shape"}),
            "accounts garbage": ("/v2/bank_accounts", {"kind": "garbage"}),
            "accounts of another shape": ("/v2/bank_accounts", {"kind": "wrong_shape"}),
            "account with a wrong IBAN": ("/v2/bank_accounts", {"kind": "wrong_shape", "body": accounts}),
            "accounts not allowed": ("/v2/bank_accounts", {"kind": "status", "status": 403}),
        }
        for name, (path, fault) in cases.items():
            with self.subTest(name), self.nothing_stays():
                _consent, address, nonces = self.begin()
                query = self.at_the_bank(address)
                self.bank.fault(path, **fault)
                self.forget_requests()
                self.assert_failed(self.come_back(query, nonces), "could not be connected", "Nothing was connected")
                # What was given to nobody's use is given back.
                self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])

    def test_permission_that_the_bank_left_out(self):
        for scope in ("organization.read", "offline_access"):
            with self.subTest(scope), self.nothing_stays():
                _consent, address, nonces = self.begin()
                query = self.at_the_bank(address)
                granted = " ".join(name for name in FEED_SCOPES if name != scope)
                answer = {"access_token": "ory_at_1", "expires_in": 3600, "token_type": "bearer", "scope": granted}
                if scope != "offline_access":
                    answer["refresh_token"] = "ory_rt_1"
                self.bank.fault(TOKEN, "wrong_shape", body=answer)
                self.forget_requests()
                self.assert_failed(self.come_back(query, nonces), "left out a permission", scope, "developer portal")
                self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])

    # === AUTHORISING AGAIN === #

    def test_second_authorisation_replaces_the_first_without_a_gap(self):
        account = self.connect()
        first = account.consent_ids
        self.sync(account)
        second, address, nonces = self.begin()
        self.assertTrue(first.is_live)
        query = self.at_the_bank(address)
        self.sync(account)
        self.forget_requests()
        self.assertTrue(self.come_back(query, nonces).ok)
        self.assertEqual((first.state, second.state), ("replaced", "active"))
        self.assertTrue(first.ended_at)
        self.assertEqual(self.tokens().consent_id, second)
        # Only the old token is given back: the new grant goes on. Accounts stay tied, nothing is chosen again.
        self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])
        self.assertIn(second, account.consent_ids)
        self.sync(account)
        self.assertEqual(account.status, "connected")
        self.assertEqual(account._reading_consents()[account.id].sudo(False), second)

    def test_second_authorisation_that_fails_leaves_the_first_as_it_was(self):
        account = self.connect()

        def refuse():
            self.bank.policy(auto_consent="deny")

        def lose():
            self.bank.fault(TOKEN, "drop")

        def leave_out():
            self.bank.fault("/v2/organization", "garbage")

        for way in (refuse, lose, leave_out):
            with self.subTest(way.__name__):
                with self.nothing_stays():
                    way()
                    _consent, address, nonces = self.begin()
                    outcome = self.come_back(self.at_the_bank(address), nonces)
                    self.assertFalse(outcome.ok)
                self.sync(account)
                self.assertEqual(account.status, "connected")
                self.bank.policy(auto_consent="allow")

    def test_failure_of_the_account_is_forgotten_with_a_new_authorisation(self):
        account = self.connect()
        self.bank.ask("/revoke", {})
        self.sync(account, expect="failed")
        self.assertEqual(account.status, "needs_you")
        self.give_consent()
        account.invalidate_recordset()
        self.assertFalse(account.failure)
        self.assertEqual(account.status, "connected")
        self.assertLessEqual(account.next_sync_at, Datetime.now())

    def test_consents_of_others_and_for_others_are_not_replaced(self):
        first = self.give_consent()
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        me, self.env = self.env, self.env(user=colleague)
        second = self.give_consent(purpose="read")
        self.env = me
        sister = next(
            organization["id"]
            for organization in self.bank.ask("/state")["organizations"]
            if organization["id"] != self.owner["organization_id"]
        )
        self.bank.policy(auto_organization=sister)
        third = self.give_consent()
        self.assertEqual([first.state, second.state, third.state], ["active"] * 3)
        self.assertEqual(second.user_id, colleague)
        self.assertEqual(third.organization_ref, sister)

    # === LEFT LYING === #

    def test_abandoned_round_trips_are_cleared_away(self):
        old, _address, _nonces = self.begin()
        fresh, _address, _nonces = self.begin()
        active = self.give_consent()
        draft = self.env["qonto.consent"].sudo().create(
            {"application_id": self.application.id, "user_id": self.env.uid}
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE qonto_consent SET create_date = create_date - interval '2 days' WHERE id IN %s",
            [(old.id, active.id, draft.id)],
        )
        self.env.invalidate_all()
        self.env["qonto.consent"].sudo()._gc_abandoned()
        self.assertEqual((old | fresh | active | draft).exists(), fresh | active)

    def test_consents_are_evidence_and_stay(self):
        consent = self.give_consent()
        with self.assertRaises(AccessError):
            consent.unlink()
        consent.action_withdraw()
        with self.assert_told("evidence"):
            consent.sudo().unlink()

    # === DISCONNECTING === #

    def test_disconnecting_ends_the_access_and_keeps_the_lines(self):
        account = self.connect()
        self.sync(account)
        lines = self.lines_of(account)
        self.assertTrue(lines)
        with self.enter_registry_test_mode():
            access = self.env["qonto.token"].sudo()._access_token(account.consent_ids)
        header = {"Authorization": f"Bearer {access}"}
        address = f"{self.bank.address}/v2/organization"
        self.assertEqual(requests.get(address, headers=header, timeout=20).status_code, 200)
        consent = account.consent_ids
        consent.action_withdraw()
        self.assertEqual((consent.state, consent.ended_by_id), ("withdrawn", self.env.user))
        self.assertFalse(self.tokens())
        self.forget_requests()
        self.commit_hooks()
        self.assertEqual(self.asked(), [f"POST {REVOKE} 200"])
        self.assertEqual(requests.get(address, headers=header, timeout=20).status_code, 401)
        history = self.history(consent)
        self.assertIn(f"{self.env.user.name} withdrew this consent", history)
        self.assertIn("Qonto confirmed that the access was revoked", history)
        self.assertEqual(self.lines_of(account), lines)
        account.invalidate_recordset()
        self.assertEqual(account.status, "needs_you")
        self.assertIn("Disconnected. Connect Qonto again", account.status_reason)
        self.forget_requests()
        self.sync(account, expect="failed")
        self.assertFalse(self.asked())

    def test_disconnecting_works_without_the_bank(self):
        cases = {
            "unreachable": (lambda: self.bank.fault(REVOKE, "drop", times=None), "could not be reached"),
            "in trouble": (lambda: self.bank.fault(REVOKE, "status", times=None), "trouble answering"),
            "without a secret": (lambda: self.application.write({"client_secret": False}), "no client secret"),
            "in a copy": (
                lambda: self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another"),
                "looks like a copy",
            ),
        }
        for name, (spoil, words) in cases.items():
            with self.subTest(name):
                self.bank.ask("/faults", method="DELETE")
                consent = self.give_consent()
                spoil()
                consent.action_withdraw()
                self.commit_hooks()
                self.assertEqual(consent.state, "withdrawn")
                self.assertFalse(self.tokens())
                history = self.history(consent)
                self.assertIn("Qonto could not be told", history)
                self.assertIn(words, history)
                self.assertIn("remove the app in Qonto", history)
                self.application.client_secret = self.bank.ask("/state")["client"]["client_secret"]

    def test_bank_is_told_after_the_commit_only(self):
        consent = self.give_consent()
        self.forget_requests()
        consent.action_withdraw()
        self.assertFalse(self.asked())

    def test_disconnecting_twice_changes_nothing_more(self):
        consent = self.give_consent()
        consent.action_withdraw()
        ended = consent.ended_at
        self.commit_hooks()
        self.forget_requests()
        consent.action_withdraw()
        self.commit_hooks()
        self.assertEqual((consent.state, consent.ended_at), ("withdrawn", ended))
        self.assertFalse(self.asked())

    # === BY THE CLOCK === #

    def test_consent_that_nobody_used_expires(self):
        account = self.connect()
        consent = account.consent_ids
        for days, state in ((30, "active"), (13, "expiring"), (30, "active"), (-1, "expired")):
            live = state != "expired"
            with self.subTest(days=days):
                consent.sudo().valid_until = Datetime.now() + timedelta(days=days)
                self.env["qonto.consent"]._update_states()
                self.assertEqual((consent.state, consent.is_live), (state, live))
                self.assertEqual(consent in self.env["qonto.consent"].search([("is_live", "=", True)]), live)
                self.assertEqual(consent in self.env["qonto.consent"].search([("is_live", "=", False)]), not live)
        self.assertFalse(self.tokens())
        account.invalidate_recordset()
        self.assertIn("The consent expired", account.status_reason)


@tagged("post_install", "-at_install")
class TestConnectPages(ConnectCase, HttpCase):
    """The way back as the browser goes it."""

    def setUp(self):
        super().setUp()
        self.authenticate("accountman", "accountman")

    @contextmanager
    def enter_registry_test_mode(self):
        """Tests that serve HTTP are in this mode from their beginning."""
        self.env.flush_all()
        yield

    def call(self, model: str, method: str, *arguments):
        """Call a method as the web client does."""
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            json={"params": {"model": model, "method": method, "args": arguments, "kwargs": {}}},
        ).json()
        self.assertNotIn("error", answer)
        return answer["result"]

    def go_to_the_bank(self) -> str:
        """Say yes in the browser; return the address at which the bank sends it back."""
        wizard = self.call("qonto.connect", "create", [{"agreed": True, "purpose": "pay"}])
        address = self.call("qonto.connect", "action_continue", wizard)["url"]
        return requests.get(address, allow_redirects=False, timeout=20).headers["Location"]

    def return_to(self, address: str):
        return self.url_open(address, allow_redirects=False)

    def test_allowed_goes_on_with_the_choice_of_accounts(self):
        answer = self.return_to(self.go_to_the_bank())
        wizard = self.env["qonto.map"].search([], order="id desc", limit=1)
        self.assertEqual(answer.status_code, 303)
        self.assertURLEqual(answer.headers["Location"], f"/odoo/action-qonto_psd2_sync.action_qonto_map/{wizard.id}")
        self.assertEqual(wizard.consent_id.state, "active")
        self.assertEqual(wizard.line_ids.mapped("iban"), [self.main["iban"], self.sub_account["iban"]])

    def test_choice_is_made_where_the_new_consent_can_be_seen(self):
        """The request's own transaction may be older than the consent; a test's one cursor would not show it."""
        wizard = type(self.env["qonto.map"])
        make, cursors = wizard._list_accounts, []

        def list_accounts(self):
            cursors.append(self.env.cr is http.request.env.cr)
            return make(self)

        with patch.object(wizard, "_list_accounts", list_accounts):
            self.assertEqual(self.return_to(self.go_to_the_bank()).status_code, 303)
        self.assertEqual(cursors, [False])

    def test_failure_is_a_page_with_the_sentences(self):
        self.bank.policy(auto_consent="deny")
        answer = self.return_to(self.go_to_the_bank())
        self.assertEqual(answer.status_code, 400)
        page = words_of(answer.text)
        for words in ("You did not allow access at Qonto", "nothing is shared", "Start again", "Back to Odoo"):
            self.assertIn(words, page)
        self.assertFalse(self.consents())

    def test_words_of_the_bank_are_not_taken_for_markup(self):
        address = self.go_to_the_bank()
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = self.url_open(
            CALLBACK_PATH,
            params={"error": "server_error", "error_description": "<script>alert(1)</script>", "state": state},
        )
        self.assertEqual(answer.status_code, 400)
        self.assertNotIn("<script>alert", answer.text)
        self.assertIn("alert(1)", words_of(answer.text))

    def test_return_without_anything_is_a_page_too(self):
        for query in ({}, {"state": "nonsense"}, {"code": "x"}, {"state": "x", "error": "y", "unknown": "z"}):
            with self.subTest(query):
                answer = self.url_open(CALLBACK_PATH, params=query)
                self.assertEqual(answer.status_code, 400)
                self.assertIn("Start again", words_of(answer.text))

    def test_nobody_logged_in_is_asked_to_log_in(self):
        address = self.go_to_the_bank()
        self.authenticate(None, None)
        self.forget_requests()
        answer = self.return_to(address)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(urlsplit(answer.headers["Location"]).path.endswith("/web/login"), answer.headers["Location"])
        self.assertFalse(self.asked())
        self.assertEqual(self.consents().mapped("state"), ["waiting"])

    def test_another_browser_of_the_same_user_is_not_let_in(self):
        address = self.go_to_the_bank()
        first = self.session
        self.session = None
        self.authenticate("accountman", "accountman")
        self.assertEqual(self.return_to(address).status_code, 400)
        self.assertFalse(self.consents().filtered("is_live"))
        http.root.session_store.delete(first)

    def test_several_round_trips_may_be_under_way(self):
        first, _second = self.go_to_the_bank(), self.go_to_the_bank()
        self.assertEqual(self.return_to(first).status_code, 303)

    def test_a_second_return_is_not_let_in(self):
        address = self.go_to_the_bank()
        self.assertEqual(self.return_to(address).status_code, 303)
        self.assertEqual(self.return_to(address).status_code, 400)
        self.assertEqual(self.consents().mapped("state"), ["active"])

    def test_guide_shows_the_redirect_address(self):
        answer = self.url_open("/qonto_psd2_sync/guide")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(f"{self.base_url()}{CALLBACK_PATH}", words_of(answer.text))
