# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Qonto → Trouble-shooting → Download report*: what somebody who helps must know, and nothing that is nobody's
business. No name, no amount, no address, no secret, no full IBAN."""

import platform

import cryptography
import requests

from odoo import api, fields, models, release
from odoo.exceptions import AccessError

from ..qonto_api.redaction import mask_iban, redact
from ..vault import VaultError, key_source, master_keys

RUNS = 20


class QontoReport(models.AbstractModel):
    _name = "qonto.report"
    _description = "Report for trouble-shooting"

    @api.model
    def _collect(self) -> dict:
        """Return the report on the companies that the user has chosen, ready for JSON.

        :raise AccessError: it is for administrators of the bank feed
        """
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise AccessError(self.env._("The report is for administrators of the Qonto bank feed."))
        companies = [("company_id", "in", self.env.companies.ids)]
        find = {
            name: self.env[f"qonto.{name}"].with_context(active_test=False, lang="en_US").search(companies)
            for name in ("application", "consent", "account")
        }
        return self._redacted(
            {
                "made_at": fields.Datetime.now(),
                "versions": self._versions(),
                "encryption": self._encryption(),
                "scheduled_actions": [self._cron(cron) for cron in self.env["qonto.account"]._sync_crons()],
                "apps": [self._application(application) for application in find["application"]],
                "consents": [self._consent(consent) for consent in find["consent"]],
                "accounts": [self._account(account) for account in find["account"]],
            }
        )

    def _redacted(self, value):
        """Make everything text, number, list or dictionary, and each text free of what is nobody's business."""
        if isinstance(value, dict):
            return {name: self._redacted(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._redacted(item) for item in value]
        if value is None or isinstance(value, (bool, int)):
            return value
        return redact(fields.Datetime.to_string(value) if hasattr(value, "hour") else str(value))

    def _versions(self) -> dict:
        module = self.env["ir.module.module"].sudo().search([("name", "=", "qonto_psd2_sync")])
        return {
            "qonto_psd2_sync": module.installed_version,
            "odoo": release.version,
            "python": platform.python_version(),
            "postgresql": str(self.env.cr._cnx.server_version),
            "requests": requests.__version__,
            "cryptography": cryptography.__version__,
        }

    def _encryption(self) -> dict:
        try:
            return {"key_from": key_source(), "keys": len(master_keys())}
        except VaultError as error:
            return {"key_from": key_source(), "problem": str(error)}

    @staticmethod
    def _cron(cron) -> dict:
        return {
            "active": cron.active, "last": cron.lastcall, "next": cron.nextcall, "failures": cron.failure_count,
        }

    @staticmethod
    def _application(application) -> dict:
        return {
            "id": application.id,
            "environment": application.environment,
            "has_secret": bool(application.client_secret),
            "has_staging_token": bool(application.staging_token),
            "redirect_address_is_safe": application._redirect_uri_is_safe(),
            "licensed_third_party": application.third_party,
        }

    @staticmethod
    def _consent(consent) -> dict:
        return {
            "id": consent.id,
            "app": consent.application_id.id,
            "state": consent.state,
            "user": consent.user_id.id,
            "user_is_active": consent.user_id.active,
            "authorised_at": consent.authorised_at,
            "last_used_at": consent.last_used_at,
            "valid_until": consent.valid_until,
            "ended_at": consent.ended_at,
            "bank_told": consent.bank_told,
            "scopes": consent.scopes_granted,
            "role": consent.member_role,
            "accounts": consent.account_ids.ids,
        }

    def _account(self, account) -> dict:
        states = self.env["qonto.transaction"]._read_group(
            [("account_id", "=", account.id)], ["feed_state", "hold_kind"], ["__count"]
        )
        return {
            "id": account.id,
            "active": account.active,
            "iban": account.iban and mask_iban(account.iban),
            "currency": account.currency_id.name,
            "status": account.status,
            "failure": account.failure_kind,
            "failure_detail": self._detail(account),
            "failing_since": account.failing_since,
            "start_date": account.start_date,
            "watermark": account.watermark,
            "last_sync_at": account.last_sync_at,
            "next_sync_at": account.next_sync_at,
            "interval_hours": account.sync_interval,
            "balances_agree": account.currency_id.is_zero(account.balance_difference),
            "days_out_of_reach": sum(account.gap_ids.mapped("day_count")),
            "transactions": {"/".join(filter(None, (state, kind or ""))): count for state, kind, count in states},
            "last_runs": [self._run(run) for run in account.run_ids[:RUNS]],
        }

    def _run(self, run) -> dict:
        return {
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "trigger": run.trigger,
            "state": run.state,
            "pages": run.pages,
            "received": run.received,
            "new": run.new,
            "changed": run.changed,
            "booked": run.booked,
            "failure": run.failure_kind,
            "failure_detail": self._detail(run),
        }

    @staticmethod
    def _detail(record) -> str:
        """Return what the bank said; of an error in Odoo only its kind, since its text may quote anything."""
        detail = record.failure_detail or ""
        return detail.partition(":")[0] if record.failure_kind == "internal" else detail
