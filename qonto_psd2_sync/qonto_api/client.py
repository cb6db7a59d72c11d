# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Qonto's Business API as the addon uses it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from types import TracebackType

from . import const, downloads, file_schemas, schemas
from .downloads import DownloadedFile
from .endpoints import Endpoints
from .errors import InvalidAnswer, Unauthorized
from .file_schemas import Attachment, RemoteFile, Statement, StatementPage
from .reading import Record
from .schemas import BankAccount, Membership, Organization, Plan, Transaction, TransactionPage
from .transport import Answer, BearerAuth, Timeout, Transport, checked_header_value

_SORT_BY = re.compile(r"(updated_at|settled_at|emitted_at|created_at):(asc|desc)")
_INCLUDES = frozenset({"vat_details", "labels", "attachments"})


class QontoClient:
    """The API as one member of one organization. A context manager; not thread-safe.

    Every method raises a :class:`~.errors.QontoError`; ``GET`` calls are repeated as :mod:`~.transport` says.

    :param on_unauthorized: asked for a new access token at the first 401, at most once in the life of the client;
        the call is then repeated once. The bank throttles an address after 200 answers with 401 in an hour.
    :param timeout: seconds for (connect, read).
    :param max_attempts: how often a ``GET`` is sent at most; 1 for a poll that must be quick.
    :param max_wait: seconds after which no further attempt begins.
    """

    def __init__(  # noqa: PLR0913
        self,
        endpoints: Endpoints,
        access_token: str,
        *,
        staging_token: str | None = None,
        timeout: Timeout = const.DEFAULT_TIMEOUT,
        on_unauthorized: Callable[[], str] | None = None,
        user_agent: str = const.DEFAULT_USER_AGENT,
        max_attempts: int = const.MAX_ATTEMPTS,
        max_wait: float = const.MAX_WAIT,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._on_unauthorized = on_unauthorized
        self._endpoints = endpoints
        self._file_options = {"timeout": timeout, "user_agent": user_agent}
        self._transport = Transport(
            endpoints.api_url,
            is_production=endpoints.is_production,
            auth=BearerAuth(access_token),
            staging_token=staging_token,
            user_agent=user_agent,
            timeout=timeout,
            max_attempts=max_attempts,
            max_wait=max_wait,
            sleep=sleep,
        )

    def __enter__(self) -> QontoClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def last_server_date(self) -> datetime | None:
        """The bank's clock at its latest answer, whole seconds in UTC; None when it did not say."""
        return self._transport.last_server_date

    # Organization, accounts, member, plan (section 7)

    def get_organization(self) -> Organization:
        """Return the organization with its own accounts, without those of other banks."""
        return schemas.parse_organization(self._call("GET", "/v2/organization").payload)

    def list_bank_accounts(self) -> tuple[BankAccount, ...]:
        """Return all accounts, closed ones too, as far as the member may see them."""
        accounts: list[BankAccount] = []
        page: int | None = 1
        while page is not None:
            params = [("page", str(page)), ("per_page", str(const.MAX_PER_PAGE))]
            record = Record("accounts answer", self._call("GET", "/v2/bank_accounts", params=params).payload)
            found = [schemas.parse_bank_account(entry.data) for entry in record.records("bank_accounts")]
            accounts += found
            meta = record.record("meta")  # older answers have none (section 2.2)
            following = meta.count("next_page") if meta else None
            if following is not None and following <= page:
                raise InvalidAnswer("GET /v2/bank_accounts: the pages go round in a circle")
            page = following if found else None
        return tuple(accounts)

    def get_bank_account(self, account_id: str) -> BankAccount:
        """Return one account.

        :raise NotFound: there is none, or the member may not see it.
        """
        record = Record("account answer", self._call("GET", "/v2/bank_accounts/{id}", path={"id": account_id}).payload)
        account = schemas.parse_bank_account(record.get("bank_account"))
        if account.id != account_id:
            raise InvalidAnswer(f"bank account {account.id[:64]}: another account was asked for")
        return account

    def get_membership(self) -> Membership:
        """Return the member as whom the token acts; scope ``membership.read``."""
        return schemas.parse_membership(self._call("GET", "/v2/membership").payload)

    def get_subscription(self) -> Plan | None:
        """Return the price plan, None when the organization has none; scope ``subscription.read``."""
        return schemas.parse_plan(self._call("GET", "/v2/subscription").payload)

    # Transactions (section 8)

    def list_transactions(  # noqa: PLR0913
        self,
        *,
        bank_account_id: str,
        statuses: Sequence[str] = const.TRANSACTION_STATUSES,
        updated_at_from: datetime | None = None,
        updated_at_to: datetime | None = None,
        settled_at_from: datetime | None = None,
        settled_at_to: datetime | None = None,
        sort_by: str = "updated_at:asc",
        page: int = 1,
        per_page: int = const.MAX_PER_PAGE,
        includes: Sequence[str] = (),
        sca_session_token: str | None = None,
    ) -> TransactionPage:
        """Return one page of an account's transactions.

        :param statuses: always sent, since without it only completed rows come back.
        :param updated_at_from: aware; sent in UTC to the millisecond, "from" rounded down and "to" up, so that a
            limit never cuts off a row at its edge. Likewise the other limits.
        :param sort_by: ``updated_at``, ``settled_at``, ``emitted_at`` or ``created_at`` and ``:asc`` or ``:desc``.
            Page only by ``updated_at:asc``: in other orders rows move between pages while one reads.
        :param per_page: 1 to 100.
        :param includes: ``vat_details``, ``labels``, ``attachments``.
        :param sca_session_token: of a challenge that the member has approved, when the bank asked for one.
        :raise ScaRequired: the bank wants the member's approval first, and has rung the phone.
        :raise ValueError: a naive datetime or a value outside these sets.
        :raise InvalidAnswer: among others, when a row belongs to another account.
        """
        limits = {
            "updated_at_from": updated_at_from,
            "updated_at_to": updated_at_to,
            "settled_at_from": settled_at_from,
            "settled_at_to": settled_at_to,
        }
        params = _transaction_params(bank_account_id, statuses, limits, sort_by, includes)
        if page < 1 or not 1 <= per_page <= const.MAX_PER_PAGE:
            raise ValueError(f"page begins at 1, per_page is 1 to {const.MAX_PER_PAGE}")
        params += [("page", str(page)), ("per_page", str(per_page))]
        headers = {const.HEADER_SCA_SESSION_TOKEN: sca_session_token} if sca_session_token else None
        answer = self._call("GET", "/v2/transactions", params=params, headers=headers)
        return schemas.parse_transaction_page(answer.payload, page=page, bank_account_id=bank_account_id)

    def iter_transaction_pages(  # noqa: PLR0913
        self,
        *,
        bank_account_id: str,
        statuses: Sequence[str] = const.TRANSACTION_STATUSES,
        updated_at_from: datetime | None = None,
        updated_at_to: datetime | None = None,
        settled_at_from: datetime | None = None,
        settled_at_to: datetime | None = None,
        sort_by: str = "updated_at:asc",
        per_page: int = const.MAX_PER_PAGE,
        includes: Sequence[str] = (),
    ) -> Iterator[TransactionPage]:
        """Yield page after page of :meth:`list_transactions`, each fetched when it is asked for.

        Ends where the bank names no next page, or with an empty page (which is yielded, too). Whoever writes to a
        database between two pages may stop at any of them and begin later at the last row's ``updated_at``.

        :raise InvalidAnswer: the pages make no progress: a next page that is not further on or lies beyond the
            last one, or the same rows again.
        """
        page = 1
        before: TransactionPage | None = None
        while True:
            current = self.list_transactions(
                bank_account_id=bank_account_id,
                statuses=statuses,
                updated_at_from=updated_at_from,
                updated_at_to=updated_at_to,
                settled_at_from=settled_at_from,
                settled_at_to=settled_at_to,
                sort_by=sort_by,
                page=page,
                per_page=per_page,
                includes=includes,
            )
            if before and current.transactions and current.transactions == before.transactions:
                raise InvalidAnswer(f"GET /v2/transactions: page {page} repeats the page before")
            yield current
            if current.next_page is None or not current.transactions:
                return
            if current.next_page <= page or (current.total_pages and current.next_page > current.total_pages):
                raise InvalidAnswer(f"GET /v2/transactions: page {page} names {current.next_page} as the next one")
            page, before = current.next_page, current

    def get_transaction(self, bank_id: str, *, includes: Sequence[str] = ()) -> Transaction:
        """Return one transaction.

        :param bank_id: :attr:`~.schemas.Transaction.id`, not its readable ``transaction_id``.
        :raise NotFound: there is none, or the member may not see it.
        """
        answer = self._call("GET", "/v2/transactions/{id}", path={"id": bank_id}, params=_includes(includes))
        transaction = schemas.parse_transaction(Record("transaction answer", answer.payload).get("transaction"))
        if transaction.id != bank_id:
            raise InvalidAnswer(f"transaction {transaction.id[:64]}: another one was asked for")
        return transaction

    # Statements and receipts (section 9)

    def list_statements(self, *, bank_account_id: str, since: date | None = None, page: int = 1) -> StatementPage:
        """Return one page of an account's monthly statements, the oldest first.

        :param since: the first month, by any day of it.
        """
        if not bank_account_id:
            raise ValueError("bank_account_id is needed")
        params = [("bank_account_ids[]", bank_account_id), ("sort_by", "period:asc")]
        params += [("period_from", file_schemas.period_text(since))] if since else []
        params += [("page", str(page)), ("per_page", str(const.MAX_PER_PAGE))]
        payload = self._call("GET", "/v2/statements", params=params).payload
        return file_schemas.parse_statement_page(payload, page=page, bank_account_id=bank_account_id)

    def get_statement(self, statement_id: str) -> Statement:
        """Return one statement, with a fresh address to download it.

        :raise NotFound: there is none, or the member may not see it.
        """
        answer = self._call("GET", "/v2/statements/{id}", path={"id": statement_id})
        statement = file_schemas.parse_statement(Record("statement answer", answer.payload).get("statement"))
        if statement.id != statement_id:
            raise InvalidAnswer(f"statement {statement.id[:64]}: another one was asked for")
        return statement

    def get_attachment(self, attachment_id: str) -> Attachment:
        """Return one file of a transaction, with a fresh address to download it.

        :param attachment_id: out of :attr:`~.schemas.Transaction.attachment_ids`.
        :raise NotFound: there is none (any more), or the member may not see it.
        """
        answer = self._call("GET", "/v2/attachments/{id}", path={"id": attachment_id})
        attachment = file_schemas.parse_attachment(Record("attachment answer", answer.payload).get("attachment"))
        if attachment.id != attachment_id:
            raise InvalidAnswer(f"attachment {attachment.id[:64]}: another one was asked for")
        return attachment

    def download(
        self, file: RemoteFile, *, accepted: tuple[str, ...] = const.RECEIPT_TYPES, hosts: Sequence[str] = ()
    ) -> DownloadedFile:
        """Fetch a file's bytes, without the token; see :func:`.downloads.download`."""
        return downloads.download(file, self._endpoints, accepted=accepted, hosts=hosts, **self._file_options)

    # Strong customer authentication (section 6)

    def get_sca_session(self, sca_session_token: str) -> str:
        """Return how a challenge stands: ``waiting``, ``allow`` or ``deny``. Sent once, never repeated by itself.

        ``deny`` is a refusal or the end of the 15 minutes: whoever knows when it began can tell (R5).

        :param sca_session_token: of :class:`~.errors.ScaRequired`; ask at most once a second.
        """
        path = {"sca_session_token": sca_session_token}
        answer = self._call(
            "GET", "/v2/sca_sessions/{sca_session_token}", path=path, secrets=(sca_session_token,), repeat=False
        )
        result = Record("SCA session", answer.payload).text("result")
        if result not in (const.SCA_WAITING, const.SCA_ALLOW, const.SCA_DENY):
            raise InvalidAnswer("SCA session: field result has an unknown value")
        return result

    # Consents (section 4.5)

    def revoke_consents(self) -> None:
        """End what this member allowed this app. All grants of both may end with it, newer ones too.

        :raise Unauthorized: the grant has ended already.
        """
        self._call("DELETE", "/v2/oauth2/consents")

    def _call(
        self,
        method: str,
        route: str,
        *,
        path: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
        repeat: bool = True,
    ) -> Answer:
        def send() -> Answer:
            return self._transport.request(
                method, route, path=path, params=params, headers=headers, secrets=secrets, repeat=repeat
            )

        try:
            return send()
        except Unauthorized:
            if self._on_unauthorized is None:
                raise
            ask, self._on_unauthorized = self._on_unauthorized, None
        self._transport.auth.token = checked_header_value("access token", ask())
        return send()


def _transaction_params(
    bank_account_id: str,
    statuses: Sequence[str],
    limits: Mapping[str, datetime | None],
    sort_by: str,
    includes: Sequence[str],
) -> list[tuple[str, str]]:
    if not bank_account_id:
        raise ValueError("bank_account_id is needed")
    if not statuses or isinstance(statuses, str):
        raise ValueError("statuses is a sequence of at least one status")
    if not _SORT_BY.fullmatch(sort_by):
        raise ValueError("sort_by is a field and asc or desc")
    params = [("bank_account_id", bank_account_id)]
    params += [("status[]", status) for status in statuses]
    params += [(name, utc_text(name, limit)) for name, limit in limits.items() if limit is not None]
    params += [("sort_by", sort_by)]
    return params + _includes(includes)


def _includes(includes: Sequence[str]) -> list[tuple[str, str]]:
    if isinstance(includes, str) or not set(includes) <= _INCLUDES:
        raise ValueError(f"includes are out of {', '.join(sorted(_INCLUDES))}")
    return [("includes[]", include) for include in includes]


def utc_text(name: str, moment: datetime) -> str:
    """Return an instant as the bank reads it: UTC, milliseconds; an end (``…_to``) rounded up, else down."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} must be an aware datetime")
    moment = moment.astimezone(timezone.utc)
    beyond = moment.microsecond % 1000
    if beyond:
        moment += timedelta(microseconds=1000 - beyond if name.endswith("_to") else -beyond)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
