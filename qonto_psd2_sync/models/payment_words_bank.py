# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the bank says about a payment (reference/qonto-api.md, sections 2.3, 6.2, 6.4, 11 and 12.5)."""


def sentences(env, f) -> dict:
    """Return what makes what happened, who acts and what is next, by the bank's code."""
    return {**_refusals(env, f), **_declined(env), **_payee_checks(env), **_trouble(env)}


def _refusals(env, f) -> dict:
    """What it refuses before money moves."""
    return {
        "no_right": lambda: (
            env._("At Qonto, whoever sends may not make transfers. Nothing was sent."), "admin",
            env._("An owner or admin at Qonto gives this member the right, or somebody else sends."),
        ),
        "scope_missing": lambda: (
            env._("The consent does not include what this payment needs. Nothing was sent."), "you",
            env._("Connect Qonto again and choose reading and paying."),
        ),
        "forbidden": lambda: (
            env._("Qonto does not allow whoever sends to do this. Nothing was sent."), "admin",
            env._("An owner or admin at Qonto checks the role and the limits of this member."),
        ),
        "spending_limit": lambda: (
            env._("The amount is above what whoever sends may transfer at Qonto. Nothing was sent."), "admin",
            env._("An owner or admin at Qonto raises the limit, or sends it."),
        ),
        "insufficient_funds": lambda: (
            env._("There is not enough money in the account. Nothing was sent."), "you",
            env._("Fill the account, or pay less or later; then send again."),
        ),
        "payment_policy_approval_required": lambda: (
            env._("A rule at Qonto wants a second person to approve transfers. Nothing was sent."), "you",
            env._("Make this payment as a request in the Qonto app. Odoo cannot do that yet."),
        ),
        "payment_policy_approver_missing": lambda: (
            env._("A rule at Qonto wants a second person to approve transfers, and names nobody. Nothing was sent."),
            "admin",
            env._("An owner at Qonto names who approves; then make this payment as a request in the Qonto app."),
        ),
        "attachment_missing": lambda: (
            env._("Above 30,000 EUR Qonto wants the bill: %(bill)s has no file.", bill=f["bill"])
            if f["bill"] else env._("Above 30,000 EUR Qonto wants the bill, and there is no file."),
            "you",
            env._("Attach the bill as PDF, JPEG or PNG in Odoo and send again."),
        ),
        "vop_proof_token_missing": lambda: (
            env._("The payee check did not go along with the payment. Nothing was sent."), "you",
            env._("Check the payees again, then send."),
        ),
        "proof_refused": lambda: (
            env._("Qonto no longer accepts the payee check: it is too old or was made for other payees. Nothing was "
                  "sent."),
            "you",
            env._("Check the payees again, then send."),
        ),
        "not_enrolled": lambda: (
            env._("Qonto has no phone to ask: none is paired with whoever sends. Nothing was sent."), "you",
            env._("Pair your phone in the Qonto app under security, then send again."),
        ),
        "sca_required": lambda: (
            env._("Qonto asks for an approval on the phone. Nothing has moved yet."), "you",
            env._("Open the Qonto app and approve."),
        ),
        "precondition_failed": lambda: (
            env._("The approval is too old or was used already. No money moved by it."), "you",
            env._("Send again and approve within 15 minutes."),
        ),
        "cannot_cancel": lambda: (
            env._("It is too late to cancel: Qonto is executing the transfer."), "you",
            env._("If it must not arrive, ask Qonto's support for a recall, or the payee to send it back."),
        ),
        "unauthorized": lambda: (
            env._("Qonto no longer accepts this access. Nothing was sent."), "you",
            env._("Connect Qonto again, then send."),
        ),
        "not_found": lambda: (
            env._("Qonto does not know the account, the payee or the file (any more). Nothing was sent."), "you",
            env._("Check in the Qonto app that the account is open, then make the payment anew."),
        ),
        **{code: lambda: (
            env._("Qonto did not understand the payment and refused it. Nothing was sent."), "admin",
            env._("Send Qonto's text to whoever looks after this addon."),
        ) for code in ("bad_request", "invalid", "invalid_body", "not_a_string", "not_in_list")},
        "unknown_error": lambda: (
            env._("Qonto gave no reason."), "qonto", env._("Ask Qonto's support, then send again.")
        ),
        "other": lambda: (
            env._("Qonto did not do this."), "you", env._("Check in the Qonto app, then send again or ask its support.")
        ),
    }


def _declined(env) -> dict:
    """What it took and then did not execute."""
    return {
        "debit_account_insufficient_funds": lambda: (
            env._("When it was to be executed there was not enough money in the account. No money moved."), "you",
            env._("Fill the account and pay again."),
        ),
        "beneficiary_iban_invalid": lambda: (
            env._("The payee's bank does not know this IBAN. No money moved."), "payee",
            env._("Ask the payee for the right IBAN, enter it with the payee, and pay again."),
        ),
        "beneficiary_bic_invalid": lambda: (
            env._("The payee's bank code (BIC) is wrong. No money moved."), "payee",
            env._("Ask the payee for account and BIC, and pay again."),
        ),
        "beneficiary_status": lambda: (
            env._("Qonto has rejected this payee. No money moved."), "qonto",
            env._("Look at the payee in the Qonto app or ask Qonto's support; then pay again."),
        ),
        "beneficiary_network_rules_error": lambda: (
            env._("The payee's bank cannot be reached with a SEPA transfer. No money moved."), "payee",
            env._("Ask the payee for another account, or pay in another way."),
        ),
        "organisation_compliance_reasons": lambda: (
            env._("Qonto does not execute it for legal reasons: the account may be blocked or seized, or papers of the "
                  "company are missing. No money moved."),
            "qonto",
            env._("Look for messages in the Qonto app, or ask Qonto's support."),
        ),
        "qonto_processing_failed": lambda: (
            env._("Qonto failed to execute it. No money moved."), "qonto",
            env._("Pay again. If it happens twice, ask Qonto's support."),
        ),
    }


def _payee_checks(env) -> dict:
    """Why the payee's bank did not answer the check."""
    not_there = (
        "bad_request_error_unspecified", "bad_request_error_responding_bank_not_available",
        "bad_request_error_5xx_responding_bank", "bad_request_error_responding_bank_invalid_response",
        "internal_server_error_4xx_responding_bank", "bad_gateway_error_responding_bank",
        "gateway_timeout_error_responding_bank", "gateway_timeout_error_unspecified",
    )
    qontos = ("error_unspecified", "internal_server_error_unspecified")
    never = ("not_implemented_error_unspecified", "not_implemented_error_feature_not_available")
    return {
        **{code: lambda: (
            env._("The payee's bank did not answer the payee check."), "you",
            env._("Try again later, or ask the payee on a number that you know, and decide."),
        ) for code in not_there},
        **{code: lambda: (
            env._("Qonto could not make the payee check."), "qonto",
            env._("Try again later, or ask the payee on a number that you know, and decide."),
        ) for code in qontos},
        **{code: lambda: (
            env._("The payee's bank takes no part in payee checks."), "you",
            env._("Ask the payee on a number that you know, and decide."),
        ) for code in never},
    }


def _trouble(env) -> dict:
    """What says nothing about the money: it is looked up."""
    looked_up = env._("It is not sent again by itself. Odoo looks up what became of it and tells you.")
    return {
        **{code: lambda: (
            env._("There was no definite answer from Qonto: the money may have moved."), "qonto", looked_up
        ) for code in ("network", "server_error", "in_progress", "invalid_answer")},
        "unknown": lambda: (
            env._("It is not known yet whether this payment was made."), "qonto", looked_up
        ),
        "rate_limited": lambda: (
            env._("Qonto asks to wait: too many questions came from this server."), "you",
            env._("Wait a few minutes. What is under way is looked up by itself."),
        ),
        "other_answer": lambda: (
            env._("Qonto answered about another payment than the one that was sent. Money may have moved."), "admin",
            env._("Compare with the Qonto app before anybody pays this again."),
        ),
        "tls": lambda: (
            env._("The connection to Qonto is not trustworthy, so it was not used. Nothing was sent."), "admin",
            env._("Check the server's clock, its certificates and any proxy in between."),
        ),
        "invalid_client": lambda: (
            env._("Qonto does not accept the app's client ID or secret. Nothing was sent."), "admin",
            env._("Compare both with the developer portal and enter them again under Qonto → Set-up."),
        ),
        **{code: lambda: (
            env._("Qonto no longer accepts this authorisation. Nothing was sent."), "you",
            env._("Connect Qonto again, then send."),
        ) for code in ("invalid_grant", "oauth", "no_consent")},
        "staging_token": lambda: (
            env._("Qonto's sandbox sent its log-in page instead of an answer."), "admin",
            env._("Copy the staging token anew from the developer portal into Qonto → Set-up."),
        ),
    }
