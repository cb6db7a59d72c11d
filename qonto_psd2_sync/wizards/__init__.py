# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    qonto_balance_day,
    qonto_check,
    qonto_compare,
    qonto_connect,
    qonto_decide,
    qonto_delete,
    qonto_disconnect,
    qonto_find,
    qonto_map,
    qonto_map_fees,
    qonto_map_line,
    qonto_map_line_connect,
    qonto_move_journal,
    qonto_renewal,
    qonto_take_back,
)
