"""Access tokens for tests of what a signed-in person may do, made without the way in."""

from tests.world import World

from lido.flows import access, signing
from lido.rules import jwt


def access_token(house: World, pool_id: str, client_id: str, username: str) -> str:
    """A token of an app client whose tokens are not revoked one by one."""
    call = house.call()
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        user = access.require_user(tx, pool, username)
        key = signing.ring(call, tx, pool).signing["access"]
    now = call.now // 1000
    claims = {
        "sub": user.sub,
        "iss": access.issuer(call, pool),
        "client_id": client_id,
        "token_use": "access",
        "scope": "aws.cognito.signin.user.admin",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "jti": call.entropy.uuid(),
        "username": user.username,
    }
    return jwt.sign(claims, key)
