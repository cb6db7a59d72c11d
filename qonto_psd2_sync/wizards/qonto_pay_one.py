# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Create payment*: to a payee without a bill, back to a customer, or between own accounts."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.account_payment_method import CODE
from ..models.qonto_payment_order import Wish
from ..qonto_api import sepa
from .account_payment_register import as_reference


class QontoPayOne(models.TransientModel):
    _name = "qonto.pay.one"
    _description = "Payment by Qonto without a bill"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    account_id = fields.Many2one(
        "qonto.account", string="From account", required=True, check_company=True,
        default=lambda self: self.env["qonto.pay"]._usual_account(self.env.company),
        domain="[('company_id', '=', company_id), ('currency_id.name', '=', 'EUR')]",
    )
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    kind = fields.Selection(
        selection=[("vendor", "To a vendor"), ("customer", "Back to a customer"), ("own", "Between own accounts")],
        default="vendor",
        required=True,
    )
    partner_id = fields.Many2one("res.partner", string="Payee")
    partner_bank_id = fields.Many2one(
        "res.partner.bank", string="Payee's IBAN", compute="_compute_partner_bank_id", store=True, readonly=False,
        domain="[('partner_id', '=', partner_id)]",
    )
    trusted = fields.Boolean(related="partner_bank_id.allow_out_payment", string="Trusted", help="Money may go there.")
    to_account_id = fields.Many2one(
        "qonto.account", string="To account", check_company=True,
        domain="[('company_id', '=', company_id), ('currency_id.name', '=', 'EUR'), ('id', '!=', account_id)]",
    )
    amount = fields.Monetary()
    reference = fields.Char(required=True)
    reference_problem = fields.Boolean(compute="_compute_reference_problem")
    scheduled_date = fields.Date(string="Pay on", help="Empty: as soon as it is approved.")

    @api.depends("partner_id")
    def _compute_partner_bank_id(self):
        for wizard in self:
            wizard.partner_bank_id = wizard.partner_id.bank_ids[:1]

    @api.depends("reference")
    def _compute_reference_problem(self):
        for wizard in self:
            text = wizard.reference or ""
            wizard.reference_problem = bool(text) and bool(sepa.reference_problem(as_reference(text)))

    def action_prepare(self):
        """Prepare the order and open its screen."""
        self.ensure_one()
        if self.kind != "own" and self.scheduled_date and self.scheduled_date < self.account_id._today():
            raise UserError(self.env._("A transfer leaves today or later."))
        if self.kind == "own":
            if not self.to_account_id:
                raise UserError(self.env._("Choose the account that gets the money."))
            bank, own = self.to_account_id.journal_id.bank_account_id, self.to_account_id
        else:
            bank, own = self.partner_bank_id, None
        if not bank:
            raise UserError(self.env._("Choose the payee's account."))
        wish = Wish(
            partner_bank=bank, reference=as_reference(self.reference), total=self.amount,
            customer=self.kind == "customer", to_account=own,
            # The day is not on the screen there: what was typed before stays behind it.
            scheduled_date=None if own else self.scheduled_date or None,
        )
        return self.env["qonto.payment.order"]._prepare(self.account_id, [wish])._open()


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def action_qonto_pay(self):
        """Prepare the transfer of a payment that was entered in Odoo's own form."""
        self.ensure_one()
        account = self.env["qonto.account"].search([("journal_id", "=", self.journal_id.id)], limit=1)
        if not account or self.payment_method_line_id.code != CODE:
            raise UserError(self.env._("This payment is not made by Qonto."))
        if not self.partner_bank_id:
            raise UserError(self.env._("Choose the payee's account."))
        today = account._today()
        wish = Wish(
            partner_bank=self.partner_bank_id, reference=as_reference(self.memo or ""), payment=self,
            scheduled_date=self.date if self.date > today else None,
        )
        return self.env["qonto.payment.order"]._prepare(account, [wish])._open()


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def action_qonto_create_payment(self):
        """Open *Create payment* from this journal's account."""
        self.ensure_one()
        account = self.env["qonto.account"].search([("journal_id", "=", self.id)], limit=1)
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_pay_one"),
            "context": {"default_account_id": account.id, "default_company_id": self.company_id.id},
        }
