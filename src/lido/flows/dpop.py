"""Possession of a key that a request proves (RFC 9449): each proof counts once."""

from hashlib import sha256

from lido import errors
from lido.call import Call
from lido.rules import base64url, dpop
from lido.storage import spent

_INVALID = "invalid_dpop_proof"


def prove(call: Call, pool_id: str, proof: str, *, method: str, url: str, access_token: str | None = None) -> str:
    """The thumbprint of the key that is proven for this request. Raises OAuthError `invalid_dpop_proof`."""
    try:
        proven = dpop.read(proof, method=method, url=url, now_seconds=call.now // 1000, access_token=access_token)
    except dpop.Invalid:
        raise errors.OAuthError(_INVALID) from None
    digest = base64url.encode(sha256(proven.jti.encode("utf-8", "surrogatepass")).digest())
    forgotten_at = (proven.iat + dpop.WINDOW_SECONDS + 1) * 1000
    with call.db.write() as tx:
        if not spent.spend(tx, pool_id, f"dpop {proven.jkt} {digest}", forgotten_at):
            raise errors.OAuthError(_INVALID)
    return proven.jkt
