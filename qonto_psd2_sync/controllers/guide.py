# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The guide through Qonto's developer portal."""

from odoo import http
from odoo.http import request

from ..models.qonto_application import CALLBACK_PATH


class QontoGuide(http.Controller):
    @http.route("/qonto_psd2_sync/guide", type="http", auth="user", methods=["GET"], readonly=True)
    def guide(self):
        """Show the guide with this server's redirect address in it."""
        base = request.env["ir.config_parameter"].sudo().get_param("web.base.url", "").rstrip("/")
        return request.render("qonto_psd2_sync.guide", {"redirect_uri": base + CALLBACK_PATH})
