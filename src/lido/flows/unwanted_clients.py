"""Clients that strangers registered and nobody wants: they go after a day, or sooner where all places are taken.

One is wanted once a person let it in, it got a token of its own, or an operator set anything for it; it stays then.
"""

from itertools import groupby
from operator import itemgetter

from lido.call import Call
from lido.flows import access
from lido.flows.events import Fact, tell
from lido.records import Client, Pool
from lido.storage import clients
from lido.storage.database import Transaction

LIFE_MS = 86_400_000
"""Whoever registers tries it within the day; more time would serve floods alone, so there is nothing to set."""
SAFE_SECONDS = 3_600
"""A place this young is nobody else's. Where few are used it takes a flood nine hours to come round, as strangers make
a hundred in one and the oldest goes first; where most are used, whoever registers has this long to try.
"""


def want(tx: Transaction, client: Client) -> None:
    """Let the client stay for good; costs nothing from the second time on."""
    if client.expires_at is not None:
        clients.keep(tx, client.pool_id, client.client_id)


def expire(call: Call, tx: Transaction, limit: int) -> int:
    """Remove those whose day is over, of at most `limit` clients that were looked at; how many those were."""
    found = sorted(clients.expired(tx, call.now, limit))
    for pool_id, ended in groupby(found, key=itemgetter(0)):
        pool = access.lock_pool(call, tx, pool_id)
        for _, client_id in ended:
            if not _remove(call, tx, pool, client_id, "unused"):
                clients.keep(tx, pool_id, client_id)
    return len(found)


def displace(call: Call, tx: Transaction, pool: Pool) -> bool:
    """Remove the oldest of the pool, whose lock the caller holds; False: none may go."""
    found = clients.unwanted(tx, pool.pool_id, created_before=call.now - SAFE_SECONDS * 1000)
    return any(_remove(call, tx, pool, client_id, "displaced") for client_id in found)


def _remove(call: Call, tx: Transaction, pool: Pool, client_id: str, reason: str) -> bool:
    """False: somebody wants it by now, or another node removed it."""
    if _is_tagged(pool, client_id) or not clients.hold_unwanted(tx, pool.pool_id, client_id):
        return False
    clients.remove(tx, pool.pool_id, client_id)
    fact = Fact(client_id=client_id, operation="client registration", reason=reason)
    tell(call, tx, pool.pool_id, "client_deleted", fact=fact)
    return True


def _is_tagged(pool: Pool, client_id: str) -> bool:
    """Whether an operator gave it options by tags of the pool."""
    tags = pool.settings.shape.user_pool_tags or {}
    return any(tag.startswith(f"lido:{client_id}:") for tag in tags)
