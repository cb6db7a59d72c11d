# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the screen *Import bank file* shows and asks: plain values, a page of rows at a time."""

from datetime import date

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from . import file_words
from .file_preview import CHOICES, IMPORT, LETTERS, SAME, SKIP, VERDICTS, Decisions, Index

PAGE = 50
# In which order the verdicts are shown: what a person must look at comes first.
SHOWN = ("bad", "suspect", "held", "new", "present", "not_booked", "other_account")


class QontoFileImport(models.Model):
    _inherit = "qonto.file.import"

    # === WHAT THE SCREEN ASKS === #

    def screen_info(self) -> dict:
        """Return all that the screen shows besides rows."""
        self.ensure_one()
        self._check_may_read()
        record = self.sudo()
        info = {
            "id": record.id,
            "name": record.name,
            "state": record.state,
            "account": record.account_id.name,
            "journal": record.journal_id.display_name,
            "rows": record.row_count,
            "period": record._period_in_words(),
            "position": record.position,
            "total": record.total,
            "booked": record.booked,
            "adopted": record.adopted,
            "user": record.user_id.name,
            "line_count": record.line_count,
            "summary": record._summary_in_words(),
            "failure": record._failure_in_words(),
            "may": self.env.user.has_group("qonto_psd2_sync.group_feed_user"),
            "may_undo": record.state in ("done", "undone") and bool(record.transaction_ids[:1]),
            "next": record._next_preview(),
        }
        info["balances"] = record._balances_now() if record.state != "preview" else {}
        return info | (record._preview_info() if record.state == "preview" else {})

    def screen_rows(self, verdict: str = "", offset: int = 0, limit: int = PAGE) -> dict:
        """Return a page of rows.

        :param str verdict: only those with it
        :return: ``{"rows": […], "count": int}``
        """
        self.ensure_one()
        self._check_may_read()
        record = self.sudo()
        if record.state != "preview":
            return {"rows": [], "count": 0}
        blob = record._blob()
        index = blob.index()
        places = index.places(LETTERS.get(verdict, ""))
        page = places[offset:offset + min(limit, 200)]
        rows = list(zip(page, blob.details(page), strict=True))
        lines = record._lines_of_page([details for _place, details in rows])
        decisions = Decisions(record.decisions)
        return {
            "rows": [record._row_on_screen(index, decisions, lines, *row) for row in rows],
            "count": len(places),
        }

    def screen_decide(self, place: int, choice: str) -> dict:
        """Decide on one row; returns what :meth:`screen_info` does."""
        record = self._for_a_decision()
        index = record._blob().index()
        if not 0 <= place < len(index) or choice not in CHOICES[index.verdicts[place]]:
            raise UserError(self.env._("That can't be done with this row."))
        record.decisions = Decisions(record.decisions).with_row(place, choice)
        return self.screen_info()

    def screen_decide_all(self, verdict: str, choice: str) -> dict:
        """Decide on all rows with a verdict; returns what :meth:`screen_info` does."""
        record = self._for_a_decision()
        letter = LETTERS[verdict]
        if choice not in CHOICES[letter]:
            raise UserError(self.env._("That can't be done with these rows."))
        places = record._blob().index().places(letter)
        record.decisions = Decisions(record.decisions).with_all(letter, choice, places)
        return self.screen_info()

    def _for_a_decision(self):
        self.ensure_one()
        self._check_may_import()
        record = self.sudo()
        if record.state != "preview":
            raise UserError(self.env._("“%s” is imported already.", self.name))
        return record

    # === THE HEAD === #

    def _failure_in_words(self) -> str:
        failure = (self.facts or {}).get("failure")
        if not failure:
            return ""
        return self.env._(
            "It stopped after %(done)s of %(total)s rows: %(reason)s. Undo it, then import the file again.",
            done=self.position, total=self.total, reason=failure,
        )

    def _period_in_words(self) -> str:
        if not self.first_day:
            return ""
        return self.env._(
            "%(first)s to %(last)s", first=format_date(self.env, self.first_day),
            last=format_date(self.env, self.last_day),
        )

    def _next_preview(self) -> int:
        """Return the next file that waits with a preview: somebody dropped several."""
        return self.search(
            [("account_id", "=", self.account_id.id), ("state", "=", "preview"), ("id", ">", self.id)],
            order="id", limit=1,
        ).id

    def _money(self, amount: float) -> str:
        return self.currency_id.format(amount)

    def _minor(self, amount: int) -> str:
        return self._money(amount / 10 ** self.currency_id.decimal_places)

    def _balances_now(self) -> dict:
        account = self.account_id
        return {
            "bank": self._money(account.bank_balance), "ledger": self._money(account.ledger_balance),
            "agrees": account.currency_id.is_zero(account.balance_difference),
        }

    def _preview_info(self) -> dict:
        index = self._blob().index()
        chosen = self._chosen(index)
        obstacle = self._why_not(index, chosen)
        opening = self._new_opening(index, chosen)
        account = self.account_id
        coming = self._amount_of(index, chosen.get(IMPORT, ()))
        moved = opening[1] - account._opening_amount(account._opening_entry()) if opening else 0.0
        after = account.ledger_balance + coming + moved
        return {
            "verdicts": self._verdicts(),
            "to_import": len(chosen.get(IMPORT, ())),
            "to_adopt": len(chosen.get(SAME, ())),
            "undecided": len(chosen.get("", ())),
            "coming": self._money(coming),
            "obstacle": obstacle or "",
            "opening": self._moving_in_words(opening) if opening else "",
            "warnings": self._warnings(),
            "good": self._good_news(),
            "balances": {
                "before": self._money(account.ledger_balance), "after": self._money(after),
                "bank": self._money(account.bank_balance),
                "agrees": account.currency_id.is_zero(account.bank_balance - after),
            },
        }

    def _verdicts(self) -> list[dict]:
        labels = self._labels()
        return [
            {
                "name": name, "label": labels[name], "count": self.counts[name][0],
                "sum": self._minor(self.counts[name][1]),
                "choices": self._choices(LETTERS[name]),
            }
            for name in SHOWN if self.counts and name in self.counts
        ]

    @api.model
    def _labels(self) -> dict[str, str]:
        return {
            "new": self.env._("New"),
            "present": self.env._("Already there"),
            "suspect": self.env._("Suspect"),
            "not_booked": self.env._("Not booked"),
            "other_account": self.env._("Other account"),
            "held": self.env._("Held"),
            "bad": self.env._("Bad"),
        }

    @api.model
    def _choices(self, letter: str) -> list[dict]:
        words = {
            "": self.env._("Decide …"),
            IMPORT: self.env._("Import, it waits") if letter == LETTERS["held"] else self.env._("Import"),
            SAME: self.env._("It is that line"),
            SKIP: self.env._("Leave out"),
        }
        return [{"value": choice, "label": words[choice]} for choice in CHOICES[letter]]

    def _moving_in_words(self, opening) -> str:
        day, amount = opening
        move = self.account_id._opening_entry()
        facts = {
            "before": format_date(self.env, move.date),
            "was": self._money(self.account_id._opening_amount(move)),
        }
        if self.currency_id.is_zero(amount):
            return self.env._(
                "The opening entry of %(before)s over %(was)s is no longer needed: these rows explain all of it.",
                **facts,
            )
        return self.env._(
            "These rows are older than the opening entry. It moves from %(before)s (%(was)s) to %(day)s (%(amount)s).",
            day=format_date(self.env, day), amount=self._money(amount), **facts,
        )

    def _good_news(self) -> str:
        facts = self.facts or {}
        if facts.get("chain_rows") and not facts.get("break_count"):
            if facts.get("seams_checked") and not facts.get("seams"):
                return self.env._("The file's balances follow from its rows, and meet those of the synced days.")
            return self.env._("The file's balances follow from its rows.")
        return ""

    def _warnings(self) -> list[str]:
        """Say what does not add up, and what was assumed."""
        facts = self.facts or {}
        words = []
        for gap in facts.get("breaks") or ():
            words.append(self.env._(
                "The balance in row %(row)s does not follow from row %(before)s: %(missing)s is missing between them.",
                row=gap["row"], before=gap["after_row"], missing=self._money(float(gap["missing"])),
            ))
        if (more := (facts.get("break_count") or 0) - len(words)) > 0:
            words.append(self.env._("… and %s more such rows.", more))
        for gap in facts.get("seams") or ():
            words.append(self.env._(
                "The file does not meet the synced days: %s is missing between them. Is the file's period complete?",
                self._money(float(gap["missing"])),
            ))
        if facts.get("account_assumed"):
            words.append(self.env._(
                "The file does not say of which account it is; taken for %s.", self.account_id.name
            ))
        if facts.get("unknown_columns"):
            words.append(self.env._("Columns that are not used: %s.", ", ".join(facts["unknown_columns"])))
        return words

    # === ROWS === #

    def _lines_of_page(self, page: list[dict]) -> dict[str, dict]:
        """Map what the rows of a page are or may be to what is shown of it: two queries."""
        keys = {details["e"] for details in page if "e" in details}
        transactions = self.env["qonto.transaction"].browse(int(key[1:]) for key in keys if key[0] == "t").exists()
        lines = self.env["account.bank.statement.line"].browse(int(key[1:]) for key in keys if key[0] == "l").exists()
        states = dict(self.env["qonto.transaction"]._fields["feed_state"]._description_selection(self.env))
        shown = {}
        for transaction in transactions:
            line = transaction.statement_line_id
            shown[f"t{transaction.id}"] = {
                "model": "qonto.transaction", "id": transaction.id,
                "label": self._label_of(
                    line.date or transaction.booking_date, transaction.amount,
                    transaction.counterparty_name or transaction.label or "",
                ),
                "state": "" if line else states[transaction.feed_state],
            }
        for line in lines:
            shown[f"l{line.id}"] = {
                "model": "account.bank.statement.line", "id": line.id,
                "label": self._label_of(line.date, line.amount, line.payment_ref or ""), "state": "",
            }
        return shown

    def _label_of(self, day, amount: float, text: str) -> str:
        return f"{format_date(self.env, day)}  {self._money(amount)}  {text}"

    def _row_on_screen(self, index: Index, decisions: Decisions, lines: dict, place: int, details: dict) -> dict:
        verdict = index.verdicts[place]
        facts = details["f"]
        text = " · ".join(filter(None, (facts.get("reference"), facts.get("note"))))
        local = (
            f"{facts['local_amount']} {facts.get('local_currency', '')}" if "local_amount" in facts else ""
        )
        return {
            "place": place,
            "number": details["n"],
            "day": format_date(self.env, date.fromisoformat(facts["day"])) if "day" in facts else "",
            "name": facts.get("counterparty_name") or facts.get("method") or "",
            "text": text,
            "amount": self._minor(index.amounts[place]) if "amount" in facts else "",
            "negative": index.amounts[place] < 0,
            "local": local,
            "verdict": VERDICTS[verdict],
            "label": self._labels()[VERDICTS[verdict]],
            "why": file_words.why(self.env, details),
            "line": lines.get(details.get("e")) or False,
            "choice": decisions.of(place, verdict),
            "choices": self._choices(verdict),
        }
