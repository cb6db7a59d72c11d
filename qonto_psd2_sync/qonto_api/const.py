# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Constants of Qonto's HTTP API. Each names its section of ``reference/qonto-api.md``."""

from __future__ import annotations

from typing import Final

# Headers (section 1).
HEADER_STAGING_TOKEN: Final = "X-Qonto-Staging-Token"  # noqa: S105
HEADER_TRACE_ID: Final = "X-Tyk-Trace-Id"
HEADER_IDEMPOTENCY_KEY: Final = "X-Qonto-Idempotency-Key"
HEADER_SCA_METHOD: Final = "X-Qonto-2fa-Preference"
HEADER_SCA_SESSION_TOKEN: Final = "X-Qonto-Sca-Session-Token"  # noqa: S105

DEFAULT_USER_AGENT: Final = "qonto-psd2-sync/1.0"

# (connect, read) in seconds; the read limit counts from one received byte to the next.
DEFAULT_TIMEOUT: Final = (5.0, 20.0)

# The largest page of the API, 100 transactions with all includes, stays far below 1 MB.
MAX_ANSWER_BYTES: Final = 20 * 1024 * 1024
# A body that trickles in is given up after this many seconds.
MAX_ANSWER_SECONDS: Final = 90.0
# Deeper JSON is no answer of this API; the deepest documented one has six levels.
MAX_ANSWER_DEPTH: Final = 40

# Files (section 9). Addresses to download come with the file's facts and expire after 30 minutes. They lead to this
# storage, as every published example of the bank's answers does, and never to be asked with a token.
FILE_HOSTS: Final = ("qonto.s3.eu-central-1.amazonaws.com",)
# The bank takes files of up to 15 MB; a statement is far smaller.
MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_FILE_SECONDS: Final = 60.0
PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
RECEIPT_TYPES: Final = (PDF, JPEG, PNG)

# Retries (section 2.4: no Retry-After is documented, so back off by ourselves).
MAX_ATTEMPTS: Final = 4
MAX_WAIT: Final = 60.0
BACKOFF_FIRST: Final = 1.0
BACKOFF_FIRST_RATE_LIMITED: Final = 10.0

# Tokens (section 4.3).
ACCESS_TOKEN_SECONDS: Final = 3600
# The old refresh token works for 60 s after its first use; a second try must arrive well inside that.
REFRESH_RETRY_WITHIN: Final = 30.0
# Ory Hydra refuses a shorter `state` (section 4.1).
MIN_STATE_LENGTH: Final = 8

# Pages (section 2.2).
MAX_PER_PAGE: Final = 100

# Transactions (section 8.1, 8.3). Without a status filter only completed rows come back: always send it.
STATUS_PENDING: Final = "pending"
STATUS_COMPLETED: Final = "completed"
STATUS_DECLINED: Final = "declined"
TRANSACTION_STATUSES: Final = (STATUS_PENDING, STATUS_COMPLETED, STATUS_DECLINED)
SIDE_CREDIT: Final = "credit"
SIDE_DEBIT: Final = "debit"

# Strong customer authentication (section 6).
SCA_PAIRED_DEVICE: Final = "paired-device"
SCA_PASSKEY: Final = "passkey"
SCA_MOCK: Final = "mock"
SCA_METHODS: Final = (SCA_PAIRED_DEVICE, SCA_PASSKEY, SCA_MOCK)
SCA_WAITING: Final = "waiting"
SCA_ALLOW: Final = "allow"
SCA_DENY: Final = "deny"
# A challenge lives 15 minutes; a refusal and the end of it are told by the same word.
SCA_SECONDS: Final = 15 * 60
# The bank takes at most one poll a second.
SCA_POLL_SECONDS: Final = 1.0

# Error codes that change what an HTTP status means (section 2.3).
CODE_VOP_PROOF_TOKEN_MISSING: Final = "vop_proof_token_missing"  # noqa: S105
CONCURRENT_REQUESTS: Final = "concurrent requests detected"

# ISO 4217 currencies whose minor unit is not a hundredth.
CURRENCY_EXPONENTS: Final = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
            "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
