# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""How a statement or receipt comes from the bank, and onto the entry of its bank line."""

from datetime import timedelta

from odoo import fields, models

from ..qonto_api import FileRefused, InvalidAnswer, LinkExpired, NetworkError, NotFound, ServerError, const
from ..server_config import server_option
from .document_words import cause_of

# When a file that could not be had is tried again.
WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
# These are the one file's trouble; every other error of the bank's stops the whole round.
ITS_OWN_TROUBLE = (FileRefused, InvalidAnswer, LinkExpired, NetworkError, NotFound, ServerError)
FOR_GOOD = (FileRefused, NotFound)


class QontoDocument(models.Model):
    _inherit = "qonto.document"

    def _fetch(self, client) -> bool:
        """Fetch one file and keep it; nothing is written before the bytes are checked.

        :param client: client of the bank's API
        :return: whether it is there now
        :raise QontoError: what no other file would fare better with
        """
        self.ensure_one()
        try:
            fetched = self._download(client)
        except ITS_OWN_TROUBLE as error:
            self._note_failure(error)
            return False
        owner = self.account_id if self.kind == "statement" else self
        attachment = self.env["ir.attachment"].create({
            "name": fetched.name, "raw": fetched.content, "mimetype": fetched.content_type,
            "res_model": owner._name, "res_id": owner.id, "company_id": self.company_id.id,
        })
        self.write({
            "name": fetched.name, "attachment_id": attachment.id, "state": "there", "failure_kind": False,
            "failure_detail": False, "tries": 0, "next_try_at": False,
        })
        self._put_on_entries()
        return True

    def _download(self, client):
        """Return the checked bytes; an address that has just been given and works no more is asked for once again."""
        try:
            return self._download_once(client)
        except LinkExpired:
            return self._download_once(client)

    def _download_once(self, client):
        if self.kind == "statement":
            file, accepted = client.get_statement(self.bank_ref).file, (const.PDF,)
        else:
            file, accepted = client.get_attachment(self.bank_ref).file, const.RECEIPT_TYPES
        hosts = [host for host in server_option("file_hosts").split(",") if host.strip()]
        try:
            return client.download(file, accepted=accepted, hosts=hosts)
        except ValueError as error:
            raise FileRefused(f"file_hosts of this server: {error}", code="other_host", detail=str(error)) from None

    def _note_failure(self, error):
        kind, detail = cause_of(error)
        wait = WAITS[min(self.tries, len(WAITS) - 1)]
        self.write({
            "failure_kind": kind,
            "failure_detail": detail[:500],
            "tries": self.tries + 1,
            "state": "refused" if isinstance(error, FOR_GOOD) else "waiting",
            "next_try_at": fields.Datetime.now() + wait,
        })

    def _put_on_entries(self):
        """Put receipts on the entries of their bank lines, each once: one that a person removes there stays away."""
        for file in self:
            move = file.transaction_id.statement_line_id.move_id
            if not move or move == file.move_id or not file.attachment_id:
                continue
            self.env["ir.attachment"].create({
                "name": file.name, "raw": file.attachment_id.raw, "mimetype": file.attachment_id.mimetype,
                "res_model": move._name, "res_id": move.id,
            })
            file.move_id = move
