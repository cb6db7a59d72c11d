# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Files that are dropped on the card of a journal that Qonto feeds."""

from odoo import models
from odoo.exceptions import UserError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def create_document_from_attachment(self, attachment_ids):
        """Override of `account`: what is dropped on a journal fed by Qonto is a bank file."""
        journal = self or self.browse(self.env.context.get("default_journal_id"))
        account = journal.sudo().qonto_account_ids[:1] if journal.type == "bank" else None
        if not account or not self.env.user.has_group("qonto_psd2_sync.group_feed_user"):
            return super().create_document_from_attachment(attachment_ids)
        attachments = self.env["ir.attachment"].browse(attachment_ids)
        if not attachments:
            raise UserError(self.env._("Choose at least one file."))
        return self.env["qonto.file.upload"]._preview(account.sudo(False), attachments)

    def action_qonto_import_file(self):
        """Ask for files to import into this journal."""
        account = self.env["qonto.account"].search([("journal_id", "in", self.ids)], limit=1)
        if not account:
            raise UserError(self.env._("This journal is not connected to Qonto."))
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("qonto_psd2_sync.action_file_upload"),
            "context": {"default_account_id": account.id},
        }
