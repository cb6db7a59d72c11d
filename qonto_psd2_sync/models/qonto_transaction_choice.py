# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person decides about transactions: each is written down with who, when and why, and can be taken back."""

from odoo import fields, models
from odoo.exceptions import UserError

UNDECIDED = ("held", "doubtful")
TAKEN_BACK = ("left_out", "hidden", "removed")


class QontoTransaction(models.Model):
    _inherit = "qonto.transaction"

    def _check_may_decide(self):
        self.check_access("read")
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            raise UserError(
                self.env._("Deciding needs the right “Qonto bank feed: User”. An administrator can give it to you.")
            )

    def _decide(self, state: str, decision: str | bool = False, reason: str = ""):
        self.sudo().write({
            "feed_state": state,
            "hold_kind": False,
            "hold_detail": False,
            "doubt_kind": False,
            "doubt_line_id": False,
            "question_kind": False,
            "decision": decision,
            "decision_reason": reason or False,
            "decided_by_id": self.env.uid,
            "decided_at": fields.Datetime.now(),
        })

    def _book_now(self):
        """Book what can be booked; what can't waits with its reason.

        :return: the transactions that are bank lines now
        """
        booked = self.browse()
        for account, transactions in self.grouped("account_id").items():
            account._lock_for_a_person()
            mine = transactions.sudo().with_company(account.company_id).with_context(
                allowed_company_ids=account.company_id.ids, tracking_disable=True
            ).sorted(lambda row: (row.settled_at, row.id))
            ready = mine._hold_what_must_wait()._set_doubtful_apart()
            booked |= ready._book()
        return booked

    # === HELD === #

    def _book_as_decided(self, decision: str, reason: str):
        """Book held ones on the first open day, or without the original amount."""
        self._check_may_decide()
        self._decide("to_book", decision, reason)
        return self._book_now()

    def _leave_out(self, reason: str):
        """Keep them out of the books for good, with the reason; nothing is booked."""
        self._check_may_decide()
        wrong = self.filtered(lambda transaction: transaction.feed_state not in (*UNDECIDED, "to_book"))
        if wrong:
            raise UserError(self.env._("“%s” does not wait for a decision.", wrong[0].display_name))
        self._decide("left_out", reason=reason)

    def action_decide(self):
        """Open the choices for what is held or in doubt."""
        self._check_may_decide()
        waiting = self.filtered(lambda transaction: transaction.feed_state in UNDECIDED)
        if not waiting:
            raise UserError(self.env._("None of them waits for a decision."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide"),
            "res_model": "qonto.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_transaction_ids": waiting.ids},
        }

    # === DOUBTFUL === #

    def action_same(self):
        """It is what the books have already: the line there becomes this transaction's, nothing is booked."""
        self._check_may_decide()
        for transaction in self.filtered(lambda row: row.feed_state == "doubtful"):
            transaction.account_id._lock_for_a_person()
            if transaction.doubt_kind == "reissued":
                transaction._take_the_place_of(transaction.doubt_transaction_id)
            else:
                line = transaction.sudo().doubt_line_id
                if not line or line.qonto_transaction_id or line.state != "posted":
                    raise UserError(self.env._("That line is no longer there. The next sync books the transaction."))
                transaction._decide("doubtful")
                transaction.sudo()._adopt(line)

    def action_separate(self):
        """It is a transaction of its own: it is booked beside what is there."""
        self._check_may_decide()
        doubtful = self.filtered(lambda row: row.feed_state == "doubtful")
        doubtful._decide("to_book", "separate")
        doubtful._book_now()

    def _take_the_place_of(self, old):
        """The bank gave a transaction a new ID: what was decided or booked for the old one is this one's."""
        state, line = old.feed_state, old.sudo().statement_line_id
        reason = old.decision_reason
        self._decide(state if state in ("booked", *TAKEN_BACK) else "to_book", reason=reason or "")
        line.write({"qonto_transaction_id": self.id})
        old.sudo().write({"feed_state": "gone", "question_kind": False, "replaced_by_id": self.id})

    # === BOOKED === #

    def _take_back(self, state: str, reason: str):
        """Take bank lines out of the books. Where the company has the audit trail the entry stays, as canceled.

        :param str state: `hidden`, `removed` or `to_book`
        """
        self._check_may_decide()
        for transaction in self:
            transaction.account_id._lock_for_a_person()
            line = transaction.statement_line_id
            if not line:
                raise UserError(self.env._("“%s” is no bank line.", transaction.display_name))
            line._check_can_be_taken_back()
            line.with_context(qonto_taken_back=reason).unlink()
        self._decide(state, reason=reason)

    def action_restore(self):
        """Take a decision back: what was left out, hidden or deleted is booked, on the bank's own day."""
        self._check_may_decide()
        again = self.filtered(lambda transaction: transaction.feed_state in TAKEN_BACK)
        if not again:
            raise UserError(self.env._("None of them was left out, hidden or deleted."))
        booked = again.filtered(lambda row: row.status == "completed" and row.booking_date)
        (again - booked)._decide("out")
        booked._decide("to_book")
        booked._book_now()

    def action_book_anew(self):
        """Answer to a change at the bank: the line is taken back and booked as the bank says now."""
        asked = self.filtered("question_kind")
        for transaction in asked:
            gone = transaction.question_kind in ("status", "gone")
            reason = transaction.question
            transaction._take_back("to_book", reason)
            if gone:
                transaction.sudo().feed_state = "out" if transaction.status != "completed" else "gone"
            else:
                transaction._book_now()

    def action_keep(self):
        """Answer to a change at the bank: the line stays as it was booked."""
        self._check_may_decide()
        for transaction in self.filtered("question_kind"):
            transaction.statement_line_id.move_id.sudo().message_post(
                body=self.env._("%(user)s keeps the line: %(question)s", user=self.env.user.name,
                                question=transaction.question)
            )
            transaction.sudo().question_kind = False
