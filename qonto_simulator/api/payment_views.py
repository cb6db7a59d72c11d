"""How payments look to a client (OpenAPI ``components``; ``qonto-api.md`` sections 10 to 14)."""

from __future__ import annotations

from ..bank import Bank
from ..clock import iso
from ..payments.records import Attachment, Beneficiary, Bulk, BulkItem, InternalTransfer, Transfer
from .views import Json, money


def beneficiary(bank: Bank, record: Beneficiary) -> Json:
    account: Json = {"iban": record.iban, "bic": record.bic, "currency": "EUR"}
    return {
        "id": record.id,
        "name": record.name,
        **({"bank_account": account} if bank.policy.nest_beneficiary_account else account),
        "email": record.email,
        "activity_tag": record.activity_tag,
        "status": record.status,
        "trusted": record.trusted,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
    }


def transfer(record: Transfer) -> Json:
    return {
        "id": record.id,
        "initiator_id": record.initiator_id,
        "bank_account_id": record.account_id,
        "beneficiary_id": record.beneficiary_id,
        "amount": money(record.amount_cents),
        "amount_cents": record.amount_cents,
        "amount_currency": "EUR",
        "status": record.status,
        "reference": record.reference,
        "note": record.note,
        "declined_reason": record.declined_reason,
        "scheduled_date": record.scheduled_date.isoformat(),
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "processed_at": iso(record.processed_at),
        "completed_at": iso(record.completed_at),
        "transaction_id": record.transaction_id,
        "recurring_transfer_id": None,
    }


def bulk(bank: Bank, record: Bulk) -> Json:
    counts = {status: sum(item.status == status for item in record.items) for status in ("pending", "completed")}
    failed = len(record.items) - sum(counts.values())
    return {
        "id": record.id,
        "initiator_id": record.initiator_id,
        "created_at": iso(record.created_at),
        "updated_at": iso(record.updated_at),
        "total_count": len(record.items),
        "completed_count": counts["completed"],
        "pending_count": counts["pending"],
        "failed_count": failed,
        "results": [_result(bank, item) for item in record.items],
    }


def _result(bank: Bank, item: BulkItem) -> Json:
    errors: list[Json] | None = None
    if item.status == "failed":
        errors = [{"code": item.error_code, "detail": item.error_detail}]
        if bank.policy.bulk_errors_nested:
            errors = [{"errors": errors}]
    return {
        "client_transfer_id": item.client_transfer_id,
        "transfer_id": item.transfer_id,
        "status": item.status,
        "errors": errors,
    }


def internal_transfer(record: InternalTransfer) -> Json:
    return {
        "id": record.id,
        "slug": record.slug,
        "status": "pending",
        "amount": money(record.amount_cents),
        "amount_cents": record.amount_cents,
        "amount_currency": "EUR",
        "reference": record.reference,
        "created_at": iso(record.created_at),
    }


def attachment(record: Attachment, url: str) -> Json:
    return {
        "id": record.id,
        "created_at": iso(record.created_at),
        "file_name": record.file_name,
        "file_size": str(record.size),
        "file_content_type": record.content_type,
        "url": url,
        "probative_attachment": {"status": "unavailable"},
    }
