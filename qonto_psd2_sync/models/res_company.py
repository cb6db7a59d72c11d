# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


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
