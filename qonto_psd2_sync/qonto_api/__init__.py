# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Client of Qonto's HTTP API: pure Python, no Odoo, no database; only ``requests`` beside the standard library.

Typical use::

    with OAuthClient(SANDBOX, client_id, client_secret, staging_token=token) as oauth:
        tokens = oauth.refresh(refresh_token)
    with QontoClient(SANDBOX, tokens.access_token, staging_token=token) as client:
        for account in client.list_bank_accounts():
            for page in client.iter_transaction_pages(bank_account_id=account.id):
                ...

Facts about the bank and the meaning of "section N" in this package: ``reference/qonto-api.md``.
"""

from . import const, scopes
from .client import QontoClient
from .endpoints import PRODUCTION, SANDBOX, Endpoints
from .errors import (
    BadRequest,
    Forbidden,
    InProgress,
    InvalidAnswer,
    NetworkError,
    NotFound,
    OAuthError,
    PreconditionFailed,
    QontoError,
    RateLimited,
    ScaNotEnrolled,
    ScaRequired,
    ServerError,
    StagingTokenMissing,
    Unauthorized,
)
from .oauth import OAuthClient
from .pkce import code_challenge, new_code_verifier
from .redaction import mask_iban, redact
from .schemas import (
    BankAccount,
    Membership,
    Organization,
    Plan,
    TokenSet,
    Transaction,
    TransactionPage,
    parse_transaction,
    raw_json,
)

__all__ = [
    "PRODUCTION",
    "SANDBOX",
    "BadRequest",
    "BankAccount",
    "Endpoints",
    "Forbidden",
    "InProgress",
    "InvalidAnswer",
    "Membership",
    "NetworkError",
    "NotFound",
    "OAuthClient",
    "OAuthError",
    "Organization",
    "Plan",
    "PreconditionFailed",
    "QontoClient",
    "QontoError",
    "RateLimited",
    "ScaNotEnrolled",
    "ScaRequired",
    "ServerError",
    "StagingTokenMissing",
    "TokenSet",
    "Transaction",
    "TransactionPage",
    "Unauthorized",
    "code_challenge",
    "const",
    "mask_iban",
    "new_code_verifier",
    "parse_transaction",
    "raw_json",
    "redact",
    "scopes",
]
