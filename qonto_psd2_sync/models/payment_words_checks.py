# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What we found before money could move (`Problem`)."""

from datetime import date

from odoo.tools import format_date

from ..qonto_api import sepa
from .payment_words_sending import in_brackets


def sentences(env, f) -> dict:
    """Return what makes what happened, who acts and what is next, by code."""
    return {
        **_people(env, f), **_consents(env, f), **_account(env, f), **_bills(env, f), **_payees(env, f),
        **_payee_results(env, f), **_forms(env, f), **_asking(env, f),
    }


def _people(env, f) -> dict:
    return {
        "sender_missing": lambda: (
            env._("Nobody has pressed Send."), "you", env._("Whoever sends presses Send: that phone rings.")
        ),
        "sender_archived": lambda: (
            env._("%s has left: payments of archived users are not sent.", f["sender"]), "you",
            env._("Somebody else with the right to send prepares and sends it anew."),
        ),
        "sender_other_company": lambda: (
            env._("%(sender)s does not work for %(company)s.", sender=f["sender"], company=f["company"]), "admin",
            env._("Somebody of this company sends it."),
        ),
        "sender_no_right": lambda: (
            env._("%s has no right to send payments (any more).", f["sender"]), "admin",
            env._("Your administrator gives the right “Qonto payments: Send”, or somebody else sends."),
        ),
        "four_eyes": lambda: (
            env._("%s prepared this payment, and in this company another person has to send it.", f["sender"]), "you",
            env._("Hand it over to somebody else who may send."),
        ),
        "second_person": lambda: (
            env._("No phone rings for these trusted payees, so a second person has to send it. %s prepared it.",
                  f["sender"]),
            "you",
            env._("Hand it over to somebody else who may send."),
        ),
        "at_once_unsaid": lambda: (
            env._("All payees are trusted at Qonto: no phone will ring, and the money leaves at once."), "you",
            env._("Press Send again if that is what you want."),
        ),
    }


def _consents(env, f) -> dict:
    again = env._("Connect Qonto, choosing reading and paying; then send it anew.")
    return {
        "consent_missing": lambda: (
            env._("%s has no consent at Qonto with which to pay.", f["sender"] or env._("Whoever sends")), "you", again
        ),
        "consent_of_other": lambda: (
            env._("The consent is %(giver)s's, the sender is %(sender)s: nobody makes another's phone ring.",
                  giver=f["giver"], sender=f["sender"]),
            "you", again,
        ),
        "consent_ended": lambda: (
            env._("The consent of %s has ended or was withdrawn.", f["sender"]), "you", again
        ),
        "consent_replaced": lambda: (
            env._("%s authorised Qonto anew meanwhile, and a payment is finished with the consent that it began with.",
                  f["sender"]),
            "you", env._("Send it anew."),
        ),
        "consent_reads_only": lambda: (
            env._("The consent of %s is for reading only.", f["sender"]), "you", again
        ),
        "consent_no_internal": lambda: (
            env._("The consent of %s does not cover transfers between own accounts.", f["sender"]), "you",
            env._("Connect Qonto again, choosing reading and paying, and allow transfers between own accounts there; "
                  "then send it anew."),
        ),
        "consent_no_files": lambda: (
            env._("Above 30,000 EUR Qonto wants the bill along, and the consent of %s does not cover files.",
                  f["sender"]),
            "you",
            env._("Connect Qonto again, choosing reading and paying, and allow files there; then send it anew."),
        ),
        "consent_other_account": lambda: (
            env._("The consent of %(sender)s does not cover the account %(account)s.",
                  sender=f["sender"], account=f["account"]),
            "you", env._("Connect Qonto again and tick this account."),
        ),
    }


def _account(env, f) -> dict:
    return {
        "account_closed": lambda: (
            env._("The account %s is closed or archived.", f["account"]), "you", env._("Pay from another account.")
        ),
        "account_currency": lambda: (
            env._("The account %s is not in euros.", f["account"]), "you", env._("Pay from another account.")
        ),
        "balance_low": lambda: (
            env._("%(account)s has %(available)s as far as is known, of which %(under_way)s are on their way already. "
                  "This takes %(needed)s.",
                  account=f["account"], available=f["available"], under_way=f["under_way"], needed=f["needed"]),
            "you",
            env._("Sync the account, fill it or pay less. If you know that the money is there, go on with a reason."),
        ),
    }


def _bills(env, f) -> dict:
    bill, payee = f["bill"], f["payee"]
    anew = env._("Prepare the payment anew if it is still to be paid.")
    return {
        "bill_not_posted": lambda: (env._("%s is a draft or canceled.", bill), "you", anew),
        "bill_paid": lambda: (
            env._("%s is paid or credited already.", bill), "you", env._("Nothing is to be paid for it.")
        ),
        "bill_currency": lambda: (env._("%s is not in euros.", bill), "you", anew),
        "bill_other_payee": lambda: (
            env._("%(bill)s now belongs to somebody else than %(payee)s.", bill=bill, payee=payee), "you", anew
        ),
        "bill_owes_less": lambda: (
            env._("%(bill)s owes only %(owed)s any more; %(amount)s was to be paid.",
                  bill=bill, owed=f["owed"], amount=f["amount"]),
            "you", anew,
        ),
        "discount_over": lambda: (
            env._("The early-payment discount of %s is over on the day of the payment.", bill), "you",
            env._("Prepare it anew with the whole amount."),
        ),
        "amount_changed": lambda: (
            env._("The amount for %s is not what its bills add up to.", payee), "you", anew
        ),
        "payment_canceled": lambda: (
            env._("The payment for %s was canceled in Odoo.", bill or payee), "you", anew
        ),
        "already_paid": lambda: (
            env._("This may have been moved between these accounts already.") if f["own"] else
            env._("%(payee)s may have been paid already: %(count)s payments look like the same one.",
                  payee=payee, count=f["count"])
            if f["count"] != 1 else
            env._("%s may have been paid already: one payment looks like the same one.", payee),
            "you",
            env._("Look at the list. If it is another payment, go on with a reason."),
        ),
    }


def _payees(env, f) -> dict:
    payee = f["payee"]
    return {
        "payee_untrusted": lambda: (
            env._("Nobody has trusted the account of %(payee)s: %(iban)s.", payee=payee, iban=f["iban"]), "you",
            env._("Check the number with the payee on a telephone number that you know; then trust the account, or ask "
                  "somebody who may."),
        ),
        "payee_account_changed": lambda: (
            env._("The account of %(payee)s was changed from %(iban)s to %(new)s by %(who)s.",
                  payee=payee, iban=f["iban"], new=f["new_iban"], who=f["changed_by"]),
            "you",
            env._("Check the new number with the payee on a telephone number that you know; then prepare it anew."),
        ),
        "payee_other_partner": lambda: (
            env._("The account of %(payee)s now belongs to %(partner)s.", payee=payee, partner=f["partner"]), "you",
            env._("Check whose account it is; then prepare it anew."),
        ),
        "payee_account_archived": lambda: (
            env._("%s or this account was archived.", payee), "you",
            env._("Choose another account and prepare it anew."),
        ),
        "payee_renamed": lambda: (
            env._("The holder of the account was “%(before)s” and is “%(now)s” now.", before=f["before"], now=f["now"]),
            "you", env._("Prepare it anew, so that the payee check asks for the new name."),
        ),
    }


def _payee_results(env, f) -> dict:
    payee = f["payee"]
    decide = env._("Ask the payee on a telephone number that you know. Go on only with a reason.")
    return {
        "payee_match": lambda: (env._("%s: name and IBAN belong together.", payee), "you", env._("Nothing to do.")),
        "payee_close_match": lambda: (
            env._("%(payee)s: the name nearly fits. The payee's bank has “%(name)s”.",
                  payee=payee, name=f["matched_name"]),
            "you",
            env._("If that is your payee, use the bank's name. Otherwise go on only with a reason."),
        ),
        "payee_no_match": lambda: (
            env._("%s: the name does not fit this IBAN. This is how fraud looks.", payee), "you", decide
        ),
        "payee_not_possible": lambda: (
            env._("%s: the payee's bank cannot check the name. The money may go to somebody else.", payee), "you",
            decide,
        ),
        "payee_unspecified": lambda: (
            env._("%s: the payee's bank gave no clear answer. The money may go to somebody else.", payee), "you", decide
        ),
        "payee_failed": lambda: (
            env._("%s: the payee's bank did not answer the check. The money may go to somebody else.", payee), "you",
            decide,
        ),
    }


def _forms(env, f) -> dict:
    why = {
        sepa.EMPTY: env._("It is missing."),
        sepa.WRONG_FORM: env._("It is not an IBAN."),
        sepa.WRONG_LENGTH: env._("It is too long or too short for its country."),
        sepa.CHECK_DIGITS: env._("Its check digits are wrong: it is mistyped."),
        sepa.NOT_SEPA: env._("It is outside the SEPA area."),
    }
    return {
        "date_passed": lambda: (
            env._("The day of the payment to %(payee)s, %(date)s, has passed.",
                  payee=f["payee"], date=_day(env, f["date"])),
            "you", env._("Prepare it anew with another day."),
        ),
        "iban_wrong": lambda: (
            env._("The IBAN of %s cannot be paid to.", f["payee"]) + " " + why.get(f["why"], ""), "payee",
            env._("Ask the payee for the right IBAN and prepare it anew."),
        ),
        "name_wrong": lambda: (
            env._("The bank cannot take this payee's name: %s", f["payee"]), "you",
            env._("Shorten the holder's name with the account to 70 characters and prepare it anew."),
        ),
        "reference_wrong": lambda: (
            env._("The bank cannot carry the reference “%s”.", f["reference"]), "you",
            env._("Prepare it anew with at most 140 characters, without umlauts and special signs."),
        ),
        "reference_digits": lambda: (
            env._("The reference “%s” is mistyped: its check digits are wrong.", f["reference"]), "you",
            env._("Copy it from the bill again and prepare it anew."),
        ),
    }


def _asking(env, f) -> dict:
    return {
        "payee_unchecked": lambda: (
            env._("The payees were not checked, or something about them changed since."), "you",
            env._("Check the payees, or press Send: then they are checked."),
        ),
        "check_limited": lambda: (
            env._("Qonto limits payee checks that no payment follows, and the limit is reached. Nothing was sent."),
            "you",
            env._("Send it in an hour. Until then check only what you are about to send."),
        ),
        "check_failed": lambda: (
            env._("Qonto could not be asked about the payees. Nothing was sent."), "you",
            env._("Try again in a few minutes.") + in_brackets(f["detail"]),
        ),
    }


# === ALREADY PAID? === #


def hit_row(env, hit: dict) -> dict:
    """Return what looks like the same payment, for a table: what and where, when, how much, and why it is shown."""
    what = {
        "transfer": lambda: env._("Transfer in this Odoo"),
        "payment": lambda: env._("Payment in this Odoo"),
        "bank_transfer": lambda: env._("Transfer at Qonto, made elsewhere"),
        "lost_transfer": lambda: env._(
            "Transfer at Qonto, made by Odoo; this database does not know it: was it restored?"
        ),
        "pending": lambda: env._("Pending debit in the account"),
        "bank_line": lambda: env._("Debit in the account, not matched"),
        "own_accounts": lambda: env._(
            "Moved between these accounts, not by this database: possibly already transferred"
        ),
    }[hit["what"]]()
    why = {
        "reference": env._("same payee and reference"), "amount": env._("same IBAN and amount"),
        "accounts": env._("same accounts and amount"),
        "accounts_reference": env._("same accounts, amount and reference"),
    }[hit["why"]]
    return {
        "what": what, "why": why, "day": _day(env, hit["day"]), "amount": hit["amount"],
        "reference": hit["reference"], "state": _state(env, hit), "kind": hit["what"], "id": hit["ref"],
    }


def _state(env, hit: dict) -> str:
    model = {"transfer": "qonto.transfer", "payment": "account.payment"}.get(hit["what"])
    if model:
        return dict(env[model]._fields["state"]._description_selection(env)).get(hit["state"], "")
    return bank_state_in_words(env, hit["state"])


def bank_state_in_words(env, state: str) -> str:
    """Return what the bank calls the state of a transfer or transaction."""
    return {
        "pending": env._("Pending"), "processing": env._("In process"), "settled": env._("Sent to the payee's bank"),
        "completed": env._("Booked"), "canceled": env._("Canceled"), "declined": env._("Declined by the bank"),
    }.get(state, state)


def _day(env, text: str) -> str:
    return format_date(env, date.fromisoformat(text)) if text else ""
