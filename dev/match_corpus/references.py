"""Bank accounts and structured payment references with right and with wrong check digits."""

from random import Random

# Digits after the check digits; enough like the real ones for a matcher, which sees no bank behind them.
IBAN_DIGITS = {"DE": 18, "FR": 23, "ES": 20, "IT": 23, "NL": 14, "AT": 16, "BE": 12}


def iban(country: str, rng: Random) -> str:
    """Return an account number with right check digits."""
    account = "".join(rng.choice("0123456789") for _ in range(IBAN_DIGITS[country]))
    return f"{country}{98 - _mod97(account + country + '00'):02d}{account}"


def structured(kind: str, seq: int) -> str:
    """Return a payment reference as a document prints it."""
    if kind == "RF":
        body = f"{260000000 + seq}"
        return f"RF{98 - _mod97(body + 'RF00'):02d}{body}"
    if kind == "BE":
        body = f"{7260000000 + seq}"
        return f"{body}{int(body) % 97 or 97:02d}"
    body = f"{26 * 10**23 + seq:026d}"
    return body + str(_mod10_recursive(body))


def grouped(reference: str, rng: Random) -> str:
    """Return a reference as people write it: in groups, or as it is."""
    if reference.startswith("RF"):
        groups = [reference[at : at + 4] for at in range(0, len(reference), 4)]
        return rng.choice((reference, " ".join(groups)))
    if len(reference) == 12:
        return rng.choice((reference, f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"))
    head = len(reference) % 5
    groups = [reference[:head], *(reference[at : at + 5] for at in range(head, len(reference), 5))]
    return rng.choice((reference, " ".join(filter(None, groups))))


def _mod97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _mod10_recursive(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return (10 - carry) % 10
