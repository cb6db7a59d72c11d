"""Downloads: addresses that work for 30 minutes (``qonto-api.md`` section 9).

As at the bank's storage, the address itself is the permission: a request that brings an ``Authorization`` as well is
refused with 400, which shows a client that sends its token where it does not belong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .. import statements
from ..bank import Bank

LIFE = timedelta(minutes=30)
PDF = "application/pdf"


def url(bank: Bank, request: Request, file_id: str) -> str:
    """Return the full address of a download that works from now on.

    :param file_id: of an attachment or a statement
    """
    until = int((bank.clock.now() + LIFE).timestamp())
    path = f"/files/{file_id}/{until}/{_seal(bank, file_id, until)}"
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def _seal(bank: Bank, file_id: str, until: int) -> str:
    secret = bank.first_organization().api_secret.encode()
    return hmac.new(secret, f"{file_id}/{until}".encode(), hashlib.sha256).hexdigest()


def _content(bank: Bank, file_id: str) -> tuple[bytes, str] | None:
    if record := bank.store.attachments.get(file_id):
        return base64.b64decode(record.content), record.content_type
    statement = statements.find(bank, file_id)
    return (statement.content(bank), PDF) if statement else None


def routes(bank: Bank) -> list[Route]:
    async def download(request: Request) -> Response:
        if "authorization" in request.headers:
            return PlainTextResponse("Only one way to authorize is allowed: the address, or a header.", 400)
        file_id, until = request.path_params["id"], request.path_params["until"]
        right = hmac.compare_digest(_seal(bank, file_id, until), request.path_params["seal"])
        late = bank.clock.now() >= datetime.fromtimestamp(until, bank.clock.now().tzinfo)
        if not right or late:
            return PlainTextResponse("This address is not valid or has expired.", 403)
        if (found := _content(bank, file_id)) is None:
            return PlainTextResponse("There is no such file.", 404)
        content, kind = found
        return Response(content, media_type=kind)

    return [Route("/files/{id}/{until:int}/{seal}", download, methods=["GET"])]
