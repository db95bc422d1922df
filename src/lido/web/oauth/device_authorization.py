"""Where a device begins that has no browser (RFC 8628 §3.1): it gets a code to show and a code to poll with."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import client_authentication, device_grants
from lido.rules import authorization
from lido.web.oauth import forms, refusals
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site

PAGE = "/device"


def begin(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The codes as JSON, and the page where a person types one (RFC 8628 §3.2)."""
    page = site.base + PAGE
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        resource = authorization.resource(form)
        issued = device_grants.begin(call, client, scope=form.get("scope"), resource=resource, page=page)
    except authorization.Invalid as refusal:
        return refusals.answer(errors.OAuthError(refusal.error))
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal, unknown_client=401)
    told = {
        "device_code": issued.device_code,
        "user_code": issued.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{urlencode({'user_code': issued.user_code})}",
        "expires_in": device_grants.LIFE_SECONDS,
        "interval": device_grants.INTERVAL_SECONDS,
    }
    return JsonAnswer(told)
