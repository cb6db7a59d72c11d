# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One worker at a time at a payment order: by a lease, on cursors of its own, never holding a lock during HTTP (R9)."""

import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..payments import Due, State, due
from ..quiet_sql import refusal_expected
from . import payment_clock, worker
from .payment_rights import PREPARE

_logger = logging.getLogger(__name__)

# Longer than any single call of the bank may take: 5 s to connect, 20 s of silence, 90 s in all for an answer that
# trickles in (`qonto_api/const.py`). A worker renews it with each claim, so while it lives, it is the only one.
LEASE = timedelta(minutes=4)
# How many things one visit does: check and freeze, send, poll, replay.
STEPS = 5
# The accounting follows in batches with a commit after each.
BOOKS_AT_ONCE = 50


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    work_owner = fields.Char(readonly=True, copy=False)
    work_until = fields.Datetime(readonly=True, copy=False)
    due_at = fields.Datetime(
        string="Next look", readonly=True, copy=False, index="btree_not_null",
        help="When the scheduled action goes on with it, should nobody watch.",
    )
    trouble = fields.Char(readonly=True, copy=False, help="Why it did not go out, if so: a code.")
    trouble_detail = fields.Char(readonly=True, copy=False)

    # === ENTRY POINTS === #

    def drive(self) -> dict:
        """Do the next thing that is due, and tell how it stands. The web client calls it at once, then every 3 s."""
        self.ensure_one()
        self.check_access("read")
        if self.env.user.has_group(PREPARE):
            self._drive()
        # Not with the eyes of this request, which has begun before.
        with self._apart() as order:
            return order._progress()

    @api.model
    def _cron_drive(self):
        """Carry on what is due though nobody watches; one order that fails stops no other."""
        cron = self.env["ir.cron"]
        now = payment_clock.stored(payment_clock.now(self.env))
        orders = self.sudo().search([("due_at", "<=", now), ("company_id.active", "=", True)], order="due_at, id")
        cron._commit_progress(remaining=len(orders))
        for number, order in enumerate(orders, 1):
            try:
                order._drive()
            except Exception:
                _logger.exception("Payment order %s: the scheduled action comes again", order.id)
            if not cron._commit_progress(1, remaining=len(orders) - number):
                break

    @api.model
    def _pay_cron(self):
        return self.env.ref("qonto_psd2_sync.ir_cron_pay", raise_if_not_found=False) or self.env["ir.cron"]

    # === CURSORS OF ITS OWN === #

    @contextmanager
    def _apart(self):
        """Give the order on a cursor of its own: what is committed there no later rollback takes back."""
        with self.env.registry.cursor() as cr:
            yield self._on(cr)

    def _on(self, cr):
        context = {**self.env.context, "allowed_company_ids": self.company_id.ids, "tracking_disable": True}
        return self.with_env(self.env(cr=cr, su=True, context=context))

    def _commit(self):
        self.env.flush_all()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all(flush=False)

    def _start_over(self):
        """Forget what an interrupted piece of work left in the transaction and in the cache."""
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    # === THE LEASE === #

    def _drive(self):
        """Do what is due, unless another worker is at it or nothing is. Commits, and holds no lock during HTTP."""
        self.ensure_one()
        name = worker.sign()
        with self._apart() as order:
            if not order._is_due() or not order._take(name):
                return
        try:
            for _number in range(STEPS):
                with self._apart() as order:
                    goes_on = order._do_next()
                self._let_the_books_follow()
                if not goes_on:
                    break
        finally:
            with self._apart() as order:
                order._let_go(name)

    def _take(self, name: str) -> bool:
        """Become the one at work; committed. Not while another one is: its time runs, and its process lives."""
        try:
            with refusal_expected():
                self.env.cr.execute(
                    "SELECT work_owner, work_until FROM qonto_payment_order WHERE id = %s"
                    " FOR NO KEY UPDATE SKIP LOCKED",
                    [self.id],
                )
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self._start_over()
            return False
        row = self.env.cr.fetchone()
        now = payment_clock.now(self.env)
        if not row or (row[0] and payment_clock.aware(row[1]) > now and not worker.is_gone(row[0])):
            self._start_over()
            return False
        self._write_lease(name, now + LEASE)
        self._commit()
        return True

    def _renew(self):
        """Prolong the lease, in the commit of a claim."""
        self._write_lease(self.work_owner, payment_clock.now(self.env) + LEASE)

    def _write_lease(self, name, until):
        self.write({"work_owner": name, "work_until": payment_clock.stored(until)})

    def _let_go(self, name: str):
        if self.work_owner == name:
            self._plan()
            self._write_lease(False, None)

    # === WHAT IS DUE === #

    def _is_due(self) -> bool:
        """Whether there is anything to do right now."""
        now = payment_clock.now(self.env)
        states = set(self.transfer_ids.mapped("state"))
        if "sending" in states or self.send_asked_at:
            return True
        if "awaiting_sca" in states:
            return self._may_poll(now) or due(self._example("awaiting_sca")._life(), now) is not Due.POLL
        return bool(self.due_at and self.due_at <= payment_clock.stored(now)) or self._is_worth_a_look(now)

    def _do_next(self) -> bool:
        """Do one thing; this worker holds the lease.

        :return: whether there may be more to do at once
        """
        now = payment_clock.now(self.env)
        states = set(self.transfer_ids.mapped("state"))
        if "sending" in states:
            # Nobody else holds the lease: whoever sent it is gone, and its answer with it (R9).
            return self._without_an_owner()
        if self.send_asked_at:
            return self._go()
        if "awaiting_sca" in states:
            return self._await_phone(now)
        if "unknown" in states:
            return self._find_out(now)
        if self._given_up():
            return self._look_up()
        if states & {"submitted", "processing"}:
            return self._read(now)
        return False

    def _example(self, state: str):
        """Return one transfer in that state: before the bank has them, all go along together."""
        return self.transfer_ids.filtered(lambda transfer: transfer.state == state)[:1]

    def _given_up(self):
        return self.transfer_ids.filtered(lambda transfer: transfer.given_up and transfer.state == State.FAILED)

    def _plan(self):
        """Say when the scheduled action shall come, should nobody watch."""
        when = self._next_look(payment_clock.now(self.env))
        self.due_at = payment_clock.stored(when)
        if when:
            self._pay_cron()._trigger(at=self.due_at)

    def _let_the_books_follow(self):
        """The accounting is never in the way of the money: what goes wrong there is told, and tried again."""
        try:
            with self._apart() as order:
                ids = order.transfer_ids.ids
                for start in range(0, len(ids), BOOKS_AT_ONCE):
                    order.transfer_ids.browse(ids[start:start + BOOKS_AT_ONCE])._follow_books()
                    order._commit()
        except Exception:
            _logger.exception("Payment order %s: its accounting could not follow; it is tried again", self.id)
