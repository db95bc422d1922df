"""ID token hints: an ID token that comes back to say whom a request is about, however long ago it was issued."""

from typing import Any

from lido.call import Call
from lido.flows import access
from lido.flows.signing import Ring
from lido.records import Pool
from lido.rules import jwt


def proven(call: Call, pool: Pool, ring: Ring, hint: str) -> dict[str, Any] | None:
    """The claims of an ID token that this pool issued, expired or not (OpenID Connect Core 3.1.2.1); None for others.

    Whom it was issued to is in `aud`, and the caller's question.
    """
    try:
        claims = jwt.Unproven(hint).prove(ring.verifying)
    except jwt.Invalid:
        return None
    return claims if claims.get("token_use") == "id" and claims.get("iss") == access.issuer(call, pool) else None
