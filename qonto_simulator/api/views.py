"""How records look to a client (``qonto-api.md`` sections 7 and 8.2; OpenAPI ``components``)."""

from __future__ import annotations

from typing import Any

from ..bank import Bank
from ..clock import iso
from ..model import (
    ACCOUNTANT,
    ADMIN,
    MANAGER,
    OWNER,
    REPORTING,
    Account,
    Label,
    Membership,
    Organization,
    Transaction,
)

Json = dict[str, Any]

# Section 7.2: who sees what of an account.
SEES_EVERYTHING = {OWNER, ADMIN}
SEES_BALANCES = SEES_EVERYTHING | {MANAGER, REPORTING, ACCOUNTANT}

# Section 8.2: the nested object is named by kind; other kinds have none.
COUNTERPARTY_KEYS = {
    "transfer",
    "income",
    "swift_income",
    "direct_debit",
    "direct_debit_collection",
}
SUBJECT_TYPES = {
    "card": "card",
    "card_refund": "card",
    "qonto_fee": "billing_transfer",
    **{key: key for key in COUNTERPARTY_KEYS},
}


def money(cents: int) -> float:
    """Amounts go out as JSON numbers with two decimals (sections 8.2, 19)."""
    return round(cents / 100, 2)


def maybe_money(cents: int | None) -> float | None:
    return None if cents is None else money(cents)


def bank_account(bank: Bank, account: Account, viewer: Membership) -> Json:
    """Show an account as far as the member may see it (section 7.2)."""
    shown: Json = {
        "id": account.id,
        "name": account.name,
        "status": account.status,
        "main": account.main,
        "organization_id": account.organization_id,
    }
    if viewer.role in SEES_BALANCES:
        shown["currency"] = account.currency
        shown.update(_balances(bank, account))
    if viewer.role in SEES_EVERYTHING:
        shown.update(_identity(account))
    return shown


def _balances(bank: Bank, account: Account) -> Json:
    balance = bank.ledger.balance(account)
    authorized = bank.ledger.authorized_balance(account)
    return {
        "balance": money(balance),
        "balance_cents": balance,
        "authorized_balance": money(authorized),
        "authorized_balance_cents": authorized,
    }


def _identity(account: Account) -> Json:
    shown: Json = {
        "slug": account.slug,
        "bic": account.bic,
        "updated_at": iso(account.updated_at),
        "is_external_account": False,
        "account_number": account.iban[-10:] if account.iban else None,
    }
    if account.iban is not None:
        shown["iban"] = account.iban
    return shown


def organization(bank: Bank, record: Organization, viewer: Membership) -> Json:
    """Show the organization; its accounts carry an IBAN each, so only those who see IBANs get them."""
    accounts = bank.accounts(record.id) if viewer.role in SEES_EVERYTHING else []
    return {
        "id": record.id,
        "slug": record.slug,
        "name": record.name,
        "legal_name": record.legal_name,
        "legal_number": record.legal_number,
        "legal_sector": record.legal_sector,
        "legal_registration_date": record.legal_registration_date,
        "legal_address": record.legal_address,
        "address": {
            "first_line": record.street,
            "zipcode": record.zipcode,
            "city": record.city,
            "country": record.legal_country,
        },
        "legal_form": record.legal_form,
        "legal_country": record.legal_country,
        "legal_share_capital": float(record.legal_share_capital),
        "locale": record.locale,
        # Not ISO 8601, as at the bank (section 7.1).
        "contract_signed_at": record.contract_signed_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "bank_accounts": [{"iban": "", **bank_account(bank, account, viewer)} for account in accounts],
    }


def membership(bank: Bank, record: Membership) -> Json:
    user = bank.user(record)
    return {
        "id": record.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "role": record.role,
        "team_id": None,
        "residence_country": "DE",
        "birthdate": record.birthdate,
        "nationality": "DE",
        "birth_country": "DE",
        "ubo": record.ubo,
        "status": record.status,
    }


def own_membership(bank: Bank, record: Membership) -> Json:
    user = bank.user(record)
    return {
        "id": record.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "phone_number": user.phone_number,
        "position": record.position or None,
        "status": record.status,
        "role": record.role,
        "locale": "de",
        "team_id": None,
        "kyc_status": "accepted",
    }


def label(record: Label) -> Json:
    return {"id": record.id, "name": record.name, "parent_id": record.parent_id}


def transaction(bank: Bank, row: Transaction, viewer: Membership, includes: list[str]) -> Json:
    """Show a row; balances only to members who may see them."""
    sees_balance = viewer.role in SEES_BALANCES
    balance = row.settled_balance_cents if sees_balance else None
    shown: Json = {
        "id": row.id,
        "transaction_id": row.transaction_id,
        "amount": money(row.amount_cents),
        "amount_cents": row.amount_cents,
        "settled_balance": maybe_money(balance),
        "settled_balance_cents": balance,
        "local_amount": money(row.local_amount_cents),
        "local_amount_cents": row.local_amount_cents,
        "side": row.side,
        "operation_type": row.operation_type,
        "currency": row.currency,
        "local_currency": row.local_currency,
        "label": row.label,
        "clean_counterparty_name": row.counterparty_name,
        "settled_at": iso(row.settled_at),
        "emitted_at": iso(row.emitted_at),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "status": row.status,
        "note": row.note,
        "reference": row.reference,
        "vat_amount": maybe_money(row.vat_amount_cents),
        "vat_amount_cents": row.vat_amount_cents,
        "vat_rate": row.vat_rate,
        "initiator_id": row.initiator_id,
        "label_ids": row.label_ids,
        "attachment_ids": row.attachment_ids,
        "attachment_lost": row.attachment_lost,
        "attachment_required": row.attachment_required,
        "card_last_digits": row.card_last_digits,
        "category": row.category,
        "cashflow_category": _named(row.cashflow_category),
        "cashflow_subcategory": _named(row.cashflow_subcategory),
        "subject_type": SUBJECT_TYPES.get(row.operation_type, row.operation_type),
        "bank_account_id": row.account_id,
        "is_external_transaction": False,
    }
    if row.operation_type in COUNTERPARTY_KEYS:
        shown[row.operation_type] = _counterparty(row)
    if "labels" in includes:
        shown["labels"] = [label(bank.store.labels.rows[key]) for key in row.label_ids]
    if "vat_details" in includes:
        shown["vat_details"] = _vat_details(row)
    return shown


def _named(name: str | None) -> Json | None:
    return {"name": name} if name else None


def _counterparty(row: Transaction) -> Json:
    return {
        "counterparty_account_number": row.counterparty_iban,
        "counterparty_account_number_format": "IBAN" if row.counterparty_iban else None,
        "counterparty_bank_identifier": row.counterparty_bic,
        "counterparty_bank_identifier_format": "SWIFT_BIC" if row.counterparty_bic else None,
    }


def _vat_details(row: Transaction) -> Json:
    if row.vat_amount_cents is None:
        return {"items": []}
    net = row.amount_cents - row.vat_amount_cents
    item = {
        "amount": money(row.vat_amount_cents),
        "amount_cents": row.vat_amount_cents,
        "amount_excluding_vat": money(net),
        "amount_excluding_vat_cents": net,
        "rate": row.vat_rate,
    }
    return {"items": [item]}
