"""Prepare a transfer, claim one, record an accepted order, each twice at once; print what came of it (JSON).

    transfer_race.py CONFIGURATION DATABASE
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable

import odoo.tools
from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying

DONE = "done"
IBAN = "DE02120300000000202051"


class Office:
    """A company that pays; each visit has a connection of its own."""

    def __init__(self, database: str):
        self.registry = Registry(database)
        self.account = self.payee = 0

    def visit(self, user: int = SUPERUSER_ID) -> api.Environment:
        return api.Environment(self.registry.cursor(), user, {"tracking_disable": True})

    def clerk(self) -> api.Environment:
        env = self.visit()
        return env(user=env.ref("base.user_admin").id)

    def open(self) -> None:
        """Make an account at the bank and a payee, for everybody to see."""
        env = self.visit()
        company = env.ref("base.user_admin").company_id
        journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
        journal.bank_statements_source = "qonto"
        # Its payments have entries, so that there is something to post and to reconcile.
        journal._qonto_method_line().payment_account_id = env["account.account"].create({
            "name": "Outstanding payments", "code": "QRACE", "account_type": "asset_current", "reconcile": True,
        })
        account = env["qonto.account"].create({
            "name": "Main", "company_id": company.id, "environment": "own", "bank_ref": "a", "journal_id": journal.id,
            "currency_id": company.currency_id.id, "start_date": "2026-01-01", "responsible_id": False,
        })
        partner = env["res.partner"].create({"name": "Elbe Kabel GmbH"})
        payee = env["res.partner.bank"].create({"partner_id": partner.id, "acc_number": IBAN})
        self.account, self.payee = account.id, payee.id
        env.cr.commit()
        env.cr.close()

    def bill(self) -> int:
        """Return a new open instalment of 100."""
        env = self.visit()
        account = env["qonto.account"].browse(self.account)
        bill = env["account.move"].with_company(account.company_id).create({
            "move_type": "in_invoice", "partner_id": env["res.partner.bank"].browse(self.payee).partner_id.id,
            "invoice_date": "2026-01-15",
            "invoice_line_ids": [Command.create({"name": "Cable", "price_unit": 100, "tax_ids": []})],
        })
        bill.action_post()
        item = bill.line_ids.filtered(lambda line: line.account_type == "liability_payable")
        env.cr.commit()
        env.cr.close()
        return item.id

    # === WHAT IS TRIED === #

    def prepare(self, env: api.Environment, item: int) -> None:
        from odoo.addons.qonto_psd2_sync.models.qonto_payment_order import Wish  # known once the registry is loaded

        wish = Wish(
            env["res.partner.bank"].browse(self.payee), "RG 1", [(env["account.move.line"].browse(item), 100.0)]
        )
        env["qonto.payment.order"]._prepare(env["qonto.account"].browse(self.account), [wish])

    @staticmethod
    def claim(env: api.Environment, transfer: int) -> None:
        from odoo.addons.qonto_psd2_sync.models import payment_clock
        from odoo.addons.qonto_psd2_sync.payments import Claimed

        env["qonto.transfer"].sudo().browse(transfer)._step(Claimed(payment_clock.now(env)))

    @staticmethod
    def told(env: api.Environment, action: Callable, *arguments: int) -> str:
        """Do it as a request does, which begins again when PostgreSQL says that somebody else was faster."""
        try:
            retrying(lambda: action(env, *arguments), env)
        except UserError as error:
            env.cr.rollback()
            return str(error)
        return DONE

    def both_at_once(self, action: Callable, subject: int) -> list[str]:
        return self.all_at_once((action, action), subject)

    def all_at_once(self, actions: tuple[Callable, ...], subject: int) -> list[str]:
        gate, answers = threading.Barrier(len(actions)), []

        def clerk(action: Callable) -> None:
            env = self.clerk()
            env["qonto.transfer"].search_count([])  # has begun to look before the other is done
            gate.wait()
            answers.append(self.told(env, action, subject))
            env.cr.close()

        clerks = [threading.Thread(target=clerk, args=[action]) for action in actions]
        for each in clerks:
            each.start()
        for each in clerks:
            each.join()
        return answers

    def ready(self) -> int:
        """Return a transfer that may be sent."""
        from odoo.addons.qonto_psd2_sync.payments import HandedOver, Verified

        item, env = self.bill(), self.clerk()
        self.prepare(env, item)
        transfer = env["qonto.transfer.line"].sudo().search([("move_line_id", "=", item)]).transfer_id
        transfer._step(HandedOver())
        transfer._step(Verified())
        env.cr.commit()
        env.cr.close()
        return transfer.id

    def accepted(self, count: int) -> int:
        """Return an order that the bank has accepted, and that is not recorded yet."""
        from odoo.addons.qonto_psd2_sync.models import payment_clock
        from odoo.addons.qonto_psd2_sync.models.qonto_payment_order import Wish
        from odoo.addons.qonto_psd2_sync.payments import Accepted, Claimed, HandedOver, Verified

        items, env = [self.bill() for _each in range(count)], self.clerk()
        wishes = [
            Wish(env["res.partner.bank"].browse(self.payee), f"RG {item}",
                 [(env["account.move.line"].browse(item), 100.0)])
            for item in items
        ]
        order = env["qonto.payment.order"]._prepare(env["qonto.account"].browse(self.account), wishes)
        for transfer in order.sudo().transfer_ids:
            now = payment_clock.now(env)
            for event in (HandedOver(), Verified(), Claimed(now), Accepted(f"at-the-bank-{transfer.id}")):
                transfer._step(event)
        env.cr.commit()
        env.cr.close()
        return order.id

    @staticmethod
    def record(env: api.Environment, order: int) -> None:
        env["qonto.payment.order"].sudo().browse(order)._let_the_books_follow()

    @staticmethod
    def record_by_job(env: api.Environment, _order: int) -> None:
        env["qonto.transfer"]._cron_follow_books()

    def one_is_recording(self, order: int) -> dict:
        """One worker has recorded it and not yet committed, the other comes; another one began to look before."""
        one, other, early = self.clerk(), self.clerk(), self.clerk()
        early["qonto.transfer"].search_count([])
        one["qonto.payment.order"].sudo().browse(order).transfer_ids._follow_books()
        one.flush_all()
        began = time.monotonic()
        answers = [self.told(other, self.record, order)]
        waited = time.monotonic() - began
        one.cr.commit()
        answers.append(self.told(early, self.record_by_job, order))
        for env in (one, other, early):
            env.cr.close()
        return {"answers": answers, "waited": waited}

    def books(self, order: int) -> list[dict]:
        """Return what was recorded of each transfer."""
        env, found = self.visit(), []
        for transfer in env["qonto.payment.order"].browse(order).transfer_ids:
            payment, item = transfer.payment_id, transfer.line_ids.move_line_id
            entries = env["account.move"].search([("origin_payment_id", "=", payment.id)])
            found.append({
                "payment": payment.state, "entries": entries.mapped("state"), "bill": item.move_id.payment_state,
                "reconciled": len(item.matched_debit_ids | item.matched_credit_ids), "left": item.amount_residual,
                "problem": transfer.books_problem or "", "activities": len(transfer.activity_ids),
            })
        env.cr.close()
        return found

    def trail(self, transfer: int) -> list[str]:
        env = self.visit()
        events = env["qonto.transfer"].browse(transfer).trail_ids.sorted("id").mapped("event")
        env.cr.close()
        return events

    def live(self, item: int) -> int:
        env = self.visit()
        count = env["qonto.transfer.line"].search_count([("move_line_id", "=", item)])
        env.cr.close()
        return count


def errors_from_now_on() -> list[str]:
    """Return a list that fills with what the addon says of errors."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    logger = logging.getLogger("odoo.addons.qonto_psd2_sync")
    logger.addHandler(Listener(logging.WARNING))
    logger.setLevel(logging.WARNING)
    return said


def main(configuration: str, database: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    office = Office(database)
    office.open()
    result: dict[str, list] = {"prepared": [], "claimed": [], "recorded": [], "errors": errors_from_now_on()}
    for _round in range(4):
        item = office.bill()
        result["prepared"].append({"answers": office.both_at_once(office.prepare, item), "lines": office.live(item)})
        transfer = office.ready()
        answers = office.both_at_once(office.claim, transfer)
        result["claimed"].append({"answers": answers, "trail": office.trail(transfer)})
    # So many that they overlap.
    for actions in ((office.record, office.record), (office.record, office.record_by_job)):
        order = office.accepted(8)
        answers = office.all_at_once(actions, order)
        result["recorded"].append({"answers": answers, "books": office.books(order)})
    order = office.accepted(2)
    result["recorded"].append({**office.one_is_recording(order), "books": office.books(order)})
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
