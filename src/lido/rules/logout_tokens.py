"""What apps are told of the end of a session: the id they know it by, logout tokens, addresses with both.

OpenID Connect Back-Channel Logout 1.0 §2.4, Front-Channel Logout 1.0 §3.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from lido.records import Client
from lido.rules import base64url

TYPE = "logout+jwt"
LIFE_SECONDS = 120
EVENT = "http://schemas.openid.net/event/backchannel-logout"

FRONT, BACK = "frontchannel_logout_uri", "backchannel_logout_uri"
_SID_BYTES = 18


def sid(sso_id: str) -> str:
    """The `sid` of a browser's session: it follows from the id that the cookie carries, and leads back to none."""
    return base64url.encode(hashlib.sha256(b"sid of " + sso_id.encode()).digest()[:_SID_BYTES])


def address(client: Client, channel: str) -> str | None:
    """Where the client wants to be told; None where it does not. `channel` is FRONT or BACK."""
    return client.settings.options.get(channel) or None


def needs_sid(client: Client) -> bool:
    """Whether ID tokens of the client name the session: it could be told of its end."""
    return address(client, FRONT) is not None or address(client, BACK) is not None


def wants_each(client: Client) -> bool:
    """Whether the client is told of each session by itself, even when all of a user's end."""
    return client.settings.options.get("backchannel_logout_session_required") == "true"


def claims(*, iss: str, client_id: str, sub: str, sso_id: str | None, jti: str, iat: int) -> Mapping[str, Any]:
    """The claims of a logout token. Nothing of it fits to an ID token: no nonce, no `token_use`, a type of its own."""
    named = {} if sso_id is None else {"sid": sid(sso_id)}
    life = {"iat": iat, "exp": iat + LIFE_SECONDS}
    return {"iss": iss, "sub": sub, "aud": client_id, **life, "jti": jti, "events": {EVENT: {}}, **named}


def front_address(client: Client, *, iss: str, sso_id: str) -> str | None:
    """What a browser loads so that the client's own session ends, with `iss` and `sid` where the client needs them."""
    registered = address(client, FRONT)
    if registered is None or client.settings.options.get("frontchannel_logout_session_required") != "true":
        return registered
    return f"{registered}{'&' if '?' in registered else '?'}{urlencode({'iss': iss, 'sid': sid(sso_id)})}"


def origin(registered: str) -> str:
    """Scheme, host and port of an address, as a content security policy names it."""
    parts = urlsplit(registered)
    return f"{parts.scheme}://{parts.netloc}"
