# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Why a payment did not go out, or what became of its sending, where it is neither the bank's word nor a check's."""


def sentences(env, f) -> dict:
    """Return what makes what happened, who acts and what is next, by code."""
    return {
        "not_sent": lambda: (
            " ".join(filter(None, (env._("Nothing was sent."), f["said"]))), "you",
            env._("Send it again in a while.") + in_brackets(f["detail"]),
        ),
        "not_reached": lambda: (
            env._("Qonto could not be reached, or gave no answer. Nothing was sent."), "you",
            env._("Send it again in a few minutes. If it lasts, your administrator checks that this server may open "
                  "connections to Qonto.") + in_brackets(f["detail"]),
        ),
        "order_problem": lambda: (
            env._("The payment cannot be sent as it is: %s", f["detail"]), "you",
            env._("Cancel it and prepare it anew."),
        ),
        "sealed": lambda: (
            env._("This database is a copy, or its key is gone: the payment cannot be opened, and nothing is sent."),
            "admin", env._("Connect Qonto again, and prepare the payment anew."),
        ),
        "strays": lambda: (
            env._(
                "Qonto has transfers that were sent from Odoo and that this Odoo does not know. It was restored from a "
                "backup, or there is a copy of it. Nothing is sent until somebody has decided about them."
            ),
            "you", env._("Look at each of them: the bills may be paid already. Then decide, with a reason."),
        ),
        "nothing_to_send": lambda: (env._("There is nothing to send any more."), "you", env._("Look at the bills.")),
        "too_late_to_repeat": lambda: (
            env._("It is too late to ask the bank with the same request: it might be carried out a second time."),
            "qonto", env._("Odoo looks up what became of it."),
        ),
        "phone_needed_now": lambda: (
            env._("It was made ready to leave without a phone, and that is no longer allowed: by your company's "
                  "settings, or since Qonto does not trust the payee any more. No money moved."),
            "you", env._("Choose “Send again what failed”: it is prepared anew, and approved on the phone."),
        ),
        "repeat_not_allowed": lambda: (
            env._("It was sent to leave without a phone, which your company no longer allows: the same request is not "
                  "sent a second time."),
            "qonto", env._("Odoo looks up what became of it."),
        ),
        "sender_must_look": lambda: (
            env._("%(sender)s sent it, and the consent of %(sender)s has ended. Qonto is asked with the access of "
                  "%(other)s, which may not show it: not to find it so proves nothing.",
                  sender=f["sender"], other=f["other"]),
            f["sender"] or "you",
            env._("%s connects Qonto again (Qonto → Connect), as the same member. Odoo then asks with that; it can be "
                  "given up after three such look-ups over 24 hours. If that cannot be: sync the account; once a week "
                  "of bookings shows no such payment, whoever may send can give it up.", f["sender"]),
        ),
        "nobody_can_look": lambda: (
            env._("%s sent it, and nobody's consent covers the account any more: Qonto cannot be asked what became of "
                  "it.", f["sender"]),
            f["sender"] or "you",
            env._("%s connects Qonto again (Qonto → Connect), as the same member. Odoo then asks with that; it can be "
                  "given up after three such look-ups over 24 hours. If that cannot be: sync the account; once a week "
                  "of bookings shows no such payment, whoever may send can give it up.", f["sender"]),
        ),
        "bulk_item_failed": lambda: (
            env._("Qonto could not make this transfer of the batch. No money moved."), "you",
            env._("Check the payee, then send it again alone."),
        ),
        "found_twice": lambda: (
            env._("Qonto has more than one transfer of this payment."), "you",
            env._("Look in the Qonto app at once, and ask Qonto to call back the one too many."),
        ),
    }


def in_brackets(detail: str) -> str:
    """Return the technical part, for whoever is asked to help."""
    return f" ({detail})" if detail else ""
