# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import re
from datetime import timedelta, timezone

from odoo.exceptions import UserError
from odoo.fields import Datetime
from odoo.tests import Form, tagged

from .test_consent_life import LifeCase

REVOKE = "/oauth2/revoke"


@tagged("post_install", "-at_install")
class TestRenewal(LifeCase):
    def renew(self, old, *, elsewhere=False, **values):
        """Renew as the button does, and come back.

        :return: the new consent and the page that it leads to
        """
        context = old.action_renew()["context"]
        defaults = {name.removeprefix("default_"): value for name, value in context.items()}
        new, address, nonces = self.begin(**{**defaults, **values})
        if elsewhere:
            # The bank preselects the organization; the person chooses another one there.
            address = re.sub(r"&organization_id=[^&]*", "", address)
        outcome = self.come_back(self.at_the_bank(address), nonces)
        self.assertTrue(outcome.ok, outcome)
        return new, self.page(new)

    def page(self, consent):
        self.env.invalidate_all()
        return consent._next_wizard()

    def facts_of(self, account):
        return (account.journal_id, account.start_date, account.watermark, self.lines_of(account).ids)

    # === WITHOUT A GAP === #

    def test_renewing_keeps_journals_start_dates_watermarks_and_lines(self):
        account = self.connect()
        self.sync(account)
        old, before = account.consent_ids, self.facts_of(account)
        self.bank.add(self.main["id"], 12_00, label="Meanwhile")
        new, page = self.renew(old)
        self.assertEqual((old.state, new.state, old.replaced_by_id), ("replaced", "active", new))
        self.assertEqual(page._name, "qonto.renewal")
        self.assertEqual((page.account_ids, page.question), (account, False))
        self.assertEqual(self.facts_of(account), before)
        self.assertEqual(account.status, "connected")
        self.sync(account)
        self.assertEqual(len(self.lines_of(account)), len(before[-1]) + 1)
        self.assertFalse(account.gap_ids)

    def test_renewal_preselects_the_organization_at_the_bank(self):
        old = self.connect().consent_ids
        _new, address, _nonces = self.begin(renews_id=old.id)
        self.assertIn(f"organization_id={old.organization_ref}", address)

    def test_backing_out_leaves_the_old_one_working(self):
        account = self.connect()
        old = account.consent_ids
        for way in ("turned back in Odoo", "refused at the bank", "never came back"):
            with self.subTest(way):
                if way != "turned back in Odoo":
                    _new, address, nonces = self.begin(renews_id=old.id)
                if way == "refused at the bank":
                    self.bank.policy(auto_consent="deny")
                    self.assertFalse(self.come_back(self.at_the_bank(address), nonces).ok)
                    self.bank.policy(auto_consent="allow")
                self.assertEqual(old.state, "active")
                self.sync(account)
                self.assertEqual(account.status, "connected")

    def test_renewal_for_somebody_else_is_a_consent_of_ones_own(self):
        account = self.connect()
        old = account.consent_ids
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        me, self.env = self.env, self.env(user=colleague)
        new, page = self.renew(old.with_env(self.env), renews_id=old.id)
        self.assertFalse(new.renews_id)
        self.assertEqual((old.state, new.state), ("active", "active"))
        self.assertEqual(page.account_ids.ids, account.ids)
        self.env = me
        self.assertEqual(account.consent_ids, old | new.with_env(me))
        # Each reads with their own; when one ends, the other goes on.
        reader = account._reading_consents()[account.id]
        self.assertEqual(reader.user_id, self.env.user)
        old.action_withdraw()
        self.commit_hooks()
        self.sync(account)
        self.assertEqual(account.status, "connected")

    # === RECOGNISED === #

    def test_account_is_recognised_by_its_iban_under_another_id(self):
        account = self.connect()
        self.sync(account)
        before = self.facts_of(account)
        account.sudo().bank_ref = "an-id-of-before"
        new, page = self.renew(account.consent_ids)
        self.assertEqual((new.account_ids, account.bank_ref), (account, self.main["id"]))
        self.assertEqual(page.account_ids, account)
        self.assertIn("another ID", self.history(account))
        self.sync(account)
        self.assertEqual(self.facts_of(account), before)

    def test_account_whose_iban_is_hidden_is_recognised_by_its_id(self):
        account = self.connect()
        self.bank.ask(f"/accounts/{self.main['id']}", {"iban": None}, "PATCH")
        new, _page = self.renew(account.consent_ids)
        self.assertEqual((new.state, new.account_ids), ("active", account))

    # === ASKED === #

    def renewed_for_another_organization(self):
        account = self.connect()
        sister = next(
            organization for organization in self.bank.ask("/state")["organizations"]
            if organization["id"] != self.owner["organization_id"]
        )
        self.bank.policy(auto_organization=sister["id"])
        new, page = self.renew(account.consent_ids, elsewhere=True)
        return account, account.consent_ids, new, page, sister

    def test_another_organization_is_asked_about_and_never_merged(self):
        account, old, new, page, sister = self.renewed_for_another_organization()
        self.assertEqual((old.state, new.state, new.question), ("active", "waiting", "organization"))
        self.assertFalse(new.account_ids)
        self.assertIn(sister["name"], page.explanation)
        self.assertIn(old.organization_name, page.explanation)
        # While the question is open the old one reads, and nothing can be chosen with the new one.
        self.sync(account)
        with self.assert_told("over"):
            new.action_map_accounts()
        Form(page)

    def test_another_organization_kept_besides(self):
        account, old, new, page, _sister = self.renewed_for_another_organization()
        page.action_keep()
        self.assertEqual((old.state, new.state, new.question), ("active", "active", False))
        self.assertEqual(account.consent_ids, old)
        self.assertEqual(self.page(new)._name, "qonto.map")
        self.assertTrue(self.page(new).line_ids)
        with self.assert_told("decided already"):
            page.action_keep()

    def test_another_organization_instead(self):
        account, old, new, page, _sister = self.renewed_for_another_organization()
        self.forget_requests()
        page.action_replace()
        self.commit_hooks()
        self.assertEqual((old.state, new.state), ("replaced", "active"))
        self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])
        account.invalidate_recordset()
        self.assertEqual(account.status, "needs_you")
        self.assertFalse(account.next_sync_at)

    def test_another_organization_discarded(self):
        account, old, new, page, _sister = self.renewed_for_another_organization()
        self.forget_requests()
        page.action_discard()
        self.commit_hooks()
        self.assertFalse(new.exists())
        self.assertEqual(old.state, "active")
        self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])
        self.sync(account)

    def renewed_without_the_main_account(self):
        account = self.connect()
        # A member to whom the bank lists the main account no more: here it got another IBAN and another id.
        account.sudo().write({"bank_ref": "gone", "iban": "DE02120300000000202051"})
        new, page = self.renew(account.consent_ids)
        return account, account.consent_ids, new, page

    def test_missing_account_is_asked_about(self):
        account, old, new, page = self.renewed_without_the_main_account()
        self.assertEqual((old.state, new.state, new.question), ("active", "waiting", "accounts"))
        self.assertEqual(page.missing_account_ids, account)
        self.assertIn(account.name, page.explanation)
        with self.assert_told("decided already"):
            page.action_keep()
        page.action_discard()
        self.assertEqual((old.state, bool(new.exists())), ("active", False))

    def test_missing_account_let_go(self):
        account, old, new, page = self.renewed_without_the_main_account()
        page.action_replace()
        self.assertEqual((old.state, new.state), ("replaced", "active"))
        self.assertNotIn(account, new.account_ids)
        self.assertFalse(account.next_sync_at)

    def test_question_that_nobody_answers_is_cleared_away_and_given_back(self):
        _account, old, new, _page = self.renewed_without_the_main_account()
        self.env.flush_all()
        self.env.cr.execute("UPDATE qonto_consent SET create_date = create_date - interval '2 days'")
        self.env.invalidate_all()
        self.forget_requests()
        self.env["qonto.consent"].sudo()._gc_abandoned()
        self.commit_hooks()
        self.assertEqual((bool(new.exists()), old.state), (False, "active"))
        self.assertEqual(self.asked(REVOKE), [f"POST {REVOKE} 200"])

    def test_question_is_answered_by_who_authorised_only(self):
        _account, _old, new, _page = self.renewed_without_the_main_account()
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        with self.assertRaises(UserError):
            self.env(user=colleague)["qonto.renewal"].create({"consent_id": new.id})

    # === DISCONNECT, AND CONNECT AGAIN === #

    def disconnect(self, account):
        wizard = self.env["qonto.disconnect"].browse(account.action_disconnect()["res_id"])
        Form(wizard)
        answer = wizard.action_disconnect()
        self.commit_hooks()
        self.env.invalidate_all()
        return wizard, answer

    def test_disconnecting_says_what_stops_and_shows_the_banks_answer(self):
        account = self.connect()
        self.sync(account)
        lines = self.lines_of(account)
        consent = account.consent_ids
        wizard, answer = self.disconnect(account)
        self.assertEqual((wizard.line_count, answer["res_id"]), (len(lines), consent.id))
        self.assertEqual((consent.state, consent.bank_told), ("withdrawn", "yes"))
        self.assertEqual(self.lines_of(account), lines)
        self.assertEqual(account.journal_id.bank_statements_source, "qonto")
        self.assertFalse(account.next_sync_at)
        card = account._card_data()
        self.assertEqual((card["qonto_status"], card["qonto_days_left"]), ("needs_you", ""))

    def test_disconnecting_names_accounts_that_somebody_else_reads_on(self):
        account = self.connect()
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        me, self.env = self.env, self.env(user=colleague)
        self.give_consent()
        self.env = me
        mine = account.consent_ids.filtered(lambda consent: consent.user_id == self.env.user)
        wizard = self.env["qonto.disconnect"].browse(mine.action_disconnect()["res_id"])
        self.assertEqual((wizard.going_on_account_ids, wizard.stopping_account_ids), (account, account.browse()))
        wizard.action_disconnect()
        self.commit_hooks()
        self.sync(account)

    def test_connecting_again_brings_no_double_and_leaves_no_hole(self):
        account = self.connect()
        self.sync(account)
        journal, lines = account.journal_id, self.lines_of(account)
        self.disconnect(account)
        for cents in (10_00, -20_00):
            self.bank.add(self.main["id"], cents, label="While disconnected")
        with self.later(days=30):
            self.bank.add(self.main["id"], 30_00, label="A month later")
            new = self.give_consent(journal_id=journal.id)
            page = self.page(new)
            self.assertEqual((page._name, page.account_ids, page.has_gaps), ("qonto.renewal", account, False))
            self.assertEqual(account.journal_id, journal)
            self.assertLessEqual(account.next_sync_at, Datetime.now())
            self.assertEqual(page.action_sync()["params"]["account_ids"], account.ids)
            self.sync(account)
            self.sync(account)
            after = self.lines_of(account)
            self.assertEqual(len(after - lines), 3)
            truth = self.bank.truth(self.main["id"])
            booked = [row["id"] for row in truth["transactions"] if row["status"] == "completed"]
            held = account.transaction_ids.filtered(lambda row: row.feed_state == "before_start")
            self.assertEqual(
                sorted(after.qonto_transaction_id.mapped("bank_ref") + held.mapped("bank_ref")), sorted(booked)
            )
            self.assertEqual(account.status, "connected")

    def test_after_120_days_the_30_days_out_of_reach_are_named(self):
        account = self.connect()
        self.sync(account)
        self.disconnect(account)
        stopped = account._local_day(account.last_sync_at.replace(tzinfo=timezone.utc))
        with self.later(days=120):
            page = self.page(self.give_consent())
            gap = account.gap_ids
            self.assertEqual(
                (gap.date_from, gap.date_to, gap.day_count), (stopped, stopped + timedelta(days=29), 30)
            )
            self.assertTrue(page.has_gaps)
            self.assertIn("days: 30", account.gap_text)
            self.assertEqual(account._card_data()["qonto_gap"], account.gap_text)
            # What comes first after the gap is the first that is fetched.
            self.sync(account)
            self.assertEqual(account.run_ids[:1].asked_from.date(), gap.date_to)
            # Renewing again makes no second gap of the same days.
            self.give_consent()
            self.assertEqual(account.gap_ids, gap)
            Form(page)
            # Until a person says that they are complete.
            account.action_close_gaps()
            self.assertFalse(account.gap_text)
            self.assertIn("says that these days are complete", self.history(account))
