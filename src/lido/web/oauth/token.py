"""The token endpoint (RFC 6749 §3.2): the client proves itself, then a grant is exchanged for tokens."""

from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    authorization_codes,
    client_authentication,
    client_credentials,
    device_grants,
    dpop,
    families,
    public_clients,
    token_exchange,
)
from lido.flows.client_authentication import ProvenClient
from lido.flows.families import ClientProof
from lido.flows.token_exchange import Wish
from lido.flows.tokens import Tokens
from lido.rules import options, rate_limits
from lido.rules.token_exchange import Kind
from lido.web.oauth import forms, possession, refusals
from lido.web.oauth.forms import Form
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site

PATH = "/oauth2/token"

Told = dict[str, object]
Exchange = Callable[[Call, ProvenClient, Form], Told]

_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"  # noqa: S105 - the beginning of a name (RFC 8693 §3)
_KINDS: Mapping[str, Kind] = {f"{_TOKEN_TYPE}access_token": "access", f"{_TOKEN_TYPE}id_token": "id"}


def token(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """Tokens as JSON (RFC 6749 §5.1), or the refusal."""
    try:
        form = forms.read(request, body)
        client = client_authentication.authenticate(call, site.pool_id, forms.claim(site, request, form))
        grant_type = _required(form, "grant_type")
        exchange = _GRANTS.get(grant_type)
        if exchange is None:
            raise errors.OAuthError("unsupported_grant_type")
        request.scope["counted_as"] = grant_type
        call.limits.spend(site.pool_id, rate_limits.of_grant(grant_type), call.now)
        client = _with_key(call, site, request, client)
        answer = _exchanged(call, client, exchange, form)
    except refusals.REFUSALS as refusal:
        return refusals.answer(refusal, unknown_client=_unknown_client(call, site))
    return JsonAnswer(answer)


def _with_key(call: Call, site: Site, request: Request, client: ProvenClient) -> ProvenClient:
    """The client with the key that the request proves. Raises OAuthError `invalid_dpop_proof`, TooManyRequests."""
    proof = possession.shown(call, site, request, PATH)
    if proof is not None:
        public_clients.require_left(call, client, "proofs in vain")
        dpop.spend(call, site.pool_id, proof)
    proven = msgspec.structs.replace(client, jkt=proof.jkt if proof else None)
    possession.require_where_due(proven)
    return proven


def _exchanged(call: Call, client: ProvenClient, exchange: Exchange, form: Form) -> Told:
    """What the grant gives. A proof that was stored for nothing is counted, but not one of a device that waits."""
    try:
        return exchange(call, client, form)
    except refusals.REFUSALS as refusal:
        is_waiting = isinstance(refusal, errors.OAuthError) and refusal.error == "authorization_pending"
        if client.jkt is not None and not is_waiting:
            with suppress(errors.TooManyRequests):
                public_clients.take(call, client, "proofs in vain")
        raise


def _unknown_client(call: Call, site: Site) -> int:
    """The status for `invalid_client`: 401 as RFC 6749 §5.2 says, or Cognito's 400."""
    try:
        with call.db.read() as tx:
            is_standard = options.is_on(access.require_pool(call, tx, site.pool_id), "standard_answers")
    except errors.ResourceNotFound:
        return 400
    return 401 if is_standard else 400


def _code(call: Call, client: ProvenClient, form: Form) -> Told:
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


def _refresh(call: Call, client: ProvenClient, form: Form) -> Told:
    """RFC 6749 §6."""
    proof = ClientProof("proven", None, jkt=client.jkt, is_public=client.is_public)
    given = families.refresh(call, client.client.client_id, _required(form, "refresh_token"), proof, by_flow=False)
    return _told(client, given)


def _device(call: Call, client: ProvenClient, form: Form) -> Told:
    """RFC 8628 §3.4."""
    return _told(client, device_grants.redeem(call, client, _required(form, "device_code")))


def _credentials(call: Call, client: ProvenClient, form: Form) -> Told:
    """RFC 6749 §4.4; `aws_client_metadata` is what the pool's trigger is told."""
    _require_flow(client, client_credentials.FLOW)
    if client.is_public:
        raise errors.OAuthError("unauthorized_client")
    said = forms.client_metadata(form)
    told = msgspec.structs.replace(call, client_metadata=said) if said else call
    return _told(client, client_credentials.issue(told, client, forms.words(form, "scope")))


def _exchange(call: Call, client: ProvenClient, form: Form) -> Told:
    """RFC 8693 §2.1; tokens that are not good are an `invalid_request` there (§2.2.2)."""
    wish = Wish(
        subject_token=_required(form, "subject_token"),
        subject_kind=_kind(_required(form, "subject_token_type")),
        actor_token=form.get("actor_token"),
        actor_kind=_kind(_required(form, "actor_token_type")) if "actor_token" in form else "access",
        scopes=tuple(forms.words(form, "scope")),
        audience=form.get("audience"),
        resource=form.get("resource"),
        issued=_kind(form.get("requested_token_type", f"{_TOKEN_TYPE}access_token")),
    )
    if "actor_token_type" in form and wish.actor_token is None:
        raise errors.OAuthError("invalid_request")
    try:
        given = token_exchange.exchange(call, client, wish)
    except (errors.NotAuthorized, errors.UserNotFound) as refusal:
        raise errors.OAuthError("invalid_request", refusal.message) from None
    return {
        "access_token": given.token,
        "issued_token_type": f"{_TOKEN_TYPE}{given.kind}_token",
        "token_type": _token_type(client) if given.kind == "access" else "N_A",
        "expires_in": given.expires_in_seconds,
        **({"scope": " ".join(given.scopes)} if given.scopes else {}),
    }


def _kind(token_type: str) -> Kind:
    """Of which kind a token of that type is; others are not taken."""
    kind = _KINDS.get(token_type)
    if kind is None:
        raise errors.OAuthError("invalid_request", "unsupported_token_type")
    return kind


_GRANTS: Mapping[str, Exchange] = {
    "authorization_code": _code,
    "refresh_token": _refresh,
    "client_credentials": _credentials,
    "urn:ietf:params:oauth:grant-type:device_code": _device,
    "urn:ietf:params:oauth:grant-type:token-exchange": _exchange,
}


def _required(form: Form, name: str) -> str:
    value = form.get(name)
    if not value:
        raise errors.OAuthError("invalid_request")
    return value


def _require_flow(client: ProvenClient, flow: str) -> None:
    if flow not in client.terms.oauth.flows:
        raise errors.OAuthError("unauthorized_client")


def _token_type(client: ProvenClient) -> str:
    """RFC 9449 §5: tokens of a request that proved a key are bound to it."""
    return "Bearer" if client.jkt is None else "DPoP"


def _told(client: ProvenClient, given: Tokens) -> Told:
    """Cognito never says which scope was granted; RFC 6749 §5.1 wants it wherever it is not what was asked for."""
    is_standard = options.is_on(client.pool, "standard_answers", client.client)
    told: Told = {
        "access_token": given.access,
        "id_token": given.id,
        "refresh_token": given.refresh,
        "token_type": _token_type(client),
        "expires_in": given.expires_in_seconds,
        "scope": given.scope if is_standard and given.scope else None,
    }
    return {name: value for name, value in told.items() if value is not None}
