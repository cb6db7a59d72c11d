# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The bill goes along with a transfer above 30,000 EUR (reference/qonto-api.md, section 12.1)."""

import uuid

from odoo import models

from ..qonto_api.payment_orders import ATTACHMENT_NEEDED_ABOVE, MOST_ATTACHMENTS

# What the bank takes, the likeliest first.
TYPES = ("application/pdf", "image/jpeg", "image/png")


class QontoPaymentOrder(models.Model):
    _inherit = "qonto.payment.order"

    def _upload_attachments(self, client) -> dict[int, tuple[str, ...]]:
        """Upload the bills of transfers that need one, afresh: an id is good under this very grant only.

        :param client: of the grant that is going to send
        :return: the bank's ids by transfer; transfers that need none are not in it
        """
        self.ensure_one()
        uploaded = {}
        for transfer_id, files in self.sudo()._unsent()._needing_files()._bill_files().items():
            uploaded[transfer_id] = tuple(
                client.upload_attachment(
                    file_name=file.name or "bill", content=file.raw, content_type=file.mimetype,
                    idempotency_key=str(uuid.uuid4()),
                )
                for file in files
            )
        return uploaded


class QontoTransfer(models.Model):
    _inherit = "qonto.transfer"

    def _needing_files(self):
        """Return those that the bank takes only with a bill."""
        return self.filtered(lambda row: row.amount > float(ATTACHMENT_NEEDED_ABOVE))

    def _bill_files(self) -> dict:
        """Return by transfer up to five files, one a bill: the one shown beside it, else the newest of a fit type."""
        bills = self.line_ids.move_id
        found = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", "account.move"), ("res_id", "in", bills.ids), ("mimetype", "in", TYPES)],
            order="id desc",
        )
        best = {}
        for file in found.sorted(lambda file: TYPES.index(file.mimetype)):
            best.setdefault(file.res_id, file)
        for bill in bills:
            if bill.message_main_attachment_id.mimetype in TYPES:
                best[bill.id] = bill.message_main_attachment_id
        return {
            transfer.id: [best[bill.id] for bill in transfer.line_ids.move_id if bill.id in best][:MOST_ATTACHMENTS]
            for transfer in self
        }
