# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether money may go to a payee's account: who may say so, whom to ask, and what it was before."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

ACTIVITY = "qonto_psd2_sync.mail_activity_trust"
VALIDATE = "account.group_validate_bank_account"


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    # === WHAT TO KNOW BEFORE TRUSTING === #

    def _qonto_trust_facts(self) -> dict[int, dict]:
        """Return plain values by account: trusted or not, what the number was before, who changed it and when."""
        banks = self.sudo()
        changes = banks._qonto_number_changes()
        others = banks._qonto_other_numbers()
        may_trust = self.env.user.has_group(VALIDATE)
        ask = [] if may_trust else [{"id": user.id, "name": user.name} for user in self._qonto_who_may_trust()]
        asked = self._qonto_asked()
        facts = {}
        for bank in banks:
            old = changes.get(bank.id) or others.get(bank.id) or {}
            facts[bank.id] = {
                "bank_id": bank.id,
                "trusted": bank.allow_out_payment,
                "may_trust": may_trust,
                "ask": [] if bank.allow_out_payment else ask,
                "asked": asked.get(bank.id, ""),
                "number": bank.acc_number or "",
                "old_number": old.get("old", ""),
                "changed_by": old.get("by", ""),
                "changed_at": old.get("at", ""),
                "changed_how": old.get("how", ""),
                "country_differs": bank.has_iban_warning,
                "money_transfer_service": bank.money_transfer_service or "",
            }
        return facts

    def _qonto_asked(self) -> dict[int, str]:
        """Map an account → who was asked to trust it, by name."""
        kind = self.env.ref(ACTIVITY)
        rows = self.env["mail.activity"].sudo()._read_group(
            [("res_model", "=", self._name), ("res_id", "in", self.ids), ("activity_type_id", "=", kind.id)],
            ["res_id"], ["user_id:recordset"],
        )
        return {bank: ", ".join(users.mapped("name")) for bank, users in rows}

    def _qonto_number_changes(self) -> dict[int, dict]:
        """Return the last change of each account's number, from its own history."""
        self.env["mail.tracking.value"].flush_model()
        self.env["mail.message"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (message.res_id)
                       message.res_id, value.old_value_char, message.author_id, message.date
                  FROM mail_tracking_value value
                  JOIN mail_message message ON message.id = value.mail_message_id
                 WHERE message.model = %s
                   AND message.res_id = ANY(%s)
                   AND value.field_id = %s
                   AND COALESCE(value.old_value_char, '') != ''
              ORDER BY message.res_id, value.id DESC
                """,
                self._name, self.ids, self.env["ir.model.fields"]._get(self._name, "acc_number").id,
            )
        )
        authors = self.env["res.partner"].sudo().browse([row[2] for row in rows if row[2]])
        names = {author.id: author.name for author in authors}
        return {
            res_id: {"old": old, "by": names.get(author, ""), "at": fields.Datetime.to_string(at), "how": "changed"}
            for res_id, old, author, at in rows
        }

    def _qonto_other_numbers(self) -> dict[int, dict]:
        """Return for each account that was never paid the vendor's account that was paid last, if it is another."""
        vendors = self.partner_id.commercial_partner_id
        if not vendors:
            return {}
        paid = self.env["account.payment"].sudo().search(
            [
                ("partner_id", "child_of", vendors.ids), ("payment_type", "=", "outbound"),
                ("state", "in", ("in_process", "paid")), ("partner_bank_id", "!=", False),
            ],
            order="date desc, id desc",
        )
        sent = self.env["qonto.transfer"].sudo().search(
            [("partner_id", "child_of", vendors.ids), ("bank_ref", "!=", False)], order="id desc"
        )
        last, used = {}, set()
        for row in (*sent, *paid):
            used.add(row.partner_bank_id.id)
            last.setdefault(row.partner_id.commercial_partner_id.id, row.partner_bank_id)
        found = {}
        for bank in self:
            before = last.get(bank.partner_id.commercial_partner_id.id)
            if before and bank.id not in used and before.acc_number != bank.acc_number:
                found[bank.id] = {
                    "old": before.acc_number, "by": bank.create_uid.name or "",
                    "at": fields.Datetime.to_string(bank.create_date) or "", "how": "new",
                }
        return found

    # === TRUST, OR ASK SOMEBODY TO === #

    def _qonto_who_may_trust(self):
        """Return the people of the present companies who may trust an account."""
        users = self.env.ref(VALIDATE).sudo().all_user_ids
        return users.filtered(
            lambda user: user.active and not user.share and user.company_ids & self.env.companies
        ) - self.env.ref("base.user_root") - self.env.user

    def action_qonto_trust(self, number: str):
        """Trust this account with payments.

        :param number: as it was shown: another one by now is not trusted unseen
        """
        self.ensure_one()
        if not self.env.user.has_group(VALIDATE):
            raise AccessError(self.env._("You may not trust bank accounts. Ask somebody who may."))
        if self.acc_number != number:
            raise UserError(
                self.env._("The account's number was changed meanwhile: it is %s now. Please look again.",
                           self.acc_number)
            )
        # This right does not include writing contacts, and needs not: only the trust is written.
        self.check_access("read")
        self.sudo().allow_out_payment = True

    def write(self, vals):
        """Override of `account`: once an account is trusted, on whichever screen, nobody is asked any more."""
        result = super().write(vals)
        if vals.get("allow_out_payment"):
            self.sudo().activity_feedback([ACTIVITY])
        return result

    def action_qonto_ask_to_trust(self, user_id: int):
        """Ask somebody to check this account and trust it."""
        self.ensure_one()
        self.check_access("read")
        user = self._qonto_who_may_trust().filtered(lambda each: each.id == user_id)
        if not user:
            raise UserError(self.env._("This person may not trust bank accounts."))
        bank = self.sudo()
        if bank.allow_out_payment or user in bank.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(ACTIVITY)
        ).user_id:
            return
        facts = bank._qonto_trust_facts()[bank.id]
        words = self.with_context(lang=user.lang).env
        note = words._(
            "%(asking)s wants to pay %(payee)s to %(number)s. Call the payee on a number that you know, not on one "
            "from a letter or mail; only then switch on “%(label)s” here.",
            asking=self.env.user.name, payee=bank.partner_id.name, number=bank.acc_number,
            label=self._fields["allow_out_payment"]._description_string(words),
        )
        if facts["old_number"]:
            note += " " + words._(
                "Before it was %(old)s; %(who)s changed it on %(when)s.",
                old=facts["old_number"], who=facts["changed_by"] or "?", when=facts["changed_at"],
            )
        bank.activity_schedule(ACTIVITY, user_id=user.id, summary=words._("Trust this account?"), note=note)
