"""Whether this installation has its demo pool already."""

from lido.call import Call
from lido.storage import facts, pools

_FACT = "demo"


def find(call: Call) -> str | None:
    """The id of the demo pool that was made."""
    with call.db.read() as tx:
        return facts.find(tx, _FACT)


def is_alive(call: Call, pool_id: str) -> bool:
    """Whether that pool has not been deleted."""
    with call.db.read() as tx:
        return pools.find(tx, pool_id) is not None


def remember(call: Call, pool_id: str) -> str:
    """State that this is the demo pool; another node's, if that was faster, stays."""
    with call.db.write() as tx:
        facts.add(tx, _FACT, pool_id)
        return facts.find(tx, _FACT) or pool_id
