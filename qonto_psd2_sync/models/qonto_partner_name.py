# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Names that a person confirmed: whoever pays under this name is this partner."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..matching import name_key


class QontoPartnerName(models.Model):
    _name = "qonto.partner.name"
    _description = "Learned name of a counterparty"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(string="Name at the bank", required=True, readonly=True)
    key = fields.Char(string="Compared as", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Means", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    confirmations = fields.Integer(default=1, readonly=True, help="How often somebody booked a bank line so.")
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", string="Last confirmed by", readonly=True, ondelete="set null"
    )
    user_id = fields.Many2one("res.users", string="Confirmed by", readonly=True)

    _key_uniq = models.UniqueIndex("(company_id, key, partner_id)", "This name is learned for this partner already.")

    @api.model
    def _learn(self, line, partner, name: str):
        """Note that a person took this name for this partner; called with `sudo`."""
        values = {"statement_line_id": line.id, "user_id": self.env.uid, "name": name}
        known = self.search(
            [("company_id", "=", line.company_id.id), ("key", "=", name_key(name)), ("partner_id", "=", partner.id)]
        )
        if known:
            known.write({**values, "confirmations": known.confirmations + 1})
        else:
            self.create({**values, "key": name_key(name), "partner_id": partner.id, "company_id": line.company_id.id})

    @api.model
    def _partners_of(self, company, names: set[str]) -> dict[str, int]:
        """Map names to the partner that they mean, where that is one only; one query."""
        keys = {name: name_key(name) for name in names if name}
        found: dict[str, set[int]] = {}
        for learned in self.sudo().search_fetch(
            [("company_id", "=", company.id), ("key", "in", list(set(keys.values())))], ["key", "partner_id"]
        ):
            found.setdefault(learned.key, set()).add(learned.partner_id.commercial_partner_id.id)
        return {name: next(iter(found[key])) for name, key in keys.items() if len(found.get(key, ())) == 1}

    def action_forget(self):
        """Forget what was learned: these names say nothing any more."""
        self._check_may_forget()
        self.check_access("read")
        self.sudo().unlink()

    @api.model
    def _check_may_forget(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise AccessError(self.env._(
                "Only an administrator of the Qonto bank feed can make it forget what it learned. Ask one."
            ))
