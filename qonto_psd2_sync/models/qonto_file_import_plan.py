# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From a file to a preview: what becomes of each row, given what books and feed have. Nothing is booked here."""

import base64
import hashlib
from datetime import date, timedelta

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import SQL, format_date

from .. import statement_files
from ..statement_files import Account, Decision, Existing, Origin
from . import file_words
from .file_preview import IMPORT, LETTERS, Decisions, Index, Reader, Writer

# How far a line's day may lie from a row's for the two to be compared at all.
AROUND = timedelta(days=31)
# What of a row is kept for booking it, and for the eyes.
KEPT = (
    "currency", "counterparty_name", "counterparty_iban", "bank_id", "reference", "note", "method", "category",
    "card", "initiator", "local_currency", "status_text", "account_iban", "account_name",
)
AMOUNTS = ("amount", "local_amount", "balance", "fee", "vat_amount")


class QontoFileImport(models.Model):
    _inherit = "qonto.file.import"

    # === A FILE ARRIVES === #

    @api.model
    def _receive(self, account, name: str, data: bytes):
        """Read a file and keep the preview.

        :raise UserError: the file can't be used, in words
        :raise FileError: its columns are not known, and a person can map them
        """
        digest = hashlib.sha256(data).hexdigest()
        self._check_is_new(account, name, digest)
        mappings = self.env["qonto.file.mapping"].sudo().search([("company_id", "=", account.company_id.id)])
        record = self.sudo().new({"account_id": account.id, "name": name})
        file = record._read(data, mappings)
        used = mappings.filtered(lambda mapping: not file.language and mapping.signature == file.signature)
        self.sudo().search([
            ("account_id", "=", account.id), ("sha256", "=", digest), ("state", "=", "preview")
        ]).unlink()
        record = self.sudo().create({
            "account_id": account.id, "name": name, "sha256": digest, "size": len(data),
            "file": base64.b64encode(data), "mapping_id": used.id,
        })
        record._keep_plan(file)
        if not record._has_rows_of_this_account():
            raise UserError(record._other_account_in_words(file))
        return record.sudo(False)

    @api.model
    def _check_is_new(self, account, name: str, digest: str):
        """Refuse the same file twice, unless its import was undone."""
        before = self.sudo().search(
            [
                ("account_id", "=", account.id), ("sha256", "=", digest),
                ("state", "in", ("importing", "done", "undoing")),
            ], limit=1,
        )
        if before:
            raise UserError(self.env._(
                "“%(name)s” was imported on %(date)s by %(user)s (as “%(before)s”): nothing is imported twice. If that "
                "import was wrong, undo it under Qonto → File imports, then import the file again.",
                name=name, date=format_date(self.env, before.imported_at or before.create_date),
                user=before.user_id.name, before=before.name,
            ))

    def _read(self, data: bytes, mappings):
        """Read a file by its own header, or as a person mapped it.

        :raise UserError: it can't be used; FileError: its columns are unknown
        """
        try:
            return statement_files.read_statement(
                data, zone=self.account_id.tz,
                mappings=[statement_files.Mapping.from_json(mapping.mapping) for mapping in mappings],
            )
        except statement_files.FileError as error:
            if error.code is statement_files.Code.UNKNOWN_COLUMNS:
                raise
            raise self._refusal(error) from error

    def _refusal(self, error) -> UserError | RedirectWarning:
        """Say why a file can't be used; where OCA's importer can, with the door to it."""
        text = file_words.refusal(self.env, self.name, error)
        kind = file_words.OF_OCA.get(error.code)
        door = self.journal_id.with_env(self.env)._qonto_door_of_oca(kind) if kind else None
        if not door:
            return UserError(text)
        text += " " + self.env._(
            "OCA's importer does not know Qonto's feed: what the feed or a file has brought, it brings again."
        )
        return RedirectWarning(text, door, self.env._("Open OCA's import"))

    def _has_rows_of_this_account(self) -> bool:
        return any(name != "other_account" for name in self.counts or {})

    def _other_account_in_words(self, file) -> str:
        iban = next((row.account_iban for row in file.rows if row.account_iban), "")
        other = self.env["qonto.account"].search([("iban", "=", iban)], limit=1) if iban else None
        if other:
            return self.env._(
                "“%(file)s” is of another account: %(other)s (journal %(journal)s). Import it there.",
                file=self.name, other=other.name, journal=other.journal_id.display_name,
            )
        return self.env._(
            "“%(file)s” is of another account (…%(end)s), not of %(account)s. Nothing was imported.",
            file=self.name, end=iban[-4:], account=self.account_id.name,
        )

    # === THE PLAN === #

    def _keep_plan(self, file) -> bool:
        """Work out what becomes of each row, and keep it.

        :return: whether it is the same as what was kept before
        """
        account = self.account_id
        before = (self.facts or {}).get("digest")
        refs = [row.bank_id for row in file.rows if row.bank_id]
        days = [row.day for row in file.rows if row.day]
        existing, unbooked = self._existing(min(days, default=None), max(days, default=None), refs)
        plan = statement_files.make_plan(
            file.rows,
            Account(
                iban=account.iban or "", currency=account.currency_id.name, ids=(account.bank_ref,),
                names=(account.name,),
                ids_comparable={"yes": True, "no": False}.get(account.file_ids_comparable),
            ),
            existing,
            today=account._today(),
        )
        del existing
        writer, index, digest, counts = self._write_preview(plan, unbooked)
        values = {
            "preview": base64.b64encode(writer.finish(vars(index))),
            "row_count": len(index),
            "counts": counts,
            "first_day": plan.first_day,
            "last_day": plan.last_day,
            "facts": {
                "digest": digest, "language": file.language, "kind": file.kind,
                "unknown_columns": list(file.unknown_columns)[:20],
                "account_assumed": plan.account_assumed,
                **self._chain_facts(plan),
            },
        }
        self.write(values)
        if plan.ids_comparable is not None and not account.file_ids_comparable:
            account.file_ids_comparable = "yes" if plan.ids_comparable else "no"
        return digest == before

    @api.model
    def _chain_facts(self, plan) -> dict:
        def as_json(gap) -> dict:
            return {
                "row": gap.row, "after_row": gap.after_row, "existing": gap.existing, "expected": str(gap.expected),
                "found": str(gap.found), "missing": str(gap.missing),
            }

        chain = plan.chain
        return {
            "chain_rows": chain.rows,
            "opening": None if chain.opening is None else str(chain.opening),
            "closing": None if chain.closing is None else str(chain.closing),
            "breaks": [as_json(gap) for gap in chain.breaks],
            "break_count": chain.break_count,
            "seams": [as_json(gap) for gap in plan.seams],
            "seams_checked": plan.seams_checked,
        }

    def _write_preview(self, plan, unbooked: dict):
        """Write the blob, and count.

        :param unbooked: what the feed knows of the days before the start, and never books: key → id
        """
        money = self.currency_id
        unit = 10 ** money.decimal_places
        holds = self._holds()
        writer, verdicts, amounts, days = Writer(), [], [], []
        counts: dict[str, list[int]] = {}
        digest = hashlib.sha256()
        for decided in plan.decided:
            row, name, key = decided.row, decided.decision.value, decided.existing
            details: dict = {"n": row.number, "f": self._row_facts(row)}
            if key in unbooked and decided.decision in (Decision.PRESENT, Decision.SUSPECT):
                name, details["take"], key = "new", unbooked[key], None
            elif decided.reason:
                details["w"] = decided.reason.value
            if name == "new" and (hold := holds(row)):
                name, details["k"] = "held", hold
            if key is not None:
                details["e"] = key
            if decided.other_row:
                details["o"] = decided.other_row
            if row.problems:
                details["p"] = [[fault.code.value, fault.column, fault.value, fault.detail] for fault in row.problems]
            verdict = LETTERS[name]
            amount = int((row.amount or 0) * unit)
            writer.add(details)
            verdicts.append(verdict)
            amounts.append(amount)
            days.append(row.day.toordinal() if row.day else 0)
            count = counts.setdefault(name, [0, 0])
            count[0] += 1
            count[1] += amount
            digest.update(f"{verdict}{key or ''};".encode())
        return writer, Index("".join(verdicts), amounts, days, list(plan.to_book)), digest.hexdigest(), counts

    @api.model
    def _row_facts(self, row) -> dict:
        """Return what a row says, as JSON; what it does not say is left out."""
        facts = {name: value for name in KEPT if (value := getattr(row, name))}
        facts |= {name: str(value) for name in AMOUNTS if (value := getattr(row, name)) is not None}
        if row.day:
            facts["day"] = row.day.isoformat()
            facts["day_source"] = row.day_source.value
        if row.settled_at:
            facts["settled_at"] = row.settled_at.isoformat()
        if row.operation_day:
            facts["operation_day"] = row.operation_day.isoformat()
        return facts

    def _holds(self):
        """Return a function that says why a row would have to wait in the feed: kind and detail, or nothing."""
        journal = self.journal_id
        lock_date = journal.company_id._get_user_fiscal_lock_date(journal)
        currencies = {
            currency.name: currency for currency in self.env["res.currency"].with_context(active_test=False).search([])
        }
        always = (
            ("journal_archived", "") if not journal.active
            else ("journal_hashed", "") if journal.restrict_mode_hash_table
            else ("no_suspense", "") if not journal.suspense_account_id
            else None
        )

        def hold(row) -> tuple[str, str] | None:
            if always:
                return always
            if row.day <= lock_date:
                return "locked", lock_date.isoformat()
            if row.local_currency and row.local_currency != self.currency_id.name:
                currency = currencies.get(row.local_currency)
                if not currency:
                    return "currency_unknown", row.local_currency
                if not currency.active:
                    return "currency_inactive", row.local_currency
                if currency.is_zero(float(row.local_amount or 0)):
                    return "zero_local", row.local_currency
            return None

        return hold

    def _existing(self, first: date | None, last: date | None, refs: list[str]):
        """Return what the feed and the journal have around these days: two queries, whatever the number of rows.

        :return: a list of `Existing`; and of those that the feed knows and never books, key → id
        """
        if not first:
            return [], {}
        self.env.flush_all()
        account = self.account_id
        found = self.env.execute_query(SQL(
            """
            SELECT id, booking_date, amount,
                   ARRAY_REMOVE(CASE WHEN file_only THEN ARRAY[file_ref]
                                     ELSE ARRAY[bank_ref, bank_slug, file_ref] END, NULL),
                   CONCAT_WS(' ', counterparty_name, NULLIF(label, counterparty_name), reference, note), file_only,
                   settled_at, CASE WHEN has_settled_balance THEN settled_balance END, emitted_date,
                   feed_state = 'before_start'
              FROM qonto_transaction
             WHERE account_id = %(account)s AND booking_date IS NOT NULL
               AND feed_state NOT IN ('gone', 'pending', 'out')
               AND (booking_date BETWEEN %(first)s AND %(last)s
                    OR bank_ref = ANY(%(refs)s) OR bank_slug = ANY(%(refs)s) OR file_ref = ANY(%(refs)s))
            """,
            account=account.id, first=first - AROUND, last=last + AROUND, refs=refs,
        ))
        unbooked = {f"t{row[0]}": row[0] for row in found if row[9]}
        existing = [
            Existing(
                f"t{key}", day, amount, tuple(ids), text, Origin.FILE if from_file else Origin.FEED, settled_at,
                balance, emitted,
            )
            for key, day, amount, ids, text, from_file, settled_at, balance, emitted, _before in found
        ]
        return existing + self._lines_of_others(first - AROUND, last + AROUND), unbooked

    def _lines_of_others(self, first: date, last: date) -> list:
        """Return the journal's lines that are not of the feed: typed, or from another importer."""
        lines = self.env["account.bank.statement.line"]
        imported = SQL("line.unique_import_id") if "unique_import_id" in lines._fields else SQL("NULL")
        return [
            # OCA's importers write the IBAN and the journal before the bank's own ID.
            Existing(
                f"l{key}", day, amount, (imported_as.split("-", 2)[-1],) if imported_as else (), text, Origin.OTHER
            )
            for key, day, amount, imported_as, text in self.env.execute_query(SQL(
                """
                SELECT line.id, move.date, line.amount, %(imported)s,
                       CONCAT_WS(' ', line.partner_name, line.payment_ref, move.ref)
                  FROM account_bank_statement_line line
                  JOIN account_move move ON move.id = line.move_id
                 WHERE line.journal_id = %(journal)s AND line.qonto_transaction_id IS NULL
                   AND move.state = 'posted' AND move.date BETWEEN %(first)s AND %(last)s
                """,
                imported=imported, journal=self.journal_id.id, first=first, last=last,
            ))
        ]

    # === WHAT WAS CHOSEN === #

    def _blob(self, name: str = "preview") -> Reader:
        return Reader(base64.b64decode(self.with_context(bin_size=False)[name]))

    def _chosen(self, index: Index) -> dict[str, list[int]]:
        """Return the places of the rows by what is done with them; under "": those that somebody must decide on."""
        decisions = Decisions(self.decisions)
        chosen: dict[str, list[int]] = {}
        for place, verdict in enumerate(index.verdicts):
            chosen.setdefault(decisions.of(place, verdict), []).append(place)
        return chosen

    def _amount_of(self, index: Index, places) -> float:
        """Return the exact sum of rows."""
        return sum(index.amounts[place] for place in places) / 10 ** self.currency_id.decimal_places

    def _rows_before_start(self, index: Index, chosen: dict[str, list[int]]) -> list[int]:
        start = self.account_id.start_date.toordinal()
        return [place for place in chosen.get(IMPORT, ()) if index.days[place] < start]

    def _new_opening(self, index: Index, chosen: dict[str, list[int]]) -> tuple[date, float] | None:
        """Return day and amount of the opening entry after the import, or nothing if it stays."""
        account = self.account_id
        move = account._opening_entry()
        older = self._rows_before_start(index, chosen)
        if not move or not older:
            return None
        first = date.fromordinal(min(index.days[place] for place in older)) - timedelta(days=1)
        amount = account._opening_amount(move) - self._amount_of(index, older)
        return min(first, move.date), self.currency_id.round(amount)
