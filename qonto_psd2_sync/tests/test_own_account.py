# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import tagged

from .common import QontoCommon


@tagged("post_install", "-at_install")
class TestOwnAccount(QontoCommon):
    """Money between two connected accounts: one movement, two sides, nothing left on the transfer account."""

    def setUp(self):
        super().setUp()
        wizard = self.choose(self.give_consent())
        wizard.line_ids.write({"selected": True})
        wizard.action_confirm()
        accounts = self.env["qonto.account"].search([("company_id", "=", self.company.id)])
        self.one, self.two = accounts.filtered("main"), accounts.filtered(lambda account: not account.main)
        self.sync(accounts)
        self.between = self.company.transfer_account_id

    def move(self, cents: int):
        """Let the bank move money from the main account to the other, and return both bank lines."""
        out = self.bank.add(
            self.main["id"], -cents, label="Rücklage", counterparty_name="Konto 2",
            counterparty_iban=self.sub_account["iban"],
        )
        came = self.bank.add(
            self.sub_account["id"], cents, label="Rücklage", counterparty_name="Hauptkonto",
            counterparty_iban=self.main["iban"],
        )
        return out["id"], came["id"]

    def lines(self, *refs):
        found = self.env["account.bank.statement.line"].search([("qonto_bank_ref", "in", refs)])
        return found.sorted(lambda line: refs.index(line.qonto_bank_ref))

    def on_transfer_account(self):
        return self.env["account.move.line"].search([
            ("account_id", "=", self.between.id), ("reconciled", "=", False), ("parent_state", "=", "posted"),
        ])

    def test_both_sides_are_booked_and_nothing_is_left_between(self):
        refs = self.move(500_00)
        self.sync(self.one | self.two)
        lines = self.lines(*refs)
        self.assertEqual(lines.mapped("is_reconciled"), [True, True])
        self.assertTrue(all(lines.mapped("qonto_auto_booked_at")))
        self.assertIn(self.between, lines[0].move_id.line_ids.account_id)
        self.assertFalse(self.on_transfer_account())
        self.assertEqual(
            [proof["text"] for proof in self.env["qonto.matching"].row(lines[0].id)["proofs"]],
            ["the other account is your own", "the other side is there"],
        )

    def test_one_side_alone_is_proposed_and_the_other_settles_it_later(self):
        out, came = self.move(500_00)
        self.sync(self.one)
        [line] = self.lines(out)
        self.assertFalse(line.is_reconciled)
        screen = self.env["qonto.matching"]
        row = screen.row(line.id)
        self.assertEqual([proof["text"] for proof in row["proposals"][0]["proofs"]], ["the other account is your own"])
        screen.book_own(line.id)
        self.assertEqual(self.on_transfer_account().balance, 500.0)
        self.sync(self.two)
        [other] = self.lines(came)
        self.assertFalse(other.is_reconciled)
        screen.book_own(other.id)
        self.assertFalse(self.on_transfer_account())

    def test_two_equal_movements_are_two_pairs(self):
        refs = [*self.move(500_00), *self.move(500_00)]
        self.sync(self.one | self.two)
        self.assertEqual(self.lines(*refs).mapped("is_reconciled"), [True] * 4)
        self.assertFalse(self.on_transfer_account())

    def test_other_amount_or_day_is_no_other_side(self):
        out, came = self.move(500_00)
        self.bank.edit(came, amount_cents=499_00)
        self.sync(self.one | self.two)
        self.assertEqual(self.lines(out, came).mapped("is_reconciled"), [False, False])

    def test_undone_side_can_be_booked_again(self):
        refs = self.move(500_00)
        self.sync(self.one | self.two)
        line = self.lines(*refs)[0]
        screen = self.env["qonto.matching"]
        screen.undo(line.id)
        self.assertEqual(self.on_transfer_account().balance, -500.0)
        self.sync(self.one | self.two)
        self.assertFalse(line.is_reconciled)
        screen.book_own(line.id)
        self.assertFalse(self.on_transfer_account())

    def test_account_that_does_not_book_by_itself_keeps_both_sides_for_a_person(self):
        self.two.books_by_itself = False
        refs = self.move(500_00)
        self.sync(self.one | self.two)
        lines = self.lines(*refs)
        self.assertEqual(lines.mapped("is_reconciled"), [False, False])
        row = self.env["qonto.matching"].row(lines[1].id)
        self.assertEqual(len(row["proposals"][0]["proofs"]), 2)
