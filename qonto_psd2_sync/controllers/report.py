# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The report for trouble-shooting, as a file."""

import json

from odoo import fields, http
from odoo.http import request

REPORT_PATH = "/qonto_psd2_sync/report"


class QontoReportDownload(http.Controller):
    @http.route(REPORT_PATH, type="http", auth="user", methods=["GET"], readonly=True)
    def report(self):
        """Return the report on the companies that the web client has chosen."""
        chosen = [int(number) for number in request.cookies.get("cids", "").split("-") if number.isdigit()]
        allowed = [number for number in chosen if number in request.env.user.company_ids.ids]
        if allowed:
            request.update_context(allowed_company_ids=allowed)
        report = json.dumps(request.env["qonto.report"]._collect(), indent=2, ensure_ascii=False)
        name = f"qonto-report-{fields.Date.today()}.json"
        return request.make_response(
            report,
            headers=[
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
