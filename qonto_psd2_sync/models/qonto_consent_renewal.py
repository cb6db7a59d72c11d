# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A new authorisation takes the place of the old one, without a gap: only once it works, and never unasked where it is
about another organization or lacks an account."""

from odoo import fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number


class QontoConsent(models.Model):
    _inherit = "qonto.consent"

    renews_id = fields.Many2one("qonto.consent", readonly=True, check_company=True)
    replaced_by_id = fields.Many2one("qonto.consent", string="Replaced by", readonly=True, check_company=True)
    question = fields.Selection(
        selection=[
            ("organization", "It is for another organization"),
            ("accounts", "Accounts are missing"),
        ],
        readonly=True,
        copy=False,
        help="Set while a new authorisation waits for an answer. The old one goes on until then.",
    )
    missing_account_ids = fields.Many2many(
        "qonto.account", string="Accounts missing", compute="_compute_missing_account_ids"
    )

    def _take_up(self, grant, facts: dict):
        """Keep what the bank gave; then go from `waiting` to `active`, or stay and ask.

        :param grant: `TokenSet` of the bank's answer
        :param dict facts: what the bank told with the new token: it works
        """
        consent = self.sudo()
        consent.write(
            {**facts, "authorised_at": fields.Datetime.now(), "verifier_sealed": False, "waiting_until": False}
        )
        self.env["qonto.token"].sudo()._store(consent, grant)
        if question := consent._what_to_ask():
            consent.question = question
        else:
            tokens = consent._take_over(consent._predecessors())
            self.env.cr.commit()  # pylint: disable=invalid-commit
            # The bank's revoke-consents call might end the new grant too: the old token goes alone.
            for token in tokens:
                self._revoke_quietly(token)

    def _what_to_ask(self) -> str | bool:
        if self.renews_id.is_live and self.renews_id.organization_ref != self.organization_ref:
            return "organization"
        return "accounts" if self.missing_account_ids else False

    def _predecessors(self):
        """Return the live consents of the same person for the same organization: there is one at most."""
        return self.search(
            [
                ("id", "!=", self.id),
                ("user_id", "=", self.user_id.id),
                ("company_id", "=", self.company_id.id),
                ("environment", "=", self.environment),
                ("organization_ref", "=", self.organization_ref),
                ("state", "in", self._LIVE),
            ]
        )

    def _expected_accounts(self):
        """Return the accounts that the person has in mind: those of the consent that this one follows."""
        followed = self._predecessors() | self.renews_id
        return (followed.account_ids | self.journal_id.qonto_account_ids).filtered(
            lambda account: account.active and account.environment == self.environment
        )

    def _compute_missing_account_ids(self):
        for consent in self:
            waiting = consent.sudo()
            expected = waiting._expected_accounts() if waiting.state == "waiting" else waiting.account_ids.browse()
            consent.missing_account_ids = expected - waiting._recognised_accounts()

    def _recognised_accounts(self):
        """Return the accounts that are set up already and that the bank lists now: by its id, or by IBAN."""
        by_ref, by_iban = self._offered()
        known = self.env["qonto.account"].sudo().search(
            [("company_id", "=", self.company_id.id), ("environment", "=", self.environment)]
        )
        return known.filtered(
            lambda account: by_iban.get(sanitize_account_number(account.iban))
            or (account.bank_ref in by_ref and not by_ref[account.bank_ref]["iban"])
        )

    def _offered(self) -> tuple[dict, dict]:
        """Return the accounts as the bank lists them, by its id and by IBAN."""
        offered = self.bank_accounts or []
        return (
            {facts["id"]: facts for facts in offered},
            {sanitize_account_number(facts["iban"]): facts for facts in offered if facts["iban"]},
        )

    def _take_over(self, previous) -> list[str]:
        """Go from `waiting` to `active`, in one commit with the end of what this consent replaces.

        Journals, start dates, watermarks and lines stay as they are: the accounts are the same records.

        :param previous: the live consents that it replaces
        :return: their refresh tokens in clear
        """
        known = self._recognised_accounts()
        _by_ref, by_iban = self._offered()
        for account in known:
            account._take_bank_ref(by_iban.get(sanitize_account_number(account.iban)))
        previous._close_reminders()
        tokens = previous._end("replaced")
        previous.replaced_by_id = self
        # Before the state changes: one live consent a member and organization, says the database.
        self.env.flush_all()
        self.write({"state": "active", "question": False, "account_ids": [fields.Command.set(known.ids)]})
        self._follow_clock()
        followed = previous | self.renews_id | known.consent_ids.filtered(
            lambda consent: consent.user_id == self.user_id and consent.state in self._ENDED
        )
        followed._close_reminders()
        for account in known:
            account._note_gap()
        known._forget_failure()
        return tokens

    def _answer(self, answer: str):
        """Go on after the question, as the person decided.

        :param str answer: ``replace`` what it follows, ``keep`` both (another organization), or ``discard`` it
        """
        self.ensure_one()
        consent = self.sudo()
        if answer == "discard":
            return consent._discard()
        previous = consent._predecessors()
        if answer == "replace":
            previous |= consent.renews_id.filtered("is_live")
        left = (previous.account_ids - consent._recognised_accounts()).filtered("active")
        tokens = consent._take_over(previous)
        left._stop_asking()
        if tokens:
            self.env.cr.postcommit.add(lambda: consent._give_back(consent.application_id, tokens))
        return None

    # === ACTION METHODS === #

    def action_renew(self):
        """Authorise anew: the old consent goes on until the new one works."""
        self.ensure_one()
        wizard = self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_qonto_connect")
        pay = "payment.write" in (self.scopes_granted or "").split()
        return {
            **wizard,
            "context": {
                "default_company_id": self.company_id.id,
                "default_application_id": self.application_id.id,
                "default_renews_id": self.id if self.user_id == self.env.user else False,
                "default_purpose": "pay" if pay else "read",
            },
        }

    def _next_wizard(self):
        """Return the page to go on with: the choice of accounts, or what became of those that were known."""
        known = self.question or self.account_ids
        return self.env["qonto.renewal" if known else "qonto.map"].create({"consent_id": self.id})
