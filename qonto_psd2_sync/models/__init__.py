# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import qonto_application
from . import qonto_consent
from . import qonto_token
from . import qonto_account
from . import qonto_account_sync
from . import qonto_transaction
from . import qonto_sync_run
from . import account_bank_statement_line
from . import account_journal
