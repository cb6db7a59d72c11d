# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Proposals for bank lines: Odoo's records become facts for the engine, its proofs become sentences."""

from collections.abc import Iterator

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..matching import ItemIndex, Proof, ProofKind, Proposal, propose
from .proof_words import proof_in_words, rest_in_words
from .statement_line_by_itself import proofs_as_json

# Equal payments that are looked at besides those on the screen, and equal proposals of which each may get another.
EQUAL_LINES = 200
TWINS = 24
SHOWN = 3


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    # === PROPOSALS === #

    def _qonto_proposals(self, only: list[int] | None = None) -> dict[int, tuple[Proposal, ...]]:
        """Return the proposals for each line that is not matched yet; a few queries for all of them.

        :param only: just of these open items
        """
        proposals = {}
        for lines, index in self._qonto_indexes(only):
            proposals.update(
                {line.id: propose(line._qonto_facts(), index) for line in lines} if index.items
                else dict.fromkeys(lines.ids, ())
            )
        return proposals

    def _qonto_indexes(self, only: list[int] | None = None) -> Iterator[tuple["models.BaseModel", ItemIndex]]:
        """Yield the lines that are not matched yet, company by company, with what they can pay."""
        waiting = self.filtered(lambda line: not line.is_reconciled)
        for company in waiting.company_id:
            lines = waiting.filtered(lambda line, company=company: line.company_id == company)
            yield lines, ItemIndex(lines._qonto_open_items(only))

    def _qonto_proposals_told(self) -> dict[int, dict]:
        """Return for each line that is not matched yet what a person is told.

        :return: ``{"certain", "proposals": [{"item_ids" | "model_id", "documents", "partner", "open_text", "proofs"
            …}], "silence"}``; the silence says why nothing is proposed
        """
        told: dict[int, dict] = {}
        for lines, index in self._qonto_indexes():
            # Equal payments that are not asked for take part: each invoice is suggested to one of them only.
            by_date = (lines | lines._qonto_equal_lines()).sorted(lambda line: (line.date, line.id))
            proposals = spread(
                {line.id: propose(line._qonto_facts(), index, limit=TWINS) for line in by_date}, index
            )
            certain = by_date._qonto_without_rivals(proposals)
            documents = lines._qonto_documents_told(
                {item_id for line in lines for each in proposals[line.id] for item_id in each.item_ids}
            )
            rules = lines._qonto_rules_told(lines.filtered(lambda line, found=proposals: not found[line.id]))
            own = lines.filtered(lambda line, found=proposals: not found[line.id])._qonto_own_told()
            ways = {(item.residual > 0, item.currency) for item in index.items.values()}
            for line in lines:
                entries = [
                    {
                        **line._qonto_proposal_told(proposal, index, documents),
                        "certain": proposal.certain and line.id in certain,
                    }
                    for proposal in proposals[line.id]
                ] or own.get(line) or rules.get(line, [])
                told[line.id] = {
                    "certain": line.id in certain,
                    "proposals": entries,
                    "silence": "" if entries else line._qonto_silence(ways),
                }
        return told

    def _qonto_equal_lines(self):
        """Return other lines of these lines' company that wait and have the same amount as one of these."""
        return self.search(
            [
                ("id", "not in", self.ids), ("company_id", "=", self.company_id.id), ("is_reconciled", "=", False),
                ("move_id.state", "=", "posted"), ("amount", "in", list(set(self.mapped("amount")))),
            ],
            limit=EQUAL_LINES,
        )

    def _qonto_proposal_told(self, proposal: Proposal, index: ItemIndex, documents: dict[int, dict]) -> dict:
        items = [index.items[item_id] for item_id in proposal.item_ids]
        mine = [documents[item.id] for item in items]
        currency = self.foreign_currency_id or self.currency_id
        amount = self._qonto_exact(self.amount_currency if self.foreign_currency_id else self.amount, currency)
        left = sum(item.residual for item in items) - amount if items[0].currency == currency.name else None
        return {
            "item_ids": list(proposal.item_ids),
            "expected": [str(item.residual) for item in items],
            "documents": ", ".join(document["name"] for document in mine),
            "partner": ", ".join(dict.fromkeys(document["partner"] for document in mine if document["partner"])),
            "due": mine[0]["due"] if len(mine) == 1 else "",
            "open_text": ", ".join(
                self.env["res.currency"].browse(currency_id).format(float(sum(
                    item.residual for item in items if documents[item.id]["currency_id"] == currency_id
                )))
                for currency_id in dict.fromkeys(document["currency_id"] for document in mine)
            ),
            "difference": "" if proposal.discounted else " · ".join(filter(None, (
                self._qonto_difference_in_words(left, amount, currency), rest_in_words(self.env, proposal),
            ))),
            "proofs": [
                {"kind": proof.kind.value, "text": self._qonto_proof_in_words(proof)} for proof in proposal.proofs
            ],
        }

    def _qonto_documents_told(self, item_ids: set[int]) -> dict[int, dict]:
        """Map the ids of open items to how their documents are called, all read at once."""
        items = self.env["account.move.line"].browse(item_id for item_id in item_ids if item_id > 0)
        payments = self.env["account.payment"].browse(-item_id for item_id in item_ids if item_id < 0)
        return {
            **{
                item.id: {
                    "name": item.move_id._qonto_name(), "partner": item.partner_id.display_name or "",
                    "due": format_date(self.env, item.date_maturity or item.date), "currency_id": item.currency_id.id,
                }
                for item in items
            },
            **{
                -payment.id: {
                    "name": payment.memo or payment.name or "", "partner": payment.partner_id.display_name or "",
                    "due": format_date(self.env, payment.date), "currency_id": payment.currency_id.id,
                }
                for payment in payments
            },
        }

    def _qonto_rules_told(self, unexplained) -> dict:
        """Map lines that no document explains to the reconciliation models that say they are for such lines."""
        rules = self.env["account.reconcile.model"]._qonto_models(self.company_id).filtered(
            lambda model: model._qonto_has_conditions() and model._qonto_is_complete()
        )
        fitting = {line: [rule for rule in rules._qonto_of(line) if rule._qonto_fits(line)] for line in unexplained}
        return {
            line: [
                {
                    "model_id": rule.id, "documents": rule.name, "partner": "", "due": "", "open_text": "",
                    "difference": "", "certain": False, "proofs": [{"kind": "rule", "text": self.env._("a rule fits")}],
                }
                for rule in found
            ]
            for line, found in fitting.items()
        }

    def _qonto_accepted(self, proposal: Proposal | None, model=None):
        """Note that a person booked these lines, and on which proofs."""
        proofs = proofs_as_json(proposal) if proposal else []
        if model:
            proofs.append({"kind": "rule", "detail": model.name, "id": model.id})
        self._qonto_keep_proofs(proofs, by_itself=False)
        self._qonto_learn()

    # === WORDS === #

    @api.model
    def _qonto_proof_in_words(self, proof) -> str:
        """Return what a proof says, for the person who checks it."""
        return proof_in_words(self.env, proof)

    def _qonto_kept_proofs_in_words(self) -> list[dict]:
        """Return why a booked line was booked so."""
        self.ensure_one()
        return [{"kind": kept["kind"], "text": self._qonto_kept_proof(kept)} for kept in self.qonto_proofs or ()]

    def _qonto_kept_proof(self, kept: dict) -> str:
        if kept["kind"] == "rule":
            return self.env._("rule “%(rule)s”", rule=kept["detail"])
        if kept["kind"] in ("own", "other_side"):
            return self._qonto_own_proof_in_words(kept["kind"])
        return self._qonto_proof_in_words(Proof(ProofKind(kept["kind"]), kept["detail"]))

    def _qonto_matched_with(self) -> str:
        """Return what a booked line is matched with: documents, or else accounts."""
        self.ensure_one()
        _liquidity, _suspense, items = self._seek_for_lines()
        names = []
        for item in items:
            partials = item.matched_debit_ids | item.matched_credit_ids
            others = (partials.debit_move_id | partials.credit_move_id) - item
            documents = others.move_id.filtered(
                lambda move: move.journal_id != move.company_id.currency_exchange_journal_id
            )
            names += [document._qonto_name() for document in documents] or [item.account_id.display_name]
        return ", ".join(dict.fromkeys(names))

    def _qonto_difference_in_words(self, left, amount, currency) -> str:
        """Say what remains when a line pays items: of the items, or of the line.

        :param left: what is open of the items less what the line has; None when they are not comparable
        """
        if not left:
            return ""
        words = currency.format(abs(float(left)))
        if (left > 0) == (amount > 0):
            return self.env._("%(amount)s stay open", amount=words)
        return self.env._("%(amount)s too much", amount=words)

    def _qonto_silence(self, ways: set[tuple[bool, str]]) -> str:
        """Say why nothing is proposed for this line.

        :param ways: direction and currency of what is open: (whether money would come in, currency)
        """
        currency = (self.foreign_currency_id or self.currency_id).name
        money_in = self.amount > 0
        if (money_in, currency) in ways:
            return self.env._(
                "No open document has its number in the text, the counterparty's account or exactly this amount."
            )
        if money_in:
            return self.env._("No open document in %(currency)s is paid by money that comes in.", currency=currency)
        return self.env._("No open document in %(currency)s is paid by money that goes out.", currency=currency)

    # === ACTION METHODS === #

    def action_qonto_match(self):
        """Open *Bank matching* on this line."""
        self.ensure_one()
        self._qonto_check_may_match()
        if self.is_reconciled:
            raise UserError(self.env._("This line is matched already. Undo the match first to match it anew."))
        return {
            "type": "ir.actions.client",
            "tag": "qonto_psd2_sync.matching",
            "name": self.env._("Bank matching"),
            "params": {"line_id": self.id},
        }

    def action_qonto_undo_match(self):
        """Take the match of this line back; documents and payments are as before."""
        self._qonto_check_may_match()
        self.check_access("write")
        self._qonto_undo()

    def _qonto_check_may_match(self):
        if not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            raise UserError(
                self.env._("Matching needs the right “Qonto bank feed: User”. An administrator can give it to you.")
            )


def spread(proposals: dict[int, tuple[Proposal, ...]], index: ItemIndex) -> dict[int, tuple[Proposal, ...]]:
    """Suggest to lines that have equal best proposals one of them each: the first payment, the oldest document.

    :param proposals: by line, in the lines' order
    :return: at most three for each line
    """
    def looks(proposal: Proposal) -> tuple:
        items = [index.items[item_id] for item_id in proposal.item_ids]
        return proposal.kinds, tuple(sorted((item.partner_id or 0, item.currency, item.residual) for item in items))

    def age(proposal: Proposal) -> tuple:
        return sorted(index.items[item_id].day for item_id in proposal.item_ids), proposal.item_ids

    taken: set[tuple[int, ...]] = set()
    result = {}
    for line_id, ranked in proposals.items():
        twins = [each for each in ranked if looks(each) == looks(ranked[0])]
        first = min((each for each in twins if each.item_ids not in taken), key=age, default=next(iter(ranked), None))
        if first:
            taken.add(first.item_ids)
        result[line_id] = tuple(sorted(ranked, key=lambda each, first=first: each is not first))[:SHOWN]
    return result
