# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_application
from . import test_booking
from . import test_check
from . import test_connect
from . import test_token
from . import test_feed
from . import test_tours
from . import test_translations
from . import test_map
