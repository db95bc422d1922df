"""The client registration endpoint (RFC 7591 §3): JSON in, JSON out."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import registration
from lido.flows.registration import BearerRefused, NotOffered
from lido.rules.registration import Invalid
from lido.web.oauth import forms, refusals
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site


def register(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """201 with what the client is from now on, its secret told this once."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _refused("invalid_client_metadata", "The body must be application/json.")
    try:
        told = registration.register(call, site.pool_id, _bearer(request), body)
    except NotOffered:
        return PlainTextResponse("Not Found", 404)
    except BearerRefused as refusal:
        return _bearer_refused(refusal.error)
    except Invalid as wrong:
        return _refused(wrong.error, wrong.description)
    except errors.TooManyRequests as busy:
        return refusals.answer(busy)
    return JsonAnswer(told, 201)


def _bearer(request: Request) -> str | None:
    """The token that lets in; one that is bound to a key has no place here."""
    kind, token = forms.presented(request) or ("", "")
    return token if kind == "bearer" else None


def _refused(error: str, description: str) -> Response:
    return JsonAnswer(refusals.told(error, description), 400)


def _bearer_refused(error: str | None) -> Response:
    """RFC 6750 §3: without a token nothing is said but that one is needed."""
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    status = 403 if error == "insufficient_scope" else 401
    return JsonAnswer({"error": error or "invalid_token"}, status, {"www-authenticate": challenge})
