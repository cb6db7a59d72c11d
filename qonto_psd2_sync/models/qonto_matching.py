# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the screen *Bank matching* asks and does. Its rows are plain values; the screen knows no model of Odoo's."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, plaintext2html

from .booking import Booking, Match, WriteOff
from .booking_plan import LinePlanner, Planner, read_number

PAGE = 50
# Lines that one call of "accept all certain ones" looks at, and how many of them it books.
LOOKED_AT = 200
AT_ONCE = 20


class QontoMatching(models.AbstractModel):
    _name = "qonto.matching"
    _description = "Bank matching"

    # === READING === #

    @api.model
    def load(self, journal_ids=(), view: str = "needs_you", search: str = "", only: str = "", known=()) -> dict:
        """Return a page of the screen.

        :param journal_ids: only these journals; none: all
        :param view: "needs_you", "booked" (by itself) or "later"
        :param search: text, or an amount
        :param only: "", "new" (since the last visit), "certain", "receipt" (missing)
        :param known: ids of the lines that the screen has already
        :return: ``{"since", "counts", "journals", "rows", "more", "may_match", "all_booked"}``
        """
        self._check_may_read()
        lines = self.env["account.bank.statement.line"]
        since = self.env["qonto.matching.visit"]._enter()
        here = self._here(journal_ids)
        domain = here & self._view_domain(view) & self._only_domain(only, since) & self._search_domain(search)
        if known:
            domain &= Domain("id", "not in", list(known))
        order = "qonto_auto_booked_at desc, id desc" if view == "booked" else "internal_index desc"
        page = lines.search(domain, order=order, limit=PAGE + 1)
        more, page = len(page) > PAGE, page[:PAGE]
        return {
            "since": format_date(self.env, since) if since else "",
            "counts": self._counts(here, since),
            "journals": self._journals(),
            "rows": self._rows(page, since),
            "more": more,
            "may_match": self._may_match(),
            "any_line": bool(page) or bool(lines.search_count(here, limit=1)),
        }

    @api.model
    def row(self, line_id: int) -> dict:
        """Return one line anew, with its proposals."""
        self._check_may_read()
        return self._rows(self._line(line_id), False)[0]

    @api.model
    def search_items(self, line_id: int, text: str = "") -> list[dict]:
        """Return open items by number, partner or amount; without a text those of the line's partner, or near it.

        :return: at most 20, the best first
        """
        self._check_may_read()
        line = self._line(line_id)
        domain = line._qonto_open_items_domain()
        text = (text or "").strip()
        items = self.env["account.move.line"]
        if text:
            words = Domain.OR([
                [("move_id.name", "ilike", text)], [("move_id.ref", "ilike", text)],
                [("move_id.payment_reference", "ilike", text)], [("partner_id.complete_name", "ilike", text)],
            ])
            number = read_number(text)
            if number:
                # Within a cent, on either side: people type amounts without their sign.
                words |= Domain.OR([
                    [("amount_residual_currency", ">", sign * number - 0.005),
                     ("amount_residual_currency", "<", sign * number + 0.005)]
                    for sign in (1, -1)
                ])
            domain &= words
        elif line.partner_id:
            domain &= Domain("partner_id.commercial_partner_id", "=", line.partner_id.commercial_partner_id.id)
        else:
            domain &= Domain("amount_residual", ">" if line.amount > 0 else "<", 0)
        found = items.search(domain, order="date_maturity, id", limit=200)
        amount = line.amount_currency if line.foreign_currency_id else line.amount
        best = found.sorted(lambda item: (
            item.partner_id.commercial_partner_id != line.partner_id.commercial_partner_id,
            abs(item.amount_residual_currency - amount), item.date, item.id,
        ))
        return [self._item(item, line) for item in best[:20]]

    @api.model
    def rules(self, line_id: int) -> list[dict]:
        """Return the reconciliation models that a person may apply to this line, in sequence."""
        self._check_may_read()
        line = self._line(line_id)
        found = self.env["account.reconcile.model"]._qonto_models(line.company_id)
        return [
            {"id": rule.id, "name": rule.name}
            for rule in found._qonto_of(line) if rule._qonto_is_complete() and (
                not rule.match_journal_ids or line.journal_id in rule.match_journal_ids
            )
        ]

    @api.model
    def preview(self, line_id: int, plan: dict) -> dict:
        """Return what would be left of a line, and what speaks against booking it so.

        :param plan: as for :meth:`book`
        :return: ``{"rest", "rest_text", "problem"}``; the rest in the line's currency, signed as on the statement
        """
        line = self._line(line_id)
        problem, rest = "", line.amount
        try:
            planner = LinePlanner(Planner(self.env), self._booking(line, plan))
            try:
                planner.plan()
            except UserError as error:
                problem = str(error)
            rest = planner.rest if planner.result else line.amount
        except UserError as error:
            problem = str(error)
        rest = line.currency_id.round(rest)
        return {"rest": rest, "rest_text": line.currency_id.format(rest), "problem": problem}

    # === ACTING === #

    @api.model
    def accept(self, line_id: int, item_ids: list[int], expected: list[str]) -> dict:
        """Book a line on the proposal that the person saw.

        :param expected: what was open of each item on the screen
        :return: the booked row
        :raise UserError: it is not as it was on the screen, or can't be booked
        """
        line = self._line_to_match(line_id)
        proposal = next(
            (
                each for each in line._qonto_proposals(only=item_ids)[line.id]
                if sorted(each.item_ids) == sorted(item_ids)
            ),
            None,
        )
        seen = self._open_amounts(item_ids)
        if proposal is None or seen != list(expected):
            raise UserError(self.env._(
                "What this line was to pay has changed meanwhile. Look at the new proposal, and decide again."
            ))
        line._qonto_book([line._qonto_booking_of(proposal, rest_on_partner=True)])
        line._qonto_accepted(proposal)
        return self._booked_rows(line)[0]

    @api.model
    def accept_certain(self, journal_ids=()) -> dict:
        """Book some of the lines that are certain; the screen calls until nothing is left.

        :return: ``{"booked": rows, "failed": [{"id", "message"}], "left": how many are still marked certain}``
        """
        self._check_may_match()
        lines = self.env["account.bank.statement.line"]
        domain = self._here(journal_ids) & self._view_domain("needs_you") & Domain("qonto_certain", "=", True)
        marked = lines.search(domain, order="date, id", limit=LOOKED_AT)
        certain = marked._qonto_without_rivals(marked._qonto_proposals())
        marked.filtered(lambda line: line.id not in certain).qonto_certain = False
        booked, failed = lines, []
        for line in marked.filtered(lambda line: line.id in certain)[:AT_ONCE]:
            try:
                with self.env.cr.savepoint():
                    line._qonto_book([line._qonto_booking_of(certain[line.id])])
                    line._qonto_accepted(certain[line.id])
                booked |= line
            except UserError as error:
                line.invalidate_recordset()
                line.qonto_certain = False
                failed.append({"id": line.id, "message": str(error)})
        return {"booked": self._booked_rows(booked), "failed": failed, "left": lines.search_count(domain)}

    @api.model
    def book(self, line_id: int, plan: dict) -> dict:
        """Book a line as the person put it together.

        :param plan: ``{"items": [{"id", "amount"?, "of_line"?, "discount"?}], "write_offs": [{"account_id", "amount"?,
            "label"?, "tax_ids"?}], "model_id"?, "rest_on_partner"?, "partner_id"?, "for_others"?}``; amounts of items
            in the item's currency and positive, those of write-offs signed as on the statement
        :return: the booked row
        """
        line = self._line_to_match(line_id)
        booking = self._booking(line, plan)
        line._qonto_book([booking])
        line._qonto_accepted(None, booking.model)
        return self._booked_rows(line)[0]

    @api.model
    def book_own(self, line_id: int) -> dict:
        """Book a movement to or from an own account, and return the booked row."""
        line = self._line_to_match(line_id)
        journal = line._qonto_own_journals().get(line)
        if not journal:
            raise UserError(self.env._(
                "What this line was to pay has changed meanwhile. Look at the new proposal, and decide again."
            ))
        line._qonto_book_own(journal)
        line._qonto_keep_proofs([{"kind": "own", "detail": ""}], by_itself=False)
        return self._booked_rows(line)[0]

    @api.model
    def undo(self, line_id: int) -> dict:
        """Take the booking of a line back, and return its row with its proposals."""
        self._check_may_match()
        line = self._line(line_id)
        line.action_qonto_undo_match()
        return self._rows(line, False)[0]

    @api.model
    def set_partner(self, line_id: int, partner_id: int) -> dict:
        """Say with whom a line is; its proposals follow."""
        line = self._line_to_match(line_id)
        line.partner_id = self.env["res.partner"].browse(partner_id).commercial_partner_id or False
        return self._rows(line, False)[0]

    @api.model
    def set_later(self, line_ids: list[int], later: bool = True) -> None:
        """Leave lines for later, or take them up again."""
        self._check_may_match()
        self._lines(line_ids).qonto_later = bool(later)

    @api.model
    def set_note(self, line_id: int, text: str) -> str:
        """Keep a note with a line, and return it as it is kept."""
        self._check_may_match()
        line = self._line(line_id)
        line.narration = plaintext2html(text.strip()) if (text or "").strip() else False
        return self._note(line)

    # === RIGHTS === #

    def _may_match(self) -> bool:
        return self.env.user.has_group("qonto_psd2_sync.group_feed_user")

    def _check_may_match(self):
        self.env["account.bank.statement.line"]._qonto_check_may_match()

    def _check_may_read(self):
        self.env["account.bank.statement.line"].check_access("read")

    def _lines(self, line_ids: list[int]):
        lines = self.env["account.bank.statement.line"].browse(line_ids).exists()
        if len(lines) != len(set(line_ids)):
            raise UserError(self.env._("This bank line was deleted meanwhile. Load the screen again."))
        lines.check_access("read")
        return lines

    def _line(self, line_id: int):
        return self._lines([line_id])

    def _line_to_match(self, line_id: int):
        """Return a line that is still to be matched; whoever comes second is told who was first."""
        self._check_may_match()
        line = self._line(line_id)
        if line.is_reconciled:
            raise UserError(self.env._(
                "“%(line)s” was matched meanwhile, last changed by %(person)s. Load the screen again to see with what.",
                line=line.payment_ref or line.display_name, person=line.move_id.write_uid.name,
            ))
        return line

    # === PLANS === #

    def _booking(self, line, plan: dict) -> Booking:
        """Translate what the screen put together."""
        items = self.env["account.move.line"]
        accounts, taxes = self.env["account.account"], self.env["account.tax"]
        model = self.env["account.reconcile.model"].browse(plan.get("model_id") or [])
        partner = self.env["res.partner"].browse(plan.get("partner_id") or [])
        matches = tuple(
            Match(items.browse(entry["id"]), entry.get("amount") or None, entry.get("of_line") or None,
                  bool(entry.get("discount")))
            for entry in plan.get("items", ()) if entry["id"] > 0
        )
        payments = self.env["account.payment"].browse(
            -entry["id"] for entry in plan.get("items", ()) if entry["id"] < 0
        )
        write_offs = tuple(
            WriteOff(
                accounts.browse(entry["account_id"]), entry.get("amount") or None, entry.get("label") or "",
                taxes=taxes.browse(entry.get("tax_ids") or []) or None,
            )
            for entry in plan.get("write_offs", ()) if entry.get("account_id")
        )
        records = (union for union in (items.union(*(match.item for match in matches)), payments, model, partner,
                   accounts.union(*(write_off.account for write_off in write_offs))) if union)
        for union in records:
            if union != union.exists():
                raise UserError(self.env._("Something that you chose was deleted meanwhile. Choose again."))
            union.check_access("read")
        return Booking(
            line, matches, payments or None, write_offs, model or None,
            rest_on_partner=bool(plan.get("rest_on_partner")), partner=partner or None,
            for_others=bool(plan.get("for_others")),
        )
