"""Book one invoice on two bank lines at once, each on a connection of its own; print what each was told (JSON).

    booking_race.py CONFIGURATION DATABASE
"""

import json
import sys
import threading

import odoo.tools
from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying

BOOKED = "booked"


class Office:
    """A company's books; each visit has a connection of its own."""

    def __init__(self, database: str):
        self.registry = Registry(database)

    def visit(self) -> api.Environment:
        return api.Environment(self.registry.cursor(), SUPERUSER_ID, {"tracking_disable": True})

    def prepare(self) -> dict:
        """Make two bank lines of 100 and an open invoice of 100, for everybody to see."""
        env = self.visit()
        company = env.ref("base.main_company")
        journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
        invoice = env["account.move"].create({
            "move_type": "out_invoice", "partner_id": env["res.partner"].create({"name": "Deich & Co"}).id,
            "invoice_date": "2026-01-15",
            "invoice_line_ids": [Command.create({"name": "Lamps", "price_unit": 100, "tax_ids": []})],
        })
        invoice.action_post()
        lines = env["account.bank.statement.line"].create([
            {"journal_id": journal.id, "date": "2026-02-01", "payment_ref": f"Deich & Co {number}", "amount": 100}
            for number in (1, 2)
        ])
        ids = {"lines": lines.ids, "invoice": invoice.id}
        env.cr.commit()
        env.cr.close()
        return ids

    @staticmethod
    def book(env: api.Environment, line: int, invoice: int) -> None:
        from odoo.addons.qonto_psd2_sync.models.booking import Booking, Match  # known once the registry is loaded

        item = env["account.move"].browse(invoice).line_ids.filtered(
            lambda item: item.account_type == "asset_receivable"
        )
        line = env["account.bank.statement.line"].browse(line)
        line._qonto_book([Booking(line, (Match(item),))])

    @staticmethod
    def undo(env: api.Environment, line: int) -> None:
        env["account.bank.statement.line"].browse(line)._qonto_undo()

    @staticmethod
    def told(env: api.Environment, action, *arguments) -> str:
        """Do it as a request does, which begins again when PostgreSQL says that somebody else was faster."""
        try:
            retrying(lambda: action(env, *arguments), env)
        except UserError as error:
            env.cr.rollback()
            return str(error)
        return BOOKED

    def state(self, ids: dict) -> dict:
        env = self.visit()
        invoice = env["account.move"].browse(ids["invoice"])
        lines = env["account.bank.statement.line"].browse(ids["lines"])
        state = {
            "residual": invoice.amount_residual, "booked": lines.mapped("is_reconciled"),
            "partials": len(invoice.line_ids.matched_credit_ids),
        }
        env.cr.close()
        return state

    # === WHAT IS TRIED === #

    def one_is_at_it(self) -> dict:
        """Somebody has booked, and not yet committed; then commits; then two undo."""
        ids = self.prepare()
        (first, second), invoice = ids["lines"], ids["invoice"]
        one, other, early = self.visit(), self.visit(), self.visit()
        early["res.users"].search_count([])  # begins to look before anything is booked
        self.book(one, first, invoice)
        one.flush_all()
        result = {
            "same line": self.told(other, self.book, first, invoice),
            "same invoice": self.told(other, self.book, second, invoice),
        }
        one.cr.commit()
        result["began before, same invoice"] = self.told(early, self.book, second, invoice)
        result["after it, same line"] = self.told(other, self.book, first, invoice)
        result["state"] = self.state(ids)
        self.undo(one, first)
        one.flush_all()
        result["undo at once"] = self.told(other, self.undo, first)
        one.cr.commit()
        result["undo again"] = self.told(other, self.undo, first)
        result["after undo"] = self.told(other, self.book, second, invoice)
        result["state after undo"] = self.state(ids)
        for env in (one, other, early):
            env.cr.close()
        return result

    def both_at_once(self) -> dict:
        """Two threads book the same invoice in the same moment."""
        ids = self.prepare()
        gate, answers = threading.Barrier(2), []

        def clerk(line):
            env = self.visit()
            env["account.move"].browse(ids["invoice"]).mapped("line_ids.reconciled")
            gate.wait()
            answers.append(self.told(env, self.book, line, ids["invoice"]))
            env.cr.close()

        clerks = [threading.Thread(target=clerk, args=(line,)) for line in ids["lines"]]
        for each in clerks:
            each.start()
        for each in clerks:
            each.join()
        return {"answers": answers, "state": self.state(ids)}


def main(configuration: str, database: str) -> None:
    odoo.tools.config.parse_config(["-c", configuration, "-d", database, "--log-level=critical"])
    office = Office(database)
    print(json.dumps({"one": office.one_is_at_it(), "both": [office.both_at_once() for _round in range(4)]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
