"""Checks each proof that is given, by itself and not by the engine's own means."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matching import LineFacts, OpenItem, Proof, ProofKind, Proposal


def holds(proof: Proof, line: LineFacts, proposal: Proposal, items: Mapping[int, OpenItem]) -> bool:
    """Whether what a proof says is so."""
    mine = [items[item_id] for item_id in proposal.item_ids]
    if proof.kind is ProofKind.TRANSFER:
        return bool(line.transfer_id) and all(item.transfer_id == line.transfer_id for item in mine)
    if proof.kind is ProofKind.IBAN:
        return bool(line.iban) and any(line.iban in item.ibans for item in mine)
    if proof.kind is ProofKind.AMOUNT:
        return sum(item.residual for item in mine) == line.amount
    if proof.kind is ProofKind.NUMBER:
        digits = re.sub(r"\D", "", " ".join(line.texts))
        return any(re.sub(r"\D", "", number) in digits for item in mine for number in item.numbers)
    return False
