# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One transaction as the bank states it, whether it is a bank line already, not yet, or never."""

import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from . import transaction_words
from .bank_words import kind_in_words, status_in_words

# The bank has booked these, and Odoo's ledger has not.
NOT_IN_LEDGER = ("to_book", "held", "doubtful", "left_out", "hidden", "removed")


class QontoTransaction(models.Model):
    _name = "qonto.transaction"
    _description = "Transaction at Qonto"
    _order = "sort_at desc, id desc"
    _check_company_auto = True
    _rec_name = "label"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, index=True, ondelete="restrict")
    # Not read-only to the ORM, which would compute what `create` is given.
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True, readonly=False, index=True
    )
    journal_id = fields.Many2one("account.journal", related="account_id.journal_id")
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id")
    account_currency = fields.Char(string="Currency of the account", related="account_id.currency_id.name")
    bank_ref = fields.Char(string="ID at Qonto", required=True, readonly=True)
    bank_slug = fields.Char(string="Readable ID at Qonto", readonly=True, index=True)
    status = fields.Char(string="Status code", required=True, readonly=True)
    status_label = fields.Char(string="Status at the bank", compute="_compute_words")
    operation_type = fields.Char(string="Kind code", readonly=True)
    kind = fields.Char(compute="_compute_words")
    label = fields.Char(readonly=True)
    counterparty_name = fields.Char(string="Counterparty", readonly=True)
    counterparty_iban = fields.Char(string="Counterparty's account", readonly=True)
    counterparty_bic = fields.Char(string="Counterparty's BIC", readonly=True)
    reference = fields.Char(readonly=True)
    note = fields.Char(readonly=True)
    category = fields.Char(readonly=True)
    card_last_digits = fields.Char(string="Card", readonly=True)
    amount = fields.Monetary(readonly=True, help="Positive: money came in. Negative: money went out.")
    local_amount = fields.Float(string="Original amount", digits=(16, 3), readonly=True)
    local_currency = fields.Char(string="Original currency", readonly=True)
    settled_balance = fields.Monetary(string="Balance after it", readonly=True)
    has_settled_balance = fields.Boolean(readonly=True)
    emitted_at = fields.Datetime(string="Made on", readonly=True)
    settled_at = fields.Datetime(string="Booked at the bank on", readonly=True)
    sort_at = fields.Datetime(readonly=True)
    booking_date = fields.Date(readonly=True, help="The bank's calendar day of the booking.")
    emitted_date = fields.Date(string="Payment date", readonly=True, help="The bank's calendar day of the payment.")
    bank_updated_at = fields.Datetime(string="Last change at the bank", readonly=True)
    fingerprint = fields.Char(readonly=True)
    raw = fields.Json(string="The bank's own record", readonly=True, prefetch=False)
    raw_text = fields.Text(string="Record as text", compute="_compute_raw_text")

    # Where a transaction stands between the bank and the books.
    #
    #   pending ──booked at the bank──▶ to_book ──────────────▶ booked ──line deleted──▶ removed
    #     │  │                          │  ▲  │                  │  ▲                      │
    #     │  └──declined──▶ out         ▼  │  └──▶ doubtful ─────┼──┤ the same: the line    │
    #     └──vanished──▶ gone          held │          │ another │  │ there is becomes its  │
    #                                   │   └──────────┘        ▼  │                       │
    #                                   └──────▶ left_out ──▶ hidden ──restored────────────┘
    #   before_start: booked at the bank before the account's start date; never a line. What a person decided
    #   (left_out, hidden, removed) stays until a person takes it back, whatever the bank changes.
    feed_state = fields.Selection(
        selection=[
            ("pending", "Pending at the bank"),
            ("to_book", "To book"),
            ("booked", "Bank line"),
            ("held", "Held"),
            ("doubtful", "There already?"),
            ("left_out", "Left out"),
            ("hidden", "Hidden"),
            ("removed", "Line deleted"),
            ("before_start", "Before the start date"),
            ("out", "Not booked at the bank"),
            ("gone", "No longer at the bank"),
        ],
        string="State",
        required=True,
        readonly=True,
        index=True,
    )
    hold_kind = fields.Char(readonly=True)
    hold_detail = fields.Char(readonly=True)
    hold_reason = fields.Char(string="Why", compute="_compute_words")
    # A line or transaction that may be the same: the bank gave it another ID, or somebody else entered it before.
    doubt_kind = fields.Char(readonly=True)
    doubt_line_id = fields.Many2one(
        "account.bank.statement.line", string="Line that is there already", readonly=True, index="btree_not_null",
        ondelete="set null",
    )
    doubt_transaction_id = fields.Many2one("qonto.transaction", string="Vanished at the bank", readonly=True)
    doubt = fields.Text(string="What speaks for it", compute="_compute_words")
    # What somebody decided about it, and why.
    decision = fields.Selection(
        selection=[
            ("first_open_day", "Book on the first open day"),
            ("plain", "Book without the original amount"),
            ("separate", "It is a transaction of its own"),
        ],
        readonly=True,
    )
    decision_reason = fields.Char(string="Reason", readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(readonly=True)
    # What the bank changed after the transaction became a bank line.
    changed_at_bank = fields.Datetime(
        string="Changed at the bank", readonly=True, help="When the bank changed it after it became a bank line."
    )
    bank_changes = fields.Json(readonly=True)
    bank_changes_text = fields.Text(string="What the bank changed", compute="_compute_words")
    question_kind = fields.Char(readonly=True, index="btree_not_null")
    question = fields.Text(compute="_compute_words")
    replaced_by_id = fields.Many2one("qonto.transaction", string="Now at the bank as", readonly=True)
    past_move_ids = fields.Many2many(
        "account.move", "qonto_transaction_past_move_rel", string="Canceled entries", readonly=True
    )
    statement_line_ids = fields.One2many("account.bank.statement.line", "qonto_transaction_id", readonly=True)
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", string="Bank line", compute="_compute_statement_line_id"
    )

    _bank_ref_uniq = models.Constraint(
        "UNIQUE (account_id, bank_ref)", "The bank's transaction is already there for this account."
    )
    _to_book_idx = models.Index("(account_id, settled_at, id) WHERE feed_state IN ('to_book', 'held', 'doubtful')")
    _booking_idx = models.Index("(account_id, booking_date, settled_at) WHERE booking_date IS NOT NULL")
    _sort_idx = models.Index("(account_id, sort_at DESC, id DESC)")

    # === COMPUTE METHODS === #

    @api.depends("account_id.company_id")
    def _compute_company_id(self):
        for transaction in self:
            transaction.company_id = transaction.account_id.company_id

    @api.depends("statement_line_ids")
    def _compute_statement_line_id(self):
        for transaction in self:
            transaction.statement_line_id = transaction.statement_line_ids[:1]

    @api.depends(
        "status", "operation_type", "feed_state", "hold_kind", "hold_detail", "decision_reason", "doubt_kind",
        "doubt_line_id", "doubt_transaction_id", "bank_changes", "question_kind", "replaced_by_id",
    )
    @api.depends_context("lang", "tz")
    def _compute_words(self):
        """In the words and the language of whoever reads it; stored is only what is the case."""
        for transaction in self:
            transaction.status_label = status_in_words(self.env, transaction.status)
            transaction.kind = kind_in_words(self.env, transaction.operation_type)
            transaction.hold_reason = transaction_words.reason(transaction)
            transaction.doubt = transaction_words.doubt(transaction)
            transaction.question = transaction_words.question(transaction)
            transaction.bank_changes_text = transaction_words.changes(transaction)

    @api.depends("raw")
    def _compute_raw_text(self):
        for transaction in self:
            transaction.raw_text = json.dumps(transaction.raw, indent=2, ensure_ascii=False, sort_keys=True)

    # === ACTION METHODS === #

    def action_open_line(self):
        """Open the bank line, if there is one."""
        self.ensure_one()
        if not self.statement_line_id:
            raise UserError(self.hold_reason or self.env._("There is no bank line."))
        return self.statement_line_id.action_open_qonto_line()
