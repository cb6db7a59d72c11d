"""How a bank line of each class comes about. The numbers are those of the corpus' description in `docs/matching.md`."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from . import references
from .books import CENT, MONTHS, Books, Partner, Row
from .noise import Garble


def _before(books: Books, day: date, at_most: int = 75) -> date:
    return day - timedelta(days=books.rng.randrange(5, at_most))


def _open(item: Row) -> Decimal:
    return Decimal(str(item["residual"]))


def _number(item: Row) -> str:
    return str(item["numbers"][0])


def _full(*items: Row) -> list[tuple[Row, Decimal]]:
    return [(item, _open(item)) for item in items]


def _part_of(amount: Decimal, rng: Random, low: float, high: float) -> Decimal:
    return (amount * Decimal(str(rng.uniform(low, high)))).quantize(CENT)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def exact(books: Books, day: date, disguise: tuple[Garble, ...] = (), kind: int = 1) -> None:
    """Exact number and exact amount; with a disguise: a number reformatted (2), or with one wrong character (3)."""
    partner = books.partner()
    item = books.document(partner, _before(books, day))
    number = books.rng.choice(disguise)(_number(item), books.rng) if disguise else _number(item)
    books.line(kind, day, _open(item), books.text("reference", n=number), partner, settles=_full(item))


def reformatted(books: Books, day: date) -> None:
    exact(books, day, books.noise.disguises, 2)


def typo(books: Books, day: date) -> None:
    exact(books, day, books.noise.typos, 3)


def structured(books: Books, day: date) -> None:
    """A structured reference; one in four with a wrong digit."""
    rng, partner = books.rng, books.partner(vendor=False)
    reference = references.structured(rng.choice((books.company.structured, "RF")), books.seq * 7 + 1)
    item = books.document(partner, _before(books, day))
    item["numbers"].append(reference)
    said = reference
    if rng.random() < 0.25:
        at = rng.randrange(4, len(said))
        said = said[:at] + rng.choice([digit for digit in "0123456789" if digit != said[at]]) + said[at + 1 :]
    text = books.text("structured", ref=references.grouped(said, rng))
    books.line(4, day, _open(item), text, partner, settles=_full(item))


def known_account(books: Books, day: date) -> None:
    partner = books.partner(known=True)
    item = books.document(partner, _before(books, day))
    books.line(5, day, _open(item), books.text("no_reference"), partner, settles=_full(item))


def name_only(books: Books, day: date) -> None:
    partner = books.partner(known=False)
    item = books.document(partner, _before(books, day))
    name = books.rng.choice(books.noise.names)(partner.name, books.rng)
    iban = partner.iban if books.rng.random() < 0.6 else None
    books.line(6, day, _open(item), books.text("no_reference"), partner, settles=_full(item), name=name, iban=iban)


def own_payment(books: Books, day: date) -> None:
    """A payment that was sent from the books: the bank names the transfer."""
    partner = books.partner(vendor=True)
    transfer = f"{books.company.key}-t{len(books.lines)}"
    items = [
        books.document(partner, _before(books, day), transfer_id=transfer)
        for _ in range(books.rng.choice((1, 1, 1, 2)))
    ]
    text = " ".join(map(_number, items)) if books.rng.random() < 0.7 else ""
    amount = sum(map(_open, items))
    books.line(7, day, amount, text, partner, settles=_full(*items), transfer_id=transfer)


def several(books: Books, day: date) -> None:
    """Several invoices, listed or as a range."""
    rng, partner = books.rng, books.partner()
    count, as_range = rng.choice((2, 2, 3, 4, 6)), rng.random() < 0.25 and not partner.vendor
    items = []
    for _ in range(max(count, 3) if as_range else count):
        if not as_range:
            books.background(day)
        items.append(books.document(partner, _before(books, day, 6 if as_range else 60)))
    numbers = list(map(_number, items))
    if as_range:
        text = books.text("ranges", first=numbers[0], last=numbers[-1])
    else:
        if rng.random() < 0.3 and not partner.vendor:  # the first in full, of the others the end
            numbers[1:] = [number[-4:] for number in numbers[1:]]
        text = books.text("listing", all=rng.choice(books.noise.joins[books.company.language]).join(numbers))
    books.line(8, day, sum(map(_open, items)), text, partner, settles=_full(*items))


def part(books: Books, day: date) -> None:
    partner = books.partner()
    item = books.document(partner, _before(books, day))
    amount = _part_of(_open(item), books.rng, 0.15, 0.7)
    books.line(9, day, amount, books.text("part", n=_number(item)), partner, settles=[(item, amount)])


def discount(books: Books, day: date) -> None:
    """Early-payment discount taken: two in three inside its terms."""
    rng, partner = books.rng, books.partner()
    inside = rng.random() < 0.67
    made = day - timedelta(days=rng.randrange(2, 13) if inside else rng.randrange(16, 40))
    item = books.document(partner, made)
    amount = (_open(item) * rng.choice((Decimal("0.98"), Decimal("0.97")))).quantize(CENT)
    item["discount_date"], item["discount_amount"] = (made + timedelta(days=14)).isoformat(), str(amount)
    text = books.text("discount", n=_number(item)) if rng.random() < 0.85 else books.text("no_reference")
    settled = _open(item) if inside else amount
    rest = "discount" if inside else "late_discount"
    books.line(10, day, amount, text, partner, settles=[(item, settled)], rest=rest)


def fee(books: Books, day: date) -> None:
    """A fee kept back of 3 to 25, or an amount in another currency with rounding."""
    rng, partner = books.rng, books.partner(vendor=False)
    item = books.document(partner, _before(books, day), books.amount() + 100)
    text = books.text("fee", n=_number(item)) if rng.random() < 0.85 else books.text("no_reference")
    if rng.random() < 0.6:
        amount = _open(item) - rng.randrange(300, 2500) * CENT
        books.line(11, day, amount, text, partner, settles=_full(item), rest="fee", operation_type="swift_income")
        return
    item["currency"] = "USD"
    local = _open(item) + rng.choice((0, 0, 0, -1, 1, 2)) * CENT
    amount = (local * Decimal("0.8643")).quantize(CENT)
    books.line(
        11,
        day,
        amount,
        text,
        partner,
        settles=_full(item),
        rest=None if local == _open(item) else "rounding",
        operation_type="swift_income",
        local_amount=str(local),
        local_currency="USD",
    )


def overpaid(books: Books, day: date) -> None:
    """Too much for one document, or a second payment of one that is paid."""
    rng, partner = books.rng, books.partner(vendor=False)
    if rng.random() < 0.6:
        item = books.document(partner, _before(books, day))
        amount = _open(item) + rng.choice((rng.randrange(5, 500) * CENT, rng.randrange(10, 300) * Decimal(1)))
        text = books.text("overpaid", n=_number(item))
        books.line(12, day, amount, text, partner, settles=_full(item), rest="overpaid")
        return
    paid = books.number(partner, _before(books, day))
    amount = books.amount()
    if rng.random() < 0.4:  # a subscription: the next month's invoice is open with the same amount
        books.document(partner, _before(books, day, 20), amount, twin=True)
    books.line(12, day, amount, books.text("twice", n=paid[0]), partner)


def twins(books: Books, day: date) -> None:
    """Several open documents of one amount: of one customer, or of several with a like name."""
    rng = books.rng
    amount = books.amount()
    known = rng.random() < 0.6
    partner = books.partner(vendor=False, known=known)
    items = [books.document(partner, _before(books, day), amount, twin=True) for _ in range(rng.choice((2, 2, 3)))]
    if rng.random() < 0.4:
        other = books.partner(vendor=False)
        books.document(other, _before(books, day), amount, twin=True)
    oldest = min(items, key=lambda item: str(item["date"]))
    paid = oldest if rng.random() < 0.7 else rng.choice(items)
    said = rng.random() < 0.4
    text = books.text("reference", n=_number(paid)) if said else books.text("no_reference")
    books.line(13, day, amount, text, partner, settles=_full(paid))


def wrong_reference(books: Books, day: date) -> None:
    """Somebody else's number, a paid document's, or an order number that is another document's too."""
    rng = books.rng
    partner, other = books.partner(vendor=False, known=rng.random() < 0.8), books.partner(vendor=False)
    while other == partner:
        other = books.partner(vendor=False)
    amount, way = books.amount(), rng.random()
    theirs = books.document(other, _before(books, day), amount if rng.random() < 0.3 else None, twin=True)
    if way < 0.4:
        own = books.document(partner, _before(books, day), amount, twin=True)
        books.line(14, day, amount, books.text("reference", n=_number(theirs)), partner, settles=_full(own))
    elif way < 0.7:
        paid = books.number(partner, _before(books, day))[0]
        books.document(partner, _before(books, day), amount if rng.random() < 0.5 else None, twin=True)
        books.line(14, day, amount, books.text("reference", n=paid), partner)
    else:
        own = books.document(partner, _before(books, day), amount, twin=True)
        order = _number(theirs) if rng.random() < 0.3 else _digits(_number(theirs))
        books.line(14, day, amount, books.text("order", order=order), partner, settles=_full(own))


def third_party(books: Books, day: date) -> None:
    """Somebody else pays, or a payment provider pays out net of its fees."""
    rng, payer = books.rng, books.partner(vendor=False)
    partner = books.partner(vendor=False)
    if rng.random() < 0.55:
        item = books.document(partner, _before(books, day))
        name = payer.name if rng.random() < 0.5 else f"Dr. {payer.name.split()[0]} Treuhand"
        text = books.text("third_party", n=_number(item), name=partner.name)
        iban = references.iban(books.company.iban_country, rng)
        books.line(15, day, _open(item), text, settles=_full(item), name=name, iban=iban)
        return
    items = [books.document(books.partner(vendor=False), _before(books, day, 20)) for _ in range(rng.choice((1, 2, 3)))]
    gross = sum(map(_open, items))
    net = (gross * Decimal("0.986")).quantize(CENT) - Decimal("0.25") * len(items)
    iban = references.iban("NL", rng)
    if rng.random() < 0.55:
        label, text = rng.choice(books.noise.psp)
        text = text.format(all=" ".join(map(_number, items)))
        books.line(15, day, net, text, settles=_full(*items), rest="fee", name=label, iban=iban)
    else:
        label, text = rng.choice(books.noise.psp_silent)
        text = text.format(digits=rng.randrange(10**7, 10**8))
        books.line(15, day, net, text, settles=_full(*items), rest="fee", name=label, iban=iban)


def netted(books: Books, day: date) -> None:
    """Invoices less a credit note, which is named or not."""
    rng, partner = books.rng, books.partner()
    items = [books.document(partner, _before(books, day)) for _ in range(rng.choice((1, 1, 2)))]
    credit = books.document(
        partner, _before(books, day, 30), _part_of(abs(sum(map(_open, items))), rng, 0.05, 0.4), credit=True
    )
    joined = rng.choice(books.noise.joins[books.company.language]).join(map(_number, items))
    if rng.random() < 0.65:
        text = books.text("credit", all=joined, credit=_number(credit))
    else:
        text = books.text("credit_silent", all=joined)
    books.line(16, day, sum(map(_open, items)) + _open(credit), text, partner, settles=_full(*items, credit))


def bulk(books: Books, day: date) -> None:
    """One debit for many bills: our own order, a vendor's collection, or a bank's batch without an id."""
    rng, way = books.rng, books.rng.random()
    if way < 0.4:
        transfer = f"{books.company.key}-b{len(books.lines)}"
        items = [
            books.document(books.partner(vendor=True), _before(books, day), transfer_id=transfer)
            for _ in range(rng.randrange(3, 25))
        ]
        text = books.text("bulk_silent", count=len(items))
        books.line(
            17,
            day,
            sum(map(_open, items)),
            text,
            settles=_full(*items),
            name=books.company.name,
            iban=None,
            transfer_id=transfer,
        )
    elif way < 0.8:
        partner = books.partner(vendor=True)
        items = [books.document(partner, _before(books, day)) for _ in range(rng.randrange(3, 8))]
        joined = rng.choice(books.noise.joins[books.company.language]).join(map(_number, items))
        text = books.text("bulk", all=joined) if rng.random() < 0.7 else books.text("no_reference")
        books.line(17, day, sum(map(_open, items)), text, partner, settles=_full(*items), operation_type="direct_debit")
    else:
        items = [books.document(books.partner(vendor=True), _before(books, day)) for _ in range(rng.randrange(2, 6))]
        text = books.text("bulk_silent", count=len(items))
        amount = sum(map(_open, items))
        books.line(17, day, amount, text, settles=_full(*items), name=books.company.name, iban=None)


def no_match(books: Books, day: date) -> None:
    """Fees, tax, wages, card spend, own transfers."""
    rng = books.rng
    kind = rng.choice(books.noise.no_match[books.company.language])
    amount = Decimal(rng.randrange(kind.low * 100, kind.high * 100)) * CENT
    if rng.random() < 0.2:
        amount = amount.quantize(Decimal(1)).quantize(CENT)
    text = kind.reference.format(month=MONTHS[day.month - 1], digits=rng.randrange(10**5, 10**8))
    iban = None
    if kind.label == books.company.name:
        iban = books.second_iban
    elif kind.operation_type in ("transfer", "direct_debit", "income"):
        iban = references.iban(books.company.iban_country, rng)
    books.line(
        18,
        day,
        amount if kind.side == "credit" else -amount,
        text,
        name=kind.label,
        iban=iban,
        operation_type=kind.operation_type,
    )


def returned(books: Books, day: date) -> None:
    """A transfer that was sent and comes back: what it paid is open again."""
    rng, partner = books.rng, books.partner(vendor=True)
    item = books.document(partner, _before(books, day, 40))
    item["kind"], item["residual"] = "sent", str(-_open(item))
    if rng.random() < 0.5:
        item["transfer_id"] = f"{books.company.key}-t{len(books.lines)}"
    text = books.text("returned", n=_number(item), name=partner.name)
    books.line(19, day, _open(item), text, partner, settles=_full(item), rest="returned")


def trap(books: Books, day: date) -> None:
    """A document's digits inside something else, a short number, another amount in the text."""
    rng = books.rng
    partner, other = books.partner(vendor=False, known=rng.random() < 0.8), books.partner(vendor=False)
    bait = books.document(other, _before(books, day))
    way = rng.random()
    if way < 0.5:
        text = books.text("traps", digits=_digits(_number(bait))[-rng.choice((4, 5, 6, 7)) :])
    elif way < 0.75:
        text = books.text("short", short=f"{books.rng.randrange(100, 1000)}")
    else:
        text = books.text("quoted", amount=f"{_open(bait):.2f}".replace(".", ","))
    if rng.random() < 0.5:
        own = books.document(partner, _before(books, day))
        books.line(20, day, _open(own), text, partner, settles=_full(own))
    else:
        stranger = Partner(
            "", f"{rng.choice(('Dieter', 'Anne', 'Luis', 'Carla'))} {partner.name.split()[-1]}", "", False, False, ""
        )
        amount = _open(bait) if way < 0.75 and rng.random() < 0.2 else books.amount()
        books.line(20, day, amount, text, stranger, iban=references.iban(books.company.iban_country, rng))


CLASSES = {
    1: exact,
    2: reformatted,
    3: typo,
    4: structured,
    5: known_account,
    6: name_only,
    7: own_payment,
    8: several,
    9: part,
    10: discount,
    11: fee,
    12: overpaid,
    13: twins,
    14: wrong_reference,
    15: third_party,
    16: netted,
    17: bulk,
    18: no_match,
    19: returned,
    20: trap,
}
NAMES = {
    1: "exact number and amount",
    2: "number reformatted",
    3: "one character wrong",
    4: "structured reference",
    5: "known account, no reference",
    6: "name only",
    7: "own payment",
    8: "several documents",
    9: "part payment",
    10: "early-payment discount",
    11: "fee kept back, foreign currency",
    12: "overpaid or paid twice",
    13: "twins",
    14: "wrong reference",
    15: "third-party payer, payment provider",
    16: "credit note netted",
    17: "bulk debit",
    18: "no document",
    19: "returned transfer",
    20: "traps",
}
