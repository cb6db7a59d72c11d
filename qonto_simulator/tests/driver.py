"""What a test does at the bank: browse the pages, fetch tokens, call the API."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import httpx

REDIRECT = "http://127.0.0.1:8069/qonto/callback"
READING = "offline_access openid organization.read membership.read subscription.read"
ALL_SCOPES = f"{READING} payment.write internal_transfer.write attachment.write attachment.read"
STATE = "state-of-at-least-eight"
VERIFIER = "verifier-" + "x" * 43

OWNER, EMPLOYEE, MANAGER = "jule@halvering.example", "tom@halvering.example", "mika@halvering.example"


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def location(response: httpx.Response) -> tuple[str, dict[str, str]]:
    """Return the redirect's address without query, and its query."""
    url = httpx.URL(response.headers["location"])
    return str(url.copy_with(query=None)).rstrip("?"), dict(url.params)


class Driver:
    """An app and a person in one. ``http`` is any client bound to the stand-in."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.state = self.control("GET", "/state")
        self.client = self.state["client"]
        self.control("POST", "/clients", {"redirect_uris": [REDIRECT]})

    # === CONTROL === #

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"/_control{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def advance(self, **parts: float) -> None:
        factors = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
        seconds = sum(factors[name] * value for name, value in parts.items())
        self.control("POST", "/clock", {"advance_seconds": seconds})

    # === PAGES === #

    def ask(self, **changes: Any) -> httpx.Response:
        """Send the authorization request; None leaves a parameter out."""
        query = {
            "client_id": self.client["client_id"],
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": ALL_SCOPES,
            "state": STATE,
            **changes,
        }
        sent = {name: value for name, value in query.items() if value is not None}
        return self.http.get("/oauth2/auth", params=sent, follow_redirects=False)

    def log_in(self, email: str = OWNER, password: str | None = None, **changes: Any) -> httpx.Response:
        """Go to the log-in page and through it; return the page after it."""
        page = self.http.get(self.ask(**changes).headers["location"])
        assert page.status_code == 200, page.text
        return self.submit(
            page, "/oauth2/login", email=email, password=password or email.partition("@")[0] + "-stand-in"
        )

    def submit(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        found = re.search(r'name="challenge" value="([^"]+)"', page.text)
        assert found, page.text
        answer = self.http.post(action, data={"challenge": found[1], **fields}, follow_redirects=False)
        if answer.status_code == 303:
            return self.http.get(answer.headers["location"])
        return answer

    def choose(self, page: httpx.Response, number: int = 0) -> httpx.Response:
        """Choose an organization where the bank asks for one."""
        choices = re.findall(r'name="membership" value="([^"]+)"', page.text)
        return self.submit(page, "/oauth2/organization", membership=choices[number]) if choices else page

    def allow(self, email: str = OWNER, organization: int = 0, **changes: Any) -> dict[str, str]:
        """Walk through all pages and allow; return the query of the redirect."""
        consent = self.choose(self.log_in(email, **changes), organization)
        address, answer = location(self.submit(consent, "/oauth2/consent", decision="allow"))
        assert address == changes.get("redirect_uri", REDIRECT)
        return answer

    # === TOKENS === #

    def token_call(self, path: str = "/oauth2/token", **fields: str | None) -> httpx.Response:
        form = {"client_id": self.client["client_id"], "client_secret": self.client["client_secret"], **fields}
        return self.http.post(path, data={k: v for k, v in form.items() if v is not None})

    def redeem(self, code: str, **fields: str | None) -> httpx.Response:
        fields = {"redirect_uri": REDIRECT, **fields}
        return self.token_call(grant_type="authorization_code", code=code, **fields)

    def refresh(self, refresh_token: str, **fields: str | None) -> httpx.Response:
        return self.token_call(grant_type="refresh_token", refresh_token=refresh_token, **fields)

    def connect(self, email: str = OWNER, scope: str = ALL_SCOPES, organization: int = 0) -> Session:
        answer = self.redeem(self.allow(email, organization, scope=scope)["code"])
        assert answer.status_code == 200, answer.text
        return Session(self.http, answer.json())


class Session:
    """Calls the API with one access token."""

    def __init__(self, http: httpx.Client, tokens: dict[str, Any]) -> None:
        self.http, self.tokens = http, tokens

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(f"/v2{path}", params=query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.http.post(f"/v2{path}", json=body, headers={**self.headers, **headers})

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(f"/v2{path}", headers=self.headers)

    def account(self, name: str = "Hauptkonto") -> dict[str, Any]:
        accounts = self.get("/bank_accounts").json()["bank_accounts"]
        return next(account for account in accounts if account["name"] == name)

    def transactions(self, account_id: str, statuses: list[str] | None = None, **query: Any) -> list[dict[str, Any]]:
        """Read all pages."""
        rows: list[dict[str, Any]] = []
        page: int | None = 1
        while page:
            answer = self.get(
                "/transactions", bank_account_id=account_id, page=page, **{"status[]": statuses or []}, **query
            )
            assert answer.status_code == 200, answer.text
            rows += answer.json()["transactions"]
            page = answer.json()["meta"]["next_page"]
        return rows
