"""Downloads of uploaded files: addresses that work for 30 minutes (``qonto-api.md`` section 9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..bank import Bank

LIFE = timedelta(minutes=30)


def address(bank: Bank, attachment_id: str) -> str:
    """Return the path of a download that works from now on."""
    until = int((bank.clock.now() + LIFE).timestamp())
    return f"/files/{attachment_id}/{until}/{_seal(bank, attachment_id, until)}"


def _seal(bank: Bank, attachment_id: str, until: int) -> str:
    secret = bank.first_organization().api_secret.encode()
    return hmac.new(secret, f"{attachment_id}/{until}".encode(), hashlib.sha256).hexdigest()


def routes(bank: Bank) -> list[Route]:
    async def download(request: Request) -> Response:
        attachment_id, until = request.path_params["id"], request.path_params["until"]
        record = bank.store.attachments.get(attachment_id)
        right = hmac.compare_digest(_seal(bank, attachment_id, until), request.path_params["seal"])
        late = bank.clock.now() >= datetime.fromtimestamp(until, bank.clock.now().tzinfo)
        if record is None or not right or late:
            return PlainTextResponse("This address is not valid or has expired.", 403)
        return Response(base64.b64decode(record.content), media_type=record.content_type)

    return [Route("/files/{id}/{until:int}/{seal}", download, methods=["GET"])]
