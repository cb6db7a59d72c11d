# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the bank states becomes a record, and what it changes later is noted."""

import hashlib
import json
from datetime import timezone

from odoo import api, fields, models

from ..qonto_api import raw_json

# What a person sees of a transaction: a change of these on a bank line is told.
TOLD = (
    "status", "amount", "booking_date", "label", "counterparty_name", "counterparty_iban", "reference", "note",
    "category", "bank_labels",
)
KEPT_CHANGES = 50
# What a person decided, or what is in the ledger: the bank's changes do not move it.
SETTLED = ("booked", "removed", "hidden", "left_out")


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    bank_labels = fields.Char(string="Labels at the bank", readonly=True)

    @api.model
    def _values_of(self, account, row) -> dict:
        """Return the record's values for a transaction of the bank's client.

        :param row: `Transaction` of the client
        """
        settled = row.settled_at and row.status == "completed"
        raw = json.loads(raw_json(row.raw))
        values = {
            "account_id": account.id,
            "bank_ref": row.id,
            "bank_slug": row.transaction_id,
            "status": row.status,
            "operation_type": row.operation_type,
            "label": row.label,
            "counterparty_name": row.counterparty_name,
            "counterparty_iban": row.counterparty_iban,
            "counterparty_bic": row.counterparty_bic,
            "reference": row.reference,
            "note": row.note,
            "category": row.category,
            "bank_labels": ", ".join(self._label_names(row)) or None,
            "card_last_digits": row.card_last_digits,
            "amount": float(row.signed_amount),
            "local_amount": float(row.signed_local_amount),
            "local_currency": row.local_currency,
            "settled_balance": float(row.settled_balance or 0),
            "has_settled_balance": row.settled_balance is not None,
            "emitted_at": self._naive(row.emitted_at),
            "settled_at": self._naive(row.settled_at) if settled else False,
            "sort_at": self._naive(row.settled_at if settled else row.emitted_at),
            "booking_date": account._local_day(row.settled_at) if settled else False,
            "emitted_date": account._local_day(row.emitted_at),
            "bank_updated_at": self._naive(row.updated_at),
            "raw": raw,
            "fingerprint": self._fingerprint(raw),
        }
        values["feed_state"] = self._first_state(account, row.status, values["booking_date"])
        return values

    @api.model
    def _with_what_follows(self, account, values: dict) -> dict:
        """Add to the values of a new record what the ORM would compute of them, one record at a time."""
        return {**values, "company_id": account.company_id.id, **self._receipts_in(values["raw"])}

    @staticmethod
    def _label_names(row) -> list[str]:
        """Return the names of the row's labels, which come along when they are asked for."""
        labels = row.raw.get("labels")
        names = [label.get("name") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
        return [name for name in names if isinstance(name, str)]

    @staticmethod
    def _naive(instant):
        return instant.astimezone(timezone.utc).replace(tzinfo=None) if instant else False

    @staticmethod
    def _fingerprint(raw: dict) -> str:
        """Tell two answers apart; links that expire by themselves are no change."""
        stable = {name: value for name, value in raw.items() if name not in ("logo", "attachments")}
        text = json.dumps(stable, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @staticmethod
    def _first_state(account, status: str, booking_date) -> str:
        if status == "pending":
            return "pending"
        if status != "completed" or not booking_date:
            return "out"
        return "to_book" if booking_date >= account.start_date else "before_start"

    def _take_change(self, values: dict) -> bool:
        """Take over what the bank changed; a transaction that is a bank line keeps its place in the books.

        :return: whether it is something that a person sees; a later balance alone is not
        """
        self.ensure_one()
        told = self._told_changes(values)
        values = dict(values)
        if self.feed_state in SETTLED:
            values.pop("feed_state")
            if told:
                values["changed_at_bank"] = fields.Datetime.now()
                values["bank_changes"] = [*(self.bank_changes or []), *told][-KEPT_CHANGES:]
            if self.feed_state == "booked" and told:
                values["question_kind"] = self._question_about(values)
        elif self.feed_state in ("held", "doubtful") and values["feed_state"] == "to_book":
            # Looked at anew when it is booked; a doubt goes on while amount and day stay.
            same = not {change["field"] for change in told} & {"amount", "booking_date"}
            if self.feed_state == "held" or same:
                values["feed_state"] = self.feed_state
        elif self.feed_state == "gone" and self.replaced_by_id:
            values.pop("feed_state")
        self.write(values)
        return bool(told)

    def _told_changes(self, values: dict) -> list[dict]:
        now = fields.Datetime.to_string(fields.Datetime.now())
        changes = []
        for name in TOLD:
            before, after = self[name] or False, values[name] or False
            if self._fields[name].type == "monetary":
                if not self.currency_id.compare_amounts(before, after):
                    continue
                before, after = self.currency_id.format(before), self.currency_id.format(after)
            if before != after:
                changes.append({"at": now, "field": name, "before": str(before or ""), "after": str(after or "")})
        return changes

    def _question_about(self, values: dict) -> str | bool:
        """Return what a person must be asked about the bank line, if the bank's facts are no longer those booked."""
        line = self.statement_line_id
        if not line:
            return False
        if values["status"] != "completed":
            return "status"
        if self.currency_id.compare_amounts(values["amount"], line.amount):
            return "amount"
        if values["booking_date"] != self.booking_date:
            return "day"
        # Asked before, and not answered yet.
        return "day" if self.question_kind == "day" and values["booking_date"] != line.date else False

    def _gone_at_the_bank(self):
        """Ask the bank about each, and return those that it no longer shows; a bank line becomes a question."""
        gone = self.browse()
        for account, transactions in self.grouped("account_id").items():
            with account._reading_consents()[account.id]._reading_client() as client:
                gone |= transactions.filtered(lambda row: not account._bank_still_shows(client, row))  # noqa: B023
        gone.sudo().filtered(lambda row: row.feed_state == "booked").question_kind = "gone"
        return gone
