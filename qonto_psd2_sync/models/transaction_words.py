# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where a transaction stands, and what is asked about it, in the reader's language."""

from datetime import datetime

from odoo.tools import format_date, format_datetime

from .bank_words import status_in_words


def reason(transaction) -> str | bool:
    """Say why a transaction is no bank line; False when it is one, or is about to become one."""
    env = transaction.env
    if transaction.feed_state == "held":
        return _hold(transaction)
    decided = transaction.decision_reason or ""
    words = {
        "pending": lambda: env._("The bank has not booked it yet. The amount may still change."),
        "before_start": lambda: env._("Booked before the account's start date."),
        "removed": lambda: env._("Its bank line was deleted in Odoo; it stays deleted. %s", decided).strip(),
        "hidden": lambda: env._("Hidden: %s", decided),
        "left_out": lambda: env._("Left out: %s", decided),
        "gone": lambda: env._("The bank no longer shows it."),
        "doubtful": lambda: env._("It may be in the books already. Somebody decides."),
        "out": lambda: (
            env._("The bank declined it: no money moved.")
            if transaction.status == "declined"
            else env._("The bank says “%s”: it is not booked there.", status_in_words(env, transaction.status))
        ),
    }
    return words[transaction.feed_state]() if transaction.feed_state in words else False


def _hold(transaction) -> str | bool:
    env, detail = transaction.env, transaction.hold_detail or ""
    words = {
        "locked": lambda: env._(
            "Its day lies in a period locked until %(date)s. Unlock the period, and the next sync books it; or decide "
            "to book it on the first open day, or to leave it out.",
            date=format_date(env, detail),
        ),
        "currency_inactive": lambda: env._(
            "The currency %(currency)s is switched off. Activate it, and the next sync books it.", currency=detail
        ),
        "currency_unknown": lambda: env._(
            "Odoo does not know the currency %(currency)s. Decide to book it without the original amount, or to leave "
            "it out.",
            currency=detail,
        ),
        "zero_local": lambda: env._(
            "The bank gives an original amount of zero in %(currency)s, which Odoo can't book. Decide to book it "
            "without the original amount, or to leave it out.",
            currency=detail,
        ),
        "journal_hashed": lambda: env._(
            "The journal secures its entries with a hash and so refuses lines that are not matched yet. Switch "
            "that off in the journal, and the next sync books it."
        ),
        "journal_archived": lambda: env._("The journal is archived. Restore it, and the next sync books it."),
        "no_suspense": lambda: env._(
            "The journal has no suspense account. Set one in the journal, and the next sync books it."
        ),
        "refused": lambda: env._("Odoo refused the line: %(reason)s", reason=detail),
    }
    return words[transaction.hold_kind]() if transaction.hold_kind in words else False


def doubt(transaction) -> str | bool:
    """Give the evidence that a transaction is in the books already."""
    env = transaction.env
    if transaction.feed_state != "doubtful":
        return False
    if transaction.doubt_kind == "reissued":
        other = transaction.doubt_transaction_id
        return env._(
            "On %(day)s the bank showed the same amount under the ID %(old)s (“%(text)s”), which it no longer knows. "
            "It looks as if this were the same transaction under a new ID, %(new)s.",
            day=format_date(env, other.booking_date), old=other.bank_ref, new=transaction.bank_ref,
            text=other.reference or other.counterparty_name or other.label or "",
        )
    line = transaction.doubt_line_id
    if not line:
        return False
    facts = [
        env._(
            "“%(label)s” of %(day)s has the same amount, and is not from this feed. %(user)s entered or imported it on "
            "%(made)s.",
            label=line.payment_ref or "", day=format_date(env, line.date), user=line.create_uid.name,
            made=format_date(env, line.create_date),
        )
    ]
    if line.date == transaction.booking_date:
        facts.append(env._("The day is the same."))
    if transaction._shares_words_with(line):
        facts.append(env._("Its text names the same counterparty or reference."))
    if transaction._was_imported_as(line):
        facts.append(env._("Its import ID names this very transaction."))
    return "\n".join(facts)


def question(transaction) -> str | bool:
    """Ask about a bank line whose transaction is no longer what was booked."""
    env, line = transaction.env, transaction.statement_line_id
    currency = transaction.currency_id
    words = {
        "amount": lambda: env._(
            "The bank now says %(bank)s, the bank line has %(line)s.",
            bank=currency.format(transaction.amount), line=currency.format(line.amount),
        ),
        "day": lambda: env._(
            "The bank now says it was booked on %(bank)s, the bank line is of %(line)s.",
            bank=format_date(env, transaction.booking_date), line=format_date(env, line.date),
        ),
        "status": lambda: env._(
            "The bank now says “%s”: it is no longer booked there.", status_in_words(env, transaction.status)
        ),
        "gone": lambda: env._("The bank no longer shows this transaction."),
    }
    return words[transaction.question_kind]() if transaction.question_kind in words else False


def changes(transaction) -> str | bool:
    """List what the bank changed, newest first."""
    env = transaction.env
    names = transaction.fields_get(attributes=["string"])
    lines = [
        env._(
            "%(when)s: %(field)s was “%(before)s”, is “%(after)s”",
            when=format_datetime(env, datetime.fromisoformat(change["at"]), dt_format="short"),
            field=names.get(change["field"], {}).get("string", change["field"]),
            before=change["before"] or "", after=change["after"] or "",
        )
        for change in reversed(transaction.bank_changes or [])
    ]
    return "\n".join(lines) or False
