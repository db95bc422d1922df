"""What a verifier of tokens asks for: the pool's keys, and the metadata that leads to them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lido import errors
from lido.call import Call
from lido.flows import access, signing
from lido.web.site import Site

# Verifiers in browsers may read both; they are public.
_HEADERS = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}


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


def openid_configuration(call: Call, site: Site, request: Request, body: bytes) -> Response:
    """The pool's metadata (OpenID Connect Discovery 1.0 section 4); what is not served is not advertised."""
    try:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, site.pool_id)
    except errors.ResourceNotFound as fault:
        return _missing(fault)
    except errors.Unavailable:
        return _busy()
    issuer = access.issuer(call, pool)
    metadata = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "response_types_supported": [],
        "scopes_supported": ["openid", "email", "phone", "profile"],
    }
    return JSONResponse(metadata, headers=_HEADERS)


def _busy() -> Response:
    return JSONResponse(
        {"message": "The service is busy. Try again."},
        status_code=503,
        headers={"access-control-allow-origin": "*", "retry-after": "1"},
    )


def _missing(fault: errors.Fault) -> Response:
    return JSONResponse({"message": fault.message}, status_code=404, headers=_HEADERS)
