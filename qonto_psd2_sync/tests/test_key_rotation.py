# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import io
from contextlib import redirect_stdout
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..cli import qonto_rotate_key
from ..models.qonto_sealed import SEALED_FIELDS
from ..vault import VaultError, vault_of
from .common import QontoCommon, server_options

OLD, NEW = "the-old-key-" * 4, "the-new-key-" * 4


@tagged("post_install", "-at_install")
class TestKeyRotation(QontoCommon):
    def setUp(self):
        super().setUp()
        with server_options(key=OLD):
            self.application.write(
                {"client_secret": self.bank.ask("/state")["client"]["client_secret"], "staging_token": "staging"}
            )
            self.begin()
            self.consent = self.give_consent()
            self.before = self.secrets()
        self.assertEqual(len(self.before), 5)

    def secrets(self) -> list[str]:
        """Return all secrets in clear."""
        self.env.invalidate_all()
        vault = vault_of(self.env)
        return [
            vault.open(record[name])
            for model, names in SEALED_FIELDS.items()
            for record in self.env[model].sudo().search([])
            for name in names
            if record[name]
        ]

    def test_every_field_that_rests_encrypted_is_rotated(self):
        sealed = {
            (model, name)
            for model, class_ in self.env.registry.items()
            for name in class_._fields
            if name.endswith("_sealed")
        }
        self.assertEqual(sealed, {(model, name) for model, names in SEALED_FIELDS.items() for name in names})

    def test_button_encrypts_anew_and_the_old_key_can_go(self):
        with server_options(key=f"{NEW},{OLD}"):
            answer = self.application.action_reseal()
            self.assertIn("5 secrets", answer["params"]["message"])
        with server_options(key=NEW):
            self.assertEqual(self.secrets(), self.before)
            with self.enter_registry_test_mode(), self.consent._reading_client() as client:
                self.assertTrue(client.get_organization().name)
        with server_options(key=OLD), self.assertRaises(VaultError):
            self.secrets()

    def test_without_the_old_key_nothing_is_changed_and_it_says_so(self):
        with server_options(key=NEW), self.assert_told("5 secrets can't be read"):
            self.application.action_reseal()
        with server_options(key=OLD):
            self.assertEqual(self.secrets(), self.before)

    def test_without_any_key_it_says_so(self):
        with server_options(key="short"), self.assert_told("no usable encryption key"):
            self.application.action_reseal()

    def test_command_does_the_same(self):
        said = io.StringIO()
        command = qonto_rotate_key.QontoRotateKey()
        with (
            server_options(key=f"{NEW},{OLD}"), self.enter_registry_test_mode(), redirect_stdout(said),
            patch.object(qonto_rotate_key, "config", _Config(self.env.cr.dbname)), mute_logger("odoo.modules.registry"),
        ):
            command.run([])
        self.assertIn("5 secrets are encrypted under the newest key, 0 could not be read", said.getvalue())
        with server_options(key=NEW):
            self.assertEqual(self.secrets(), self.before)


class _Config(dict):
    """Odoo's configuration as the command line leaves it."""

    class parser:
        prog = ""

    def __init__(self, database: str):
        super().__init__(db_name=[database])

    def parse_config(self, *_arguments, **_options):
        """The test has no command line of its own."""
