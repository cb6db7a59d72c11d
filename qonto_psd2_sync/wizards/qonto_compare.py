# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Check against the bank*: both sides of a period by count, sum and id; what is missing can be imported."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..models.failure_words import explain_error
from ..models.qonto_account import WINDOW
from ..qonto_api import QontoError


class QontoCompare(models.TransientModel):
    _name = "qonto.compare"
    _description = "Check against the bank"

    account_id = fields.Many2one(
        "qonto.account", required=True, ondelete="cascade",
        default=lambda self: self.env["qonto.account"].search([("company_id", "in", self.env.companies.ids)], limit=1),
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    date_from = fields.Date(
        string="From", required=True, compute="_compute_period", store=True, readonly=False, precompute=True,
    )
    date_to = fields.Date(
        string="To", required=True, compute="_compute_period", store=True, readonly=False, precompute=True,
    )
    done = fields.Boolean(readonly=True)
    bank_count = fields.Integer(string="Transactions at the bank", readonly=True)
    bank_sum = fields.Monetary(string="Sum at the bank", readonly=True)
    odoo_count = fields.Integer(string="Transactions in Odoo", readonly=True)
    odoo_sum = fields.Monetary(string="Sum in Odoo", readonly=True)
    line_count = fields.Integer(string="of which bank lines", readonly=True)
    line_sum = fields.Monetary(string="Sum of the bank lines", readonly=True)
    difference_ids = fields.One2many("qonto.compare.line", "compare_id", readonly=True)
    verdict = fields.Text(readonly=True)
    importable = fields.Boolean(readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("account_id")
    def _compute_period(self):
        """Propose the last thirty days, as the bank counts them; what a person has chosen stays."""
        for compare in self:
            today = compare.account_id._today() if compare.account_id else fields.Date.context_today(compare)
            compare.date_from = compare.date_from or today - timedelta(days=30)
            compare.date_to = compare.date_to or today

    # === ACTIONS === #

    def action_compare(self):
        """Ask the bank for the period, and set both sides beside each other."""
        self.ensure_one()
        rows = {row.id: row for row in self._bank_rows()}
        account = self.account_id
        here = self.env["qonto.transaction"].search([
            ("account_id", "=", account.id), ("booking_date", ">=", self.date_from),
            ("booking_date", "<=", self.date_to), ("feed_state", "!=", "gone"),
        ])
        known = account._known(rows)
        known |= account._claims_on_files([row for row in rows.values() if row.id not in known])
        explained = self.env["qonto.transaction"].union(*known.values())
        lines = here.statement_line_ids
        gone = here.filtered(
            lambda row: row.bank_ref not in rows and row not in explained and not row.file_only
        )._gone_at_the_bank()
        differences = [
            *self._missing(rows, known), *self._changed(rows, known), *map(self._only_here, gone),
        ]
        missing = [values for values in differences if values["kind"] != "gone"]
        self.difference_ids.unlink()
        self.write({
            "done": True,
            "bank_count": len(rows),
            "bank_sum": float(sum(row.signed_amount for row in rows.values())),
            "odoo_count": len(here),
            "odoo_sum": sum(here.mapped("amount")),
            "line_count": len(lines),
            "line_sum": sum(lines.mapped("amount")),
            "difference_ids": [fields.Command.create(values) for values in differences],
            "importable": bool(missing),
            "verdict": (
                self.env._("Transactions that differ: %s.", len(differences))
                if differences
                else self.env._("Both sides have the same transactions, to the cent.")
            ),
        })
        return {
            "type": "ir.actions.act_window", "name": self.env._("Check against the bank"), "res_model": self._name,
            "res_id": self.id, "view_mode": "form", "target": "new",
        }

    def _bank_rows(self):
        """Return all that the bank has booked in the period."""
        account = self.account_id
        if self.date_from > self.date_to:
            raise UserError(self.env._("The period ends before it begins."))
        earliest = account._today() - WINDOW
        if self.date_from < earliest:
            raise UserError(self.env._(
                "A connection may read no further back than %s (PSD2).", format_date(self.env, earliest)
            ))
        consent = account._reading_consents().get(account.id)
        if not consent:
            raise UserError(account._missing_consent_reason())
        rows = []
        try:
            with consent._reading_client() as client:
                for page in client.iter_transaction_pages(
                    bank_account_id=account.bank_ref,
                    statuses=("completed",),
                    settled_at_from=account._start_of_day(self.date_from),
                    settled_at_to=account._start_of_day(self.date_to + timedelta(days=1)) - timedelta(milliseconds=1),
                    sort_by="settled_at:asc",
                    includes=("labels",),
                ):
                    account._check_rows(page.transactions)
                    rows += [row for row in page.transactions if not row.is_external]
        except QontoError as error:
            raise UserError(explain_error(self.env, error)) from error
        return rows

    def _missing(self, rows, known) -> list[dict]:
        return [
            {
                "kind": "missing", "bank_ref": ref, "day": self.account_id._local_day(row.settled_at),
                "amount": float(row.signed_amount), "name": row.counterparty_name,
            }
            for ref, row in rows.items() if ref not in known
        ]

    def _changed(self, rows, known) -> list[dict]:
        """What is known with another amount, day or status than the bank's."""
        account = self.account_id
        return [
            {
                "kind": "changed", "bank_ref": ref, "day": account._local_day(row.settled_at),
                "amount": float(row.signed_amount), "name": row.counterparty_name, "transaction_id": known[ref].id,
            }
            for ref, row in rows.items()
            if ref in known and (
                account.currency_id.compare_amounts(known[ref].amount, float(row.signed_amount))
                or known[ref].booking_date != account._local_day(row.settled_at)
                or known[ref].status != row.status
            )
        ]

    @api.model
    def _only_here(self, transaction) -> dict:
        return {
            "kind": "gone", "bank_ref": transaction.bank_ref, "day": transaction.booking_date,
            "amount": transaction.amount, "name": transaction.counterparty_name, "transaction_id": transaction.id,
        }

    def action_import(self):
        """Take over what is missing or changed; the sync that starts now books it."""
        self.ensure_one()
        account = self.account_id
        account._check_may_sync()
        wanted = set(self.difference_ids.filtered(lambda line: line.kind != "gone").mapped("bank_ref"))
        rows = [row for row in self._bank_rows() if row.id in wanted]
        account._lock_for_a_person()
        own = account.sudo()
        run = self.env["qonto.sync.run"].sudo().create(
            {"account_id": account.id, "trigger": "manual", "state": "done", "phase": "book"}
        )
        own._store_rows(run, rows)
        run._close("done")
        return account.action_sync()


class QontoCompareLine(models.TransientModel):
    _name = "qonto.compare.line"
    _description = "Difference between the bank and Odoo"
    _order = "day, id"

    compare_id = fields.Many2one("qonto.compare", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="compare_id.currency_id")
    kind = fields.Selection(
        selection=[("missing", "Missing in Odoo"), ("changed", "Changed at the bank"), ("gone", "Not at the bank")]
    )
    bank_ref = fields.Char(string="ID at Qonto")
    day = fields.Date()
    amount = fields.Monetary()
    name = fields.Char(string="Counterparty")
    transaction_id = fields.Many2one("qonto.transaction", ondelete="cascade")
