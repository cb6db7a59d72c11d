"""Checks each proof that is given, by itself and not by the engine's own means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from difflib import SequenceMatcher

from matching import ItemKind, LineFacts, OpenItem, Proof, ProofKind, Proposal

Items = list[OpenItem]


def holds(proof: Proof, line: LineFacts, proposal: Proposal, items: Mapping[int, OpenItem]) -> bool:
    """Whether what a proof says is so."""
    return _CHECKS[proof.kind](proof, line, [items[item_id] for item_id in proposal.item_ids])


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _signs_dropped(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())


def _letters(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    text = "".join(character for character in text if character.isalpha())
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _transfer(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    return bool(line.transfer_id) and all(item.transfer_id == line.transfer_id for item in mine)


def _iban(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    return bool(line.iban) and all(line.iban in item.ibans for item in mine)


def _amount(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    amounts = {line.currency: line.amount, line.account_currency: line.account_amount}
    return sum(item.residual for item in mine) == amounts[mine[0].currency]


def _discount(proof: Proof, line: LineFacts, mine: Items) -> bool:
    less = [item.discount_amount if item.discount_amount is not None else item.residual for item in mine]
    return line.day <= date.fromisoformat(proof.detail) and sum(less) == line.amount


def _number(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    """Every item's number is there in full, character for character but for signs and case."""
    said = _signs_dropped(" ".join(line.texts))
    return all(any(_signs_dropped(number) in said for number in item.numbers) for item in mine)


def _part(proof: Proof, line: LineFacts, _mine: Items) -> bool:
    """Of each number that is told, a run of digits other than the year is there; zeros before it do not count."""
    said = [group.lstrip("0") for text in line.texts for group in re.findall(r"\d+", text)]
    return all(
        any(group.lstrip("0") in said for group in re.findall(r"\d+", number) if not _is_year(group))
        or _digits(number).lstrip("0") in "".join(said)
        for number in proof.detail.split(", ")
    )


def _is_year(digits: str) -> bool:
    return re.fullmatch(r"20[12]\d", digits) is not None


def _near(proof: Proof, line: LineFacts, _mine: Items) -> bool:
    said = _signs_dropped(" ".join(line.texts))
    return any(_closest(_signs_dropped(number), said) >= 0.8 for number in proof.detail.split(", "))


def _closest(number: str, said: str) -> float:
    """Return how like a number the likest piece of a text is."""
    return max(
        SequenceMatcher(None, number, said[at : at + len(number) + more], autojunk=False).ratio()
        for at in range(len(said))
        for more in (-1, 0, 1)
    )


def _name(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    shown = _letters(line.name)
    return all(
        any(
            match.size >= min(4, len(shown))
            for name in item.names
            for match in [SequenceMatcher(None, shown, _letters(name)).find_longest_match()]
        )
        for item in mine
    )


def _confirmed(_proof: Proof, line: LineFacts, mine: Items) -> bool:
    return all(item.partner_id in line.confirmed for item in mine)


def _returned(_proof: Proof, _line: LineFacts, mine: Items) -> bool:
    return all(item.kind is ItemKind.SENT for item in mine)


_CHECKS: dict[ProofKind, Callable[[Proof, LineFacts, Items], bool]] = {
    ProofKind.TRANSFER: _transfer, ProofKind.NUMBER: _number, ProofKind.STRUCTURED: _number, ProofKind.IBAN: _iban,
    ProofKind.AMOUNT: _amount, ProofKind.DISCOUNT: _discount, ProofKind.NAME: _name,
    ProofKind.CONFIRMED: _confirmed, ProofKind.NUMBER_PART: _part, ProofKind.NUMBER_NEAR: _near,
    ProofKind.RETURNED: _returned,
}
