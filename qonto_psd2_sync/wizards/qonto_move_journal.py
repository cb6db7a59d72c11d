# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Move to another journal*: an account's unmatched lines are taken back and booked there; the others are named."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

NAMED = 30


class QontoMoveJournal(models.TransientModel):
    _name = "qonto.move.journal"
    _description = "Move a Qonto account to another journal"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="account_id.company_id")
    from_journal_id = fields.Many2one(related="account_id.journal_id", string="From")
    journal_id = fields.Many2one(
        "account.journal", string="To",
        domain="[('type', '=', 'bank'), ('company_id', '=', company_id), ('id', '!=', from_journal_id)]",
    )
    movable_count = fields.Integer(string="Lines that move", compute="_compute_lines")
    staying = fields.Text(string="What stays, and why", compute="_compute_lines")

    @api.depends("account_id")
    def _compute_lines(self):
        for wizard in self:
            movable, staying = wizard._sorted_lines()
            wizard.movable_count = len(movable)
            words = [wizard._line_in_words(line, why) for line, why in staying[:NAMED]]
            if len(staying) > NAMED:
                words.append(self.env._("… and %s more", len(staying) - NAMED))
            wizard.staying = "\n".join(words)

    def _line_in_words(self, line, why: str) -> str:
        return f"{format_date(self.env, line.date)}  {line.currency_id.format(line.amount)}  {line.payment_ref}: {why}"

    def _sorted_lines(self):
        """Return the lines that can move, and those that stay, each with the reason."""
        account = self.account_id
        lines = self.env["account.bank.statement.line"].sudo().search(
            [("qonto_transaction_id.account_id", "=", account.id), ("journal_id", "=", account.journal_id.id)],
            order="date, id",
        )
        lock_date = account.company_id._get_user_fiscal_lock_date(account.journal_id)
        movable, staying = lines.browse(), []
        for line in lines:
            if line.is_reconciled:
                staying.append((line, self.env._("it is matched")))
            elif line.date <= lock_date:
                staying.append(
                    (line, self.env._("its period is locked until %s", format_date(self.env, lock_date)))
                )
            else:
                movable |= line
        return movable, staying

    def action_confirm(self):
        """Tie the account to the other journal; the next sync, which starts at once, books the lines there."""
        self.ensure_one()
        account, journal = self.account_id, self.journal_id
        account.check_access("write")
        self._check_journal()
        account._lock_for_a_person()
        movable, staying = self._sorted_lines()
        before = account.journal_id
        reason = self.env._(
            "moved from the journal %(before)s to %(after)s", before=before.display_name, after=journal.display_name
        )
        movable.qonto_transaction_id._take_back("to_book", reason)
        bank_account = before.bank_account_id
        before.sudo().write({"bank_statements_source": "undefined", "bank_account_id": False})
        journal.sudo().write({
            "bank_statements_source": "qonto",
            **({} if journal.bank_account_id else {"bank_account_id": bank_account.id}),
        })
        account.sudo().journal_id = journal
        account.message_post(body=self.env._(
            "%(user)s moved it from the journal %(before)s to %(after)s. Lines that are booked there: %(moved)s; that "
            "stay where they are: %(stayed)s.",
            user=self.env.user.name, before=before.display_name, after=journal.display_name, moved=len(movable),
            stayed=len(staying),
        ))
        return account.action_sync()

    def _check_journal(self):
        account, journal = self.account_id, self.journal_id
        if not journal:
            raise UserError(self.env._("Choose a journal."))
        if journal.sudo().qonto_account_ids:
            raise UserError(self.env._("%s receives another Qonto account.", journal.display_name))
        if journal.bank_account_id and journal.bank_account_id != account.journal_id.bank_account_id:
            raise UserError(self.env._("%s belongs to another IBAN.", journal.display_name))
        if journal.restrict_mode_hash_table:
            raise UserError(self.env._(
                "%s secures its entries with a hash and refuses lines that are not matched yet.", journal.display_name
            ))
