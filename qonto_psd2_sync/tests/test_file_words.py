# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whatever the readers and the planner can say, a person reads in words."""

from odoo.tests import TransactionCase, tagged

from ..models import file_words
from ..statement_files import Code, FileError, Reason

# Those that refuse a file; the rest is of a row. Where both are possible, both have words.
OF_A_FILE = [code for code in Code if code not in (
    Code.RAGGED, Code.FORMULA, Code.NO_AMOUNT, Code.BAD_AMOUNT, Code.AMBIGUOUS_AMOUNT, Code.TOO_PRECISE,
    Code.CONTRADICTION, Code.NO_DATE, Code.BAD_DATE, Code.AMBIGUOUS_DATE, Code.BAD_CURRENCY, Code.CONTROL_CHARACTERS,
)]
OF_A_ROW = [*(code for code in Code if code not in OF_A_FILE), Code.CELL_TOO_LONG]


@tagged("post_install", "-at_install")
class TestFileWords(TransactionCase):
    def test_every_refusal_has_words_of_its_own_and_names_the_place(self):
        said = set()
        for code in OF_A_FILE:
            text = file_words.refusal(self.env, "march.csv", FileError(code, row=7, column="Total", detail="5"))
            self.assertIn("march.csv", text)
            self.assertIn("7", text)
            self.assertNotIn(f"({code.value})", text)
            said.add(text)
        self.assertEqual(len(said), len(OF_A_FILE))

    def test_every_problem_of_a_row_has_words_and_names_the_column(self):
        for code in OF_A_ROW:
            text = file_words.problem(self.env, code.value, "Total", "=1", "3/5")
            self.assertIn("Total", text)
            self.assertFalse(text.endswith(f" {code.value}"), text)

    def test_every_reason_has_words(self):
        for reason in Reason:
            self.assertTrue(file_words.why(self.env, {"w": reason.value, "f": {}, "o": 3}), reason)
