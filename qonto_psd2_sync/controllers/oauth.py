# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The way back from the bank."""

from odoo import api, http
from odoo.http import request

from ..models.qonto_application import CALLBACK_PATH
from ..wizards.qonto_connect import SESSION_KEY

PAGES = {"qonto.map": "action_qonto_map", "qonto.renewal": "action_qonto_renewal"}


class QontoOAuth(http.Controller):
    @http.route(CALLBACK_PATH, type="http", auth="user", methods=["GET"], readonly=False)
    def callback(self, **query):
        """Take the user back from the bank, and go on with the choice of accounts, or what became of known ones.

        The work is done on a cursor of its own: a code is good once, and Odoo may run a request again. That page
        is made there too: the request's own transaction may have begun before the consent was active.
        """
        nonces = request.session.get(SESSION_KEY) or {}
        with request.env.registry.cursor() as cr:
            env = api.Environment(cr, request.env.uid, dict(request.env.context))
            outcome = env["qonto.consent"]._receive_callback(query, nonces)
            if outcome.ok:
                wizard = env["qonto.consent"].browse(outcome.consent_id)._next_wizard()
                page = f"/odoo/action-qonto_psd2_sync.{PAGES[wizard._name]}/{wizard.id}"
        if not outcome.ok:
            return request.render("qonto_psd2_sync.callback_failed", {"outcome": outcome}, status=400)
        return request.redirect(page)
