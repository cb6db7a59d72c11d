# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which lines *Bank matching* shows, how many there are of each kind, and what it says of each."""

from markupsafe import Markup

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, html2plaintext

from .booking_plan import read_number


class QontoMatching(models.AbstractModel):
    _inherit = "qonto.matching"

    # === DOMAINS === #

    def _here(self, journal_ids) -> Domain:
        domain = Domain([
            ("company_id", "in", self.env.companies.ids), ("journal_id.type", "in", ("bank", "cash", "credit")),
            ("move_id.state", "=", "posted"),
        ])
        return domain & Domain("journal_id", "in", list(journal_ids)) if journal_ids else domain

    def _view_domain(self, view: str) -> Domain:
        if view == "booked":
            return Domain([("is_reconciled", "=", True), ("qonto_auto_booked_at", "!=", False)])
        return Domain([("is_reconciled", "=", False), ("qonto_later", "=", view == "later")])

    def _only_domain(self, only: str, since) -> Domain:
        if only == "new" and since:
            return Domain("create_date", ">", since) | Domain("qonto_auto_booked_at", ">", since)
        return {
            "certain": Domain("qonto_certain", "=", True),
            "receipt": Domain("qonto_transaction_id.receipt_missing", "=", True),
        }.get(only, Domain.TRUE)

    def _search_domain(self, text: str) -> Domain:
        text = (text or "").strip()
        if not text:
            return Domain.TRUE
        found = Domain.OR([
            [(name, "ilike", text)]
            for name in ("payment_ref", "partner_name", "partner_id.complete_name", "qonto_transaction_id.reference",
                         "qonto_transaction_id.note", "account_number")
        ])
        number = read_number(text)
        return found | Domain("amount", "in", [number, -number]) if number else found

    def _counts(self, here: Domain, since) -> dict[str, int]:
        """Return how many lines there are of each kind, in one query."""
        lines = self.env["account.bank.statement.line"]
        counted = Domain("is_reconciled", "=", False) | Domain("qonto_auto_booked_at", "!=", False)
        query = lines._search(here & counted)
        transaction = query.left_join(
            query.table, "qonto_transaction_id", "qonto_transaction", "id", "at_the_bank"
        )
        column = {
            name: lines._field_to_sql(query.table, name, query)
            for name in ("is_reconciled", "qonto_later", "qonto_certain", "qonto_auto_booked_at", "create_date")
        }
        waiting = SQL(
            "NOT COALESCE(%s, FALSE) AND NOT COALESCE(%s, FALSE)", column["is_reconciled"], column["qonto_later"]
        )
        known = since or fields.Datetime.to_datetime("1970-01-01")
        receipt = self.env["qonto.transaction"]._field_to_sql(transaction, "receipt_missing", query)
        conditions = {
            "needs_you": waiting,
            "new": SQL("%s AND %s > %s", waiting, column["create_date"], known),
            "certain": SQL("%s AND %s", waiting, column["qonto_certain"]),
            "receipt": SQL("%s AND %s", waiting, receipt),
            "later": SQL("NOT COALESCE(%s, FALSE) AND %s", column["is_reconciled"], column["qonto_later"]),
            "booked": SQL("%s AND %s IS NOT NULL", column["is_reconciled"], column["qonto_auto_booked_at"]),
            "booked_new": SQL("%s AND %s > %s", column["is_reconciled"], column["qonto_auto_booked_at"], known),
        }
        [row] = self.env.execute_query(query.select(
            *(SQL("COUNT(*) FILTER (WHERE %s)", condition) for condition in conditions.values())
        ))
        return dict(zip(conditions, row, strict=True))

    def _journals(self) -> list[dict]:
        journals = self.env["account.journal"].search([
            ("type", "in", ("bank", "cash", "credit")), ("company_id", "in", self.env.companies.ids),
        ])
        return [{"id": journal.id, "name": journal.display_name} for journal in journals]

    # === ROWS === #

    def _rows(self, lines, since) -> list[dict]:
        """Return lines as the screen shows them: those to match with their proposals, the others with their match."""
        waiting = lines.filtered(lambda line: not line.is_reconciled)
        told = waiting._qonto_proposals_told()
        self._mark_certain(waiting, told)
        booked = {row["id"]: row for row in self._booked_rows(lines - waiting)}
        return [
            booked.get(line.id) or {**self._facts(line, since), **told[line.id]} for line in lines
        ]

    def _mark_certain(self, lines, told: dict):
        """Bring the marks that are counted in line with what has just been found."""
        if not self._may_match():
            return
        for certain in (True, False):
            lines.filtered(
                lambda line, certain=certain: line.qonto_certain != certain and told[line.id]["certain"] == certain
            ).qonto_certain = certain

    def _facts(self, line, since) -> dict:
        transaction = line.qonto_transaction_id
        return {
            "id": line.id,
            "state": "open",
            "date": format_date(self.env, line.date),
            "name": line.partner_name or line.partner_id.name or line.payment_ref or "",
            "text": transaction.reference or transaction.note or line.payment_ref or "",
            "amount": line.amount,
            "amount_text": line.currency_id.format(line.amount),
            "foreign_text": (
                line.foreign_currency_id.format(line.amount_currency) if line.foreign_currency_id else ""
            ),
            "currency_id": line.currency_id.id,
            "journal": line.journal_id.name,
            "company_id": line.company_id.id,
            "kind": line.qonto_kind or "",
            "account_number": line.account_number or "",
            "reference": transaction.reference or "",
            "bank_note": transaction.note or "",
            "category": transaction.category or "",
            "partner_id": line.partner_id.id or False,
            "partner": line.partner_id.display_name or "",
            "new": bool(since and line.create_date > since),
            "later": line.qonto_later,
            "by_hand": line.qonto_by_hand,
            "receipt_missing": transaction.receipt_missing,
            "note": self._note(line),
        }

    def _booked_rows(self, lines) -> list[dict]:
        return [
            {
                **self._facts(line, False),
                "state": "booked",
                "by_itself": bool(line.qonto_auto_booked_at),
                "documents": line._qonto_matched_with(),
                "proofs": line._qonto_kept_proofs_in_words(),
            }
            for line in lines
        ]

    def _note(self, line) -> str:
        return html2plaintext(line.narration).strip() if line.narration and line.narration != Markup("") else ""

    def _item(self, item, line) -> dict:
        """Return an open item as the screen shows it."""
        document = item.move_id
        return {
            "id": item.id,
            "document": document._qonto_name(),
            "partner": item.partner_id.display_name or "",
            "due": format_date(self.env, item.date_maturity or item.date),
            "open": abs(item.amount_residual_currency),
            "open_text": item.currency_id.format(item.amount_residual_currency),
            "currency": item.currency_id.symbol,
            "same_currency": item.currency_id in (line.currency_id, line.foreign_currency_id),
            "other_partner": bool(
                line.partner_id and item.partner_id
                and item.partner_id.commercial_partner_id != line.partner_id.commercial_partner_id
            ),
            "discount": bool(
                item.display_type == "payment_term"
                and document._is_eligible_for_early_payment_discount(item.currency_id, line.date)
            ),
            "discount_text": item.currency_id.format(abs(item.discount_amount_currency)),
        }

    def _open_amounts(self, item_ids: list[int]) -> list[str]:
        """Return what is open of items (negative ids: payments without journal entry), to compare with the screen."""
        items = self.env["account.move.line"].browse(item_id for item_id in item_ids if item_id > 0).exists()
        payments = self.env["account.payment"].browse(-item_id for item_id in item_ids if item_id < 0).exists()
        exact = self.env["account.bank.statement.line"]._qonto_exact
        amounts = {
            **{item.id: str(exact(item.amount_residual_currency, item.currency_id)) for item in items},
            **{-payment.id: str(exact(payment.amount, payment.currency_id)) for payment in payments},
        }
        return [amounts.get(item_id, "") for item_id in item_ids]
