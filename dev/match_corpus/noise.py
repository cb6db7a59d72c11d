"""What a set of noise templates consists of.

Templates are format strings. `{n}` is a document's number as somebody wrote it, `{all}` a list of them, `{name}` a
name, `{amount}` an amount; what else a template may hold stands beside its field.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

Garble = Callable[[str, Random], str]
Texts = Mapping[str, tuple[str, ...]]  # by language: de, fr, es, it


@dataclass(frozen=True)
class Company:
    """Whose books these are: numbering as format strings with `{seq}`, `{month}`."""

    key: str
    name: str
    language: str
    invoice: str
    credit_note: str
    iban_country: str
    structured: str  # of its payment references: "RF", "BE", "CH", …


@dataclass(frozen=True)
class NoMatch:
    """A bank line that no document explains. Templates may hold `{month}`, `{digits}`, `{iban}`."""

    label: str
    reference: str
    operation_type: str
    low: int
    high: int
    side: str = "debit"


@dataclass(frozen=True)
class Noise:
    """One split's templates."""

    companies: tuple[Company, ...]
    people: tuple[str, ...]  # names of partners, without legal form
    legal_forms: Texts
    vendor_numbers: tuple[str, ...]  # format strings with {seq}, {year}, {month}
    reference: Texts  # {n}
    disguises: tuple[Garble, ...]  # number → number reformatted
    typos: tuple[Garble, ...]  # number → number with one wrong character
    structured: Texts  # {ref}
    no_reference: Texts
    names: tuple[Garble, ...]  # name → name as a bank shows it
    listing: Texts  # {all}
    joins: Texts  # between the numbers of a list
    ranges: Texts  # {first}, {last}
    part: Texts  # {n}
    discount: Texts  # {n}
    fee: Texts  # {n}
    overpaid: Texts  # {n}
    twice: Texts  # {n}
    third_party: Texts  # {n}, {name}
    psp: tuple[tuple[str, str], ...]  # label, reference with {all}
    psp_silent: tuple[tuple[str, str], ...]  # label, reference with {digits}
    credit: Texts  # {all}, {credit}
    credit_silent: Texts  # {all}
    bulk: Texts  # {all}
    bulk_silent: Texts  # {count}
    returned: Texts  # {n}, {name}
    order: Texts  # {order}: a number that looks like a document's
    traps: Texts  # {digits}: a document's digits inside something else
    short: Texts  # {short}: three digits
    quoted: Texts  # {amount}: another amount than the line's
    no_match: Mapping[str, tuple[NoMatch, ...]]
