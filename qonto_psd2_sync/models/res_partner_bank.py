# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    qonto_learned_from_id = fields.Many2one(
        "account.bank.statement.line", string="Learned from", readonly=True, copy=False, index="btree_not_null",
        ondelete="set null", help="The bank line that a person matched, by which this account became the partner's.",
    )

    def action_qonto_forget(self):
        """Forget learned accounts that nobody has trusted with payments since."""
        self.env["qonto.partner.name"]._check_may_forget()
        self.check_access("read")
        self.filtered("qonto_learned_from_id")._qonto_forget()

    def _qonto_forget(self):
        """Archive them: bank lines keep pointing at the account that their money came from."""
        learned = self.sudo().filtered(lambda account: not account.allow_out_payment)
        learned.write({"active": False, "qonto_learned_from_id": False})
