"""``GET /oauth2/auth`` and its pages: log in, choose the organization, allow or refuse.

    /oauth2/auth ──▶ /oauth2/login ──▶ /oauth2/organization ──▶ /oauth2/consent ──▶ redirect_uri
        │                 one organization only: skipped ┘             │
        └─ error: redirect with error, error_description, state ◀── refuse: access_denied

(``qonto-api.md`` sections 4.1, 4.2, 4.6, 4.7.)
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..bank import Bank
from ..model import OWNER, Authorization, Client, Membership
from ..web.render import page
from . import grants
from .scopes import PAYMENT_SCOPES, SCOPE_TEXTS

PAGE_LIFE = timedelta(minutes=30)
MIN_STATE = 8

ONCE = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge")


class AuthorizationError(Exception):
    """An error that goes back to the app by redirect (RFC 6749 section 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class ConsentPages:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def routes(self) -> list[Route]:
        return [
            Route("/oauth2/auth", self.authorize, methods=["GET"]),
            Route("/oauth2/login", self.login_page, methods=["GET"]),
            Route("/oauth2/login", self.login, methods=["POST"]),
            Route("/oauth2/organization", self.organization_page, methods=["GET"]),
            Route("/oauth2/organization", self.choose_organization, methods=["POST"]),
            Route("/oauth2/consent", self.consent_page, methods=["GET"]),
            Route("/oauth2/consent", self.decide, methods=["POST"]),
        ]

    # === THE REQUEST === #

    async def authorize(self, request: Request) -> Response:
        query = request.query_params
        client = self.bank.store.clients.get(query.get("client_id", ""))
        address = query.get("redirect_uri", "")
        if client is None:
            return _error_page(404, "Unknown app", "No app with this client_id is registered.")
        if address not in client.redirect_uris:
            return _error_page(
                404,
                "Unknown redirect address",
                "The redirect_uri is not registered for this app in the developer portal.",
            )
        try:
            authorization = self._authorization(request, client)
        except AuthorizationError as error:
            return _error_redirect(address, error.error, error.description, query.get("state", ""))
        if self.bank.policy.auto_consent:
            return self._answer_unasked(authorization)
        self._forget_stale()
        self.bank.store.authorizations.save(authorization)
        return _go(f"{_origin(request)}/oauth2/login?challenge={authorization.challenge}", 302)

    def _authorization(self, request: Request, client: Client) -> Authorization:
        query = request.query_params
        if any(len(query.getlist(name)) > 1 for name in ONCE):
            raise AuthorizationError("invalid_request", "A parameter is given more than once.")
        if query.get("response_type") != "code":
            raise AuthorizationError("unsupported_response_type", "The only supported response_type is 'code'.")
        if len(query.get("state", "")) < MIN_STATE:
            raise AuthorizationError("invalid_state", f"The state must have at least {MIN_STATE} characters.")
        challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
        if (challenge or method) and (method != "S256" or len(challenge or "") != 43):
            raise AuthorizationError("invalid_request", "PKCE needs a challenge with method S256.")
        if query.get("identity_type"):
            raise AuthorizationError("unauthorized_client", "This app is not approved for the user flow.")
        return Authorization(
            challenge=secrets.token_urlsafe(24),
            client_id=client.client_id,
            redirect_uri=query["redirect_uri"],
            scopes=self._scopes(query.get("scope", "")),
            state=query["state"],
            created_at=self.bank.clock.now(),
            code_challenge=challenge,
            organization_id=query.get("organization_id"),
        )

    def _scopes(self, text: str) -> list[str]:
        scopes = list(dict.fromkeys(text.split()))
        if not scopes:
            raise AuthorizationError("invalid_request", "The scope is missing.")
        for scope in scopes:
            if scope not in self.bank.policy.allowed_scopes or scope not in SCOPE_TEXTS:
                raise AuthorizationError(
                    "invalid_scope",
                    "The requested scope is invalid, unknown, or malformed. "
                    f"The OAuth 2.0 Client is not allowed to request scope '{scope}'.",
                )
        return scopes

    # === LOG IN === #

    async def login_page(self, request: Request) -> Response:
        authorization = self._find(request.query_params.get("challenge"))
        if authorization is None:
            return _gone()
        return self._login_form(authorization)

    async def login(self, request: Request) -> Response:
        form = await request.form()
        authorization = self._find(_text(form, "challenge"))
        if authorization is None:
            return _gone()
        email = _text(form, "email").strip().lower()
        user = self.bank.store.users.get(email)
        if user is None or not secrets.compare_digest(user.password.encode(), _text(form, "password").encode()):
            return self._login_form(authorization, email, failed=True)
        memberships = self.bank.memberships_of(email)
        authorization.email = email
        self.bank.store.authorizations.save(authorization)
        wanted = [m for m in memberships if m.organization_id == authorization.organization_id]
        if len(memberships) == 1 or wanted:
            return self._chosen(request, authorization, (wanted or memberships)[0])
        return _step(request, "organization", authorization)

    def _login_form(self, authorization: Authorization, email: str = "", failed: bool = False) -> Response:
        return page(
            "login.html",
            challenge=authorization.challenge,
            app=self._client(authorization).name,
            email=email,
            failed=failed,
        )

    # === ORGANIZATION === #

    async def organization_page(self, request: Request) -> Response:
        authorization = self._find(request.query_params.get("challenge"))
        if authorization is None or authorization.email is None:
            return _gone()
        memberships = self.bank.memberships_of(authorization.email)
        choices = [(self.bank.organization(m.organization_id), m.role, m.id) for m in memberships]
        return page(
            "organization.html",
            challenge=authorization.challenge,
            app=self._client(authorization).name,
            choices=choices,
        )

    async def choose_organization(self, request: Request) -> Response:
        form = await request.form()
        authorization = self._find(_text(form, "challenge"))
        if authorization is None or authorization.email is None:
            return _gone()
        for membership in self.bank.memberships_of(authorization.email):
            if membership.id == _text(form, "membership"):
                return self._chosen(request, authorization, membership)
        return _step(request, "organization", authorization)

    def _chosen(self, request: Request, authorization: Authorization, membership: Membership) -> Response:
        authorization.membership_id = membership.id
        self.bank.store.authorizations.save(authorization)
        return _step(request, "consent", authorization)

    # === CONSENT === #

    async def consent_page(self, request: Request) -> Response:
        authorization = self._find(request.query_params.get("challenge"))
        if authorization is None or authorization.membership_id is None:
            return _gone()
        membership = self.bank.store.memberships.rows[authorization.membership_id]
        texts = [(scope, SCOPE_TEXTS[scope]) for scope in authorization.scopes]
        return page(
            "consent.html",
            challenge=authorization.challenge,
            app=self._client(authorization).name,
            target=urlsplit(authorization.redirect_uri).netloc,
            organization=self.bank.organization(membership.organization_id),
            user=self.bank.user(membership),
            role=membership.role,
            reads=[text for scope, text in texts if scope not in PAYMENT_SCOPES],
            pays=[text for scope, text in texts if scope in PAYMENT_SCOPES],
        )

    async def decide(self, request: Request) -> Response:
        form = await request.form()
        authorization = self._find(_text(form, "challenge"))
        if authorization is None or authorization.membership_id is None:
            return _gone()
        membership = self.bank.store.memberships.rows[authorization.membership_id]
        self.bank.store.authorizations.delete(authorization.challenge)
        if _text(form, "decision") == "allow":
            return self._allow(authorization, membership)
        return _denied(authorization)

    def _allow(self, authorization: Authorization, membership: Membership) -> Response:
        code = grants.new_code(self.bank, authorization, membership)
        answer = {
            "code": code.code,
            "scope": " ".join(authorization.scopes),
            "state": authorization.state,
        }
        return _go(_with_query(authorization.redirect_uri, answer), 302)

    def _answer_unasked(self, authorization: Authorization) -> Response:
        """Policy ``auto_consent``: decide at once for a member, without pages."""
        policy = self.bank.policy
        if policy.auto_consent != "allow":
            return _denied(authorization)
        wanted = authorization.organization_id or policy.auto_organization
        members = [
            m
            for m in self.bank.store.memberships
            if (m.email == policy.auto_member if policy.auto_member else m.role == OWNER)
            and (m.organization_id == wanted if wanted else True)
        ]
        if not members:
            return _error_redirect(
                authorization.redirect_uri,
                "access_denied",
                "auto_member has no such membership.",
                authorization.state,
            )
        return self._allow(authorization, members[0])

    # === HELPERS === #

    def _client(self, authorization: Authorization) -> Client:
        return self.bank.store.clients.rows[authorization.client_id]

    def _find(self, challenge: str | None) -> Authorization | None:
        authorization = self.bank.store.authorizations.get(challenge or "")
        if authorization and self._stale(authorization):
            return None
        return authorization

    def _stale(self, authorization: Authorization) -> bool:
        return self.bank.clock.now() >= authorization.created_at + PAGE_LIFE

    def _forget_stale(self) -> None:
        for authorization in list(self.bank.store.authorizations):
            if self._stale(authorization):
                self.bank.store.authorizations.delete(authorization.challenge)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _step(request: Request, name: str, authorization: Authorization) -> Response:
    return _go(f"{_origin(request)}/oauth2/{name}?challenge={authorization.challenge}")


def _go(address: str, status: int = 303) -> Response:
    return RedirectResponse(address, status, headers={"Cache-Control": "no-store"})


def _with_query(address: str, fields: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(fields)}"


def _denied(authorization: Authorization) -> Response:
    return _error_redirect(
        authorization.redirect_uri,
        "access_denied",
        "The resource owner denied the request.",
        authorization.state,
    )


def _error_redirect(address: str, error: str, description: str, state: str) -> Response:
    fields = {"error": error, "error_description": description}
    if state:
        fields["state"] = state
    return _go(_with_query(address, fields), 302)


def _error_page(status: int, title: str, text: str) -> Response:
    return page("message.html", status, title=title, text=text)


def _gone() -> Response:
    return _error_page(404, "This log-in has ended", "Go back to the app and start again from there.")
