"""Dynamic client registration (RFC 7591): clients that make themselves known, as far as the pool allows it.

Strangers register within a budget of the hour, for an address and for a pool; a pool holds a bounded number of such
clients, who take no place from those that operators make. Where all are taken, one that nobody wants makes room.
"""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, budgets, client_secrets, events, presented_tokens, signing, unwanted_clients
from lido.flows.events import Fact
from lido.records import Client, Pool
from lido.rules import client_settings, identifiers, registration, schema, scopes
from lido.rules.registration import Invalid, Offer, Wanted
from lido.storage import clients, resource_servers
from lido.storage.database import Transaction

KIND = "DCR"
MOST_CLIENTS, MOST_WITH_STRANGERS = 1_000, 900
"""How many a pool holds, and up to how many strangers may add to them; the others wait for bearers of a token."""
AN_HOUR_BY_ADDRESS, AN_HOUR_BY_STRANGERS, AN_HOUR_BY_TOKEN = 10, 100, 100

_HOUR_MS = 3_600_000
_BUDGET = "register"


class NotOffered(Exception):
    """The pool knows no registration."""


class BearerRefused(Exception):
    """The access token opens no registration; `error` is the code of RFC 6750 §3.1, None where none was brought."""

    def __init__(self, error: str | None) -> None:
        super().__init__(error)
        self.error = error


def is_offered(pool: Pool) -> bool:
    """Whether clients can register in the pool at all, with a token or without."""
    return registration.offer(pool.settings.shape.dcr_configuration, is_open=False, known=()) is not None


def register(call: Call, pool_id: str, bearer: str | None, body: bytes) -> Mapping[str, object]:
    """Make the client that the body describes, and tell it who it is (RFC 7591 §3.2.1).

    `bearer` is an access token with the scope to register. Raises NotOffered, BearerRefused, Invalid,
    TooManyRequests.
    """
    try:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, pool_id)
            known = resource_servers.scopes_of(tx, pool)
    except errors.ResourceNotFound:
        raise NotOffered from None
    if not is_offered(pool):
        raise NotOffered
    config, beyond = pool.settings.shape.dcr_configuration, scopes.beyond_cognito(pool)
    offered = registration.offer(config, is_open=bearer is None, known=known, beyond=beyond)
    if offered is None:
        raise BearerRefused(None)
    who = _stranger(call) if bearer is None else _holder(call, pool, bearer)
    wish = _judged(pool_id, body, offered)
    secret = client_secrets.new(call) if wish.has_secret else None
    _take(call, pool_id, who, is_open=bearer is None)
    with call.db.write() as tx:
        pool = access.lock_pool(call, tx, pool_id)
        _require_room(call, tx, pool, is_open=bearer is None)
        client = _client(call, tx, pool, wish, by_token=bearer is not None)
        clients.add(tx, client)
        if secret is not None:
            sealed = client_secrets.sealed(call, client, secret, slot=1, secret_id=client_secrets.original_id(client))
            clients.add_secret(tx, sealed)
        fact = Fact(client_id=client.client_id, operation="client registration", actor=None if bearer is None else who)
        events.tell(call, tx, pool_id, "client_created", fact=fact)
    return registration.told(client.client_id, wish, secret, client.created_at // 1000)


def _judged(pool_id: str, body: bytes, offered: Offer) -> Wanted:
    return registration.wanted(pool_id, registration.read(body), offered)


def _holder(call: Call, pool: Pool, bearer: str) -> str:
    """Whose token it is. Raises BearerRefused."""
    with call.db.read() as tx:
        ring = signing.ring(call, tx, pool)
    try:
        presented = presented_tokens.prove(call, pool, ring, bearer, "access")
    except (errors.NotAuthorized, errors.UserNotFound):
        raise BearerRefused("invalid_token") from None
    if scopes.REGISTER not in str(presented.claims.get("scope", "")).split(" "):
        raise BearerRefused("insufficient_scope")
    return presented.party.sub


def _stranger(call: Call) -> str:
    """Whom strangers' budgets are counted for: an address, of IPv6 the network that one subscriber has."""
    try:
        parsed = ip_address(call.address)
    except ValueError:
        parsed = None
    network = parsed.packed[:8] if isinstance(parsed, IPv6Address) else call.address
    return call.keys.mac(_BUDGET, network).hex()


def _take(call: Call, pool_id: str, who: str, *, is_open: bool) -> None:
    """Use one registration of the hour up. Raises TooManyRequests."""
    wanted = [(who, AN_HOUR_BY_TOKEN)] if not is_open else [(who, AN_HOUR_BY_ADDRESS), ("", AN_HOUR_BY_STRANGERS)]
    with call.db.write() as tx:
        for subject, most in wanted:
            budgets.take(call, tx, pool_id, subject, _BUDGET, most=most, window_ms=_HOUR_MS)


def _require_room(call: Call, tx: Transaction, pool: Pool, *, is_open: bool) -> None:
    """The caller has locked the pool. Raises TooManyRequests: an hour on, all that nobody wants by then may go."""
    most = MOST_WITH_STRANGERS if is_open else MOST_CLIENTS
    if clients.count(tx, pool.pool_id, KIND) >= most and not unwanted_clients.displace(call, tx, pool):
        raise errors.TooManyRequests(retry_after_seconds=unwanted_clients.SAFE_SECONDS)


def _attributes(pool: Pool) -> dict[str, list[str]]:
    """What such a client may read and write of people: lists, because without one it could do so with everything.

    It reads what OpenID Connect knows of, and writes what a sign-up must say: attributes of the pool's own are its
    operators' affair, who may rely on nobody else writing them.
    """
    shape = pool.settings.shape
    standard = [name for name in schema.by_name(shape.schema_attributes) if name in schema.STANDARD_NAMES]
    known = schema.by_name(shape.schema_attributes)
    addresses = {*(shape.username_attributes or ()), *(shape.auto_verified_attributes or ())}
    asked = [name for name in standard if name != "sub" and (known[name].get("Required") or name in addresses)]
    return {"read_attributes": standard, "write_attributes": asked}


def _client(call: Call, tx: Transaction, pool: Pool, wish: Wanted, *, by_token: bool) -> Client:
    """Raises Invalid for what only the pool can judge."""
    try:
        settings = client_settings.requested(
            replace(wish.request, **_attributes(pool)),
            pool,
            has_secret=wish.method != "none",
            custom_scopes=resource_servers.scopes_of(tx, pool) | scopes.beyond_cognito(pool),
            options=wish.options,
        )
    except (errors.InvalidParameter, errors.InvalidOAuthFlow, errors.ScopeDoesNotExist) as wrong:
        raise Invalid("invalid_client_metadata", wrong.message) from None
    return Client(
        pool_id=pool.pool_id,
        client_id=identifiers.client_id(call.entropy.bytes(identifiers.RANDOM_BYTES)),
        name=wish.request.client_name,
        settings=replace(settings, registered=wish.registered, by_token=by_token),
        kind=KIND,
        version=1,
        created_at=call.now,
        modified_at=call.now,
        expires_at=None if by_token else call.now + unwanted_clients.LIFE_MS,
    )
