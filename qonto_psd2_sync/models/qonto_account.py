# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A bank account at Qonto, tied to one bank journal."""

from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from . import payment_clock
from .failure_words import NEEDS_PERSON, explain

# What the PSD2 rule lets a connection read without asking the person again.
WINDOW = timedelta(days=90)
TIME_ZONES = {"FR": "Europe/Paris", "DE": "Europe/Berlin", "IT": "Europe/Rome", "ES": "Europe/Madrid"}


class QontoAccount(models.Model):
    _name = "qonto.account"
    _description = "Qonto bank account"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "main desc, name, id"

    name = fields.Char(required=True, readonly=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    environment = fields.Selection(
        selection=lambda self: self.env["qonto.application"]._fields["environment"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    bank_ref = fields.Char(string="ID at Qonto", required=True, readonly=True, index=True)
    iban = fields.Char(string="IBAN", readonly=True)
    main = fields.Boolean(string="Main account", readonly=True)
    journal_id = fields.Many2one(
        "account.journal", required=True, readonly=True, index=True, check_company=True, ondelete="restrict",
        domain="[('type', '=', 'bank')]",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    tz = fields.Selection(
        selection=lambda self: [(zone, zone) for zone in sorted(available_timezones())],
        string="Time zone",
        required=True,
        default=lambda self: self._default_tz(self.env.company),
        help="The bank's own: the day of a line is the calendar day there.",
    )
    start_date = fields.Date(
        required=True, readonly=True, help="Transactions booked from this day on become bank lines."
    )
    sync_interval = fields.Selection(
        selection=[("1", "Every hour"), ("4", "Every 4 hours"), ("24", "Once a day"), ("0", "Only by hand")],
        string="Syncs",
        default="1",
        required=True,
        tracking=True,
    )
    responsible_id = fields.Many2one(
        "res.users", default=lambda self: self.env.user, check_company=True, tracking=True,
        help="Who is told when the account stops syncing.",
    )
    consent_ids = fields.Many2many("qonto.consent", string="Consents", readonly=True)
    transaction_ids = fields.One2many("qonto.transaction", "account_id", string="Transactions")
    run_ids = fields.One2many("qonto.sync.run", "account_id", string="Runs")
    opening_move_id = fields.Many2one("account.move", string="Opening entry", readonly=True, check_company=True)

    # What the feed knows. Written by the sync only, page by page, together with what it fetched.
    watermark = fields.Datetime(
        readonly=True, help="Everything the bank changed before this instant has been fetched. UTC."
    )
    deep_sync_at = fields.Datetime(string="Last look back of 10 days", readonly=True)
    bank_balance = fields.Monetary(string="Bank balance", readonly=True)
    bank_balance_at = fields.Datetime(string="Bank balance as of", readonly=True)
    authorized_balance = fields.Monetary(string="Available at the bank", readonly=True)
    last_sync_at = fields.Datetime(string="Last successful sync", readonly=True)
    next_sync_at = fields.Datetime(string="Next sync", readonly=True, index=True)
    failure_kind = fields.Char(readonly=True)
    failure_detail = fields.Char(readonly=True)
    failure = fields.Text(string="What is wrong", compute="_compute_failure")
    failing_since = fields.Datetime(readonly=True)
    failure_count = fields.Integer(readonly=True)
    lease_owner = fields.Char(readonly=True)
    lease_until = fields.Datetime(readonly=True)

    status = fields.Selection(
        selection=[
            ("connected", "Connected"),
            ("needs_you", "Needs you"),
            ("not_syncing", "Not syncing"),
        ],
        compute="_compute_status",
    )
    status_reason = fields.Char(compute="_compute_status")
    ledger_balance = fields.Monetary(compute="_compute_ledger_balance")
    balance_difference = fields.Monetary(compute="_compute_ledger_balance")
    pending_count = fields.Integer(string="Pending", compute="_compute_counts")
    held_count = fields.Integer(string="Held", compute="_compute_counts")

    _bank_ref_uniq = models.Constraint(
        "UNIQUE (company_id, environment, bank_ref)", "This Qonto account is already set up in this company."
    )
    _iban_uniq = models.UniqueIndex(
        "(company_id, environment, iban) WHERE iban IS NOT NULL", "This IBAN is already set up in this company."
    )
    _journal_uniq = models.Constraint("UNIQUE (journal_id)", "This journal already receives another Qonto account.")

    # === COMPUTE METHODS === #

    @api.model
    def _default_tz(self, company) -> str:
        return TIME_ZONES.get(company.country_id.code, "Europe/Paris")

    @api.depends("failure_kind", "failure_detail")
    @api.depends_context("lang")
    def _compute_failure(self):
        """In the words and the language of whoever reads it; stored is only what happened."""
        for account in self:
            account.failure = account.failure_kind and explain(self.env, account.failure_kind, account.failure_detail)

    @api.depends("failure_kind", "last_sync_at", "sync_interval", "consent_ids.state", "active")
    @api.depends_context("lang")
    def _compute_status(self):
        """From the clock, so that it is right also when no scheduled action runs."""
        now = fields.Datetime.now()
        consents = self._reading_consents()
        cron_off = not any(self._sync_crons().mapped("active"))
        for account in self:
            interval = timedelta(hours=int(account.sync_interval))
            silent_since = account.last_sync_at or account.create_date or now
            if not consents.get(account.id):
                account.status = "needs_you"
                account.status_reason = account._missing_consent_reason()
            elif account.failure_kind in NEEDS_PERSON:
                account.status = "needs_you"
                account.status_reason = account.failure
            elif account.failure_kind:
                account.status = "not_syncing"
                account.status_reason = account.failure
            elif interval and cron_off:
                account.status = "not_syncing"
                account.status_reason = self.env._(
                    "The scheduled actions for Qonto are switched off. An administrator switches them on under "
                    "Settings → Technical → Scheduled Actions."
                )
            elif interval and now - silent_since > interval * 2 + timedelta(minutes=30):
                account.status = "not_syncing"
                account.status_reason = self.env._(
                    "No scheduled action has run since then. Whoever runs the server checks that Odoo's scheduled "
                    "actions are running."
                )
            else:
                account.status = "connected"
                account.status_reason = False

    @api.depends("journal_id", "bank_balance")
    def _compute_ledger_balance(self):
        totals = dict(
            self.env["account.move.line"].sudo()._read_group(
                [
                    ("account_id", "in", self.journal_id.default_account_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("parent_state", "=", "posted"),
                ],
                ["account_id"],
                ["amount_currency:sum"],
            )
        )
        for account in self:
            account.ledger_balance = totals.get(account.journal_id.default_account_id, 0.0)
            account.balance_difference = account.bank_balance - account.ledger_balance

    def _compute_counts(self):
        counts = {
            (account.id, state): count
            for account, state, count in self.env["qonto.transaction"].sudo()._read_group(
                [("account_id", "in", self.ids), ("feed_state", "in", ("pending", "held"))],
                ["account_id", "feed_state"],
                ["__count"],
            )
        }
        for account in self:
            account.pending_count = counts.get((account.id, "pending"), 0)
            account.held_count = counts.get((account.id, "held"), 0)

    @api.constrains("journal_id", "currency_id")
    def _check_journal(self):
        for account in self:
            journal = account.journal_id
            if journal.type != "bank":
                raise ValidationError(self.env._("%s is not a bank journal.", journal.display_name))
            if (journal.currency_id or journal.company_id.currency_id) != account.currency_id:
                raise ValidationError(
                    self.env._(
                        "The account is kept in %(account)s and the journal %(journal)s in another currency. Choose or "
                        "make a journal in %(account)s.",
                        account=account.currency_id.name,
                        journal=journal.display_name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """An account that shall sync by schedule (again) is due at once."""
        if vals.get("sync_interval", "0") != "0":
            vals = {"next_sync_at": fields.Datetime.now(), **vals}
        return super().write(vals)

    # === DAYS === #

    def _local_day(self, instant: datetime):
        """Return the bank's calendar day of an aware instant."""
        return instant.astimezone(ZoneInfo(self.tz)).date()

    def _today(self):
        """Return today's date at the bank, whatever the user's zone."""
        return self._local_day(payment_clock.now(self.env))

    def _start_of_day(self, day) -> datetime:
        """Return the aware instant (UTC) at which ``day`` begins at the bank."""
        return datetime.combine(day, time.min, ZoneInfo(self.tz)).astimezone(timezone.utc)

    # === CONSENT === #

    def _reading_consents(self) -> dict:
        """Map account id → the consent to read it with: one's own first, then the newest of an active user."""
        consents = self.env["qonto.consent"].sudo().search(
            [("account_ids", "in", self.ids), ("is_live", "=", True), ("user_id.active", "=", True)], order="id desc"
        )
        own_first = consents.sorted(lambda consent: consent.user_id != self.env.user)
        chosen = {}
        for consent in own_first:
            for account_id in consent.account_ids.ids:
                chosen.setdefault(account_id, consent)
        return chosen

    def _missing_consent_reason(self) -> str:
        self.ensure_one()
        last = self.sudo().consent_ids.sorted("id")[-1:]
        reasons = {
            "expired": self.env._("The consent expired. Connect Qonto again; lines and settings stay."),
            "revoked": self.env._(
                "Qonto no longer accepts the consent: it was withdrawn at the bank, or not used for 90 days. Connect "
                "Qonto again; lines and settings stay."
            ),
            "withdrawn": self.env._("Disconnected. Connect Qonto again to go on; lines and settings stay."),
        }
        if last.is_live and not last.user_id.active:
            return self.env._(
                "%s gave the consent and is archived. Somebody else connects Qonto; lines and settings stay.",
                last.user_id.name,
            )
        return reasons.get(last.state, self.env._("Nobody's consent covers this account. Connect Qonto."))

    def _forget_failure(self):
        """After a new authorisation the old trouble is no longer true."""
        self.sudo().write(
            {
                "failure_kind": False,
                "failure_detail": False,
                "failing_since": False,
                "failure_count": 0,
                "next_sync_at": fields.Datetime.now(),
            }
        )

    # === ACTION METHODS === #

    def action_sync(self):
        """Sync the chosen accounts now; the web client shows the progress and the result."""
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Choose at least one account to sync."))
        return {
            "type": "ir.actions.client",
            "tag": "qonto_psd2_sync.sync",
            "name": self.env._("Sync transactions"),
            "target": "new",
            "params": {"account_ids": self.ids},
        }

    def action_open_lines(self):
        """Open the account's bank lines."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_bank_transactions"),
            "domain": [("journal_id", "in", self.journal_id.ids)],
        }

    def action_open_transactions(self):
        """Open what the bank says, pending and declined ones too."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_transaction"),
            "domain": [("account_id", "in", self.ids)],
            "context": {},
        }

    def action_open_undecided(self):
        """Open what somebody must decide."""
        return {
            **self.action_open_transactions(),
            "domain": [
                ("account_id", "in", self.ids), "|", ("feed_state", "=", "doubtful"), ("question_kind", "!=", False)
            ],
        }

    def action_open_chart(self):
        """Show both balances over time."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_balance_point"),
            "domain": [("account_id", "in", self.ids)],
        }

    def action_open_runs(self):
        """Open what the syncs did."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_sync_run"),
            "domain": [("account_id", "in", self.ids)],
        }

    def action_balance_day(self):
        """Set bank and ledger beside each other on a day."""
        return self.env["qonto.balance.day"].create({"account_id": self.id}).action_show()

    def action_compare(self):
        """Check a period against the bank."""
        return self._open_wizard("qonto.compare", self.env._("Check against the bank"))

    def action_move_journal(self):
        """Let another journal receive the account."""
        return self._open_wizard("qonto.move.journal", self.env._("Move to another journal"))

    def _open_wizard(self, model: str, name: str):
        return {
            "type": "ir.actions.act_window", "name": name, "res_model": model, "view_mode": "form", "target": "new",
            "context": {"default_account_id": self.id},
        }
