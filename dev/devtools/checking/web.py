"""Two ways to speak with Odoo, and one with the bank's pages: all over HTTP, as a browser and another program do."""

import http.cookiejar
import itertools
import json
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client
from html.parser import HTMLParser
from typing import Any

from .. import say

TIMEOUT = 120


class Browser:
    """Follows redirects, keeps cookies and sends forms, of every server that it visits."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.url = ""
        self.page = ""

    def open(self, url: str, form: dict[str, str] | None = None) -> "Browser":
        """Go to an address, sending a form if there is one; the last page after all redirects stays in `page`."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        try:
            with self._opener.open(url, data, TIMEOUT) as answer:
                self.url, self.page = answer.url, answer.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise say.Problem(f"{url} answered {error.code}: {_Text.of(text)[:500]}") from error
        return self

    def submit(self, **values: str) -> "Browser":
        """Send the page's first form with what it holds already, and with the given values."""
        form = _Form.of(self.page)
        return self.open(urllib.parse.urljoin(self.url, form.action), {**form.values, **values})

    def choices(self, name: str) -> list[str]:
        """Return the values of the buttons of a name, in the order of the page."""
        return _Form.of(self.page).buttons.get(name, [])

    def call(self, url: str, parameters: dict[str, Any]) -> Any:
        """Make a JSON-RPC call, as Odoo's web client does."""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": parameters}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with self._opener.open(request, timeout=TIMEOUT) as answer:
            result = json.load(answer)
        if "error" in result:
            raise say.Problem(result["error"]["data"]["message"])
        return result.get("result")  # left out where a method returns nothing


class WebClient:
    """Odoo as its web client sees it: a session in a browser.

    :param address: Odoo's address, without a slash at its end
    """

    def __init__(self, address: str, database: str, login: str, password: str) -> None:
        self.address = address
        self.browser = Browser()
        self.session = self.browser.call(
            f"{address}/web/session/authenticate", {"db": database, "login": login, "password": password}
        )

    def call(self, model: str, method: str, *arguments: Any, **values: Any) -> Any:
        """Call a method of a model."""
        return self.browser.call(
            f"{self.address}/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": arguments, "kwargs": values},
        )


class ExternalApi:
    """Odoo as another program sees it: the external API."""

    def __init__(self, address: str, database: str, login: str, password: str) -> None:
        common = xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/common")
        self._user = common.authenticate(database, login, password, {})
        if not self._user:
            raise say.Problem(f"Odoo does not let {login} in.")
        self._database, self._password = database, password
        self._objects = xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object", allow_none=True)

    def call(self, model: str, method: str, *arguments: Any, **values: Any) -> Any:
        """Call a method of a model."""
        return self._objects.execute_kw(self._database, self._user, self._password, model, method, arguments, values)

    def read(self, model: str, domain: list[Any], names: list[str]) -> list[dict[str, Any]]:
        """Return the records that match, all of them."""
        return self.call(model, "search_read", domain, names)


class _Form(HTMLParser):
    """The first form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.values: dict[str, str] = {}
        self.buttons: dict[str, list[str]] = {}
        self._forms = itertools.count()
        self._inside = False

    @classmethod
    def of(cls, page: str) -> "_Form":
        form = cls()
        form.feed(page)
        if not next(form._forms):
            raise say.Problem(f"There is no form on this page: {_Text.of(page)[:500]}")
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = not next(self._forms)
            if self._inside:
                self.action = facts.get("action", "")
        elif self._inside and tag == "input" and facts.get("name"):
            self.values[facts["name"]] = facts.get("value", "")
        elif self._inside and tag == "button" and facts.get("name"):
            self.buttons.setdefault(facts["name"], []).append(facts.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


class _Text(HTMLParser):
    """The words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []
        self._silent = 0

    @classmethod
    def of(cls, page: str) -> str:
        text = cls()
        text.feed(page)
        return " ".join(" ".join(text._words).split())

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)
