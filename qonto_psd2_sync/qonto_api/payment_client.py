# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments over the API: payees, their check, transfers, and looking up what became of them (sections 10 to 14).

Nothing here is ever repeated by itself once money could move. What an error means for the money says
:func:`~.payment_outcomes.outcome_of`; what to do next is the caller's (design R3 to R5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from urllib3.filepost import encode_multipart_formdata

from . import const, payment_schemas
from .client import QontoClient, utc_text
from .errors import BadRequest, InvalidAnswer, NotFound, ServerError
from .frozen import BULK_TRANSFER, TRANSFER, FrozenRequest
from .payment_orders import MOST_IN_BULK
from .payment_outcomes import Accepted, read_accepted
from .payment_schemas import Beneficiary, BulkPayeeCheck, BulkTransfer, PayeeCheck, Transfer, TransferPage
from .reading import Record
from .transport import Answer, Body

MOST_IDS: Final = 100


class PaymentClient(QontoClient):
    """The API as a member who may pay: scope ``payment.write``, or ``internal_transfer.write`` between own accounts."""

    # Payees (section 10)

    def find_beneficiaries(self, ibans: Sequence[str]) -> tuple[Beneficiary, ...]:
        """Return the payees known at the bank with one of these IBANs."""
        wanted = frozenset(ibans)
        if not wanted:
            return ()
        found: dict[str, Beneficiary] = {}
        for chunk in _chunks(sorted(wanted), MOST_IDS):
            params = [("iban[]", iban) for iban in chunk]
            for record in self._pages("/v2/sepa/beneficiaries", "beneficiaries", params):
                beneficiary = payment_schemas.parse_beneficiary(record.data)
                found[beneficiary.id] = beneficiary
        # A filter that the bank does not know it ignores: keep only what was asked for.
        return tuple(beneficiary for beneficiary in found.values() if beneficiary.iban in wanted)

    # Verification of payee (section 11)

    def check_payee(self, *, name: str, iban: str) -> PayeeCheck:
        """Ask whether a name fits an IBAN. Not repeated by itself: checks that no transfer follows are limited.

        :raise QontoError: also when the other bank failed and no usable proof came with that
        """
        body = {"iban": iban, "beneficiary_name": name}
        try:
            answer = self._post("/v2/sepa/verify_payee", body, secrets=(iban,))
        except (BadRequest, ServerError) as error:
            check = payment_schemas.failed_payee_check(error)
            if check is None:
                raise
            return check
        return payment_schemas.parse_payee_check(answer.payload)

    def check_payees(self, payees: Mapping[str, tuple[str, str]]) -> BulkPayeeCheck:
        """Check 1 to 400 payees in one call.

        :param payees: name and IBAN by an id of the caller's
        """
        if not 0 < len(payees) <= MOST_IN_BULK:
            raise ValueError(f"1 to {MOST_IN_BULK} payees")
        requests = [{"id": key, "beneficiary_name": name, "iban": iban} for key, (name, iban) in payees.items()]
        answer = self._post("/v2/sepa/bulk_verify_payee", {"requests": requests})
        return payment_schemas.parse_bulk_payee_check(answer.payload, frozenset(payees))

    # Moving money (sections 12 to 14)

    def send(self, frozen: FrozenRequest, *, sca_session_token: str | None = None) -> Accepted:
        """Send a frozen request, once.

        :param sca_session_token: of a challenge for these very bytes that the member has approved
        :raise QontoError: ``outcome_of`` says what it means for the money
        :raise OtherAnswer: the bank answered about something else
        :raise frozen.FrozenRequestChanged: it is not what was frozen; nothing was sent
        """
        frozen.verify()
        headers = {const.HEADER_IDEMPOTENCY_KEY: frozen.idempotency_key}
        if frozen.kind in (TRANSFER, BULK_TRANSFER):
            headers[const.HEADER_SCA_METHOD] = frozen.sca_method
        secrets: tuple[str, ...] = ()
        if sca_session_token:
            headers[const.HEADER_SCA_SESSION_TOKEN] = sca_session_token
            secrets = (sca_session_token,)
        # Past ``_call``: a new access token is for the caller to decide about, too (R14).
        answer = self._transport.request(
            "POST", frozen.path, body=Body(frozen.body), headers=headers, secrets=secrets, repeat=False
        )
        return read_accepted(frozen, answer.payload, answer.date)

    def cancel_transfer(self, transfer_id: str) -> None:
        """Cancel a transfer that is not yet executed.

        :raise BadRequest: ``cannot_cancel``: too late
        """
        self._transport.request("POST", "/v2/sepa/transfers/{id}/cancel", path={"id": transfer_id}, repeat=False)

    def upload_attachment(self, *, file_name: str, content: bytes, content_type: str, idempotency_key: str) -> str:
        """Upload a file for a transfer above 30,000 EUR; return its id, good under this very grant only (12.1)."""
        # Only a name that every gateway reads the same way.
        plain = quote(file_name, safe=" .-_()") or "file"
        body, kind = encode_multipart_formdata({"file": (plain, content, content_type)})
        headers = {const.HEADER_IDEMPOTENCY_KEY: idempotency_key}
        answer = self._transport.request(
            "POST", "/v2/attachments", body=Body(body, kind), headers=headers, repeat=False
        )
        return Record("attachment", payment_schemas.unwrapped(answer.payload, "attachment")).text("id")

    # Looking up (sections 12.4 and 13)

    def get_transfer(self, transfer_id: str) -> Transfer:
        """Return one transfer.

        :raise NotFound: there is none, or the member may not see it
        """
        answer = self._call("GET", "/v2/sepa/transfers/{id}", path={"id": transfer_id})
        transfer = payment_schemas.parse_transfer(payment_schemas.unwrapped(answer.payload, "transfer"))
        if transfer.id != transfer_id:
            raise InvalidAnswer(f"transfer {transfer.id[:64]}: another one was asked for")
        return transfer

    def get_transfers(self, transfer_ids: Sequence[str]) -> dict[str, Transfer]:
        """Return transfers by id, 100 a call; what the bank does not show is not in it."""
        wanted = frozenset(transfer_ids)
        found: dict[str, Transfer] = {}
        for chunk in _chunks(sorted(wanted), MOST_IDS):
            page = self.list_transfers(ids=chunk)
            found.update({transfer.id: transfer for transfer in page.transfers if transfer.id in wanted})
        for transfer_id in sorted(wanted - found.keys()):
            # Whether the filter is called ``ids[]`` is not certain: ask for each before calling it missing.
            try:
                found[transfer_id] = self.get_transfer(transfer_id)
            except NotFound:
                continue
        return found

    def list_transfers(
        self,
        *,
        ids: Sequence[str] = (),
        statuses: Sequence[str] = (),
        updated_at_from: datetime | None = None,
        sort_by: str = "updated_at:asc",
        page: int = 1,
    ) -> TransferPage:
        """Return one page of transfers, whoever made them and wherever: here, at another client, in the bank's app.

        :param ids: at most 100
        :param updated_at_from: aware
        """
        if len(ids) > MOST_IDS:
            raise ValueError(f"at most {MOST_IDS} ids")
        params = [("ids[]", transfer_id) for transfer_id in ids]
        params += [("status[]", status) for status in statuses]
        if updated_at_from is not None:
            params.append(("updated_at_from", utc_text("updated_at_from", updated_at_from)))
        params += [("sort_by", sort_by), ("page", str(page)), ("per_page", str(const.MAX_PER_PAGE))]
        return payment_schemas.parse_transfer_page(self._call("GET", "/v2/sepa/transfers", params=params).payload)

    def iter_transfers(
        self, *, updated_at_from: datetime | None = None, statuses: Sequence[str] = ()
    ) -> Iterator[Transfer]:
        """Yield all transfers that changed since then, each once, the oldest change first."""
        seen: set[str] = set()
        page: int | None = 1
        while page is not None:
            answer = self.list_transfers(updated_at_from=updated_at_from, statuses=statuses, page=page)
            for transfer in answer.transfers:
                if transfer.id not in seen:
                    seen.add(transfer.id)
                    yield transfer
            if answer.next_page is not None and answer.next_page <= page:
                raise InvalidAnswer("GET /v2/sepa/transfers: the pages go round in a circle")
            page = answer.next_page if answer.transfers else None

    def find_by_note(self, marker: str, *, since: datetime) -> tuple[Transfer, ...]:
        """Return the transfers that carry our marker as a word of their note (R3).

        :param marker: without spaces
        :param since: a little before the first sending; the bank's clock
        """
        if len(marker.split()) != 1:
            raise ValueError("a marker is one word")
        found = self.iter_transfers(updated_at_from=since)
        return tuple(transfer for transfer in found if marker in (transfer.note or "").split())

    def get_bulk_transfer(self, bulk_id: str) -> BulkTransfer:
        """Return how far a bulk has been created."""
        answer = self._call("GET", "/v2/sepa/bulk_transfers/{id}", path={"id": bulk_id})
        bulk = payment_schemas.parse_bulk_transfer(answer.payload)
        if bulk.id != bulk_id:
            raise InvalidAnswer(f"bulk transfer {bulk.id[:64]}: another one was asked for")
        return bulk

    def find_bulk(self, client_transfer_ids: Sequence[str]) -> BulkTransfer | None:
        """Return the bulk that holds one of these, None when the bank has none (R3)."""
        wanted = frozenset(client_transfer_ids)
        for record in self._pages("/v2/sepa/bulk_transfers", "bulk_transfers", []):
            bulk = payment_schemas.parse_bulk_transfer(record.data)
            if any(item.client_transfer_id in wanted for item in bulk.items):
                return bulk
        return None

    def _post(self, path: str, content: Mapping[str, Any], *, secrets: Sequence[str] = ()) -> Answer:
        return self._transport.request("POST", path, body=Body(json_bytes(content)), secrets=secrets, repeat=False)

    def _pages(self, path: str, name: str, params: Sequence[tuple[str, str]]) -> Iterator[Record]:
        page: int | None = 1
        while page is not None:
            paging = [("page", str(page)), ("per_page", str(const.MAX_PER_PAGE))]
            record = Record(f"{name} answer", self._call("GET", path, params=[*params, *paging]).payload)
            found = record.records(name)
            yield from found
            meta = record.record("meta")
            following = meta.count("next_page") if meta else None
            if following is not None and following <= page:
                raise InvalidAnswer(f"GET {path}: the pages go round in a circle")
            page = following if found else None


def json_bytes(content: Mapping[str, Any]) -> bytes:
    """Return JSON for a call that moves no money."""
    return json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
