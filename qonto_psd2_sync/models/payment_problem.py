# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why money may not move, as data; `payment_words.py` has the sentences."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One reason.

    :ivar code: a word of `payment_words`
    :ivar transfer: the `qonto.transfer` that it is about; None: the whole order
    :ivar facts: plain values for the sentence
    :ivar decidable: a person with the right *Send* may go on, with a reason that is kept
    :ivar about: what such a decision is about, where that is less than all facts
    """

    code: str
    transfer: Any = None
    facts: dict = field(default_factory=dict)
    decidable: bool = False
    about: Any = None

    @property
    def key(self) -> str:
        """What a decision is about. When that changes, the decision counts no more."""
        about = self.facts if self.about is None else self.about
        return hashlib.sha256(json.dumps([self.code, about], sort_keys=True, default=str).encode()).hexdigest()
