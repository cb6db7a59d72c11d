# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From a booking to journal items, or to a sentence that says why not. Nothing is written here."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from odoo.exceptions import UserError
from odoo.fields import Command

from .booking import Booking, Match, Plan, WriteOff
from .booking_checks import PARTNER_ACCOUNTS, BookingChecks


class Money:
    """A bank line's amounts in its three currencies, and the rates that the bank itself gave by them."""

    def __init__(self, line):
        (
            self.foreign_amount, self.foreign, self.amount, self.currency, self.balance, self.company_currency,
        ) = line._get_accounting_amounts_and_currencies()
        self.company, self.date = line.company_id, line.date

    def to_balance(self, amount: float) -> float:
        """From the line's currency to the company's."""
        return self.company_currency.round(amount * self.balance / self.amount)

    def of_item(self, currency, amount: float) -> tuple[float, float]:
        """Return what an amount of a document is, in the line's currency and in the company's."""
        if currency == self.currency:
            return amount, self.to_balance(amount)
        if currency == self.foreign and self.foreign_amount:
            part = amount / self.foreign_amount
            return self.currency.round(self.amount * part), self.company_currency.round(self.balance * part)
        if currency != self.company_currency:
            amount = currency._convert(amount, self.company_currency, self.company, self.date)
        return self.currency.round(amount * self.amount / self.balance), amount


class Planner:
    """Plans the bookings of one batch, one after the other: a later one sees what the earlier ones took."""

    def __init__(self, env):
        self.env = env
        self.taken = {}  # item -> how much of it the batch has taken, in its currency

    def plan(self, booking: Booking) -> Plan:
        """Work out what to write.

        :raise UserError: when the booking can't be made; the sentence is for the user
        """
        return LinePlanner(self, booking).plan()


class LinePlanner(BookingChecks):
    """Plans one line."""

    def __init__(self, planner: Planner, booking: Booking):
        self.env, self.taken, self.booking, self.line = planner.env, planner.taken, booking, booking.line
        self.check_line()
        self.money = Money(self.line)
        if self.money.currency.is_zero(self.money.amount) or self.money.company_currency.is_zero(self.money.balance):
            raise UserError(self.env._("The amount of “%(line)s” is zero: there is nothing to book.", line=self.name))
        # What is left: in the line's currency, in the company's, and in the one that the other party paid in.
        self.rest, self.rest_balance = self.money.amount, self.money.balance
        self.rest_foreign = self.money.foreign_amount
        self.result = None

    def plan(self) -> Plan:
        matches, on_account = self.with_payments()
        if len({match.item for match in matches}) != len(matches):
            raise UserError(self.env._("A document is in the list of “%(line)s” twice. Take one out.", line=self.name))
        matches = [self.checked(match) for match in matches]
        payments = self.unbooked_payments()
        partner = self.partner_of(matches, payments)
        self.result = Plan(self.line, partner, payments=list(payments))
        self.add_matches(matches)
        for payment, amount in on_account:
            self.add_plain(payment.destination_account_id, amount, partner=payment.partner_id)
        self.add_last_write_off()
        if self.booking.model:
            self.add_model()
        self.close(partner)
        self.check_tax_period()
        return self.result

    # === PAYMENTS === #

    def unbooked_payments(self):
        return (self.booking.payments or self.env["account.payment"]).filtered(lambda payment: not payment.move_id)

    def with_payments(self) -> tuple[list[Match], list[tuple]]:
        """Return all matches, those of the payments too, and what payments without a document leave on the partner."""
        matches, on_account = list(self.booking.matches), []
        for payment in self.booking.payments or ():
            if payment.move_id:
                liquidity, _counterpart, _write_off = payment._seek_for_lines()
                matches += [Match(item) for item in liquidity]
                continue
            if payment.state != "in_process":
                raise UserError(self.env._(
                    "The payment %(payment)s is not open: it is a draft, paid or canceled. Confirm it first, or choose "
                    "another one.", payment=payment.display_name,
                ))
            left = payment.amount
            for match, amount in self.chosen(payment) if payment.qonto_transfer_ids else self.oldest_first(payment):
                matches.append(match)
                left -= amount
            if not payment.currency_id.is_zero(left):
                sign = 1 if payment.payment_type == "inbound" else -1
                on_account.append((payment, self.money.of_item(payment.currency_id, sign * left)[0]))
        return matches, on_account

    def oldest_first(self, payment) -> Iterator[tuple[Match, float]]:
        """Yield what a payment pays of its documents."""
        left = payment.amount
        for item in payment.invoice_ids.line_ids.filtered(
            lambda item: item.account_type in PARTNER_ACCOUNTS and item.parent_state == "posted"
        ).sorted(lambda item: (item.date_maturity or item.date, item.id)):
            amount = min(left, abs(item.amount_residual_currency))
            if item.currency_id == payment.currency_id and not payment.currency_id.is_zero(amount):
                yield Match(item, amount), amount
                left -= amount

    def chosen(self, payment) -> Iterator[tuple[Match, float]]:
        """Yield what a transfer pays of each of its documents, as far as that is still open."""
        for line in payment.qonto_transfer_id.sudo().line_ids.sorted("id"):
            item = line.move_line_id.sudo(False)
            amount = min(abs(line.amount), abs(item.amount_residual_currency))
            if item.parent_state != "posted" or payment.currency_id.is_zero(amount):
                continue
            if line.discount and line._is_paid_in_full():
                yield Match(item, discount=True, agreed=True), line.amount
            else:
                yield Match(item, amount), math.copysign(amount, line.amount)

    # === DOCUMENTS === #

    def add_matches(self, matches: list[Match]):
        """Add documents and write-offs: first those whose amount is given, then those that take what is left."""
        def given(match):
            return match.amount is not None or match.discount or self.open_amount(match.item) * self.money.amount < 0

        first = [match for match in matches if given(match)]
        for match in first:
            self.add_match(match, limited=False)
        for write_off in self.booking.write_offs:
            if write_off.amount is not None:
                self.add_write_off(write_off)
        for match in matches:
            if match not in first:
                self.add_match(match, limited=True)

    def add_match(self, match: Match, *, limited: bool):
        item, currency, money = match.item, match.item.currency_id, self.money
        left = self.open_amount(item)
        amount = left if match.amount is None else math.copysign(match.amount, left)
        own, balance = money.of_item(currency, amount)
        if match.of_line is not None and currency not in (money.currency, money.company_currency, money.foreign):
            own = money.currency.round(math.copysign(match.of_line, left))
            balance = money.to_balance(own)
        elif limited and self.is_more_than_left(currency, amount, own):
            own, balance, amount = self.limited(match, own, amount)
        if currency == money.company_currency:
            balance = amount
        self.taken[item] = self.taken.get(item, 0.0) + amount
        self.explain(own, balance, amount if currency == money.foreign else None)
        self.add(balance, {
            "account_id": item.account_id.id, "partner_id": item.partner_id.id, "currency_id": currency.id,
            "amount_currency": -amount,
        }, item)
        if match.discount:
            self.add_discount(item)

    def is_more_than_left(self, currency, amount: float, own: float) -> bool:
        if currency == self.money.foreign:
            return currency.compare_amounts(abs(amount), max(self.rest_foreign * math.copysign(1, own), 0)) > 0
        return self.money.currency.compare_amounts(abs(own), max(self.rest * math.copysign(1, own), 0)) > 0

    def limited(self, match: Match, own: float, amount: float) -> tuple[float, float, float]:
        """Return what the line has left for a document: in the line's, the company's and the document's currency."""
        currency = match.item.currency_id
        if self.explained or self.rest * own < 0:
            raise UserError(self.env._(
                "Nothing of “%(line)s” is left for %(document)s. Take it out, or pay less of another one.",
                line=self.name, document=match.item.move_id.display_name,
            ))
        if currency == self.money.foreign:
            amount = self.rest_foreign
        elif currency == self.money.company_currency:
            amount = self.rest_balance
        else:
            amount *= self.rest / own
        return self.rest, self.rest_balance, currency.round(amount)

    def add_discount(self, item):
        """Add the discount and its tax, as Odoo's own *Pay* does."""
        currency = item.currency_id
        amount = item.amount_currency - item.discount_amount_currency
        own, balance = self.money.of_item(currency, -amount)
        lines = self.env["account.move"]._get_invoice_counterpart_amls_for_early_payment_discount(
            [{"aml": item, "amount_currency": -item.amount_residual_currency, "balance": -item.amount_residual}],
            -balance,
        )
        for values in (values for kind in lines.values() for values in kind):
            if not values.get("account_id"):
                raise UserError(self.env._(
                    "There is no account for early-payment discounts in %(company)s. Set it in the accounting "
                    "settings.",
                    company=self.line.company_id.display_name,
                ))
            self.result.add(values)
        self.explain(own, balance, -amount if currency == self.money.foreign else None)

    # === ACCOUNTS === #

    def explain(self, own: float, balance: float, foreign: float | None = None):
        """Take what is explained from what is left; `foreign` if the amount is known in that currency itself."""
        money = self.money
        self.rest -= own
        self.rest_balance -= balance
        self.rest_foreign -= own * money.foreign_amount / money.amount if foreign is None else foreign

    @property
    def explained(self) -> bool:
        """Whether nothing is left; cents that come from rounding a foreign currency do not count."""
        money = self.money
        if money.currency.is_zero(self.rest) or money.company_currency.is_zero(self.rest_balance):
            return True
        most = money.currency.rounding * (len(self.result.values) + 1)
        return money.foreign != money.currency and money.foreign.is_zero(self.rest_foreign) and abs(self.rest) < most

    def add(self, balance: float, values: dict, item=None):
        self.result.add({"name": self.line.payment_ref, **values, "balance": -balance}, item)

    def add_plain(self, account, amount: float, balance: float | None = None, partner=None, **values):
        balance = self.money.to_balance(amount) if balance is None else balance
        self.explain(amount, balance)
        self.add(balance, self.plain(account, amount, partner, **values))

    def plain(self, account, amount: float, partner, **values) -> dict:
        return {
            "account_id": account.id, "partner_id": partner.id if partner else False,
            "currency_id": self.money.currency.id, "amount_currency": -amount, **values,
        }

    def add_last_write_off(self):
        open_ended = [write_off for write_off in self.booking.write_offs if write_off.amount is None]
        if len(open_ended) > 1 or (open_ended and self.booking.model):
            raise UserError(self.env._(
                "Only one account can take all that is left of “%(line)s”. Enter the amounts of the others.",
                line=self.name,
            ))
        for write_off in open_ended:
            if not self.explained:
                self.add_write_off(replace(write_off, amount=self.rest), self.rest_balance)

    def add_write_off(self, write_off: WriteOff, balance: float | None = None):
        self.check_account(write_off)
        amount = self.money.currency.round(write_off.amount)
        balance = self.money.to_balance(amount) if balance is None else balance
        values = {"name": write_off.label or self.line.payment_ref}
        if write_off.analytic:
            values["analytic_distribution"] = write_off.analytic
        if write_off.model:
            values["reconcile_model_id"] = write_off.model.id
        partner = write_off.partner or self.booking.partner or self.line.partner_id
        if not write_off.taxes:
            self.add_plain(write_off.account, amount, balance, partner, **values)
            return
        self.explain(amount, balance)
        for each in self.taxed(self.plain(write_off.account, amount, partner, **values), -balance, write_off.taxes):
            self.result.add(each)

    def taxed(self, values: dict, balance: float, taxes) -> list[dict]:
        """Split an amount that includes its taxes into the base and the tax items, to the cent."""
        env, company = self.env, self.line.company_id
        amount, currency = values["amount_currency"], self.money.currency
        kind = taxes[0].type_tax_use
        base = env["account.tax"]._prepare_base_line_for_taxes_computation(
            None, tax_ids=taxes, price_unit=amount, quantity=1.0, currency_id=currency, rate=abs(amount / balance),
            special_mode="total_included", sign=1.0, account_id=env["account.account"].browse(values["account_id"]),
            partner_id=env["res.partner"].browse(values["partner_id"]),
            analytic_distribution=values.get("analytic_distribution"),
            is_refund=(kind == "sale" and amount > 0) or (kind == "purchase" and amount < 0),
        )
        AccountTax = env["account.tax"]
        AccountTax._add_tax_details_in_base_lines([base], company)
        AccountTax._round_base_lines_tax_details([base], company)
        AccountTax._add_accounting_data_in_base_lines_tax_details([base], company)
        tax_lines = AccountTax._prepare_tax_lines([base], company)["tax_lines_to_add"]
        for line in tax_lines:
            line.update({key: values[key] for key in ("reconcile_model_id",) if key in values})
        return [
            {
                **values,
                "tax_ids": [Command.set(taxes.ids)],
                "tax_tag_ids": [Command.set(base["tax_tag_ids"].ids)],
                "amount_currency": currency.round(amount - sum(line["amount_currency"] for line in tax_lines)),
                "balance": self.money.company_currency.round(balance - sum(line["balance"] for line in tax_lines)),
            },
            *tax_lines,
        ]

    # === RULES (account.reconcile.model) === #

    def add_model(self):
        model, company = self.booking.model, self.line.company_id
        if not model.active or model.company_id not in company | company.sudo().parent_ids:
            raise UserError(self.env._(
                "The rule “%(rule)s” can't be used in %(company)s. Choose another one.",
                rule=model.display_name, company=company.display_name,
            ))
        if not model.line_ids or not all(line.account_id for line in model.line_ids):
            raise UserError(self.env._(
                "The rule “%(rule)s” names no account. Complete it, or choose another one.", rule=model.display_name
            ))
        for line in model.line_ids:
            amount = self.money.currency.round(self.amount_of(line))
            if self.explained or self.money.currency.is_zero(amount):
                continue
            takes_all = self.money.currency.compare_amounts(amount, self.rest) == 0
            self.add_write_off(
                WriteOff(
                    line.account_id, amount, line.label or "", line.partner_id, line.tax_ids,
                    line.analytic_distribution, model,
                ),
                self.rest_balance if takes_all else None,
            )

    def amount_of(self, line) -> float:
        """Return what a rule's line explains of the bank line, in its currency."""
        if line.amount_type == "fixed":  # Odoo: a debit if it is negative, a credit if it is positive
            return line.amount
        if line.amount_type == "percentage_st_line":
            return self.money.amount * line.amount / 100
        if line.amount_type == "percentage":
            return self.rest * line.amount / 100
        found = re.search(line.amount_string, self.line.payment_ref or "")
        number = read_number(found[1] if found and found.re.groups else found[0] if found else "")
        if number is None:
            raise UserError(self.env._(
                "The rule “%(rule)s” finds no amount in “%(line)s”. Choose another rule, or enter the amount yourself.",
                rule=line.model_id.display_name, line=self.name,
            ))
        return math.copysign(number, self.rest)

    # === THE END === #

    def close(self, partner):
        """Put what is left where it was asked to go; all items together must make up for the bank's."""
        money = self.money
        self.rest = money.currency.round(self.rest)
        self.rest_balance = money.company_currency.round(self.rest_balance)
        if not self.explained:
            self.add_rest(partner)
        elif not money.company_currency.is_zero(self.rest_balance):
            # Rounding of a foreign currency: the rate of one item carries it, its own amount does not change.
            own = money.company_currency.id
            carrier = max(
                self.result.values, key=lambda each: (each.get("currency_id", own) != own, abs(each["balance"]))
            )
            carrier["balance"] -= self.rest_balance
            if carrier.get("currency_id", own) == own:
                carrier["amount_currency"] = carrier["balance"]
        if not self.result.values:
            raise UserError(self.env._(
                "There is nothing to book “%(line)s” on. Choose a document or an account.", line=self.name
            ))

    def add_rest(self, partner):
        money = self.money
        if self.rest * money.amount < 0:
            raise UserError(self.env._(
                "What you chose is %(excess)s more than “%(line)s” has (%(amount)s). Take something out, or pay one "
                "document in part.",
                excess=self.words(abs(self.rest), money.currency), line=self.name,
                amount=self.words(abs(money.amount), money.currency),
            ))
        if money.currency.compare_amounts(abs(self.rest), abs(money.amount)) > 0:
            raise UserError(self.env._(
                "What you chose goes the other way than “%(line)s” (%(amount)s): one is money in, the other money out. "
                "Choose something else.",
                line=self.name, amount=self.words(money.amount, money.currency),
            ))
        left = self.words(abs(self.rest), money.currency)
        if not self.booking.rest_on_partner:
            raise UserError(self.env._(
                "%(left)s of “%(line)s” are not explained yet. Choose a document or an account for them, or leave them "
                "open on the partner.", left=left, line=self.name,
            ))
        if not partner:
            raise UserError(self.env._(
                "%(left)s of “%(line)s” can't be left open on a partner, since it is not clear on which. Set the "
                "partner of the line first.", left=left, line=self.name,
            ))
        self.add_plain(self.partner_account(partner), self.rest, self.rest_balance, partner)

    def partner_account(self, partner):
        """Return the account of the documents, or else the partner's own for this direction."""
        for item in self.result.items:
            if item and item.account_type in PARTNER_ACCOUNTS and item.partner_id.commercial_partner_id == partner:
                return item.account_id
        partner = partner.with_company(self.line.company_id)
        money_in = self.money.amount > 0
        account = partner.property_account_receivable_id if money_in else partner.property_account_payable_id
        if not account:
            raise UserError(self.env._(
                "%(partner)s has no account for open items in %(company)s. Set it on the partner.",
                partner=partner.display_name, company=self.line.company_id.display_name,
            ))
        return account



def read_number(text: str) -> float | None:
    """Read an amount as people write it: 3358,07, 1.234,56, 1,234.56 or 12.

    >>> [read_number(text) for text in ("3358,07", "1.234,56", "1,234.56", "1,234", "12", "x")]
    [3358.07, 1234.56, 1234.56, 1234.0, 12.0, None]
    """
    found = re.search(r"\d[\d.,' ]*", text or "")
    if not found:
        return None
    whole, cents = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", found[0].strip(" .,'")).groups()
    return float(f"{re.sub(r'[^0-9]', '', whole)}.{cents or 0}")
