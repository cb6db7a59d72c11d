# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Delete* an account: something else than disconnecting. It shows what would be lost, and is refused where the books
rest on it."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date


class QontoDelete(models.TransientModel):
    _name = "qonto.delete"
    _description = "Delete a Qonto account"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, ondelete="cascade")
    loses = fields.Text(string="What would be lost", compute="_compute_words")
    stays = fields.Text(string="What stays", compute="_compute_words")
    obstacles = fields.Text(string="Why not", compute="_compute_words")

    @api.depends("account_id")
    @api.depends_context("lang")
    def _compute_words(self):
        for wizard in self:
            wizard.loses = "\n".join(wizard._losses())
            wizard.stays = "\n".join(wizard._remains())
            wizard.obstacles = "\n".join(wizard._obstacles()) or False

    @api.model_create_multi
    def create(self, vals_list):
        """What would be lost is counted for those who may see the account only."""
        wizards = super().create(vals_list)
        wizards.account_id.check_access("write")
        return wizards

    def _lines(self, domain=()):
        """Return the account's bank lines that came from Qonto."""
        lines = self.env["account.bank.statement.line"].sudo()
        return lines.search(Domain("qonto_transaction_id.account_id", "=", self.account_id.id) & Domain(domain))

    def _losses(self) -> list[str]:
        account = self.account_id.sudo()
        lines = self._lines()
        words = []
        if lines:
            days = lines.mapped("date")
            words.append(
                self.env._(
                    "bank lines: %(count)s, from %(first)s to %(last)s",
                    count=len(lines), first=format_date(self.env, min(days)), last=format_date(self.env, max(days)),
                )
            )
        words.append(
            self.env._("what Qonto said about its transactions: %(count)s", count=len(account.transaction_ids))
        )
        words.append(
            self.env._(
                "the start date %(date)s and the history of its syncs: %(runs)s",
                date=format_date(self.env, account.start_date), runs=len(account.run_ids),
            )
        )
        if ending := self._ending_consents():
            words.append(
                self.env._(
                    "the access of %(people)s: it covers no other account, and Qonto is asked to revoke it",
                    people=", ".join(ending.user_id.mapped("name")),
                )
            )
        return words

    def _remains(self) -> list[str]:
        account = self.account_id.sudo()
        words = [self.env._("the journal %s", account.journal_id.display_name), self.env._("consents, as evidence")]
        if account.opening_move_id:
            words.append(
                self.env._(
                    "the opening entry %s: reverse it yourself if it shall go, too",
                    account.opening_move_id.display_name,
                )
            )
        if account.company_id.restrictive_audit_trail:
            words.append(
                self.env._(
                    "the entries of the bank lines, canceled: this company keeps an audit trail, in which nothing that "
                    "was posted disappears"
                )
            )
        return words

    def _obstacles(self) -> list[str]:
        """Return why the account can't be deleted, in words; none if it can."""
        account = self.account_id.sudo()
        words = []
        matched = self._lines(
            [
                "|", "|", ("is_reconciled", "=", True),
                ("line_ids.matched_debit_ids", "!=", False), ("line_ids.matched_credit_ids", "!=", False),
            ]
        )
        if matched:
            words.append(self.env._("Bank lines that are matched with documents or booked: %s.", len(matched)))
        lock_date = account.company_id._get_user_fiscal_lock_date(account.journal_id)
        if locked := self._lines([("date", "<=", lock_date)]):
            words.append(
                self.env._(
                    "Bank lines in a period locked until %(date)s: %(count)s.",
                    count=len(locked), date=format_date(self.env, lock_date),
                )
            )
        statements = self._lines([("statement_id", "!=", False)]).statement_id
        if closed := statements.filtered(lambda statement: statement.is_valid and statement.is_complete):
            words.append(self.env._("Bank statements rest on them: %s.", ", ".join(closed.mapped("display_name"))))
        payments = self.env["account.payment"].sudo().search_count(
            [("journal_id", "=", account.journal_id.id), ("state", "in", ("in_process", "paid"))]
        )
        if payments:
            words.append(self.env._("Payments made with it: %s.", payments))
        if transfers := self.env["qonto.transfer"].sudo().search([("order_id.account_id", "=", account.id)]):
            live = transfers.filtered("live")
            words.append(
                self.env._(
                    "Transfers are under way: %s.", ", ".join(transfer._held_by() for transfer in live[:5])
                )
                if live else self.env._("Transfers ordered from it, of which the record stays: %s.", len(transfers))
            )
        if account._is_at_work():
            words.append(self.env._("A sync is under way. Try again in a few minutes."))
        return words

    def _ending_consents(self):
        """Return the live consents that cover no other account."""
        live = self.account_id.sudo().consent_ids.filtered("is_live")
        return live.filtered(lambda consent: consent.account_ids == self.account_id)

    def _action_open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_delete"),
            "res_id": self.id,
        }

    # === ACTION METHODS === #

    def action_disconnect(self):
        """What is usually meant: the feed stops, everything stays."""
        return self.account_id.action_disconnect()

    def action_delete(self):
        """Delete the account with its bank lines, if nothing rests on them."""
        self.ensure_one()
        self.env["qonto.application"].check_access("write")
        self.account_id.check_access("write")
        account = self.account_id.sudo()
        account.lock_for_update()
        if obstacles := self._obstacles():
            raise UserError(
                self.env._(
                    "%(account)s can't be deleted:\n%(reasons)s\nDisconnect it instead: the feed stops, everything "
                    "stays.",
                    account=account.name, reasons="\n".join(obstacles),
                )
            )
        lines, journal = self._lines(), account.journal_id
        self._ending_consents().with_env(self.env).action_withdraw()
        evidence = self.env._(
            "%(user)s deleted the Qonto account %(account)s. Bank lines deleted with it: %(count)s.",
            user=self.env.user.name, account=account.name, count=len(lines),
        )
        for record in (*account.consent_ids, journal):
            record.message_post(body=evidence)
        # Through the core's own unlink: under an audit trail it cancels the entries, which stay readable.
        lines.with_context(tracking_disable=True).unlink()
        account.transaction_ids.unlink()
        account.unlink()
        journal.bank_statements_source = "undefined"
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_account"),
            "target": "main",
        }
