# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    test_application,
    test_booking,
    test_by_itself,
    test_check,
    test_connect,
    test_feed,
    test_map,
    test_match,
    test_rights,
    test_token,
    test_tours,
    test_translations,
)
