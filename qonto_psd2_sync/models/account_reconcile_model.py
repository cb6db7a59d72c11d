# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reconciliation models know what Qonto says of a transaction, and are applied to what no document explains.

In 19.0 stock Community only keeps these records; applying them is ours. Models that exist are never changed, and none
is made automatic: that is up to whoever made them.
"""

import json
import re

from odoo import api, fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.fields import Domain

from .bank_words import KINDS, kind_in_words


class AccountReconcileModel(models.Model):
    _inherit = "account.reconcile.model"

    qonto_operation_type = fields.Selection(
        selection=lambda self: [(kind, kind_in_words(self.env, kind)) for kind in KINDS], string="Kind at Qonto",
        help="Only lines of this kind, as Qonto states it.", tracking=True,
    )
    qonto_category = fields.Char(
        string="Category at Qonto", tracking=True, help="Only lines with this category at Qonto, upper or lower case."
    )
    qonto_counterparty_iban = fields.Char(
        string="Counterparty's IBAN", tracking=True, help="Only lines from or to this account."
    )

    # === COMPUTE METHODS === #

    @api.depends("qonto_operation_type", "qonto_category", "qonto_counterparty_iban")
    def _compute_can_be_proposed(self):
        """Override of `account`: screens that do not know Qonto's conditions must not propose the model at all."""
        result = super()._compute_can_be_proposed()
        self.filtered(lambda model: model._qonto_conditions()).can_be_proposed = False
        return result

    # === CONDITIONS === #

    def _qonto_conditions(self) -> bool:
        """Whether the model asks for something that only Qonto states."""
        return bool(self.qonto_operation_type or self.qonto_category or self.qonto_counterparty_iban)

    def _qonto_has_conditions(self) -> bool:
        """Whether the model says at all which lines it is for; one that does not is only chosen by hand."""
        return bool(
            self._qonto_conditions() or self.match_label or self.match_amount or self.match_partner_ids
        )

    def _qonto_fits(self, line) -> bool:
        """Whether a bank line meets all conditions of the model."""
        self.ensure_one()
        transaction = line.qonto_transaction_id
        partners = self.match_partner_ids.commercial_partner_id
        return bool(
            (not self.match_journal_ids or line.journal_id in self.match_journal_ids)
            and (not partners or line.partner_id.commercial_partner_id in partners)
            and self._qonto_fits_amount(abs(line.amount), line.currency_id)
            and self._qonto_fits_label(line)
            and self.qonto_operation_type in (False, transaction.operation_type)
            and (self.qonto_category or "").casefold() in ("", (transaction.category or "").casefold())
            and (
                not self.qonto_counterparty_iban
                or sanitize_account_number(self.qonto_counterparty_iban) == sanitize_account_number(line.account_number)
            )
        )

    def _qonto_fits_amount(self, amount: float, currency) -> bool:
        lowest, highest = self.match_amount_min, self.match_amount_max
        return {
            False: lambda: True,
            "lower": lambda: currency.compare_amounts(amount, highest) <= 0,
            "greater": lambda: currency.compare_amounts(amount, lowest) >= 0,
            "between": lambda: currency.compare_amounts(amount, min(lowest, highest)) >= 0
            and currency.compare_amounts(amount, max(lowest, highest)) <= 0,
        }[self.match_amount]()

    def _qonto_fits_label(self, line) -> bool:
        """Compare the label condition with the label, the bank's details and the notes, as Odoo documents it."""
        if not self.match_label:
            return True
        details = line.transaction_details
        texts = [
            line.payment_ref or "", str(line.narration or ""),
            details if isinstance(details, str) else json.dumps(details or {}, ensure_ascii=False),
        ]
        wanted = self.match_label_param or ""
        if not wanted:
            return False  # an empty text stands in every line: half a condition must not book them all
        if self.match_label == "match_regex":
            return any(re.search(wanted, text, re.IGNORECASE) for text in texts)
        contains = any(wanted.casefold() in text.casefold() for text in texts)
        return contains == (self.match_label == "contains")

    # === APPLYING === #

    @api.model
    def _qonto_models(self, companies, domain=()):
        """Return the models that may be applied in these companies, in sequence."""
        return self.search(Domain("company_id", "parent_of", companies.ids) & Domain(domain), order="sequence, id")

    @api.model
    def _qonto_automatic(self, lines) -> dict:
        """Map lines to the first automatic model that fits; models without conditions are never automatic here."""
        if not lines:
            return {}
        automatic = self._qonto_models(lines.company_id, [("trigger", "=", "auto_reconcile")]).filtered(
            lambda model: model._qonto_has_conditions() and model._qonto_is_complete()
        )
        found = {}
        for line in lines:
            model = next((model for model in automatic._qonto_of(line) if model._qonto_fits(line)), None)
            if model:
                found[line] = model
        return found

    def _qonto_of(self, line):
        """Return those of these models that a line's company may use."""
        return self.filtered(lambda model: model.company_id in line.company_id | line.company_id.sudo().parent_ids)

    def _qonto_is_complete(self) -> bool:
        return bool(self.line_ids) and all(line.account_id for line in self.line_ids)

    @api.model
    def _qonto_set_partners(self, lines):
        """Give lines without a partner the one that a model names for their label."""
        nameless = lines.filtered(lambda line: not line.partner_id)
        mappings = self._qonto_models(lines.company_id, [("mapped_partner_id", "!=", False)]) if nameless else ()
        for line in nameless if mappings else ():
            model = next((model for model in mappings._qonto_of(line) if model._qonto_fits(line)), None)
            if model:
                line.partner_id = model.mapped_partner_id.commercial_partner_id
