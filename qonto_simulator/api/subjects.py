"""All subjects of the API, and so all endpoints."""

from __future__ import annotations

from . import consents, organization, sca, transactions

SUBJECTS = (organization, transactions, consents, sca)
ENDPOINTS = [endpoint for subject in SUBJECTS for endpoint in subject.endpoints.all]
