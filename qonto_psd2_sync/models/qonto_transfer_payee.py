# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who is paid: what the payee check said, whether the bank knows the payee, and what a person decided about it (R7)."""

from odoo import fields, models
from odoo.exceptions import UserError

from ..payments import State
from ..qonto_api import payment_schemas, sepa
from . import payment_clock
from .payment_decision import check_may_decide, decision_about
from .payment_problem import Problem
from .payment_words import words

MATCH = payment_schemas.MATCH
NOT_SENT_YET = (State.DRAFT, State.TO_APPROVE)


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    holder_name = fields.Char(
        string="Holder in Odoo", readonly=True, copy=False, help="The payee's name in Odoo when it was prepared."
    )
    payee_result = fields.Selection(
        selection=[
            (payment_schemas.MATCH, "Name fits"),
            (payment_schemas.CLOSE_MATCH, "Name nearly fits"),
            (payment_schemas.NO_MATCH, "Name does not fit"),
            (payment_schemas.NOT_POSSIBLE, "Cannot be checked"),
            (payment_schemas.UNSPECIFIED, "Not clear"),
            (payment_schemas.FAILED, "Payee's bank did not answer"),
        ],
        string="Payee check",
        readonly=True,
        copy=False,
    )
    payee_name_chosen = fields.Boolean(string="Name of the payee's bank taken", readonly=True, copy=False)
    payee_matched_name = fields.Char(string="Name at the payee's bank", readonly=True, copy=False)
    payee_error_code = fields.Char(readonly=True, copy=False)
    payee_checked_at = fields.Datetime(string="Payee checked on", readonly=True, copy=False)
    payee_checked_by_id = fields.Many2one("res.users", string="Payee checked by", readonly=True, copy=False)
    known_ref = fields.Char(string="Payee's ID at Qonto", readonly=True, copy=False)
    known_name = fields.Char(string="Payee's name at Qonto", readonly=True, copy=False)
    known_as = fields.Selection(
        selection=[("new", "New"), ("known", "Known at Qonto"), ("trusted", "Trusted at Qonto")],
        string="At Qonto",
        readonly=True,
        copy=False,
    )
    # What people decided: {code: {key, reason, by, name, at}}; the trail has it, too.
    decisions = fields.Json(readonly=True, copy=False)

    # === WHAT CAME OF THE CHECK === #

    def _keep_payee_check(self, check, by):
        """Keep what a check said. A decision about another result does not count for it: see `Problem.key`."""
        self.ensure_one()
        self.write(
            {
                "payee_result": check.result,
                "payee_matched_name": check.matched_name,
                "payee_error_code": check.error_code,
                "payee_checked_at": payment_clock.stored(payment_clock.now(self.env)),
                "payee_checked_by_id": by.id,
            }
        )

    def _keep_known_payee(self, beneficiary):
        """Keep whether the bank knows this payee. A trusted one is sent under the bank's own name for it (R15)."""
        self.ensure_one()
        usable = beneficiary and beneficiary.status != "declined"
        trusted = usable and beneficiary.trusted
        changes = {
            "known_ref": beneficiary.id if usable else False,
            "known_name": beneficiary.name if usable else False,
            "known_as": "trusted" if trusted else "known" if usable else "new",
        }
        if not self.payee_name_chosen and self.holder_name:
            banks_name = trusted and not sepa.name_problem(beneficiary.name)
            changes["payee_name"] = beneficiary.name if banks_name else self.holder_name
        changes = {name: value for name, value in changes.items() if self[name] != value}
        if changes:
            self.write(changes)

    # === DECISIONS === #

    def _decided(self, problem) -> dict | None:
        """Return the decision about exactly this problem, if there is one."""
        decision = (self.decisions or {}).get(problem.code)
        return decision if decision and decision["key"] == problem.key else None

    def action_accept_payee(self, reason: str):
        """Pay although the payee check is no match; kept with the reason."""
        for transfer in self:
            problem = transfer._payee_problem()
            if problem is None:
                raise UserError(self.env._("There is nothing to decide about this payee."))
            transfer._decide(problem, reason)

    def _decide(self, problem, reason: str):
        """Keep that somebody goes on, and why."""
        self.ensure_one()
        check_may_decide(self, reason)
        transfer = self.sudo()
        transfer.decisions = {**(transfer.decisions or {}), problem.code: decision_about(self, problem, reason)}
        self.env["qonto.transfer.trail"].sudo()._note(transfer, "Decided", transfer.state, f"{problem.code}: {reason}")

    def action_use_bank_name(self):
        """Pay under the name that the payee's bank has: the payee is checked again with it."""
        for transfer in self:
            check_may_decide(transfer)
            row = transfer.sudo()
            name = (row.payee_matched_name or "")[: sepa.NAME_LENGTH].strip()
            if row.payee_result != payment_schemas.CLOSE_MATCH or not name or sepa.name_problem(name):
                raise UserError(self.env._("The payee's bank gave no name that could be used."))
            if State(row.state) not in NOT_SENT_YET or row.order_id.request_sealed:
                raise UserError(self.env._("It is too late: the request is made already."))
            before = row.payee_name
            row.write({"payee_name": name, "payee_name_chosen": True, "payee_result": False})
            self.env["qonto.transfer.trail"].sudo()._note(row, "BankNameUsed", row.state, f"{before} → {name}")

    # === DATA FOR SCREENS === #

    def payee_facts(self) -> list[dict]:
        """Return what a person should know of each payee before paying, as plain values; one entry a transfer."""
        self.check_access("read")
        banks = self.partner_bank_id._qonto_trust_facts()
        return [{**banks[transfer.partner_bank_id.id], **transfer._payee_fact()} for transfer in self.sudo()]

    def _payee_fact(self) -> dict:
        problem = self._payee_problem()
        said = words(self.env, problem.code, **problem.facts) if problem else None
        decision = self._decided(problem) if problem else None
        labels = {name: dict(self._fields[name]._description_selection(self.env))
                  for name in ("payee_result", "known_as")}
        return {
            "transfer_id": self.id,
            "payee": self.payee_name,
            "iban": self.iban,
            "result": self.payee_result or "",
            "result_label": labels["payee_result"].get(self.payee_result, ""),
            "matched_name": self.payee_matched_name or "",
            "may_use_bank_name": self.payee_result == payment_schemas.CLOSE_MATCH and bool(self.payee_matched_name),
            "words": said._asdict() if said else None,
            "decision": decision,
            "checked_at": fields.Datetime.to_string(self.payee_checked_at) or "",
            "checked_by": self.payee_checked_by_id.name or "",
            "known_as": self.known_as or "",
            "known_label": labels["known_as"].get(self.known_as, ""),
            "known_name": self.known_name or "",
        }

    def _payee_problem(self):
        """Return what is to be decided about the check's result, None when it is a match or was not made yet."""
        self.ensure_one()
        if not self.payee_result or self.payee_result == MATCH:
            return None
        facts = {"payee": self.payee_name, "iban": self.iban}
        if self.payee_result == payment_schemas.CLOSE_MATCH:
            facts["matched_name"] = self.payee_matched_name or ""
        if self.payee_error_code:
            facts["error"] = self.payee_error_code
        return Problem(f"payee_{self.payee_result}", self, facts, decidable=True)
