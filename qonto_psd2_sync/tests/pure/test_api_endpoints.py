# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import pytest

from qonto_api import PRODUCTION, SANDBOX, Endpoints


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example",
        "https://bank.example:8443/prefix",
        "http://127.0.0.1:8070",
        "http://127.8.9.10",
        "http://localhost:8070",
        "http://[::1]:8070",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_accepted(url):
    assert Endpoints(url, url + "/").oauth_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example",
        "http://127.0.0.1.bank.example",
        "http://localhost.bank.example",
        "http://192.168.1.2",
        "ftp://127.0.0.1",
        "https://",
        "https:///path",
        "bank.example",
        "https://user:word@bank.example",
        "https://user@127.0.0.1",
        "https://bank.example?x=1",
        "https://bank.example/#x",
        "https://bank.example/a b",
        "https://bank.example\\@evil.example",
        "https://bank.example\n",
        "https://bank.example:port",
        "https://[::1",
        "",
        None,
        7,
    ],
)
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError, match="api_url"):
        Endpoints(url, "https://bank.example")
    with pytest.raises(ValueError, match="oauth_url"):
        Endpoints("https://bank.example", url)


def test_trailing_slashes_are_dropped():
    assert Endpoints("https://bank.example/api//", "https://o.example/") == Endpoints(
        "https://bank.example/api", "https://o.example"
    )


def test_only_the_banks_production_hosts_are_production():
    assert PRODUCTION.is_production
    assert not SANDBOX.is_production
    assert not Endpoints("http://127.0.0.1:8070", "http://127.0.0.1:8070").is_production


def test_endpoints_cannot_be_changed():
    with pytest.raises(AttributeError):
        SANDBOX.api_url = "https://evil.example"
