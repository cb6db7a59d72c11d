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
