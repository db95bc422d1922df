"""How much public clients may leave behind: nothing proves who speaks for one, so anybody can be it.

What is stored on their word alone is counted in ten minutes, for each address and for each client.
"""

from collections.abc import Mapping
from typing import Literal

from lido.call import Call
from lido.flows import budgets
from lido.flows.client_authentication import ProvenClient
from lido.rules import networks

Kind = Literal["pushed requests", "proofs in vain"]

MOST: Mapping[Kind, tuple[int, int]] = {"pushed requests": (300, 3_000), "proofs in vain": (100, 30_000)}
"""How many of each kind, from one address (at all clients of the pool) and for one client (from all addresses)."""
_WINDOW_MS = 600_000


def require_left(call: Call, client: ProvenClient, kind: Kind) -> None:
    """Refuse a public client, or an address, that has used its budget up. Raises TooManyRequests."""
    if not client.is_public:
        return
    pool_id = client.pool.pool_id
    with call.db.read() as tx:
        for subject, most in _counted(call, client, kind):
            budgets.require_left(call, tx, pool_id, subject, kind, most=most)


def take(call: Call, client: ProvenClient, kind: Kind) -> None:
    """Count one of a public client. Raises TooManyRequests, and counts nothing, where the budget is used up.

    The address comes first: what it has no right to any more uses up nothing of the client's.
    """
    if not client.is_public:
        return
    pool_id = client.pool.pool_id
    with call.db.write() as tx:
        for subject, most in _counted(call, client, kind):
            budgets.take(call, tx, pool_id, subject, kind, most=most, window_ms=_WINDOW_MS)


def _counted(call: Call, client: ProvenClient, kind: Kind) -> tuple[tuple[str, int], tuple[str, int]]:
    by_address, by_client = MOST[kind]
    return (networks.subscriber(call.address), by_address), (client.client.client_id, by_client)
