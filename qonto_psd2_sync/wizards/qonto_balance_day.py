# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Balance on a day*: what the bank had, what the ledger has, and what lies between them, to the cent."""

from odoo import api, fields, models
from odoo.tools import format_date


class QontoBalanceDay(models.TransientModel):
    _name = "qonto.balance.day"
    _description = "Balance on a day"

    account_id = fields.Many2one(
        "qonto.account", required=True, ondelete="cascade",
        default=lambda self: self.env["qonto.account"].search([("company_id", "in", self.env.companies.ids)], limit=1),
    )
    company_id = fields.Many2one(related="account_id.company_id")
    currency_id = fields.Many2one(related="account_id.currency_id")
    day = fields.Date(required=True, compute="_compute_day", store=True, readonly=False, precompute=True)
    bank_balance = fields.Monetary(string="Bank", readonly=True)
    ledger_balance = fields.Monetary(string="Ledger", readonly=True)
    difference = fields.Monetary(readonly=True)
    agrees = fields.Boolean(readonly=True)
    unmatched_count = fields.Integer(string="Lines not matched yet", readonly=True)
    unmatched_amount = fields.Monetary(string="Their sum", readonly=True)
    part_ids = fields.One2many("qonto.balance.part", "balance_id", readonly=True)
    chain_words = fields.Text(related="account_id.chain_words")

    # === COMPUTE METHODS === #

    @api.depends("account_id")
    def _compute_day(self):
        """Propose the bank's today; a day that a person has chosen stays."""
        for balance in self.filtered(lambda balance: not balance.day):
            balance.day = (
                balance.account_id._today() if balance.account_id else fields.Date.context_today(balance)
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        balances = super().create(vals_list)
        balances._work_out()
        return balances

    def write(self, vals):
        result = super().write(vals)
        if {"account_id", "day"} & set(vals):
            self._work_out()
        return result

    def _work_out(self):
        """Compare bank and ledger as they are now."""
        for balance in self:
            account = balance.account_id
            account.check_access("read")
            bank, ledger, parts = account._explain_difference(balance.day)
            unmatched_count, unmatched_amount = account._unmatched_on(balance.day)
            balance.part_ids.unlink()
            balance.write({
                "bank_balance": bank,
                "ledger_balance": ledger,
                "difference": bank - ledger,
                "agrees": account.currency_id.is_zero(bank - ledger),
                "unmatched_count": unmatched_count,
                "unmatched_amount": unmatched_amount,
                "part_ids": [
                    fields.Command.create({
                        "name": balance._part_in_words(part.kind),
                        "kind": part.kind,
                        "amount": part.amount,
                        "count": part.count,
                        "transaction_ids": [fields.Command.set(part.transactions)],
                        "item_ids": [fields.Command.set(part.items)],
                    })
                    for part in sorted(parts, key=lambda part: -abs(part.amount))
                ],
            })

    def _part_in_words(self, kind: str) -> str:
        words = {
            "opening": self.env._("Opening: the bank had more or less than the ledger when the feed began"),
            "to_book": self.env._("To book: the next sync books them"),
            "held": self.env._("Held"),
            "doubtful": self.env._("May be in the books already: to decide"),
            "left_out": self.env._("Left out"),
            "hidden": self.env._("Hidden"),
            "removed": self.env._("Bank lines deleted in Odoo"),
            "other_day": self.env._("Booked on another day than the bank's"),
            "changed": self.env._("Amount changed at the bank after booking"),
            "canceled": self.env._("Bank lines whose entry is not posted"),
            "elsewhere": self.env._("Bank lines that stayed in another journal"),
            "typed": self.env._("Bank lines that are not from Qonto: typed, or imported"),
            "by_hand": self.env._("Entries booked on the bank's ledger account by hand"),
            "gap": self.env._("The bank's balances do not follow from its transactions here"),
            "unexplained": self.env._("Not explained"),
        }
        return words[kind]

    def _compute_display_name(self):
        for balance in self:
            balance.display_name = self.env._(
                "%(account)s on %(day)s", account=balance.account_id.name, day=format_date(self.env, balance.day)
            )

    def action_print(self):
        """Print it."""
        return self.env.ref("qonto_psd2_sync.report_balance_day").report_action(self)

    def action_show(self):
        """Show both balances and what lies between them, as they are now."""
        self._work_out()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Balance on a day"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class QontoBalancePart(models.TransientModel):
    _name = "qonto.balance.part"
    _description = "Reason why bank and ledger differ"

    balance_id = fields.Many2one("qonto.balance.day", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="balance_id.currency_id")
    name = fields.Char(string="Explained by")
    kind = fields.Char()
    amount = fields.Monetary()
    count = fields.Integer(string="Number")
    transaction_ids = fields.Many2many("qonto.transaction")
    item_ids = fields.Many2many("account.move.line")

    def action_open(self):
        """Open what the part consists of."""
        self.ensure_one()
        records = self.transaction_ids or self.item_ids
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": records._name,
            "view_mode": "list,form",
            "domain": [("id", "in", records.ids)],
        }
