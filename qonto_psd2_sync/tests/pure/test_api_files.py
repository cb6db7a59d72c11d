# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Statements and receipts: nothing that an answer says of a file is believed unchecked."""

import base64
from datetime import date

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from qonto_api import (
    PRODUCTION,
    Endpoints,
    FileRefused,
    InvalidAnswer,
    LinkExpired,
    NetworkError,
    NotFound,
    RemoteFile,
    ServerError,
    const,
)
from qonto_api.downloads import checked_file_url, checked_hosts
from qonto_api.file_schemas import parse_attachment, parse_statement, parse_statement_page, safe_name

PNG = b"\x89PNG\r\n\x1a\n pixels"
HERE = Endpoints("http://127.0.0.1:8070", "http://127.0.0.1:8070")


@pytest.fixture
def bank(running_stand_in):
    running_stand_in.begin()
    return running_stand_in


@pytest.fixture
def client(bank):
    with bank.client() as client:
        yield client


@pytest.fixture
def main(bank):
    return next(account for account in bank.accounts() if account["main"])


def receipt(bank, main, **facts):
    """Attach a file to a transaction at the bank, and return its id."""
    if "content" in facts:
        facts["content"] = base64.b64encode(facts["content"]).decode()
    row = main["transactions"][0]["id"]
    return bank.control("attachments", transaction_id=row, **facts)["attachment"]["id"]


# What the bank says


STATEMENT = {
    "id": "s1", "bank_account_id": "a1", "period": "10-2026",
    "file": {"file_name": "a.pdf", "file_content_type": "application/pdf", "file_size": "12", "file_url": "https://x/"},
}  # fmt: skip


def test_a_statement_is_read():
    statement = parse_statement(STATEMENT)
    assert (statement.period, statement.file.size, statement.file.name) == (date(2026, 10, 1), 12, "a.pdf")
    assert "https://x/" not in repr(statement)


@pytest.mark.parametrize(
    "change", [{"period": "2026-10"}, {"period": "13-2026"}, {"file": None}, {"id": ""}, {"file": {"file_name": "a"}}]
)
def test_a_statement_without_what_is_needed_is_refused(change):
    with pytest.raises(InvalidAnswer):
        parse_statement({**STATEMENT, **change})


def test_another_accounts_statement_is_refused():
    with pytest.raises(InvalidAnswer):
        parse_statement_page({"statements": [STATEMENT], "meta": {}}, page=1, bank_account_id="a2")


def test_pages_of_statements_that_go_in_circles_are_refused():
    with pytest.raises(InvalidAnswer):
        parse_statement_page({"statements": [STATEMENT], "meta": {"next_page": 2}}, page=2, bank_account_id="a1")


@pytest.mark.parametrize("size", ["many", None, -1, True, [], "9" * 40])
def test_a_size_that_is_none_is_not_known(size):
    assert parse_attachment({"id": "x", "url": "https://x/", "file_size": size}).file.size is None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("../../etc/passwd", "etc_passwd"), ("Beleg März.pdf", "Beleg März.pdf"), ("a\0b\n.pdf", "a_b_.pdf"),
        ("", ""), ("x" * 300 + ".pdf", "x" * 110 + ".pdf"),
    ],
)  # fmt: skip
def test_a_name_is_fit_for_a_file(told, kept):
    assert safe_name(told) == kept


@given(st.text())
def test_no_name_leads_out_of_a_folder(name):
    safe = safe_name(name)
    assert not set(safe) & set("/\\:\0")
    assert safe not in (".", "..")
    assert len(safe) <= 120


# Where a file is


@pytest.mark.parametrize(
    "url",
    [
        f"https://{const.FILE_HOSTS[0]}/production/uploads/x?X-Amz-Expires=1800",
        f"https://{const.FILE_HOSTS[0].upper()}:443/x",
        "https://thirdparty.qonto.com/files/x",
        "https://files.example:8443/x",
    ],
)
def test_files_are_fetched_from_the_banks_hosts(url):
    assert checked_file_url(url, PRODUCTION, ["files.example:8443"]) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://qonto.s3.eu-central-1.amazonaws.com/x",
        "https://qonto.s3.eu-central-1.amazonaws.com.evil.example/x",
        "https://evil.example@qonto.s3.eu-central-1.amazonaws.com/x",
        "https://qonto.s3.eu-central-1.amazonaws.com:8443/x",
        "https://qonto.s3.eu-central-1.amazonaws.com\\@evil.example/x",
        "http://127.0.0.1:8070/x",
        "http://169.254.169.254/latest/meta-data",
        "https://thirdparty.qonto.com:22/x",
        "http://thirdparty.qonto.com/x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https:///x",
        "https://[::1/x",
        "",
        "https://ev\nil.example/",
        None,
    ],
)
def test_a_file_elsewhere_is_not_asked_for(url):
    with pytest.raises(FileRefused) as caught:
        checked_file_url(url, PRODUCTION)
    assert caught.value.code == "other_host"


def test_this_machine_is_asked_only_where_the_bank_itself_is_on_it():
    assert checked_file_url("http://127.0.0.1:8070/files/x", HERE)
    for url in ("http://127.0.0.1:8069/files/x", "http://127.0.0.1/files/x", "http://localhost:8070/x"):
        with pytest.raises(FileRefused):
            checked_file_url(url, HERE)


@pytest.mark.parametrize("host", ["https://x", "a b", "*.amazonaws.com", "x/y", "@x"])
def test_what_is_no_host_is_no_host(host):
    with pytest.raises(ValueError, match="is not a host"):
        checked_hosts([host])


# Fetching


def test_statements_month_by_month(bank, client, main):
    (statement,) = client.list_statements(bank_account_id=main["id"]).statements
    assert statement.period == date(2026, 10, 1)
    again = client.get_statement(statement.id)
    assert again.period == statement.period
    file = client.download(again.file, accepted=(const.PDF,))
    assert (file.content_type, len(file.content)) == (const.PDF, statement.file.size)
    assert b"Statement 10-2026" in file.content
    assert client.list_statements(bank_account_id=main["id"], since=date(2026, 11, 5)).statements == ()
    with pytest.raises(NotFound):
        client.get_statement("unknown")


def test_a_receipt_is_what_its_bytes_are(bank, client, main):
    attachment = client.get_attachment(receipt(bank, main, content=PNG, file_name="lunch.pdf"))
    file = client.download(attachment.file)
    assert (file.content, file.content_type, file.name) == (PNG, const.PNG, "lunch.pdf.png")
    with pytest.raises(FileRefused) as caught:
        client.download(attachment.file, accepted=(const.PDF,))
    assert caught.value.code == "wrong_type"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>Sign in</html>", "wrong_type"), (b"MZ\x90", "wrong_type"), (b"<svg onload=x>", "wrong_type"),
        (b"", "empty"),
    ],
)  # fmt: skip
def test_what_is_no_receipt_by_its_bytes_is_refused(bank, client, main, content, code):
    attachment = client.get_attachment(receipt(bank, main, content=content))
    with pytest.raises(FileRefused) as caught:
        client.download(attachment.file)
    assert caught.value.code == code


def test_an_address_that_expired_says_so(bank, client, main):
    attachment = client.get_attachment(receipt(bank, main))
    bank.control("clock", advance_seconds=1800)
    with pytest.raises(LinkExpired):
        client.download(attachment.file)


def test_the_token_does_not_go_along(bank, client, main):
    attachment = client.get_attachment(receipt(bank, main))
    assert requests.get(attachment.file.url, headers={"Authorization": "Bearer x"}, timeout=9).status_code == 400
    assert client.download(attachment.file).content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "html"}, FileRefused),
        ({"kind": "status", "status": 404}, NotFound),
        ({"kind": "status", "status": 503}, ServerError),
        ({"kind": "status", "status": 302}, InvalidAnswer),
        ({"kind": "truncate"}, NetworkError),
        ({"kind": "drop"}, NetworkError),
        ({"kind": "delay", "seconds": 3}, NetworkError),
    ],
    ids=str,
)
def test_a_download_that_goes_wrong(bank, main, fault, error):
    with bank.client(timeout=(1.0, 1.0)) as client:
        attachment = client.get_attachment(receipt(bank, main))
        bank.fault("/files/", **fault)
        with pytest.raises(error):
            client.download(attachment.file)
        bank.control("faults", path_prefix="/never", kind="drop")
        assert client.download(attachment.file).content.startswith(b"%PDF-"), "the next time it is well"


def test_a_file_without_end_is_given_up(bank, client, main):
    attachment = client.get_attachment(receipt(bank, main))
    bank.fault("/files/", "huge")
    with pytest.raises(FileRefused) as caught:
        client.download(attachment.file)
    assert caught.value.code == "too_large"


def test_a_file_that_is_said_to_be_too_large_is_not_asked_for(bank, client):
    with pytest.raises(FileRefused) as caught:
        client.download(RemoteFile("x.pdf", const.PDF, const.MAX_FILE_BYTES + 1, f"{bank.url}/files/x"))
    assert caught.value.code == "too_large"


def test_a_redirect_is_not_followed(bank, client, main):
    attachment = client.get_attachment(receipt(bank, main))
    bank.fault("/v2/attachments", "alter", body=[{"set": ["attachment", "url"], "to": "http://169.254.169.254/x"}])
    with pytest.raises(FileRefused):
        client.download(client.get_attachment(attachment.id).file)
