# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which open items a bank line pays: facts in, ranked proposals with their proofs out. Pure Python.

Typical use::

    index = ItemIndex(items)
    for line in lines:
        for proposal in propose(line, index):
            print(proposal.item_ids, [proof.kind for proof in proposal.proofs], proposal.certain)

The rule (design, section 7): booked without asking is only what has two independent proofs and no rival; never on
amount alone, name alone or habit. How it decides, and how well: `docs/matching.md`.
"""

from .engine import propose
from .facts import ItemKind, LineFacts, OpenItem, Proof, ProofKind, Proposal, Rest
from .index import ItemIndex
from .names import STRONG as NAMES_AGREE
from .names import likeness, name_key
from .numbers import normalised, numbers_in

__all__ = [
    "NAMES_AGREE",
    "ItemIndex",
    "ItemKind",
    "LineFacts",
    "OpenItem",
    "Proof",
    "ProofKind",
    "Proposal",
    "Rest",
    "likeness",
    "name_key",
    "normalised",
    "numbers_in",
    "propose",
]
