"""Introspection (RFC 7662): an API asks whether a token that was brought to it is still good."""

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import client_authentication, introspection
from lido.web.oauth import forms, refusals
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site


def introspect(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """What there is to know of the token as JSON; for confidential clients alone."""
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        if client.is_public:
            raise errors.OAuthError("invalid_client")
        token = form.get("token")
        if token is None:
            raise errors.OAuthError("invalid_request")
        told = introspection.introspect(call, client, token)
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal, unknown_client=401)
    return JsonAnswer(told)
