# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""OAuth 2.0 with Qonto: authorise, exchange, refresh, revoke (section 4)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from urllib.parse import quote, urlencode

from . import const
from .endpoints import Endpoints
from .errors import NetworkError
from .schemas import TokenSet, parse_token_set
from .transport import Answer, Timeout, Transport


class OAuthClient:
    """The OAuth host as one registered app. A context manager; not thread-safe.

    Token calls are not idempotent: a code works once, a refresh token is rotated. So the transport repeats none by
    itself. Here each is repeated once if it certainly never left (connection refused), and a refresh also once when
    its answer got lost: the old refresh token works for 60 s after its first use (section 4.3), and giving up would
    leave the only valid token at the bank.

    :param client_secret: sent in the body (``client_secret_post``).
    :param staging_token: needed everywhere but in production.
    :param timeout: seconds for (connect, read).
    """

    def __init__(
        self,
        endpoints: Endpoints,
        client_id: str,
        client_secret: str,
        *,
        staging_token: str | None = None,
        timeout: Timeout = const.DEFAULT_TIMEOUT,
        user_agent: str = const.DEFAULT_USER_AGENT,
    ) -> None:
        if not client_id or not client_secret:
            raise ValueError("Client id and client secret are needed")
        self._endpoints = endpoints
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = Transport(
            endpoints.oauth_url,
            is_production=endpoints.is_production,
            is_oauth=True,
            staging_token=staging_token,
            secrets=(client_secret,),
            user_agent=user_agent,
            timeout=timeout,
        )

    def __enter__(self) -> OAuthClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def authorization_url(
        self,
        *,
        redirect_uri: str,
        scopes: Sequence[str],
        state: str,
        code_challenge: str | None = None,
        organization_id: str | None = None,
    ) -> str:
        """Return the address to send the user to (section 4.1). No network.

        :param redirect_uri: exactly as registered in the developer portal.
        :param state: at least 8 characters, not guessable; comes back in the callback.
        :param code_challenge: see :func:`~.pkce.code_challenge`.
        :param organization_id: pre-selects one of the user's organizations.
        :raise ValueError: no scope, or ``state`` too short.
        """
        if not scopes or isinstance(scopes, str) or not all(scope and not scope.isspace() for scope in scopes):
            raise ValueError("At least one scope is needed")
        if len(state) < const.MIN_STATE_LENGTH:
            raise ValueError(f"state needs at least {const.MIN_STATE_LENGTH} characters")
        query = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(dict.fromkeys(scopes)),
            "state": state,
        }
        if code_challenge:
            query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
        if organization_id:
            query["organization_id"] = organization_id
        return f"{self._endpoints.oauth_url}/oauth2/auth?{urlencode(query, quote_via=quote)}"

    def exchange_code(self, *, code: str, redirect_uri: str, code_verifier: str | None = None) -> TokenSet:
        """Turn the callback's code into tokens (section 4.4). A code works once and for 10 minutes.

        :raise OAuthError: ``invalid_grant`` (expired, used, another app's), ``invalid_client`` …
        :raise NetworkError: the code may be spent; begin anew.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if code_verifier:
            form["code_verifier"] = code_verifier
        answer = self._post("/oauth2/token", form, secrets=(code, code_verifier or ""))
        return parse_token_set(answer.payload)

    def refresh(self, refresh_token: str) -> TokenSet:
        """Return new tokens (section 4.4). Store the new refresh token before anything else.

        :raise OAuthError: ``invalid_grant``: the grant has ended, the user must authorise again.
        :raise NetworkError: no answer, twice; try again soon with the same token.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = self._post("/oauth2/token", form, secrets=(refresh_token,), repeat_lost_answer=True)
        return parse_token_set(answer.payload)

    def revoke(self, token: str) -> None:
        """Revoke an access or refresh token (section 4.5, RFC 7009). An unknown token is no error.

        Other tokens of the same grant end with it, those of other grants do not.

        :raise QontoError: not confirmed.
        """
        self._post("/oauth2/revoke", {"token": token}, secrets=(token,), repeat_lost_answer=True)

    def _post(
        self, route: str, form: dict[str, str], *, secrets: Sequence[str], repeat_lost_answer: bool = False
    ) -> Answer:
        form = {**form, "client_id": self._client_id, "client_secret": self._client_secret}
        started = time.monotonic()
        try:
            return self._transport.request("POST", route, form=form, secrets=secrets)
        except NetworkError as error:
            in_time = time.monotonic() - started < const.REFRESH_RETRY_WITHIN
            if error.request_sent and not (repeat_lost_answer and in_time):
                raise
        return self._transport.request("POST", route, form=form, secrets=secrets)
