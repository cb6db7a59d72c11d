# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The stand-in bank (``qonto_simulator``) as pure tests see it: its address, its control API, consents."""

from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

import requests

from qonto_api import Endpoints, OAuthClient, QontoClient, code_challenge, new_code_verifier, scopes

UTC = timezone.utc
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
CALLBACK = "http://127.0.0.1/qonto/callback"
ALL_SCOPES = (*scopes.BANK_FEED_SCOPES, scopes.SUBSCRIPTION_READ)


class StandIn:
    """The stand-in and its control API."""

    def __init__(self, url):
        self.url = url
        self.endpoints = Endpoints(url, url)
        self.facts = {}

    def control(self, action, **body):
        answer = requests.post(f"{self.url}/_control/{action}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def begin(self):
        start = {"seed": 7, "now": NOW.isoformat(), "scenario": "small", "frozen": True, "redirect_uris": [CALLBACK]}
        self.facts = self.control("reset", **start)
        self.control("policy", auto_consent="allow", staging_token_required=True)

    def fault(self, path_prefix, kind, **facts):
        self.control("faults", path_prefix=path_prefix, kind=kind, **facts)

    def accounts(self):
        """What the bank really holds, of the organization that consented."""
        query = {"organization_id": self.facts["organizations"][0]["id"]}
        return requests.get(f"{self.url}/_control/truth", query, timeout=30).json()["accounts"]

    def oauth(self, **changes):
        app = self.facts["client"] | changes
        return OAuthClient(self.endpoints, app["client_id"], app["client_secret"], staging_token=app["staging_token"])

    def callback(self, oauth, wanted=ALL_SCOPES, verifier=None):
        """Consent, and return what the callback address is given."""
        url = oauth.authorization_url(
            redirect_uri=CALLBACK,
            scopes=wanted,
            state="state-12345",
            code_challenge=verifier and code_challenge(verifier),
        )
        answer = requests.get(url, allow_redirects=False, timeout=30)
        assert answer.headers.get("Location", "").startswith(CALLBACK), answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def tokens(self, wanted=ALL_SCOPES):
        with self.oauth() as oauth:
            verifier = new_code_verifier()
            code = self.callback(oauth, wanted, verifier)["code"]
            return oauth.exchange_code(code=code, redirect_uri=CALLBACK, code_verifier=verifier)

    def client(self, tokens=None, **kwargs):
        given = {"staging_token": self.facts["client"]["staging_token"], "sleep": lambda _seconds: None}
        return QontoClient(self.endpoints, (tokens or self.tokens()).access_token, **given | kwargs)
