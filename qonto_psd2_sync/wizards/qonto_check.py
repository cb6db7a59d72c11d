# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Check connection*: what is right, what is not, and how to mend it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..models.failure_words import explain_error
from ..qonto_api import OAuthError, QontoError, StagingTokenMissing
from ..vault import VaultError, key_source, vault_of

# No token of the bank's looks like this: asked with it, the bank judges the app's credentials and nothing else.
NO_TOKEN = "ory_rt_check"  # noqa: S105 - deliberately not a token


class QontoCheck(models.TransientModel):
    _name = "qonto.check"
    _description = "Check of the connection to Qonto"

    application_id = fields.Many2one("qonto.application", required=True, readonly=True, ondelete="cascade")
    line_ids = fields.One2many("qonto.check.line", "check_id", readonly=True)
    all_right = fields.Boolean(compute="_compute_all_right")

    @api.depends("line_ids.result")
    def _compute_all_right(self):
        for check in self:
            check.all_right = all(line.result == "right" for line in check.line_ids)

    @api.model_create_multi
    def create(self, vals_list):
        checks = super().create(vals_list)
        for check in checks:
            check.application_id.check_access("write")
            check._run()
        return checks

    def action_again(self):
        """Check once more, after something was mended."""
        return self.application_id.action_check_connection()

    def _run(self):
        self.ensure_one()
        results = [
            (self.env._("Encryption key"), *self._check_key()),
            (self.env._("Redirect address"), *self._check_redirect()),
            *self._check_bank(),
            (self.env._("Scheduled actions"), *self._check_scheduled()),
        ]
        self.line_ids = [
            fields.Command.create({"sequence": sequence, "name": name, "result": result, "message": message})
            for sequence, (name, result, message) in enumerate(results)
        ]

    def _check_key(self) -> tuple[str, str]:
        try:
            vault = vault_of(self.env)
            vault.open(vault.seal("check"))
        except VaultError as error:
            return "wrong", self.env._(
                "No usable key: %(reason)s. Whoever runs the server sets QONTO_PSD2_SYNC_KEY (32 characters or more) "
                "or makes Odoo's data directory writable.",
                reason=str(error),
            )
        places = {
            "environment": self.env._("It comes from the server's environment."),
            "file": self.env._("It comes from the server's configuration file."),
            "data_dir": self.env._(
                "It is a file in Odoo's data directory. Keep a copy in a safe place, apart from the database's "
                "backups; several servers must share it."
            ),
        }
        return "right", places[key_source()]

    def _check_redirect(self) -> tuple[str, str]:
        address = self.application_id.redirect_uri
        if not self.application_id._redirect_uri_is_safe():
            return "wrong", self.env._(
                "%(address)s is not encrypted, and Qonto sends a code there. Make Odoo reachable by https:// and set "
                "that address as web.base.url.",
                address=address,
            )
        return "right", self.env._("%(address)s: it must stand in the developer portal just so.", address=address)

    def _check_bank(self) -> list[tuple[str, str, str]]:
        """Ask the bank with the app's credentials and no token: it says which of the two it does not like."""
        application = self.application_id
        credentials = self.env._("Client ID and secret")
        staging = self.env._("Staging token")
        reachable = self.env._("Reach Qonto")
        try:
            application._check_credentials_complete()
            with application._oauth_client() as oauth:
                oauth.refresh(NO_TOKEN)
        except (UserError, ValidationError) as error:
            return [(credentials, "wrong", error.args[0])]
        except StagingTokenMissing as error:
            return [(staging, "wrong", explain_error(self.env, error))]
        except OAuthError as error:
            # "invalid_grant" is of the token: the bank has accepted the app.
            if error.error != "invalid_grant":
                result = "wrong" if error.error == "invalid_client" else "unknown"
                return [(reachable, "right", ""), (credentials, result, explain_error(self.env, error))]
        except QontoError as error:
            return [
                (reachable, "wrong", explain_error(self.env, error)),
                (credentials, "unknown", self.env._("Qonto could not be asked.")),
            ]
        results = [(reachable, "right", ""), (credentials, "right", self.env._("Qonto accepts them."))]
        if application.environment == "sandbox":
            results.append((staging, "right", self.env._("Qonto accepts it.")))
        return results

    def _check_scheduled(self) -> tuple[str, str]:
        crons = self.env["qonto.account"]._sync_crons()
        if not any(crons.mapped("active")):
            return "wrong", self.env._(
                "Those for Qonto are switched off. Switch them on under Settings → Technical → Scheduled Actions."
            )
        late = fields.Datetime.now() - timedelta(minutes=30)
        overdue = self.env["ir.cron"].sudo().search_count([("active", "=", True), ("nextcall", "<", late)], limit=1)
        if overdue:
            return "wrong", self.env._(
                "Some are overdue by more than half an hour, so nobody seems to run them. Whoever runs the server "
                "checks the option max_cron_threads and the server's log."
            )
        return "right", self.env._("They are on, and none is overdue.")


class QontoCheckLine(models.TransientModel):
    _name = "qonto.check.line"
    _description = "Result of a check"
    _order = "sequence, id"

    check_id = fields.Many2one("qonto.check", required=True, ondelete="cascade")
    sequence = fields.Integer()
    name = fields.Char(readonly=True)
    result = fields.Selection(
        selection=[("right", "Right"), ("wrong", "To mend"), ("unknown", "Not known")], readonly=True
    )
    message = fields.Char(string="What to do", readonly=True)
