# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What must be true before a bank line is booked or undone; if it is not, a sentence says what, why, and what to do."""

from dataclasses import replace

from odoo.exceptions import UserError
from odoo.tools import formatLang

from .booking import Match, WriteOff

PARTNER_ACCOUNTS = ("asset_receivable", "liability_payable")


class BookingChecks:
    """Checks of one line's booking: the line itself, partners, documents, accounts, taxes.

    Whoever inherits has `env`, `booking`, `line`, `money`, `taken` (item: how much the batch has taken of it) and
    `result` (the plan).
    """

    @property
    def name(self) -> str:
        return self.line.payment_ref or self.line.display_name

    def words(self, amount: float, currency) -> str:
        return formatLang(self.env, amount, currency_obj=currency)

    def check_line(self):
        move = self.line.move_id
        _liquidity, suspense, other = self.line._seek_for_lines()
        if move.state != "posted":
            raise UserError(self.env._(
                "“%(line)s” is not a posted bank line. Post it first, or choose another line.", line=self.name
            ))
        if other or not suspense or self.line._qonto_is_kept_by_oca():
            raise UserError(self.env._(
                "“%(line)s” is booked already. Undo its booking first if it is to be booked differently.",
                line=self.name,
            ))
        check_open_period(self.line)

    def partner_of(self, matches, payments):
        partners = self.env["res.partner"].union(*(match.item.partner_id.commercial_partner_id for match in matches))
        partners |= payments.partner_id.commercial_partner_id
        mine = (self.booking.partner or self.line.partner_id).commercial_partner_id
        if mine and not self.booking.for_others:
            for match in matches:
                theirs = match.item.partner_id.commercial_partner_id
                if theirs and theirs != mine:
                    raise UserError(self.env._(
                        "%(document)s belongs to %(theirs)s, but “%(line)s” is with %(mine)s. Choose a document of "
                        "%(mine)s, or say that one was paid for the other.",
                        document=match.item.move_id.display_name, theirs=theirs.display_name, line=self.name,
                        mine=mine.display_name,
                    ))
        return mine or (partners if len(partners) == 1 else partners.browse())

    def checked(self, match: Match) -> Match:
        """Return the match if its item may be paid by this line."""
        item, document = match.item, match.item.move_id.display_name
        if item.parent_state != "posted":
            raise UserError(self.env._(
                "%(document)s is not posted. Post it first, or choose another one.", document=document
            ))
        if item.company_id not in self.line.company_id | self.env["res.company"].sudo().search(
            [("id", "child_of", self.line.company_id.id)]
        ):
            raise UserError(self.env._(
                "%(document)s belongs to %(theirs)s, “%(line)s” to %(mine)s. Choose a document of the same company or "
                "of its branches.",
                document=document, theirs=item.company_id.display_name, line=self.name,
                mine=self.line.company_id.display_name,
            ))
        if not item.account_id.reconcile or item.move_id == self.line.move_id:
            raise UserError(self.env._(
                "%(document)s can't be matched, since its account %(account)s is not one whose items are settled. "
                "Allow reconciliation on the account, or book the line to an account.",
                document=document, account=item.account_id.display_name,
            ))
        if item.currency_id.is_zero(self.open_amount(item)):
            raise UserError(self.env._(
                "Nothing of %(document)s is open any more. Choose another one, or undo first what paid it.",
                document=document,
            ))
        if match.amount is not None:
            self.check_amount(match, document)
        if match.of_line is not None and match.of_line <= 0:
            raise UserError(self.env._(
                "What “%(line)s” pays for %(document)s must be more than zero. Enter an amount.",
                line=self.name, document=document,
            ))
        if match.discount and not match.agreed and not self.has_discount(item):
            raise UserError(self.env._(
                "%(document)s allows no early-payment discount on %(date)s. Book what was paid, and write the rest off "
                "if you grant it all the same.",
                document=document, date=self.line.date,
            ))
        return replace(match, amount=None) if match.discount else match

    def check_amount(self, match: Match, document: str):
        currency, left = match.item.currency_id, abs(self.open_amount(match.item))
        if currency.compare_amounts(match.amount, 0) <= 0:
            raise UserError(self.env._(
                "What is paid of %(document)s must be more than zero. Enter an amount.", document=document
            ))
        if currency.compare_amounts(match.amount, left) > 0:
            raise UserError(self.env._(
                "Of %(document)s only %(left)s are open, less than %(amount)s. Enter a lower amount.",
                document=document, left=self.words(left, currency), amount=self.words(match.amount, currency),
            ))

    def open_amount(self, item) -> float:
        """Return what is left of an item, signed as the item is, after what this batch takes of it."""
        return item.amount_residual_currency - self.taken.get(item, 0.0)

    def has_discount(self, item) -> bool:
        return bool(
            item.display_type == "payment_term"
            and item not in self.taken
            and item.move_id._is_eligible_for_early_payment_discount(item.currency_id, self.line.date)
        )

    def check_account(self, write_off: WriteOff):
        account, company = write_off.account, self.line.company_id
        if not account.active or account.account_type == "off_balance" or not (
            account.sudo().company_ids & (company | company.sudo().parent_ids)
        ):
            raise UserError(self.env._(
                "The account %(account)s can't be used in %(company)s. Choose another account.",
                account=account.display_name, company=company.display_name,
            ))
        if account in (self.line.journal_id.default_account_id, self.line.journal_id.suspense_account_id):
            raise UserError(self.env._(
                "“%(line)s” can't be booked to %(account)s, the bank's own account. Choose another account.",
                line=self.name, account=account.display_name,
            ))
        if account.account_type in PARTNER_ACCOUNTS and not (
            write_off.partner or self.booking.partner or self.line.partner_id
        ):
            raise UserError(self.env._(
                "What is booked to %(account)s needs a partner. Set the partner of “%(line)s” first.",
                account=account.display_name, line=self.name,
            ))

    def check_tax_period(self):
        taxed = any(
            values.get("tax_repartition_line_id") or any(command[2] for command in values.get("tax_ids") or ())
            for values in self.result.values
        )
        locks = taxed and self.line.company_id._get_lock_date_violations(
            self.line.date, fiscalyear=False, sale=False, purchase=False, tax=True, hard=False
        )
        if locks:
            raise UserError(self.env._(
                "The taxes of “%(line)s” fall into a period that is declared already (%(locks)s). Book without tax, or "
                "have the period opened.",
                line=self.name, locks=self.env["res.company"]._format_lock_dates(locks),
            ))


def check_open_period(line):
    """Refuse what would change a sealed entry or a locked period."""
    name = line.payment_ref or line.display_name
    if line.move_id.inalterable_hash:
        raise UserError(line.env._(
            "“%(line)s” is sealed (its journal entry has a hash) and can't be changed any more. Make a correcting "
            "entry instead.", line=name,
        ))
    locks = line.company_id._get_lock_date_violations(
        line.date, fiscalyear=True, sale=False, purchase=False, tax=False, hard=True
    )
    if locks:
        raise UserError(line.env._(
            "“%(line)s” lies in a locked period (%(locks)s). Have the period opened, or leave the line as it is.",
            line=name, locks=line.env["res.company"]._format_lock_dates(locks),
        ))
