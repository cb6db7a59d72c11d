# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Bills to pay*: many bills in one order, each ticked or not, with its amount, netted and grouped as wished."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from ..models.qonto_payment_order import Wish
from ..qonto_api import sepa
from ..qonto_api.payment_orders import MOST_IN_BULK
from .account_payment_register import as_reference

BILLS, NOTES = ("in_invoice", "in_receipt"), ("in_refund",)
REFUNDS = ("out_refund",)


class QontoPay(models.TransientModel):
    _name = "qonto.pay"
    _description = "Bills to pay by Qonto"
    _transient_max_hours = 24

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    account_id = fields.Many2one(
        "qonto.account", string="From account", required=True, check_company=True,
        domain="[('company_id', '=', company_id), ('currency_id.name', '=', 'EUR')]",
    )
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    due_until = fields.Date(help="Bills due, or with a discount that ends, until this day.")
    chosen = fields.Boolean(readonly=True, help="The bills were selected in a list.")
    scheduled_date = fields.Date(string="Pay on", help="Empty: as soon as it is approved.")
    group_by_payee = fields.Boolean(
        string="One transfer for each payee", default=True,
        help="The numbers of the bills stand in the reference; where they do not fit, there are more transfers.",
    )
    net_notes = fields.Boolean(string="Take off open credit notes")
    line_ids = fields.One2many("qonto.pay.line", "pay_id")

    selected_count = fields.Integer(string="Bills", compute="_compute_totals")
    selected_total = fields.Monetary(string="Total", compute="_compute_totals")
    saved_total = fields.Monetary(string="Discounts taken", compute="_compute_totals")
    note_count = fields.Integer(compute="_compute_counts")
    problem_count = fields.Integer(compute="_compute_counts")
    available = fields.Monetary(related="account_id.authorized_balance", string="Available at the bank")
    balance_after = fields.Monetary(string="Available after it", compute="_compute_totals")
    next_discount = fields.Char(compute="_compute_next_discount")

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Bills to pay")

    @api.depends("line_ids.selected", "line_ids.amount", "line_ids.discount", "account_id")
    def _compute_totals(self):
        for wizard in self:
            lines = wizard.line_ids.filtered("selected")
            wizard.selected_count = len(lines)
            wizard.selected_total = sum(lines.mapped("amount"))
            wizard.saved_total = sum(line.discount for line in lines if line.takes_discount)
            wizard.balance_after = wizard.account_id.authorized_balance - wizard.selected_total

    @api.depends("line_ids.problem", "line_ids.is_note")
    def _compute_counts(self):
        for wizard in self:
            wizard.note_count = len(wizard.line_ids.filtered("is_note"))
            wizard.problem_count = len(wizard.line_ids.filtered("problem"))

    @api.depends("line_ids.discount_until", "line_ids.discount")
    @api.depends_context("lang")
    def _compute_next_discount(self):
        """Say until when what can be saved: "Pay by Thursday, save 42.10 €"."""
        for wizard in self:
            days = defaultdict(float)
            for line in wizard.line_ids:
                if line.discount_until and line.discount and not line.problem:
                    days[line.discount_until] += line.discount
            first = min(days, default=None)
            wizard.next_discount = first and self.env._(
                "Pay by %(day)s, save %(amount)s",
                day=format_date(self.env, first, date_format="EEEE, d MMMM"),
                amount=wizard.currency_id.format(days[first]),
            )

    @api.onchange("net_notes")
    def _onchange_net_notes(self):
        for line in self.line_ids.filtered("is_note"):
            line.selected = self.net_notes and not line.problem

    # === MAKING === #

    @api.model
    def _begin(self, account, items, *, ticked: bool = True, **values):
        """Make the wizard for these open journal items; the same few queries for one as for four hundred.

        :param items: instalments of bills; the vendors' open credit notes are added
        :return: the wizard
        """
        wizard = self.create(
            {"company_id": account.company_id.id, "account_id": account.id, "chosen": True, **values}
        )
        wizard._list(items, ticked=ticked)
        return wizard

    @api.model
    def _usual_account(self, company):
        account = self.env["qonto.account"].search(
            [("company_id", "=", company.id), ("currency_id.name", "=", "EUR")], order="main desc, id", limit=1
        )
        if not account:
            raise UserError(self.env._("Connect a Qonto account in euros first (Qonto → Connect)."))
        return account

    @api.model
    def action_bills_to_pay(self):
        """Open *Bills to pay*: due within a week, or with a discount that ends by then."""
        account = self._usual_account(self.env.company)
        until = account._today() + timedelta(days=7)
        wizard = self._begin(account, self._open_items(account, until), due_until=until, chosen=False)
        return wizard._open()

    @api.model
    def action_pay_bills(self, move_ids: list[int]):
        """Open the wizard for bills selected in a list."""
        moves = self.env["account.move"].browse(move_ids).filtered(
            lambda move: move.move_type in (*BILLS, *NOTES, *REFUNDS)
        )
        if drafts := moves.filtered(lambda move: move.state == "draft"):
            raise UserError(self.env._("Confirm it first: %s", ", ".join(drafts.mapped("display_name")[:5])))
        items = moves.line_ids.filtered(
            lambda item: item.account_type in ("liability_payable", "asset_receivable") and not item.reconciled
        )
        if len(items.company_id) > 1:
            raise UserError(self.env._("Choose bills of one company."))
        if not items:
            raise UserError(self.env._("Nothing of it is open."))
        return self._begin(self._usual_account(items.company_id), items)._open()

    def action_list_again(self):
        """List the bills anew, until the day that was chosen."""
        self.ensure_one()
        self.line_ids.unlink()
        self._list(self._open_items(self.account_id, self.due_until), ticked=True)
        return self._open()

    @api.model
    def _open_items(self, account, until):
        domain = (
            Domain(account.env["account.move.line"]._check_company_domain(account.company_id))
            & Domain("parent_state", "=", "posted")
            & Domain("account_type", "=", "liability_payable")
            & Domain("reconciled", "=", False)
            & Domain("move_id.move_type", "in", BILLS)
        )
        if until:
            domain &= Domain("payment_date", "<=", until) | Domain("date_maturity", "<=", until)
        return self.env["account.move.line"].search(domain)

    def _list(self, items, *, ticked: bool):
        """Make the lines: bills by discount deadline and due date, then what their vendors owe us."""
        notes = self.env["account.move.line"].search(
            Domain(items._check_company_domain(self.company_id))
            & Domain("parent_state", "=", "posted")
            & Domain("account_type", "=", "liability_payable")
            & Domain("reconciled", "=", False)
            & Domain("move_id.move_type", "in", NOTES)
            & Domain("partner_id", "child_of", items.partner_id.commercial_partner_id.ids)
        ) if items.partner_id else items
        items |= notes
        lines = self.env["qonto.pay.line"]
        self.line_ids = [Command.create(values) for values in lines._values_of(self, items, ticked=ticked)]

    def _open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_pay"),
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # === PAYING === #

    def action_tick_all(self):
        """Tick all that can be paid."""
        for line in self.line_ids:
            line.selected = not line.problem and (not line.is_note or self.net_notes)
        return self._open()

    def action_tick_none(self):
        self.line_ids.selected = False
        return self._open()

    def action_pay_all(self):
        """Prepare all that can be paid, ticked or not."""
        self.action_tick_all()
        return self.action_prepare()

    def action_prepare(self):
        """Prepare what is ticked; what is not stays for later.

        :return: the way to the order, or to the orders where one cannot hold them all (R6)
        """
        self.ensure_one()
        return self._prepare()._open()

    def _prepare(self):
        """Make the orders.

        :return: the `qonto.payment.order` records, each at most 400 transfers
        """
        lines = self.line_ids.filtered(lambda line: line.selected and not line.problem)
        if not lines:
            raise UserError(self.env._("Tick at least one bill that can be paid."))
        if self.scheduled_date and self.scheduled_date < self.account_id._today():
            raise UserError(self.env._("A transfer leaves today or later."))
        wishes = [wish for group in self._groups(lines) for wish in self._wishes(group)]
        orders = self.env["qonto.payment.order"]
        for start in range(0, len(wishes), MOST_IN_BULK):
            orders |= orders._prepare(self.account_id, wishes[start:start + MOST_IN_BULK])
        return orders

    def _groups(self, lines):
        """Put together what goes in one transfer, if its references fit: a payee's all, or those that are netted."""
        groups = defaultdict(lambda: self.env["qonto.pay.line"])
        netted = {line._payee_key() for line in lines if line.is_note}
        for line in lines:
            key = line._payee_key()
            groups[key if self.group_by_payee or key in netted else (*key, line.id)] |= line
        return groups.values()

    def _wishes(self, lines) -> list[Wish]:
        """Return the transfers for what goes to one payee: as few as the reference allows (`sepa.fit_references`)."""
        bills, notes = lines.filtered(lambda line: not line.is_note), lines.filtered("is_note")
        if not bills:
            raise UserError(
                self.env._("%s: only a credit note is ticked. Tick the bill that it is taken off, too.",
                           lines.partner_id[:1].display_name)
            )
        if len(lines) == 1:
            return [self._wish(bills, bills.reference)]
        parts = [list(group) for group in sepa.fit_references([line.reference for line in (*bills, *notes)])]
        if len(parts) == 1:
            return [self._wish(lines, ", ".join(parts[0]))]
        # The numbers do not fit: bills in several transfers, the credit notes with the first that can bear them.
        wishes, rest = [], list(bills)
        for numbers in sepa.fit_references([line.reference for line in bills]):
            taken, rest = rest[:len(numbers)], rest[len(numbers):]
            wishes.append([self.env["qonto.pay.line"].union(*taken), numbers])
        for note in notes:
            for wish in wishes:
                fits = len(sepa.fit_references([*wish[1], note.reference])) == 1
                if fits and self.currency_id.compare_amounts(sum(wish[0].mapped("amount")) + note.amount, 0) > 0:
                    wish[0] |= note
                    wish[1] = [*wish[1], note.reference]
                    break
            else:
                raise UserError(
                    self.env._("%(note)s is larger than what is paid besides, or its number does not fit. Untick it.",
                               note=note.move_id.display_name)
                )
        return [self._wish(part, ", ".join(numbers)) for part, numbers in wishes]

    def _wish(self, lines, reference: str) -> Wish:
        return Wish(
            partner_bank=lines.partner_bank_id[:1],
            reference=as_reference(reference),
            items=[(line.move_line_id, line.amount) for line in lines],
            discounted=lines.filtered("takes_discount").move_line_id,
            scheduled_date=self.scheduled_date or None,
        )
