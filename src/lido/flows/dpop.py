"""Possession of a key that a request proves (RFC 9449): each proof counts once.

A proof is judged first, and spent when nothing else speaks against the request any more: what is spent is stored.
"""

from hashlib import sha256

from lido import errors
from lido.call import Call
from lido.rules import base64url, dpop
from lido.rules.dpop import Proof
from lido.storage import spent

_INVALID = "invalid_dpop_proof"


def judge(call: Call, proof: str, *, method: str, url: str, access_token: str | None = None) -> Proof:
    """What is proven for this request, by a proof that may have come before. Raises OAuthError `invalid_dpop_proof`."""
    try:
        return dpop.read(proof, method=method, url=url, now_seconds=call.now // 1000, access_token=access_token)
    except dpop.Invalid:
        raise errors.OAuthError(_INVALID) from None


def spend(call: Call, pool_id: str, proven: Proof) -> None:
    """Use the proof up. Raises OAuthError `invalid_dpop_proof` where it came before."""
    digest = base64url.encode(sha256(proven.jti.encode("utf-8", "surrogatepass")).digest())
    forgotten_at = (proven.iat + dpop.WINDOW_SECONDS + 1) * 1000
    with call.db.write() as tx:
        if not spent.spend(tx, pool_id, f"dpop {proven.jkt} {digest}", forgotten_at):
            raise errors.OAuthError(_INVALID)
