# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which bill a transfer pays, and with how much of it."""

from odoo import api, fields, models
from odoo.tools import SQL


class QontoTransferLine(models.Model):
    _name = "qonto.transfer.line"
    _description = "Bill paid by a transfer at Qonto"
    _check_company_auto = True
    _order = "transfer_id, id"
    _rec_name = "move_line_id"

    transfer_id = fields.Many2one(
        "qonto.transfer", required=True, readonly=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one("res.company", related="transfer_id.company_id", store=True, index=True)
    currency_id = fields.Many2one("res.currency", related="transfer_id.currency_id", store=True)
    move_line_id = fields.Many2one(
        "account.move.line", string="Instalment", required=True, readonly=True, index=True, ondelete="restrict",
        check_company=True,
    )
    move_id = fields.Many2one("account.move", string="Bill", related="move_line_id.move_id")
    amount = fields.Monetary(required=True, readonly=True, help="Negative: what is netted of a credit note.")
    discount = fields.Monetary(
        readonly=True, help="The early-payment discount that is taken besides: so much less is paid."
    )
    live = fields.Boolean(compute="_compute_live", store=True)

    # R1: PostgreSQL itself keeps the second one out, whoever comes from wherever.
    _one_live_transfer = models.UniqueIndex(
        "(move_line_id) WHERE live", "A transfer for this bill is under way already."
    )
    _amount_positive = models.Constraint("CHECK (amount <> 0)", "What is paid of a bill is not zero.")
    _discount_positive = models.Constraint("CHECK (discount >= 0)", "A discount is not below zero.")

    @api.depends("transfer_id.live")
    def _compute_live(self):
        """Held as long as its transfer is live; a bill that another one holds by then stays with that one.

        So it is where a transfer that was given up turns up after its bill was sent once more.
        """
        found = self.filtered(lambda line: line.transfer_id.live and line.transfer_id.given_up)
        taken = set()
        if found:
            # Past the ORM, which would first write what is being computed.
            taken = {
                item for item, in self.env.execute_query(SQL(
                    "SELECT move_line_id FROM qonto_transfer_line"
                    " WHERE live AND move_line_id = ANY(%s) AND transfer_id != ALL(%s)",
                    found.move_line_id.ids, found.transfer_id.ids,
                ))
            }
        for line in self:
            line.live = line.transfer_id.live and not (line in found and line.move_line_id.id in taken)
