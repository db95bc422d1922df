"""Token introspection (RFC 7662): whether a token is good for anything at this moment, and what stands behind it."""

from lido import errors
from lido.call import Call
from lido.flows import access, families, grants
from lido.flows.client_authentication import ProvenClient

Told = dict[str, object]

INACTIVE: Told = {"active": False}
"""All that is ever said of a token that is not good, or not for this client to ask about."""

_OF_THE_TOKEN = ("scope", "client_id", "username", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "auth_time")
_OF_THE_SIGN_IN = ("acr", "amr", "cnf", "act", "origin_jti", "token_use")
_SELF_REGISTERED = "DCR"


def introspect(call: Call, client: ProvenClient, token: str) -> Told:
    """What RFC 7662 §2.2 lets a confidential client know.

    Access tokens may be of any client of the pool, because APIs ask about what apps bring them; clients that
    registered themselves, and refresh tokens, hear of their own alone.
    """
    try:
        if token.count(".") == 2:
            return _access_token(call, client, token)
        return _refresh_token(call, client, token)
    except errors.Fault:
        return INACTIVE


def _access_token(call: Call, client: ProvenClient, token: str) -> Told:
    behind = access.behind_token(call, token)
    is_own = behind.client.client_id == client.client.client_id
    if behind.pool.pool_id != client.pool.pool_id or not (is_own or client.client.kind != _SELF_REGISTERED):
        return INACTIVE
    if behind.user is not None:
        access.require_standing(behind.user)
    said = {name: behind.claims[name] for name in (*_OF_THE_TOKEN, *_OF_THE_SIGN_IN) if name in behind.claims}
    kind = "DPoP" if access.key_of(behind.claims) else "Bearer"
    return {"active": True, **said, "token_type": kind}


def _refresh_token(call: Call, client: ProvenClient, token: str) -> Told:
    living = families.living(call, client.pool.pool_id, client.client.client_id, token)
    if living is None:
        return INACTIVE
    session, user = living
    info = grants.read(session)
    return {
        "active": True,
        "scope": info.scope,
        "client_id": session.client_id,
        "username": user.username,
        "exp": session.expires_at // 1000,
        "iat": session.rotated_at // 1000,
        "sub": session.sub,
        "iss": access.issuer(call, client.pool),
        "auth_time": session.auth_time // 1000,
        "token_use": "refresh",
    }
