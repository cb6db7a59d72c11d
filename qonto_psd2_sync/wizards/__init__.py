# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import qonto_check
from . import qonto_connect
from . import qonto_map
