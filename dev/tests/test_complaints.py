"""A log's warnings are found, whole, and nothing else."""

from devtools import systems

LOG = """\
2026-03-01 10:00:00,000 12 INFO base odoo.modules: WARNING as a word
2026-03-01 10:00:00,001 12 WARNING base odoo.addons.x: a field
without a label
2026-03-01 10:00:00,002 12 INFO base odoo.modules: done
2026-03-01 10:00:00,003 12 ERROR ? odoo.http: failed
"""


def test_a_complaint_comes_with_the_lines_that_belong_to_it() -> None:
    assert systems.complaints(LOG) == [
        "2026-03-01 10:00:00,001 12 WARNING base odoo.addons.x: a field\nwithout a label",
        "2026-03-01 10:00:00,003 12 ERROR ? odoo.http: failed",
    ]


def test_a_quiet_log_has_none() -> None:
    assert systems.complaints("2026-03-01 10:00:00,000 12 INFO base odoo.modules: done\n") == []
