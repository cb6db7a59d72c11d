# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import UserError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    qonto_account_ids = fields.One2many("qonto.account", "journal_id", string="Qonto account")
    qonto_status = fields.Selection(related="qonto_account_ids.status", string="Qonto")
    qonto_status_reason = fields.Char(related="qonto_account_ids.status_reason")

    # === CORE HOOKS === #

    def _get_bank_statements_available_sources(self):
        """Override of `account` to let a bank journal be fed by Qonto."""
        return [*super()._get_bank_statements_available_sources(), ("qonto", self.env._("Qonto"))]

    def _get_journal_dashboard_data_batched(self):
        """Override of `account` to tell on the card how the feed is."""
        dashboard = super()._get_journal_dashboard_data_batched()
        bank_journals = self.filtered(lambda journal: journal.type == "bank")
        accounts = self.env["qonto.account"].sudo().search([("journal_id", "in", bank_journals.ids)])
        by_journal = {account.journal_id.id: account for account in accounts}
        may_connect = self.env.user.has_group("qonto_psd2_sync.group_feed_manager")
        for journal in bank_journals:
            account = by_journal.get(journal.id)
            dashboard[journal.id].update(
                account._card_data()
                if account
                else {
                    "qonto_status": False,
                    "qonto_can_connect": may_connect and journal.bank_statements_source == "undefined",
                }
            )
        return dashboard

    def open_action(self):
        """Override of `account`: where its answer is the list of statements, which a feed leaves empty, show the lines.

        Another addon's own screen for a bank journal stays as it is.
        """
        action = super().open_action()
        if action.get("res_model") == "account.bank.statement" and self.bank_statements_source == "qonto":
            return self.action_qonto_lines()
        return action

    # === ACTION METHODS === #

    def action_qonto_connect(self):
        """Begin to connect Qonto from a journal's form or card."""
        mine = self.sudo().qonto_account_ids.consent_ids.filtered(lambda consent: consent.user_id == self.env.user)
        latest = (mine.filtered("is_live") or mine).sorted("id")[-1:]
        action = self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_connect")
        context = {"default_company_id": self.company_id.id, "default_journal_id": self.id}
        if latest:
            renewal = latest.sudo(False).action_renew()["context"]
            context |= renewal if latest.is_live else {"default_purpose": renewal["default_purpose"]}
        return {**action, "context": context}

    def action_qonto_sync(self):
        """Sync the accounts of these journals."""
        accounts = self.env["qonto.account"].search([("journal_id", "in", self.ids)])
        if not accounts:
            raise UserError(self.env._("This journal is not connected to Qonto."))
        return accounts.action_sync()

    def action_qonto_account(self):
        """Open the Qonto account of this journal."""
        account = self.env["qonto.account"].search([("journal_id", "in", self.ids)], limit=1)
        if not account:
            raise UserError(self.env._("This journal is not connected to Qonto."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "qonto.account",
            "res_id": account.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_qonto_statements(self):
        """List the monthly statements of this journal's Qonto account."""
        return self.env["qonto.account"].search([("journal_id", "in", self.ids)]).action_open_statements()

    def action_qonto_disconnect(self):
        """Disconnect the journal's Qonto account, after a page that says what that means."""
        account = self.env["qonto.account"].search([("journal_id", "in", self.ids)], limit=1)
        if not account:
            raise UserError(self.env._("This journal is not connected to Qonto."))
        return account.action_disconnect()

    def action_qonto_lines(self):
        """Open the journal's bank lines: stock Community has no screen for them."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_bank_transactions"),
            "domain": [("journal_id", "in", self.ids)],
            "context": {"default_journal_id": self.id},
        }
