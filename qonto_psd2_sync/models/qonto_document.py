# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A monthly statement or a receipt at Qonto, whether it has been fetched or not."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .document_words import explain_document


class QontoDocument(models.Model):
    _name = "qonto.document"
    _description = "Statement or receipt at Qonto"
    _order = "month desc, id desc"
    _check_company_auto = True

    kind = fields.Selection(
        selection=[("statement", "Monthly statement"), ("receipt", "Receipt")], required=True, readonly=True
    )
    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(
        "res.company", related="account_id.company_id", store=True, precompute=True, index=True
    )
    transaction_id = fields.Many2one(
        "qonto.transaction", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    bank_ref = fields.Char(string="ID at Qonto", required=True, readonly=True)
    month = fields.Date(readonly=True, help="The first day of the statement's month.")
    name = fields.Char(readonly=True)

    # waiting ──fetched──▶ there          A receipt that is there lies on the entry of its transaction's bank line;
    #    ▲ └───for good──▶ refused        when that line is taken back and booked anew, also on the new one's.
    #    └──try again──────────┘
    state = fields.Selection(
        selection=[("waiting", "To fetch"), ("there", "Fetched"), ("refused", "Not fetched")],
        default="waiting",
        required=True,
        readonly=True,
    )
    failure_kind = fields.Char(readonly=True)
    failure_detail = fields.Char(readonly=True)
    failure = fields.Text(string="Why", compute="_compute_failure")
    tries = fields.Integer(string="Tries in vain", readonly=True)
    next_try_at = fields.Datetime(string="Next try", readonly=True)
    attachment_id = fields.Many2one("ir.attachment", string="File", readonly=True, index="btree_not_null")
    file_size = fields.Integer(string="Size", related="attachment_id.file_size")
    move_id = fields.Many2one(
        "account.move", string="On the entry", readonly=True, index="btree_not_null", ondelete="set null",
        help="Where the receipt was put. Removed there, it is not put there again.",
    )

    _month_uniq = models.UniqueIndex(
        "(account_id, month) WHERE kind = 'statement'", "The statement of this month is known already."
    )
    _receipt_uniq = models.UniqueIndex(
        "(transaction_id, bank_ref) WHERE kind = 'receipt'", "This receipt of the transaction is known already."
    )
    _waiting_idx = models.Index("(account_id, next_try_at) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("failure_kind", "failure_detail")
    @api.depends_context("lang")
    def _compute_failure(self):
        for file in self:
            file.failure = file.failure_kind and explain_document(self.env, file.failure_kind, file.failure_detail)

    @api.depends("kind", "month", "name")
    def _compute_display_name(self):
        for file in self:
            file.display_name = file.name or (file.month and f"{file.month:%Y-%m}") or file.bank_ref

    # === CRUD METHODS === #

    def unlink(self):
        """What lies on entries and accounts belongs to them; what only this record holds goes with it."""
        own = self.sudo().attachment_id.filtered(lambda file: file.res_model == self._name)
        result = super().unlink()
        own.unlink()
        return result

    # === ACTION METHODS === #

    def action_open_file(self):
        """Show the file in the browser."""
        self.ensure_one()
        if not self.attachment_id:
            raise UserError(self.failure or self.env._("The file has not been fetched yet."))
        return {"type": "ir.actions.act_url", "url": f"/web/content/{self.attachment_id.id}", "target": "new"}

    def action_try_again(self):
        """Fetch again what could not be fetched, or was deleted here."""
        self.account_id._check_may_sync()
        self.sudo().filtered(lambda file: not file.attachment_id).write({
            "state": "waiting", "failure_kind": False, "failure_detail": False, "tries": 0, "next_try_at": False,
        })
        return self.account_id.action_fetch_documents()
