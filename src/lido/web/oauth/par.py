"""Where authorization requests are pushed (RFC 9126): the client proves itself before a browser is involved."""

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import authorization, client_authentication, dpop, public_clients, pushed_requests
from lido.flows.authorization import Refused, Unredirectable
from lido.web.oauth import forms, possession, refusals
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site

PATH = "/oauth2/par"
_CREDENTIALS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """A name for the request, if it is one that a browser could make; otherwise why not (RFC 9126 §2.3)."""
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        if "request_uri" in form:
            raise errors.OAuthError("invalid_request")
        given = {name: value for name, value in form.items() if name not in _CREDENTIALS}
        given["client_id"] = client.client.client_id
        pushed_requests.require_short(client, given)
        proof = possession.shown(call, site, request, PATH)
        if proof is not None and given.setdefault("dpop_jkt", proof.jkt) != proof.jkt:
            raise errors.OAuthError("invalid_dpop_proof")
        authorization.read(call, site.pool_id, list(given.items()), is_pushed=True)
        public_clients.take(call, client, "pushed requests")
        if proof is not None:
            dpop.spend(call, site.pool_id, proof)
        name = pushed_requests.push(call, client.client, given)
    except pushed_requests.TooLong:
        return JsonAnswer(refusals.told("invalid_request", "The request is too long."), 413)
    except Unredirectable as refusal:
        return refusals.answer(errors.OAuthError("invalid_request", refusal.error))
    except Refused as refusal:
        return refusals.answer(errors.OAuthError(refusal.error, refusal.description))
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal, unknown_client=401)
    told = {"request_uri": name, "expires_in": pushed_requests.LIFE_SECONDS}
    return JsonAnswer(told, 201)
