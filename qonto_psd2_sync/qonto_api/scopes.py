# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""OAuth scopes that the addon asks for (section 4.6)."""

from __future__ import annotations

from typing import Final

OFFLINE_ACCESS: Final = "offline_access"
"""Without it no refresh token is issued."""
ORGANIZATION_READ: Final = "organization.read"
"""Accounts, balances, IBANs, transactions, labels, beneficiaries, transfers, statements."""
MEMBERSHIP_READ: Final = "membership.read"
"""The member who authorises: name and role."""
SUBSCRIPTION_READ: Final = "subscription.read"
"""The price plan, which decides what the bank offers."""
PAYMENT_WRITE: Final = "payment.write"
"""Verification of payee and SEPA transfers. Sensitive: needs no review only for an app of the use case
"automate your own business operations"."""
INTERNAL_TRANSFER_WRITE: Final = "internal_transfer.write"
"""Transfers between own accounts."""
ATTACHMENT_READ: Final = "attachment.read"
ATTACHMENT_WRITE: Final = "attachment.write"
REQUEST_TRANSFERS_WRITE: Final = "request_transfers.write"
"""Transfer requests: what is left to a member whose payments need a second person."""
WEBHOOK: Final = "webhook"
"""Webhook subscriptions; each event needs its own scope besides."""

BANK_FEED_SCOPES: Final = (OFFLINE_ACCESS, ORGANIZATION_READ, MEMBERSHIP_READ)
"""The least that a bank feed needs."""
PAYMENT_SCOPES: Final = (PAYMENT_WRITE, INTERNAL_TRANSFER_WRITE, ATTACHMENT_WRITE)
"""Asked for in addition when the user wants to pay from Odoo."""
