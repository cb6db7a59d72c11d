# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Date
from odoo.tests import Form, tagged
from odoo.tools import format_date

from .common import QontoCommon

IBAN = "DE02120300000000202051"


@tagged("post_install", "-at_install")
class TestMap(QontoCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.company_data["default_journal_bank"]
        cls.today = Date.context_today(cls.journal)
        cls.earliest = cls.today - timedelta(days=90)

    # === HELPERS === #

    def choices(self, **consent):
        """Return the choice of accounts, with nothing ticked yet."""
        consent = self.give_consent(**consent)
        with self.enter_registry_test_mode():
            return self.env["qonto.map"].create({"consent_id": consent.id})

    def line(self, wizard=None, ref: str = ""):
        """Return the line of an account, by default of the main one, in an own choice or in the given one."""
        lines = (wizard or self.choices()).line_ids
        return lines.filtered(lambda line: line.bank_ref == (ref or self.main["id"]))

    def change(self, line, **values):
        """Change and tick a line, as the web client does on *Connect*."""
        with self.enter_registry_test_mode():
            line.write({"selected": True, **values})
        return line

    def made(self):
        """Return everything that connecting makes."""
        self.env.flush_all()
        company = [("company_id", "=", self.company.id)]
        ledger_accounts = self.env["account.account"].sudo().search([("company_ids", "in", self.company.ids)])
        return [
            self.env["account.journal"].sudo().with_context(active_test=False).search(company).ids,
            self.env["account.move"].sudo().search(company).ids,
            self.env["qonto.account"].sudo().search(company).ids,
            self.env["res.partner.bank"].sudo().search([("partner_id", "=", self.company.partner_id.id)]).ids,
            ledger_accounts.ids,
        ]

    def assert_refused(self, line, *words: str):
        """Expect a sentence, and that nothing was made before it; nothing is rolled back here."""
        before = self.made()
        try:
            line.map_id.action_confirm()
        except UserError as error:
            for word in words:
                self.assertIn(word, str(error))
        else:
            self.fail("it was not refused")
        self.assertEqual(self.made(), before)

    def confirm(self, line):
        """Connect, and return the account."""
        action = line.map_id.action_confirm()
        account = self.env["qonto.account"].search(
            [("bank_ref", "=", line.bank_ref), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(account), 1)
        self.assertIn(account.id, action["params"]["account_ids"])
        return account

    def add_line(self, days_ago: int, amount: float = 10.0, journal=None):
        """Put a bank line into a journal."""
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": (journal or self.journal).id,
                "date": self.today - timedelta(days=days_ago),
                "amount": amount,
                "payment_ref": "known already",
            }
        )

    def give_iban(self, journal, iban: str):
        journal.sudo().set_bank_account(iban)

    def open_account(self, **values):
        return self.bank.ask("/accounts", {"name": "Another", **values})["account"]

    # === THE LIST === #

    def test_accounts_are_listed_with_what_a_person_needs(self):
        wizard = self.choices()
        main, sub_account = wizard.line_ids
        self.assertEqual((main.name, main.iban, main.main), (self.main["name"], self.main["iban"], True))
        self.assertEqual(round(main.balance * 100), self.main["balance_cents"])
        self.assertEqual((sub_account.iban, sub_account.main), (self.sub_account["iban"], False))
        self.assertFalse(any(wizard.line_ids.mapped("selected")))
        self.assertFalse(any(wizard.line_ids.mapped("book_opening")))
        self.assertEqual(main.target, "new")
        self.assertEqual(wizard.line_ids.mapped("new_name"), [f"Qonto {line.name}" for line in wizard.line_ids])
        self.assertEqual(wizard.line_ids.mapped("new_code"), ["QON1", "QON2"])
        self.assertFalse(wizard.has_problems or wizard.hides_ibans or wizard.has_overlaps)
        self.assertEqual(wizard.permission, "pay")

    def test_nothing_ticked_is_nothing_connected(self):
        self.assert_refused(self.line(), "Tick at least one account")

    def test_short_codes_that_are_taken_are_not_proposed(self):
        archived = self.journal.copy({"code": "QON2", "name": "Archived"})
        archived.active = False
        self.journal.copy({"code": "QON1", "name": "Used"})
        self.assertEqual(self.choices().line_ids.mapped("new_code"), ["QON3", "QON4"])

    def test_one_or_several_accounts_are_connected(self):
        wizard = self.choices()
        self.change(wizard.line_ids)
        action = wizard.action_confirm()
        accounts = self.env["qonto.account"].browse(action["params"]["account_ids"])
        self.assertEqual(set(accounts.mapped("iban")), {self.main["iban"], self.sub_account["iban"]})
        # The first sync starts at once.
        self.assertEqual(action["tag"], "qonto_psd2_sync.sync")
        self.sync(accounts)
        for account in accounts:
            self.assertEqual(account.status, "connected")

    def test_others_may_follow_later(self):
        wizard = self.choices()
        account = self.confirm(self.change(self.line(wizard)))
        consent = wizard.consent_id
        with self.enter_registry_test_mode():
            action = consent.action_map_accounts()
        again = self.env["qonto.map"].browse(action["res_id"])
        main, sub_account = again.line_ids
        self.assertEqual(main.account_id, account)
        self.assertIn("Connected already", main.problem)
        self.assertEqual(main.destination, account.journal_id.display_name)
        self.change(main)
        self.assert_refused(main, "Tick at least one")
        other = self.confirm(self.change(sub_account))
        self.assertEqual(consent.account_ids, account | other)

    def test_account_that_was_connected_in_another_window_meanwhile(self):
        consent = self.give_consent()
        first, second = (self.choose(consent) for _window in range(2))
        self.confirm(self.line(first))
        self.assert_refused(self.line(second), "Connected already")

    # === START DATE === #

    def test_new_journal_starts_90_days_back_and_says_why(self):
        line = self.line()
        self.assertEqual(line.start_date, self.earliest)
        for word in ("90 days back", "PSD2", "file import"):
            self.assertIn(word, line.start_reason)

    def test_journal_with_lines_starts_on_the_day_after_the_newest(self):
        self.add_line(30)
        self.add_line(20)
        self.give_iban(self.journal, self.main["iban"])
        line = self.line()
        self.assertEqual((line.target, line.journal_id), ("existing", self.journal))
        self.assertEqual(line.start_date, self.today - timedelta(days=19))
        self.assertIn("day after the journal's newest line", line.start_reason)
        self.assertEqual(line.overlap_count, 0)

    def test_journal_with_old_lines_only_starts_90_days_back(self):
        self.add_line(200)
        self.give_iban(self.journal, self.main["iban"])
        line = self.line()
        self.assertEqual(line.start_date, self.earliest)
        self.assertIn("90 days back", line.start_reason)

    def test_start_date_is_never_in_the_future(self):
        self.add_line(0)
        self.give_iban(self.journal, self.main["iban"])
        line = self.line()
        self.assertEqual(line.start_date, self.today)
        self.assertEqual(line.overlap_count, 1)
        self.change(line, start_date=self.today + timedelta(days=1))
        self.assert_refused(line, "lies in the future")

    def test_start_date_follows_the_journal_that_is_chosen(self):
        self.add_line(5)
        line = self.change(self.line(), target="existing", journal_id=self.journal.id)
        self.assertEqual(line.start_date, self.today - timedelta(days=4))
        self.change(line, target="new")
        self.assertEqual(line.start_date, self.earliest)

    def test_own_start_date_is_kept(self):
        start = self.today - timedelta(days=17)
        line = self.change(self.line(), start_date=start)
        self.assertFalse(line.start_reason)
        account = self.confirm(line)
        self.assertEqual(account.start_date, start)
        self.sync(account)
        self.assertTrue(self.lines_of(account))
        self.assertGreaterEqual(min(self.lines_of(account).mapped("date")), start)

    def test_start_date_beyond_the_window_is_refused_with_reason_and_way(self):
        line = self.change(self.line(), start_date=self.earliest - timedelta(days=1))
        words = ("90 days back", "PSD2", format_date(self.env, self.earliest), "export file", "file import")
        for word in words:
            self.assertIn(word, line.start_reason)
        self.assert_refused(line, line.name, *words)

    def test_no_start_date(self):
        line = self.change(self.line(), start_date=False)
        self.assert_refused(line, "choose a start date")

    def test_overlap_shows_how_many_and_needs_a_second_yes(self):
        self.give_iban(self.journal, self.main["iban"])
        for days_ago in (30, 20, 20, 10):
            self.add_line(days_ago)
        line = self.change(self.line(), start_date=self.today - timedelta(days=20))
        self.assertEqual(line.overlap_count, 3)
        self.assertTrue(line.map_id.has_overlaps)
        self.assert_refused(
            line, self.journal.display_name, "already has lines from", "on: 3.", "later start date", "all the same"
        )
        self.change(line, overlap_agreed=True)
        self.assertEqual(self.confirm(line).start_date, self.today - timedelta(days=20))

    # === ACCOUNTS THAT CAN'T BE CONNECTED === #

    def assert_problem(self, line, *words: str):
        """Expect the reason to stand beside the account, and again when it is ticked all the same."""
        for word in words:
            self.assertIn(word, line.problem)
        self.assertTrue(line.map_id.has_problems)
        self.assertFalse(line.opening_sentence)
        self.change(line)
        self.assert_refused(line, line.name, *words)

    def test_member_who_may_not_see_ibans_is_told_who_must_connect(self):
        for role in ("employee", "manager", "reporting"):
            with self.subTest(role):
                self.bank.policy(auto_member=self.emails[role])
                wizard = self.choices()
                self.assertTrue(wizard.hides_ibans)
                for line in wizard.line_ids:
                    self.assertFalse(line.iban)
                self.assert_problem(self.line(wizard), "does not show you this account's IBAN", "owner or admin")

    def test_account_without_an_iban(self):
        account = self.open_account(iban=None)
        wizard = self.choices()
        self.assertFalse(wizard.hides_ibans)
        self.assert_problem(self.line(wizard, account["id"]), "IBAN")
        # The others can be connected.
        self.line(wizard, account["id"]).selected = False
        self.confirm(self.change(self.line(wizard)))

    def test_closed_account(self):
        self.bank.ask(f"/accounts/{self.sub_account['id']}", {"status": "closed"}, "PATCH")
        self.assert_problem(self.line(ref=self.sub_account["id"]), "closed at Qonto")

    def test_currency_that_odoo_does_not_know(self):
        account = self.open_account(currency="XTS")
        self.assert_problem(self.line(ref=account["id"]), "does not know the currency XTS")

    def test_currency_that_is_switched_off(self):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "NOK")])
        currency.active = False
        account = self.open_account(currency="NOK")
        self.assert_problem(self.line(ref=account["id"]), "NOK is switched off", "Activate it")
        currency.active = True
        line = self.change(self.line(ref=account["id"]))
        self.assertFalse(line.problem)
        self.assertEqual(self.confirm(line).journal_id.currency_id, currency)

    def test_iban_of_another_companys_journal(self):
        other = self.env["res.company"].create({"name": "Somebody else GmbH"})
        ledger_account = self.env["account.account"].sudo().create(
            {"name": "Bank", "code": "180099", "account_type": "asset_cash", "company_ids": [Command.set(other.ids)]}
        )
        self.env["account.journal"].sudo().create(
            {
                "name": "Theirs",
                "code": "THEIR",
                "type": "bank",
                "company_id": other.id,
                "default_account_id": ledger_account.id,
                "bank_acc_number": f"{self.main['iban'][:4]} {self.main['iban'][4:].lower()}",
            }
        )
        self.assert_problem(self.line(), "belongs to a journal of the company Somebody else GmbH", "one company")

    # === WRONG JOURNALS === #

    def assert_journal_refused(self, journal, *words: str, **values):
        line = self.change(self.line(), target="existing", journal_id=journal.id, **values)
        self.assert_refused(line, line.name, *words)

    def test_journal_with_the_iban_is_proposed_however_it_is_written(self):
        iban = self.main["iban"].lower()
        self.give_iban(self.journal, " ".join(iban[index:index + 4] for index in range(0, len(iban), 4)))
        line = self.line()
        self.assertEqual((line.target, line.journal_id), ("existing", self.journal))
        self.assertEqual(line.destination, self.journal.display_name)
        account = self.confirm(self.change(line))
        self.assertEqual(account.journal_id, self.journal)
        self.assertEqual(self.journal.bank_statements_source, "qonto")

    def test_journal_without_an_iban_gets_it(self):
        self.assertFalse(self.journal.bank_account_id)
        account = self.confirm(self.change(self.line(), target="existing", journal_id=self.journal.id))
        self.assertEqual(account.journal_id, self.journal)
        self.assertEqual(self.journal.bank_account_id.sanitized_acc_number, self.main["iban"])
        self.assertEqual(self.journal.bank_account_id.partner_id, self.company.partner_id)

    def test_journal_from_which_it_was_begun_is_proposed_for_the_main_account(self):
        main, sub_account = self.choices(journal_id=self.journal.id).line_ids
        self.assertEqual((main.target, main.journal_id), ("existing", self.journal))
        self.assertEqual(sub_account.target, "new")

    def test_no_journal_chosen(self):
        line = self.change(self.line(), target="existing", journal_id=False)
        self.assert_refused(line, "choose a journal, or have a new one made")

    def test_journal_with_another_iban(self):
        self.give_iban(self.journal, IBAN)
        self.assert_journal_refused(self.journal, self.journal.display_name, "belongs to another IBAN")

    def test_iban_that_belongs_to_another_journal(self):
        owner = self.journal.copy({"code": "OWNER"})
        self.give_iban(owner, self.main["iban"])
        words = ("its IBAN belongs to the journal", owner.display_name, "Choose that one")
        for values in ({"target": "existing", "journal_id": self.journal.id}, {"target": "new"}):
            with self.subTest(values["target"]):
                line = self.change(self.line(), **values)
                self.assert_refused(line, line.name, *words)

    def test_journal_that_receives_another_account(self):
        wizard = self.choices()
        account = self.confirm(self.change(self.line(wizard)))
        self.line(wizard).selected = False
        line = self.line(wizard, self.sub_account["id"])
        account.journal_id.sudo().bank_account_id = False
        self.change(line, target="existing", journal_id=account.journal_id.id, overlap_agreed=True)
        self.assert_refused(line, "receives another Qonto account", "One journal, one account")

    def test_one_journal_for_two_accounts(self):
        wizard = self.choices()
        self.change(wizard.line_ids, target="existing", journal_id=self.journal.id)
        self.assert_refused(wizard.line_ids[:1], "receives another Qonto account", "One journal, one account")

    def test_journal_that_secures_its_entries(self):
        self.journal.restrict_mode_hash_table = True
        self.assert_journal_refused(self.journal, "hash", "refuses every bank line", "new one made")

    def test_journal_in_another_currency(self):
        dollars = self.env["account.journal"].sudo().create(
            {
                "name": "Dollars",
                "code": "DOLLA",
                "type": "bank",
                "company_id": self.company.id,
                "currency_id": self.env.ref("base.USD").id,
            }
        )
        self.assert_journal_refused(dollars, "EUR", "Dollars", "another currency")

    def test_what_is_no_bank_journal_of_this_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.env["account.journal"].sudo().create(
            {"name": "Theirs", "code": "THEIR", "type": "general", "company_id": other.id}
        )
        self.env.user.company_ids += other
        for journal in (self.company_data["default_journal_misc"], self.company_data["default_journal_cash"], theirs):
            with self.subTest(journal.name):
                both = self.line().with_context(allowed_company_ids=[self.company.id, other.id])
                line = self.change(both, target="existing", journal_id=journal.id)
                self.assert_refused(line, "no bank journal of this company")

    # === NEW JOURNALS === #

    def test_new_journal_is_made_as_it_was_changed(self):
        ledger_account = self.env["account.account"].create(
            {"name": "Qonto here", "code": "180077", "account_type": "asset_cash"}
        )
        line = self.change(
            self.line(), new_name="Our house bank", new_code="HOUSE", new_account_id=ledger_account.id
        )
        self.assertEqual(line.destination, "New journal HOUSE Our house bank")
        account = self.confirm(line)
        journal = account.journal_id
        self.assertEqual((journal.name, journal.code, journal.type), ("Our house bank", "HOUSE", "bank"))
        self.assertEqual(journal.default_account_id, ledger_account)
        self.assertEqual(journal.company_id, self.company)
        self.assertFalse(journal.currency_id)
        self.assertEqual(journal.bank_account_id.sanitized_acc_number, self.main["iban"])
        self.assertEqual(journal.bank_statements_source, "qonto")
        self.assertTrue(journal.suspense_account_id)
        self.sync(account)
        self.assertTrue(self.lines_of(account))

    def test_account_knows_where_it_comes_from(self):
        wizard = self.choices()
        account = self.confirm(self.change(self.line(wizard)))
        self.assertEqual(account.name, self.main["name"])
        self.assertEqual((account.iban, account.bank_ref, account.main), (self.main["iban"], self.main["id"], True))
        self.assertEqual((account.environment, account.company_id), ("own", self.company))
        self.assertEqual((account.currency_id.name, account.tz), ("EUR", "Europe/Berlin"))
        self.assertEqual((account.responsible_id, account.consent_ids), (self.env.user, wizard.consent_id))
        self.assertTrue(account.journal_id.default_account_id)
        self.assertEqual(account.status, "connected")
        self.assertIn(self.env.user.name, str(account.message_ids.mapped("body")))

    def test_account_in_another_currency_gets_a_journal_in_it(self):
        dollars = self.open_account(currency="USD", balance_cents=123_45)
        account = self.confirm(self.change(self.line(ref=dollars["id"])))
        self.assertEqual((account.currency_id.name, account.journal_id.currency_id.name), ("USD", "USD"))
        self.bank.add(dollars["id"], 10_00)
        self.sync(account)
        self.assertEqual(self.lines_of(account).mapped("amount"), [10.0])

    def test_new_journal_needs_a_name_and_a_code(self):
        for values in ({"new_name": False}, {"new_code": False}):
            with self.subTest(values):
                line = self.change(self.line(), **values)
                self.assert_refused(line, "needs a name and a short code")

    def test_short_code_that_is_taken(self):
        archived = self.journal.copy({"name": "Archived", "code": "ARCHI"})
        archived.active = False
        for code in (self.journal.code, "ARCHI"):
            with self.subTest(code):
                self.assert_refused(self.change(self.line(), new_code=code), f"short code {code} is taken", "another")
        with self.subTest("by the other account of the same choice"):
            wizard = self.choices()
            self.change(wizard.line_ids, new_code="BOTH")
            self.assert_refused(wizard.line_ids[:1], "short code BOTH is taken")

    def test_ledger_account_that_belongs_to_another_journal(self):
        used = self.journal.default_account_id
        line = self.change(self.line(), new_account_id=used.id)
        self.assert_refused(line, used.display_name, "belongs to the journal", self.journal.display_name, "empty")
        with self.subTest("to the other account of the same choice"):
            wizard = self.choices()
            free = used.copy({"code": "180078"})
            self.change(wizard.line_ids, new_account_id=free.id)
            self.assert_refused(wizard.line_ids[:1], free.display_name, "belongs to the journal")

    # === WHOSE CONSENT === #

    def test_only_who_gave_the_consent_adds_accounts_to_it(self):
        wizard = self.choices()
        colleague = self.new_user("colleague", "qonto_psd2_sync.group_feed_manager")
        with self.assert_told(f"given by {self.env.user.name}.*only that person"):
            wizard.consent_id.with_user(colleague).action_map_accounts()
        self.assertTrue(self.line(wizard))

    def test_consent_that_is_over_adds_nothing(self):
        line = self.change(self.line())
        consent = line.map_id.consent_id
        consent.action_withdraw()
        self.assert_refused(line, "This consent is over. Connect Qonto again.")
        with self.assert_told("This consent is over"):
            consent.action_map_accounts()

    def test_right_that_was_lost_meanwhile(self):
        line = self.change(self.line())
        self.env.user.sudo().group_ids -= self.env.ref("qonto_psd2_sync.group_feed_manager")
        with self.assertRaises(AccessError):
            line.map_id.action_confirm()

    # === OPENING BALANCE === #

    def bank_at_the_start_of(self, day) -> float:
        """Return the bank's balance when the day began, from its own books."""
        cents = self.main["opening_balance_cents"]
        for row in self.bank.truth(self.main["id"])["transactions"]:
            if row["status"] == "completed" and row["local_date"] < str(day):
                cents += row["amount_cents"]
        return cents / 100

    def test_opening_names_both_balances_and_the_difference(self):
        start = self.today - timedelta(days=20)
        self.add_line(30, amount=1000.0)
        self.add_line(10, amount=7.0)
        line = self.change(self.line(), target="existing", journal_id=self.journal.id, start_date=start)
        bank = self.bank_at_the_start_of(start)
        self.assertTrue(line.opening_known)
        self.assertEqual((line.bank_opening, line.ledger_opening), (bank, 1000.0))
        self.assertAlmostEqual(line.opening_difference, bank - 1000.0)
        euro = self.env.ref("base.EUR")
        for word in (format_date(self.env, start), euro.format(bank), euro.format(1000.0)):
            self.assertIn(word, line.opening_sentence)

    def test_opening_is_read_anew_for_another_start_date(self):
        """Whatever way the date came to be another one: what is shown is what is booked."""
        for days in (5, 15, 25):
            with self.subTest(f"{days} days, written"):
                line = self.change(self.line(), start_date=self.today - timedelta(days=days))
                self.assertAlmostEqual(line.bank_opening, self.bank_at_the_start_of(line.start_date))
        with self.subTest("in the form"):
            wizard, start = self.choices(), self.today - timedelta(days=8)
            with self.enter_registry_test_mode(), Form(wizard) as form, form.line_ids.edit(0) as row:
                row.start_date = start
                row.book_opening = True
                row.selected = True
            self.assertAlmostEqual(self.line(wizard).bank_opening, self.bank_at_the_start_of(start))
            self.assert_ledger_is_the_bank(self.confirm(self.line(wizard)))
        with self.subTest("by another journal"):
            self.add_line(12)
            line = self.change(self.line(ref=self.sub_account["id"]), target="existing", journal_id=self.journal.id)
            self.assertEqual(line.start_date, self.today - timedelta(days=11))
            self.assertTrue(line.opening_known)

    def assert_ledger_is_the_bank(self, account):
        self.sync(account)
        account.invalidate_recordset()
        self.assertEqual(round(account.ledger_balance * 100), self.bank.truth(account.bank_ref)["balance_cents"])
        self.assertTrue(account.currency_id.is_zero(account.balance_difference))

    def test_opening_is_never_booked_unasked(self):
        line = self.line()
        self.assertTrue(line.opening_difference)
        account = self.confirm(self.change(line))
        self.assertFalse(account.opening_move_id)
        self.assertFalse(self.env["account.move"].search([("journal_id", "=", account.journal_id.id)]))
        self.sync(account)
        self.assertAlmostEqual(account.balance_difference, line.opening_difference)

    def test_opening_is_booked_on_the_day_before_against_the_account_that_was_shown(self):
        line = self.line()
        shown = line.opening_account_id
        self.assertTrue(shown.code.startswith("9000"), shown.display_name)
        difference = line.opening_difference
        account = self.confirm(self.change(line, book_opening=True))
        move = account.opening_move_id
        self.assertEqual((move.state, move.date), ("posted", self.earliest - timedelta(days=1)))
        self.assertEqual(move.journal_id.type, "general")
        booked = {move_line.account_id: move_line.balance for move_line in move.line_ids}
        self.assertEqual(booked, {account.journal_id.default_account_id: difference, shown: -difference})
        self.assert_ledger_is_the_bank(account)

    def test_opening_is_booked_against_the_account_that_was_chosen(self):
        chosen = self.company_data["default_account_expense"]
        account = self.confirm(self.change(self.line(), book_opening=True, opening_account_id=chosen.id))
        self.assertIn(chosen, account.opening_move_id.line_ids.account_id)
        self.assert_ledger_is_the_bank(account)

    def test_opening_makes_an_existing_journal_right(self):
        self.add_line(40, amount=1234.56)
        self.add_line(35, amount=-99.0)
        line = self.change(self.line(), target="existing", journal_id=self.journal.id, book_opening=True)
        self.assert_ledger_is_the_bank(self.confirm(line))

    def test_opening_of_a_ledger_account_with_entries(self):
        ledger_account = self.journal.default_account_id.copy({"code": "180079"})
        self.env["account.move"].create(
            {
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": self.today - timedelta(days=120),
                "line_ids": [
                    Command.create({"account_id": ledger_account.id, "balance": 500.0}),
                    Command.create({"account_id": self.company_data["default_account_revenue"].id, "balance": -500.0}),
                ],
            }
        ).action_post()
        line = self.change(self.line(), new_account_id=ledger_account.id, book_opening=True)
        self.assertEqual(line.ledger_opening, 500.0)
        self.assert_ledger_is_the_bank(self.confirm(line))

    def test_no_difference_no_entry(self):
        account = self.open_account(balance_cents=0)
        line = self.change(self.line(ref=account["id"]), book_opening=True)
        self.assertEqual((line.opening_known, line.opening_difference), (True, 0.0))
        self.assertFalse(self.confirm(line).opening_move_id)

    def test_opening_in_another_currency(self):
        dollars = self.env.ref("base.USD")
        self.env["res.currency.rate"].create(
            {
                "name": self.today - timedelta(days=365),
                "rate": 2.0,
                "currency_id": dollars.id,
                "company_id": self.company.id,
            }
        )
        foreign = self.open_account(currency="USD", balance_cents=100_00)
        account = self.confirm(self.change(self.line(ref=foreign["id"]), book_opening=True))
        move_line = account.opening_move_id.line_ids.filtered(
            lambda line: line.account_id == account.journal_id.default_account_id
        )
        self.assertEqual((move_line.currency_id, move_line.amount_currency, move_line.balance), (dollars, 100.0, 50.0))
        self.assert_ledger_is_the_bank(account)

    def test_opening_of_an_account_that_moved_since_the_consent(self):
        """The choice may be made days after the consent: what the bank told then is not the balance of the start."""
        self.bank.ask("/clock", {"advance_seconds": -3 * 24 * 3600})
        quiet = self.open_account(balance_cents=10_00)
        consent = self.give_consent()
        self.bank.add(quiet["id"], 4321_00)
        self.bank.ask(f"/accounts/{self.sub_account['id']}", {"status": "closed"}, "PATCH")
        self.bank.ask("/clock", {"real": True})
        later = self.open_account(name="Opened later")
        wizard = self.choose(consent)
        line = self.change(self.line(wizard, quiet["id"]), start_date=self.today)
        self.assertEqual((line.balance, line.bank_opening), (4331.0, 4331.0))
        self.assertIn("closed", self.line(wizard, self.sub_account["id"]).problem)
        self.assertEqual(self.line(wizard, later["id"]).name, "Opened later")

    def test_choice_can_be_made_while_the_bank_is_silent(self):
        consent = self.give_consent()
        self.bank.fault("/v2/bank_accounts", "garbage", times=None)
        wizard = self.choose(consent)
        self.assertEqual(wizard.line_ids.mapped("iban"), [self.main["iban"], self.sub_account["iban"]])

    def test_opening_in_a_locked_period_is_refused(self):
        self.company.sudo().fiscalyear_lock_date = self.today - timedelta(days=15)
        line = self.change(self.line(), book_opening=True, start_date=self.today - timedelta(days=15))
        words = (format_date(self.env, self.today - timedelta(days=16)), "locked until", "later start date", "untick")
        self.assert_refused(line, line.name, *words)
        self.change(line, start_date=self.today - timedelta(days=14))
        self.assert_refused(line, "locked until")
        self.change(line, start_date=self.today - timedelta(days=13))
        self.assert_ledger_is_the_bank(self.confirm(line))

    def test_opening_without_an_account_or_a_journal_for_it_is_refused(self):
        line = self.change(self.line(), book_opening=True, opening_account_id=False)
        self.assert_refused(line, "choose the account of the opening entry")
        line = self.change(self.line(), book_opening=True)
        self.env["account.journal"].sudo().search(
            [("company_id", "=", self.company.id), ("type", "=", "general")]
        ).write({"type": "sale"})
        self.assert_refused(line, "journal of type Miscellaneous", "Make one first")

    def test_opening_that_the_bank_does_not_tell(self):
        consent = self.give_consent()
        self.bank.fault("/v2/transactions", "garbage", times=None)
        line = self.line(self.choose(consent))
        self.assertFalse(line.opening_known)
        self.assertIn("not known", line.opening_sentence)
        self.assertIn("could not be understood", line.opening_sentence)
        self.change(line, book_opening=True)
        self.assert_refused(line, "opening entry can't be booked", "Untick it, or try again later")
        self.bank.ask("/faults", method="DELETE")
        # Without it the account can be connected all the same.
        self.confirm(self.change(line, book_opening=False))
