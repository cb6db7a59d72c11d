# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""*Import bank file*: one or several files become previews; nothing is in the books yet."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models import file_words
from ..statement_files import FileError


class QontoFileUpload(models.TransientModel):
    _name = "qonto.file.upload"
    _description = "Import of bank files"

    account_id = fields.Many2one(
        "qonto.account", required=True, ondelete="cascade",
        default=lambda self: self.env["qonto.account"].search([("company_id", "in", self.env.companies.ids)], limit=1),
    )
    attachment_ids = fields.Many2many("ir.attachment", string="Files")

    def action_preview(self):
        """Read the files, and open the first one's preview."""
        self.ensure_one()
        if not self.attachment_ids:
            raise UserError(self.env._("Choose at least one file."))
        return self._preview(self.account_id, self.attachment_ids)

    @api.model
    def _preview(self, account, attachments):
        """Keep a preview of each file, and open the first; or ask what the columns of one mean."""
        imports = self.env["qonto.file.import"]
        imports._check_may_import()
        account.check_access("read")
        records = imports.browse()
        for attachment in attachments:
            try:
                records |= imports._receive(account, attachment.name, attachment.raw or b"")
            except FileError as error:
                return self._ask_for_mapping(account, attachments, attachment, error)
        # The import keeps the file itself; what was uploaded has done its duty.
        attachments.sudo().filtered(lambda attachment: attachment.create_uid == self.env.user).unlink()
        return records[:1].action_open()

    @api.model
    def _ask_for_mapping(self, account, attachments, attachment, error: FileError):
        if not error.header:
            raise UserError(file_words.refusal(self.env, attachment.name, error)) from error
        wizard = self.env["qonto.file.map"].create(
            self.env["qonto.file.map"]._values_for(account, attachments, attachment, error)
        )
        return {
            "type": "ir.actions.act_window", "name": self.env._("What do these columns mean?"),
            "res_model": "qonto.file.map", "res_id": wizard.id, "view_mode": "form", "views": [(False, "form")],
            "target": "new",
        }
