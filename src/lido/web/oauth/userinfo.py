"""What an access token lets its app know of the user (OpenID Connect Core 5.3), with Cognito's values: all strings."""

from starlette.requests import Request
from starlette.responses import Response

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.flows.access import SignedInUser
from lido.rules import claims, consent, identities, jws, options, scopes
from lido.rules.profile import attributes_of
from lido.web.oauth import forms, possession
from lido.web.oauth.json_answer import JsonAnswer
from lido.web.site import Site

PATH = "/oauth2/userInfo"
_SCHEMES = {"bearer": "Bearer", "dpop": "DPoP"}
_UNPROVEN = "The key that the access token is bound to was not proven for this request."
_MALFORMED = ("invalid_request", "Bad OAuth2 request at UserInfo Endpoint")
_DEAD = (
    "invalid_token",
    "Access token is expired, disabled, or deleted, or the user has globally signed out.",
)

_NARROW = ("insufficient_scope", "The access token lacks the scope openid.")


def user_info(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The claims that the token's scopes open, by GET or POST; the token comes in the header or in a form."""
    in_header, in_form = forms.presented(request), _in_form(request, body)
    scheme, token = in_header or ("bearer", in_form)
    if token is None or (in_header and in_form):  # one way alone (RFC 6750 §2)
        return _refused(400, *_MALFORMED)
    try:
        key = _proven_key(call, site, request, token) if scheme == "dpop" else None
        owner = access.owner_of(call, token, jkt=key)
        access.require_standing(owner.user)
    except errors.OAuthError as refusal:
        return _refused(401, refusal.error, _UNPROVEN, scheme)
    except errors.Fault:
        return _refused(401, *_DEAD, scheme)
    if owner.pool.pool_id != site.pool_id:
        return _refused(401, *_DEAD, scheme)
    if scopes.OPENID not in owner.scopes:
        return _refused(403, *_NARROW, scheme) if _is_standard(owner) else _refused(401, *_DEAD, scheme)
    return JsonAnswer(_told(owner))


def _told(owner: SignedInUser) -> dict[str, object]:
    """Claims by the token's scopes, and what the client may read."""
    readable = owner.client.settings.shape.read_attributes
    is_consented = consent.is_needed(owner.pool, owner.client)
    attributes = scopes.covered(attributes_of(owner.user), owner.scopes, is_consented=is_consented)
    typed = claims.attribute_claims(attributes, readable)
    is_typed = _is_standard(owner)
    told: dict[str, object] = typed if is_typed else {name: attributes[name] for name in typed}
    linked = owner.user.attributes.get(identities.NAME)
    if linked and not is_consented:
        told |= {identities.NAME: identities.claim(linked) if is_typed else linked}
    return {"sub": owner.user.sub, **told, "username": owner.user.username}


def _is_standard(owner: SignedInUser) -> bool:
    return options.is_on(owner.pool, "standard_answers", owner.client)


def _proven_key(call: Call, site: Site, request: Request, token: str) -> str:
    """RFC 9449 §7.1. Raises OAuthError `invalid_dpop_proof`, and a Fault for a token that is good for nothing: proofs
    are remembered, and nobody fills that memory who has none.
    """
    access.behind_token(call, token)
    key = possession.proven_key(call, site, request, PATH, token)
    if key is None:
        raise errors.OAuthError("invalid_dpop_proof")
    return key


def _in_form(request: Request, body: bytes) -> str | None:
    """RFC 6750 §2.2. What came in the address stands in histories and logs, and counts for nothing."""
    if "access_token" in request.query_params:
        return None
    try:
        return forms.read(request, body).get("access_token") if body else None
    except errors.OAuthError:
        return None


def _refused(status: int, error: str, description: str, scheme: str = "bearer") -> Response:
    challenge = f'error="{error}", error_description="{description}"'
    if scheme == "dpop":
        challenge += f', algs="{" ".join(jws.ALGORITHMS)}"'
    if status == 403:
        challenge += f', scope="{scopes.OPENID}"'
    told = {"error": error, "error_description": description}
    return JsonAnswer(told, status, {"www-authenticate": f"{_SCHEMES[scheme]} {challenge}"})
