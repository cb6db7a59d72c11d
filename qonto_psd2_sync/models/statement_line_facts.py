# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the matching engine is told: Odoo's bank lines and open items as plain facts, in a few queries for a batch."""

from decimal import Decimal

from odoo import api, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.fields import Domain
from odoo.tools import SQL

from ..matching import ItemKind, LineFacts, OpenItem

DISCOUNT_FIELDS = ("amount_currency", "discount_date", "discount_amount_currency")
PARTNER_ACCOUNTS = ("asset_receivable", "liability_payable")


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    # === LINES === #

    def _qonto_facts(self) -> LineFacts:
        """Return what the engine is told about this line."""
        self.ensure_one()
        transaction = self.qonto_transaction_id
        currency = self.foreign_currency_id or self.currency_id
        amount = self.amount_currency if self.foreign_currency_id else self.amount
        iban = sanitize_account_number(self.account_number) or None
        return LineFacts(
            id=self.id,
            amount=self._qonto_exact(amount, currency),
            currency=currency.name,
            texts=tuple(filter(None, (self.payment_ref, transaction.reference, transaction.note))),
            day=self.date,
            iban=iban,
            partner_id=self.partner_id.commercial_partner_id.id or None,
            name=self._qonto_counterparty(),
            transfer_id=str(self.qonto_transfer_id.id) if self.qonto_transfer_id else None,
            confirmed=frozenset(self.qonto_confirmed_partner_id.ids),
            operation=self.transaction_type or transaction.operation_type or "",
            own_account=bool(iban) and iban in self._qonto_own_ibans(),
            account_amount=self._qonto_exact(self.amount, self.currency_id) if self.foreign_currency_id else None,
            account_currency=self.currency_id.name if self.foreign_currency_id else None,
        )

    def _qonto_own_ibans(self) -> list[str]:
        """Return the company's own accounts, without spaces, upper case; read once for all lines of a batch."""
        return self.company_id.sudo().partner_id.bank_ids.mapped("sanitized_acc_number")

    # === OPEN ITEMS === #

    def _qonto_open_items(self, only: list[int] | None = None) -> list[OpenItem]:
        """Return what lines of this company can pay: open items of documents and of payments under way.

        :param only: just those of these ids that are open

        The ids are those of journal items; a payment without journal entry has its own id, negative. Read past the
        ORM's records, since there may be ten thousand, but with the reader's access rules.
        """
        items = self.env["account.move.line"]
        domain = self._qonto_open_items_domain()
        query = items._search(domain if only is None else domain & Domain("id", "in", only))
        move = query.join(query.table, "move_id", "account_move", "id", "document")
        partner = query.left_join(query.table, "partner_id", "res_partner", "id", "owner")
        moves, partners = self.env["account.move"], self.env["res.partner"]
        rows = self.env.execute_query(query.select(
            SQL.identifier(query.table, "id"),
            partners._field_to_sql(partner, "commercial_partner_id", query),
            items._field_to_sql(query.table, "amount_residual_currency", query),
            items._field_to_sql(query.table, "currency_id", query),
            items._field_to_sql(query.table, "date", query),
            partners._field_to_sql(partner, "name", query),
            partners._field_to_sql(partner, "commercial_company_name", query),
            *(items._field_to_sql(query.table, name, query) for name in DISCOUNT_FIELDS),
            moves._field_to_sql(move, "name", query),
            moves._field_to_sql(move, "ref", query),
            moves._field_to_sql(move, "payment_reference", query),
        ))
        rows += [row for row in self._qonto_open_payments() if only is None or row[0] in only]
        transfers = self._qonto_transfers_of([row[0] for row in rows])
        ibans = self._qonto_ibans_of({row[1] for row in rows if row[1]})
        currencies = {currency.id: currency for currency in self.env["res.currency"].browse({row[3] for row in rows})}
        none: frozenset[str] = frozenset()
        return [
            OpenItem(
                id=item_id,
                partner_id=partner_id,
                residual=self._qonto_exact(residual, currencies[currency_id]),
                currency=currencies[currency_id].name,
                numbers=tuple({text: None for text in texts if text}),
                day=day,
                ibans=ibans.get(partner_id, none),
                transfer_id=transfers.get(item_id),
                kind=ItemKind.PAYMENT if item_id < 0 else ItemKind.DOCUMENT,
                names=tuple({text: None for text in (name, company_name) if text}),
                **self._qonto_discount(residual, amount, discount_day, discounted, currencies[currency_id]),
            )
            for item_id, partner_id, residual, currency_id, day, name, company_name, amount, discount_day, discounted,
            *texts in rows
        ]

    @api.model
    def _qonto_discount(self, residual: float, amount: float, day, discounted: float, currency) -> dict:
        """Return the early-payment discount of an item, as the engine is told; none once a part is paid."""
        if not day or not discounted or currency.compare_amounts(residual, amount):
            return {}
        return {"discount_day": day, "discount_amount": self._qonto_exact(discounted, currency)}

    def _qonto_open_payments(self) -> list[tuple]:
        """Return the payments without journal entry that no bank line has paid yet, as rows of open items."""
        payments = self.env["account.payment"].search_fetch(
            [("company_id", "child_of", self.company_id.ids), ("state", "=", "in_process"), ("move_id", "=", False)],
            ["partner_id", "amount", "payment_type", "currency_id", "date", "name", "memo", "payment_reference"],
        )
        return [
            (
                -payment.id, payment.partner_id.commercial_partner_id.id or None,
                payment.amount if payment.payment_type == "inbound" else -payment.amount, payment.currency_id.id,
                payment.date, payment.partner_id.name, payment.partner_id.commercial_company_name, 0.0, None, 0.0,
                payment.name, payment.memo, payment.payment_reference,
            )
            for payment in payments
        ]

    def _qonto_ibans_of(self, partner_ids: set[int]) -> dict[int, frozenset[str]]:
        """Map commercial partners to the accounts known as theirs, without spaces, upper case."""
        banks = self.env["res.partner.bank"]
        query = banks._search([])
        partner = query.join(query.table, "partner_id", "res_partner", "id", "owner")
        commercial = self.env["res.partner"]._field_to_sql(partner, "commercial_partner_id", query)
        query.add_where(SQL("%s = ANY(%s)", commercial, list(partner_ids)))
        ibans: dict[int, set[str]] = {}
        for partner_id, iban in self.env.execute_query(query.select(
            commercial,
            banks._field_to_sql(query.table, "sanitized_acc_number", query),
        )):
            if iban:
                ibans.setdefault(partner_id, set()).add(iban)
        return {partner_id: frozenset(numbers) for partner_id, numbers in ibans.items()}

    def _qonto_open_items_domain(self) -> Domain:
        """Return the domain of what a bank line can pay: open items of documents, and of payments on their way."""
        return (
            Domain(self[:1]._get_default_amls_matching_domain())
            & (Domain("account_type", "in", PARTNER_ACCOUNTS) | Domain("payment_id", "!=", False))
            & Domain("amount_residual_currency", "!=", 0)
        )

    @api.model
    def _qonto_exact(self, amount: float, currency) -> Decimal:
        """Return an amount of Odoo's as the exact decimal that it stands for."""
        return Decimal(f"{amount:.{currency.decimal_places}f}")
