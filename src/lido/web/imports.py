"""Where the file of an import job is uploaded to: a PUT to the address that CreateUserImportJob gave, as to S3.

The file goes to the database part by part while it arrives; refusals are in S3's form, which uploading programs read.
"""

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import import_uploads
from lido.flows.import_uploads import MOST_BYTES, PART_BYTES, UploadRefused

if TYPE_CHECKING:
    from lido.web.lanes import Lanes

PATH = "/{pool_id}/imports/{job_id}"


async def upload(call: Call, lanes: "Lanes", request: Request) -> Response:
    """200 once the whole file is kept."""
    try:
        await _take(call, lanes, request)
    except UploadRefused as refused:
        body = f"<Error><Code>{refused.code}</Code><Message>{escape(refused.sentence)}</Message></Error>"
        headers = {"connection": "close"}  # the rest of the file is not read
        return Response(body, refused.status, headers, media_type="application/xml")
    except (errors.Unavailable, errors.Conflict):
        return PlainTextResponse("Service Unavailable", 503, {"retry-after": "1", "connection": "close"})
    except ClientDisconnect:
        return Response(status_code=400)
    return Response(status_code=200)


async def _take(call: Call, lanes: "Lanes", request: Request) -> None:
    pool_id, job_id = request.path_params["pool_id"], request.path_params["job_id"]
    import_uploads.check_url(call, pool_id, job_id, request.query_params.get("upload", ""))
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 12 or int(declared) > MOST_BYTES):
        raise import_uploads.too_large()
    name = await lanes.quick(import_uploads.begin, call, pool_id, job_id)
    whole = False
    try:
        size = await _keep(call, lanes, request, name)
        if declared.isdigit() and size != int(declared):
            raise UploadRefused("IncompleteBody", "The request body is shorter than its Content-Length.", 400)
        await lanes.quick(import_uploads.end, call, pool_id, job_id, name, size)
        whole = True
    finally:
        if not whole:
            await lanes.quick(import_uploads.abandon, call, pool_id, job_id, name)


async def _keep(call: Call, lanes: "Lanes", request: Request, name: str) -> int:
    """Keep the parts of a file as they arrive; its size in bytes."""
    pool_id, job_id = request.path_params["pool_id"], request.path_params["job_id"]
    held, number, size = bytearray(), 0, 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            raise import_uploads.too_large()
        held += piece
        while len(held) >= PART_BYTES:
            part = bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
            await lanes.quick(import_uploads.add, call, pool_id, job_id, name, number, part)
            number += 1
    if held:
        await lanes.quick(import_uploads.add, call, pool_id, job_id, name, number, bytes(held))
    return size
