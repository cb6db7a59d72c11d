# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    qonto_check,
    qonto_connect,
    qonto_delete,
    qonto_disconnect,
    qonto_map,
    qonto_map_fees,
    qonto_map_line,
    qonto_map_line_connect,
    qonto_renewal,
)
