"""Under which address the servers on this database say that clients reach them: all need to say the same."""

from lido.call import Call
from lido.storage import facts

_FACT = "public_url"


def remember(call: Call) -> str | None:
    """State this server's public_url; the one that the latest start before it stated, if that was another, else None.

    Raises Unavailable.
    """
    mine = call.house.public_url
    with call.db.read() as tx:
        before = facts.find(tx, _FACT)
    if before == mine:
        return None
    with call.db.write() as tx:
        before = facts.find(tx, _FACT)
        facts.put(tx, _FACT, mine)
    return before if before != mine else None
