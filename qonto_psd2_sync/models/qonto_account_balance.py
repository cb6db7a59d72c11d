# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank's balance beside the ledger's: the chain of balances, a day's two balances, and what lies between them."""

from dataclasses import dataclass, field
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .qonto_transaction import NOT_IN_LEDGER

LISTED = 200


@dataclass
class Part:
    """One reason why bank and ledger differ: how much of the difference it explains, and what it consists of."""

    kind: str
    amount: float
    count: int = 0
    transactions: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    chain_break_id = fields.Many2one("qonto.transaction", string="First balance that does not fit", readonly=True)
    chain_before_id = fields.Many2one("qonto.transaction", string="The one before it", readonly=True)
    chain_gap = fields.Monetary(string="Missing between the two", readonly=True)
    chain_words = fields.Text(string="The bank's own balances", compute="_compute_chain_words")
    pending_amount = fields.Monetary(string="Pending, in and out", compute="_compute_forecast")
    forecast_balance = fields.Monetary(
        compute="_compute_forecast", help="The bank's balance, and what is pending there. Not in the ledger."
    )
    doubtful_count = fields.Integer(string="To decide", compute="_compute_forecast")
    question_count = fields.Integer(string="Questions", compute="_compute_forecast")

    # === COMPUTE METHODS === #

    @api.depends("chain_break_id", "chain_before_id", "chain_gap")
    @api.depends_context("lang")
    def _compute_chain_words(self):
        for account in self:
            account.chain_words = account._break_in_words() if account.chain_break_id else False

    def _break_in_words(self) -> str:
        after, before = self.chain_break_id, self.chain_before_id
        return self.env._(
            "The bank's balances do not follow from its transactions: after “%(before)s” of %(day_before)s it had "
            "%(balance)s, after “%(after)s” of %(day_after)s (%(amount)s) it has %(result)s. Between the two, %(gap)s "
            "is missing here. Check against the bank for these days.",
            before=before.display_name, day_before=format_date(self.env, before.booking_date),
            balance=self.currency_id.format(before.settled_balance), after=after.display_name,
            day_after=format_date(self.env, after.booking_date), amount=self.currency_id.format(after.amount),
            result=self.currency_id.format(after.settled_balance), gap=self.currency_id.format(self.chain_gap),
        )

    @api.depends("bank_balance")
    def _compute_forecast(self):
        transactions = self.env["qonto.transaction"].sudo()
        pending = dict(transactions._read_group(
            [("account_id", "in", self.ids), ("feed_state", "=", "pending")], ["account_id"], ["amount:sum"]
        ))
        doubtful = dict(transactions._read_group(
            [("account_id", "in", self.ids), ("feed_state", "=", "doubtful")], ["account_id"], ["__count"]
        ))
        asked = dict(transactions._read_group(
            [("account_id", "in", self.ids), ("question_kind", "!=", False)], ["account_id"], ["__count"]
        ))
        for account in self:
            account.pending_amount = pending.get(account, 0.0)
            account.forecast_balance = account.bank_balance + account.pending_amount
            account.doubtful_count = doubtful.get(account, 0)
            account.question_count = asked.get(account, 0)

    # === THE CHAIN === #

    def _check_chain(self):
        """Find the first of the bank's balances that does not follow from the one before it and its own amount."""
        self.ensure_one()
        before, after, gap = self._first_break() or (False, False, 0.0)
        self._write_links({"chain_before_id": before, "chain_break_id": after}, gap)

    def _write_links(self, links: dict, gap: float):
        if any(self[name].id != link for name, link in links.items()) or self.currency_id.compare_amounts(
            self.chain_gap, gap
        ):
            self.write({**links, "chain_gap": gap})

    def _first_break(self) -> tuple[int, int, float] | None:
        """Return the two transactions around the first break, and what is missing between them."""
        self.env["qonto.transaction"].flush_model()
        if not self._chain_differs():
            return None
        rows = self.env.execute_query(SQL(
            """
            SELECT id, settled_at, amount, settled_balance
              FROM qonto_transaction
             WHERE account_id = %s AND status = 'completed' AND has_settled_balance AND feed_state != 'gone'
          ORDER BY settled_at, id
            """,
            self.id,
        ))
        same = self.currency_id.compare_amounts
        previous = None
        while rows:
            # Rows of one instant have no order of their own: that which the balances give is the right one.
            at = rows[0][1]
            together = [row for row in rows if row[1] == at]
            rows = rows[len(together):]
            while together:
                following = next(
                    (row for row in together if not previous or not same(previous[3] + row[2], row[3])), None
                )
                if following is None:
                    row = together[0]
                    return previous[0], row[0], self.currency_id.round(row[3] - row[2] - previous[3])
                together.remove(following)
                previous = following
        return None

    def _chain_differs(self) -> bool:
        """Whether there may be a break at all: one query, whatever the number of transactions."""
        (found,), = self.env.execute_query(SQL(
            """
            SELECT EXISTS (
                SELECT 1 FROM (
                    SELECT settled_balance - amount - LAG(settled_balance) OVER (ORDER BY settled_at, id) AS gap
                      FROM qonto_transaction
                     WHERE account_id = %s AND status = 'completed' AND has_settled_balance AND feed_state != 'gone'
                ) AS links
                WHERE ABS(gap) >= %s
            )
            """,
            self.id, self.currency_id.rounding / 2,
        ))
        return found

    # === A DAY'S BALANCES === #

    def _bank_balance_on(self, day) -> float:
        """Return what the bank had at the end of a day, by its own statement of balances."""
        transactions = self.env["qonto.transaction"].sudo()
        shown = [
            ("account_id", "=", self.id), ("status", "=", "completed"), ("has_settled_balance", "=", True),
            ("feed_state", "!=", "gone"),
        ]
        last = transactions.search(
            [*shown, ("booking_date", "<=", day)], order="booking_date desc, settled_at desc, id desc", limit=1
        )
        if last:
            return last.settled_balance
        first = transactions.search(
            [*shown, ("booking_date", ">", day)], order="booking_date, settled_at, id", limit=1
        )
        return first.settled_balance - first.amount if first else self.bank_balance

    def _ledger_items(self, *conditions):
        return self.env["account.move.line"].sudo().search([
            ("account_id", "=", self.journal_id.default_account_id.id),
            ("company_id", "=", self.company_id.id),
            ("parent_state", "=", "posted"),
            *conditions,
        ])

    def _ledger_balance_on(self, day) -> float:
        return sum(self._ledger_items(("date", "<=", day)).mapped("amount_currency"))

    def _explain_difference(self, day) -> tuple[float, float, list[Part]]:
        """Return the bank's balance, the ledger's, and the parts that their difference consists of.

        The parts are added up from transactions and journal items, not from the difference; what they do not explain
        is a part of its own, so that nothing is hidden.
        """
        self.ensure_one()
        money = self.currency_id
        bank, ledger = self._bank_balance_on(day), self._ledger_balance_on(day)
        transactions = self.env["qonto.transaction"].sudo().search(
            [
                ("account_id", "=", self.id), ("booking_date", ">=", self.start_date), ("feed_state", "!=", "gone"),
                "|", ("booking_date", "<=", day), ("statement_line_ids.date", "<=", day),
            ],
            order="settled_at, id",
        )
        parts: dict[str, Part] = {}

        def add(kind: str, amount: float, transaction=None, item=None):
            part = parts.setdefault(kind, Part(kind, 0.0))
            part.amount += amount
            part.count += 1
            if transaction and len(part.transactions) < LISTED:
                part.transactions.append(transaction.id)
            if item and len(part.items) < LISTED:
                part.items.append(item.id)

        stated = 0.0
        for transaction in transactions:
            at_bank = transaction.amount if transaction.booking_date <= day else 0.0
            stated += at_bank
            kind, in_ledger = self._place_of(transaction, day)
            if money.compare_amounts(at_bank, in_ledger):
                add(kind, at_bank - in_ledger, transaction)
        self._explain_items(add, day)
        opening = self._bank_balance_on(self.start_date - timedelta(days=1))
        gap = bank - opening - stated
        if not money.is_zero(gap):
            add("gap", gap)
        # What files brought of the days before is in the ledger beside the opening entry, which moved back for it.
        before = sum(
            item.amount_currency for item in self._ledger_items(("date", "<", self.start_date))
            if item.statement_line_id.qonto_transaction_id not in transactions
        )
        if money.compare_amounts(opening, before):
            add("opening", opening - before)
        rest = bank - ledger - sum(part.amount for part in parts.values())
        if not money.is_zero(rest):
            add("unexplained", rest)
        return bank, ledger, [part for part in parts.values() if not money.is_zero(part.amount) or part.count]

    def _place_of(self, transaction, day) -> tuple[str, float]:
        """Return where a transaction is, and what of it is in the ledger account on that day."""
        line = transaction.statement_line_id
        if not line:
            return (transaction.feed_state if transaction.feed_state in NOT_IN_LEDGER else "to_book"), 0.0
        if line.journal_id != self.journal_id:
            return "elsewhere", 0.0
        if line.state != "posted":
            return "canceled", 0.0
        if line.date > day or transaction.booking_date > day:
            return "other_day", line.amount if line.date <= day else 0.0
        return "changed", line.amount

    def _explain_items(self, add, day):
        """What the ledger account has besides the feed's lines: typed, imported by another importer, booked by hand."""
        for item in self._ledger_items(("date", ">=", self.start_date), ("date", "<=", day)):
            line = item.statement_line_id
            if line.qonto_transaction_id.account_id == self and line.journal_id == self.journal_id:
                continue
            add("typed" if line else "by_hand", -item.amount_currency, item=item)

    def _unmatched_on(self, day) -> tuple[int, float]:
        """Return number and sum of the lines that are in the ledger account, and not matched yet."""
        (count, amount), = self.env["account.bank.statement.line"].sudo()._read_group(
            [
                ("journal_id", "=", self.journal_id.id), ("state", "=", "posted"), ("date", "<=", day),
                ("is_reconciled", "=", False),
            ],
            [], ["__count", "amount:sum"],
        )
        return count, amount or 0.0
