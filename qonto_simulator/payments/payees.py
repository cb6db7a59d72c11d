"""Payees: beneficiaries known to an organization, and the check of name and IBAN (sections 10 and 11)."""

from __future__ import annotations

import difflib
import re
import unicodedata
from datetime import timedelta
from typing import Any

from ..bank import Bank
from ..model import Organization
from .records import Beneficiary, Payee, Proof

PROOF_LIFE = timedelta(hours=23)
MATCH, CLOSE_MATCH, NO_MATCH, NOT_POSSIBLE, UNSPECIFIED = (
    f"MATCH_RESULT_{word}" for word in ("MATCH", "CLOSE_MATCH", "NO_MATCH", "NOT_POSSIBLE", "UNSPECIFIED")
)
RESULTS = (MATCH, CLOSE_MATCH, NO_MATCH, NOT_POSSIBLE, UNSPECIFIED)
CLOSE_ENOUGH = 0.8

# The two IBANs and the name that the sandbox's pages give as an example of a match.
SAMPLE_NAME = "Default Match Person"
SAMPLES = ("FR7616958000014849440866435", "FR7610002006000000141790000")

_LEGAL_FORM = re.compile(r"\b(gmbh|ggmbh|ag|kg|ohg|ug|se|e ?v|gbr|bv|b v|sarl|sas|srl|spa|ltd|inc|co|und|and)\b")


def holder_of(bank: Bank, iban: str) -> str | None:
    """Return who owns an account, as far as any bank would say."""
    known = bank.store.payees.get(iban)
    if known and known.holder:
        return known.holder
    if iban in SAMPLES:
        return SAMPLE_NAME
    for partner in bank.store.partners:
        if partner.iban == iban:
            return partner.name
    for account in bank.store.accounts:
        if account.iban == iban:
            return bank.organization(account.organization_id).legal_name
    return None


def verify(bank: Bank, iban: str, name: str) -> dict[str, Any]:
    """Compare a name with an account's holder; ``matched_name`` only where it is close."""
    told = bank.store.payees.get(iban)
    if told and told.vop_result:
        return {"match_result": told.vop_result, "matched_name": told.matched_name}
    holder = holder_of(bank, iban)
    if holder is None:
        return {"match_result": NOT_POSSIBLE, "matched_name": None}
    given, right = _plain(name), _plain(holder)
    if given == right:
        return {"match_result": MATCH, "matched_name": None}
    alike = difflib.SequenceMatcher(None, _bare(given), _bare(right)).ratio()
    if alike >= CLOSE_ENOUGH:
        return {"match_result": CLOSE_MATCH, "matched_name": holder}
    return {"match_result": NO_MATCH, "matched_name": None}


def _plain(name: str) -> str:
    """Fold case, umlauts and punctuation: what any two banks would call the same name."""
    folded = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("&", " und ")
    folded = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", folded).split())


def _bare(plain: str) -> str:
    return " ".join(_LEGAL_FORM.sub(" ", plain).split())


# === PROOFS === #


def new_proof(bank: Bank, organization: Organization, payees: list[tuple[str, str]], *, bulk: bool) -> Proof:
    now = bank.clock.now()
    proof = Proof(
        token=bank.new_secret("vop_"),
        organization_id=organization.id,
        payees=sorted(f"{iban}|{name}" for iban, name in payees),
        created_at=now,
        expires_at=now + PROOF_LIFE,
        bulk=bulk,
    )
    return bank.store.proofs.save(proof)


def unused_proofs(bank: Bank, organization: Organization) -> int:
    """Count the checks of the last hour that no transfer followed."""
    since = bank.clock.now() - timedelta(hours=1)
    mine = [p for p in bank.store.proofs if p.organization_id == organization.id]
    return sum(proof.used_at is None and proof.created_at > since for proof in mine)


def proof_problem(bank: Bank, organization: Organization, token: str, payees: list[tuple[str, str]]) -> str | None:
    """Return why a proof does not cover exactly these payees, None when it does."""
    proof = bank.store.proofs.get(token)
    if proof is None or proof.organization_id != organization.id:
        return "vop_proof_token is invalid"
    if bank.clock.now() >= proof.expires_at:
        return "vop_proof_token has expired"
    if proof.used_at:
        return "vop_proof_token has already been used"
    if proof.payees != sorted(f"{iban}|{name}" for iban, name in payees):
        return "vop_proof_token was issued for other payees"
    return None


def spend_proof(bank: Bank, token: str) -> None:
    proof = bank.store.proofs.rows[token]
    proof.used_at = bank.clock.now()
    bank.store.proofs.save(proof)


# === BENEFICIARIES === #


def by_iban(bank: Bank, organization: Organization, iban: str) -> Beneficiary | None:
    mine = [b for b in bank.store.beneficiaries if b.organization_id == organization.id]
    return next((beneficiary for beneficiary in mine if beneficiary.iban == iban), None)


def keep(bank: Bank, organization: Organization, facts: dict[str, Any]) -> Beneficiary:
    """Add a payee, or **rename** the one with this IBAN to what is given (section 10)."""
    now, known = bank.clock.now(), by_iban(bank, organization, facts["iban"])
    if known is None:
        known = Beneficiary(bank.new_id(), organization.id, facts["name"], facts["iban"], now, now)
    for name in ("name", "bic", "email", "activity_tag"):
        if facts.get(name) is not None:
            setattr(known, name, facts[name])
    known.updated_at = now
    return bank.store.beneficiaries.save(known)


def fate_of(bank: Bank, iban: str) -> Payee | None:
    """Return what befalls a transfer to this IBAN, counting it."""
    payee = bank.store.payees.get(iban)
    if payee is None or payee.fate is None or payee.times == 0:
        return None
    if payee.times is not None:
        payee.times -= 1
        bank.store.payees.save(payee)
    return payee
