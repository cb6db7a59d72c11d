# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The world of the addon's tests: a German company, and the stand-in bank in a process of its own."""

import os
from contextlib import ExitStack, contextmanager
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import requests

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import UserError
from odoo.tests import new_test_user
from odoo.tests.common import _super_send

from .. import server_config, vault

ADDRESS = "QONTO_SIMULATOR_URL"
LOOPBACK = "http://127.0.0.1:"
LOOPBACK_TLS = "https://127.0.0.1:"


@contextmanager
def server_options(data_dir: str | None = None, file: str = os.devnull, **options: str | None):
    """Change what whoever runs the server has set for this addon; None: not in the environment.

    :param str data_dir: Odoo's data directory, where the key file is
    :param str file: the server's configuration file; by default it says nothing of this addon
    """
    names = ("key", "api_url", "oauth_url", "file_hosts")
    values = {name: options.get(name, server_config.server_option(name)) or "" for name in names}
    environment = {f"qonto_psd2_sync_{name}".upper(): value for name, value in values.items()}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        stack.enter_context(patch.object(server_config, "config", {"config": file}))
        if data_dir:
            stack.enter_context(patch.object(vault, "config", {"data_dir": data_dir}))
        yield


class StandIn:
    """The stand-in's control API (see `qonto_simulator/README.md`)."""

    def __init__(self):
        address = os.environ.get(ADDRESS)
        assert address, f"These tests talk to the stand-in bank: run them with ./dev/test, or set {ADDRESS}."
        self.address = address.rstrip("/")

    def ask(self, path: str, body=None, method: str | None = None):
        answer = requests.request(
            method or ("GET" if body is None else "POST"), f"{self.address}/_control{path}", json=body, timeout=20
        )
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def reset(self, scenario: str = "small", **values):
        return self.ask("/reset", {"scenario": scenario, **values})

    def policy(self, **values):
        return self.ask("/policy", values)

    def truth(self, account_ref: str | None = None):
        accounts = {account["id"]: account for account in self.ask("/truth")["accounts"]}
        return accounts[account_ref] if account_ref else accounts

    def add(self, account_ref: str, amount_cents: int, **values):
        """Add a transaction and return it; a negative amount is a debit."""
        return self.ask(
            "/transactions",
            {
                "account_id": account_ref,
                "side": "credit" if amount_cents > 0 else "debit",
                "amount_cents": abs(amount_cents),
                "label": "Somebody",
                **values,
            },
        )["transaction"]

    def edit(self, transaction_ref: str, **values):
        return self.ask(f"/transactions/{transaction_ref}", values, "PATCH")["transaction"]

    def fault(self, path: str, kind: str, **values):
        """Let the next answers for a path be wrong; see the stand-in's README."""
        return self.ask("/faults", [{"path_prefix": path, "kind": kind, **values}])

    def requests(self):
        return self.ask("/requests")["requests"]


class QontoCommon(AccountTestInvoicingCommon):
    """A German company with an app at the stand-in, and a user who may do everything with Qonto.

    The bank's world is made anew before each test: one organization with a main account and a sub-account, and a few
    weeks of transactions (scenario ``small``).
    """

    @classmethod
    @AccountTestInvoicingCommon.setup_country("de")
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.env.user.group_ids += cls.env.ref("qonto_psd2_sync.group_feed_manager")
        cls.env.user.group_ids += cls.env.ref("qonto_psd2_sync.group_payment_send")
        # The stand-in's cards spend abroad, too.
        cls.env["res.currency"].with_context(active_test=False).search(
            [("name", "in", ("USD", "GBP", "CHF"))]
        ).active = True
        cls.bank = StandIn()
        facts = cls.bank.reset()
        cls.application = cls.env["qonto.application"].create(
            {
                "company_id": cls.company.id,
                "environment": "own",
                "client_id": facts["client"]["client_id"],
                "client_secret": facts["client"]["client_secret"],
            }
        )
        # The chart of accounts was made in this very transaction, which PostgreSQL's statistics do not know: without
        # them each search for an account takes a second.
        cls.env.flush_all()
        cls.env.cr.execute("ANALYZE account_account, account_account_res_company_rel, account_journal, res_company")

    def setUp(self):
        super().setUp()
        self.reset_bank()

    def reset_bank(self, scenario: str = "small", **values):
        """Make the bank's world anew, with this Odoo's app registered and an owner who allows everything."""
        facts = self.bank.reset(scenario, redirect_uris=[self.application.redirect_uri], **values)
        self.bank.policy(auto_consent="allow")
        self.owner = next(member for member in facts["members"] if member["role"] == "owner")
        organization = self.owner["organization_id"]
        self.emails = {
            member["role"]: member["email"]
            for member in facts["members"]
            if member["organization_id"] == organization
        }
        accounts = [
            account for account in self.bank.truth().values() if account["organization_id"] == organization
        ]
        self.main = next(account for account in accounts if account["main"])
        self.sub_account = next((account for account in accounts if not account["main"]), None)
        # The app's credentials depend on the seed only, so they stay good.
        self.assertEqual(facts["client"]["client_id"], self.application.client_id)

    @classmethod
    def _request_handler(cls, session, prepared, /, **values):
        """Let requests to this machine through untouched: the handler of Odoo's tests can't read our time-outs."""
        if prepared.url.startswith((LOOPBACK, LOOPBACK_TLS, os.environ.get(ADDRESS, LOOPBACK))):
            return _super_send(session, prepared, **values)
        return super()._request_handler(session, prepared, **values)

    @classmethod
    def new_user(cls, login: str, *groups: str, **values):
        """Return a user of this company with these groups."""
        values = {"company_id": cls.company.id, "company_ids": [cls.company.id], **values}
        return new_test_user(cls.env(su=True), login, ",".join(groups) or "base.group_user", **values)

    @contextmanager
    def assert_told(self, pattern: str, error=UserError):
        """Expect an error with this sentence; what the block did is undone, as a request undoes it."""
        with self.assertRaises(error) as caught:
            yield
        self.assertRegex(str(caught.exception), pattern)

    # === JOURNEYS === #

    def begin(self, **values):
        """Say yes in Odoo.

        :return: the waiting consent, the bank's address, and the nonces of the browser's session
        """
        wizard = self.env["qonto.connect"].create({"agreed": True, "purpose": "pay", **values})
        with patch.object(type(wizard), "_remember_round_trip", autospec=True) as remember:
            address = wizard.action_continue()["url"]
        _wizard, consent, nonce = remember.call_args.args
        return consent.sudo(False), address, {str(consent.id): nonce}

    def at_the_bank(self, address: str) -> dict:
        """Follow the browser to the bank, which decides by its policy; return the query it comes back with."""
        answer = requests.get(address, allow_redirects=False, timeout=20)
        location = answer.headers.get("Location", "")
        self.assertTrue(location.startswith(self.application.redirect_uri), f"{answer.status_code} {location}")
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def come_back(self, query: dict, nonces: dict, user=None):
        """Take the browser back in Odoo.

        :param user: who is logged in there; by default who began
        :return: the outcome
        """
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            return self.env(cr=cr, user=user or self.env.user)["qonto.consent"]._receive_callback(query, nonces)

    def give_consent(self, **values):
        """Go the whole way and return the active consent."""
        consent, address, nonces = self.begin(**values)
        outcome = self.come_back(self.at_the_bank(address), nonces)
        self.assertTrue(outcome.ok, outcome)
        self.assertEqual(consent.state, "active")
        return consent

    def choose(self, consent, **values):
        """Return the choice of accounts with the main account ticked."""
        with self.enter_registry_test_mode():
            wizard = self.env["qonto.map"].create({"consent_id": consent.id})
        wizard.line_ids.filtered("main").write({"selected": True, **values})
        return wizard

    def connect(self, **values):
        """Connect the main account and return it."""
        wizard = self.choose(self.give_consent(), **values)
        wizard.action_confirm()
        return self.env["qonto.account"].search([("bank_ref", "=", self.main["id"])])

    def sync(self, accounts, expect: str = "done"):
        """Sync as the web client does, to the end; return the last report of each run."""
        with self.enter_registry_test_mode():
            runs = accounts.sync_start()
            for _step in range(50):
                progress = accounts.sync_step(runs)
                if progress["done"]:
                    break
        self.assertEqual({run["state"] for run in progress["runs"]}, {expect}, progress)
        return progress["runs"]

    def lines_of(self, account):
        return self.env["account.bank.statement.line"].search(
            [("journal_id", "=", account.journal_id.id)], order="date, id"
        )
