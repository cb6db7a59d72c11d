# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Learning: only from what a person confirmed, only who a counterparty is, and forgotten when it is taken back.

An account becomes the partner's (`res.partner.bank`), never trusted for payments by us. It is learned only if the
names agree: what a trustee or a payment provider pays for somebody is no sign of whose account it is. Other names go
into `qonto.partner.name`: they lift an objection and rank a suggestion, and are no proof.
"""

from odoo import fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.addons.base_iban.models.res_partner_bank import validate_iban
from odoo.exceptions import ValidationError

from ..matching import NAMES_AGREE, likeness
from .statement_line_facts import PARTNER_ACCOUNTS


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_confirmed_partner_id = fields.Many2one(
        "res.partner", string="Learned partner", compute="_compute_qonto_confirmed_partner_id",
        help="The partner that this counterparty's name means, as somebody confirmed before.",
    )

    def _compute_qonto_confirmed_partner_id(self):
        names = self.env["qonto.partner.name"]
        for company in self.company_id:
            lines = self.filtered(lambda line, company=company: line.company_id == company)
            partners = names._partners_of(company, {line._qonto_counterparty() for line in lines})
            for line in lines:
                line.qonto_confirmed_partner_id = partners.get(line._qonto_counterparty(), False)
        self.filtered(lambda line: not line.company_id).qonto_confirmed_partner_id = False

    def _qonto_counterparty(self) -> str:
        """Return the counterparty's name as the bank shows it."""
        return self.partner_name or self.qonto_transaction_id.counterparty_name or ""

    def _qonto_learn(self):
        """Learn from lines that a person has just booked on documents."""
        for line in self:
            partner = line._qonto_partner_of_documents()
            if not partner:
                continue
            name = line._qonto_counterparty()
            agrees = bool(name) and likeness(name, partner.name or "") >= NAMES_AGREE
            if name and not agrees:
                self.env["qonto.partner.name"].sudo()._learn(line, partner, name)
            if agrees:
                line._qonto_learn_account(partner)

    def _qonto_partner_of_documents(self):
        """Return the only partner whose documents this line is matched with."""
        _liquidity, _suspense, items = self._seek_for_lines()
        matched = items.filtered(
            lambda item: item.account_type in PARTNER_ACCOUNTS and (item.matched_debit_ids or item.matched_credit_ids)
        )
        partners = matched.partner_id.commercial_partner_id
        return partners if len(partners) == 1 else partners.browse()

    def _qonto_learn_account(self, partner):
        number = sanitize_account_number(self.account_number)
        if not number or number in self._qonto_own_ibans():
            return
        try:
            validate_iban(number)
        except ValidationError:
            return
        accounts = self.env["res.partner.bank"].sudo().with_context(active_test=False)
        known = accounts.search([("sanitized_acc_number", "=", number)])
        if known.filtered("active"):
            return
        values = {"qonto_learned_from_id": self.id, "allow_out_payment": False, "active": True}
        forgotten = known.filtered(lambda account: account.partner_id.commercial_partner_id == partner)[:1]
        if forgotten:
            forgotten.write(values)
        else:
            accounts.create({"acc_number": number, "partner_id": partner.id, **values})

    def _qonto_unlearn(self):
        """Forget what was learned from lines whose match a person takes back."""
        learned = self.env["qonto.partner.name"].sudo().search([("statement_line_id", "in", self.ids)])
        learned.filtered(lambda name: name.confirmations <= 1).unlink()
        for name in learned.exists():
            name.confirmations -= 1
        accounts = self.env["res.partner.bank"].sudo()
        accounts.search([("qonto_learned_from_id", "in", self.ids)])._qonto_forget()
