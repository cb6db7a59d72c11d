"""What the scripts in `dev/` are made of. Plain Python, nothing outside the standard library."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - this is where an older one is told
    sys.exit("Odoo 19 needs Python 3.10 or newer, and python3 is older here. Put a newer one first in PATH.")
