"""Payee checks and beneficiaries at the stand-in (sections 10 and 11)."""

from __future__ import annotations

from typing import Any

import pytest

from .driver import Driver, Session
from .good_calls import PAYEE, PROVEN, UUID, bulk_proof, key, transfer_body

RESULTS = ["MATCH", "CLOSE_MATCH", "NO_MATCH", "NOT_POSSIBLE", "UNSPECIFIED"]
UNKNOWN_IBAN = "DE02120300000000202051"


def verify(session: Session, name: str, iban: str = UNKNOWN_IBAN) -> Any:
    return session.post("/sepa/verify_payee", {"iban": iban, "beneficiary_name": name})


def test_names_are_compared_with_the_holder(driver: Driver, session: Session):
    partner = driver.control("GET", "/documents")["partners"][0]
    own = session.account()["iban"]

    def result(name: str, iban: str) -> tuple[str, str | None]:
        body = verify(session, name, iban).json()
        return body["match_result"].removeprefix("MATCH_RESULT_"), body["matched_name"]

    assert result(partner["name"], partner["iban"]) == ("MATCH", None)
    assert result(partner["name"].upper(), partner["iban"]) == ("MATCH", None)
    assert result(partner["name"].rsplit(" ", 1)[0], partner["iban"]) == ("CLOSE_MATCH", partner["name"])
    assert result("Somebody Else", partner["iban"]) == ("NO_MATCH", None)
    assert result("Anybody", UNKNOWN_IBAN) == ("NOT_POSSIBLE", None)
    assert result("Halvering Lichttechnik GmbH", own) == ("MATCH", None)
    driver.control("POST", "/payees", {"iban": UNKNOWN_IBAN, "holder": "Elbe Kabel GmbH"})
    assert result("ELBE-KABEL GmbH", UNKNOWN_IBAN) == ("MATCH", None)


@pytest.mark.parametrize("word", RESULTS)
def test_every_result_can_be_had_and_its_proof_pays(driver: Driver, session: Session, word):
    wanted = f"MATCH_RESULT_{word}"
    driver.control("POST", "/payees", {"iban": PAYEE["iban"], "vop_result": wanted, "matched_name": "N. N."})
    answer = verify(session, PAYEE["name"], PAYEE["iban"]).json()
    assert (answer["match_result"], answer["matched_name"]) == (wanted, "N. N.")
    body = {**transfer_body(driver, session), "vop_proof_token": answer["proof_token"]["token"]}
    assert session.post("/sepa/transfers", body, **key()).status_code == 200


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_REQUEST_ERROR_RESPONDING_BANK_NOT_AVAILABLE"),
        (500, "INTERNAL_SERVER_ERROR_4XX_RESPONDING_BANK"),
        (501, "NOT_IMPLEMENTED_ERROR_FEATURE_NOT_AVAILABLE"),
        (502, "BAD_GATEWAY_ERROR_RESPONDING_BANK"),
        (504, "GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK"),
    ],
)
def test_other_bank_fails_and_the_proof_is_usable(driver: Driver, session: Session, status, code):
    failing = {"iban": PAYEE["iban"], "vop_error": code, "vop_status": status}
    driver.control("POST", "/payees", failing)
    answer = verify(session, PAYEE["name"], PAYEE["iban"])
    item = answer.json()["errors"][0]
    assert (answer.status_code, item["code"], item["status"]) == (status, code, str(status))
    driver.control("DELETE", "/payees")
    body = {**transfer_body(driver, session), "vop_proof_token": item["meta"]["proof_token"]["token"]}
    assert session.post("/sepa/transfers", body, **key()).status_code == 200
    driver.control("POST", "/payees", {**failing, "vop_token": False})
    assert "meta" not in verify(session, PAYEE["name"], PAYEE["iban"]).json()["errors"][0]


def test_bulk_gives_mixed_results_and_one_proof(driver: Driver, session: Session):
    driver.control("POST", "/payees", {"iban": UNKNOWN_IBAN, "vop_error": "GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"})
    requests = [
        {"id": "a", "beneficiary_name": PAYEE["name"], "iban": PAYEE["iban"]},
        {"id": "b", "beneficiary_name": "Nobody", "iban": UNKNOWN_IBAN},
    ]
    answer = session.post("/sepa/bulk_verify_payee", {"requests": requests}).json()
    first, second = answer["requests"]
    assert first == {"id": "a", "response": {"match_result": "MATCH_RESULT_MATCH", "matched_name": None}}
    assert second == {"id": "b", "error_code": "SINGLE_REQUEST_ERROR_CODE_GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"}
    driver.control("POST", "/policy", {"bulk_vop_error_code": False, "proof_token_text": True})
    answer = session.post("/sepa/bulk_verify_payee", {"requests": requests}).json()
    assert answer["requests"][1]["error"] == {"code": "GATEWAY_TIMEOUT_ERROR_UNSPECIFIED"}
    assert isinstance(answer["proof_token"], str)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": [{"id": "a", "beneficiary_name": "x", "iban": "DE00"}]},
        {"requests": [{"id": "a", "beneficiary_name": "", "iban": UNKNOWN_IBAN}]},
        {"requests": [{"id": "a", "beneficiary_name": "x" * 141, "iban": UNKNOWN_IBAN}]},
        {"requests": [{"id": "a", "beneficiary_name": "x", "iban": UNKNOWN_IBAN}] * 2},
        {"requests": [{"id": str(n), "beneficiary_name": "x", "iban": UNKNOWN_IBAN} for n in range(401)]},
    ],
)
def test_wrong_bulk_checks_are_refused(session: Session, body):
    assert session.post("/sepa/bulk_verify_payee", body).status_code == 400


def test_checks_without_transfers_are_limited(driver: Driver, session: Session):
    driver.control("POST", "/policy", {"unused_vop_per_hour": 2})
    body = transfer_body(driver, session)
    bulk_proof(session, [PAYEE])
    assert verify(session, "x").status_code == 429
    assert session.post("/sepa/transfers", body, **key()).status_code == 200
    assert verify(session, "x").status_code == 200
    driver.advance(hours=1)
    assert verify(driver.connect(), "x").status_code == 200


# === BENEFICIARIES === #


def test_created_beneficiary_is_untrusted_and_found_by_iban(session: Session):
    made = session.post("/sepa/beneficiaries", {"beneficiary": PAYEE}, **key())
    assert made.status_code == 201
    beneficiary = made.json()["beneficiary"]
    assert (beneficiary["trusted"], beneficiary["status"]) == (False, "validated")
    found = session.get("/sepa/beneficiaries", **{"iban[]": [PAYEE["iban"]]}).json()
    assert found["beneficiaries"] == [beneficiary]
    assert found["meta"]["per_page"] == 25
    assert session.get("/sepa/beneficiaries", trusted="true").json()["beneficiaries"] == []
    assert session.get("/sepa/beneficiaries", **{"status[]": ["declined"]}).json()["beneficiaries"] == []


def test_sandbox_nests_the_account(driver: Driver, session: Session):
    driver.control("POST", "/policy", {"nest_beneficiary_account": True})
    made = session.post("/sepa/beneficiaries", {"beneficiary": PAYEE}, **key()).json()["beneficiary"]
    assert made["bank_account"]["iban"] == PAYEE["iban"]
    assert "iban" not in made


def test_iban_never_changes(session: Session):
    made = session.post("/sepa/beneficiaries", {"beneficiary": PAYEE}, **key()).json()["beneficiary"]
    path = f"/v2/sepa/beneficiaries/{made['id']}"
    body = {"beneficiary": {"iban": UNKNOWN_IBAN}}
    assert session.http.patch(path, json=body, headers=session.headers).status_code == 400
    renamed = session.http.patch(path, json={"beneficiary": {"name": "New"}}, headers=session.headers)
    assert renamed.json()["beneficiary"] | {"name": "New", "iban": PAYEE["iban"]} == renamed.json()["beneficiary"]


def test_trust_needs_its_scope_and_an_approval(driver: Driver, session: Session):
    body = {"ids": [driver.control("POST", "/beneficiaries", PAYEE)["beneficiary"]["id"]]}
    path = "/v2/sepa/beneficiaries/trust"
    assert session.http.patch(path, json=body, headers=session.headers).status_code == 403
    scopes = ["openid", "organization.read", "payment.write", "beneficiary.trust"]
    driver.control("POST", "/policy", {"allowed_scopes": scopes})
    partner = driver.connect(scope=" ".join(scopes))
    asked = partner.http.patch(path, json=body, headers=partner.headers)
    assert (asked.status_code, asked.json()["action_type"]) == (428, "beneficiary.trust")
    driver.control("POST", "/sca", {"decision": "allow"})
    headers = {**partner.headers, PROVEN: asked.json()["sca_session_token"]}
    assert partner.http.patch(path, json=body, headers=headers).json()["beneficiaries"][0]["trusted"] is True
    after = partner.http.patch("/v2/sepa/beneficiaries/untrust", json=body, headers=partner.headers)
    assert after.json()["beneficiaries"][0]["trusted"] is False
    body = {"ids": [UUID.format(1)]}
    assert partner.http.patch(path, json=body, headers=partner.headers).status_code == 400
