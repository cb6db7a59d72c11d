# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every cause of trouble has words of its own, in English and in German: what happened, who acts, what is next."""

import re
from pathlib import Path
from types import SimpleNamespace

from odoo.tests import TransactionCase, tagged

from ..models import payment_words
from ..models.payment_words import is_known, refusal_code, words
from ..payments import State, events
from ..qonto_api import BadRequest, Forbidden, OtherAnswer, ScaNotEnrolled

ADDON = Path(__file__).resolve().parents[1]
DECLINED = (
    "beneficiary_bic_invalid", "beneficiary_iban_invalid", "beneficiary_status", "beneficiary_network_rules_error",
    "organisation_compliance_reasons", "debit_account_insufficient_funds", "qonto_processing_failed",
)
REFUSED = (
    "bad_request", "unauthorized", "vop_proof_token_missing", "forbidden", "not_found", "not_in_list", "not_a_string",
    "invalid", "invalid_body", "insufficient_funds", "cannot_cancel", "payment_policy_approval_required",
    "payment_policy_approver_missing", "sca_required", "sca_not_enrolled", "unknown", "precondition_failed",
    "too_many_requests",
)
PAYEE_CHECKS = (
    "ERROR_UNSPECIFIED", "BAD_REQUEST_ERROR_UNSPECIFIED", "BAD_REQUEST_ERROR_RESPONDING_BANK_NOT_AVAILABLE",
    "BAD_REQUEST_ERROR_5XX_RESPONDING_BANK", "BAD_REQUEST_ERROR_RESPONDING_BANK_INVALID_RESPONSE",
    "INTERNAL_SERVER_ERROR_UNSPECIFIED", "INTERNAL_SERVER_ERROR_4XX_RESPONDING_BANK",
    "NOT_IMPLEMENTED_ERROR_UNSPECIFIED", "NOT_IMPLEMENTED_ERROR_FEATURE_NOT_AVAILABLE",
    "BAD_GATEWAY_ERROR_RESPONDING_BANK", "GATEWAY_TIMEOUT_ERROR_UNSPECIFIED", "GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK",
    "SINGLE_REQUEST_ERROR_CODE_GATEWAY_TIMEOUT_ERROR_RESPONDING_BANK",
)
# What the issue asks for by name.
ASKED_FOR = (
    "no_right", "spending_limit", "scope_missing", "no_push", "not_enrolled", "refused", "expired",
    "attachment_missing", "other_answer", "by_person", "given_up", "proof_refused", "already_paid", "balance_low",
    "strays", "nothing_to_send", "order_problem", "sealed", "too_late_to_repeat", "found_twice", "tls",
    "invalid_client", "invalid_grant", "oauth", "network", "server_error", "in_progress", "invalid_answer",
    "rate_limited", "staging_token",
)


def in_source(pattern: str, *files: str) -> set[str]:
    """Return the codes that the source itself uses."""
    found = set()
    for name in files:
        for path in ADDON.glob(name):
            found.update(re.findall(pattern, path.read_text()))
    return found


def is_event(kind) -> bool:
    """Return whether it is one of the events of `payments/events.py`."""
    return isinstance(kind, type) and kind.__module__ == events.__name__


@tagged("post_install", "-at_install")
class TestPaymentWords(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("de_DE")

    def test_the_trail_is_told_in_words_each_event_in_its_own_and_in_german(self):
        kinds = {name for name, kind in vars(events).items() if is_event(kind)}
        noted = in_source(r'_note(?:_all)?\(.*"(\w+)"(?:\)|, \w+\.state)', "models/*.py")
        self.assertLessEqual({"SendAsked", "Prepared", "Decided", "BankNameUsed"}, noted)
        trail = self.env["qonto.transfer.trail"]
        english, german = trail._events_in_words(), trail.with_context(lang="de_DE")._events_in_words()
        self.assertLessEqual(kinds | noted, set(english))
        self.assertEqual(len(set(english.values())), len(english))
        self.assertFalse([name for name in english if english[name] == german[name]])

    def codes(self) -> set[str]:
        ours = in_source(r'Problem\("(\w+)"', "models/*.py") | in_source(r'return "(check_\w+)"', "models/*.py")
        machine = in_source(r'(?:reason|alarm)(?:=| = )"(\w+)"', "payments/machine.py")
        results = {f"payee_{word}" for word in ("close_match", "no_match", "not_possible", "unspecified", "failed")}
        states = {str(state) for state in State}
        self.assertGreater(len(ours), 30)
        self.assertIn("challenged_again", machine)
        return {*ours, *machine, *results, *states, *DECLINED, *REFUSED, *PAYEE_CHECKS, *ASKED_FOR}

    def test_every_code_has_words_in_both_languages(self):
        english, german = (self.env(context={"lang": lang}) for lang in ("en_US", "de_DE"))
        actors = {payment_words.who_in_words(english, who) for who in ("you", "admin", "payee", "qonto")}
        facts = dict.fromkeys(
            (
                "payee", "sender", "company", "giver", "account", "available", "needed", "under_way", "bill", "owed",
                "amount", "iban", "new_iban", "changed_by", "partner", "before", "now", "reference", "matched_name",
                "detail", "reason",
            ),
            "x",
        )
        facts |= {"count": 2, "date": "2026-11-20", "why": "check_digits", "hits": []}
        for code in sorted(self.codes()):
            with self.subTest(code):
                self.assertTrue(is_known(english, code))
                said, gesagt = words(english, code, **facts), words(german, code, **facts)
                self.assertTrue(all(part.strip() for part in said), said)
                self.assertIn(said.who, actors)
                self.assertNotEqual(said.what, gesagt.what)
                self.assertNotEqual(said.then, gesagt.then)
                self.assertNotIn("%(", "".join((*said, *gesagt)))

    def test_words_need_no_facts(self):
        for code in sorted(self.codes()):
            with self.subTest(code):
                self.assertTrue(words(self.env, code).what)

    def test_a_code_that_nobody_knows_yet_is_shown_with_the_banks_text(self):
        said = words(self.env, "new_rule", detail="Too blue")
        self.assertIn("Too blue", said.what)
        self.assertIn("new rule", words(self.env, "new_rule").what)

    def test_what_the_bank_only_calls_forbidden_or_invalid_is_told_apart(self):
        for error, code in (
            (Forbidden("x", code="forbidden", detail="The amount is above your transfer limit"), "spending_limit"),
            (Forbidden("x", code="forbidden", detail="You are not allowed to make transfers"), "no_right"),
            (Forbidden("x", code="forbidden", scope="attachment.write"), "scope_missing"),
            (Forbidden("x", code="unknown", detail="Unknown error"), "forbidden"),
            (BadRequest("x", code="invalid", detail="attachments are required for transfers above 30000.00 EUR"),
             "attachment_missing"),
            (BadRequest("x", code="invalid", detail="vop_proof_token has expired"), "proof_refused"),
            (BadRequest("x", code="vop_proof_token_missing", detail="VoP proof token is missing"),
             "vop_proof_token_missing"),
            (BadRequest("x", code="insufficient_funds", detail="Insufficient funds"), "insufficient_funds"),
            (ScaNotEnrolled("x", code="sca_not_enrolled"), "not_enrolled"),
            (OtherAnswer("x", answer=SimpleNamespace()), "other_answer"),
        ):
            with self.subTest(code):
                self.assertEqual(refusal_code(error), code)
                self.assertTrue(is_known(self.env, code))
