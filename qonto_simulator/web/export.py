"""The export page: account, period, template, language, format; and the file."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..bank import Bank
from ..exports import COLUMNS, LANGUAGES, TEMPLATES, ExportError, ExportOrder, export
from ..exports.columns import VAT_RATES
from ..exports.order import CUSTOM, SEPARATORS
from .render import page


class ExportPage:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    async def show(self, request: Request) -> Response:
        return self._page(request.query_params)

    async def download(self, request: Request) -> Response:
        try:
            file = export(self.bank, self._order(request.query_params))
        except ExportError as error:
            return self._page(request.query_params, error=str(error))
        headers = {"Content-Disposition": f"attachment; filename={quote(file.name)}", "Cache-Control": "no-store"}
        return Response(file.content, media_type=file.media_type, headers=headers)

    @staticmethod
    def _order(query: QueryParams) -> ExportOrder:
        order = ExportOrder(
            account_ids=[query["account"]] if query.get("account") else [],
            start=_day(query.get("start"), "From"),
            end=_day(query.get("end"), "Until"),
            columns=query.getlist("column"),
        )
        for name in ("template", "language", "format", "separator"):
            if query.get(name):
                setattr(order, name, query[name])
        return order

    def _page(self, query: QueryParams, error: str = "") -> Response:
        organization = self.bank.first_organization()
        labels = [(name, column.headers[0] or column.headers[1]) for name, column in COLUMNS.items()]
        return page(
            "export.html",
            400 if error else 200,
            organization=organization,
            accounts=self.bank.accounts(organization.id),
            query=query,
            templates=(*TEMPLATES, CUSTOM),
            languages=LANGUAGES,
            separators=SEPARATORS,
            columns=[*labels, (VAT_RATES, "Amounts of each VAT rate")],
            chosen=query.getlist("column") or TEMPLATES["simple"],
            error=error,
        )


def routes(bank: Bank) -> list[Route]:
    exports = ExportPage(bank)
    return [
        Route("/export", exports.show, methods=["GET"]),
        Route("/export/file", exports.download, methods=["GET"]),
    ]


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ExportError(f"{name} must be a day, such as 2026-05-31.") from None
