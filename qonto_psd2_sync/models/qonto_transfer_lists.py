# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How orders stand in lists, and the ways from an order to its bills, from a bill to its order."""

from odoo import api, fields, models

from .qonto_transfer_screen import BEFORE, FAILED


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    screen_state = fields.Selection(
        selection=[
            ("prepared", "Prepared"),
            ("handed_over", "Handed over"),
            ("phone", "Waiting for the phone"),
            ("under_way", "Under way"),
            ("needs_person", "Needs a person"),
            ("sent", "Sent"),
            ("failed", "Not paid"),
            ("ended", "Canceled"),
        ],
        string="State",
        compute="_compute_screen_state",
    )
    payee_words = fields.Char(string="Payees", compute="_compute_payee_words")
    bill_count = fields.Integer(compute="_compute_bill_count")

    @api.depends("transfer_ids.state", "transfer_ids.alarm")
    def _compute_screen_state(self):
        for order in self:
            states = set(order.transfer_ids.mapped("state"))
            order.screen_state = next(
                state
                for state, told in (
                    ("needs_person", "unknown" in states or any(order.transfer_ids.mapped("alarm"))),
                    ("phone", "awaiting_sca" in states),
                    ("under_way", states & {"sending", "submitted", "processing"}),
                    ("handed_over", states & {"to_approve", "verified"}),
                    ("prepared", "draft" in states),
                    ("failed", states & {*FAILED, "returned"}),
                    ("sent", "settled" in states),
                    ("ended", True),
                )
                if told
            )

    @api.depends("transfer_ids.payee_name")
    def _compute_payee_words(self):
        for order in self:
            names = list(dict.fromkeys(order.transfer_ids.mapped("payee_name")))
            more = len(names) - 2
            order.payee_words = ", ".join(names[:2]) + (f" + {more}" if more > 0 else "")

    @api.depends("transfer_ids.line_ids")
    def _compute_bill_count(self):
        for order in self:
            order.bill_count = len(order.transfer_ids.line_ids.move_id)

    def action_open_bills(self):
        """Open the bills that this order pays."""
        return self.transfer_ids.line_ids.move_id._get_records_action(name=self.env._("Bills"))

    def action_open_transfers(self):
        """Open the transfers of this order."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_transfer"),
            "domain": [("order_id", "in", self.ids)],
        }

    def _open(self):
        """Return the way to the screen of these orders."""
        action = self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_payment_order")
        if len(self) == 1:
            return {**action, "views": [(False, "form")], "res_id": self.id, "target": "current"}
        return {**action, "domain": [("id", "in", self.ids)], "target": "current"}


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _in_words(self) -> str:
        """Say in a few words how the payment of a bill stands."""
        self.ensure_one()
        if self.state in BEFORE:
            payer = self.order_id.payer_id
            return self.env._("handed over to %s", payer.name) if payer else self.env._("prepared, not sent")
        if self.state == "awaiting_sca":
            return self.env._("waiting for the phone of %s", self.order_id.sender_id.name)
        if self.state == "unknown":
            return self.env._("it is not known whether the money moved")
        return dict(self._fields["state"]._description_selection(self.env))[self.state]


class AccountMove(models.Model):
    _inherit = "account.move"

    qonto_order_id = fields.Many2one(
        "qonto.payment.order", string="Payment order at Qonto", compute="_compute_qonto_order", compute_sudo=True
    )
    qonto_payment_words = fields.Char(string="Paid by Qonto", compute="_compute_qonto_order", compute_sudo=True)
    qonto_live = fields.Boolean(string="Being paid with Qonto", compute="_compute_qonto_order", compute_sudo=True)
    qonto_nothing_else = fields.Boolean(
        string="Nothing else to pay", compute="_compute_qonto_order", compute_sudo=True,
        help="Nothing of it is left that another way could pay.",
    )

    @api.depends("line_ids")
    @api.depends_context("lang")
    def _compute_qonto_order(self):
        """The latest transfer that pays it, a live one first; one that was canceled before it was sent is no news."""
        rows = self.env["qonto.transfer.line"].search(
            [("move_line_id.move_id", "in", self.ids), ("transfer_id.state", "!=", "canceled")]
        ).sorted(lambda row: (row.live, row.id))
        latest = {row.move_id.id: row.transfer_id for row in rows}
        held = rows.filtered("live").move_line_id
        for move in self:
            transfer = latest.get(move.id)
            move.qonto_order_id = transfer.order_id if transfer else False
            move.qonto_payment_words = transfer._in_words() if transfer and not transfer.matched else False
            live = held.filtered(lambda item, move=move: item.move_id == move)
            move.qonto_live = bool(live)
            move.qonto_nothing_else = bool(live) and not move.line_ids.filtered(
                lambda item: item.account_type in ("liability_payable", "asset_receivable") and not item.reconciled
            ) - live

    def action_qonto_order(self):
        """Open the order that pays this bill."""
        return self.qonto_order_id.sudo(False)._open()


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def action_qonto_order(self):
        """Open the order that makes this payment."""
        return self.qonto_transfer_id.order_id.sudo(False)._open()


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def action_qonto_order(self):
        """Open the order whose transfer this line is."""
        return self.qonto_transfer_id.order_id.sudo(False)._open()
