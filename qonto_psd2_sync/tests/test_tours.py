# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The screens as people use them, in a real browser. The stand-in decides by its policy and shows no pages here;
`dev/tests/test_system_journey.py` goes through its pages as well."""

from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from unittest import skipUnless

from odoo import Command
from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from .common import QontoCommon

GERMAN = Path(__file__).parents[1] / "i18n" / "de.po"
# A page that a person comes back to has no JavaScript. This note of it is read by the test, then its button is pressed.
WITNESS = """
<data inherit_id="qonto_psd2_sync.callback_failed">
    <xpath expr="//a" position="after">
        <script>
            window.addEventListener("load", () =&gt; {
                localStorage.setItem("qonto_psd2_sync.failed_page", document.body.innerText);
                document.querySelector("a.btn").click();
            });
        </script>
    </xpath>
</data>
"""


class ToursCase(QontoCommon, HttpCase):
    """Two people, their company's books, and how they begin a tour."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Made once for all tours instead of once for each.
        for bundle in ("web.assets_web", "web.assets_tests"):
            assets = cls.env["ir.qweb"]._get_asset_bundle(bundle, css=True, js=True)
            assets.js()
            assets.css()
        cls.journal = cls.company_data["default_journal_bank"]
        cls.clerk = cls.new_user("qonto_clerk", "qonto_psd2_sync.group_feed_user")
        cls.head = cls.new_user(
            "qonto_head",
            "account.group_account_manager",
            "qonto_psd2_sync.group_feed_manager",
            "qonto_psd2_sync.group_payment_send",
        )

    @contextmanager
    def enter_registry_test_mode(self):
        """Tests that serve HTTP are in this mode from their beginning; other cursors must still see what is done."""
        self.env.flush_all()
        yield
        self.env.invalidate_all()

    def connect_both(self):
        """Connect the main and the sub-account of an empty bank, with one line on the first."""
        self.reset_bank("empty")
        self.bank.add(
            self.main["id"], 1250_00, label="Altbau Bremen eG", reference="RE 2026-117",
            counterparty_iban="DE02120300000000202051",
        )
        wizard = self.choose(self.give_consent())
        wizard.line_ids.write({"selected": True})
        wizard.action_confirm()
        accounts = self.env["qonto.account"].search([("company_id", "=", self.company.id)])
        self.assertEqual(len(accounts), 2)
        self.sync(accounts)
        return accounts

    def add_news(self):
        """Let both accounts have news: to book, pending, and in a currency that is switched off."""
        self.env.ref("base.JPY").active = False
        self.bank.add(self.main["id"], -80_00, label="Zweite Zahlung")
        self.bank.add(self.main["id"], 15_00, label="Dritte Zahlung")
        self.bank.add(self.main["id"], -9_90, label="Kartenzahlung", status="pending")
        self.bank.add(
            self.main["id"], -20_00, label="Hotel in Kyoto", local_amount_cents=3200_00, local_currency="JPY"
        )
        self.bank.add(self.sub_account["id"], 500_00, label="Rücklage")

    def tour(self, name: str, login: str, start: str = "/odoo"):
        self.start_tour(start, f"qonto_psd2_sync.{name}", login=login, timeout=360)

    def invoice(self, amount: float, name: str):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice", "partner_id": self.partner_a.id, "invoice_date": Date.today(), "name": name,
                "invoice_line_ids": [
                    Command.create({"name": "Work", "quantity": 1, "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        return move

    def add_a_days_work(self, account):
        """Let the bank have one line that is booked by itself, fifty with a proposal, and some that need a person."""
        self.invoice(33.33, "RE/2026/8000")
        self.bank.add(self.main["id"], 33_33, label="By itself", reference="RE/2026/8000")
        self.sync(account)
        account.books_by_itself = False
        for number in range(50):
            self.invoice(100 + number, f"RE/2026/81{number:02}")
            self.bank.add(self.main["id"], (100 + number) * 100, label="Customer", reference=f"RE/2026/81{number:02}")
        self.invoice(200, "RE/2026/9001")
        self.bank.add(self.main["id"], 62_50, label="Unclear")
        self.bank.add(self.main["id"], -120_00, label="Ask the boss")
        self.bank.add(self.main["id"], -77_77, label="Rule me")
        self.env["account.reconcile.model"].create(
            {
                "name": "Parking", "company_id": self.company.id,
                "line_ids": [Command.create({"account_id": self.company_data["default_account_expense"].id})],
            }
        )
        self.sync(account)


@tagged("post_install", "-at_install")
class TestTours(ToursCase):
    # === TOURS === #

    def test_feed_user_reads_lines_and_syncs_two_accounts_on_plain_community(self):
        self.assertEqual(self.clerk.group_ids, self.env.ref("qonto_psd2_sync.group_feed_user"))
        self.connect_both()
        self.add_news()
        self.tour("feed_user", "qonto_clerk")

    def test_a_days_work_in_bank_matching(self):
        account = self.connect_both().filtered("main")
        self.company_data["default_account_expense"].name = "Expenses"
        self.add_a_days_work(account)
        self.tour("matching", "qonto_clerk")
        lines = self.lines_of(account)
        self.assertEqual(len(lines.filtered("is_reconciled")), 51)
        self.assertEqual(lines.filtered("qonto_later").partner_name, "Ask the boss")

    def test_bank_matching_fits_a_phone(self):
        self.connect_both()
        self.browser_size, self.touch_enabled = "375x667", True
        self.tour("matching_phone", "qonto_clerk", "/odoo/bank-matching")

    def test_administrator_connects_in_ten_clicks(self):
        self.tour("connect", "qonto_head")
        account = self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])
        self.assertEqual(account.journal_id, self.journal)
        self.assertTrue(self.lines_of(account))
        self.assertEqual(account.consent_ids.user_id, self.head)
        self.assertIn("What is not shared", account.consent_ids.wording)

    def test_refusal_at_the_bank_is_told_in_sentences_with_a_way_back(self):
        self.env["ir.ui.view"].create(
            {
                "name": "witness",
                "type": "qweb",
                "inherit_id": self.env.ref("qonto_psd2_sync.callback_failed").id,
                "arch": WITNESS,
            }
        )
        self.bank.policy(auto_consent="deny")
        self.tour("refusal", "qonto_head")
        self.assertFalse(self.env["qonto.consent"].search([("company_id", "=", self.company.id)]))

    def test_set_up_and_check_connection(self):
        # Whether this machine runs its scheduled actions is not the question here.
        self.env["ir.cron"].search([]).nextcall = datetime.now()
        self.tour("set_up", "qonto_head")

    def test_phone_shows_everything_and_its_buttons_can_be_pressed(self):
        self.connect_both()
        self.browser_size, self.touch_enabled = "375x667", True
        self.tour("phone", "qonto_clerk", "/odoo/action-account.open_account_journal_dashboard_kanban")

    @skipUnless(GERMAN.exists(), "not translated yet")
    def test_screens_speak_the_language_of_the_user(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env["ir.module.module"]._load_module_terms(["web", "account", "qonto_psd2_sync"], ["de_DE"])
        self.clerk.lang = "de_DE"
        self.connect_both()
        self.tour("german", "qonto_clerk")
