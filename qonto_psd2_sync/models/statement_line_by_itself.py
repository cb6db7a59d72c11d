# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is booked without asking, and how a person takes it back.

A line is booked by itself on a *certain* proposal (two independent proofs and no rival), or else by a reconciliation
model that somebody made automatic. What a person took back is never booked by itself again.
"""

from collections import Counter
from collections.abc import Iterator

from psycopg2.errors import LockNotAvailable

from odoo import fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.fields import Domain

from ..matching import ProofKind, Proposal
from .booking import Booking, Match

# Booked together, then committed by the caller: one long transaction gets slower and slower.
BATCH = 20
# Lines that are compared with all open items, and with each other, at once.
ROUND = 500


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    qonto_auto_booked_at = fields.Datetime(
        string="Booked by itself on", readonly=True, copy=False, index="btree_not_null"
    )
    qonto_proofs = fields.Json(
        string="Why it was booked so", readonly=True, copy=False,
        help="The proofs of the proposal that was booked: their kinds and details.",
    )
    qonto_certain = fields.Boolean(
        string="Certain", readonly=True, copy=False,
        help="When it was last looked at, two independent proofs spoke for one proposal and nothing against it.",
    )
    qonto_by_hand = fields.Boolean(
        string="Only by hand", readonly=True, copy=False,
        help="A person took its match back: it is not booked by itself again.",
    )
    qonto_later = fields.Boolean(string="Left for later", readonly=True, copy=False)

    # === PROPOSALS === #

    def _qonto_booking_of(self, proposal: Proposal, **values) -> Booking:
        """Return how this line is booked on a proposal.

        :param values: more of `Booking`
        """
        self.ensure_one()
        items = self.env["account.move.line"].browse(item_id for item_id in proposal.item_ids if item_id > 0)
        payments = self.env["account.payment"].browse(-item_id for item_id in proposal.item_ids if item_id < 0)
        return Booking(
            self,
            tuple(
                Match(item, discount=item.id in proposal.discounted)
                for item in items.sorted(lambda item: (item.date_maturity or item.date, item.id))
            ),
            payments=payments or None, **values,
        )

    def _qonto_keep_proofs(self, proofs: list[dict], by_itself: bool):
        """Note on booked lines why they were booked so, and that they need nobody any more."""
        self.write({
            "qonto_proofs": proofs, "qonto_auto_booked_at": by_itself and fields.Datetime.now(),
            "qonto_certain": False, "qonto_later": False,
        })

    # === BY ITSELF === #

    def _qonto_book_by_themselves(self) -> Iterator["models.BaseModel"]:
        """Book what is certain, then movements between own accounts, then what automatic models explain.

        A generator: the caller commits after each batch that it is handed.

        :return: the lines booked in each batch
        """
        waiting = Domain("id", "in", self.ids) & Domain("is_reconciled", "=", False)
        for (company,) in self._read_group(waiting, ["company_id"]):
            ids = self.search(waiting & Domain("company_id", "=", company.id), order="internal_index, id").ids
            for start in range(0, len(ids), ROUND):
                lines = self.browse(ids[start:start + ROUND]).exists().filtered(lambda line: not line.is_reconciled)
                yield from lines.sorted(lambda line: (line.date, line.id))._qonto_round()
                # Memory stays the same however many lines there are.
                self.env.invalidate_all()

    def _qonto_round(self) -> Iterator["models.BaseModel"]:
        rules = self.env["account.reconcile.model"]
        rules._qonto_set_partners(self)
        proposals = self._qonto_proposals()
        certain = self._qonto_without_rivals(proposals)
        for line in self:
            if line.qonto_certain != (line.id in certain):
                line.qonto_certain = line.id in certain
        allowed = self._qonto_may_be_booked_by_itself()
        bookings = {
            line: (line._qonto_booking_of(certain[line.id]), proofs_as_json(certain[line.id]))
            for line in allowed if line.id in certain
        }
        unexplained = allowed.filtered(lambda line: not proposals.get(line.id))
        own = unexplained._qonto_book_own_pairs()
        if own:
            yield own
        unexplained -= own
        for line, model in rules._qonto_automatic(unexplained).items():
            bookings[line] = (Booking(line, model=model), [{"kind": "rule", "detail": model.name, "id": model.id}])
        lines = allowed.filtered(lambda line: line in bookings)
        (self - lines - own)._qonto_show_elsewhere(proposals)
        for start in range(0, len(lines), BATCH):
            batch = lines[start:start + BATCH]
            yield batch._qonto_book_what_can_be({line: bookings[line] for line in batch})

    def _qonto_may_be_booked_by_itself(self):
        """Leave out what a person took back, accounts that do not allow it, and locked periods."""
        open_from = {
            journal: journal.company_id._get_user_fiscal_lock_date(journal)
            for journal in self.journal_id if journal.qonto_account_ids.books_by_itself
        }
        return self.filtered(
            lambda line: not line.qonto_by_hand and line.journal_id in open_from
            and line.date > open_from[line.journal_id]
        )

    def _qonto_without_rivals(self, proposals: dict[int, tuple[Proposal, ...]]) -> dict[int, Proposal]:
        """Return the certain proposals by line; of lines that claim the same document, the first one's by date.

        Without the document's number nothing tells which of two equal payments is meant: then none is certain.
        """
        best = {
            line_id: ranked[0] for line_id, ranked in proposals.items() if ranked and ranked[0].certain
        }
        claims = Counter(item_id for proposal in best.values() for item_id in proposal.item_ids)
        taken: set[int] = set()
        certain = {}
        for line in self:
            proposal = best.get(line.id)
            if not proposal or taken.intersection(proposal.item_ids):
                continue
            told = proposal.kinds & {ProofKind.NUMBER, ProofKind.TRANSFER}
            if not told and any(claims[item_id] > 1 for item_id in proposal.item_ids):
                continue
            certain[line.id] = proposal
            taken.update(proposal.item_ids)
        return certain

    def _qonto_book_what_can_be(self, bookings: dict):
        """Book a batch; where one can't be booked (a locked period, somebody else is at it), book the others."""
        try:
            with self.env.cr.savepoint():
                self._qonto_book([booking for booking, _proofs in bookings.values()])
            booked = self
        except (UserError, ValidationError, RedirectWarning, LockNotAvailable):
            self.env.invalidate_all(flush=False)
            booked = self.browse()
            if len(bookings) > 1:
                for line, booking in bookings.items():
                    booked |= line._qonto_book_what_can_be({line: booking})
                return booked
        for line in booked:
            line._qonto_keep_proofs(bookings[line][1], by_itself=True)
        booked._qonto_follow_up({line: booking.model for line, (booking, _proofs) in bookings.items()})
        return booked

    def _qonto_follow_up(self, models_by_line: dict):
        """Schedule the next step that a reconciliation model asks for."""
        for line in self:
            model = models_by_line[line]
            if model and model.next_activity_type_id:
                line.move_id.activity_schedule(
                    activity_type_id=model.next_activity_type_id.id, user_id=self.env.user.id
                )

    def _qonto_waiting_domain(self, companies) -> Domain:
        """Return the domain of lines of connected accounts that are not matched yet."""
        return Domain([
            ("is_reconciled", "=", False),
            ("move_id.state", "=", "posted"),
            ("company_id", "in", companies.ids),
            ("journal_id.qonto_account_ids", "!=", False),
        ])

    # === UNDO === #

    def _qonto_taken_back(self):
        """What a person took back is theirs from then on: it is not booked by itself again."""
        self._qonto_unlearn()
        self.write({"qonto_proofs": False, "qonto_auto_booked_at": False, "qonto_by_hand": True})


def proofs_as_json(proposal: Proposal) -> list[dict]:
    """Return what is kept of a proposal's proofs with the line that it booked."""
    return [{"kind": proof.kind.value, "detail": proof.detail} for proof in proposal.proofs]
