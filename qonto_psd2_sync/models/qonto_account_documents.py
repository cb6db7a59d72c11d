# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person decides and sees of an account's statements and receipts; both are off by default."""

from odoo import fields, models


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    fetch_statements = fields.Boolean(
        string="Fetch monthly statements", tracking=True,
        help="The bank's own monthly statements (PDF), from the month of the start date on, are kept with this "
        "account.",
    )
    fetch_receipts = fields.Boolean(
        string="Fetch receipts", tracking=True,
        help="Receipts and invoices that were attached to transactions at Qonto (PDF, JPEG, PNG) are put on the bank "
        "lines' entries, each once, also when they are attached later.",
    )
    document_ids = fields.One2many("qonto.document", "account_id", string="Files")
    document_watch_ids = fields.One2many(
        "qonto.document.watch", "account_id", string="Look for statements and receipts"
    )
    documents_done_at = fields.Datetime(related="document_watch_ids.done_at", string="Last look for files")
    documents_failure = fields.Text(related="document_watch_ids.failure", string="What is wrong with files")
    statement_count = fields.Integer(string="Statements", compute="_compute_document_counts")
    receipt_count = fields.Integer(string="Receipts", compute="_compute_document_counts")
    unfetched_count = fields.Integer(string="Files not fetched", compute="_compute_document_counts")

    # === COMPUTE METHODS === #

    def _compute_document_counts(self):
        counts = {
            (account.id, kind, state): count
            for account, kind, state, count in self.env["qonto.document"].sudo()._read_group(
                [("account_id", "in", self.ids)], ["account_id", "kind", "state"], ["__count"]
            )
        }
        for account in self:
            mine = {key[1:]: count for key, count in counts.items() if key[0] == account.id}
            account.statement_count = mine.get(("statement", "there"), 0)
            account.receipt_count = mine.get(("receipt", "there"), 0)
            account.unfetched_count = sum(count for (_kind, state), count in mine.items() if state == "refused")

    # === CRUD METHODS === #

    def write(self, vals):
        """What is switched on is looked for at once."""
        result = super().write(vals)
        if vals.get("fetch_statements") or vals.get("fetch_receipts"):
            self._fetch_documents_soon()
        return result

    def unlink(self):
        """Statements are evidence: they stay, with the journal."""
        for account in self.sudo():
            statements = account.document_ids.filtered(lambda file: file.kind == "statement").attachment_id
            statements.write({"res_model": "account.journal", "res_id": account.journal_id.id})
            account.document_ids.unlink()
        return super().unlink()

    # === ACTION METHODS === #

    def action_fetch_documents(self):
        """Look for statements and receipts now."""
        self._check_may_sync()
        self._fetch_documents_soon()
        return {
            "type": "ir.actions.client", "tag": "display_notification",
            "params": {
                "message": self.env._(
                    "Statements and receipts are fetched in the background. They are listed when they are there."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _fetch_documents_soon(self):
        """Have the scheduled action look at once; nobody's request waits for downloads."""
        now = fields.Datetime.now()
        watches = self.env["qonto.document.watch"].sudo()
        for account in self.sudo():
            values = {"next_at": now, "statements_listed_at": False}
            if account.document_watch_ids:
                account.document_watch_ids.write(values)
            else:
                watches.create({"account_id": account.id, **values})
        if cron := self.env.ref("qonto_psd2_sync.ir_cron_documents", raise_if_not_found=False):
            cron.sudo()._trigger()

    def _forget_failure(self):
        """After a new authorisation files are looked for again, too."""
        result = super()._forget_failure()
        self.filtered(lambda account: account.fetch_statements or account.fetch_receipts)._fetch_documents_soon()
        return result

    def action_open_statements(self):
        """List the statements by month."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_statement"),
            "domain": [("account_id", "in", self.ids), ("kind", "=", "statement")],
        }

    def action_open_receipts(self):
        """List the receipts."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_receipt"),
            "domain": [("account_id", "in", self.ids), ("kind", "=", "receipt")],
        }
