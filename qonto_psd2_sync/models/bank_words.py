# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bank's words in the reader's language. The lists are open: a word that is not known is shown as it came."""

# The kinds of transactions that a company sees every day, and may book by a rule (reference/qonto-api.md, section 8.4).
KINDS = (
    "qonto_fee", "card", "card_refund", "direct_debit", "transfer", "income", "swift_income", "cheque", "recall",
    "account_remuneration", "direct_debit_collection", "direct_debit_hold", "biller_refund", "pagopa_payment",
)


def kind_in_words(env, operation_type: str | None) -> str:
    """Return what kind of transaction it is (reference/qonto-api.md, section 8.4)."""
    words = {
        "transfer": env._("Transfer"),
        "income": env._("Incoming transfer"),
        "swift_income": env._("Incoming SWIFT transfer"),
        "card": env._("Card"),
        "card_refund": env._("Card refund"),
        "direct_debit": env._("Direct debit"),
        "direct_debit_collection": env._("Direct debit collection"),
        "direct_debit_hold": env._("Direct debit hold"),
        "qonto_fee": env._("Qonto fee"),
        "cheque": env._("Cheque"),
        "check": env._("Cheque"),
        "recall": env._("Recall"),
        "account_remuneration": env._("Interest"),
        "biller_refund": env._("Refund"),
        "pagopa_payment": env._("PagoPA payment"),
    }
    return _word(words, operation_type)


def status_in_words(env, status: str | None) -> str:
    """Return how far the bank is with a transaction (section 8.3)."""
    words = {
        "pending": env._("Pending"),
        "completed": env._("Booked"),
        "declined": env._("Declined"),
        "reversed": env._("Reversed"),
    }
    return _word(words, status)


def role_in_words(env, role: str | None) -> str:
    """Return a member's role in the organization (section 7.3)."""
    words = {
        "owner": env._("Owner"),
        "admin": env._("Admin"),
        "manager": env._("Manager"),
        "reporting": env._("Reporting"),
        "employee": env._("Employee"),
        "accountant": env._("Accountant"),
    }
    return _word(words, role)


def _word(words: dict[str, str], raw: str | None) -> str:
    return words.get(raw or "", (raw or "").replace("_", " "))
