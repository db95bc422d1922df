"""The only ways to obtain a pool, a client or a user for a caller: `require_…`, or refuse."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import signing
from lido.records import Client, Pool, Status, User
from lido.rules import claims, identifiers, jwt, options, secret_hash
from lido.rules.usernames import name_key
from lido.storage import clients, pools, users
from lido.storage.database import Transaction

SIGN_IN_AGAIN = "The sign-in is too long ago to change how you sign in, sign in again."
SECRET_PURPOSE = "client secret"  # noqa: S105 - the name of a purpose


class SignedInUser(msgspec.Struct, frozen=True):
    """Whose access token came with the request, and through which client."""

    pool: Pool
    client: Client
    user: User
    claims: dict[str, Any]

    @property
    def scopes(self) -> list[str]:
        """What the token opens."""
        return str(self.claims.get("scope", "")).split(" ")


class BehindToken(msgspec.Struct, frozen=True):
    """Who is behind an access token; `user` is None where it is the client's own."""

    pool: Pool
    client: Client
    user: User | None
    claims: dict[str, Any]


def require_pool(call: Call, tx: Transaction, pool_id: str) -> Pool:
    """The pool, if it lives in the region that the caller signed for. Raises ResourceNotFound."""
    pool = pools.find(tx, pool_id)
    if pool is None or (call.caller is not None and pool.region != call.caller.region):
        raise errors.ResourceNotFound(f"User pool {pool_id} does not exist.")
    return pool


def lock_pool(call: Call, tx: Transaction, pool_id: str) -> Pool:
    """The pool, held until the transaction ends: for caps and changes that must not meet. Raises ResourceNotFound."""
    pools.touch(tx, require_pool(call, tx, pool_id).pool_id)
    return require_pool(call, tx, pool_id)


def require_client(tx: Transaction, pool: Pool, client_id: str) -> Client:
    """The client of that pool. Raises ResourceNotFound."""
    client = clients.find(tx, pool.pool_id, client_id)
    if client is None:
        raise errors.ResourceNotFound(f"User pool client {client_id} does not exist.")
    return client


def pool_and_client(tx: Transaction, client_id: str) -> tuple[Pool, Client]:
    """The client and its pool, for the operations that name no pool. Raises ResourceNotFound."""
    pool_id = clients.pool_of(tx, client_id)
    pool = pools.find(tx, pool_id) if pool_id else None
    if pool is None:
        raise errors.ResourceNotFound(f"User pool client {client_id} does not exist.")
    return pool, require_client(tx, pool, client_id)


def find_user(tx: Transaction, pool: Pool, name: str) -> User | None:
    """Whoever `name` leads to: a sub first, then username, alias or address; None for nobody."""
    if identifiers.is_uuid(name):
        user = users.find(tx, pool.pool_id, name)
        if user is not None:
            return user
    try:
        key = name_key(name, pool.folding)
    except errors.InvalidParameter:
        return None
    return users.find_by_name(tx, pool.pool_id, key)


def require_user(tx: Transaction, pool: Pool, name: str) -> User:
    """Whoever `name` leads to, for an operator. Raises UserNotFound."""
    user = find_user(tx, pool, name)
    if user is None:
        raise errors.UserNotFound
    return user


def hides_users(pool: Pool, client: Client) -> bool:
    """Whether strangers may not learn who exists (`PreventUserExistenceErrors`, or the option `hide_users`)."""
    return client.settings.shape.prevent_user_existence_errors == "ENABLED" or options.is_on(pool, "hide_users", client)


def client_secrets(call: Call, tx: Transaction, client: Client) -> list[str]:
    """The client's live secrets, opened; empty for a public client."""
    return [
        call.keys.open(SECRET_PURPOSE, row.secret, row.pool_id, row.client_id, row.secret_id).decode()
        for row in clients.secrets(tx, client)
    ]


def check_secret_hash(call: Call, tx: Transaction, client: Client, username: str, claimed: str | None) -> None:
    """Refuse unless the request proves the client's secret, where it has one (`SECRET_HASH`). Raises NotAuthorized."""
    secrets = client_secrets(call, tx, client)
    if not secrets:
        # A hash for a client without secret proves nothing and, as on AWS, is refused.
        if claimed:
            raise errors.NotAuthorized(f"Unable to verify secret hash for client {client.client_id}")
        return
    if not claimed:
        raise errors.NotAuthorized(
            f"Client {client.client_id} is configured with secret but SECRET_HASH was not received"
        )
    if not secret_hash.verify(secrets, username, client.client_id, claimed):
        raise errors.NotAuthorized(f"Unable to verify secret hash for client {client.client_id}")


def own_secret_hash(call: Call, tx: Transaction, client: Client, username: str) -> str | None:
    """The `SECRET_HASH` that the app itself would send, for Lido's own pages and links; None for a public client."""
    secrets = client_secrets(call, tx, client)
    return secret_hash.secret_hash(secrets[0], username, client.client_id) if secrets else None


def issuer(call: Call, pool: Pool) -> str:
    """The `iss` of the pool's tokens."""
    return options.text(pool, "issuer") or f"{call.house.public_url}/{pool.pool_id}"


def signed_in_user(
    call: Call, access_token: str, *, scope: str = claims.SIGN_IN_SCOPE, jkt: str | None = None
) -> SignedInUser:
    """Whose access token this is: alive in every respect, and with `scope`.

    A token that is bound to a key is good only with its proof: `jkt` is the thumbprint of the key that the request
    proved (RFC 9449 §7). Raises NotAuthorized (`Invalid Access Token`, `Access Token has expired`, `Access Token has
    been revoked`, `Access Token does not have required scopes`), UserNotFound, PasswordResetRequired,
    UserNotConfirmed.
    """
    owner = owner_of(call, access_token, jkt=jkt)
    if scope not in owner.scopes:
        raise errors.NotAuthorized("Access Token does not have required scopes")
    require_standing(owner.user)
    return owner


def owner_of(call: Call, access_token: str, *, jkt: str | None = None) -> SignedInUser:
    """As `signed_in_user`, whatever the token's scopes, and of somebody who must perhaps do something first."""
    behind = behind_token(call, access_token)
    if behind.user is None:
        raise errors.UserNotFound
    if key_of(behind.claims) != jkt:
        raise errors.NotAuthorized("Invalid Access Token")
    return SignedInUser(behind.pool, behind.client, behind.user, behind.claims)


def behind_token(call: Call, access_token: str) -> BehindToken:
    """Who is behind an access token that lives, whatever its scopes and whoever holds it: perhaps somebody who must do
    something first (`require_standing`), perhaps nobody but the client. Raises NotAuthorized, UserNotFound,
    TooManyRequests.
    """
    unproven = _unproven(access_token)
    client_id, sub, session_id = _named_by(unproven)
    with call.db.read() as tx:
        pool_id = clients.pool_of(tx, client_id)
        row = pool_id and users.find_behind_token(tx, pool_id, client_id=client_id, sub=sub, session_id=session_id)
        pool = pools.at_version(tx, pool_id, row[0]) if pool_id and row else None
        if not pool_id or not row or pool is None:
            raise errors.NotAuthorized("Invalid Access Token")
        token = _proven(call, tx, pool, unproven)
        client = clients.at_version(tx, pool_id, client_id, row[1]) if row[1] else None
        if client is None:
            raise errors.NotAuthorized("Invalid Access Token")
    call.charge(pool_id)
    if row[5] is None and sub == client_id:
        return BehindToken(pool, client, None, token)
    if row[5] is None:
        raise errors.UserNotFound
    user = users.from_row(row[5:])
    if not user.enabled:
        raise errors.NotAuthorized("User is disabled.")
    _refuse_revoked(token, user, session=row[2:5])
    return BehindToken(pool, client, user, token)


def require_standing(user: User) -> None:
    """Refuse users who must reset their password or confirm first. Raises PasswordResetRequired, UserNotConfirmed."""
    if user.status == Status.RESET_REQUIRED:
        raise errors.PasswordResetRequired
    if user.status == Status.UNCONFIRMED:
        raise errors.UserNotConfirmed


def key_of(token: Mapping[str, Any]) -> str | None:
    """The thumbprint of the key that an access token is bound to (RFC 9449 §6.1); None for a bearer token."""
    confirmation = token.get("cnf")
    return str(confirmation.get("jkt")) if isinstance(confirmation, dict) else None


def require_recent(call: Call, signed_in: SignedInUser) -> None:
    """Refuse to change what somebody signs in with too long after they did (option `factor_change_max_age`).

    Refreshed tokens are as old as the sign-in that they continue. Raises NotAuthorized.
    """
    most = options.seconds(signed_in.pool, "factor_change_max_age")
    if most is not None and call.now // 1000 - int(signed_in.claims["auth_time"]) > most:
        raise errors.NotAuthorized(SIGN_IN_AGAIN)


def _unproven(access_token: str) -> jwt.Unproven:
    try:
        return jwt.Unproven(access_token)
    except jwt.Invalid:
        raise errors.NotAuthorized("Invalid Access Token") from None


def _named_by(token: jwt.Unproven) -> tuple[str, str, str]:
    """Client, sub and session that a token claims: they only say what to read for the proof."""
    said = token.claims
    return _name(said.get("client_id")), _name(said.get("sub")), _name(said.get("origin_jti", ""))


def _name(said: object) -> str:
    if not isinstance(said, str) or len(said) > 128 or "\0" in said:
        raise errors.NotAuthorized("Invalid Access Token")
    return said


def _proven(call: Call, tx: Transaction, pool: Pool, unproven: jwt.Unproven) -> dict[str, Any]:
    try:
        token = unproven.prove(signing.ring(call, tx, pool).verifying)
        if token.get("token_use") != "access" or token.get("iss") != issuer(call, pool):
            raise jwt.Invalid
        jwt.check_times(token, call.now // 1000)
    except jwt.Expired:
        raise errors.NotAuthorized("Access Token has expired") from None
    except jwt.Invalid:
        raise errors.NotAuthorized("Invalid Access Token") from None
    return token


def _refuse_revoked(token: dict[str, Any], user: User, session: tuple[str | None, int | None, int | None]) -> None:
    session_id, epoch, revoked_at = session
    if token.get("origin_jti"):
        alive = session_id is not None and revoked_at is None and epoch == user.epoch
    else:
        # Clients without revocation have no session to look up: dead when issued before the last sign-out.
        alive = token["iat"] > user.signed_out_at // 1000 or user.signed_out_at == 0
    if not alive:
        raise errors.NotAuthorized("Access Token has been revoked")
