# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why a statement or receipt is not there, in words: what happened, why, and what to do next."""

from .failure_words import explain, failure_of


def cause_of(error) -> tuple[str, str]:
    """Return the kind and the detail under which a file's failure is stored."""
    if error.kind == "file_refused":
        return error.code, error.detail or ""
    return failure_of(error)


def explain_document(env, kind: str, detail: str = "") -> str:
    """Return the sentence; other kinds than a file's own are those of the feed.

    :param str kind: see :func:`cause_of`
    """
    detail = detail or ""
    words = {
        "other_host": lambda: env._(
            "Qonto's answer leads to %(host)s, which is not known as a place where Qonto keeps files, so nothing was "
            "asked there. If Qonto has moved its files, whoever runs the server adds that host to file_hosts in the "
            "section [qonto_psd2_sync] of its configuration; then choose Try again.",
            host=detail or "?",
        ),
        "too_large": lambda: env._(
            "The file is larger than %(limit)s, so it was not fetched. Open it at Qonto.", limit=detail
        ),
        "wrong_type": lambda: env._(
            "What came is not a file of the kind that was expected (%(detail)s), so it was not kept. Open it at Qonto; "
            "if it is well there, choose Try again.",
            detail=detail or "?",
        ),
        "empty": lambda: env._("The file is empty at Qonto. Attach it there anew."),
        "link_expired": lambda: env._(
            "Qonto's address to download the file did not work. A new one is asked for by itself. If it lasts, check "
            "this server's clock."
        ),
        "not_found": lambda: env._(
            "The file is no longer at Qonto, or whoever connected may not see it. If it is there, have somebody "
            "connect who sees it, and choose Try again."
        ),
    }
    return words[kind]() if kind in words else explain(env, kind, detail)
