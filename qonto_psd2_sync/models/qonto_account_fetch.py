# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Fetching: the bank's changes into `qonto.transaction`, page by page, and its balances."""

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo import api, fields, models

from ..qonto_api import InvalidAnswer, Unauthorized
from .qonto_account import WINDOW

PAGE_SIZE = 100
OVERLAP = timedelta(hours=1)
DEEP_OVERLAP = timedelta(days=10)
DEEP_EVERY = timedelta(days=1)
# Rows of one instant that fill this many pages are no history but a bank that runs in circles.
MAX_PAGES_WITHOUT_PROGRESS = 200


class QontoAccount(models.Model):
    _inherit = "qonto.account"

    def _fetch(self, run, lease: str, deadline: float | None) -> bool:
        """Bring the bank's changes into `qonto.transaction`, page by page.

        Pages are asked by the time of change, ascending, each beginning where the last one ended: rows that move
        while paging move towards the end and are met again, never missed.

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
        number = stuck = 1
        while stuck <= MAX_PAGES_WITHOUT_PROGRESS:
            page = client.list_transactions(
                bank_account_id=self.bank_ref, updated_at_from=changed_since, page=number, per_page=PAGE_SIZE
            )
            self._store_page(run, page.transactions)
            newest = max((row.updated_at for row in page.transactions), default=changed_since)
            # Rows of one instant may fill several pages: only then is the next one asked by its number.
            number, stuck = (1, 1) if newest > changed_since else (number + 1, stuck + 1)
            changed_since = newest
            run.fetch_from = newest.isoformat()
            if page.transactions:
                self._move_watermark(newest)
            last = page.next_page is None or not page.transactions
            if last:
                self._read_balance(client)
                run.phase = "book"
            self._commit_page(lease)
            if last:
                return True
            if deadline and time.monotonic() >= deadline and number == 1:
                return False
        raise InvalidAnswer("the list of transactions does not come to an end")

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

    def _store_page(self, run, rows):
        """Upsert one page by the bank's id.

        :param rows: `Transaction` objects of the bank's client
        """
        wrong = next((row for row in rows if row.currency != self.currency_id.name), None)
        if wrong:
            raise InvalidAnswer(
                f"transaction {wrong.id} is in {wrong.currency}",
                code="other_currency", detail=f"{wrong.currency}, {self.currency_id.name}",
            )
        unique = {row.id: row for row in rows if not row.is_external}
        transactions = self.env["qonto.transaction"]
        known = {
            transaction.bank_ref: transaction
            for transaction in transactions.search(
                [("account_id", "=", self.id), ("bank_ref", "in", list(unique))]
            )
        }
        fresh = []
        changed = 0
        for row in unique.values():
            values = transactions._values_of(self, row)
            transaction = known.get(row.id)
            if not transaction:
                fresh.append(values)
            elif transaction.fingerprint != values["fingerprint"]:
                transaction._take_change(values)
                changed += 1
        transactions.create(fresh)
        run._count(received=len(rows), new=len(fresh), changed=changed, pages=1)

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
