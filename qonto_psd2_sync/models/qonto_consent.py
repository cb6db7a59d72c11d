# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What somebody allowed this company to do at Qonto, for how long, and how it ends."""

from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..qonto_api import QontoClient, Unauthorized
from .bank_words import role_in_words

# How long one question may be repeated, in seconds. Somebody may be waiting, and the next run asks again.
MAX_WAIT = 20
# Owners and admins may do everything; managers what they were set to; the others only request
# (reference/qonto-api.md, section 7.3).
ROLES_THAT_PAY = ("owner", "admin")
ROLES_THAT_REQUEST = ("employee", "accountant", "reporting")


class QontoConsent(models.Model):
    _name = "qonto.consent"
    _description = "Consent to use Qonto"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "id desc"

    # A consent's life. Only `active` and `expiring` reach the bank.
    #
    #   draft ──leave for the bank──▶ waiting ──come back, allowed──▶ active ◀──used / 14 days left──▶ expiring
    #                                    │                              │                                 │
    #            refused, abandoned or discarded: the record goes,     └───────────────┬─────────────────┘
    #            nothing half-made stays                                               ▼
    #                                              expired    (nobody used or renewed it in time)
    #                                              withdrawn  (disconnected in Odoo)
    #                                              revoked    (the bank knows it no more)
    #                                              replaced   (authorised anew)
    _LIVE = ("active", "expiring")
    _ENDED = ("expired", "withdrawn", "revoked", "replaced")
    _ARROWS = {
        "draft": ("waiting",),
        "waiting": ("active",),
        "active": ("expiring", *_ENDED),
        "expiring": ("active", *_ENDED),
    }
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("waiting", "Waiting for Qonto"),
            ("active", "Active"),
            ("expiring", "Expiring soon"),
            ("expired", "Expired"),
            ("withdrawn", "Withdrawn"),
            ("revoked", "Revoked at the bank"),
            ("replaced", "Replaced"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )
    is_live = fields.Boolean(compute="_compute_is_live", search="_search_is_live")
    application_id = fields.Many2one(
        "qonto.application", string="App", required=True, readonly=True, index=True, ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one("res.company", related="application_id.company_id", store=True, index=True)
    environment = fields.Selection(related="application_id.environment", store=True)
    journal_id = fields.Many2one("account.journal", string="Begun from", readonly=True, check_company=True)
    user_id = fields.Many2one("res.users", string="Given by", required=True, readonly=True, index=True)
    wording = fields.Html(string="Wording shown", readonly=True)
    scopes_requested = fields.Char(readonly=True)
    scopes_granted = fields.Char(readonly=True)
    agreed_at = fields.Datetime(string="Agreed on", readonly=True)
    authorised_at = fields.Datetime(string="Authorised at Qonto on", readonly=True, tracking=True)
    ended_at = fields.Datetime(string="Ended on", readonly=True, tracking=True)
    ended_by_id = fields.Many2one("res.users", string="Ended by", readonly=True, tracking=True)
    organization_ref = fields.Char(string="Organization ID at Qonto", readonly=True)
    organization_name = fields.Char(string="Organization", readonly=True, tracking=True)
    plan_name = fields.Char(string="Plan", readonly=True)
    member_ref = fields.Char(string="Member ID at Qonto", readonly=True)
    member_role = fields.Char(string="Role code", readonly=True)
    role_label = fields.Char(string="Role at Qonto", compute="_compute_permission")
    permission = fields.Selection(
        selection=[
            ("read", "Read only"),
            ("pay", "Read and pay"),
            ("request", "Read; payments only as requests"),
            ("unknown", "Read; payments not known yet"),
        ],
        compute="_compute_permission",
        string="May",
    )
    permission_reason = fields.Char(compute="_compute_permission")
    account_ids = fields.Many2many("qonto.account", string="Accounts", readonly=True, check_company=True)
    bank_accounts = fields.Json(
        readonly=True,
        groups="qonto_psd2_sync.group_feed_manager",
        help="The accounts as the bank listed them to this member.",
    )
    token_ids = fields.One2many("qonto.token", "consent_id", groups=fields.NO_ACCESS)
    state_digest = fields.Char(groups=fields.NO_ACCESS, copy=False)
    verifier_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    waiting_until = fields.Datetime(readonly=True, copy=False)

    _one_live_per_member = models.UniqueIndex(
        "(user_id, company_id, organization_ref) WHERE state IN ('active', 'expiring')",
        "This user already has a live consent for this organization.",
    )

    # === COMPUTE METHODS === #

    @api.depends("organization_name", "user_id", "state")
    def _compute_display_name(self):
        for consent in self:
            consent.display_name = self.env._(
                "%(organization)s by %(user)s",
                organization=consent.organization_name or "Qonto",
                user=consent.user_id.name or "",
            )

    @api.depends("state", "valid_until")
    def _compute_is_live(self):
        now = fields.Datetime.now()
        for consent in self:
            consent.is_live = consent.state in self._LIVE and (not consent.valid_until or consent.valid_until > now)

    def _search_is_live(self, operator, value):
        if operator != "in":
            return NotImplemented
        live = fields.Domain("state", "in", self._LIVE) & (
            fields.Domain("valid_until", "=", False) | fields.Domain("valid_until", ">", fields.Datetime.now())
        )
        if set(value) == {True}:
            return live
        return ~live if set(value) == {False} else fields.Domain(bool(value))

    @api.depends("scopes_granted", "member_role")
    @api.depends_context("lang")
    def _compute_permission(self):
        for consent in self:
            consent.role_label = role_in_words(self.env, consent.member_role)
            if "payment.write" not in (consent.scopes_granted or "").split():
                consent.permission = "read"
                consent.permission_reason = self.env._("Paying was not part of this consent.")
            elif consent.member_role in ROLES_THAT_PAY:
                consent.permission = "pay"
                consent.permission_reason = self.env._("Owners and admins may pay at Qonto.")
            elif consent.member_role in ROLES_THAT_REQUEST:
                consent.permission = "request"
                consent.permission_reason = self.env._(
                    "With this role Qonto only lets you request transfers; an owner or admin must approve them."
                )
            else:
                consent.permission = "unknown"
                consent.permission_reason = (
                    self.env._("Qonto does not tell an app what a manager may pay: it shows with the first payment.")
                    if consent.member_role
                    else self.env._("Qonto did not tell your role: it shows with the first payment.")
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """A consent goes only where its life is drawn to go: what has ended stays as it ended."""
        if "state" in vals:
            for consent in self:
                if vals["state"] != consent.state and vals["state"] not in self._ARROWS.get(consent.state, ()):
                    raise ValueError(f"A consent can't go from {consent.state} to {vals['state']}.")
        return super().write(vals)

    # === USE === #

    def _client(self, access_token: str, on_unauthorized=None) -> QontoClient:
        """Return a client of the bank's API that acts as the member who gave this consent."""
        application = self.sudo().application_id
        return QontoClient(
            application._endpoints(),
            access_token,
            staging_token=application._secret("staging_token") or None,
            on_unauthorized=on_unauthorized,
            max_wait=MAX_WAIT,
        )

    @contextmanager
    def _reading_client(self):
        """Give a client with a good token; on a 401 it fetches one new token, and no more.

        :raise QontoError: no token can be had; a consent that the bank no longer knows says so
        """
        self.ensure_one()
        token = self.env["qonto.token"].sudo()
        access = token._access_token(self)
        fetched = []

        def fetch_another() -> str:
            fetched.append(token._access_token(self, rejected=access))
            return fetched[0]

        with self._client(access, on_unauthorized=fetch_another) as client:
            try:
                yield client
            except Unauthorized as error:
                if not fetched:
                    raise
                # Not even a token fetched a moment ago is good: the consent is over, and the bank is left alone.
                token._end_refused(self)
                raise Unauthorized("the bank no longer accepts the consent", code="invalid_grant") from error

    @api.autovacuum
    def _gc_abandoned(self):
        """Remove round trips that nobody came back from: nothing half-made stays behind."""
        self.search(
            [
                ("state", "in", ("draft", "waiting")),
                ("create_date", "<", fields.Datetime.now() - timedelta(days=1)),
            ]
        )._discard()

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unused(self):
        if self.filtered(lambda consent: consent.state not in ("draft", "waiting")):
            raise UserError(
                self.env._("A consent is evidence and stays on record. Withdraw it instead of deleting it.")
            )

    # === ACTION METHODS === #

    def action_map_accounts(self):
        """Open the choice of accounts for this consent."""
        self.ensure_one()
        wizard = self.env["qonto.map"].create({"consent_id": self.id})
        return wizard._action_open()
