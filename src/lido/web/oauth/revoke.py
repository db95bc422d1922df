"""Revocation (RFC 7009): a refresh token ends, with every token of its session."""

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import client_authentication, families
from lido.web.oauth import forms, refusals
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site

_NOTHING_TO_END = (errors.InvalidParameter, errors.Unauthorized)
"""No token, or another client's: neither is told from one that was revoked before (RFC 7009 §2.2)."""


def revoke(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """An empty 200 also for tokens that are over; 400 for access tokens and clients without revocation."""
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        token = form.get("token")
        if token is None or not client.terms.revocable:
            raise errors.OAuthError("invalid_request")
        families.end(call, site.pool_id, client.client.client_id, token)
    except _NOTHING_TO_END:
        pass
    except errors.UnsupportedTokenType:
        return refusals.answer(errors.OAuthError("unsupported_token_type"))
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal, unknown_client=401)
    return JsonAnswer(None)
