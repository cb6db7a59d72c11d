# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the columns of another bank's file mean: mapped once by a person, remembered by the header."""

from odoo import fields, models


class QontoFileMapping(models.Model):
    _name = "qonto.file.mapping"
    _description = "Mapping of a bank file's columns"
    _order = "name, id"

    name = fields.Char(required=True, help="How you call this kind of file.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    signature = fields.Char(required=True, readonly=True)
    mapping = fields.Json(required=True, readonly=True)
    columns = fields.Text(compute="_compute_columns")

    _signature_uniq = models.Constraint(
        "UNIQUE (company_id, signature)", "The columns of such a file have been mapped already."
    )

    def _compute_columns(self):
        meanings = dict(self.env["qonto.file.map.line"]._fields["meaning"]._description_selection(self.env))
        for record in self:
            record.columns = "\n".join(
                f"{header}: {meanings.get(column, column)}" for header, column in record.mapping.get("columns", [])
            )
