# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*What do these columns mean?*: a header that is not Qonto's is mapped once, and remembered for the company."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..statement_files import Column, FileError, Mapping, Status

DAYS = ("settled_local", "settled_utc", "operation_local", "operation_utc")


class QontoFileMap(models.TransientModel):
    _name = "qonto.file.map"
    _description = "Mapping of a file's columns"

    account_id = fields.Many2one("qonto.account", required=True, readonly=True, ondelete="cascade")
    attachment_ids = fields.Many2many("ir.attachment", readonly=True)
    file_name = fields.Char(string="File", readonly=True)
    signature = fields.Char(readonly=True)
    name = fields.Char(required=True, help="How you call this kind of file, such as your bank's name.")
    line_ids = fields.One2many("qonto.file.map.line", "map_id")
    decimal = fields.Selection(
        selection=[(",", "1.234,56"), (".", "1,234.56")], string="Amounts look like",
        help="Left empty, it is found out from the file.",
    )
    date_order = fields.Selection(
        selection=[("dmy", "31.12.2026"), ("mdy", "12/31/2026"), ("ymd", "2026-12-31")], string="Dates look like",
        help="Left empty, it is found out from the file.",
    )
    booked_words = fields.Char(
        string="Words for “booked”",
        help="What the status column says of a transaction that is booked, separated by commas.",
    )
    has_status = fields.Boolean(compute="_compute_has_status")

    @api.depends("line_ids.meaning")
    def _compute_has_status(self):
        for wizard in self:
            wizard.has_status = "status" in wizard.line_ids.mapped("meaning")

    @api.model
    def _values_for(self, account, attachments, attachment, error: FileError) -> dict:
        """Return the values of the screen for a header that is not known, with a proposal."""
        proposed = error.suggestion
        meanings = proposed.meanings(error.header) if proposed else [None] * len(error.header)
        return {
            "account_id": account.id,
            "attachment_ids": [fields.Command.set(attachments.ids)],
            "file_name": attachment.name,
            "signature": error.signature,
            "name": attachment.name.rpartition(".")[0] or attachment.name,
            "decimal": proposed.decimal if proposed else False,
            "date_order": proposed.date_order if proposed else False,
            "booked_words": ", ".join(
                word for word, status in (proposed.statuses if proposed else ()) if status is Status.BOOKED
            ),
            "line_ids": [
                fields.Command.create({
                    "header": header,
                    "number": number + 1,
                    "sample": "\n".join(
                        str(row[number])[:60] for row in error.sample[:3] if number < len(row) and row[number]
                    ),
                    "meaning": meaning.value if meaning else "ignored",
                })
                for number, (header, meaning) in enumerate(zip(error.header, meanings, strict=True)) if header
            ],
        }

    def action_confirm(self):
        """Remember the mapping, and go on with the files."""
        self.ensure_one()
        self.env["qonto.file.import"]._check_may_import()
        meanings = [line.meaning for line in self.line_ids]
        if not set(meanings) & set(DAYS):
            raise UserError(self.env._("Say which column has the date."))
        if "amount" not in meanings and not {"debit", "credit"} <= set(meanings):
            raise UserError(self.env._("Say which column has the amount, or which two have debit and credit."))
        self._check_each_once()
        words = [word.strip() for word in (self.booked_words or "").split(",") if word.strip()]
        mapping = Mapping(
            signature=self.signature,
            columns=tuple((line.header, Column(line.meaning)) for line in self.line_ids),
            decimal=self.decimal or "",
            date_order=self.date_order or "",
            statuses=tuple((word, Status.BOOKED) for word in words) if self.has_status else (),
            title=self.name,
        )
        mappings = self.env["qonto.file.mapping"].sudo()
        company = self.account_id.company_id
        values = {"name": self.name, "mapping": mapping.to_json()}
        known = mappings.search([("company_id", "=", company.id), ("signature", "=", self.signature)])
        if known:
            known.write(values)
        else:
            mappings.create({**values, "company_id": company.id, "signature": self.signature})
        return self.env["qonto.file.upload"]._preview(self.account_id, self.attachment_ids)

    def _check_each_once(self):
        """Refuse two columns of one meaning, naming both."""
        first = {}
        for line in self.line_ids.sorted("number").filtered(lambda line: line.meaning != "ignored"):
            if (before := first.setdefault(line.meaning, line)) != line:
                raise UserError(self.env._(
                    "“%(first)s” (column %(first_number)s) and “%(second)s” (column %(second_number)s) can't both be "
                    "“%(meaning)s”. Say “%(ignored)s” of one of them.",
                    first=before.header, first_number=before.number, second=line.header, second_number=line.number,
                    **{
                        name: dict(line._fields["meaning"]._description_selection(self.env))[meaning]
                        for name, meaning in (("meaning", line.meaning), ("ignored", "ignored"))
                    },
                ))


class QontoFileMapLine(models.TransientModel):
    _name = "qonto.file.map.line"
    _description = "Column of a file"

    _order = "number, id"

    map_id = fields.Many2one("qonto.file.map", required=True, ondelete="cascade")
    number = fields.Integer(string="No.", readonly=True)
    header = fields.Char(string="Column", required=True, readonly=True)
    sample = fields.Text(string="For example", readonly=True)
    meaning = fields.Selection(
        selection=[
            ("ignored", "Not used"),
            ("settled_local", "Day of the booking"),
            ("settled_utc", "Time of the booking (UTC)"),
            ("operation_local", "Day of the payment"),
            ("operation_utc", "Time of the payment (UTC)"),
            ("amount", "Amount, with its sign"),
            ("debit", "Amount that went out"),
            ("credit", "Amount that came in"),
            ("fee", "Fee"),
            ("balance", "Balance after it"),
            ("currency", "Currency"),
            ("local_amount", "Original amount"),
            ("local_currency", "Original currency"),
            ("vat_amount", "VAT"),
            ("status", "Status"),
            ("counterparty_name", "Counterparty"),
            ("counterparty_iban", "Counterparty's IBAN"),
            ("reference", "Reference"),
            ("note", "Note"),
            ("method", "Kind of payment"),
            ("category", "Category"),
            ("card", "Card"),
            ("initiator", "Who made it"),
            ("bank_id", "The bank's ID"),
            ("account_iban", "IBAN of the account"),
            ("account_name", "Name of the account"),
            ("account_id", "The bank's ID of the account"),
        ],
        required=True, default="ignored",
    )
