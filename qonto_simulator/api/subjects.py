"""All subjects of the API, and so all endpoints."""

from __future__ import annotations

from . import (
    attachments,
    beneficiaries,
    bulk_transfers,
    consents,
    internal_transfers,
    organization,
    payees,
    sca,
    statements,
    transactions,
    transfers,
)

SUBJECTS = (
    organization,
    transactions,
    consents,
    sca,
    beneficiaries,
    payees,
    transfers,
    bulk_transfers,
    internal_transfers,
    attachments,
    statements,
)
ENDPOINTS = [endpoint for subject in SUBJECTS for endpoint in subject.endpoints.all]
