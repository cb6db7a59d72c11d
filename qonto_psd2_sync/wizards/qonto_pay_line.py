# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One bill of *Bills to pay*: whether, how much of it, and why not."""

from odoo import api, fields, models
from odoo.tools import format_date

from ..models.qonto_payment_order import CREDIT_NOTES
from ..qonto_api import sepa
from .account_payment_register import as_reference


class QontoPayLine(models.TransientModel):
    _name = "qonto.pay.line"
    _description = "Bill to pay by Qonto"
    _order = "is_note, sort_date, id"
    _transient_max_hours = 24

    pay_id = fields.Many2one("qonto.pay", string="Wizard", required=True, readonly=True, ondelete="cascade", index=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    move_line_id = fields.Many2one("account.move.line", required=True, readonly=True, ondelete="cascade")
    move_id = fields.Many2one("account.move", string="Bill", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", string="Payee", readonly=True)
    partner_bank_id = fields.Many2one("res.partner.bank", string="Payee's account", readonly=True)
    is_note = fields.Boolean(readonly=True)
    number = fields.Char(string="Bill number", readonly=True)
    date_due = fields.Date(string="Due", readonly=True)
    sort_date = fields.Date(readonly=True)
    owed = fields.Monetary(readonly=True)
    discount = fields.Monetary(string="Amount of the discount", readonly=True)
    discount_until = fields.Date(readonly=True)
    selected = fields.Boolean(string="Pay")
    amount = fields.Monetary(string="To pay")
    reference = fields.Char()
    trusted = fields.Boolean(readonly=True)
    last_check = fields.Char(string="Payee check", readonly=True, help="What the payee check said last time.")
    problem = fields.Char(string="Why not", readonly=True)
    asked = fields.Boolean(
        string="Asked to trust", readonly=True, help="Somebody was asked to trust the payee's account."
    )

    takes_discount = fields.Boolean(compute="_compute_takes_discount")
    discount_words = fields.Char(string="Discount", compute="_compute_discount_words")

    # === COMPUTE METHODS === #

    @api.depends("amount", "owed", "discount")
    def _compute_takes_discount(self):
        """The whole less the discount is paid; any other amount is a part of what is owed."""
        for line in self:
            line.takes_discount = bool(line.discount) and line.currency_id.is_zero(
                line.owed - line.discount - line.amount
            )

    @api.depends("discount", "discount_until")
    @api.depends_context("lang")
    def _compute_discount_words(self):
        for line in self:
            line.discount_words = False
            if line.discount and line.discount_until:
                line.discount_words = self.env._(
                    "%(amount)s until %(day)s", amount=line.currency_id.format(line.discount),
                    day=format_date(self.env, line.discount_until),
                )

    @api.onchange("amount")
    def _onchange_amount(self):
        """Keep the amount within what is owed; whoever enters one wants it paid."""
        for line in self:
            low, high = sorted((0.0, line.owed))
            line.amount = min(max(line.amount, low), high)
            line.selected = not line.problem and not line.currency_id.is_zero(line.amount)

    # === MAKING === #

    @api.model
    def _values_of(self, wizard, items, *, ticked: bool) -> list[dict]:
        """Return the values of the lines; no query depends on how many there are."""
        day = wizard.scheduled_date or wizard.account_id._today()
        held = items._qonto_held()
        banks = {item.id: self._bank_of(item) for item in items}
        accounts = self.env["res.partner.bank"].union(*banks.values())
        checks, asked = self._last_checks(accounts), accounts._qonto_asked()
        found = []
        for item in items:
            bank, move = banks[item.id], item.move_id
            owed = -item.amount_residual_currency
            discount = 0.0
            if item.discount_amount_currency and move._is_eligible_for_early_payment_discount(item.currency_id, day):
                discount = item.discount_amount_currency - item.amount_currency
            number = move._qonto_name() or move.name or ""
            reference = as_reference(move.payment_reference or move.ref or move.name or "")
            is_note = move.move_type in CREDIT_NOTES.get(item.account_type, ())
            problem = self._problem(wizard, item, bank, reference, owed, is_note, held.get(item.id), asked)
            found.append(
                {
                    "move_line_id": item.id, "move_id": move.id, "partner_id": item.partner_id.id,
                    "partner_bank_id": bank.id, "currency_id": item.currency_id.id, "is_note": is_note,
                    "number": number, "date_due": item.date_maturity or item.date,
                    "sort_date": item.discount_date if discount else item.date_maturity or item.date,
                    "owed": owed, "discount": discount, "discount_until": item.discount_date if discount else False,
                    "amount": owed - discount, "reference": reference, "trusted": bank.allow_out_payment,
                    "last_check": checks.get(bank.id, ""), "problem": problem,
                    "selected": ticked and not problem and not is_note, "asked": bank.id in asked,
                }
            )
        return found

    @api.model
    def _bank_of(self, item):
        """Return the account that the bill names, else the vendor's first one."""
        bank = item.move_id.partner_bank_id
        if item.move_id.move_type in ("in_refund", "out_refund") or not bank:
            # A credit note may name our own account.
            partner = item.partner_id.commercial_partner_id
            bank = bank if bank.partner_id.commercial_partner_id == partner else (
                item.partner_id.bank_ids[:1] or partner.bank_ids[:1]
            )
        return bank

    @api.model
    def _last_checks(self, banks) -> dict:
        """Map an account → what the payee check said last, and when."""
        found = {}
        rows = self.env["qonto.transfer"].sudo().search_fetch(
            [("partner_bank_id", "in", banks.ids), ("payee_result", "!=", False)],
            ["partner_bank_id", "payee_result", "payee_checked_at"], order="payee_checked_at",
        )
        labels = dict(rows._fields["payee_result"]._description_selection(self.env))
        for row in rows:
            day = format_date(self.env, row.payee_checked_at)
            found[row.partner_bank_id.id] = f"{labels[row.payee_result]} ({day})"
        return found

    @api.model
    def _problem(self, wizard, item, bank, reference, owed, is_note, held, asked) -> str | None:
        """Say why a bill cannot be paid from here; the others go on."""
        order = self.env["qonto.payment.order"]
        if held:
            return self.env._("Under way: %s", held._in_words())
        if item.currency_id != wizard.currency_id:
            return self.env._("It is not in euros.")
        if not is_note and wizard.currency_id.compare_amounts(owed, 0) <= 0:
            return self.env._("Nothing is owed.")
        if not bank:
            return self.env._("The payee has no bank account. Add one to the vendor.")
        if why := sepa.iban_problem(bank.acc_number or ""):
            return order._iban_words()[why].capitalize()
        if sepa.name_problem(order._payee_name(bank)):
            return self.env._("The payee's name cannot be sent.")
        if sepa.reference_problem(reference):
            return self.env._("The reference “%s” cannot be sent.", reference)
        if not bank.allow_out_payment and bank.id in asked:
            return self.env._("%(name)s was asked to trust the account %(number)s.",
                              name=asked[bank.id], number=bank.acc_number)
        if not bank.allow_out_payment:
            return self.env._("Not trusted yet: account %s.", bank.acc_number)
        return None

    # === HELPERS === #

    def _payee_key(self):
        self.ensure_one()
        return (self.partner_bank_id.id, self.move_line_id.account_id.id)

    # === ACTION METHODS === #

    def action_trust(self):
        """Trust the payee's account, then the bill can be paid."""
        self.ensure_one()
        self.partner_bank_id.action_qonto_trust(self.partner_bank_id.acc_number)
        return self._look_again()

    def _look_again(self):
        """Work out once more why bills to the same account cannot be paid."""
        wizard = self.pay_id
        for line in wizard.line_ids.filtered(lambda row: row.partner_bank_id == self.partner_bank_id):
            values = self._values_of(wizard, line.move_line_id, ticked=True)[0]
            line.write({name: values[name] for name in ("problem", "selected", "trusted", "asked")})
        return wizard._open()

    def action_ask_to_trust(self):
        """Ask the first person who may to look at the account and trust it."""
        self.ensure_one()
        users = self.partner_bank_id._qonto_who_may_trust()
        if users:
            self.partner_bank_id.action_qonto_ask_to_trust(users[0].id)
        return self._look_again()

    def action_open_bill(self):
        """Open the bill."""
        self.ensure_one()
        return self.move_id._get_records_action(target="new")
