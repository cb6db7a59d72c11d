# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A bank file: its preview, its import, and how it is taken back."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# A preview that nobody imported is cleared away.
KEEP_PREVIEW = timedelta(days=7)


class QontoFileImport(models.Model):
    _name = "qonto.file.import"
    _description = "Import of a bank file"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="File", required=True, readonly=True)
    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", related="account_id.company_id", store=True, index=True)
    journal_id = fields.Many2one("account.journal", related="account_id.journal_id")
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    sha256 = fields.Char(string="SHA-256 of the file", required=True, readonly=True, index=True)
    size = fields.Integer(string="Bytes", readonly=True)
    file = fields.Binary(string="The file itself", attachment=True, readonly=True)
    mapping_id = fields.Many2one("qonto.file.mapping", readonly=True, ondelete="set null")

    # preview ──Import──▶ importing ──▶ done ──Undo──▶ undoing ──▶ undone
    #    ▲                                                │           │ lines that stayed, because they are matched,
    #    └── nothing is in the books                      └───────────┘ can be taken back later
    # A file of an import in `importing`, `done` or `undoing` is refused when it comes again.
    state = fields.Selection(
        selection=[
            ("preview", "Preview"),
            ("importing", "Importing"),
            ("done", "Imported"),
            ("undoing", "Being undone"),
            ("undone", "Undone"),
        ],
        default="preview", required=True, readonly=True, index=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Imported by", readonly=True, default=lambda self: self.env.user
    )
    imported_at = fields.Datetime(string="Imported on", readonly=True)
    undone_by_id = fields.Many2one("res.users", string="Undone by", readonly=True)
    undone_at = fields.Datetime(string="Undone on", readonly=True)

    row_count = fields.Integer(string="Rows", readonly=True)
    counts = fields.Json(readonly=True, help="By verdict: number of rows and their sum, in the smallest unit.")
    facts = fields.Json(readonly=True, help="What else is known of the file: days, balances, what does not add up.")
    first_day = fields.Date(string="From", readonly=True)
    last_day = fields.Date(string="To", readonly=True)
    decisions = fields.Json(readonly=True)
    preview = fields.Binary(attachment=True, readonly=True)
    work = fields.Binary(attachment=True, readonly=True)
    total = fields.Integer(string="Rows to import", readonly=True)
    position = fields.Integer(string="Rows done", readonly=True)
    booked = fields.Integer(string="Booked at the import", readonly=True)
    adopted = fields.Integer(string="Lines that were there", readonly=True)

    opening_before_id = fields.Many2one("account.move", string="Opening entry before", readonly=True)
    opening_after_id = fields.Many2one("account.move", string="Opening entry after", readonly=True)
    past_move_ids = fields.Many2many(
        "account.move", "qonto_file_import_past_move_rel", string="Canceled entries", readonly=True
    )
    transaction_ids = fields.One2many("qonto.transaction", "file_import_id", string="Transactions", readonly=True)
    line_count = fields.Integer(string="Bank lines", compute="_compute_line_count")
    summary = fields.Text(compute="_compute_summary")

    _one_at_work = models.UniqueIndex(
        "(account_id) WHERE state IN ('importing', 'undoing')", "Another file of this account is being imported."
    )
    _once = models.UniqueIndex(
        "(account_id, sha256) WHERE state IN ('importing', 'done', 'undoing')", "This file was imported before."
    )

    # === COMPUTE METHODS === #

    @api.depends("transaction_ids.statement_line_ids")
    def _compute_line_count(self):
        counts = dict(self.env["account.bank.statement.line"].sudo()._read_group(
            [("qonto_transaction_id.file_import_id", "in", self.ids)], ["qonto_transaction_id.file_import_id"],
            ["__count"],
        )) if self.ids else {}
        for record in self:
            record.line_count = counts.get(record, 0)

    @api.depends("state", "facts")
    @api.depends_context("lang")
    def _compute_summary(self):
        for record in self:
            record.summary = "\n".join(record._summary_in_words())

    def _summary_in_words(self) -> list[str]:
        facts = self.facts or {}
        words = []
        if self.opening_before_id or self.opening_after_id:
            words.append(self._opening_in_words())
        stays = facts.get("stays") or {}
        if self.state == "undone" and stays:
            reasons = {
                "matched": self.env._("%s stay: they are matched. Undo their matches, then undo the import again."),
                "locked": self.env._("%s stay: they lie in a locked period."),
                "statement": self.env._("%s stay: a bank statement rests on them."),
                "feed": self.env._("%s stay: a sync has brought them, too."),
            }
            words += [reasons[kind] % count for kind, count in stays.items()]
        return words

    def _opening_in_words(self) -> str:
        before, after = self.opening_before_id, self.opening_after_id
        return self.env._(
            "Opening entry: %(before)s became %(after)s.",
            before=self._entry_in_words(before), after=self._entry_in_words(after),
        )

    def _entry_in_words(self, move) -> str:
        if not move:
            return self.env._("none")
        return self.env._(
            "%(entry)s of %(day)s over %(amount)s", entry=move.name, day=format_date(self.env, move.date),
            amount=self.currency_id.format(self.account_id._opening_amount(move)),
        )

    # === RIGHTS === #

    def _check_may_read(self):
        if self.exists() != self:
            raise UserError(self.env._(
                "This preview is not there any more: it was discarded, or its file was dropped again. What there is of "
                "files is under Qonto → File imports."
            ))
        self.check_access("read")

    def _check_may_import(self):
        self._check_may_read()
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            raise UserError(self.env._(
                "Importing needs the right “Qonto bank feed: User”. An administrator can give it to you."
            ))

    # === ACTION METHODS === #

    def action_open(self):
        """Open the screen with the preview, the progress or the result."""
        self.ensure_one()
        return {
            **self.env["ir.actions.client"]._for_xml_id("qonto_psd2_sync.action_file_import_screen"),
            "params": {"import_id": self.id},
        }

    def action_open_lines(self):
        """Open the lines that this import brought."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_bank_transactions"),
            "domain": [("qonto_transaction_id.file_import_id", "in", self.ids)],
            "context": {},
        }

    def action_open_transactions(self):
        """Open all that this import brought, held ones too."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_transaction"),
            "domain": [("file_import_id", "in", self.ids)],
            "context": {},
        }

    def action_discard(self):
        """Forget a preview."""
        self._check_may_import()
        self.filtered(lambda record: record.state == "preview").sudo().unlink()
        return self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_file_import")

    @api.autovacuum
    def _gc_previews(self):
        """What nobody imported is cleared away after a week; nothing of it is in the books."""
        self.search([
            ("state", "=", "preview"), ("create_date", "<", fields.Datetime.now() - KEEP_PREVIEW)
        ]).unlink()
