# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One account of the choice: into which journal, from which day, with which opening balance."""

from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.tools import format_date

from ..models.failure_words import explain_error
from ..models.qonto_account import WINDOW
from ..qonto_api import QontoError


class QontoMapLine(models.TransientModel):
    _name = "qonto.map.line"
    _description = "Account to connect"
    _order = "main desc, id"

    map_id = fields.Many2one("qonto.map", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="map_id.company_id")
    bank_ref = fields.Char(required=True, readonly=True)
    name = fields.Char(string="Account", required=True, readonly=True)
    iban = fields.Char(string="IBAN", readonly=True)
    main = fields.Boolean(readonly=True)
    account_kind = fields.Selection(
        selection=[("main", "Main account"), ("sub", "Sub-account")], compute="_compute_account_kind"
    )
    summary = fields.Text(compute="_compute_summary")
    closed = fields.Boolean(readonly=True)
    currency_name = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    balance = fields.Monetary(readonly=True)
    account_id = fields.Many2one("qonto.account", string="Connected as", readonly=True)
    selected = fields.Boolean(string="Connect")
    problem = fields.Text(compute="_compute_problem", help="Why this account can't be connected.")

    target = fields.Selection(
        selection=[("existing", "Existing journal"), ("new", "New journal")], required=True, default="new"
    )
    journal_id = fields.Many2one(
        "account.journal", domain="[('type', '=', 'bank'), ('company_id', '=', company_id)]",
    )
    new_name = fields.Char(string="Journal name")
    new_code = fields.Char(string="Short code", size=5)
    new_account_id = fields.Many2one(
        "account.account", string="Ledger account", domain="[('account_type', '=', 'asset_cash')]",
        help="Left empty, Odoo makes one as for any new bank journal.",
    )

    destination = fields.Text(string="Into", compute="_compute_destination")

    earliest_date = fields.Date(compute="_compute_earliest_date")
    start_date = fields.Date(compute="_compute_start_date", store=True, readonly=False)
    start_reason = fields.Char(compute="_compute_start_reason")
    overlap_count = fields.Integer(compute="_compute_overlap_count")
    overlap_agreed = fields.Boolean(string="Sync these days all the same")

    opening_known = fields.Boolean(readonly=True)
    opening_note = fields.Char(readonly=True)
    bank_opening = fields.Monetary(string="Bank at the start", readonly=True)
    ledger_opening = fields.Monetary(string="Odoo at the start", compute="_compute_ledger_opening")
    opening_difference = fields.Monetary(string="Difference", compute="_compute_ledger_opening")
    book_opening = fields.Boolean(string="Book opening entry")
    opening_account_id = fields.Many2one(
        "account.account", string="Opening entry against", domain="[('account_type', '!=', 'asset_cash')]"
    )
    opening_sentence = fields.Text(compute="_compute_opening_sentence")

    # === CRUD METHODS === #

    def write(self, vals):
        """Ask for the opening balance anew when the start date moved, whatever moved it: shown is what is booked."""
        before = {line.id: line.start_date for line in self}
        result = super().write(vals)
        self.filtered(lambda line: line.start_date != before[line.id])._read_opening()
        return result

    # === COMPUTE METHODS === #

    @api.depends("main")
    def _compute_account_kind(self):
        for line in self:
            line.account_kind = "main" if line.main else "sub"

    @api.depends("name", "account_kind", "iban", "balance")
    def _compute_summary(self):
        """Name, kind, IBAN and balance below one another: a table has no room for them beside all that is chosen."""
        kinds = dict(self._fields["account_kind"]._description_selection(self.env))
        for line in self:
            balance = line.currency_id.format(line.balance) if line.currency_id else ""
            facts = (line.name, line.iban, balance, kinds[line.account_kind])
            line.summary = "\n".join(filter(None, facts))

    @api.depends("iban", "closed", "currency_id", "account_id")
    def _compute_problem(self):
        foreign = self._journals_elsewhere()
        for line in self:
            line.problem = line._problem_in_words(foreign.get(sanitize_account_number(line.iban)))

    def _problem_in_words(self, elsewhere) -> str | bool:
        if self.account_id:
            return self.env._(
                "Connected already, as journal “%s”: nothing to do.", self.account_id.journal_id.display_name
            )
        if self.closed:
            return self.env._("This account is closed at Qonto.")
        if not self.iban:
            return self.env._(
                "Qonto does not show you this account's IBAN. An owner or admin of the organization must connect."
            )
        if not self.currency_id:
            return self.env._("Odoo does not know the currency %s.", self.currency_name or "?")
        if not self.currency_id.active:
            return self.env._(
                "The currency %s is switched off in Odoo. Activate it, then choose accounts again.", self.currency_name
            )
        if elsewhere:
            return self.env._(
                "This IBAN belongs to a journal of the company %(company)s. An account can be connected in one company "
                "only.",
                company=elsewhere.company_id.name,
            )
        return False

    def _journals_elsewhere(self) -> dict:
        """Map IBAN → journal of another company that has it, whether or not this user may see that company."""
        ibans = [sanitize_account_number(line.iban) for line in self if line.iban]
        company = self.map_id.company_id
        journals = self.env["account.journal"].sudo().search(
            [("bank_account_id.sanitized_acc_number", "in", ibans), ("company_id", "not in", company.ids)]
        )
        return {journal.bank_account_id.sanitized_acc_number: journal for journal in journals}

    @api.depends("target", "journal_id", "new_name", "new_code", "account_id")
    def _compute_destination(self):
        for line in self:
            if line.account_id:
                line.destination = line.account_id.journal_id.display_name
            elif line.target == "existing":
                line.destination = line.journal_id.display_name
            else:
                line.destination = self.env._(
                    "New journal %(code)s %(name)s", code=line.new_code or "", name=line.new_name or ""
                )

    def _compute_earliest_date(self):
        for line in self:
            line.earliest_date = fields.Date.context_today(line) - WINDOW

    @api.depends("target", "journal_id")
    def _compute_start_date(self):
        newest = self._newest_line_dates()
        today = fields.Date.context_today(self)
        for line in self:
            last = line.target == "existing" and newest.get(line.journal_id.id)
            proposal = last + timedelta(days=1) if last else line.earliest_date
            line.start_date = min(max(proposal, line.earliest_date), today)

    def _newest_line_dates(self) -> dict:
        return {
            journal.id: day
            for journal, day in self.env["account.bank.statement.line"].sudo()._read_group(
                [("journal_id", "in", self.journal_id.ids), ("state", "=", "posted")], ["journal_id"], ["date:max"]
            )
        }

    @api.depends("start_date", "target", "journal_id")
    def _compute_start_reason(self):
        newest = self._newest_line_dates()
        for line in self:
            last = line.target == "existing" and newest.get(line.journal_id.id)
            if line.start_date and line.earliest_date and line.start_date < line.earliest_date:
                line.start_reason = line._too_early()
            elif last and line.start_date == last + timedelta(days=1):
                line.start_reason = self.env._("The day after the journal's newest line.")
            elif line.start_date == line.earliest_date:
                line.start_reason = self.env._(
                    "90 days back: a connection may read no further (PSD2). Older ones come by file import."
                )
            else:
                line.start_reason = False

    def _too_early(self) -> str:
        return self.env._(
            "A connection may read 90 days back (PSD2), so not before %(date)s. What is older comes from Qonto's "
            "export file, by file import.",
            date=format_date(self.env, self.earliest_date),
        )

    @api.depends("start_date", "target", "journal_id")
    def _compute_overlap_count(self):
        for line in self:
            line.overlap_count = (
                self.env["account.bank.statement.line"].sudo().search_count(
                    [
                        ("journal_id", "=", line.journal_id.id),
                        ("date", ">=", line.start_date),
                        ("state", "=", "posted"),
                    ]
                )
                if line.target == "existing" and line.journal_id and line.start_date
                else 0
            )

    @api.depends("start_date", "target", "journal_id", "new_account_id", "bank_opening", "opening_known")
    def _compute_ledger_opening(self):
        for line in self:
            ledger_account = line._ledger_account()
            line.ledger_opening = (
                self.env["account.move.line"].sudo()._read_group(
                    [
                        ("account_id", "=", ledger_account.id),
                        ("company_id", "=", line.company_id.id),
                        ("date", "<", line.start_date),
                        ("parent_state", "=", "posted"),
                    ],
                    [],
                    ["amount_currency:sum"],
                )[0][0]
                if ledger_account and line.start_date
                else 0.0
            )
            line.opening_difference = line.bank_opening - line.ledger_opening if line.opening_known else 0.0

    @api.depends("opening_known", "opening_note", "bank_opening", "ledger_opening", "start_date")
    def _compute_opening_sentence(self):
        for line in self:
            if line.problem or not line.start_date:
                line.opening_sentence = False
            elif not line.opening_known:
                line.opening_sentence = line.opening_note
            else:
                line.opening_sentence = self.env._(
                    "Bank at the start of %(date)s: %(bank)s, Odoo: %(odoo)s.",
                    date=format_date(self.env, line.start_date),
                    bank=line.currency_id.format(line.bank_opening),
                    odoo=line.currency_id.format(line.ledger_opening),
                )

    def _ledger_account(self):
        return self.journal_id.default_account_id if self.target == "existing" else self.new_account_id

    @api.onchange("start_date")
    def _onchange_start_date(self):
        self._read_opening()

    # === PROPOSALS === #

    def _propose(self):
        """Propose the journal that has the IBAN, else a new one with a free short code."""
        journals = {
            journal.bank_account_id.sanitized_acc_number: journal
            for journal in self.env["account.journal"].search(
                [
                    ("type", "=", "bank"),
                    ("company_id", "=", self.map_id.company_id.id),
                    ("bank_account_id", "!=", False),
                    ("qonto_account_ids", "=", False),
                ]
            )
        }
        begun_from = self.map_id.consent_id.journal_id
        codes = set(
            self.env["account.journal"].with_context(active_test=False).sudo().search(
                [("company_id", "in", self.map_id.company_id.ids)]
            ).mapped("code")
        )
        opening = self._default_opening_account(self.map_id.company_id)
        for line in self:
            journal = journals.get(sanitize_account_number(line.iban))
            if not journal and line.main and begun_from and not begun_from.bank_account_id:
                journal = begun_from
            number = 1
            while (code := f"QON{number}") in codes:
                number += 1
            codes.add(code)
            line.write(
                {
                    "target": "existing" if journal else "new",
                    "journal_id": journal.id if journal else False,
                    "new_name": self.env._("Qonto %s", line.name),
                    "new_code": code,
                    "opening_account_id": opening.id,
                }
            )

    @api.model
    def _default_opening_account(self, company):
        """Propose the account that opening balances are booked against; the user sees it and may change it."""
        accounts = self.env["account.account"].with_company(company)
        domain = [("company_ids", "parent_of", company.ids)]
        if company.account_fiscal_country_id.code == "DE":
            # "Saldenvorträge, Sachkonten" in both of the common German charts
            carried_forward = accounts.search([*domain, ("code", "=like", "9000%")], limit=1)
            if carried_forward:
                return carried_forward
        return accounts.search([*domain, ("account_type", "=", "equity")], limit=1) or accounts.search(
            [*domain, ("account_type", "=", "equity_unaffected")], limit=1
        )

    def _read_opening(self):
        """Ask the bank what the balance was when the start date began."""
        account = self.env["qonto.account"]
        asked = self.filtered(lambda line: line.start_date and not line.problem)
        (self - asked).opening_known = False
        if not asked:
            return
        try:
            with asked.map_id.consent_id._reading_client() as client:
                for line in asked:
                    probe = account.new({"tz": account._default_tz(line.company_id)})
                    opening = account._bank_balance_at_start(
                        client, line.bank_ref, probe._start_of_day(line.start_date), Decimal(str(line.balance))
                    )
                    line.opening_known = opening is not None
                    line.bank_opening = float(opening or 0)
                    line.opening_note = opening is None and self.env._("Qonto does not show you this balance.")
        except QontoError as error:
            for line in asked:
                line.opening_known = False
                line.opening_note = self.env._(
                    "The bank's balance at the start is not known: %(reason)s", reason=explain_error(self.env, error)
                )
