# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One line among ten thousand open items. The long form, in Odoo too: `./dev/bench match`."""

import time
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from matching import ItemIndex, LineFacts, OpenItem, propose

DAY = date(2026, 11, 16)


def test_a_line_is_answered_in_a_tenth_of_a_second_among_ten_thousand_items():
    rng = Random(1)
    items = [
        OpenItem(
            at, at % 500, Decimal(rng.randrange(1000, 900_000)) / 100 * rng.choice((1, -1)), "EUR",
            (f"RE/2026/{at:05d}",), DAY - timedelta(days=at % 90), frozenset({f"DE{at % 500:020d}"}),
            names=(f"Haus {at % 500:03d} Nord GmbH",),
        )
        for at in range(10_000)
    ]
    index, seconds = ItemIndex(items), []
    for item in rng.sample(items, 200):
        name = item.names[0]
        said = rng.choice((item.numbers[0], "Danke", item.numbers[0][-5:], "Kundennummer 4711 vom 3.10.2026"))
        line = LineFacts(
            1, item.residual, "EUR", (f"{name} - {said}", said), DAY, rng.choice((None, *item.ibans)), name=name
        )
        began = time.process_time()
        propose(line, index)
        seconds.append(time.process_time() - began)
    assert sorted(seconds)[int(0.95 * len(seconds))] < 0.1
