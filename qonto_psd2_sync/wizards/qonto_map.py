# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Choice of accounts: which ones, into which journals, from which day, with which opening balance."""

from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..models.failure_words import explain_error
from ..models.qonto_account import WINDOW
from ..qonto_api import QontoError


def sanitized(iban: str | None) -> str:
    return "".join(char for char in (iban or "") if char.isalnum()).upper()


class QontoMap(models.TransientModel):
    _name = "qonto.map"
    _description = "Choose Qonto accounts"
    _rec_name = "organization_name"

    consent_id = fields.Many2one("qonto.consent", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="consent_id.company_id")
    organization_name = fields.Char(related="consent_id.organization_name")
    plan_name = fields.Char(related="consent_id.plan_name")
    member_role = fields.Char(related="consent_id.member_role")
    permission = fields.Selection(related="consent_id.permission")
    permission_reason = fields.Char(related="consent_id.permission_reason")
    line_ids = fields.One2many("qonto.map.line", "map_id")
    hides_ibans = fields.Boolean(compute="_compute_problems")
    has_problems = fields.Boolean(compute="_compute_problems")
    has_overlaps = fields.Boolean(compute="_compute_problems")

    @api.depends("line_ids.iban", "line_ids.problem", "line_ids.overlap_count")
    def _compute_problems(self):
        for wizard in self:
            wizard.hides_ibans = bool(wizard.line_ids) and not any(wizard.line_ids.mapped("iban"))
            wizard.has_problems = any(wizard.line_ids.mapped("problem"))
            wizard.has_overlaps = any(wizard.line_ids.mapped("overlap_count"))

    @api.model_create_multi
    def create(self, vals_list):
        """List the accounts that the bank showed to this member, with a proposal for each."""
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._check_may_map()
            wizard._list_accounts()
        return wizards

    def _check_may_map(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_manager"):
            raise UserError(
                self.env._(
                    "Connecting needs the right “Qonto bank feed: Administrator”. An administrator can give it to you."
                )
            )
        self.consent_id.check_access("read")
        if not self.consent_id.is_live:
            raise UserError(self.env._("This consent is over. Connect Qonto again."))
        if self.consent_id.user_id != self.env.user:
            raise UserError(
                self.env._(
                    "This consent was given by %s, account by account, and only that person can add accounts to it. "
                    "Connect Qonto yourself to add some.",
                    self.consent_id.user_id.name,
                )
            )

    def _list_accounts(self):
        currencies = {
            currency.name: currency for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        known = {
            account.bank_ref: account
            for account in self.env["qonto.account"].search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("environment", "=", self.consent_id.environment),
                    ("active", "in", (True, False)),
                ]
            )
        }
        lines = self.env["qonto.map.line"].create(
            [
                {
                    "map_id": self.id,
                    "bank_ref": facts["id"],
                    "name": facts["name"],
                    "iban": facts["iban"],
                    "main": facts["main"],
                    "closed": facts["status"] == "closed",
                    "currency_name": facts["currency"],
                    "currency_id": currencies[facts["currency"]].id if facts["currency"] in currencies else False,
                    "balance": float(facts["balance"] or 0),
                    "account_id": known[facts["id"]].id if facts["id"] in known else False,
                }
                for facts in self.consent_id.bank_accounts or []
            ]
        )
        lines._propose()
        lines._read_opening()

    def _action_open(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_map"),
            "res_id": self.id,
        }

    def action_confirm(self):
        """Connect the ticked accounts and begin the first sync at once."""
        self.ensure_one()
        self._check_may_map()
        chosen = self.line_ids.filtered(lambda line: line.selected and not line.account_id)
        if not chosen:
            raise UserError(self.env._("Tick at least one account."))
        taken_journals = set()
        for line in chosen:
            line._check_choice(taken_journals)
        accounts = self.env["qonto.account"]
        for line in chosen:
            accounts |= line._connect()
        return accounts.action_sync() | {"target": "main"}


class QontoMapLine(models.TransientModel):
    _name = "qonto.map.line"
    _description = "Account to connect"
    _order = "main desc, id"

    map_id = fields.Many2one("qonto.map", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="map_id.company_id")
    bank_ref = fields.Char(required=True, readonly=True)
    name = fields.Char(string="Account", required=True, readonly=True)
    iban = fields.Char(string="IBAN", readonly=True)
    main = fields.Boolean(string="Main", readonly=True)
    closed = fields.Boolean(readonly=True)
    currency_name = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    balance = fields.Monetary(string="Balance", readonly=True)
    account_id = fields.Many2one("qonto.account", string="Connected as", readonly=True)
    selected = fields.Boolean(string="Connect")
    problem = fields.Char(compute="_compute_problem", help="Why this account can't be connected.")

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

    destination = fields.Char(string="Into", compute="_compute_destination")

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
    opening_sentence = fields.Char(compute="_compute_opening_sentence")

    # === COMPUTE METHODS === #

    @api.depends("iban", "closed", "currency_id", "account_id")
    def _compute_problem(self):
        foreign = self._journals_elsewhere()
        for line in self:
            line.problem = line._problem_in_words(foreign.get(sanitized(line.iban)))

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
        ibans = [sanitized(line.iban) for line in self if line.iban]
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
            "A connection may read 90 days back (PSD2), so not before %(date)s. What is older comes from Qonto's export "
            "file, by file import.",
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
            journal = journals.get(sanitized(line.iban))
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

    # === CONFIRM === #

    def _check_choice(self, taken_journals: set):
        """Stop with a sentence before anything is made.

        :param set taken_journals: ids of journals that other lines of this choice use; this one's is added
        """
        self.ensure_one()
        if self.problem:
            raise UserError(self.env._("%(account)s: %(problem)s", account=self.name, problem=self.problem))
        if not self.start_date:
            raise UserError(self.env._("%(account)s: choose a start date.", account=self.name))
        if self.start_date < self.earliest_date:
            raise UserError(self.env._("%(account)s: %(problem)s", account=self.name, problem=self._too_early()))
        if self.start_date > fields.Date.context_today(self):
            raise UserError(self.env._("%(account)s: the start date lies in the future.", account=self.name))
        if self.target == "existing":
            self._check_journal(taken_journals)
        elif not (self.new_name and self.new_code):
            raise UserError(
                self.env._("%(account)s: the new journal needs a name and a short code.", account=self.name)
            )
        else:
            self._check_new_journal(taken_journals)
        if self.overlap_count and not self.overlap_agreed:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s already has %(count)s lines from %(date)s on. If they are the "
                    "same transactions, they would stand there twice: choose a later start date. Else tick “Sync these "
                    "days all the same”.",
                    account=self.name,
                    journal=self.journal_id.display_name,
                    count=self.overlap_count,
                    date=format_date(self.env, self.start_date),
                )
            )
        if self.book_opening:
            self._check_opening()

    def _check_journal(self, taken_journals: set):
        journal = self.journal_id
        name, label = self.name, journal.display_name
        if not journal:
            raise UserError(self.env._("%(account)s: choose a journal, or have a new one made.", account=name))
        journal.check_access("read")
        if journal.company_id != self.company_id or journal.type != "bank":
            raise UserError(
                self.env._("%(account)s: %(journal)s is no bank journal of this company.", account=name, journal=label)
            )
        other = journal.bank_account_id.sanitized_acc_number
        if other and other != sanitized(self.iban):
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s belongs to another IBAN. Choose the right one, or have a new "
                    "one made.",
                    account=name, journal=label,
                )
            )
        if journal.sudo().qonto_account_ids or journal.id in taken_journals:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s receives another Qonto account. One journal, one account.",
                    account=name, journal=label,
                )
            )
        if journal.restrict_mode_hash_table:
            raise UserError(
                self.env._(
                    "%(account)s: the journal %(journal)s secures its entries with a hash, and so refuses every bank line "
                    "that is not matched yet. Choose another journal, or have a new one made.",
                    account=name, journal=label,
                )
            )
        if (journal.currency_id or journal.company_id.currency_id) != self.currency_id:
            raise UserError(
                self.env._(
                    "%(account)s is kept in %(currency)s, the journal %(journal)s in another currency.",
                    account=name, currency=self.currency_name, journal=label,
                )
            )
        taken_journals.add(journal.id)

    def _check_new_journal(self, taken_journals: set):
        """Refuse a journal that could not be made, before its sibling is."""
        journals = self.env["account.journal"].sudo().with_context(active_test=False)
        namesake = journals.search([("company_id", "=", self.company_id.id), ("code", "=", self.new_code)], limit=1)
        if namesake or self.new_code in taken_journals:
            raise UserError(
                self.env._(
                    "%(account)s: the short code %(code)s is taken. Choose another one.",
                    account=self.name, code=self.new_code,
                )
            )
        owner = journals.search(
            [
                ("company_id", "=", self.company_id.id),
                ("bank_account_id.sanitized_acc_number", "=", sanitized(self.iban)),
            ],
            limit=1,
        )
        if owner:
            raise UserError(
                self.env._(
                    "%(account)s: its IBAN belongs to the journal %(journal)s. Choose that one.",
                    account=self.name, journal=owner.display_name,
                )
            )
        used = self.new_account_id and journals.search([("default_account_id", "=", self.new_account_id.id)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "%(account)s: the ledger account %(ledger)s belongs to the journal %(journal)s. Choose another one, "
                    "or leave it empty.",
                    account=self.name, ledger=self.new_account_id.display_name, journal=used.display_name,
                )
            )
        taken_journals.add(self.new_code)

    def _check_opening(self):
        if not self.opening_known:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry can't be booked, since the bank's balance is not known. Untick it, or "
                    "try again later.",
                    account=self.name,
                )
            )
        if not self.opening_account_id:
            raise UserError(
                self.env._("%(account)s: choose the account of the opening entry.", account=self.name)
            )
        journal = self._opening_journal()
        if not journal:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry needs a journal of type Miscellaneous. Make one first.",
                    account=self.name,
                )
            )
        lock_date = self.company_id._get_user_fiscal_lock_date(journal)
        if self._opening_date() <= lock_date:
            raise UserError(
                self.env._(
                    "%(account)s: the opening entry would be dated %(date)s, in a period locked until %(lock)s. Choose a "
                    "later start date, or untick it.",
                    account=self.name,
                    date=format_date(self.env, self._opening_date()),
                    lock=format_date(self.env, lock_date),
                )
            )

    def _opening_date(self):
        return self.start_date - timedelta(days=1)

    def _opening_journal(self):
        return self.env["account.journal"].sudo().search(
            [("type", "=", "general"), ("company_id", "=", self.company_id.id)], limit=1
        )

    def _connect(self):
        """Tie the account to its journal.

        :return: the `qonto.account`
        """
        self.ensure_one()
        consent = self.map_id.consent_id
        journal = self._make_journal() if self.target == "new" else self.journal_id.sudo()
        if not journal.bank_account_id:
            journal.set_bank_account(self.iban)
        # Journals are written by accounting administrators only; connecting is the right that was checked above.
        journal.bank_statements_source = "qonto"
        accounts = self.env["qonto.account"]
        account = accounts.sudo().create(
            {
                "name": self.name,
                "company_id": self.company_id.id,
                "environment": consent.environment,
                "bank_ref": self.bank_ref,
                "iban": self.iban,
                "main": self.main,
                "journal_id": journal.id,
                "currency_id": self.currency_id.id,
                "tz": accounts._default_tz(self.company_id),
                "start_date": self.start_date,
                "responsible_id": self.env.uid,
                "consent_ids": [fields.Command.link(consent.id)],
                "bank_balance": self.balance,
                "next_sync_at": fields.Datetime.now(),
            }
        )
        if self.book_opening and not self.currency_id.is_zero(self.opening_difference):
            account.opening_move_id = self._book_opening(journal)
        account.message_post(
            body=self.env._(
                "Connected to the journal %(journal)s by %(user)s; transactions from %(date)s on.",
                journal=journal.display_name, user=self.env.user.name, date=format_date(self.env, self.start_date),
            )
        )
        return account.sudo(False)

    def _make_journal(self):
        company_currency = self.company_id.currency_id
        return self.env["account.journal"].sudo().with_company(self.company_id).create(
            {
                "name": self.new_name,
                "code": self.new_code,
                "type": "bank",
                "company_id": self.company_id.id,
                "currency_id": self.currency_id.id if self.currency_id != company_currency else False,
                "bank_acc_number": self.iban,
                **({"default_account_id": self.new_account_id.id} if self.new_account_id else {}),
            }
        )

    def _book_opening(self, journal):
        """Book the difference on the day before the start date, against the account that the user chose."""
        company = self.company_id
        amount = self.opening_difference
        balance = self.currency_id._convert(amount, company.currency_id, company, self._opening_date())
        label = self.env._("Opening balance %s", self.name)
        move = self.env["account.move"].sudo().with_company(company).create(
            {
                "move_type": "entry",
                "journal_id": self._opening_journal().id,
                "date": self._opening_date(),
                "ref": label,
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": account.id,
                            "name": label,
                            "currency_id": self.currency_id.id,
                            "amount_currency": sign * amount,
                            "balance": sign * balance,
                        }
                    )
                    for account, sign in ((journal.default_account_id, 1), (self.opening_account_id, -1))
                ],
            }
        )
        move.action_post()
        return move
