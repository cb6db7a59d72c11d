"""Scopes and what the consent page says about them (``qonto-api.md`` section 4.6)."""

from __future__ import annotations

SCOPE_TEXTS: dict[str, str] = {
    "offline_access": "Stay connected without asking you again each time",
    "openid": "Know who you are (your name's identifier and e-mail)",
    "organization.read": "See your accounts, balances, IBANs, transactions, members, payees and transfers",
    "membership.read": "See your own membership: name, role, phone number",
    "membership.write": "Invite members",
    "payment.write": "Manage payees, verify them and prepare SEPA transfers that you approve",
    "beneficiary.trust": "Mark payees as trusted",
    "internal_transfer.write": "Move money between your own accounts",
    "international_transfer.write": "Send money outside the SEPA area",
    "attachment.read": "See receipts attached to your transactions",
    "attachment.write": "Attach receipts to your transactions",
    "request_transfers.write": "Ask for transfers that others approve",
    "request_review.read": "See requests that wait for approval",
    "request_review.write": "Approve or decline requests",
    "request_cards.write": "Ask for cards",
    "subscription.read": "See your price plan",
    "bank_account.write": "Open, change and close accounts",
    "user_organization.read": "See all organizations you belong to",
    "webhook": "Be told when something changes",
    "client.read": "See your clients",
    "client.write": "Change your clients",
    "client_invoices.read": "See your client invoices",
    "client_invoice.write": "Change your client invoices",
    "supplier_invoice.read": "See your supplier invoices",
    "supplier_invoice.write": "Change your supplier invoices",
    "product.read": "See your products",
    "product.write": "Change your products",
    "team.read": "See your teams",
    "team.write": "Change your teams",
    "card.read": "See your cards",
    "card.write": "Change your cards",
    "insurance_contract.read": "See your insurance contracts",
    "insurance_contract.write": "Change your insurance contracts",
    "payment_link.read": "See your payment links",
    "payment_link.write": "Change your payment links",
    "sepa_direct_debit.read": "See your direct debits",
    "sepa_direct_debit.write": "Change your direct debits",
    "terminal.read": "See your terminals",
    "terminal.write": "Change your terminals",
    "einvoicing.read": "See your e-invoicing settings",
    "embed_auth_link.write": "Create embedded log-in links",
}

# Only for Embed partners, approved AIS/PIS providers, or refused to ordinary clients (4.6, 4.8).
NOT_FOR_CLIENTS = {
    "beneficiary.trust",
    "request_review.read",
    "user_organization.read",
    "embed_auth_link.write",
}
CLIENT_SCOPES = tuple(scope for scope in SCOPE_TEXTS if scope not in NOT_FOR_CLIENTS)

# Scopes that let money move: the consent page sets them apart.
PAYMENT_SCOPES = {"payment.write", "internal_transfer.write", "international_transfer.write"}
