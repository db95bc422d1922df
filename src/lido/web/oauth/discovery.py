"""What a verifier of tokens asks for: the pool's keys, and the metadata that leads to them and to every endpoint."""

from collections.abc import Callable, Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import access, domains, registration, signing
from lido.records import Pool
from lido.rules import jws, options, scopes, strength
from lido.web.site import Site

# Verifiers in browsers may read both; they are public.
_HEADERS = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}


class _Place(msgspec.Struct, frozen=True):
    """A pool, its issuer, and the address that its endpoints are under."""

    pool: Pool
    issuer: str
    base: str


def _under_base(path: str) -> Callable[[_Place], str]:
    return lambda place: f"{place.base}{path}"


def _response_types(place: _Place) -> list[str]:
    return ["code", *(["token"] if options.is_on(place.pool, "implicit_grant") else [])]


def _grant_types(place: _Place) -> list[str]:
    implicit = ["implicit"] if options.is_on(place.pool, "implicit_grant") else []
    return ["authorization_code", *implicit, *_FURTHER_GRANTS]


def _registration(place: _Place) -> str | None:
    return f"{place.base}/oauth2/register" if registration.is_offered(place.pool) else None


def _scopes(place: _Place) -> list[str]:
    return ["openid", "email", "phone", "profile", *sorted(scopes.beyond_cognito(place.pool))]


def _acr_values(place: _Place) -> list[str]:
    names = place.pool.settings.shape.acr_configuration
    return [strength.name(level, names) for level in strength.LEVELS]


_FURTHER_GRANTS = [
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]
_SECRETS = ["client_secret_basic", "client_secret_post"]
_CLIENTS_PROVE_BY = [*_SECRETS, "private_key_jwt", "none"]
_SIGNED_BY = list(jws.ALGORITHMS)
_CLAIMS = [
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr", "amr"),
    *("cognito:username", "cognito:groups", "email", "email_verified", "phone_number", "phone_number_verified"),
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "address", "updated_at"),
]

METADATA: Mapping[str, object | Callable[[_Place], object]] = {
    "acr_values_supported": _acr_values,
    "authorization_endpoint": _under_base("/oauth2/authorize"),
    "authorization_response_iss_parameter_supported": True,
    "backchannel_logout_session_supported": True,
    "backchannel_logout_supported": True,
    "claims_supported": _CLAIMS,
    "code_challenge_methods_supported": ["S256"],
    "device_authorization_endpoint": _under_base("/oauth2/device_authorization"),
    "dpop_signing_alg_values_supported": _SIGNED_BY,
    "end_session_endpoint": _under_base("/logout"),
    "frontchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "grant_types_supported": _grant_types,
    "id_token_signing_alg_values_supported": ["RS256"],
    "introspection_endpoint": _under_base("/oauth2/introspect"),
    "introspection_endpoint_auth_methods_supported": [*_SECRETS, "private_key_jwt"],
    "introspection_endpoint_auth_signing_alg_values_supported": _SIGNED_BY,
    "issuer": lambda place: place.issuer,
    "jwks_uri": lambda place: f"{place.issuer}/.well-known/jwks.json",
    "prompt_values_supported": ["none", "login", "select_account", "consent", "create"],
    "pushed_authorization_request_endpoint": _under_base("/oauth2/par"),
    "registration_endpoint": _registration,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": False,
    "require_pushed_authorization_requests": lambda place: options.is_on(place.pool, "require_par"),
    "response_modes_supported": ["query", "fragment", "form_post"],
    "response_types_supported": _response_types,
    "revocation_endpoint": _under_base("/oauth2/revoke"),
    "revocation_endpoint_auth_methods_supported": _CLIENTS_PROVE_BY,
    "revocation_endpoint_auth_signing_alg_values_supported": _SIGNED_BY,
    "scopes_supported": _scopes,
    "subject_types_supported": ["public"],
    "token_endpoint": _under_base("/oauth2/token"),
    "token_endpoint_auth_methods_supported": _CLIENTS_PROVE_BY,
    "token_endpoint_auth_signing_alg_values_supported": _SIGNED_BY,
    "userinfo_endpoint": _under_base("/oauth2/userInfo"),
}
"""Each member of the metadata, in alphabetical order as Cognito's: what it is everywhere, or how it follows from the
place. Whoever builds an endpoint adds its line.
"""


def jwks(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The pool's public keys (RFC 7517 section 5); 404 for an unknown pool."""
    try:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, site.pool_id)
            keys = signing.ring(call, tx, pool).published
    except errors.ResourceNotFound as fault:
        return _missing(fault)
    except errors.Unavailable:
        return _busy()
    return JSONResponse({"keys": keys}, headers=_HEADERS)


def metadata(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The pool's metadata (OpenID Connect Discovery 1.0 section 4, RFC 8414); 404 for an unknown pool."""
    try:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, site.pool_id)
            place = _Place(pool, access.issuer(call, pool), domains.address(call, tx, pool))
    except errors.ResourceNotFound as fault:
        return _missing(fault)
    except errors.Unavailable:
        return _busy()
    told = {name: said(place) if callable(said) else said for name, said in METADATA.items()}
    return JSONResponse({name: value for name, value in told.items() if value is not None}, headers=_HEADERS)


def _busy() -> Response:
    return JSONResponse(
        {"message": "The service is busy. Try again."},
        status_code=503,
        headers={"access-control-allow-origin": "*", "retry-after": "1"},
    )


def _missing(fault: errors.Fault) -> Response:
    return JSONResponse({"message": fault.message}, status_code=404, headers=_HEADERS)
