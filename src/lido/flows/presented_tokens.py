"""Tokens of a pool that a client brings: genuine, of the right use, and whoever they are about still alive."""

from typing import Any

from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access, grants
from lido.flows.signing import Ring
from lido.records import Pool, Session, Status, User
from lido.rules import jwt
from lido.rules.token_exchange import Kind, Party
from lido.storage import clients, sign_ins
from lido.storage.sign_ins import Group

_WELCOME = (Status.CONFIRMED, Status.EXTERNAL_PROVIDER)


class Presented(Struct, frozen=True):
    """A living token; `user` is None where a machine got it for itself."""

    claims: dict[str, Any]
    party: Party
    user: User | None
    groups: tuple[Group, ...]

    def __repr__(self) -> str:
        return "Presented(…)"


def prove(call: Call, pool: Pool, ring: Ring, text: str, kind: Kind) -> Presented:
    """The token, of whichever client of the pool. Raises NotAuthorized, UserNotFound.

    One that is bound to a key (RFC 9449), and any of a session that is, is refused: whoever brings it here has not
    proven that key.
    """
    claims = _genuine(call, pool, ring, text, kind)
    party = Party(str(claims["sub"]), str(claims.get("client_id" if kind == "access" else "aud")))
    with call.db.read() as tx:
        if party.sub == party.client_id:
            if clients.versions(tx, pool.pool_id, party.client_id) is None:
                raise errors.NotAuthorized("Invalid token")
            return Presented(claims, party, None, ())
        session_id = str(claims.get("origin_jti", ""))
        found = sign_ins.by_session(tx, pool.pool_id, party.client_id, party.sub, session_id)
    if found is None:
        raise errors.NotAuthorized("Invalid token")
    if found.user is None:
        raise errors.UserNotFound
    if found.session is not None and grants.read(found.session).jkt is not None:
        raise errors.NotAuthorized("Invalid token")
    _refuse_dead(claims, found.user, found.session)
    return Presented(claims, party, found.user, found.groups)


def _genuine(call: Call, pool: Pool, ring: Ring, text: str, kind: Kind) -> dict[str, Any]:
    try:
        claims = jwt.Unproven(text).prove(ring.verifying)
        if claims.get("token_use") != kind or claims.get("iss") != access.issuer(call, pool) or "cnf" in claims:
            raise jwt.Invalid
        jwt.check_times(claims, call.clock.now() // 1000)
    except jwt.Expired:
        raise errors.NotAuthorized("Token has expired") from None
    except jwt.Invalid:
        raise errors.NotAuthorized("Invalid token") from None
    return claims


def _refuse_dead(claims: dict[str, Any], user: User, session: Session | None) -> None:
    if not user.enabled:
        raise errors.NotAuthorized("User is disabled.")
    if claims.get("origin_jti"):
        alive = session is not None and session.revoked_at is None and session.epoch == user.epoch
    else:
        # Clients without revocation have no session to look up: dead when issued before the last sign-out.
        alive = claims["iat"] > user.signed_out_at // 1000 or user.signed_out_at == 0
    if not alive or user.status not in _WELCOME:
        raise errors.NotAuthorized("Token has been revoked")
