# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .. import vault
from ..models.qonto_application import MASK
from .common import QontoCommon, server_options

KEY = "k" * vault.MIN_KEY_LENGTH
OTHER_KEY = "o" * vault.MIN_KEY_LENGTH


@tagged("post_install", "-at_install")
class TestApplication(QontoCommon):
    def stored(self, name: str):
        """Return what really stands in the database."""
        self.env.flush_all()
        self.env.cr.execute(f'SELECT "{name}" FROM qonto_application WHERE id = %s', [self.application.id])
        return self.env.cr.fetchone()[0]

    def become_a_copy(self):
        """Give the database another uuid, as a restored or duplicated one gets."""
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", str(uuid4()))

    def write_history(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    # === SECRETS === #

    def test_secrets_rest_encrypted_and_show_as_a_mask(self):
        for name in ("client_secret", "staging_token"):
            with self.subTest(name):
                self.application[name] = "a-secret-in-clear"
                sealed = self.stored(f"{name}_sealed")
                self.assertTrue(sealed)
                self.assertNotIn("secret-in-clear", sealed)
                self.assertEqual(self.application._secret(name), "a-secret-in-clear")
                self.application.invalidate_recordset()
                self.assertEqual(self.application.read([name])[0][name], MASK)

    def test_no_secret_gets_into_the_history(self):
        application = self.application.with_context(tracking_disable=False, mail_notrack=False)
        self.write_history()
        application.write({"client_secret": "a-secret-in-clear", "client_id": "another-id"})
        self.write_history()
        messages = self.application.message_ids
        told = "".join(messages.mapped(lambda message: f"{message.body}{message.sudo().tracking_value_ids.read()}"))
        self.assertIn("another-id", told)
        self.assertNotIn("a-secret-in-clear", told)
        self.assertNotIn(self.stored("client_secret_sealed"), told)

    def test_writing_the_mask_back_changes_nothing(self):
        before = self.stored("client_secret_sealed")
        self.application.write({"client_secret": MASK})
        self.assertEqual(self.stored("client_secret_sealed"), before)

    def test_a_secret_can_be_replaced_and_erased(self):
        self.application.client_secret = "  the-new-one\n"
        self.assertEqual(self.application._secret("client_secret"), "the-new-one")
        self.application.client_secret = False
        self.assertFalse(self.stored("client_secret_sealed"))
        self.application.invalidate_recordset()
        self.assertFalse(self.application.client_secret)

    def test_secret_that_was_copied_badly_is_refused(self):
        before = self.stored("client_secret_sealed")
        for name in ("client_secret", "staging_token"):
            label = self.application.fields_get([name])[name]["string"]
            sentence = f"{label}: there are characters.*developer portal"
            for value in ("two words", "line\nbreak", "Schlüssel", "zero\u200bwidth", f"{MASK}x"):
                with self.subTest(f"{name} {value}"), self.assert_told(sentence):
                    self.application[name] = value
        self.assertEqual(self.stored("client_secret_sealed"), before)

    def test_a_copied_record_has_no_secrets(self):
        self.application.staging_token = "token"
        copy = self.application.copy({"environment": "sandbox"})
        self.assertFalse(copy.client_secret)
        self.assertFalse(copy.staging_token)

    def test_a_copied_database_opens_nothing_and_says_so(self):
        self.become_a_copy()
        with self.assert_told("this looks like a copy"):
            self.application._secret("client_secret")
        with self.assert_told("this looks like a copy"):
            self.begin()
        self.application.client_secret = "entered-again"
        self.assertEqual(self.application._secret("client_secret"), "entered-again")

    def test_without_a_good_key_nothing_is_stored_and_the_reason_is_named(self):
        with tempfile.NamedTemporaryFile() as no_directory:
            cases = {
                "shorter than 32": {"key": "short"},
                "a key is shorter": {"key": f"{KEY},short"},
                "the key is empty": {"key": " , "},
                "key file .*qonto_psd2_sync.key": {"key": None, "data_dir": no_directory.name},
            }
            before = self.stored("client_secret_sealed")
            for reason, options in cases.items():
                with self.subTest(reason), server_options(**options):
                    with self.assert_told(f"was not stored.*{reason}.*QONTO_PSD2_SYNC_KEY"):
                        self.application.client_secret = "new"
                    with self.assert_told(f"no usable encryption key.*{reason}"):
                        self.application._secret("client_secret")
                    with self.assert_told(f"no usable encryption key.*{reason}"):
                        self.begin()
            self.assertEqual(self.stored("client_secret_sealed"), before)

    def test_a_key_is_replaced_by_naming_the_new_one_first(self):
        with server_options(key=KEY):
            self.application.client_secret = "under-the-old-key"
        with server_options(key=f"{OTHER_KEY}, {KEY}"):
            self.assertEqual(self.application._secret("client_secret"), "under-the-old-key")
            self.application.client_secret = "under-the-new-key"
        with server_options(key=OTHER_KEY):
            self.assertEqual(self.application._secret("client_secret"), "under-the-new-key")
        with server_options(key=KEY), self.assert_told("under another key"):
            self.application._secret("client_secret")

    # === ADDRESSES === #

    def test_redirect_address_follows_the_address_of_odoo(self):
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", "https://books.example.com/")
        self.application.invalidate_recordset()
        self.assertEqual(self.application.redirect_uri, "https://books.example.com/qonto_psd2_sync/oauth/callback")

    def test_own_addresses_need_the_servers_configuration(self):
        self.application.unlink()
        application = {"company_id": self.company.id, "environment": "own", "client_id": "id"}
        for missing in ("api_url", "oauth_url"):
            with (
                self.subTest(missing),
                server_options(**{missing: None}),
                self.assert_told("Own addresses are not configured on this server", ValidationError),
            ):
                self.env["qonto.application"].create(application)
        other = self.env["qonto.application"].create({**application, "environment": "production"})
        with server_options(api_url=None), self.assert_told("Choose Production or Sandbox", ValidationError):
            other.environment = "own"

    def test_own_addresses_are_https_or_this_machine(self):
        good = ("https://bank.example.com", "http://127.0.0.1:8070", "http://localhost:8070", "http://[::1]:8070/v0")
        bad = (
            "http://bank.example.com",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example.com",
            "https://name:word@bank.example.com",
            "bank.example.com",
        )
        for address in good:
            with self.subTest(address), server_options(api_url=address, oauth_url=address):
                self.assertEqual(self.application._endpoints().oauth_url, address)
        for address in bad:
            for name in ("api_url", "oauth_url"):
                with (
                    self.subTest(f"{name} {address}"),
                    server_options(**{name: address}),
                    self.assert_told("can't be used", ValidationError),
                ):
                    self.application._check_own_addresses()

    # === CHANGES === #

    def test_app_is_not_pulled_from_under_a_live_consent(self):
        consent = self.give_consent()
        other_company = self.env["res.company"].create({"name": "Other"})
        changes = {"client_id": "another", "environment": "sandbox", "company_id": other_company.id}
        for name, value in changes.items():
            with self.subTest(name), self.assert_told("Disconnect them first"):
                self.application.write({name: value})
        # What changes nothing, and what does not cut a connection, may be written.
        self.application.write({name: self.application.read([name], load="")[0][name] for name in changes})
        self.application.client_secret = "a-new-one-of-the-same-app"
        consent.action_withdraw()
        self.application.write({"client_id": "another"})
        self.assertEqual(self.application.client_id, "another")

    def test_app_may_change_when_its_consents_are_over_or_not_given_yet(self):
        self.begin()
        self.application.client_id = "another"
        self.application.client_id = self.bank.ask("/state")["client"]["client_id"]
        consent = self.give_consent()
        consent.sudo().valid_until = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        self.application.client_id = "another"
        self.assertEqual(self.application.client_id, "another")

    def test_one_app_a_company_and_environment(self):
        values = {"company_id": self.company.id, "environment": "own", "client_id": "id"}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.env["qonto.application"].create(values)

    def test_an_app_of_another_company_is_not_there(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.new_user(
            "stranger", "qonto_psd2_sync.group_feed_manager", company_id=other.id, company_ids=[other.id]
        )
        self.env.invalidate_all()
        theirs = self.env(user=stranger)["qonto.application"]
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            theirs.browse(self.application.id).read(["client_id"])
        with self.assertRaises(AccessError):
            theirs.browse(self.application.id).write({"client_secret": "theirs"})


@tagged("post_install", "-at_install")
class TestKeyFile(TransactionCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        # A directory that is not there yet, as on a fresh server.
        self.data_dir = Path(directory.name) / "data"
        options = server_options(key=None, data_dir=str(self.data_dir))
        options.__enter__()
        self.addCleanup(options.__exit__, None, None, None)

    def test_key_file_is_made_once_for_its_owner_only(self):
        keys = vault.master_keys()
        path = self.data_dir / vault.KEY_FILE
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertGreaterEqual(len(keys[0]), vault.MIN_KEY_LENGTH)
        self.assertEqual(vault.master_keys(), keys)
        self.assertEqual([entry.name for entry in self.data_dir.iterdir()], [vault.KEY_FILE])
        self.assertEqual(vault.key_source(), "data_dir")

    def test_two_that_make_the_key_file_at_once_use_the_same_key(self):
        with ThreadPoolExecutor(8) as pool:
            keys = list(pool.map(lambda _number: vault.master_keys()[0], range(8)))
        with patch.object(Path, "exists", return_value=False):  # looked before the other one had made it
            keys += vault.master_keys()
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual([entry.name for entry in self.data_dir.iterdir()], [vault.KEY_FILE])

    def test_what_one_server_seals_another_with_the_same_file_opens(self):
        sealed = vault.vault_of(self.env).seal("text")
        self.assertEqual(vault.vault_of(self.env).open(sealed), "text")
        (self.data_dir / vault.KEY_FILE).unlink()
        with self.assertRaises(vault.SealBroken):
            vault.vault_of(self.env).open(sealed)

    def test_configuration_goes_before_the_file(self):
        with server_options(key=KEY):
            self.assertEqual(vault.master_keys(), [KEY])
            self.assertEqual(vault.key_source(), "environment")
        self.assertFalse(self.data_dir.exists())

    def test_key_can_stand_in_the_servers_configuration_file(self):
        configuration = Path(self.data_dir).parent / "odoo.conf"
        configuration.write_text(f"[options]\nkey = not this\n\n[qonto_psd2_sync]\nkey = {KEY}%\n")
        with server_options(key=None, file=str(configuration)):
            self.assertEqual(vault.master_keys(), [f"{KEY}%"])
            self.assertEqual(vault.key_source(), "file")
