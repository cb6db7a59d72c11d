# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.service.model import call_kw
from odoo.tests import Form, tagged

from ..models.qonto_payment_order import Wish
from .common import QontoCommon

FEED_USER, FEED_MANAGER = "qonto_psd2_sync.group_feed_user", "qonto_psd2_sync.group_feed_manager"
PREPARE, SEND = "qonto_psd2_sync.group_payment_prepare", "qonto_psd2_sync.group_payment_send"
STAGING_TOKEN = "a-staging-token-in-clear"

# Who may read, write, create and unlink what; who is not named may do nothing.
READERS = {"auditor": "r", "feed_user": "r", "feed_manager": "r"}
PAYERS = {"preparer": "r", "sender": "r"}
OWN = {"feed_manager": "rwcu"}
PAYMENTS = {"auditor": "r"} | PAYERS
MAY = {
    "qonto.application": READERS | OWN,
    "qonto.consent": READERS | PAYERS,
    "qonto.token": {},
    "qonto.account": READERS | PAYERS | {"feed_manager": "rw"},
    "qonto.account.gap": READERS | PAYERS,
    "qonto.transaction": READERS,
    "qonto.document": READERS,
    "qonto.document.watch": READERS | PAYERS,
    "qonto.sync.run": READERS,
    "qonto.check": OWN,
    "qonto.check.line": OWN,
    "qonto.connect": OWN,
    "qonto.map": OWN,
    "qonto.map.line": OWN,
    "qonto.renewal": OWN,
    "qonto.disconnect": OWN,
    "qonto.delete": OWN,
    "qonto.partner.name": READERS | {"feed_manager": "ru"},
    "qonto.payment.order": PAYMENTS,
    "qonto.transfer": PAYMENTS,
    "qonto.transfer.line": PAYMENTS,
    "qonto.transfer.trail": PAYMENTS,
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}

# Fields that nobody reads, with the fields through which other models reach them.
SECRETS = {
    "qonto.application": ("client_secret_sealed", "staging_token_sealed"),
    "qonto.consent": (
        "state_digest",
        "verifier_sealed",
        "token_ids.access_sealed",
        "token_ids.refresh_sealed",
        "application_id.client_secret_sealed",
        "application_id.staging_token_sealed",
    ),
    "qonto.token": ("access_sealed", "refresh_sealed", "consent_id.state_digest"),
    "qonto.sync.run": ("sca_token_sealed",),
    "qonto.payment.order": ("request_sealed", "account_id.consent_ids.token_ids.access_sealed"),
    "qonto.transfer": ("order_id.request_sealed",),
    "qonto.transfer.line": ("transfer_id.order_id.request_sealed",),
    "qonto.account": (
        "consent_ids.state_digest",
        "consent_ids.token_ids.refresh_sealed",
        "consent_ids.application_id.client_secret_sealed",
    ),
    "qonto.map": ("consent_id.token_ids.access_sealed", "consent_id.application_id.client_secret_sealed"),
    "qonto.check": ("application_id.client_secret_sealed",),
    "account.journal": ("qonto_account_ids.consent_ids.token_ids.access_sealed",),
}


@tagged("post_install", "-at_install")
class TestRights(QontoCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Other GmbH"})
        there = {"company_id": cls.other_company.id, "company_ids": [cls.other_company.id]}
        cls.people = {
            "nobody": cls.new_user("nobody", "base.group_user"),
            "invoicing": cls.new_user("invoicing", "account.group_account_invoice"),
            "auditor": cls.new_user("auditor", "account.group_account_readonly"),
            "feed_user": cls.new_user("feed_user", FEED_USER),
            "feed_manager": cls.new_user("feed_manager", FEED_MANAGER),
            "preparer": cls.new_user("preparer", PREPARE),
            "sender": cls.new_user("sender", SEND),
            "stranger": cls.new_user("stranger", FEED_MANAGER, SEND, **there),
            "system": cls.new_user("system", "base.group_system"),
        }
        # Whoever administers the feed is all that is needed to connect.
        cls.env = cls.env(user=cls.people["feed_manager"])

    def setUp(self):
        super().setUp()
        self.application.sudo().staging_token = STAGING_TOKEN
        self.waiting, self.address, self.nonces = self.begin()
        self.consent = self.give_consent()
        self.wizard = self.choose(self.consent)
        self.wizard.action_confirm()
        self.account = self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])
        self.gap = self.env["qonto.account.gap"].sudo().create(
            {"account_id": self.account.id, "date_from": "2026-01-01", "date_to": "2026-01-30"}
        ).sudo(False)
        self.forget_requests()

    def forget_requests(self):
        self.bank.ask("/requests", method="DELETE")

    def records(self) -> dict:
        """Return a record of each model."""
        self.sync(self.account)
        self.account.fetch_statements = True
        check = self.env["qonto.check"].create({"application_id": self.application.id})
        records = {
            "qonto.application": self.application,
            "qonto.consent": self.consent,
            "qonto.token": self.consent.sudo().token_ids,
            "qonto.account": self.account,
            "qonto.transaction": self.account.transaction_ids[:1],
            "qonto.sync.run": self.account.run_ids[:1],
            "qonto.document": self.env["qonto.document"].sudo().create({
                "kind": "statement", "account_id": self.account.id, "month": "2026-01-01", "bank_ref": "january",
            }).sudo(False),
            "qonto.document.watch": self.account.document_watch_ids,
            "qonto.check": check,
            "qonto.check.line": check.line_ids[:1],
            "qonto.connect": self.env["qonto.connect"].create({}),
            "qonto.map": self.wizard,
            "qonto.map.line": self.wizard.line_ids[:1],
            "qonto.renewal": self.env["qonto.renewal"].create({"consent_id": self.consent.id}),
            "qonto.disconnect": self.env["qonto.disconnect"].create({"consent_ids": self.consent.ids}),
            "qonto.delete": self.env["qonto.delete"].create({"account_id": self.account.id}),
            "qonto.account.gap": self.gap,
            "qonto.partner.name": self.env["qonto.partner.name"].sudo().create({
                "name": "Treuhand Nord", "key": "treuhand nord", "partner_id": self.company.partner_id.id,
                "company_id": self.company.id,
            }).sudo(False),
            **self.payment_records(),
        }
        self.assertEqual(set(records), set(MAY))
        for name, record in records.items():
            self.assertEqual(len(record), 1, name)
        return records

    def payment_records(self) -> dict:
        """Return a record of each model of payments."""
        payee = self.env["res.partner.bank"].sudo().create(
            {"partner_id": self.partner_a.id, "acc_number": "DE02120300000000202051"}
        )
        bill = self.init_invoice("in_invoice", partner=self.partner_a, amounts=[100.0], post=True)
        item = bill.line_ids.filtered(lambda line: line.account_id.account_type == "liability_payable")
        orders = self.env(user=self.people["preparer"])["qonto.payment.order"]
        wish = Wish(payee, "RG 4711", [(item.with_env(orders.env), 100.0)])
        order = orders._prepare(self.account.with_env(orders.env), [wish]).with_env(self.env)
        records = (order, order.transfer_ids, order.transfer_ids.line_ids, order.transfer_ids.trail_ids)
        return {record._name: record for record in records}

    def as_user(self, user, records):
        """Return the records as somebody else meets them in a request of their own."""
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_env(self.env(user=user, su=False, context={}))

    def rpc(self, user, records, method: str, *arguments, **named):
        """Call a method as the web client or an external program does."""
        records = self.as_user(user, records)
        on_the_model = getattr(getattr(type(records), method), "_api_model", False)
        return call_kw(records.browse(), method, [*([] if on_the_model else [records.ids]), *arguments], named)

    # === MODELS === #

    def test_who_may_do_what_with_which_record(self):
        records = self.records()
        for model, record in records.items():
            for name, user in self.people.items():
                with self.subTest(model=model, who=name):
                    mine = self.as_user(user, record)
                    may = "".join(letter for letter, operation in OPERATIONS.items() if mine.has_access(operation))
                    self.assertEqual(may, MAY[model].get(name, ""))

    def test_who_may_read_reads_and_who_may_not_finds_nothing(self):
        for model, record in self.records().items():
            for name, user in self.people.items():
                with self.subTest(model=model, who=name):
                    mine = self.as_user(user, record)
                    if "r" in MAY[model].get(name, ""):
                        self.assertIn(mine, mine.search([]))
                        # What the form shows can be read, all of it.
                        Form(mine)
                    else:
                        with self.assertRaises(AccessError):
                            mine.read()
                        # Those of another company may ask, and are not answered.
                        if mine.browse().has_access("read"):
                            self.assertNotIn(mine, mine.search([]))

    def test_each_wizard_is_ones_own(self):
        rules = self.env(user=self.people["feed_manager"])["ir.rule"]
        for name, model in self.env.registry.items():
            if name.startswith("qonto.") and model._transient:
                with self.subTest(name):
                    self.assertIn("create_uid", str(rules._compute_domain(name, "write")))

    def test_without_a_group_there_is_nothing(self):
        models = {name for name in self.env.registry if name.startswith("qonto.")}
        self.assertLessEqual(set(MAY), models)
        everybody = [self.people[name] for name in ("nobody", "invoicing", "system")]
        for model in models:
            for user in everybody:
                with self.subTest(model=model, who=user.login):
                    for operation in OPERATIONS.values():
                        self.assertFalse(self.env(user=user)[model].has_access(operation))

    def test_administrator_gets_the_upper_groups_on_installation(self):
        admin = self.env.ref("base.user_admin")
        for group in (FEED_MANAGER, FEED_USER, SEND, PREPARE, "account.group_account_basic"):
            with self.subTest(group):
                self.assertTrue(admin.has_group(group))

    def test_groups_imply_what_the_work_needs_and_no_more(self):
        implied = {
            "feed_user": {FEED_USER, "account.group_account_basic"},
            "feed_manager": {FEED_MANAGER, FEED_USER, "account.group_account_basic"},
            "preparer": {PREPARE, "account.group_account_invoice"},
            "sender": {SEND, PREPARE, "account.group_account_invoice"},
        }
        ours = {FEED_USER, FEED_MANAGER, PREPARE, SEND}
        for name, groups in implied.items():
            with self.subTest(name):
                self.assertEqual({group for group in ours if self.people[name].has_group(group)}, groups & ours)
                for group in groups:
                    self.assertTrue(self.people[name].has_group(group), group)
                self.assertFalse(self.people[name].has_group("base.group_system"))

    # === ACTIONS === #

    def assert_only(self, allowed: set, action, *, asks_the_bank: bool = True):
        """Expect an action to be refused to everybody else, without a question to the bank."""
        for name, user in self.people.items():
            if name not in allowed:
                with self.subTest(who=name):
                    with self.enter_registry_test_mode(), self.assertRaises(UserError):
                        action(user)
                    self.assertFalse(self.bank.requests())
        for name in allowed:
            with self.subTest(who=name):
                with self.enter_registry_test_mode(), self.env.cr.savepoint() as savepoint:
                    action(self.people[name])
                    savepoint.rollback()
                self.env.invalidate_all()
                self.assertEqual(bool(self.bank.requests()), asks_the_bank)
                self.forget_requests()

    def test_connecting(self):
        def connect(user):
            wizard = self.rpc(user, self.env["qonto.connect"], "create", {"agreed": True})
            self.rpc(user, self.env["qonto.connect"].browse(wizard), "action_continue")

        # Nothing but an address is made: the bank is asked by the browser. The other company has no app.
        self.assert_only({"feed_manager"}, connect, asks_the_bank=False)

    def test_connecting_with_the_wizard_or_the_app_of_somebody_else(self):
        wizard = self.env["qonto.connect"].create({"agreed": True})
        others = {name for name in self.people if name != "feed_manager"}
        for name in others:
            with self.subTest(who=name), self.assertRaises(UserError):
                self.rpc(self.people[name], wizard, "action_continue")
        values = {"agreed": True, "application_id": self.application.id, "company_id": self.company.id}
        before = self.env["qonto.consent"].sudo().search_count([])
        with self.assertRaises(AccessError):
            theirs = self.rpc(self.people["stranger"], self.env["qonto.connect"], "create", values)
            self.rpc(self.people["stranger"], wizard.browse(theirs), "action_continue")
        self.assertEqual(self.env["qonto.consent"].sudo().search_count([]), before)

    def test_coming_back_with_somebody_elses_round_trip(self):
        query = self.at_the_bank(self.address)
        self.forget_requests()
        for name, user in self.people.items():
            if name != "feed_manager":
                with self.subTest(who=name):
                    self.assertFalse(self.come_back(query, self.nonces, user=user).ok)
                    self.assertFalse(self.bank.requests())
        self.assertTrue(self.come_back(query, self.nonces).ok)

    def test_choosing_accounts(self):
        self.assert_only({"feed_manager"}, lambda user: self.rpc(user, self.consent, "action_map_accounts"))

    def test_confirming_the_choice(self):
        wizard = self.choose(self.consent)
        line = wizard.line_ids.filtered(lambda line: not line.account_id)
        line.selected = True
        self.forget_requests()
        self.assert_only({"feed_manager"}, lambda user: self.rpc(user, wizard, "action_confirm"), asks_the_bank=False)

    def test_changing_somebody_elses_choice(self):
        """Writing a start date asks the bank in the name of whoever gave the consent."""
        colleague = self.new_user("colleague", FEED_MANAGER)
        line = self.wizard.line_ids[:1]
        for user in (colleague, self.people["stranger"]):
            for method, arguments in (("write", [{"start_date": "2026-01-01"}]), ("read", [["iban", "balance"]])):
                with self.subTest(f"{user.login} {method}"), self.assertRaises(AccessError):
                    self.rpc(user, line, method, *arguments)
        self.assertFalse(self.bank.requests())

    def test_disconnecting(self):
        self.assert_only(
            {"feed_manager"}, lambda user: self.rpc(user, self.consent, "action_withdraw"), asks_the_bank=False
        )
        self.assertTrue(self.consent.is_live)

    def test_each_action_of_a_consent_and_what_may_be_done_by_whom(self):
        """One line an action: who may do it, and whether the bank is asked at once."""
        everybody, manager, nobody = set(self.people), {"feed_manager"}, set()
        records = {
            "consent": self.consent,
            "account": self.account,
            "app": self.application,
            "renewal": self.env["qonto.renewal"].create({"consent_id": self.consent.id}),
            "disconnect": self.env["qonto.disconnect"].create({"consent_ids": self.consent.ids}),
            "delete": self.env["qonto.delete"].create({"account_id": self.account.id}),
        }
        table = (
            ("consent", "action_renew", {"auditor", "feed_user", "feed_manager", "preparer", "sender"}, False),
            ("consent", "action_map_accounts", manager, True),
            ("consent", "action_disconnect", manager, False),
            ("consent", "action_withdraw", manager, False),
            ("consent", "unlink", nobody, False),
            ("account", "action_disconnect", manager, False),
            ("account", "action_delete", manager, False),
            ("account", "action_close_gaps", manager, False),
            ("account", "unlink", nobody, False),
            ("app", "action_check_connection", manager, True),
            ("app", "action_reseal", manager, False),
            ("renewal", "action_sync", manager, False),
            ("renewal", "action_map_accounts", manager, True),
            ("renewal", "action_replace", nobody, False),  # there is no question to answer
            ("renewal", "action_keep", nobody, False),
            ("renewal", "action_discard", nobody, False),
            ("disconnect", "action_disconnect", manager, False),
            ("delete", "action_disconnect", manager, False),
            ("delete", "action_delete", manager, False),
        )
        self.assertLess(manager, everybody)
        for name, method, allowed, asks_the_bank in table:
            with self.subTest(f"{name}.{method}"):
                self.assert_only(
                    allowed,
                    lambda user, name=name, method=method: self.rpc(user, records[name], method),
                    asks_the_bank=asks_the_bank,
                )
        self.assertTrue(self.consent.is_live)
        self.assertTrue(self.account.exists())

    def test_disconnecting_by_a_colleague(self):
        """Not only who gave a consent may end it: that person may be on holiday."""
        colleague = self.new_user("colleague", FEED_MANAGER)
        self.rpc(colleague, self.consent, "action_withdraw")
        self.assertEqual((self.consent.state, self.consent.ended_by_id), ("withdrawn", colleague))

    def test_checking_the_connection(self):
        self.assert_only({"feed_manager"}, lambda user: self.rpc(user, self.application, "action_check_connection"))

    def test_syncing(self):
        def sync(user):
            runs = self.rpc(user, self.account, "sync_start")
            self.rpc(user, self.account, "sync_step", runs)

        self.assert_only({"feed_user", "feed_manager"}, sync)

    def test_steps_of_a_run_that_somebody_else_began(self):
        with self.enter_registry_test_mode():
            runs = self.account.sync_start()
        self.forget_requests()
        for name in ("nobody", "invoicing", "auditor", "preparer", "sender", "stranger", "system"):
            with self.subTest(who=name), self.enter_registry_test_mode(), self.assertRaises(UserError):
                self.rpc(self.people[name], self.account, "sync_step", runs)
        with self.subTest("without an account, or with one's own"), self.enter_registry_test_mode():
            answer = self.rpc(self.people["stranger"], self.account.browse(), "sync_step", runs)
            self.assertEqual(answer["runs"], [])
        self.assertFalse(self.bank.requests())

    def test_what_is_private_is_no_remote_call(self):
        private = {
            self.env["qonto.token"]: ("_access_token", "_store", "_refresh_tokens", "_fresh_access"),
            self.consent: (
                "_receive_callback", "_end", "_revoke", "_reading_client", "_bank_accounts_now", "_take_over",
                "_answer", "_discard", "_update_states", "_next_wizard",
            ),
            self.application: ("_secret", "_oauth_client", "_seal_input"),
            self.env["qonto.sealed"]: ("_reseal",),
            self.env["qonto.report"]: ("_collect",),
            self.account: ("_cron_sync", "_work_on"),
        }
        for records, methods in private.items():
            for method in methods:
                with self.subTest(method), self.assertRaisesRegex(AccessError, "cannot be called remotely"):
                    self.assertTrue(hasattr(records, method))
                    self.rpc(self.people["feed_manager"], records, method)

    # === SECRETS === #

    def ways_to(self, model: str, path: str):
        """Yield each way on which a client might get at a field, or find out about its value."""
        name, _dot, rest = path.partition(".")
        nested = specification = {}
        for part in path.split("."):
            nested[part] = {"fields": {}}
            nested = nested[part]["fields"]
        export = path.replace(".", "/")
        yield "search", lambda records: records.search([(path, "!=", False)])
        yield "search by its beginning", lambda records: records.search([(path, "=like", "g%")])
        yield "search through any", lambda records: records.search(
            [(name, "any", [(rest, "!=", False)])] if rest else ["!", (path, "=", "x")]
        )
        yield "count", lambda records: records.search_count([(path, ">", "a")])
        yield "order", lambda records: records.search([], order=path)
        yield "group", lambda records: records.formatted_read_group([], [path], ["__count"])
        yield "group below", lambda records: records._read_group([], [path], ["__count"])
        yield "having", lambda records: records.formatted_read_group([], [], [f"{path}:max"])
        yield "aggregate", lambda records: records._read_group([], [], [f"{path}:array_agg"])
        yield "web read", lambda records: records.web_read(specification)
        yield "web search", lambda records: records.web_search_read([], specification)
        yield "export", lambda records: records.export_data([export])
        yield "mail template", lambda records: records.env["mail.render.mixin"]._render_template(
            f"{{{{ object.{path} }}}}", model, records.ids
        )
        yield "mail template of markup", lambda records: records.env["mail.render.mixin"]._render_template(
            f"<t t-out='object.{path}'/>", model, records.ids, engine="qweb"
        )
        if not rest:
            yield "read", lambda records: records.read([path])
            yield "search and read", lambda records: records.search_read([], [path])
            yield "attribute", lambda records: records[path]
            yield "write", lambda records: records.write({path: "x"})
            yield "create", lambda records: records.create({path: "x"})
            yield "filter", lambda records: records.filtered_domain([(path, "!=", False)]).mapped(path)
            yield "definition", lambda records: 1 / (path in records.fields_get([path]))

    def test_nobody_gets_at_a_secret(self):
        records = {**self.records(), "account.journal": self.account.journal_id}
        records["qonto.consent"] |= self.waiting
        sealed = self.sealed_values()
        self.assertGreater(len(sealed), 5)
        for model, paths in SECRETS.items():
            for path in paths:
                for way, attempt in self.ways_to(model, path):
                    for name, user in self.people.items():
                        with self.subTest(f"{model} {path}: {way}", who=name):
                            self.assert_not_told(attempt, self.as_user(user, records[model]), sealed)

    def sealed_values(self) -> list[str]:
        """Return what must not be told, in clear and sealed."""
        values = [self.application.sudo()._secret("client_secret"), STAGING_TOKEN]
        for model, names in SECRETS.items():
            for name in names:
                if "." not in name:
                    values += self.env[model].sudo().search([]).mapped(name)
        return [value for value in values if value]

    def assert_not_told(self, attempt, records, sealed: list[str]):
        try:
            with self.env.cr.savepoint():
                answer = attempt(records)
        except (AccessError, ValueError, KeyError, UserError, ZeroDivisionError):
            return
        text = repr(answer)
        for value in sealed:
            self.assertNotIn(value, text)
        self.assertEqual(answer, {"length": 0, "records": []}, "it was answered")

    def test_field_that_is_related_to_a_secret_shows_it_to_nobody(self):
        """Only system administrators may make such a field, and they read none of the models on which it could lie."""
        for name, user in self.people.items():
            with self.subTest(who=name):
                env = self.env(user=user)
                may_make = env["ir.model.fields"].has_access("create")
                self.assertEqual(may_make, name == "system")
                for model in SECRETS:
                    self.assertFalse(may_make and env[model].has_access("read"), model)

    def test_definition_of_a_secret_is_not_shown(self):
        for model, names in SECRETS.items():
            for name in names:
                if "." not in name and "r" in MAY.get(model, {}).get("feed_manager", ""):
                    with self.subTest(name):
                        fields = self.as_user(self.people["feed_manager"], self.env[model]).fields_get()
                        self.assertNotIn(name, fields)

    def test_administrators_see_masks_and_others_not_even_those(self):
        names = ["client_id", "client_secret", "staging_token"]
        seen = self.as_user(self.people["feed_manager"], self.application).read(names)[0]
        self.assertEqual({seen["client_secret"], seen["staging_token"]}, {"••••••••"})
        for name in ("feed_user", "auditor"):
            for field in names:
                with self.subTest(field, who=name), self.assertRaises(AccessError):
                    self.as_user(self.people[name], self.application).read([field])
        with self.assertRaises(AccessError):
            self.as_user(self.people["feed_user"], self.consent).read(["bank_accounts"])

    # === COMPANIES === #

    def world_of(self, company):
        """Make the records of a feed in another company and return them by model."""
        ledger = self.env["account.account"].sudo().create(
            {"name": "Bank", "code": "180055", "account_type": "asset_cash", "company_ids": [Command.set(company.ids)]}
        )
        journal = self.env["account.journal"].sudo().create(
            {
                "name": "Bank",
                "code": "BNK55",
                "type": "bank",
                "company_id": company.id,
                "default_account_id": ledger.id,
            }
        )
        application = self.env["qonto.application"].sudo().create(
            {"company_id": company.id, "environment": "production", "client_id": "id", "client_secret": "secret"}
        )
        consent = self.env["qonto.consent"].sudo().create(
            {"application_id": application.id, "user_id": self.people["stranger"].id, "state": "active"}
        )
        account = self.env["qonto.account"].sudo().create(
            {
                "name": "Account",
                "company_id": company.id,
                "environment": "production",
                "bank_ref": "theirs",
                "journal_id": journal.id,
                "currency_id": company.currency_id.id,
                "start_date": Datetime.now(),
                "responsible_id": False,
            }
        )
        run = self.env["qonto.sync.run"].sudo().create({"account_id": account.id, "trigger": "manual", "state": "done"})
        transaction = self.env["qonto.transaction"].sudo().create(
            {"account_id": account.id, "bank_ref": "t", "status": "completed", "feed_state": "before_start"}
        )
        return {record._name: record for record in (application, consent, account, run, transaction)}

    def test_each_company_has_its_own(self):
        theirs = self.world_of(self.other_company)
        ours = {model: record for model, record in self.records().items() if model in theirs}
        both = self.new_user(
            "both", FEED_MANAGER, company_ids=[self.company.id, self.other_company.id]
        )
        companies = {"ours": self.company, "theirs": self.other_company}
        seen = (
            (self.people["feed_manager"], ["ours"], ["ours"]),
            (self.people["stranger"], ["theirs"], ["theirs"]),
            (both, ["ours"], ["ours"]),
            (both, ["theirs"], ["theirs"]),
            (both, ["ours", "theirs"], ["ours", "theirs"]),
        )
        for model, our_record in ours.items():
            for user, chosen, visible in seen:
                with self.subTest(model=model, who=user.login, chosen=chosen):
                    ids = [companies[name].id for name in chosen]
                    mine = self.as_user(user, self.env[model]).with_context(allowed_company_ids=ids)
                    found = mine.search([("id", "in", [our_record.id, theirs[model].id])])
                    wanted = {"ours": our_record.id, "theirs": theirs[model].id}
                    self.assertEqual(set(found.ids), {wanted[name] for name in visible})

    def test_branch_sees_the_connection_of_its_parent_and_its_own_transactions_only(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        clerk = self.new_user("clerk", FEED_USER, company_id=branch.id, company_ids=[branch.id])
        records = self.records()
        for model, visible in (
            ("qonto.application", True),
            ("qonto.consent", True),
            ("qonto.account", True),
            ("qonto.transaction", False),
            ("qonto.sync.run", False),
        ):
            with self.subTest(model):
                self.assertEqual(self.as_user(clerk, records[model]).has_access("read"), visible)

    def test_nothing_of_one_company_hangs_on_another(self):
        theirs = self.world_of(self.other_company)
        account = theirs["qonto.account"]
        with self.assertRaises(UserError):
            account.sudo().journal_id = self.account.journal_id
        with self.assertRaises(UserError):
            theirs["qonto.consent"].sudo().account_ids = self.account
