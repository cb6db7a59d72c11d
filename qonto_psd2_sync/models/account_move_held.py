# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a live transfer pays stays as it is: bills, and the entry of its payment (design R11).

What does not matter for the money (notes, tags, analytic accounts, attachments) can be edited as ever.
"""

from odoo import api, models
from odoo.exceptions import UserError

HEAD = {
    "state", "partner_id", "currency_id", "partner_bank_id", "company_id", "journal_id", "invoice_date", "date",
    "invoice_date_due", "invoice_payment_term_id", "ref", "payment_reference", "matched_payment_ids",
}
ITEM = {
    "account_id", "partner_id", "currency_id", "amount_currency", "balance", "debit", "credit", "date_maturity",
    "price_unit", "quantity", "discount", "tax_ids", "move_id",
}


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        """Override of `account` to keep what a transfer pays."""
        self._qonto_check_not_held()
        return super().button_draft()

    def button_cancel(self):
        """Override of `account` to keep what a transfer pays."""
        self._qonto_check_not_held()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account` to keep what a transfer pays: a credit note would take it away."""
        self._qonto_check_not_held()
        return super()._reverse_moves(default_values_list, cancel)

    def write(self, vals):
        """Override of `account` to keep what a transfer pays."""
        if fields := HEAD.intersection(vals):
            self.filtered(
                lambda move: move._qonto_may_be_held() and differs(move, vals, fields)
            )._qonto_check_not_held()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        """Name the transfer that PostgreSQL would only hint at."""
        self._qonto_check_not_held()

    def _qonto_may_be_held(self) -> bool:
        self.ensure_one()
        return self.state == "posted" and bool(self.is_invoice(include_receipts=True) or self.origin_payment_id)

    def _qonto_check_not_held(self):
        """Refuse while money for one of these documents may be on its way, and name the transfer.

        :raise UserError: a transfer holds one of them
        """
        if not self.ids:
            return
        line = self.env["qonto.transfer.line"].sudo().search(
            [("move_line_id.move_id", "in", self.ids), ("live", "=", True)], limit=1
        )
        if line:
            line.move_line_id._qonto_refuse(line.transfer_id)
        self.origin_payment_id._qonto_check_not_held()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account` to keep what a transfer pays: nothing is added to it."""
        lines = super().create(vals_list)
        lines._qonto_check_documents_not_held()
        return lines

    def write(self, vals):
        """Override of `account` to keep what a transfer pays."""
        if fields := ITEM.intersection(vals):
            self.filtered(
                lambda line: line.parent_state == "posted" and differs(line, vals, fields)
            )._qonto_check_documents_not_held()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        self._qonto_check_documents_not_held()

    def _qonto_check_documents_not_held(self):
        self.filtered(lambda line: line.parent_state == "posted").move_id.filtered(
            lambda move: move._qonto_may_be_held()
        )._qonto_check_not_held()

    def _qonto_check_free(self):
        """Refuse items that a live transfer pays.

        :raise UserError: a transfer holds one of them
        """
        line = self.env["qonto.transfer.line"].sudo().search(
            [("move_line_id", "in", self.ids), ("live", "=", True)], limit=1
        )
        if line:
            line.move_line_id._qonto_refuse(line.transfer_id)

    def _qonto_held(self) -> dict:
        """Map the id of each of these items that a live transfer pays → that transfer."""
        lines = self.env["qonto.transfer.line"].sudo().search_fetch(
            [("move_line_id", "in", self.ids), ("live", "=", True)], ["move_line_id", "transfer_id"]
        )
        return {line.move_line_id.id: line.transfer_id for line in lines}

    def _qonto_refuse(self, transfer):
        raise UserError(
            self.env._(
                "%(bill)s stays as it is: a transfer of %(transfer)s pays it. It can be changed when that one has "
                "ended.",
                bill=self.sudo().move_id[:1]._qonto_name(), transfer=transfer._held_by(),
            )
        )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `account`: what a transfer pays is paid by nothing else."""
        pairs = [(vals.get("debit_move_id"), vals.get("credit_move_id")) for vals in vals_list]
        held = self.env["qonto.transfer.line"].sudo().search_fetch(
            [("move_line_id", "in", [item for pair in pairs for item in pair]), ("live", "=", True)],
            ["move_line_id", "transfer_id"],
        )
        if held:
            transfers = {line.move_line_id.id: line.transfer_id for line in held}
            items = self.env["account.move.line"].sudo()
            others = items.browse(item for pair in pairs for item in pair)
            for pair in pairs:
                for item, other in (pair, pair[::-1]):
                    if item in transfers and not transfers[item]._may_be_settled_by(
                        items.browse(other).with_prefetch(others.ids)
                    ):
                        items.browse(item)._qonto_refuse(transfers[item])
        return super().create(vals_list)

    def unlink(self):
        """Override of `account`: what a transfer pays stays reconciled."""
        items = (self.debit_move_id | self.credit_move_id).sudo()
        items._qonto_check_free()
        documents = items.filtered(lambda item: item.account_type in ("liability_payable", "asset_receivable"))
        documents.move_id.origin_payment_id._qonto_check_not_held()
        return super().unlink()


def differs(record, vals: dict, fields) -> bool:
    """Whether a write would change one of these fields."""
    for name in fields:
        field = record._fields[name]
        if field.type in ("one2many", "many2many"):
            return True
        if field.convert_to_record(field.convert_to_cache(vals[name], record), record) != record[name]:
            return True
    return False
