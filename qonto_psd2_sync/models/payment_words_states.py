# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where a transfer is, and what must not happen to one (payments/machine.py)."""


def sentences(env, f) -> dict:
    """Return what makes what happened, who acts and what is next, by state and alarm."""
    return {**_before(env), **_at_the_bank(env), **_over(env, f), **_alarms(env)}


def _before(env) -> dict:
    return {
        "draft": lambda: (env._("Prepared. Nothing was sent."), "you", env._("Hand it over, or send it.")),
        "to_approve": lambda: (env._("Handed over. Nothing was sent."), "you", env._("Whoever pays sends it.")),
        "verified": lambda: (env._("Checked and ready. Nothing was sent."), "you", env._("Send it.")),
        "sending": lambda: (env._("On its way to Qonto."), "qonto", env._("Wait a moment.")),
        "awaiting_sca": lambda: (
            env._("The phone of whoever sends is ringing. No money moves before the approval."), "you",
            env._("Open the Qonto app and approve within 15 minutes."),
        ),
        "no_push": lambda: (
            env._("A minute has passed without an approval. No money has moved."), "you",
            env._("Open the Qonto app yourself: the request may be there without a message. If not, update the app and "
                  "check under security that this phone is the paired one."),
        ),
    }


def _at_the_bank(env) -> dict:
    return {
        "submitted": lambda: (env._("Qonto has accepted it."), "qonto", env._("It is executed on its day.")),
        "pending": lambda: (env._("Qonto has accepted it."), "qonto", env._("It is executed on its day.")),
        "processing": lambda: (
            env._("The account is debited."), "qonto", env._("It reaches the payee's bank within hours.")
        ),
        "settled": lambda: (
            env._("Sent to the payee's bank."), "qonto",
            env._("Nothing to do: the bank line is matched when it arrives."),
        ),
        "returned": lambda: (
            env._("The payee's bank has sent the money back. It is in the account again."), "payee",
            env._("Ask the payee for the right account; the bill is open again."),
        ),
    }


def _over(env, f) -> dict:
    return {
        "refused": lambda: (
            env._("Refused on the phone. No money moved."), "you", env._("Send it again if that was a mistake.")
        ),
        "expired": lambda: (
            env._("Nobody approved within 15 minutes. No money moved."), "you",
            env._("Send it again with the phone at hand."),
        ),
        "canceled": lambda: (
            env._("Canceled. No money moved."), "you", env._("The bill is open again: prepare it anew if need be.")
        ),
        "by_person": lambda: (
            env._("Somebody canceled it. No money moved."), "you",
            env._("The bill is open again: prepare it anew if need be."),
        ),
        "declined": lambda: (
            env._("Qonto did not execute it. No money moved."), "you",
            env._("Look in the Qonto app for the reason, then pay again."),
        ),
        "failed": lambda: (
            env._("Qonto refused it. No money moved."), "you", env._("Look at the reason, then pay again.")
        ),
        "may_give_up": lambda: (
            env._("Neither Qonto, asked for a day, nor the bookings of a week show such a payment."), "you",
            env._("Look in the Qonto app. If it is not there either, give it up with a reason; then it can be sent "
                  "again."),
        ),
        "given_up": lambda: (
            env._("Qonto shows no such transfer. It was given up: “%s”", f["reason"]), "you",
            env._("The bill is open again. If the transfer turns up, Odoo tells you."),
        ),
    }


def _alarms(env) -> dict:
    return {
        "challenged_again": lambda: (
            env._("After the approval Qonto asked for another one: whether money moved is not known."), "qonto",
            env._("Approve nothing more for it. Odoo looks up what became of it."),
        ),
        "settled_after_end": lambda: (
            env._("This payment had ended, and now Qonto says that it was executed."), "you",
            env._("Check whether the bill was paid a second time; if so, ask the payee to send it back."),
        ),
        "ended_after_settled": lambda: (
            env._("This payment was executed, and now Qonto says that it was not."), "qonto",
            env._("Compare with the account in the Qonto app and ask Qonto's support."),
        ),
        "found_after_given_up": lambda: (
            env._("This payment was given up, and is at Qonto after all."), "you",
            env._("Check whether the bill was paid a second time; if so, ask the payee to send it back."),
        ),
    }
