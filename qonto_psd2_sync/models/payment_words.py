# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every cause of trouble with a payment in words: what happened, who acts, what is next.

Stored are codes: the bank's, the machine's and those of `Problem`. The sentences are made when somebody reads them, in
that person's language. `payment_words_bank.py` has what the bank says, `payment_words_checks.py` what we found.
"""

from collections import defaultdict
from typing import NamedTuple

from ..qonto_api import BadRequest, Forbidden, OtherAnswer, QontoError, ScaNotEnrolled
from . import payment_words_bank, payment_words_checks, payment_words_sending, payment_words_states

YOU, ADMIN, PAYEE, QONTO = "you", "admin", "payee", "qonto"

# Words that the bank has for one and the same thing, and its prefixes.
SAME = {
    "sca_not_enrolled": "not_enrolled",
    "too_many_requests": "rate_limited",
    "internal_server_error": "server_error",
}


class Words(NamedTuple):
    """What a person reads.

    :ivar what: what happened
    :ivar who: who acts now, in words
    :ivar then: what that person does next
    """

    what: str
    who: str
    then: str

    def __str__(self) -> str:
        return " ".join(filter(None, (self.what, self.then)))


def words(env, code: str | None, **facts) -> Words:
    """Return the words for a code of the bank's, the machine's or ours.

    :param facts: those of the `Problem`; `detail`: the bank's own text
    """
    known = sentences(env, facts)
    code = (code or "").removeprefix("SINGLE_REQUEST_ERROR_CODE_").lower()
    what, who, then = known.get(SAME.get(code, code), known["other"])()
    if known.get(SAME.get(code, code)) is None and (said := facts.get("detail") or code.replace("_", " ")):
        what = env._("%(what)s Qonto says: “%(said)s”.", what=what, said=said)
    return Words(what, who_in_words(env, who), then)


def is_known(env, code: str) -> bool:
    """Whether a code has words of its own."""
    code = code.removeprefix("SINGLE_REQUEST_ERROR_CODE_").lower()
    return SAME.get(code, code) in sentences(env, {})


def sentences(env, facts: dict) -> dict:
    """Return what makes the three parts, by code."""
    facts = defaultdict(str, facts)
    return {
        **payment_words_bank.sentences(env, facts),
        **payment_words_sending.sentences(env, facts),
        **payment_words_states.sentences(env, facts),
        **payment_words_checks.sentences(env, facts),
    }


def who_in_words(env, who: str) -> str:
    """Return who acts; where it is somebody in particular, that name."""
    return {
        YOU: env._("You"),
        ADMIN: env._("Your administrator"),
        PAYEE: env._("The payee"),
        QONTO: env._("Qonto"),
    }.get(who, who)


def told(env, problem) -> dict:
    """Return a `Problem` as plain values for a screen."""
    said = words(env, problem.code, **problem.facts)
    transfer = problem.transfer
    return {
        "code": problem.code,
        "transfer": transfer.id if transfer else False,
        "payee": problem.facts.get("payee", ""),
        "decidable": problem.decidable,
        "what": said.what,
        "who": said.who,
        "then": said.then,
        "hits": [payment_words_checks.hit_row(env, hit) for hit in problem.facts.get("hits", ())],
    }


def words_of(transfer) -> Words:
    """Return where a transfer is, with the cause where there is one."""
    order = transfer.order_id
    facts = {
        "payee": transfer.payee_name, "amount": transfer.currency_id.format(transfer.amount),
        "sender": order.sender_id.name or "", "account": order.account_id.display_name,
        "company": order.company_id.name, **(transfer.reason_facts or {}),
    }
    if transfer.given_up and transfer.state == "failed":
        return words(transfer.env, "given_up", reason=transfer.reason or "", **facts)
    code = transfer.alarm or transfer.reason
    if code and (is_known(transfer.env, code) or transfer.state in ("failed", "declined", "canceled")):
        return words(transfer.env, code, **facts)
    return words(transfer.env, transfer.state, **facts)


def refusal_code(error: QontoError) -> str:
    """Return the code to keep for an error: the bank's own, or a more telling one where it only says *forbidden*."""
    text = (error.detail or "").lower()
    if isinstance(error, OtherAnswer):
        return "other_answer"
    if isinstance(error, ScaNotEnrolled):
        return "not_enrolled"
    if isinstance(error, Forbidden):
        if "limit" in text:
            return "spending_limit"
        if error.scope:
            return "scope_missing"
        return "forbidden" if error.code == "unknown" else "no_right"
    if isinstance(error, BadRequest):
        if "attachment" in text:
            return "attachment_missing"
        if "limit" in text and error.code in (None, "invalid", "bad_request"):
            return "spending_limit"
        if "vop_proof_token" in text and error.code != "vop_proof_token_missing":
            return "proof_refused"
    return error.code or error.kind
