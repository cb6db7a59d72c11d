# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models

SETTINGS = ("qonto_four_eyes", "qonto_without_approval")


class ResCompany(models.Model):
    _inherit = "res.company"

    qonto_four_eyes = fields.Boolean(
        string="Payments: two people",
        help="Whoever prepared a payment at Qonto does not send it.",
    )
    qonto_without_approval = fields.Boolean(
        string="Trusted payees without approval",
        help="Payments to payees trusted at Qonto leave at once, without an approval on the phone. A second person is "
        "then required: whoever prepared them does not send them.",
    )

    def write(self, vals):
        """Override of `base` to keep who loosened or tightened what guards the money, beside the accounts."""
        changes = [
            (company, name) for company in self for name in SETTINGS if name in vals and company[name] != vals[name]
        ]
        result = super().write(vals)
        for company, name in changes:
            label = company.fields_get([name], ["string"])[name]["string"]
            words = (
                self.env._("%(user)s switched “%(setting)s” on.", user=self.env.user.name, setting=label)
                if company[name]
                else self.env._("%(user)s switched “%(setting)s” off.", user=self.env.user.name, setting=label)
            )
            for account in self.env["qonto.account"].sudo().search([("company_id", "=", company.id)]):
                account.message_post(body=words)
        return result
