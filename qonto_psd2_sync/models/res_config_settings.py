# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    qonto_four_eyes = fields.Boolean(related="company_id.qonto_four_eyes", readonly=False)
    qonto_without_approval = fields.Boolean(related="company_id.qonto_without_approval", readonly=False)
