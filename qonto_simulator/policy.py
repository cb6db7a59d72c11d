"""What a test may change of the bank's behaviour (``POST /_control/policy``)."""

from __future__ import annotations

from dataclasses import dataclass, field

from .oauth.scopes import CLIENT_SCOPES


@dataclass
class Policy:
    """Settings with the bank's own behaviour as default.

    :param auto_consent: ``allow`` or ``deny`` answers an authorization request at once, no pages
    :param auto_member: e-mail of the member who answers then; default the first owner
    :param auto_organization: id of the organization chosen then; default the member's first
    :param staging_token_required: sandbox behaviour, section 1
    :param allowed_scopes: what the portal lets an app ask for, section 4.6
    :param reuse_revokes_grant: a used code or a refresh token past its grace that comes again ends
        the whole grant, as the server family (Ory Hydra) does
    :param refresh_revokes_access_token: the access token dies with the refresh token it came with
    :param accept_current_page: take ``current_page`` for ``page`` (section 2.2, disagreement)
    :param rate_10_seconds: requests per 10 s and address, section 2.4
    :param rate_10_minutes: requests per 10 min and address
    :param unauthorized_per_hour: answers of 401 per hour and address
    :param sca_poll_seconds: least time between two polls of a challenge, in real time (6.3)
    :param mock_sca: take the method ``mock``, which only the sandbox has (6.1)
    :param transfer_seconds: from acceptance to execution
    :param instant_seconds, standard_seconds: from execution to settlement, by rail (12.3)
    :param bulk_item_seconds: how long the creation of each of a bulk takes (13)
    :param money_call_seconds: real time that a call moving money takes; its key is in work meanwhile (2.5)
    :param concurrent_status: answer to the same key while it is in work; 429 or 409
    :param payment_policy: ``approval_required`` or ``approver_missing``: the bank's own 4-eyes rule refuses
    :param spending_limit_cents: largest transfer of a member who is neither owner nor admin
    :param unused_vop_per_hour: payee checks without a transfer per organization and hour (11)
    :param bulk_wrapped: create answers ``{"bulk_transfer": …}`` instead of the object itself (13)
    :param bulk_errors_nested: ``results[].errors`` as ``[{"errors": […]}]`` instead of a flat list
    :param proof_token_text: ``proof_token`` as a bare string (11, older pages)
    :param bulk_vop_error_code: errors of a bulk check as prefixed ``error_code`` instead of ``error.code``
    :param nest_beneficiary_account: IBAN and BIC under ``bank_account``, as in the sandbox (10)
    :param retry_after: seconds to state in ``Retry-After`` of a 429; None as the bank: no header
    """

    id: str = "policy"
    auto_consent: str | None = None
    auto_member: str | None = None
    auto_organization: str | None = None
    staging_token_required: bool = False
    allowed_scopes: list[str] = field(default_factory=lambda: list(CLIENT_SCOPES))
    reuse_revokes_grant: bool = True
    refresh_revokes_access_token: bool = False
    accept_current_page: bool = False
    rate_10_seconds: int = 1000
    rate_10_minutes: int = 10000
    unauthorized_per_hour: int = 200
    retry_after: int | None = None
    sca_poll_seconds: float = 1.0
    mock_sca: bool = True
    transfer_seconds: float = 2.0
    instant_seconds: float = 10.0
    standard_seconds: float = 4 * 3600.0
    bulk_item_seconds: float = 0.02
    money_call_seconds: float = 0.0
    concurrent_status: int = 429
    payment_policy: str | None = None
    spending_limit_cents: int | None = None
    unused_vop_per_hour: int = 100
    bulk_wrapped: bool = False
    bulk_errors_nested: bool = True
    proof_token_text: bool = False
    bulk_vop_error_code: bool = True
    nest_beneficiary_account: bool = False
