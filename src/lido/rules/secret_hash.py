"""SECRET_HASH: how a client with a secret proves it in every request."""

import hmac
from base64 import b64encode
from collections.abc import Iterable


def secret_hash(secret: str, username: str, client_id: str) -> str:
    """Base64 of HMAC-SHA256 of `username` and `client_id` under the client secret."""
    message = (username + client_id).encode("utf-8", "surrogatepass")
    return b64encode(hmac.digest(secret.encode(), message, "sha256")).decode("ascii")


def verify(secrets: Iterable[str], username: str, client_id: str, claimed: str) -> bool:
    """Whether `claimed` is right for one of the client's live secrets (two while one is rotated).

    `username` is the string that came in the same request. Takes the same time
    whichever secret fits; False when there are none.
    """
    given = claimed.encode("utf-8", "surrogatepass")
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(secret_hash(secret, username, client_id).encode("ascii"), given)
    return fits
