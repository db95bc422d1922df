"""Assertions of clients (RFC 7523 §2.2): a client that published keys proves itself by a token signed with one."""

from collections.abc import Collection
from hashlib import sha256

from lido.call import Call
from lido.records import Client, Pool
from lido.rules import base64url, client_assertions, jws, options
from lido.rules.jws import Key
from lido.storage import spent

_TYPES = (None, "JWT", "jwt", "client-authentication+jwt")
"""Tokens of other kinds say so in `typ` (RFC 8725 §3.11)."""


def is_expected(pool: Pool, client: Client) -> bool:
    """Whether this client proves itself with keys, and so in no other way."""
    given = [options.of_client(pool, client, name) for name in ("jwks", "jwks_uri", "token_endpoint_auth_method")]
    return bool(given[0] or given[1]) or given[2] == "private_key_jwt"


def proves(call: Call, pool: Pool, client: Client, assertion: str, audiences: Collection[str]) -> bool:
    """Whether the assertion is this client's, for this server, of now, and comes for the first time."""
    try:
        unproven = jws.Unproven(assertion)
        if unproven.header.get("typ") not in _TYPES:
            return False
        said = unproven.prove(_keys(call, pool, client, unproven.kid))
        jti, exp = client_assertions.check(said, client.client_id, audiences, call.now // 1000)
    except (jws.Invalid, client_assertions.Invalid):
        return False
    digest = base64url.encode(sha256(jti.encode("utf-8", "surrogatepass")).digest())
    with call.db.write() as tx:
        return spent.spend(tx, pool.pool_id, f"assertion {client.client_id} {digest}", exp * 1000)


def _keys(call: Call, pool: Pool, client: Client, kid: str | None) -> tuple[Key, ...]:
    """Those of the client that may have signed: what it registered, or else what it publishes."""
    registered = options.of_client(pool, client, "jwks")
    if registered:
        return jws.named(jws.read_keys(registered), kid)
    address = options.of_client(pool, client, "jwks_uri")
    return call.key_sets.find(address, kid, call.now) if address else ()
