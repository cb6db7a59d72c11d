# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a person asks the bank to pay in one approval: 1 to 400 transfers, and the request that does it."""

import json
from dataclasses import dataclass, field
from datetime import date

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..qonto_api import FrozenRequest, FrozenRequestChanged, sepa
from ..qonto_api.payment_orders import MOST_IN_BULK
from ..vault import vault_of

PAYABLE = ("liability_payable", "asset_receivable")
# What lessens a payment: a vendor's credit note; of customers, to whom credit notes are paid out, an invoice.
CREDIT_NOTES = {"liability_payable": ("in_refund",), "asset_receivable": ("out_invoice", "out_receipt")}


@dataclass
class Wish:
    """One transfer that somebody wants.

    :param partner_bank: the payee's account, a `res.partner.bank`; between own accounts that of the other journal
    :param items: open journal items with the amount to pay of each, in the account's currency; what is netted of a
        credit note is negative
    :param discounted: those of the items whose early-payment discount is taken; their amount is what is left to pay
    :param payment: its `account.payment`, a draft; none: one is made
    :param total: the amount, where there is no bill and no payment to tell it
    :param customer: without a bill: the payee is paid as a customer, not as a vendor
    :param to_account: the `qonto.account` that gets the money: it only moves between own accounts
    """

    partner_bank: models.Model
    reference: str
    items: list = field(default_factory=list)
    scheduled_date: date | None = None
    payment: models.Model | None = None
    discounted: models.Model | None = None
    total: float | None = None
    customer: bool = False
    to_account: models.Model | None = None

    @property
    def amount(self) -> float:
        """The whole of it."""
        if self.items:
            return sum(amount for _item, amount in self.items)
        return self.payment.amount if self.payment else self.total or 0.0

    def discount_of(self, item) -> float:
        """Return what is not paid of an item, since its early-payment discount is taken."""
        if not self.discounted or item not in self.discounted:
            return 0.0
        return item.discount_amount_currency and item.discount_amount_currency - item.amount_currency


class QontoPaymentOrder(models.Model):
    _name = "qonto.payment.order"
    _description = "Payment order to Qonto"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _check_company_auto = True
    _order = "id desc"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    account_id = fields.Many2one(
        "qonto.account", string="From account", required=True, readonly=True, index=True, ondelete="restrict",
        check_company=True,
    )
    currency_id = fields.Many2one("res.currency", related="account_id.currency_id", store=True)
    kind = fields.Selection(
        selection=[
            ("transfer", "One transfer"),
            ("bulk_transfer", "Several transfers"),
            ("internal_transfer", "Between own accounts"),
        ],
        compute="_compute_kind",
        store=True,
    )
    prepared_by_id = fields.Many2one("res.users", string="Prepared by", required=True, readonly=True)
    payer_id = fields.Many2one("res.users", string="Handed over to", readonly=True, copy=False)
    handed_over_at = fields.Datetime(string="Handed over on", readonly=True, copy=False)
    sender_id = fields.Many2one(
        "res.users", string="Sent by", readonly=True, copy=False, help="Whose phone rings. Stays the same to the end."
    )
    consent_id = fields.Many2one(
        "qonto.consent", string="Sent with the consent", readonly=True, copy=False, ondelete="restrict"
    )
    send_asked_at = fields.Datetime(
        string="Send pressed on", readonly=True, copy=False,
        help="Empty again once it was carried out, or once something needs a person.",
    )
    transfer_ids = fields.One2many("qonto.transfer", "order_id", string="Transfers", readonly=True)
    amount_total = fields.Monetary(string="Total", compute="_compute_total")
    transfer_count = fields.Integer(string="Number of transfers", compute="_compute_total")

    # Committed before the first byte leaves (R2); sealed, since they hold a proof and payees (R13).
    request_sealed = fields.Char(groups=fields.NO_ACCESS, copy=False)
    request_fingerprint = fields.Char(string="Fingerprint of the request", readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends("transfer_ids", "transfer_ids.to_account_id")
    def _compute_kind(self):
        for order in self:
            if order.transfer_ids.to_account_id:
                order.kind = "internal_transfer"
            else:
                order.kind = "bulk_transfer" if len(order.transfer_ids) > 1 else "transfer"

    @api.depends("transfer_ids.amount")
    def _compute_total(self):
        for order in self:
            order.amount_total = sum(order.transfer_ids.mapped("amount"))
            order.transfer_count = len(order.transfer_ids)

    @api.depends("account_id")
    def _compute_display_name(self):
        for order in self:
            order.display_name = self.env._("Payment order %s", order.id) if order.id else ""

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """What was asked to be paid stays."""
        if self:
            raise UserError(self.env._("A payment order is never deleted. Cancel its transfers instead."))

    # === PREPARING === #

    @api.model
    def _prepare(self, account, wishes: list[Wish]):
        """Make an order of what somebody wants to pay. Each of its bills is held from now on (R1).

        :param account: the `qonto.account` to pay from
        :return: the order, its transfers prepared
        :raise AccessError: without the right to prepare payments
        :raise UserError: something of it cannot be paid, and why
        """
        if not self.env.user.has_group("qonto_psd2_sync.group_payment_prepare"):
            raise AccessError(self.env._("You need the right to prepare payments at Qonto."))
        account.check_access("read")
        if account.company_id not in self.env.companies:
            raise AccessError(self.env._("This account belongs to another company."))
        if account.currency_id.name != "EUR":
            raise UserError(self.env._("Transfers leave from accounts in euros only."))
        if not 0 < len(wishes) <= MOST_IN_BULK:
            raise UserError(self.env._("An order holds 1 to %s transfers.", MOST_IN_BULK))
        for wish in wishes:
            self._check_wish(account, wish)
        if len(wishes) > 1 and any(wish.to_account for wish in wishes):
            raise UserError(self.env._("A transfer between own accounts stands in an order of its own."))
        self._check_free([item for wish in wishes for item, _amount in wish.items])
        self._check_payments_free([wish.payment for wish in wishes if wish.payment])
        self._make_payments(account, wishes)
        order = self.sudo().create(
            {
                "company_id": account.company_id.id,
                "account_id": account.id,
                "prepared_by_id": self.env.uid,
                "transfer_ids": [Command.create(self._transfer_values(wish)) for wish in wishes],
            }
        )
        # R1's index speaks now, not at some later flush.
        self.env.flush_all()
        trail = self.env["qonto.transfer.trail"].sudo()
        trail._note_all(dict.fromkeys(order.transfer_ids, ""), "Prepared")
        return order.sudo(False)

    @api.model
    def _transfer_values(self, wish: Wish) -> dict:
        bank = wish.partner_bank
        return {
            "partner_id": bank.partner_id.id,
            "partner_bank_id": bank.id,
            "payee_name": self._payee_name(bank),
            "holder_name": self._payee_name(bank),
            "iban": sepa.compact_iban(bank.acc_number),
            "amount": wish.amount,
            "reference": wish.reference,
            "scheduled_date": wish.scheduled_date,
            "payment_id": wish.payment.id if wish.payment else False,
            "to_account_id": wish.to_account.id if wish.to_account else False,
            "line_ids": [
                Command.create({"move_line_id": item.id, "amount": amount, "discount": wish.discount_of(item)})
                for item, amount in wish.items
            ],
        }

    @api.model
    def _payee_name(self, bank) -> str:
        return (bank.acc_holder_name or bank.partner_id.name or "").strip()

    @api.model
    def _check_wish(self, account, wish: Wish):
        """Refuse what the bank would not take, or should not be asked for, in words."""
        payee = self._payee_name(wish.partner_bank)
        if why := sepa.iban_problem(wish.partner_bank.acc_number or ""):
            raise UserError(
                self.env._("%(payee)s: %(problem)s", payee=payee, problem=self._iban_words()[why])
            )
        if sepa.name_problem(payee):
            raise UserError(
                self.env._("%(payee)s: a payee's name has 1 to %(most)s characters, letters among them.",
                           payee=payee, most=sepa.NAME_LENGTH)
            )
        if sepa.reference_problem(wish.reference):
            raise UserError(
                self.env._(
                    "%(payee)s: the reference “%(reference)s” cannot be sent. It has 1 to %(most)s characters, no "
                    "umlauts, and the right check digits if it begins with RF.",
                    payee=payee, reference=wish.reference, most=sepa.REFERENCE_LENGTH,
                )
            )
        if not wish.items and not wish.payment and not wish.total:
            raise UserError(self.env._("%(payee)s: there is no bill to pay, and no amount.", payee=payee))
        self._check_bookable(account, wish)
        for item, amount in wish.items:
            self._check_item(account, wish, item, amount)
        if account.currency_id.compare_amounts(wish.amount, 0) <= 0:
            raise UserError(self.env._("%(payee)s: nothing is left to pay.", payee=payee))

    @api.model
    def _check_item(self, account, wish: Wish, item, amount: float):
        item.check_access("read")
        bill, currency = item.move_id.name or "", account.currency_id
        partner = wish.partner_bank.partner_id.commercial_partner_id
        if item.company_id != account.company_id or item.partner_id.commercial_partner_id != partner:
            raise UserError(self.env._("%(bill)s belongs to another company or another payee.", bill=bill))
        if item.parent_state != "posted" or item.account_id.account_type not in PAYABLE or item.reconciled:
            raise UserError(self.env._("%(bill)s is not open: it is a draft, canceled or paid.", bill=bill))
        if item.currency_id != currency:
            raise UserError(self.env._("%(bill)s is not in euros.", bill=bill))
        discount, owed = wish.discount_of(item), -item.amount_residual_currency
        if discount:
            self._check_discount(account, wish, item, amount + discount)
        sign = -1 if item.move_id.move_type in CREDIT_NOTES[item.account_id.account_type] else 1
        amount, owed = amount * sign, owed * sign
        if currency.compare_amounts(amount, 0) <= 0 or currency.compare_amounts(amount, owed) > 0:
            raise UserError(
                self.env._(
                    "%(bill)s: between 0.01 and %(owed)s can be paid.",
                    bill=bill, owed=currency.format(max(owed, 0.0)),
                )
            )

    @api.model
    def _check_discount(self, account, wish: Wish, item, settled: float):
        """Refuse a discount that the bill does not allow on the day of payment, or that is taken of a part."""
        day = wish.scheduled_date or account._today()
        bill, currency = item.move_id, account.currency_id
        if not bill._is_eligible_for_early_payment_discount(currency, day) or currency.compare_amounts(
            settled, -item.amount_residual_currency
        ):
            raise UserError(
                self.env._(
                    "%(bill)s allows no early-payment discount on %(date)s, or not for a part of it.",
                    bill=bill.name, date=format_date(self.env, day),
                )
            )

    @api.model
    def _check_free(self, items):
        """Refuse an item that a live transfer holds, and name that transfer. The unique index has the last word."""
        ids = [item.id for item in items]
        if len(set(ids)) < len(ids):
            raise UserError(self.env._("The same bill is in this order twice."))
        line = self.env["qonto.transfer.line"].sudo().search(
            [("move_line_id", "in", ids), ("live", "=", True)], limit=1
        )
        if line:
            raise UserError(
                self.env._(
                    "%(bill)s: a transfer of %(transfer)s for it is under way. It can be paid again when that one has "
                    "ended.",
                    bill=line.move_id.name, transfer=line.transfer_id._held_by(),
                )
            )

    def _iban_words(self) -> dict:
        return {
            sepa.EMPTY: self.env._("the IBAN is missing."),
            sepa.WRONG_FORM: self.env._("this is not an IBAN."),
            sepa.WRONG_LENGTH: self.env._("the IBAN is too long or too short for its country."),
            sepa.CHECK_DIGITS: self.env._("the IBAN is mistyped: its check digits are wrong."),
            sepa.NOT_SEPA: self.env._("the account is outside the SEPA area."),
        }

    # === THE FROZEN REQUEST === #

    def _freeze(self, frozen: FrozenRequest):
        """Keep the request that is going to be sent, once. The caller commits before the first byte leaves (R2)."""
        self.ensure_one()
        if self.sudo().request_sealed:
            raise UserError(self.env._("The request of this order is frozen already. Make a new order instead."))
        self.sudo().write(
            {
                "request_sealed": vault_of(self.env).seal(json.dumps(frozen.to_stored())),
                "request_fingerprint": frozen.fingerprint,
            }
        )

    def _frozen(self) -> FrozenRequest:
        """Return the request to send, to the byte.

        :raise FrozenRequestChanged: it is not what was frozen
        :raise vault.VaultError: it was frozen in another database, or the key is gone
        """
        self.ensure_one()
        sealed = self.sudo().request_sealed
        if not sealed:
            raise FrozenRequestChanged("No request was frozen")
        frozen = FrozenRequest.from_stored(json.loads(vault_of(self.env).open(sealed)))
        if frozen.fingerprint != self.request_fingerprint:
            raise FrozenRequestChanged("The order has another fingerprint")
        return frozen
