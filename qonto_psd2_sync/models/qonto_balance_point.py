# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balances of bank and ledger, day by day: a chart."""

from odoo import fields, models
from odoo.tools import SQL, drop_view_if_exists


class QontoBalancePoint(models.Model):
    _name = "qonto.balance.point"
    _description = "Balance of bank and ledger over time"
    _auto = False
    _order = "day, account_id, side"
    _rec_name = "day"

    account_id = fields.Many2one("qonto.account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    day = fields.Date(readonly=True)
    side = fields.Selection(selection=[("bank", "Bank"), ("ledger", "Ledger")], readonly=True)
    balance = fields.Monetary(readonly=True)
    difference = fields.Monetary(readonly=True, aggregator=None)

    def init(self):
        """Each day since the account's start: what the bank had at its end, and the ledger account: two rows."""
        drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(SQL(
            """
            CREATE VIEW %s AS
            WITH ledger AS (
                SELECT account.id AS account_id, GREATEST(item.date, account.start_date - 1) AS day,
                       SUM(item.amount_currency) AS amount
                  FROM qonto_account account
                  JOIN account_journal journal ON journal.id = account.journal_id
                  JOIN account_move_line item ON item.account_id = journal.default_account_id
                                             AND item.company_id = account.company_id
                                             AND item.parent_state = 'posted'
              GROUP BY account.id, GREATEST(item.date, account.start_date - 1)
            ), days AS (
                SELECT account.id AS account_id, account.company_id, account.currency_id, day::date AS day
                  FROM qonto_account account,
                       generate_series(account.start_date - 1, (now() AT TIME ZONE account.tz)::date,
                                       interval '1 day') AS day
            ), running AS (
                SELECT days.*, SUM(COALESCE(ledger.amount, 0)) OVER (
                           PARTITION BY days.account_id ORDER BY days.day) AS ledger_balance
                  FROM days LEFT JOIN ledger ON ledger.account_id = days.account_id AND ledger.day = days.day
            )
            SELECT running.account_id * 100000 + (running.day - DATE '2000-01-01') * 2 + side.number AS id,
                   running.account_id, running.company_id, running.currency_id, running.day, side.name AS side,
                   CASE side.number WHEN 0 THEN bank.balance ELSE running.ledger_balance END AS balance,
                   bank.balance - running.ledger_balance AS difference
              FROM running
              JOIN LATERAL (
                   (SELECT settled_balance AS balance, 1 AS choice
                      FROM qonto_transaction
                     WHERE account_id = running.account_id AND has_settled_balance AND status = 'completed'
                       AND feed_state != 'gone' AND booking_date <= running.day
                  ORDER BY booking_date DESC, settled_at DESC, id DESC LIMIT 1)
                   UNION ALL
                   (SELECT settled_balance - amount, 2
                      FROM qonto_transaction
                     WHERE account_id = running.account_id AND has_settled_balance AND status = 'completed'
                       AND feed_state != 'gone' AND booking_date > running.day
                  ORDER BY booking_date, settled_at, id LIMIT 1)
                  ORDER BY choice LIMIT 1
                   ) AS bank ON TRUE
        CROSS JOIN (VALUES (0, 'bank'), (1, 'ledger')) AS side (number, name)
            """,
            SQL.identifier(self._table),
        ))
