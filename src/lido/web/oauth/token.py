"""The token endpoint (RFC 6749 §3.2): the client proves itself, then a grant is exchanged for tokens."""

from collections.abc import Callable, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import authorization_codes, client_authentication, client_credentials, device_grants, families
from lido.flows.client_authentication import ProvenClient
from lido.flows.families import ClientProof
from lido.flows.tokens import Tokens
from lido.rules import options
from lido.web.oauth import forms, possession, refusals
from lido.web.oauth.forms import Form
from lido.web.site import Site

PATH = "/oauth2/token"

Answer = dict[str, object]


def token(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """Tokens as JSON (RFC 6749 §5.1), or the refusal."""
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        client = msgspec.structs.replace(client, jkt=possession.proven_key(call, site, request, PATH))
        possession.require_where_due(client)
        grant_type = _required(form, "grant_type")
        exchange = _GRANTS.get(grant_type)
        if exchange is None:
            raise errors.OAuthError("unsupported_grant_type")
        request.state.counted_as = grant_type
        answer = exchange(call, client, form)
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal)
    return JSONResponse(answer, headers=refusals.HEADERS)


def _code(call: Call, client: ProvenClient, form: Form) -> Answer:
    """RFC 6749 §4.1.3."""
    _require_flow(client, "code")
    given = authorization_codes.redeem(
        call,
        client,
        _required(form, "code"),
        redirect_uri=form.get("redirect_uri"),
        verifier=form.get("code_verifier"),
        jkt=client.jkt,
    )
    return _told(client, given)


def _refresh(call: Call, client: ProvenClient, form: Form) -> Answer:
    """RFC 6749 §6."""
    proof = ClientProof("proven", None, jkt=client.jkt, is_public=client.is_public)
    given = families.refresh(call, client.client.client_id, _required(form, "refresh_token"), proof, by_flow=False)
    return _told(client, given)


def _device(call: Call, client: ProvenClient, form: Form) -> Answer:
    """RFC 8628 §3.4."""
    return _told(client, device_grants.redeem(call, client, _required(form, "device_code")))


def _credentials(call: Call, client: ProvenClient, form: Form) -> Answer:
    """RFC 6749 §4.4; `aws_client_metadata` is what the pool's trigger is told."""
    _require_flow(client, client_credentials.FLOW)
    if client.is_public:
        raise errors.OAuthError("unauthorized_client")
    said = forms.client_metadata(form)
    told = msgspec.structs.replace(call, client_metadata=said) if said else call
    return _told(client, client_credentials.issue(told, client, forms.words(form, "scope")))


_GRANTS: Mapping[str, Callable[[Call, ProvenClient, Form], Answer]] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "client_credentials": _credentials,
    "urn:ietf:params:oauth:grant-type:device_code": _device,
}


def _required(form: Form, name: str) -> str:
    value = form.get(name)
    if not value:
        raise errors.OAuthError("invalid_request")
    return value


def _require_flow(client: ProvenClient, flow: str) -> None:
    if flow not in client.terms.oauth.flows or (
        flow == "implicit" and not options.is_on(client.pool, "implicit_grant", client.client)
    ):
        raise errors.OAuthError("unauthorized_client")


def _told(client: ProvenClient, given: Tokens) -> Answer:
    told: Answer = {
        "access_token": given.access,
        "id_token": given.id,
        "refresh_token": given.refresh,
        "token_type": "Bearer" if client.jkt is None else "DPoP",
        "expires_in": given.expires_in_seconds,
    }
    return {name: value for name, value in told.items() if value is not None}
