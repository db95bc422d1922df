"""Who the app is that knocks at an OAuth endpoint: its client id, and what proves it (RFC 6749 §2.3)."""

import hmac
from typing import Literal

from msgspec import Struct, structs

from lido import errors
from lido.call import Call
from lido.flows import access, client_assertions, scenes, signing
from lido.flows.signing import Ring
from lido.records import Client, Pool
from lido.rules import options
from lido.rules.app_clients import Terms
from lido.storage import clients, pools
from lido.storage.database import Transaction

Method = Literal["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
_LONGEST_ID = 128


class Claim(Struct, frozen=True):
    """What a request says of its client, and how: nothing of it is proven. `secret` is "" for none.

    `assertion` is the token of `private_key_jwt`, and `audiences` what it may call this server at this address.
    """

    method: Method
    client_id: str
    secret: str = ""
    assertion: str = ""
    audiences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Claim({self.method})"


class ProvenClient(Struct, frozen=True):
    """A client of the pool that proved itself as it must; `is_public` ones have nothing to prove.

    Those that `has_keys` tells of prove themselves by them alone. `jkt` is the thumbprint of the key that the request
    proved beside (RFC 9449), to which its tokens are bound.
    """

    pool: Pool
    client: Client
    terms: Terms
    ring: Ring
    is_public: bool
    has_keys: bool
    jkt: str | None = None


def authenticate(call: Call, pool_id: str, claim: Claim) -> ProvenClient:
    """The client of the request. Raises OAuthError `invalid_client`, in the same way for whatever does not fit."""
    with call.db.read() as tx:
        found = named(call, tx, pool_id, claim.client_id)
        is_welcome = _takes(found, claim.method)
        is_proven = is_welcome and not found.has_keys and _fits_secret(call, tx, found.client, claim.secret)
    if is_welcome and found.has_keys:
        audiences = (access.issuer(call, found.pool), *claim.audiences)
        is_proven = client_assertions.proves(call, found.pool, found.client, claim.assertion, audiences)
    if not is_proven:
        raise errors.OAuthError("invalid_client", "invalid_client_secret" if claim.secret else None)
    return found


def by_secret(call: Call, client_id: str, secret: str | None, *, is_signed: bool = False) -> ProvenClient:
    """The client of an operation that takes its secret; where an operator signed, it may be left out.

    Nobody proves a key there, so a client whose tokens must be bound to one gets none. Raises NotAuthorized, in the
    same way for whatever does not fit; ResourceNotFound for an operator of elsewhere.
    """
    try:
        with call.db.read() as tx:
            pool_id = clients.pool_of(tx, client_id) or ""
            found = named(call, tx, pool_id, client_id)
            if is_signed:
                access.require_pool(call, tx, found.pool.pool_id)
            fits = not found.has_keys and _fits_secret(call, tx, found.client, secret)
            is_proven = (is_signed and secret is None) or fits
            if is_proven and not options.is_on(found.pool, "dpop_bound_access_tokens", found.client):
                return found
    except errors.OAuthError:
        pass
    raise errors.NotAuthorized("Invalid client or secret")


def _takes(found: ProvenClient, method: Method) -> bool:
    """Whether the client may prove itself so: with keys by them alone, else as it was registered."""
    if found.has_keys:
        return method == "private_key_jwt"
    registered = options.of_client(found.pool, found.client, "token_endpoint_auth_method")
    return method != "private_key_jwt" and registered in ("", method)


def named(call: Call, tx: Transaction, pool_id: str, client_id: str) -> ProvenClient:
    """The client of that id, which nothing has proven yet. Raises OAuthError `invalid_client`."""
    if not client_id or len(client_id) > _LONGEST_ID or "\0" in client_id:
        raise errors.OAuthError("invalid_client")
    pool, client = _find(tx, pool_id, client_id)
    has_keys = client_assertions.is_expected(pool, client)
    is_public = not has_keys and not clients.secrets(tx, client)
    return ProvenClient(pool, client, scenes.terms(tx, client), signing.ring(call, tx, pool), is_public, has_keys)


def as_it_stands(call: Call, client: ProvenClient) -> ProvenClient:
    """A client that has proven itself, after a trigger had time to change it. Raises OAuthError `invalid_client`."""
    with call.db.read() as tx:
        now = named(call, tx, client.pool.pool_id, client.client.client_id)
    return structs.replace(now, jkt=client.jkt)


def _find(tx: Transaction, pool_id: str, client_id: str) -> tuple[Pool, Client]:
    versions = clients.versions(tx, pool_id, client_id)
    if versions is None:
        raise errors.OAuthError("invalid_client")
    pool = pools.at_version(tx, pool_id, versions[0])
    client = clients.at_version(tx, pool_id, client_id, versions[1])
    if pool is None or client is None:
        raise errors.OAuthError("invalid_client")
    return pool, client


def proves_secret(call: Call, tx: Transaction, pool: Pool, client: Client, claimed: str | None) -> bool:
    """Whether the plain secret is one of the client's; a client without one proves itself by sending none.

    A client with keys proves itself by nothing but them.
    """
    return not client_assertions.is_expected(pool, client) and _fits_secret(call, tx, client, claimed)


def _fits_secret(call: Call, tx: Transaction, client: Client, claimed: str | None) -> bool:
    known = access.client_secrets(call, tx, client)
    if not known:
        return not claimed
    given = (claimed or "").encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(given, secret.encode()) for secret in known]
    return any(fits)
