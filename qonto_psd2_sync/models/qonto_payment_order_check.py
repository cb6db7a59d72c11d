# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is asked of the bank before sending: the payees, what it knows of them, what it sent lately (R7, R12, R15)."""

import hashlib
import json
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..payments import State
from ..qonto_api import QontoError, RateLimited, Unauthorized
from ..vault import VaultError, vault_of
from . import payment_clock
from .payment_decision import check_may_decide, decision_about
from .payment_problem import Problem

# The bank's proof lives 23 hours (reference/qonto-api.md, section 11): not to the last minute.
PROOF_LIFE = timedelta(hours=22)
# What the bank said of payees and of what it sent lately is looked at again when somebody sends.
FRESH = timedelta(minutes=15)
# R12
LOOK_BACK = timedelta(days=30)
NOT_CLAIMED = (State.DRAFT, State.TO_APPROVE, State.VERIFIED)


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    proof_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    proof_for = fields.Char(string="Fingerprint of the payees checked", readonly=True, copy=False)
    proof_at = fields.Datetime(string="Payees checked on", readonly=True, copy=False)
    checked_at = fields.Datetime(string="Looked at the bank on", readonly=True, copy=False)
    check_failure = fields.Char(readonly=True, copy=False)
    check_failure_detail = fields.Char(readonly=True, copy=False)
    leaves_at_once = fields.Boolean(
        string="Money leaves at once", readonly=True, copy=False,
        help="All payees are trusted at Qonto and the company allows it: no phone rings.",
    )
    leaves_at_once_since = fields.Datetime(readonly=True, copy=False)
    decisions = fields.Json(readonly=True, copy=False)

    # === ASKING THE BANK === #

    def action_check_payees(self) -> list[dict]:
        """Check the payees now, without sending anything (R7); return `payee_facts`.

        On a cursor of its own: whatever becomes of the request, what the bank was asked is kept, since it counts.
        """
        self.ensure_one()
        self.check_access("read")
        consent = self.account_id._payment_consent(self.env.user, self.sudo()._needed_scopes())
        with self.env.registry.cursor() as cr:
            order = self.with_env(self.env(cr=cr))
            with consent.with_env(order.env)._payment_client() as client:
                order._check_payees(client)
            # Of that cursor: this request began before.
            return order.transfer_ids.payee_facts()

    def _check_payees(self, client) -> list[Problem]:
        """Ask the bank whether name and account of each payee fit, which of them it knows, and what it sent lately.

        The payees are checked only if no proof for exactly them is at hand, since checks that nobody uses are limited.
        No money moves. The caller commits.

        :param client: a `PaymentClient` of whoever is going to send
        :return: why it could not be asked; `_problems` says it again
        :raise Unauthorized: the access is not good any more
        """
        self.ensure_one()
        order = self.sudo()
        transfers = order._unsent()
        failure = ("", "")
        try:
            if transfers and order.kind != "internal_transfer":
                order._ask_about_payees(client, transfers)
        except Unauthorized:
            raise
        except QontoError as error:
            failure = _failure_of(error)
        order.write(
            {
                "check_failure": failure[0] or False,
                "check_failure_detail": failure[1] or False,
                "checked_at": False if failure[0] else payment_clock.stored(payment_clock.now(self.env)),
            }
        )
        order._note_leaving_at_once(transfers)
        return order._check_problems()

    def _ask_about_payees(self, client, transfers):
        self._look_up_payees(client, transfers)
        if not self._proof_token():
            self._verify_payees(client, transfers)
        self._look_at_transfers(client, transfers)

    def _unsent(self):
        """Return the transfers that are to be sent: those that were taken out of the order are not among them."""
        return self.transfer_ids.filtered(lambda transfer: State(transfer.state) in NOT_CLAIMED)

    def _look_up_payees(self, client, transfers):
        found = client.find_beneficiaries(sorted(set(transfers.mapped("iban"))))
        # Of two with one IBAN the trusted one counts, then the one changed last.
        ranked = sorted(found, key=lambda payee: (payee.status != "declined", payee.trusted, payee.updated_at))
        by_iban = {payee.iban: payee for payee in ranked}
        for transfer in transfers:
            transfer._keep_known_payee(by_iban.get(transfer.iban))

    def _verify_payees(self, client, transfers):
        """Check them, in one call, and keep the proof with what it is for."""
        if self.kind == "bulk_transfer":
            asked = {transfer.client_ref: (transfer.payee_name, transfer.iban) for transfer in transfers}
            answer = client.check_payees(asked)
            results, token = answer.results, answer.proof_token
        else:
            check = client.check_payee(name=transfers.payee_name, iban=transfers.iban)
            results, token = {transfers.client_ref: check}, check.proof_token
        for transfer in transfers:
            transfer._keep_payee_check(results[transfer.client_ref], by=self.env.user)
        self.write(
            {
                "proof_sealed": vault_of(self.env).seal(token),
                "proof_for": self._payee_set(),
                "proof_at": payment_clock.stored(payment_clock.now(self.env)),
            }
        )

    def _payee_set(self) -> str:
        """Return the fingerprint of who is paid: a proof fits exactly this set (section 11)."""
        payees = sorted([row.client_ref, row.payee_name, row.iban] for row in self._unsent())
        return hashlib.sha256(json.dumps([self.kind, payees]).encode()).hexdigest()

    def _proof_token(self) -> str | None:
        """Return the proof that exactly these payees were checked; None when they have to be checked (again)."""
        self.ensure_one()
        order = self.sudo()
        if not order.proof_sealed or order.proof_for != order._payee_set():
            return None
        age = payment_clock.now(self.env) - payment_clock.aware(order.proof_at)
        if not timedelta() <= age < PROOF_LIFE:
            return None
        try:
            return vault_of(self.env).open(order.proof_sealed)
        except VaultError:
            return None

    # === R15: WHETHER A PHONE RINGS === #

    def _note_leaving_at_once(self, transfers):
        """Keep since when it was known that no phone will ring: the button has to have said so before it counts."""
        allowed = self.company_id.qonto_without_approval and self.kind != "internal_transfer"
        at_once = bool(transfers) and allowed and all(
            transfer.known_as == "trusted" and transfer.known_name == transfer.payee_name for transfer in transfers
        )
        if at_once != self.leaves_at_once:
            now = payment_clock.stored(payment_clock.now(self.env))
            self.write({"leaves_at_once": at_once, "leaves_at_once_since": at_once and now})

    def _needs_sca(self) -> bool:
        """Return whether the bank is going to ask the sender's phone, for `Verified`: not between own accounts."""
        if self.kind == "internal_transfer":
            return False
        return not (self.leaves_at_once and self.company_id.qonto_without_approval)

    # === DECISIONS ABOUT THE WHOLE ORDER === #

    def action_decide(self, code: str, reason: str):
        """Go on in spite of a problem that a person may decide about; kept with the reason.

        :param code: of the problem; all transfers that have it are decided
        """
        self.ensure_one()
        check_may_decide(self, reason)
        found = [problem for problem in self._problems("ask") if problem.code == code and problem.decidable]
        if not found:
            raise UserError(self.env._("There is nothing to decide (any more). Please look again."))
        for problem in found:
            if problem.transfer:
                problem.transfer.with_env(self.env)._decide(problem, reason)
                continue
            order = self.sudo()
            order.decisions = {**(order.decisions or {}), code: decision_about(self, problem, reason)}
            trail = self.env["qonto.transfer.trail"].sudo()
            for transfer in order._unsent():
                trail._note(transfer, "Decided", transfer.state, f"{code}: {reason}")

    def _decided(self, problem) -> bool:
        if problem.transfer:
            return bool(problem.transfer._decided(problem))
        decision = (self.decisions or {}).get(problem.code)
        return bool(decision) and decision["key"] == problem.key


def _failure_of(error: QontoError) -> tuple[str, str]:
    """Return why the bank could not be asked."""
    if isinstance(error, RateLimited):
        return "check_limited", ""
    return "check_failed", error.detail or str(error)
