# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Pure tests import the addon's pure packages as top-level ones: no Odoo is needed to run them."""

import sys
from pathlib import Path

ADDON = Path(__file__).resolve().parents[2]
if str(ADDON) not in sys.path:
    sys.path.insert(0, str(ADDON))
