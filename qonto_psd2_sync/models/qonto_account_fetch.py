# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fetching: the bank's changes into `qonto.transaction`, page by page, and its balances."""

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo import api, fields, models

from ..qonto_api import BadRequest, InvalidAnswer, NotFound, Unauthorized
from .qonto_account import WINDOW

PAGE_SIZE = 100
OVERLAP = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=10)
DEEP_EVERY = timedelta(days=1)
# The bank's instants have milliseconds, and so have its limits.
INSTANT = timedelta(milliseconds=1)
# Rows of one instant that fill this many pages are no history but a bank that runs in circles.
MAX_PAGES_OF_AN_INSTANT = 200


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _fetch(self, run, lease: str, deadline: float | None) -> bool:
        """Bring the bank's changes into `qonto.transaction`, page by page.

        Pages are asked by the time of change, ascending, each beginning where the last one ended: rows that move
        while paging move towards the end and are met again, never missed. Each is committed with the watermark.

        :return: False when the deadline came first
        """
        if run.phase != "fetch":
            return True
        consent = run._consent_of_challenge() or self._reading_consents().get(self.id)
        if not consent:
            raise Unauthorized("no consent covers this account", code="no_consent")
        with run._reading_client(consent) as client:
            if not run.fetch_from:
                run._begin_fetch(consent, self._fetch_start(run))
            return self._fetch_pages(client, run, lease, deadline)

    def _fetch_pages(self, client, run, lease: str, deadline: float | None) -> bool:
        changed_since = datetime.fromisoformat(run.fetch_from)
        while True:
            page = self._ask_page(client, updated_at_from=changed_since)
            self._take_page(client, run, page.transactions, changed_since)
            newest = max((row.updated_at for row in page.transactions), default=changed_since)
            last = page.next_page is None or not page.transactions
            if not last and newest < changed_since + INSTANT:
                newest = self._fetch_instant(client, run, changed_since)
            run.fetch_from = newest.isoformat()
            if page.transactions:
                self._move_watermark(newest)
            if last:
                self._check_pending(client, run)
                self._read_balance(client)
                run.phase = "book"
            self._commit_page(lease)
            self.env.invalidate_all(flush=False)
            changed_since = newest
            if last:
                return True
            if deadline and time.monotonic() >= deadline:
                return False

    def _ask_page(self, client, page: int = 1, **limits):
        return client.list_transactions(
            bank_account_id=self.bank_ref, page=page, per_page=PAGE_SIZE, includes=("labels",), **limits
        )

    def _fetch_instant(self, client, run, instant: datetime) -> datetime:
        """Fetch rows of one instant that fill more than a page, from the last page to the first.

        A row that changes meanwhile leaves the instant, and those behind it move one place towards the first page: in
        this direction they are met twice, never missed.

        :return: the instant from which to go on
        """
        limits = {"updated_at_from": instant, "updated_at_to": instant + INSTANT}
        pages = self._ask_page(client, **limits).total_pages
        if not pages or pages > MAX_PAGES_OF_AN_INSTANT:
            raise InvalidAnswer("the list of transactions does not come to an end")
        for number in range(pages, 0, -1):
            try:
                page = self._ask_page(client, page=number, **limits)
            except (BadRequest, NotFound):
                if number == 1:
                    raise
                # There are fewer pages by now: what stood here has moved to the page before.
                continue
            self._take_page(client, run, page.transactions, instant)
        return instant + INSTANT

    def _fetch_start(self, run) -> datetime:
        """Return the aware instant to ask from: the watermark less an overlap, and no further than the window."""
        now = fields.Datetime.now()
        floor = self._start_of_day(self._local_day(now.replace(tzinfo=timezone.utc)) - WINDOW)
        start = self._start_of_day(self.start_date)
        if self.watermark:
            deep = not self.deep_sync_at or self.deep_sync_at <= now - DEEP_EVERY
            run.deep = deep
            since = self.watermark.replace(tzinfo=timezone.utc) - (DEEP_OVERLAP if deep else OVERLAP)
            start = max(start, since)
        return max(start, floor)

    def _move_watermark(self, newest: datetime):
        """Everything changed before ``newest`` is here; kept in whole seconds, rounded down."""
        seen = newest.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
        if not self.watermark or seen > self.watermark:
            self.watermark = seen

    def _read_balance(self, client):
        """Keep what the bank says the balance is, with the time at which it says so."""
        facts = client.get_bank_account(self.bank_ref)
        if facts.currency and facts.currency != self.currency_id.name:
            raise InvalidAnswer(
                f"the account is kept in {facts.currency}",
                code="other_currency", detail=f"{facts.currency}, {self.currency_id.name}",
            )
        values = {"name": facts.name}
        if facts.balance is not None:
            values["bank_balance"] = float(facts.balance)
        if facts.authorized_balance is not None:
            values["authorized_balance"] = float(facts.authorized_balance)
        self._write_changes(values)

    def _write_changes(self, values: dict):
        """Write only what differs, so that a run with nothing new writes nothing."""
        changed = {
            name: value
            for name, value in values.items()
            if (
                self.currency_id.compare_amounts(self[name], value)
                if self._fields[name].type == "monetary"
                else self[name] != value
            )
        }
        if changed:
            self.write(changed)

    def _take_page(self, client, run, rows, since: datetime):
        """Check a page as a whole, ask the bank what is in doubt about it, then write all of it."""
        self._check_rows(rows)
        before = since - INSTANT
        for row in rows:
            if row.updated_at < before:
                # Else the watermark would pass over rows that were never shown, or the pages go round in a circle.
                raise InvalidAnswer("the transactions are not in the order that was asked for")
            before = row.updated_at
        self._store_rows(run, rows, self._reissued(client, run, rows))

    def _check_rows(self, rows):
        """Refuse a page of which one row can't be right; nothing of it is written."""
        for row in rows:
            if row.currency != self.currency_id.name:
                raise InvalidAnswer(
                    f"transaction {row.id} is in {row.currency}",
                    code="other_currency", detail=f"{row.currency}, {self.currency_id.name}",
                )
            if row.status == "completed" and not row.settled_at:
                raise InvalidAnswer(f"transaction {row.id} is booked, but the bank does not say when")

    def _known(self, refs) -> dict:
        """Map the bank's ids to what is known of them."""
        return {
            transaction.bank_ref: transaction
            for transaction in self.env["qonto.transaction"].search(
                [("account_id", "=", self.id), ("bank_ref", "in", list(refs))]
            )
        }

    def _store_rows(self, run, rows, reissued: dict | None = None):
        """Upsert rows by the bank's id.

        :param rows: `Transaction` objects of the bank's client
        :param reissued: the bank's id → the transaction that vanished at the bank and looks like it
        """
        unique = {row.id: row for row in rows if not row.is_external}
        transactions = self.env["qonto.transaction"]
        known = self._known(unique)
        claims = self._claims_on_files([
            row for row in unique.values() if row.id not in known or known[row.id].feed_state in ("pending", "out")
        ])
        fresh = []
        changed = 0
        for row in unique.values():
            values = transactions._values_of(self, row)
            transaction = known.get(row.id)
            from_file = claims.get(row.id, transaction if transaction and transaction.file_only else None)
            if from_file:
                from_file._become_the_banks(values, transaction)
            elif not transaction:
                fresh.append(self._with_doubt(
                    transactions._with_what_follows(self, values), (reissued or {}).get(row.id)
                ))
            elif transaction.fingerprint != values["fingerprint"]:
                changed += transaction._take_change(values)
        transactions.create(fresh)
        run._count(
            received=len(rows), new=len(fresh), changed=changed, pages=1,
            known=len(unique) - len(fresh) - changed, external=len(rows) - len(unique),
        )

    # === IDS THAT THE BANK GIVES ANEW === #

    def _reissued(self, client, run, rows) -> dict:
        """Find rows that look like a transaction that the bank no longer shows: same amount, same day, another id.

        Two that the bank shows at once are twins. So it is asked, and only about what an earlier run fetched.

        :return: the new id → the vanished transaction
        """
        fresh = {row.id: row for row in rows if row.status == "completed" and not row.is_external}
        for known in self._known(fresh):
            del fresh[known]
        if not fresh:
            return {}
        days = {ref: self._local_day(row.settled_at) for ref, row in fresh.items()}
        alike = self.env["qonto.transaction"].search([
            ("account_id", "=", self.id),
            ("booking_date", "in", list(set(days.values()))),
            ("amount", "in", list({float(row.signed_amount) for row in fresh.values()})),
            ("feed_state", "not in", ("gone", "pending", "out")),
            ("file_only", "=", False),
            ("id", "<=", run.known_until),
        ])
        vanished = {}
        for old in alike:
            twin = next((
                ref for ref, row in fresh.items()
                if ref not in vanished and days[ref] == old.booking_date
                and not self.currency_id.compare_amounts(float(row.signed_amount), old.amount)
            ), None)
            if twin and not self._bank_still_shows(client, old):
                vanished[twin] = old
        return vanished

    @api.model
    def _bank_still_shows(self, client, transaction) -> bool:
        try:
            client.get_transaction(transaction.bank_ref)
        except NotFound:
            return False
        return True

    @api.model
    def _with_doubt(self, values: dict, vanished) -> dict:
        """Ask a person where an old line may be meant; what was never in the books is simply replaced."""
        if not vanished or values["feed_state"] != "to_book":
            return values
        if vanished.feed_state in ("to_book", "held", "doubtful", "before_start"):
            vanished.write({"feed_state": "gone", "doubt_line_id": False})
            return values
        return {
            **values, "feed_state": "doubtful", "doubt_kind": "reissued", "doubt_transaction_id": vanished.id,
        }

    def _check_pending(self, client, run):
        """Once a day: what was pending and has vanished at the bank is no forecast any more."""
        if not run.deep:
            return
        quiet = fields.Datetime.now() - DEEP_OVERLAP
        for transaction in self.env["qonto.transaction"].search(
            [("account_id", "=", self.id), ("feed_state", "=", "pending"), ("bank_updated_at", "<", quiet)], limit=20
        ):
            if not self._bank_still_shows(client, transaction):
                transaction.feed_state = "gone"

    # === OPENING BALANCE === #

    @api.model
    def _bank_balance_at_start(self, client, bank_ref: str, start: datetime, balance_now: Decimal | None):
        """Return what the bank says the balance was when the day began: before the first booking from there on.

        :param datetime start: aware instant at which the day begins at the bank
        :return: `Decimal`, or None where the bank does not show balances
        :raise QontoError: the bank could not be asked
        """
        page = client.list_transactions(
            bank_account_id=bank_ref,
            statuses=("completed",),
            settled_at_from=start,
            sort_by="settled_at:asc",
            per_page=1,
        )
        if not page.transactions:
            return balance_now
        first = page.transactions[0]
        if first.settled_balance is None:
            return None
        return first.settled_balance - first.signed_amount
