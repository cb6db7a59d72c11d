# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Client of Qonto's HTTP API: pure Python, no Odoo, no database; needs only ``requests`` and ``python-stdnum``.

Typical use::

    with OAuthClient(SANDBOX, client_id, client_secret, staging_token=token) as oauth:
        tokens = oauth.refresh(refresh_token)
    with QontoClient(SANDBOX, tokens.access_token, staging_token=token) as client:
        for account in client.list_bank_accounts():
            for page in client.iter_transaction_pages(bank_account_id=account.id):
                ...

Payments have a client of their own, :class:`PaymentClient`, and go out as a :class:`FrozenRequest`: ``payment_orders``
makes one, ``payment_outcomes`` says what an answer means for the money, ``sepa`` what a transfer can carry.

Facts about the bank and the meaning of "section N" in this package: ``reference/qonto-api.md``.
"""

from . import const, payment_orders, payment_outcomes, payment_schemas, scopes, sepa
from .client import QontoClient
from .downloads import DownloadedFile, download
from .endpoints import PRODUCTION, SANDBOX, Endpoints
from .errors import (
    BadRequest,
    FileRefused,
    Forbidden,
    InProgress,
    InvalidAnswer,
    LinkExpired,
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
from .file_schemas import Attachment, RemoteFile, Statement, StatementPage
from .frozen import FrozenRequest, FrozenRequestChanged
from .oauth import OAuthClient
from .payment_client import PaymentClient
from .payment_outcomes import OtherAnswer, outcome_of
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
    "Attachment",
    "BadRequest",
    "BankAccount",
    "DownloadedFile",
    "Endpoints",
    "FileRefused",
    "Forbidden",
    "FrozenRequest",
    "FrozenRequestChanged",
    "InProgress",
    "InvalidAnswer",
    "LinkExpired",
    "Membership",
    "NetworkError",
    "NotFound",
    "OAuthClient",
    "OAuthError",
    "Organization",
    "OtherAnswer",
    "PaymentClient",
    "Plan",
    "PreconditionFailed",
    "QontoClient",
    "QontoError",
    "RateLimited",
    "RemoteFile",
    "ScaNotEnrolled",
    "ScaRequired",
    "ServerError",
    "StagingTokenMissing",
    "Statement",
    "StatementPage",
    "TokenSet",
    "Transaction",
    "TransactionPage",
    "Unauthorized",
    "code_challenge",
    "const",
    "download",
    "mask_iban",
    "new_code_verifier",
    "outcome_of",
    "parse_transaction",
    "payment_orders",
    "payment_outcomes",
    "payment_schemas",
    "raw_json",
    "redact",
    "scopes",
    "sepa",
]
