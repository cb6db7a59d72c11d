# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What went wrong at the bank, in words: what happened, why, and what to do next.

Stored is only the kind of a failure and the bank's own detail; the sentence is made when somebody reads it, in that
person's language.
"""

from ..qonto_api import NetworkError, OAuthError, QontoError

# Kinds that no repetition mends: a person must do something. The others are tried again by schedule.
NEEDS_PERSON = frozenset(
    {
        "unauthorized",
        "forbidden",
        "not_found",
        "staging_token",
        "invalid_client",
        "invalid_grant",
        "oauth",
        "sealed",
        "sca_required",
        "sca_not_enrolled",
        "sca_refused",
        "sca_expired",
        "sca_other_person",
        "other_currency",
        "no_consent",
        "tls",
    }
)

# A repetition would ring the member's phone: only a person asks again.
RINGS_A_PHONE = frozenset({"sca_required", "sca_not_enrolled", "sca_refused", "sca_expired", "sca_other_person"})

# Nothing is asked by schedule until somebody connects again: a repetition could only meet the same refusal.
STOPS_THE_SCHEDULE = RINGS_A_PHONE | {"no_consent", "invalid_grant", "sealed"}

# Codes that the addon itself gives to errors of the bank's client: more telling than the error's kind.
OWN_CODES = ("sealed", "invalid_grant", "other_currency", "no_consent")


def failure_of(error: QontoError) -> tuple[str, str]:
    """Return the kind and the detail under which a failure is stored."""
    if isinstance(error, OAuthError):
        kind = error.error if error.error in ("invalid_client", "invalid_grant") else error.kind
        return kind, error.description or error.error or ""
    if isinstance(error, NetworkError) and error.tls_failed:
        return "tls", error.detail or str(error)
    if error.code in OWN_CODES:
        return error.code, error.detail or ""
    return error.kind, error.detail or str(error)


def explain_error(env, error: QontoError) -> str:
    """Return the sentence for an error at hand."""
    return explain(env, *failure_of(error))


def explain(env, kind: str, detail: str = "") -> str:
    """Return what happened, why, and what to do next.

    :param str kind: see :func:`failure_of`; unknown kinds get a general sentence with the detail
    :param str detail: the bank's own words, or ours about its answer
    """
    detail = detail or ""
    words = {
        "network": lambda: env._(
            "Qonto could not be reached. Nothing is lost; it is tried again by itself. If it lasts, check that this "
            "server may open connections to Qonto. (%(detail)s)",
            detail=detail,
        ),
        "tls": lambda: env._(
            "The connection to Qonto is not trustworthy, so it was not used. Whoever runs the server checks its clock, "
            "its certificates and any proxy in between. (%(detail)s)",
            detail=detail,
        ),
        "no_consent": lambda: env._("Nobody's consent covers this account. Connect Qonto."),
        "invalid_answer": lambda: env._(
            "Qonto's answer could not be understood. Nothing was booked from it; it is tried again by itself. If it "
            "lasts, send this text to whoever looks after this addon. (%(detail)s)",
            detail=detail,
        ),
        "staging_token": lambda: env._(
            "Qonto's sandbox sent its log-in page instead of an answer: the staging token is missing or wrong. Copy it "
            "anew from the developer portal into Qonto → Set-up."
        ),
        "unauthorized": lambda: env._(
            "Qonto no longer accepts this access. Connect Qonto again; lines and settings stay."
        ),
        "invalid_grant": lambda: env._(
            "Qonto does not accept this authorisation: it is too old, used already, or was withdrawn at the bank. "
            "Connect Qonto again; lines and settings stay."
        ),
        "invalid_client": lambda: env._(
            "Qonto does not accept the app's client ID or secret. Compare both with the developer portal and enter "
            "them again under Qonto → Set-up."
        ),
        "oauth": lambda: env._("Qonto refused the authorisation: %(detail)s. Connect Qonto again.", detail=detail),
        "sealed": lambda: env._(
            "The access was stored by another database or under another key: this looks like a copy. It reads and "
            "sends nothing. Connect Qonto again if this database shall talk to the bank."
        ),
        "forbidden": lambda: env._(
            "Qonto does not allow this. The member who connected lacks a right at Qonto, or the app a permission. An "
            "owner or admin at Qonto connects again, or grants it. (%(detail)s)",
            detail=detail,
        ),
        "not_found": lambda: env._(
            "Qonto does not know this account (any more) for the member who connected. Check in Qonto whether it was "
            "closed; an owner or admin may connect again."
        ),
        "bad_request": lambda: env._(
            "Qonto refused the question: %(detail)s. Send this text to whoever looks after this addon.", detail=detail
        ),
        "rate_limited": lambda: env._(
            "Qonto asks to wait: too many questions came from this server's address. It goes on by itself."
        ),
        "server_error": lambda: env._(
            "Qonto has trouble answering right now. Nothing is lost; it is tried again by itself. (%(detail)s)",
            detail=detail,
        ),
        "sca_required": lambda: env._(
            "Qonto asks for an approval in its app before it shows more transactions. Whoever connected has the phone "
            "at hand and chooses Sync transactions; what was fetched is kept."
        ),
        "sca_refused": lambda: env._(
            "The approval was refused in the Qonto app. What was fetched until then is kept. Sync again to be asked "
            "once more."
        ),
        "sca_expired": lambda: env._(
            "Nobody approved in the Qonto app within 15 minutes. What was fetched until then is kept. Sync again with "
            "the phone at hand."
        ),
        "sca_other_person": lambda: env._(
            "Qonto asks for an approval that only %(person)s can give, since the accounts are read with that person's "
            "consent. Have %(person)s sync, or connect Qonto yourself.",
            person=detail,
        ),
        "sca_not_enrolled": lambda: env._(
            "Qonto asks for an approval, but no phone is paired. Pair one in the Qonto app, then sync again."
        ),
        "other_currency": lambda: env._(
            "Qonto now keeps this account in another currency than its journal (%(detail)s). Nothing was booked. "
            "Connect it to a journal in that currency.",
            detail=detail,
        ),
        "internal": lambda: env._(
            "An error in Odoo stopped the sync. Nothing is lost; it is tried again by itself. The server's log has the "
            "details. (%(detail)s)",
            detail=detail,
        ),
    }
    if kind in words:
        return words[kind]()
    return env._("Qonto answered with an error: %(detail)s.", detail=detail or kind)
