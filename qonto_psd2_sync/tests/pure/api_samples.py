# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Answers in the bank's documented shape, as JSON-like values; keyword arguments change single fields."""

import copy

ACCOUNT_ID = "018f71db-c635-78b5-b90a-ea05de98c2bf"

_TRANSACTION = {
    "id": "7b7a5ed6-3903-4782-889d-b4f64bd7bef9",
    "transaction_id": "acme-gmbh-1111-1-transaction-99",
    "amount": 123.45,
    "amount_cents": 12345,
    "settled_balance": 9876.55,
    "settled_balance_cents": 987655,
    "local_amount": 123.45,
    "local_amount_cents": 12345,
    "side": "debit",
    "operation_type": "transfer",
    "currency": "EUR",
    "local_currency": "EUR",
    "label": "Muster Bürobedarf",
    "clean_counterparty_name": "Muster Bürobedarf GmbH",
    "settled_at": "2026-03-02T10:15:30.123Z",
    "emitted_at": "2026-03-01T23:30:00.000Z",
    "created_at": "2026-03-01T23:30:00.000Z",
    "updated_at": "2026-03-02T10:15:31.456Z",
    "status": "completed",
    "note": None,
    "reference": "INV/2026/014",
    "vat_amount": None,
    "vat_amount_cents": None,
    "vat_rate": None,
    "initiator_id": "b2f1ad3e-6c32-4a7f-b9a1-7c6a5d0e0001",
    "label_ids": ["9a8b7c6d-0000-4000-8000-000000000001"],
    "attachment_ids": [],
    "attachment_lost": False,
    "attachment_required": True,
    "card_last_digits": None,
    "category": "office_supply",
    "cashflow_category": {"name": "Suppliers"},
    "cashflow_subcategory": None,
    "subject_type": "transfer",
    "bank_account_id": ACCOUNT_ID,
    "is_external_transaction": False,
    "logo": {"small": "https://logo.example/s.png", "medium": "https://logo.example/m.png"},
    "transfer": {
        "counterparty_account_number": "DE89370400440532013000",
        "counterparty_account_number_format": "IBAN",
        "counterparty_bank_identifier": "COBADEFFXXX",
        "counterparty_bank_identifier_format": "SWIFT_BIC",
    },
}

_ACCOUNT = {
    "id": ACCOUNT_ID,
    "name": "Main account",
    "organization_id": "0d8e1f5a-0000-4000-8000-00000000000a",
    "status": "active",
    "main": True,
    "iban": "FR7616798000010000005663951",
    "bic": "TRZOFR21XXX",
    "currency": "EUR",
    "balance": 1000.1,
    "balance_cents": 100010,
    "authorized_balance": 990.0,
    "authorized_balance_cents": 99000,
    "updated_at": "2026-03-02T10:15:31.456Z",
    "is_external_account": False,
    "account_number": None,
    "slug": "acme-gmbh-1111-1",
}

ABSENT = object()


def _changed(sample, changes):
    data = copy.deepcopy(sample) | changes
    return {name: value for name, value in data.items() if value is not ABSENT}


def transaction(**changes):
    """A completed outgoing transfer of 123.45 EUR. ``ABSENT`` leaves a field out."""
    return _changed(_TRANSACTION, changes)


def account(**changes):
    """A main account as owners and admins see it."""
    return _changed(_ACCOUNT, changes)


def organization(**changes):
    """The answer of GET /v2/organization."""
    sample = {
        "id": "0d8e1f5a-0000-4000-8000-00000000000a",
        "slug": "acme-gmbh-1111",
        "name": "Acme",
        "legal_name": "Acme GmbH",
        "legal_country": "de",
        "contract_signed_at": "2024-01-02 03:04:05.678901",
        "bank_accounts": [account()],
    }
    return {"organization": _changed(sample, changes)}


def page(*transactions, current=1, following=None, total=None, **meta):
    """The answer of GET /v2/transactions."""
    default = {
        "current_page": current,
        "next_page": following,
        "prev_page": current - 1 or None,
        "total_pages": max(current, following or 0),
        "total_count": len(transactions) if total is None else total,
        "per_page": 100,
    }
    return {"transactions": list(transactions), "meta": _changed(default, meta)}


def tokens(**changes):
    """The answer of POST /oauth2/token."""
    sample = {
        "access_token": "ory_at_new-access.sig",
        "refresh_token": "ory_rt_new-refresh.sig",
        "expires_in": 3600,
        "token_type": "bearer",
        "scope": "offline_access organization.read",
    }
    return _changed(sample, changes)
