# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where another addon has a bank reconciliation of its own, lines are booked by its function and shown in its screen.

Found by what they offer, not by their names: we depend on neither, and they load after us. OCA's
`account_reconcile_oca` keeps what its screen shows in `reconcile_data_info` and books it by `reconcile_bank_line`,
in the journal's own way (`reconcile_mode`). Enterprise books open items by `set_line_bank_statement_line`. OCA's
`account_statement_import_file` opens its import of files by `import_account_statement`.
"""

from odoo import models
from odoo.fields import Date

from ..matching import Proposal
from .booking import Booking, Plan
from .statement_line_booking import REWRITING


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def _qonto_has_oca(self) -> bool:
        return "reconcile_data_info" in self._fields and hasattr(self, "reconcile_bank_line")

    def _qonto_has_enterprise(self) -> bool:
        return hasattr(self, "set_line_bank_statement_line")

    # === BOOK === #

    def _qonto_book_elsewhere(self, plan: Plan, booking: Booking) -> bool:
        """Book a line by the other addon's function.

        :return: whether there is one that can book this; otherwise the caller books
        """
        self.ensure_one()
        if self._qonto_has_oca():
            self._qonto_book_by_oca(plan)
            return True
        if self._qonto_has_enterprise() and self._qonto_is_plain(booking):
            self.qonto_before_booking = {"partner": self.partner_id.id, "payments": []}
            self.set_line_bank_statement_line([match.item.id for match in booking.matches])
            return True
        return False

    def _qonto_is_plain(self, booking: Booking) -> bool:
        """Whether a booking is nothing but open items as they are: all that Enterprise's function is told."""
        return bool(booking.matches) and not (
            booking.payments or booking.write_offs or booking.model
            or any(match.amount is not None or match.of_line is not None or match.discount for match in booking.matches)
        )

    def _qonto_book_by_oca(self, plan: Plan):
        """Put the plan into OCA's screen, to the cent, and press its button."""
        before = {"partner": self.partner_id.id, "payments": []}
        if not self.partner_id and plan.partner:
            self._qonto_rewrite(self.env["account.move.line"], [], plan.partner)
        data = self._default_reconcile_data()
        lines = [entry for entry in data["data"] if entry["kind"] == "liquidity"]
        number = data["reconcile_auxiliary_id"]
        for values, item in zip(plan.values, plan.items, strict=True):
            lines.append(self._qonto_entry_of_oca(values, item, number))
            number += 1
        self.reconcile_data_info = {
            **data, "data": lines, "reconcile_auxiliary_id": number, "can_reconcile": True,
            "counterparts": [item.id for item in plan.items if item],
        }
        self.reconcile_bank_line()
        self.qonto_before_booking = before
        self._qonto_complete_taxes(plan)

    def _qonto_complete_taxes(self, plan: Plan):
        """Tell each tax item its base, which OCA's screen leaves out and tax reports read."""
        taxed = {
            values["tax_repartition_line_id"]: values["tax_base_amount"]
            for values in plan.values if values.get("tax_repartition_line_id") and values.get("tax_base_amount")
        }
        for item in self.move_id.line_ids.filtered(lambda item: item.tax_repartition_line_id.id in taxed):
            item.with_context(**REWRITING).tax_base_amount = taxed[item.tax_repartition_line_id.id]

    def _qonto_entry_of_oca(self, values: dict, item, number: int) -> dict:
        """Return a journal item of the plan as an entry of OCA's screen."""
        account = self.env["account.account"].browse(values["account_id"])
        partner = self.env["res.partner"].browse(values.get("partner_id") or [])
        company_currency = self.company_id.currency_id
        balance = company_currency.round(values["balance"])
        return {
            "reference": f"account_move_line;{item.id}" if item else f"reconcile_auxiliary;{number}",
            "id": item.id if item else False,
            "account_id": [account.id, account.display_name],
            "partner_id": [partner.id, partner.display_name] if partner else False,
            "date": Date.to_string(self.date),
            "name": values.get("name") or self.payment_ref,
            "amount": balance,
            "debit": max(balance, 0.0),
            "credit": max(-balance, 0.0),
            "kind": "other",
            "currency_id": company_currency.id,
            "line_currency_id": values.get("currency_id") or company_currency.id,
            "currency_amount": values.get("amount_currency", balance),
            "counterpart_line_ids": item.ids if item else [],
            "tax_ids": values.get("tax_ids") or [],
            "tax_tag_ids": values.get("tax_tag_ids") or [],
            "group_tax_id": values.get("group_tax_id"),
            "tax_repartition_line_id": values.get("tax_repartition_line_id"),
            "analytic_distribution": values.get("analytic_distribution"),
            "reconcile_model_id": values.get("reconcile_model_id"),
        }

    # === UNDO === #

    def _qonto_is_kept_by_oca(self) -> bool:
        """Whether the line is booked in OCA's way that leaves the bank's entry as it is and adds a second one."""
        return self._qonto_has_oca() and self.is_reconciled and self.reconcile_mode == "keep"

    def _qonto_restore_kept(self, facts: dict):
        """Take such a booking back by OCA's function, and the partner with it."""
        self.ensure_one()
        self.unreconcile_bank_line()
        self.qonto_before_booking = False
        if "partner" in facts:
            self._qonto_rewrite(
                self.env["account.move.line"], [], self.env["res.partner"].browse(facts["partner"] or [])
            )

    # === SHOW === #

    def _qonto_show_elsewhere(self, proposals: dict[int, tuple[Proposal, ...]]):
        """Put the best proposals into the other screen, where nobody has put anything yet."""
        if not self._qonto_has_oca():
            return
        for line in self.filtered(lambda line: not line.is_reconciled and not line.reconcile_data):
            best = proposals.get(line.id) or ()
            item_ids = best[0].item_ids if best else ()
            if item_ids and all(item_id > 0 for item_id in item_ids):
                for item in self.env["account.move.line"].browse(item_ids):
                    line._add_account_move_line(item, keep_current=True)


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _qonto_door_of_oca(self, kind: str) -> dict | None:
        """Return the action of OCA's own import of files, where one of its addons reads a format, to who may use it.

        :param str kind: as `CAMT`
        """
        self.ensure_one()
        if not hasattr(self, "import_account_statement"):
            return None
        action = self.import_account_statement()
        formats = self._get_bank_statements_available_import_formats()
        if any(kind.lower() in name.lower() for name in formats) and self.env[action["res_model"]].has_access("create"):
            return action
        return None
