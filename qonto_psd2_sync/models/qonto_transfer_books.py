# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The books follow the bank (design R10): from where a transfer is to what its payment and its bills are.

====================================  ==================================================================
The transfer is                       The books
====================================  ==================================================================
submitted, processing, settled        payment posted and reconciled with its bills: *in payment*
… and its bank line is matched        bills *paid*; the transfer lets them go
refused, expired, canceled, failed,   payment canceled, or reversed where its period is locked; bills open
declined
returned                              see `qonto_transfer_returned.py`
====================================  ==================================================================

It looks at states, not at events: what is so already is left alone, what failed is tried again the next time. A payment
that can't be recorded is told on its transfer and does not keep the others from it.
"""

from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import format_date

from ..payments import Matched
from ..payments.life import ACCEPTED, NO_MONEY
from . import payment_clock, payment_words

ACTIVITY = "qonto_psd2_sync.mail_activity_transfer"
# Posted together, then committed by the caller.
BOOKS_AT_ONCE = 50
# Nobody follows a bill because a transfer of it was recorded; Odoo goes on offering to post its like by itself.
QUIETLY = {"mail_create_nosubscribe": True, "skip_is_manually_modified": True}


class QontoTransfer(models.Model):
    _name = "qonto.transfer"
    _inherit = ["qonto.transfer", "mail.activity.mixin"]
    # Whoever is asked to look may say that it is done.
    _mail_post_access = "read"

    books_problem = fields.Char(string="Why it is not recorded", readonly=True, copy=False)

    def _follow_books(self):
        """Bring the books to where these transfers are; as often as you like. The caller commits."""
        for company in self.sudo().company_id:
            transfers = self.sudo().filtered(lambda transfer, company=company: transfer.company_id == company)
            transfers.with_context(allowed_company_ids=company.ids, **QUIETLY)._follow_books_of_company()

    def _follow_books_of_company(self):
        behind = self.filtered(lambda transfer: transfer._books_behind())
        # Somebody else at it brings them there; what that one has done is seen after the lock.
        mine = behind.try_lock_for_update(allow_referencing=True)
        mine.payment_id.invalidate_recordset(["state", "move_id"])
        mine.filtered(lambda transfer: transfer._books_behind())._books_catch_up()
        self._follow_matches()

    def _books_behind(self) -> bool:
        """Whether the payment is not yet where the transfer is."""
        self.ensure_one()
        state = self.payment_id.state
        if self.state in ACCEPTED:
            return state in ("draft", "canceled")
        return self.state in NO_MONEY and not self.matched and state in ("draft", "in_process", "paid")

    def _books_catch_up(self):
        """Record these; where something is in the way, what is not in the way."""
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                problems = self._books_record()
        except (UserError, ValidationError, RedirectWarning, LockNotAvailable) as error:
            self.env.invalidate_all(flush=False)
            if len(self) > 1:
                half = len(self) // 2
                self[:half]._books_catch_up()
                self[half:]._books_catch_up()
                return
            problems = {self: str(error.args[0] if error.args else error)}
        for transfer in self:
            transfer._books_tell(problems.get(transfer, ""))

    def _books_record(self) -> dict:
        """Record these, all or none.

        :return: what was not as expected, by transfer
        """
        accepted = self.filtered(lambda transfer: transfer.state in ACCEPTED)
        self.filtered(lambda transfer: transfer.state in NO_MONEY)._books_cancel()
        return accepted._books_post()

    # === ACCEPTED === #

    def _books_post(self) -> dict:
        """Post the payments and reconcile them with their bills.

        :return: transfers whose bills were not as they were when they were sent, with words
        """
        if not self:
            return {}
        problems = {transfer: words for transfer in self if (words := transfer._changed_bills())}
        self.payment_id.filtered(lambda payment: payment.state == "canceled").action_draft()
        for transfer in self:
            payment, day = transfer.payment_id, transfer._books_day()
            if payment.date != day:
                payment.date = day
            transfer._check_books_open()
            if values := {} if transfer in problems else transfer._entry_values():
                payment.with_context(skip_invoice_sync=True)._generate_journal_entry(**values)
        self.payment_id.action_post()
        pairs = [pair for transfer in self for pair in transfer._books_pairs()]
        if pairs:
            self.env["account.move.line"]._reconcile_plan(pairs)
        return problems

    def _books_day(self):
        """Return the day of the payment: when it was sent, or when it is to be executed; at the bank's place."""
        self.ensure_one()
        moment = payment_clock.aware(self.first_sent_at) or payment_clock.now(self.env)
        sent = self.order_id.account_id._local_day(moment)
        return max(sent, self.scheduled_date or sent)

    def _check_books_open(self):
        """Refuse a locked period: Odoo itself would date the entry anew, and say nothing."""
        payment = self.payment_id
        if not payment.outstanding_account_id:
            return
        locks = self.company_id._get_lock_date_violations(
            payment.date, fiscalyear=True, sale=False, purchase=False, tax=any(self.line_ids.mapped("discount")),
            hard=True,
        )
        if locks:
            raise UserError(
                self.env._(
                    "The payment of %(date)s lies in a locked period (%(locks)s). Have the period opened; it is then "
                    "recorded by itself.",
                    date=format_date(self.env, payment.date), locks=self.env["res.company"]._format_lock_dates(locks),
                )
            )

    def _changed_bills(self) -> str:
        """Return what is no longer as it was when it was prepared, in words."""
        # Or another transfer, sent since this one was given up, pays it.
        changed = self.line_ids.filtered(lambda line: not line._is_payable() or (self.live and not line.live)).move_id
        if not changed:
            return ""
        return self.env._(
            "The money was sent, but %(bills)s changed meanwhile. What it pays of them was reconciled; the rest is "
            "open on the payment.",
            bills=", ".join(bill._qonto_name() for bill in changed),
        )

    def _entry_values(self) -> dict:
        """Return what the payment's entry has besides what Odoo gives it: discounts, and an item for each bill.

        One item for all bills is enough where it pays all of each: then everything is reconciled. Otherwise Odoo
        would pay the oldest bill first, and not what was chosen of each.
        """
        payment, lines = self.payment_id, self.line_ids.sorted("id")
        if not payment.outstanding_account_id or payment.move_id:
            return {}
        write_offs = lines.filtered("discount")._discount_values()
        if len(lines) < 2 or all(line._is_paid_in_full() for line in lines):
            return {"write_off_line_vals": write_offs} if write_offs else {}
        liquidity, counterpart, *others = payment._prepare_move_line_default_vals(write_off_line_vals=write_offs)
        amounts = [line.amount + line.discount for line in lines]
        total, left = sum(amounts), counterpart["debit"] - counterpart["credit"]
        company_currency, values = self.company_id.currency_id, []
        for line, amount in zip(lines, amounts, strict=True):
            balance = company_currency.round(left * amount / total) if line != lines[-1] else left
            total, left = total - amount, left - balance
            item = {key: value for key, value in counterpart.items() if key not in ("debit", "credit")}
            values.append({
                **item, "amount_currency": self.currency_id.round(amount), "balance": company_currency.round(balance),
            })
        return {"line_ids": [fields.Command.create(each) for each in (liquidity, *values, *others)]}

    def _books_pairs(self) -> list:
        """Return what is to be reconciled: the payment's items with those of its bills."""
        mine = self._debited_items()
        bills = self.line_ids.sorted("id").mapped("move_line_id")
        if len(mine) > 1 and len(mine) == len(bills):
            pairs = [item | bill for item, bill in zip(mine, bills, strict=True)]
        else:
            pairs = [mine | bills] if mine else []
        # Not what was paid or reset meanwhile.
        pairs = [pair.filtered(lambda item: not item.reconciled and item.parent_state == "posted") for pair in pairs]
        return [pair for pair in pairs if len(pair) > 1]

    def _debited_items(self):
        """Return the items of the payment's entry that stand for what its bills were paid with, in the bills' order."""
        payment = self.payment_id
        return payment.move_id.line_ids.filtered(
            lambda item: item.account_id == payment.destination_account_id
        ).sorted("id")

    # === ENDED WITHOUT MONEY === #

    def _books_cancel(self):
        """Cancel the payments; the bills are open again, and say why."""
        if not self:
            return
        payments = self.payment_id
        locked = payments.filtered(
            lambda payment: payment.move_id.state == "posted"
            and payment.date <= self.company_id._get_user_fiscal_lock_date(payment.journal_id)
        )
        (payments - locked).action_cancel()
        locked._qonto_reverse()
        self._tell_bills({transfer: transfer._ended_in_words() for transfer in self})

    def _tell_bills(self, bodies: dict):
        """Put into the chatter of payments and bills what became of their transfers."""
        self.payment_id._message_log_batch(
            bodies={transfer.payment_id.id: body for transfer, body in bodies.items() if transfer.payment_id}
        )
        told: dict = {}
        for transfer, body in bodies.items():
            for bill in transfer.line_ids.move_id:
                told.setdefault(bill.id, []).append(body)
        if told:
            self.env["account.move"].browse(told)._message_log_batch(
                bodies={bill_id: " ".join(words) for bill_id, words in told.items()}
            )

    def _ended_in_words(self) -> str:
        """Return how it ended, for who reads the bill."""
        self.ensure_one()
        words = self.env._(
            "The transfer over %(amount)s to %(payee)s moved no money: %(state)s.",
            amount=self.currency_id.format(self.amount), payee=self.payee_name, state=self._state_in_words(),
        )
        return f"{words} {payment_words.words(self.env, self.reason).what}" if self.reason else words

    # === MATCHED === #

    def _follow_matches(self):
        """Note which are matched with their bank line, and have the line of the others looked for."""
        for transfer in self.filtered(lambda transfer: transfer.state in {*ACCEPTED, "returned"}):
            matched = transfer._is_matched()
            if matched == transfer.matched or (transfer.matched and transfer.state == "returned"):
                continue
            try:
                transfer._step(Matched(undone=not matched))
            except UserError:
                continue  # somebody else is at it: the next time
        self._look_for_lines()

    def _is_matched(self) -> bool:
        """Whether the bank line of the transfer is booked, and with its payment."""
        self.ensure_one()
        payment = self.payment_id
        if not payment:
            return bool(self._bank_lines().filtered("is_reconciled"))
        if not payment.move_id:
            return payment.state == "paid"
        return payment.is_matched and bool(payment.reconciled_statement_line_ids)

    def _bank_lines(self):
        """Return the bank lines of these transfers, where the bank has said which they are."""
        refs = list(filter(None, self.mapped("transaction_ref")))
        if not refs:
            return self.env["account.bank.statement.line"]
        return self.env["account.bank.statement.line"].search([
            ("company_id", "in", self.company_id.ids), ("move_id.state", "=", "posted"),
            "|", ("qonto_transaction_id.bank_ref", "in", refs), ("qonto_transaction_id.bank_slug", "in", refs),
        ])

    def _look_for_lines(self):
        """Have bank lines matched that came before their transfers were recorded."""
        waiting = self.filtered(
            lambda transfer: not transfer.matched and transfer.state in ACCEPTED and transfer.transaction_ref
        )._bank_lines().filtered(lambda line: not line.is_reconciled and not line.qonto_by_hand)
        cron = self.env.ref("qonto_psd2_sync.ir_cron_match", raise_if_not_found=False)
        if waiting and cron:
            cron.sudo()._trigger()

    # === TELLING === #

    def _state_in_words(self) -> str:
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    def _held_by(self) -> str:
        """Return how a person recognises this transfer."""
        self.ensure_one()
        return self.env._(
            "%(amount)s to %(payee)s (%(state)s)",
            amount=self.currency_id.format(self.amount), payee=self.payee_name, state=self._state_in_words(),
        )

    def _books_tell(self, problem: str):
        """Ask somebody to look, once for each problem; take it back when it is gone."""
        self.ensure_one()
        if (self.books_problem or "") == problem:
            return
        self.books_problem = problem or False
        self.activity_unlink([ACTIVITY])
        if not problem:
            return
        order = self.order_id
        people = (order.sender_id | order.prepared_by_id).filtered("active")
        for user in people[:1] or order.account_id._whom_to_tell():
            self.activity_schedule(
                ACTIVITY, user_id=user.id, note=problem,
                summary=self.env._("Transfer to %s: look at its payment", self.payee_name),
            )

    # === JOBS === #

    @api.model
    def _cron_follow_books(self):
        """Bring to an end what a crash, a lock or a hand of somebody else's left behind."""
        cron = self.env["ir.cron"]
        behind = self.sudo().search(
            [
                "|", ("live", "=", True),
                "&", ("state", "in", list(map(str, NO_MONEY))), ("payment_id.state", "=", "draft"),
            ],
            order="id",
        )
        cron._commit_progress(remaining=len(behind))
        for start in range(0, len(behind), BOOKS_AT_ONCE):
            batch = behind[start:start + BOOKS_AT_ONCE]
            batch._follow_books()
            if not cron._commit_progress(len(batch)):
                return
