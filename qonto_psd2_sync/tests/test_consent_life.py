# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from contextlib import contextmanager
from datetime import timedelta

from freezegun import freeze_time

from odoo.fields import Date, Datetime
from odoo.tests import tagged

from ..hooks import uninstall_hook
from ..models.qonto_consent_reminder import ACTIVITY
from .test_connect import ConnectCase

TOKEN = "/oauth2/token"
DAY = 24 * 3600


class LifeCase(ConnectCase):
    """Tests that move the bank's clock and Odoo's together."""

    @contextmanager
    def later(self, **time):
        """Let this time go by, at the bank and in Odoo; at the end of the block Odoo is back, the bank is not."""
        span = timedelta(**time)
        self.bank.ask("/clock", {"advance_seconds": span.total_seconds()})
        self.env.invalidate_all()
        with freeze_time(Datetime.now() + span):
            yield
        self.env.invalidate_all()

    def reminders(self, account):
        self.env.invalidate_all()
        return account.journal_id.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY)
        )

    def mails(self, consent):
        return self.env["mail.mail"].sudo().search([("model", "=", "qonto.consent"), ("res_id", "=", consent.id)])


@tagged("post_install", "-at_install")
class TestConsentLife(LifeCase):
    # === ARROWS === #

    def test_each_arrow_of_its_life_can_be_walked_and_no_other(self):
        consents = self.env["qonto.consent"].sudo()
        states = [state for state, _label in consents._fields["state"].selection]
        for start in states:
            for end in states:
                consent = consents.create(
                    {"application_id": self.application.id, "user_id": self.env.uid, "state": start}
                )
                drawn = end == start or end in consents._ARROWS.get(start, ())
                with self.subTest(f"{start} to {end}"):
                    if drawn:
                        consent.state = end
                        self.assertEqual(consent.state, end)
                    else:
                        with self.assertRaises(ValueError):
                            consent.state = end
        self.assertEqual(
            {start for start in states if not consents._ARROWS.get(start)},
            {"expired", "withdrawn", "revoked", "replaced"},
        )

    def test_from_a_draft_to_each_end(self):
        def withdraw(consent):
            consent.action_withdraw()

        def revoke(consent):
            self.bank.ask("/revoke", {})
            consent.sudo().token_ids.access_expires_at = Datetime.now()
            try:
                with self.enter_registry_test_mode():
                    self.env["qonto.token"].sudo()._access_token(consent)
            except Exception as error:  # noqa: BLE001 - what it is, another test asks
                self.assertIn("no longer accepts", str(error))

        def replace(_consent):
            self.give_consent()

        def expire(consent):
            consent.sudo().last_used_at = Datetime.now() - timedelta(days=91)
            self.env["qonto.consent"]._update_states()

        for end, way in (("withdrawn", withdraw), ("revoked", revoke), ("replaced", replace), ("expired", expire)):
            with self.subTest(end):
                waiting, address, nonces = self.begin()
                self.assertEqual(waiting.state, "waiting")
                self.assertTrue(self.come_back(self.at_the_bank(address), nonces).ok)
                self.assertEqual(waiting.state, "active")
                waiting.sudo().last_used_at = Datetime.now() - timedelta(days=80)
                self.env["qonto.consent"]._update_states()
                self.assertEqual(waiting.state, "expiring")
                way(waiting)
                self.env.invalidate_all()
                self.assertEqual((waiting.state, bool(waiting.ended_at)), (end, True))
                self.assertFalse(waiting.sudo().token_ids)
                self.env["qonto.consent"].search([("is_live", "=", True)]).action_withdraw()

    def test_each_change_is_in_its_history(self):
        consent = self.give_consent().with_context(tracking_disable=False, mail_notrack=False)
        self.env.cr.flush()
        consent.sudo().last_used_at = Datetime.now() - timedelta(days=80)
        self.env["qonto.consent"].with_context(tracking_disable=False, mail_notrack=False)._update_states()
        self.env.cr.flush()
        consent.action_withdraw()
        self.env.cr.flush()
        self.env.invalidate_all()
        tracked = consent.sudo().message_ids.tracking_value_ids
        states = tracked.filtered(lambda value: value.field_id.name == "state").sorted("id")
        self.assertEqual(states.mapped("new_value_char"), ["Expiring soon", "Withdrawn"])
        self.assertIn("ended_by_id", tracked.field_id.mapped("name"))

    # === UNTIL WHEN, AND WHY === #

    def test_own_app_is_good_for_90_days_from_its_last_use(self):
        consent = self.give_consent()
        self.assertAlmostEqual(consent.valid_until, Datetime.now() + timedelta(days=90), delta=timedelta(seconds=30))
        self.assertIn("renews with every sync", consent.valid_until_reason)
        self.assertEqual((consent.days_left, consent.urgency), (90, "calm"))
        for days in (60, 60, 60):
            # Far beyond 180 days in all: each use renews it.
            with self.later(days=days), self.enter_registry_test_mode():
                self.env["qonto.token"].sudo()._access_token(consent)
            consent.sudo().last_used_at -= timedelta(days=days)
            self.assertEqual(consent.state, "active")

    def test_licensed_third_party_is_bound_to_180_days(self):
        consent = self.give_consent()
        self.application.third_party = True
        self.assertEqual(consent.days_left, 90)
        given = consent.authorised_at
        consent.sudo().last_used_at = given + timedelta(days=100)
        self.assertEqual(consent.valid_until, given + timedelta(days=180))
        with freeze_time(given + timedelta(days=101)):
            self.env.invalidate_all()
            self.assertIn("180 days after it was given", consent.valid_until_reason)
        for days, live in ((179, True), (181, False)):
            with self.subTest(days=days), freeze_time(given + timedelta(days=days)):
                consent.sudo().last_used_at = given + timedelta(days=days - 1)
                self.env["qonto.consent"]._update_states()
                self.assertEqual(consent.is_live, live)
        self.assertEqual(consent.state, "expired")

    def test_access_token_of_59_and_61_minutes(self):
        account = self.connect()
        consent = account.consent_ids
        for minutes, refreshed in ((59, 0), (2, 1)):
            with self.subTest(minutes=minutes):
                self.forget_requests()
                with self.later(minutes=minutes), self.enter_registry_test_mode():
                    # Odoo stays a minute behind the bank: what it believes good, the bank may refuse.
                    consent.sudo().token_ids.access_expires_at = Datetime.now() + timedelta(minutes=5)
                    self.env.flush_all()
                    with consent._reading_client() as client:
                        client.get_organization()
                self.assertEqual(len(self.asked(TOKEN)), refreshed)

    def test_refresh_token_of_89_and_91_days(self):
        account = self.connect()
        self.sync(account)
        consent = account.consent_ids
        for days, state in ((89, "active"), (91, "expired")):
            with self.subTest(days=days), self.later(days=days):
                self.forget_requests()
                if state == "active":
                    self.sync(account)
                    self.assertEqual(consent.days_left, 90)
                else:
                    self.env["qonto.consent"]._update_states()
                    self.assertFalse(account.next_sync_at)
                    self.sync(account, expect="failed")
                    self.assertFalse(self.asked())
                self.assertEqual(consent.state, state)
            if state == "active":
                # Back at the day on which the next 91 begin.
                consent.sudo().last_used_at = Datetime.now()
                consent.sudo().token_ids.access_expires_at = Datetime.now()

    def test_consent_that_is_used_again_is_no_longer_expiring(self):
        consent = self.connect().consent_ids
        consent.sudo().last_used_at = Datetime.now() - timedelta(days=80)
        self.env["qonto.consent"]._update_states()
        self.assertEqual((consent.state, consent.urgency), ("expiring", "soon"))
        consent.sudo().token_ids.access_expires_at = Datetime.now()
        with self.enter_registry_test_mode():
            self.env["qonto.token"].sudo()._access_token(consent)
        self.assertEqual((consent.state, consent.urgency), ("active", "calm"))

    # === TOLD IN TIME === #

    def test_days_left_are_on_the_card_in_colours(self):
        account = self.connect()
        for days, urgency, text, renew in (
            (90, "calm", "90 days left", False),
            (14, "soon", "14 days left", True),
            (3, "urgent", "3 days left", True),
            (1, "urgent", "1 day left", True),
        ):
            with self.subTest(days=days):
                account.consent_ids.sudo().valid_until = Datetime.now() + timedelta(days=days)
                card = account._card_data()
                self.assertEqual(
                    (card["qonto_urgency"], card["qonto_days_left"], card["qonto_can_renew"]), (urgency, text, renew)
                )

    def test_reminders_on_days_14_7_3_and_1_and_mail_on_7_and_1(self):
        account = self.connect()
        consent = account.consent_ids
        self.env.user.email = "boss@example.com"
        expected = {15: (0, 0), 14: (1, 0), 13: (1, 0), 7: (1, 1), 6: (1, 1), 3: (1, 1), 2: (1, 1), 1: (1, 2)}
        texts = set()
        for days, (activities, mails) in expected.items():
            with self.subTest(days=days):
                consent.sudo().valid_until = Datetime.now() + timedelta(days=days)
                for _run in range(2):
                    self.env["qonto.consent"]._update_states()
                found = self.reminders(account)
                self.assertEqual((len(found), len(self.mails(consent))), (activities, mails))
                self.assertEqual(found.user_id, self.env.user if activities else found.user_id.browse())
                texts |= {found.summary} if found else set()
        self.assertEqual(found.date_deadline, Date.context_today(self.env.user) + timedelta(days=1))
        self.assertEqual(len(texts), 4)  # moved on each of the four days, and only then
        mail = self.mails(consent)[-1:]
        self.assertIn("boss@example.com", mail.email_to)
        self.assertIn(f"/odoo/qonto-consents/{consent.id}", mail.body_html)
        self.assertIn("Renew", mail.body_html)

    def test_reminder_that_was_closed_comes_again_on_the_next_day_of_the_row(self):
        account = self.connect()
        consent = account.consent_ids
        for days in (14, 7):
            consent.sudo().valid_until = Datetime.now() + timedelta(days=days)
            self.env["qonto.consent"]._update_states()
            self.assertEqual(len(self.reminders(account)), 1)
            self.reminders(account).action_feedback()
            self.env["qonto.consent"]._update_states()
            self.assertFalse(self.reminders(account))

    def test_mail_can_be_switched_off(self):
        account = self.connect()
        self.env.user.email = "boss@example.com"
        self.application.remind_by_mail = False
        account.consent_ids.sudo().valid_until = Datetime.now() + timedelta(days=7)
        self.env["qonto.consent"]._update_states()
        self.assertTrue(self.reminders(account))
        self.assertFalse(self.mails(account.consent_ids))

    def test_renewing_closes_the_reminder(self):
        account = self.connect()
        for way in (self.give_consent, self.use_again):
            with self.subTest(way.__name__):
                live = account.consent_ids.filtered("is_live")
                live.sudo().valid_until = Datetime.now() + timedelta(days=3)
                self.env["qonto.consent"]._update_states()
                self.assertTrue(self.reminders(account))
                way()
                self.assertFalse(self.reminders(account))

    def use_again(self):
        consent = self.env["qonto.consent"].search([("is_live", "=", True), ("user_id", "=", self.env.uid)])
        consent.sudo().token_ids.access_expires_at = Datetime.now()
        with self.enter_registry_test_mode():
            self.env["qonto.token"].sudo()._access_token(consent)

    def test_somebody_who_lost_the_right_is_not_reminded_but_who_is_responsible(self):
        account = self.connect()
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        account.responsible_id = colleague
        self.env.user.sudo().group_ids -= self.env.ref("qonto_psd2_sync.group_feed_manager")
        account.consent_ids.sudo().valid_until = Datetime.now() + timedelta(days=3)
        self.env["qonto.consent"].sudo()._update_states()
        self.assertEqual(self.reminders(account).user_id, colleague)

    def test_uninstalling_is_not_stopped_by_reminders_open_or_done(self):
        account = self.connect()
        for days in (7, 3):
            account.consent_ids.sudo().valid_until = Datetime.now() + timedelta(days=days)
            self.env["qonto.consent"]._update_states()
            if days == 7:
                self.reminders(account).action_feedback()
        uninstall_hook(self.env(su=True))
        self.env.ref(ACTIVITY).sudo().unlink()
        self.assertEqual(account.journal_id.bank_statements_source, "undefined")

    # === SOMEBODY LEAVES === #

    def test_archiving_the_holder_warns_and_names_who_can_take_over(self):
        account, holder = self.connected_by_another()
        heir = self.new_user("heir", "qonto_psd2_sync.group_feed_manager", name="Hedda Heir")
        account.responsible_id = heir
        with self.assertRaises(Exception) as caught:
            holder.action_archive()
        message, action, _button, context = caught.exception.args
        for words in (holder.name, self.company.name, "Hedda Heir", "Until one of them does, nothing is synced"):
            self.assertIn(words, message)
        self.assertTrue(holder.active)
        # The warning's button archives all the same, and the heir is told.
        self.env["ir.actions.server"].browse(action).with_context(**context).run()
        self.assertFalse(holder.active)
        self.assertEqual(self.reminders(account).user_id, heir)
        self.assertIn("Hedda Heir", self.history(account.consent_ids))
        self.assertIn("is archived. Somebody else connects Qonto", account.status_reason)

    def test_archiving_somebody_whose_accounts_another_reads_too_loses_nothing(self):
        account, holder = self.connected_by_another()
        self.give_consent()
        with self.assertRaises(Exception) as caught:
            holder.action_archive()
        self.assertIn(f"goes on with the consent of {self.env.user.name}", caught.exception.args[0])
        holder.sudo().active = False
        self.assertFalse(self.reminders(account))
        self.sync(account)
        self.assertEqual(account.status, "connected")

    def connected_by_another(self):
        """Connect the main account as somebody else."""
        holder = self.new_user("holder", "qonto_psd2_sync.group_feed_manager", name="Holm Holder")
        me, self.env = self.env, self.env(user=holder)
        account = self.connect()
        self.env = me
        self.env.user.sudo().group_ids += self.env.ref("base.group_system")
        return account.with_env(me), holder.with_env(me)
