"""Invented IBANs with right check digits (ISO 13616, mod 97)."""

from __future__ import annotations

from random import Random

# Country: pattern of the rest; ``9`` a digit, ``A`` a letter. Lengths as in the IBAN registry.
PATTERNS = {
    "DE": "999999999999999999",
    "AT": "9999999999999999",
    "NL": "AAAA9999999999",
}

# Eight invented bank codes and BICs for German counterparties, so that a payee keeps a bank.
GERMAN_BANKS = [
    ("20090099", "NOKADEH1XXX"),
    ("29070088", "WESBDE2BXXX"),
    ("10040077", "SPREDEB1XXX"),
    ("70050066", "ISARDEM1XXX"),
    ("50080055", "MAINDEF1XXX"),
    ("37060044", "RHEIDED1XXX"),
]

HOUSE_CODE, HOUSE_BIC = "10099000", "SIMUDEB2XXX"


def check_digits(country: str, rest: str) -> str:
    text = rest + country + "00"
    number = int("".join(str(int(char, 36)) for char in text))
    return f"{98 - number % 97:02d}"


def assemble(country: str, rest: str) -> str:
    return f"{country}{check_digits(country, rest)}{rest}"


def is_valid(iban: str) -> bool:
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def german(rng: Random) -> tuple[str, str]:
    """Return an IBAN and the BIC of its invented bank."""
    code, bic = rng.choice(GERMAN_BANKS)
    return assemble("DE", code + f"{rng.randrange(10**10):010d}"), bic


def foreign(rng: Random, country: str) -> tuple[str, str]:
    rest = "".join(
        str(rng.randrange(10)) if sign == "9" else rng.choice("ABCDEFGHKLMNPRSTVW") for sign in PATTERNS[country]
    )
    return assemble(country, rest), f"FREM{country}2AXXX"


def house(rng: Random) -> str:
    """Return an IBAN of the stand-in bank itself."""
    return assemble("DE", HOUSE_CODE + f"{rng.randrange(10**10):010d}")
