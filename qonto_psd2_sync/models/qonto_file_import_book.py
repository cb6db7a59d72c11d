# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The import of a file: batches with a commit each, one worker at a time, through the feed's own Book step.

A sync of the account that finds an import half done finishes it first: so what was planned stays true until it is done,
and no row comes from both.
"""

import base64
import logging
import time
from datetime import datetime, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from . import worker
from .file_preview import CHUNK, IMPORT, SAME, Writer
from .qonto_account_sync import ATTEMPTS, LEASE, STEP_SECONDS, LeaseLost

_logger = logging.getLogger(__name__)


class QontoFileImport(models.Model):
    _inherit = "qonto.file.import"

    # === ENTRY POINTS === #

    def import_start(self) -> dict:
        """Begin to import, if the books are still as the preview says; pressed twice, it goes on.

        Works on a cursor of its own, as a sync does.

        :return: ``{"changed": bool}``; changed: the books changed meanwhile, and the preview was made anew
        """
        return self._begin("_start_import", "importing")

    def undo_start(self) -> dict:
        """Begin to take an import back; pressed twice, it goes on."""
        return self._begin("_start_undo", "undoing")

    def import_step(self) -> dict:
        """Work on an import or its undoing for a few seconds.

        :return: what :meth:`import_progress` returns
        """
        self._check_may_import()
        with self.env.registry.cursor() as cr:
            record = self._on(cr)
            if record.state in ("importing", "undoing"):
                record.account_id._in_lease(lambda account, lease: account._finish_files(
                    lease, time.monotonic() + STEP_SECONDS
                ))
        return self.import_progress()

    def import_progress(self) -> dict:
        """Return how far it is, as it stands in the database now."""
        self._check_may_import()
        with self.env.registry.cursor() as cr:
            record = self._on(cr)
            return {
                "state": record.state, "position": record.position, "total": record.total, "booked": record.booked,
                "adopted": record.adopted,
            }

    def _on(self, cr):
        """Return the record on another cursor, without the limits of this user's rights, which were checked."""
        return self.with_env(self.env(cr=cr, su=True))

    def _begin(self, start: str, begun: str) -> dict:
        self.ensure_one()
        self._check_may_import()
        with self.env.registry.cursor() as cr:
            record = self._on(cr)
            result: dict = {"changed": False}

            def begin(account, lease):
                own = record.with_env(account.env)
                own.invalidate_recordset()
                result["changed"] = getattr(own, start)()
                account._commit_page(lease)

            if not record.account_id._in_lease(begin):
                record.invalidate_recordset(["state"])
                if record.state != begun:
                    raise UserError(self.env._(
                        "A sync or an import of %s is running. Try again in a few seconds.", record.account_id.name
                    ))
            # Should the browser go away in the middle, the scheduled action carries on.
            record.account_id._sync_crons()[:1]._trigger(at=fields.Datetime.now() + LEASE)
            record.account_id._commit()
        self.invalidate_recordset()
        return result

    # === BEGIN === #

    def _start_import(self) -> bool:
        """Plan once more, now that nobody else is at the account, and fix what is done.

        :return: whether the books changed since the preview, which then was made anew, and nothing is imported
        """
        if self.state != "preview":
            return False
        self._check_is_new(self.account_id, self.name, self.sha256)
        self._check_nothing_is_at_work()
        verdicts = self._blob().index().verdicts
        file = self._read(base64.b64decode(self.with_context(bin_size=False).file), self.mapping_id)
        if not self._keep_plan(file):
            index = self._blob().index()
            # What was said of rows that are something else now is no longer an answer.
            self.decisions = {
                place: choice for place, choice in (self.decisions or {}).items()
                if place.startswith("*") or verdicts[int(place)] == index.verdicts[int(place)]
            }
            return True
        del file
        blob = self._blob()
        index = blob.index()
        chosen = self._chosen(index)
        self._check_is_ready(index, chosen)
        self._move_opening_for(index, chosen)
        rank = {place: number for number, place in enumerate(index.order)}
        same = [place for place in chosen.get(SAME, ()) if self._is_line_of_others(blob, place)]
        places = sorted(chosen.get(IMPORT, ()), key=lambda place: (index.days[place], rank.get(place, place)))
        writer = Writer()
        for choice, chosen_places in ((SAME, same), (IMPORT, places)):
            for place, details in self._details_of(blob, chosen_places):
                writer.add({**details, "do": choice, "v": index.verdicts[place]})
        self.write({
            "work": base64.b64encode(writer.finish({})),
            "state": "importing", "user_id": self.env.uid, "imported_at": fields.Datetime.now(),
            "total": len(same) + len(places), "position": 0, "booked": 0, "adopted": 0,
        })
        return False

    def _check_nothing_is_at_work(self):
        other = self.search([
            ("account_id", "=", self.account_id.id), ("state", "in", ("importing", "undoing"))
        ], limit=1)
        if other.state == "importing":
            raise UserError(self.env._("“%s” is being imported. Try again when it is done.", other.name))
        if other:
            raise UserError(self.env._("“%s” is being taken back. Try again when it is done.", other.name))

    @api.model
    def _details_of(self, blob, places):
        """Give the details of rows in the order asked for, unpacking each page once."""
        pages: dict[int, list] = {}
        for place in places:
            number = place // CHUNK
            if number not in pages:
                if len(pages) > 50:
                    pages.pop(next(iter(pages)))
                pages[number] = blob.page(number)
            yield place, pages[number][place % CHUNK]

    def _is_line_of_others(self, blob, place: int) -> bool:
        """Whether what is there is a line that becomes the bank's; what the feed has needs nothing."""
        return next(iter(blob.details([place]))).get("e", "").startswith("l")

    def _check_is_ready(self, index, chosen: dict):
        if obstacle := self._why_not(index, chosen):
            raise UserError(obstacle)

    def _why_not(self, index, chosen: dict) -> str | bool:
        """Say why this can't be imported as it is decided now, if it can't."""
        if waiting := len(chosen.get("", ())):
            return self.env._("To decide first: %s. Nobody else can tell what these rows are.", waiting)
        if not chosen.get(IMPORT) and not chosen.get(SAME):
            return self.env._("There is nothing to import.")
        opening = self._new_opening(index, chosen)
        return opening and self.account_id._opening_obstacle(opening[0])

    def _move_opening_for(self, index, chosen: dict):
        """Move the opening entry before the first row, less what the older rows sum up to."""
        account = self.account_id
        opening = self._new_opening(index, chosen)
        if not opening:
            return
        before = account._opening_entry()
        after = account._move_opening(
            *opening, reason=self.env._("Older bank lines come from the file “%s”.", self.name)
        )
        self.write({
            "opening_before_id": before.id, "opening_after_id": after.id,
            "past_move_ids": [fields.Command.link(before.id)],
        })

    # === GO ON === #

    def _go_on(self, lease: str, deadline: float | None) -> bool:
        """Import batch by batch.

        :return: False when the deadline came first
        """
        blob = self._blob("work")
        while self.position < self.total:
            self._import_batch(blob.page(self.position // CHUNK))
            self.account_id._commit_page(lease)
            self.env.invalidate_all(flush=False)
            if self.position < self.total:
                self.account_id._keep_statistics_up()
                if deadline and time.monotonic() >= deadline:
                    return False
        self._end_import()
        self.account_id._commit_page(lease)
        return True

    def _end_import(self, failure: str = ""):
        self.write({
            "state": "done", "preview": False, "work": False,
            "facts": {**(self.facts or {}), "failure": failure},
        })
        self.account_id._check_chain()
        # What came is matched like what a sync brings.
        cron = self.env.ref("qonto_psd2_sync.ir_cron_match", raise_if_not_found=False)
        if cron and self.booked:
            cron.sudo()._trigger()

    def _import_batch(self, batch: list[dict]):
        """Make transactions of rows, and bank lines of them, as the feed does."""
        transactions = self.env["qonto.transaction"]
        adopted = 0
        for details in batch:
            if details["do"] == SAME:
                adopted += self._adopt_line(details)
        rows = [details for details in batch if details["do"] == IMPORT]
        taken = self._free_refs(rows)
        known = {details["take"]: details for details in rows if "take" in details}
        for transaction in transactions.browse(known):
            transaction.write({
                "feed_state": "to_book", "file_import_id": self.id, "file_row": known[transaction.id]["n"],
                "file_ref": known[transaction.id]["f"].get("bank_id"), "file_state_before": transaction.feed_state,
            })
        made = transactions.create([
            self._transaction_values(details, taken) for details in rows if "take" not in details
        ])
        booked = (transactions.browse(known) | made)._hold_what_must_wait()._book()
        self.write({
            "position": self.position + len(batch), "booked": self.booked + len(booked),
            "adopted": self.adopted + adopted,
        })

    def _adopt_line(self, details: dict) -> bool:
        line = self.env["account.bank.statement.line"].browse(int(details["e"][1:])).exists()
        if not line or line.qonto_transaction_id or line.state != "posted":
            return False
        taken = self._free_refs([details])
        transaction = self.env["qonto.transaction"].create(
            {**self._transaction_values(details, taken), "file_line_kept": True}
        )
        transaction._adopt(line)
        return True

    def _free_refs(self, rows: list[dict]) -> set[str]:
        """Return the IDs of these rows that the account has already: they can't be given twice."""
        refs = [details["f"]["bank_id"] for details in rows if details["f"].get("bank_id")]
        found = self.env["qonto.transaction"].search_fetch(
            [("account_id", "=", self.account_id.id), ("bank_ref", "in", refs)], ["bank_ref"]
        )
        return set(found.mapped("bank_ref"))

    def _transaction_values(self, details: dict, taken: set[str]) -> dict:
        """Return the values of a transaction for a row.

        :param taken: IDs that are there already; this one's is added
        """
        account, facts = self.account_id, details["f"]
        day = fields.Date.to_date(facts["day"])
        settled_at = self._instant(facts.get("settled_at"))
        ref = facts.get("bank_id") or ""
        if not ref or ref in taken:
            ref = f"file-{self.id}-{details['n']}"
        taken.add(ref)
        amount = float(facts["amount"])
        has_balance = bool(settled_at and "balance" in facts)
        return self.env["qonto.transaction"]._with_what_follows(account, {
            "account_id": account.id,
            "bank_ref": ref,
            "status": "completed",
            "operation_type": facts.get("method"),
            "label": facts.get("counterparty_name"),
            "counterparty_name": facts.get("counterparty_name"),
            "counterparty_iban": facts.get("counterparty_iban"),
            "reference": facts.get("reference"),
            "note": facts.get("note"),
            "category": facts.get("category"),
            "amount": amount,
            "local_amount": float(facts.get("local_amount", amount)),
            "local_currency": facts.get("local_currency") or account.currency_id.name,
            "settled_balance": float(facts["balance"]) if has_balance else 0.0,
            "has_settled_balance": has_balance,
            "settled_at": settled_at,
            "sort_at": settled_at or account._start_of_day(day).replace(tzinfo=None),
            "booking_date": day,
            "emitted_date": facts.get("operation_day"),
            "raw": {"file": self.name, "row": details["n"], **facts},
            "fingerprint": "file",
            "feed_state": "to_book",
            # Somebody saw the line that may be the same, and said it is another.
            "decision": "separate" if details.get("v") in ("s", "p") else False,
            "file_import_id": self.id,
            "file_ref": facts.get("bank_id"),
            "file_row": details["n"],
            "file_only": True,
            "file_day_source": facts.get("day_source"),
        })

    @api.model
    def _instant(self, text: str | None):
        return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None) if text else False


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    file_import_ids = fields.One2many("qonto.file.import", "account_id", string="Imported files")

    def _in_lease(self, work) -> bool:
        """Do a piece of work as the only worker on the account; what fails is undone, and the lease given back.

        :param work: is called with the account and the lease
        :return: False when another worker is at the account
        """
        self.ensure_one()
        account = self.with_company(self.company_id).with_context(
            allowed_company_ids=self.company_id.ids, tracking_disable=True
        )
        lease = worker.sign()
        if not account._take_lease(lease):
            return False
        try:
            work(account, lease)
        except LeaseLost:
            account._start_over()
            return False
        except Exception:
            account._start_over()
            account._drop_lease(lease)
            raise
        account._drop_lease(lease)
        return True

    def _finish_files(self, lease: str, deadline: float | None) -> bool:
        """Go on with what is half imported or half undone; a sync of the account waits for it.

        :return: False when the deadline came first
        """
        for attempt in range(1, ATTEMPTS + 1):
            record = self.env["qonto.file.import"].search(
                [("account_id", "=", self.id), ("state", "in", ("importing", "undoing"))], limit=1
            )
            if not record:
                return True
            try:
                return record._go_on(lease, deadline) if record.state == "importing" else record._undo(lease, deadline)
            except LeaseLost:
                raise
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self._start_over()
                if attempt == ATTEMPTS:
                    raise
            except Exception as error:
                # Left as it is, it would stop the account for good: it ends where it is, and says so.
                _logger.exception("Import %s: stopped", record.id)
                self._start_over()
                record._end_import(f"{type(error).__name__}: {error}"[:300])
                self._commit_page(lease)
                return True
        return False

    @api.model
    def _cron_files(self):
        """Go on with imports whose browser went away."""
        cron = self.env["ir.cron"]
        for account in self.sudo().search([("file_import_ids.state", "in", ("importing", "undoing"))]):
            with self.env.registry.cursor() as cr:
                own = account.with_env(self.env(cr=cr, su=True))
                own._in_lease(lambda one, lease: one._finish_files(lease, None))
            if not cron._commit_progress(1):
                break
