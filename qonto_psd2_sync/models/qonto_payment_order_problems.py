# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether money may move, asked before the phone rings and again right before the replay (design R8, R14, R15)."""

from odoo import models
from odoo.tools import SQL

from ..payments import State
from ..qonto_api.frozen import INTERNAL_TRANSFER
from ..qonto_api.scopes import ATTACHMENT_WRITE, INTERNAL_TRANSFER_WRITE, PAYMENT_WRITE
from . import payment_clock
from .payment_decision import SEND
from .payment_problem import Problem
from .qonto_payment_order_check import FRESH

ASK, REPLAY = "ask", "replay"
# On their way, and perhaps not yet in the balance that we know.
ON_THEIR_WAY = (State.SENDING, State.AWAITING_SCA, State.SUBMITTED, State.UNKNOWN)
DEBITED = (State.PROCESSING, State.SETTLED)


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    def _problems(self, moment: str) -> list[Problem]:
        """Return why money may not move; empty: it may.

        Reads the present: call it on a transaction that began after the last wait for the bank.

        :param moment: ``ask``: before the request is frozen, whatever a person has not decided yet; ``replay``: right
            before the approved bytes go out, only what has changed since
        """
        self.ensure_one()
        self.env.invalidate_all()
        order = self.sudo()
        transfers = order._unsent() if moment == ASK else order.transfer_ids.filtered("live")
        found = [*order._sender_problems(moment), *order._account_problems()]
        today = order._today()
        for transfer in transfers:
            found += transfer._bill_problems(today)
            found += transfer._recipient_problems()
            found += transfer._form_problems(today)
        found += order._balance_problems(transfers)
        if moment == REPLAY:
            # What was decided, or could not be known before the request, is not asked again.
            return [problem for problem in found if not order._decided(problem)]
        found += order._check_problems()
        found += order._attachment_problems(transfers)
        found += [problem for transfer in transfers if (problem := transfer._payee_problem())]
        found += order._paid_problems(transfers)
        return [problem for problem in found if not (problem.decidable and order._decided(problem))]

    def _today(self):
        return self.account_id._today()

    # === R14: WHO SENDS === #

    def _sender_problems(self, moment: str) -> list[Problem]:
        sender, consent = self.sender_id, self.consent_id
        if not sender:
            return [Problem("sender_missing")]
        facts = {"sender": sender.name}
        found = []
        if not sender.active:
            found.append(Problem("sender_archived", facts=facts))
        elif self.company_id not in sender.company_ids:
            found.append(Problem("sender_other_company", facts={**facts, "company": self.company_id.name}))
        elif self.env.ref(SEND) not in sender.all_group_ids:
            # Not `has_group`: it remembers, and the right may have been taken away in another worker just now.
            found.append(Problem("sender_no_right", facts=facts))
        if self.company_id.qonto_four_eyes and sender == self.prepared_by_id:
            found.append(Problem("four_eyes", facts=facts))
        elif self.leaves_at_once and sender == self.prepared_by_id:
            found.append(Problem("second_person", facts=facts))
        if moment == ASK and self.leaves_at_once and (
            not self.send_asked_at or self.send_asked_at <= self.leaves_at_once_since
        ):
            found.append(Problem("at_once_unsaid"))
        return found + self._consent_problems(sender, consent, facts)

    def _needed_scopes(self) -> set[str]:
        """Return the permissions that sending it takes, and no others."""
        if self.kind == INTERNAL_TRANSFER:
            return {INTERNAL_TRANSFER_WRITE}
        # Files go up before the request is made, not with it.
        files = not self.request_sealed and self._unsent()._needing_files()
        return {PAYMENT_WRITE, ATTACHMENT_WRITE} if files else {PAYMENT_WRITE}

    def _consent_problems(self, sender, consent, facts) -> list[Problem]:
        if not consent:
            return [Problem("consent_missing", facts=facts)]
        if consent.user_id != sender or consent.company_id != self.company_id:
            return [Problem("consent_of_other", facts={**facts, "giver": consent.user_id.name})]
        if not consent.is_live:
            code = "consent_replaced" if consent.state == "replaced" else "consent_ended"
            return [Problem(code, facts=facts)]
        if code := consent._lacks(self._needed_scopes()):
            return [Problem(code, facts=facts)]
        if self.account_id not in consent.with_context(active_test=False).account_ids:
            return [Problem("consent_other_account", facts={**facts, "account": self.account_id.display_name})]
        return []

    # === FROM WHICH ACCOUNT === #

    def _account_problems(self) -> list[Problem]:
        account = self.account_id
        facts = {"account": account.display_name}
        if not account.active:
            return [Problem("account_closed", facts=facts)]
        if account.currency_id.name != "EUR":
            return [Problem("account_currency", facts=facts)]
        return []

    def _balance_problems(self, transfers) -> list[Problem]:
        """Compare with the balance last known, less what is on its way and not in it yet."""
        account = self.account_id
        if not account.bank_balance_at:
            return []
        today = self._today()
        needed = sum(row.amount for row in transfers if not row.scheduled_date or row.scheduled_date <= today)
        under_way = self._under_way(account)
        free = account.authorized_balance - under_way
        if not needed or account.currency_id.compare_amounts(needed, free) <= 0:
            return []
        money = account.currency_id.format
        facts = {
            "account": account.display_name, "needed": money(needed), "available": money(account.authorized_balance),
            "under_way": money(under_way),
        }
        return [Problem("balance_low", facts=facts, decidable=True, about=facts["needed"])]

    def _under_way(self, account) -> float:
        """Return what other orders have sent, or are sending, that the known balance does not show yet."""
        self.flush_model()
        self.env["qonto.transfer"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(transfer.amount), 0)
                  FROM qonto_transfer transfer
                  JOIN qonto_payment_order payment_order ON payment_order.id = transfer.order_id
                 WHERE payment_order.account_id = %s
                   AND payment_order.id != %s
                   AND (transfer.scheduled_date IS NULL OR transfer.scheduled_date <= %s)
                   AND (transfer.state IN %s
                        OR transfer.state IN %s AND transfer.first_sent_at > %s)
                """,
                account.id, self.id, self._today(), tuple(map(str, ON_THEIR_WAY)), tuple(map(str, DEBITED)),
                account.bank_balance_at,
            )
        )
        return rows[0][0]

    # === WHAT THE BANK WAS ASKED === #

    def _check_problems(self) -> list[Problem]:
        if self.kind == "internal_transfer":
            return []
        if self.check_failure:
            return [Problem(self.check_failure, facts={"detail": self.check_failure_detail or ""})]
        now = payment_clock.now(self.env)
        fresh = self.checked_at and now - payment_clock.aware(self.checked_at) < FRESH
        return [] if fresh and self._proof_token() else [Problem("payee_unchecked")]

    def _attachment_problems(self, transfers) -> list[Problem]:
        large = transfers._needing_files()
        with_file = large._bill_files() if large else {}
        return [
            Problem("attachment_missing", row, row._bill_names_fact()) for row in large if not with_file.get(row.id)
        ]
