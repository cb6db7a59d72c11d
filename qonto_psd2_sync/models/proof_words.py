# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What each proof and each rest says, in words that a person can check."""

from odoo import fields
from odoo.tools import format_date

from ..matching import Proof, ProofKind, Proposal, Rest


def proof_in_words(env, proof: Proof) -> str:
    """Return what a proof says, for the person who checks it."""
    number, name = proof.detail, proof.detail
    day = format_date(env, fields.Date.to_date(proof.detail)) if proof.kind is ProofKind.DISCOUNT else ""
    words = {
        ProofKind.TRANSFER: env._("sent from Odoo as this transfer"),
        ProofKind.NUMBER: env._("number %(number)s in the text", number=number),
        ProofKind.STRUCTURED: env._("payment reference %(number)s in the text, check digits right", number=number),
        ProofKind.IBAN: env._("account known as the partner's"),
        ProofKind.AMOUNT: env._("amount exact"),
        ProofKind.DISCOUNT: env._("amount exact with the discount until %(day)s", day=day),
        ProofKind.NAME: env._("name like %(name)s", name=name),
        ProofKind.CONFIRMED: env._("confirmed before: this name is %(name)s", name=name),
        ProofKind.NUMBER_PART: env._("part of the number %(number)s in the text", number=number),
        ProofKind.NUMBER_NEAR: env._("number %(number)s in the text, one character wrong", number=number),
        ProofKind.RETURNED: env._("the text says that a transfer comes back"),
    }
    return words[proof.kind]


def rest_in_words(env, proposal: Proposal) -> str:
    """Return why line and documents are not equal, empty when they are or when it is plain."""
    words = {
        Rest.FEE: env._("perhaps a fee was kept back"),
        Rest.LATE_DISCOUNT: env._("discount taken after its day"),
        Rest.ROUNDING: env._("rounding of another currency"),
    }
    return words.get(proposal.rest, "")
