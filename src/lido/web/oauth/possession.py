"""The header by which a request proves that it holds a key (RFC 9449 §4.1)."""

from starlette.requests import Request

from lido import errors
from lido.call import Call
from lido.flows import dpop
from lido.flows.client_authentication import ProvenClient
from lido.rules import options
from lido.rules.dpop import Proof
from lido.web.site import Site

_HEADER = "dpop"


def proven_key(call: Call, site: Site, request: Request, path: str, access_token: str | None = None) -> str | None:
    """The thumbprint of the key that is proven for `path` below the site, by a proof that this uses up; None where the
    request has no such header.

    Raises OAuthError `invalid_dpop_proof`.
    """
    proof = shown(call, site, request, path, access_token)
    if proof is None:
        return None
    dpop.spend(call, site.pool_id, proof)
    return proof.jkt


def shown(call: Call, site: Site, request: Request, path: str, access_token: str | None = None) -> Proof | None:
    """The same proof before it is used up: whether it came before is not known yet. Raises as `proven_key`."""
    proofs = request.headers.getlist(_HEADER)
    if not proofs:
        return None
    if len(proofs) > 1:
        raise errors.OAuthError("invalid_dpop_proof")
    return dpop.judge(call, proofs[0], method=request.method, url=site.base + path, access_token=access_token)


def require_where_due(client: ProvenClient) -> None:
    """Refuse a client that must prove a key and did not. Raises OAuthError `invalid_dpop_proof`."""
    if client.jkt is None and options.is_on(client.pool, "dpop_bound_access_tokens", client.client):
        raise errors.OAuthError("invalid_dpop_proof")
