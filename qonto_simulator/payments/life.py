"""What becomes of a transfer as the bank's time passes (``qonto-api.md`` section 12.2).

pending ──execute──▶ processing ──▶ settled ──▶ (returned: a credit of its own)
   │ └─────────────▶ declined ◀──┘
   └──cancel──▶ canceled
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from ..bank import Bank
from ..clock import BERLIN
from ..model import CREDIT, DEBIT, DECLINED, PENDING, Account, Transaction
from .records import Beneficiary, Transfer

# A transfer with a date is executed on the morning of that day, Berlin time.
MORNING = time(6, 0)


def execution(bank: Bank, scheduled: date | None, made_at: datetime) -> datetime:
    """Return when a transfer is executed: shortly, or on the morning of its date."""
    today = made_at.astimezone(BERLIN).date()
    if scheduled is None or scheduled <= today:
        return made_at + timedelta(seconds=bank.policy.transfer_seconds)
    return datetime.combine(scheduled, MORNING, BERLIN).astimezone(timezone.utc)


def execute(bank: Bank, transfer: Transfer) -> None:
    """Debit the account, or decline."""
    at, account = transfer.execute_at, bank.store.accounts.rows[transfer.account_id]
    payee = bank.store.beneficiaries.rows[transfer.beneficiary_id]
    if transfer.fate == "declined":
        decline(bank, transfer, transfer.fate_reason or "qonto_processing_failed", at)
    elif payee.status == "declined":
        decline(bank, transfer, "beneficiary_status", at)
    elif account.status != "active":
        decline(bank, transfer, "organisation_compliance_reasons", at)
    elif bank.ledger.authorized_balance(account) < transfer.amount_cents:
        decline(bank, transfer, "debit_account_insufficient_funds", at)
    else:
        _debit(bank, transfer, account, payee, at)


def _debit(bank: Bank, transfer: Transfer, account: Account, payee: Beneficiary, at: datetime) -> None:
    row = Transaction(
        id=bank.new_id(),
        transaction_id="",
        account_id=account.id,
        side=DEBIT,
        status=PENDING,
        operation_type="transfer",
        amount_cents=transfer.amount_cents,
        currency=account.currency,
        local_amount_cents=transfer.amount_cents,
        local_currency=account.currency,
        label=payee.name,
        emitted_at=at,
        created_at=at,
        updated_at=at,
        reference=transfer.reference,
        counterparty_name=payee.name,
        counterparty_iban=payee.iban,
        counterparty_bic=payee.bic,
        initiator_id=transfer.initiator_id,
        attachment_ids=list(transfer.attachment_ids),
    )
    seconds: float | None
    if transfer.fate == "rejected":
        seconds = transfer.fate_seconds
    elif transfer.fate == "stuck":
        seconds = None
    else:
        seconds = bank.policy.instant_seconds if _instant(bank, transfer, payee, at) else bank.policy.standard_seconds
    bank.ledger.add(account, row)
    transfer.status, transfer.transaction_id = "processing", row.id
    transfer.processed_at = transfer.debited_at = transfer.updated_at = at
    transfer.finish_at = None if seconds is None else at + timedelta(seconds=seconds)
    bank.store.transfers.save(transfer)


def _instant(bank: Bank, transfer: Transfer, payee: Beneficiary, at: datetime) -> bool:
    """Whether it takes the fast rail (section 12.3)."""
    single, in_a_day = (10_000_00, 50_000_00) if payee.trusted else (5_000_00, 20_000_00)
    before = sum(
        other.amount_cents
        for other in bank.store.transfers
        if other.beneficiary_id == payee.id and other.debited_at and at - other.debited_at < timedelta(days=1)
    )
    return transfer.amount_cents <= single and before + transfer.amount_cents <= in_a_day


def finish(bank: Bank, transfer: Transfer, at: datetime | None = None) -> None:
    """Settle, or give up while processing."""
    at = at or transfer.finish_at or bank.clock.now()
    if transfer.fate == "rejected":
        decline(bank, transfer, transfer.fate_reason or "beneficiary_network_rules_error", at)
        return
    row = bank.store.transactions.rows[transfer.transaction_id or ""]
    account = bank.account_of(row)
    bank.ledger.settle(account, row, at)
    bank.ledger.changed(account, row, at)
    transfer.status = "settled"
    transfer.completed_at = transfer.updated_at = at
    bank.store.transfers.save(transfer)


def decline(bank: Bank, transfer: Transfer, reason: str, at: datetime) -> None:
    row = bank.store.transactions.get(transfer.transaction_id or "")
    if row is not None:
        account = bank.account_of(row)
        bank.ledger.unsettle(account, row, DECLINED)
        bank.ledger.changed(account, row, at)
    transfer.status, transfer.declined_reason, transfer.updated_at = "declined", reason, at
    bank.store.transfers.save(transfer)


def cancel(bank: Bank, transfer: Transfer) -> bool:
    """Cancel before it is executed; False when it is too late."""
    if transfer.status != "pending":
        return False
    transfer.status, transfer.updated_at = "canceled", bank.clock.now()
    bank.store.transfers.save(transfer)
    return True


def give_back(bank: Bank, transfer: Transfer, at: datetime) -> None:
    """The payee's bank sends the money back: a credit of its own, days later; the transfer stays settled."""
    account = bank.store.accounts.rows[transfer.account_id]
    payee = bank.store.beneficiaries.rows[transfer.beneficiary_id]
    row = Transaction(
        id=bank.new_id(),
        transaction_id="",
        account_id=account.id,
        side=CREDIT,
        status="completed",
        operation_type="income",
        amount_cents=transfer.amount_cents,
        currency=account.currency,
        local_amount_cents=transfer.amount_cents,
        local_currency=account.currency,
        label=payee.name,
        emitted_at=at,
        created_at=at,
        updated_at=at,
        settled_at=at,
        reference=f"RETURN {transfer.reference}"[:140],
        counterparty_name=payee.name,
        counterparty_iban=payee.iban,
        counterparty_bic=payee.bic,
    )
    bank.ledger.add(account, row)
    transfer.returned_at = at
    bank.store.transfers.save(transfer)
