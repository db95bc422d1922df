"""Setting what Cognito lacks (rules/options.py): on a pool or an app client, several at once, all or none."""

from collections.abc import Mapping

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.records import Client, Pool, PoolSettings
from lido.rules import options, pool_requirements
from lido.storage import clients, pools

OPERATION = "lido pool set"
_TRIES = 3


def changed(present: Mapping[str, str], changes: Mapping[str, str], *, for_client: bool = False) -> dict[str, str]:
    """The options after these changes, an empty value removing one. Raises ValueError with a sentence."""
    for name, value in changes.items():
        options.check(name, value, for_client=for_client)
    return {name: value for name, value in {**present, **changes}.items() if value}


def set_for_pool(call: Call, pool_id: str, changes: Mapping[str, str]) -> Pool:
    """Change the pool's options. Raises ValueError, ResourceNotFound, ConcurrentModification."""
    for _ in range(_TRIES):
        with call.db.write() as tx:
            seen = access.require_pool(call, tx, pool_id)
            settings = replace(seen.settings, options=changed(seen.settings.options, changes))
            _require_consistent(settings, seen.region)
            if pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
                events.tell(call, tx, pool_id, "pool_changed", fact=Fact(operation=OPERATION, names=sorted(changes)))
                return access.require_pool(call, tx, pool_id)
    raise errors.ConcurrentModification


def _require_consistent(settings: PoolSettings, region: str) -> None:
    try:
        pool_requirements.check(settings, region)
    except errors.InvalidParameter as contradiction:
        raise ValueError(contradiction.message) from None


def set_for_client(call: Call, client_id: str, changes: Mapping[str, str]) -> Client:
    """Change the app client's options. Raises ValueError, ResourceNotFound, ConcurrentModification."""
    for _ in range(_TRIES):
        with call.db.write() as tx:
            _, seen = access.pool_and_client(tx, client_id)
            settings = replace(seen.settings, options=changed(seen.settings.options, changes, for_client=True))
            if clients.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
                pools.touch(tx, seen.pool_id)
                fact = Fact(client_id=client_id, operation="lido client set", names=sorted(changes))
                events.tell(call, tx, seen.pool_id, "client_changed", fact=fact)
                return access.require_client(tx, access.require_pool(call, tx, seen.pool_id), client_id)
    raise errors.ConcurrentModification


def in_force(pool: Pool) -> list[tuple[str, str, str]]:
    """Every option of the pool: name, value, and whether it is `set`, from a `tag`, or the profile's `default`."""
    tags = pool.settings.shape.user_pool_tags or {}
    rows = []
    for name in (option.name for option in options.OPTIONS.values() if option.for_pools):
        value = options.text(pool, name)
        if name in pool.settings.options:
            origin = "set"
        else:
            origin = "tag" if value and tags.get(f"lido:{name}") == value else "default"
        rows.append((name, value, origin))
    return rows
