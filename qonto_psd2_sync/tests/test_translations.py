# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Every text of the addon is in the template and in German. English is the language of the source."""

import io
import re
from collections import Counter
from pathlib import Path

import polib

from odoo.exceptions import UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools.translate import trans_export

from ..models.failure_words import explain

ADDON = "qonto_psd2_sync"
FOLDER = Path(__file__).resolve().parents[1] / "i18n"
GERMAN = "de_DE"
WAY_OUT = "Run ./dev/translate, then complete i18n/de.po."

PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sdf]")
TAG = re.compile(r"<[^>]+>")
# A name of the source's: with an underscore, or with a capital inside.
IDENTIFIER = re.compile(r"\w*[^\W_]_[^\W_]\w*|\b[a-z]+[A-Z]\w*")
# What somebody must type or look for in just this spelling.
MEANT_SO = {
    "QONTO_PSD2_SYNC_KEY", "account_statement_import_file", "api_url", "file_hosts", "max_cron_threads", "oauth_url",
    "qonto_psd2_sync",
}
SAME_IN_GERMAN = {
    "%(account)s: %(problem)s",
    "%(account)s: %(reason)s",
    "%(company)s: %(environment)s",
    "%(payee)s: %(problem)s",
    "1,234.56",
    "1.234,56",
    "12/31/2026",
    "2026-12-31",
    "31.12.2026",
    "Admin",
    "Administrator",
    "Alarm",
    "App",
    "Bank",
    "Bytes",
    "Dashboard",
    "Details",
    "IBAN",
    "ID",
    "Journal",
    "Manager",
    "Name",
    "Partner",
    "Phase",
    "Problem",
    "Qonto",
    "Qonto %s",
    "Sandbox",
    "Status",
    "Text",
    "Token",
}


def places(entries) -> set:
    """Return each text with each place that Odoo looks it up for.

    A text of a record belongs to that record. A text of the source belongs to Python or to the web client, in whichever
    file it stands.
    """
    return {
        (entry.msgid, kind if place.startswith("code:") else place)
        for entry in entries
        for place, _line in entry.occurrences
        for kind in re.findall(r"^odoo-\w+$", entry.comment, re.MULTILINE) or [""]
    }


def in_words(texts) -> str:
    return "".join(f"\n  {text!r}" for text in sorted(set(texts)))


class GermanCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(str(FOLDER / f"{ADDON}.pot"))
        cls.german = polib.pofile(str(FOLDER / "de.po"))

    @classmethod
    def speak_german(cls):
        cls.env["res.lang"]._activate_lang(GERMAN)
        cls.env["ir.module.module"]._load_module_terms([ADDON], [GERMAN], overwrite=True)
        cls.in_german = cls.env(context={**cls.env.context, "lang": GERMAN})


@tagged("post_install", "-at_install")
class TestTexts(GermanCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        buffer = io.BytesIO()
        trans_export(None, [ADDON], buffer, "po", cls.env)
        cls.exported = polib.pofile(buffer.getvalue().decode())

    def assert_none(self, texts, what: str):
        if texts:
            self.fail(f"{what}:{in_words(texts)}\n{WAY_OUT}")

    def test_every_text_is_in_the_template(self):
        self.assertGreater(len(self.exported), 300)
        missing = places(self.exported) - places(self.template)
        self.assert_none([text for text, _place in missing], "not in the template, or not for this place")

    def test_every_text_is_in_german(self):
        complete = [entry for entry in self.german if entry.msgstr.strip() and not entry.fuzzy and not entry.obsolete]
        missing = places(self.exported) - places(complete)
        self.assert_none([text for text, _place in missing], "not in German, not for this place, or fuzzy")

    def test_german_keeps_placeholders_and_markup(self):
        for name, pattern in (("placeholders", PLACEHOLDER), ("markup", TAG)):
            different = [
                entry.msgid
                for entry in self.german
                if Counter(pattern.findall(entry.msgid)) != Counter(pattern.findall(entry.msgstr))
            ]
            with self.subTest(kept=name):
                self.assert_none(different, f"other {name} in German")

    def test_german_is_not_english_copied(self):
        copied = {entry.msgid for entry in self.german if entry.msgid == entry.msgstr} - SAME_IN_GERMAN
        self.assert_none(copied, "the same in German")

    def test_no_text_is_an_identifier(self):
        wrong = [
            entry.msgid
            for entry in self.exported
            if set(IDENTIFIER.findall(TAG.sub(" ", PLACEHOLDER.sub(" ", entry.msgid)))) - MEANT_SO
        ]
        self.assert_none(wrong, "a name of the source's in a text")


@tagged("post_install", "-at_install")
class TestGerman(GermanCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.speak_german()

    def test_fields_have_german_labels(self):
        label = self.in_german["qonto.account"].fields_get(["start_date"])["start_date"]["string"]
        self.assertEqual(label, "Startdatum")

    def test_choices_have_german_labels(self):
        """A choice that a function makes is no text of the export: it must ask for the language by itself."""
        words = {entry.msgid: entry.msgstr for entry in self.german}
        for model in (name for name in self.env.registry if name.startswith("qonto.")):
            for field in self.env[model]._fields.values():
                if field.type == "selection":
                    english = dict(field._description_selection(self.env(context={"lang": "en_US"})))
                    german = dict(field._description_selection(self.in_german))
                    with self.subTest(field=str(field)):
                        self.assertEqual(german, {key: words.get(label, label) for key, label in english.items()})

    def test_views_menus_and_actions_are_german(self):
        arch = self.in_german["qonto.consent"].get_view(view_type="form")["arch"]
        self.assertIn("Wer und was", arch)
        self.assertNotIn("Who and what", arch)
        self.assertEqual(self.in_german.ref(f"{ADDON}.menu_consents").name, "Einwilligungen")
        self.assertEqual(self.in_german.ref(f"{ADDON}.action_bank_transactions").name, "Bankumsätze")

    def test_sentences_from_python_are_german(self):
        self.assertIn("liegt keine Einwilligung vor", explain(self.in_german, "no_consent"))
        with self.assertRaisesRegex(UserError, "Wählen Sie mindestens ein Konto aus"):
            self.in_german["qonto.account"].action_sync()

    def test_wording_of_the_consent_is_german(self):
        wording = self.in_german["qonto.connect"].new({"purpose": "read"}).wording
        self.assertIn("Was geteilt wird", wording)
        self.assertNotIn("What is shared", wording)


@tagged("post_install", "-at_install")
class TestGermanOverHttp(GermanCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.speak_german()

    def test_web_client_gets_its_german_texts(self):
        answer = self.url_open(f"/web/webclient/translations?lang={GERMAN}&mods={ADDON}").json()
        messages = answer["modules"][ADDON]["messages"]
        texts = {message["id"]: message["string"] for message in messages}
        self.assertEqual(texts.get("Fetching transactions…"), "Umsätze werden abgerufen …")

    def test_guide_is_german_for_a_german_user(self):
        new_test_user(self.env, "buchhalterin", groups=f"{ADDON}.group_feed_user", lang=GERMAN)
        self.authenticate("buchhalterin", "buchhalterin")
        page = self.url_open(f"/{ADDON}/guide").text
        self.assertIn("Zugangsdaten von Qonto beschaffen", page)
        self.assertNotIn("Get credentials", page)
