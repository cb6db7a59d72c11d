# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    account_bank_statement_line,
    account_journal,
    qonto_account,
    qonto_account_card,
    qonto_account_fetch,
    qonto_account_sync,
    qonto_application,
    qonto_consent,
    qonto_consent_round_trip,
    qonto_sync_run,
    qonto_token,
    qonto_transaction,
    statement_line_booking,
    statement_line_facts,
    statement_line_matching,
)
