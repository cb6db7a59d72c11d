# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The payment method *Qonto*: a SEPA credit transfer from a connected account in euros."""

from odoo import Command, api, models
from odoo.fields import Domain

CODE = "qonto_sct"


class AccountPaymentMethod(models.Model):
    _inherit = "account.payment.method"

    @api.model
    def _get_payment_method_information(self):
        """Override of `account` to make the method known."""
        return {
            **super()._get_payment_method_information(),
            CODE: {"mode": "multi", "type": ("bank",), "currency_ids": self.env.ref("base.EUR").ids},
        }

    @api.model
    def _get_payment_method_domain(self, code, with_currency=True, with_country=True):
        """Override of `account` to offer the method on connected accounts in euros only, wherever it is offered."""
        if code != CODE:
            return super()._get_payment_method_domain(code, with_currency, with_country)
        return super()._get_payment_method_domain(code, True, with_country) & Domain(
            "bank_statements_source", "=", "qonto"
        )


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def write(self, vals):
        """Override of `account`: a journal that is connected can pay by Qonto, one that no longer is can't."""
        result = super().write(vals)
        if "bank_statements_source" in vals:
            for journal in self:
                if journal.bank_statements_source == "qonto":
                    journal._qonto_method_line()
            self.filtered(
                lambda journal: journal.bank_statements_source != "qonto"
            )._qonto_method_lines().unlink()
        return result

    def _qonto_method_lines(self):
        """Return the ways to pay by Qonto that these journals have."""
        return self.sudo().outbound_payment_method_line_ids.filtered(lambda line: line.code == CODE)

    def _qonto_method_line(self):
        """Return the journal's way to pay by Qonto; it is made where it is missing. Empty: not in euros."""
        self.ensure_one()
        if not self._qonto_method_lines() and self._is_payment_method_available(CODE):
            method = self.env.ref("qonto_psd2_sync.account_payment_method_sct").sudo()
            # Last in the list: what people are used to stays the default.
            self.sudo().outbound_payment_method_line_ids = [
                Command.create({"name": method.name, "payment_method_id": method.id, "sequence": 99})
            ]
        return self._qonto_method_lines()[:1].sudo(self.env.su)
