# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The money trail in the words of whoever reads it."""

from odoo import fields, models


class QontoTransferTrail(models.Model):
    _inherit = "qonto.transfer.trail"

    event_words = fields.Char(string="What", compute="_compute_words")
    state_words = fields.Char(string="Then", compute="_compute_words")
    detail_words = fields.Char(string="Detail", compute="_compute_words")

    def _compute_words(self):
        events, details = self._events_in_words(), self._details_in_words()
        states = dict(self.env["qonto.transfer"]._fields["state"]._description_selection(self.env))
        for entry in self:
            entry.event_words = events.get(entry.event, entry.event)
            entry.state_words = states.get(entry.state_after, entry.state_after)
            code, _space, rest = (entry.detail or "").partition(" ")
            word = details.get(code)
            entry.detail_words = word + (f" ({rest})" if rest else "") if word else entry.detail

    def _details_in_words(self) -> dict[str, str]:
        """Return why no answer came, by the word with which a detail begins."""
        env = self.env
        return {
            "network": env._("no connection to Qonto"),
            "server_error": env._("Qonto failed"),
            "in_progress": env._("Qonto was still at it"),
            "invalid_answer": env._("Qonto's answer could not be understood"),
            "worker_gone": env._("Odoo was stopped meanwhile"),
        }

    def _events_in_words(self) -> dict[str, str]:
        """Return each event of `payments/events.py`, and those that leave the state as it is."""
        env = self.env
        return {
            "Prepared": env._("Prepared"),
            "SendAsked": env._("“Send” was pressed"),
            "HandedOver": env._("Handed over to whoever sends"),
            "TakenBack": env._("Taken back"),
            "Verified": env._("Payee and bills checked"),
            "Canceled": env._("Canceled"),
            "Stopped": env._("Stopped before money moved"),
            "Claimed": env._("Going out to the bank"),
            "Accepted": env._("The bank accepted it"),
            "Challenged": env._("The bank asks for an approval on the phone"),
            "NotEnrolled": env._("No phone is paired"),
            "NotSent": env._("It did not leave Odoo"),
            "Refused": env._("The bank refused it"),
            "NoAnswer": env._("No answer of the bank"),
            "ClocksDiffer": env._("The clocks of Odoo and the bank differ"),
            "ScaSays": env._("What became of the approval"),
            "LookedUp": env._("Looked up at the bank"),
            "LookedUpByOther": env._("Looked up with another member's access, not found: that counts for nothing"),
            "BankSays": env._("The bank says where it is"),
            "SentBack": env._("The money came back"),
            "Matched": env._("Matched with the bank line"),
            "GivenUp": env._("Given up by a person"),
            "Decided": env._("A person decided"),
            "BankNameUsed": env._("The name of the payee's bank was taken"),
        }
