"""Whether this process can serve anybody."""

from lido import errors
from lido.call import Call
from lido.flows import master_key
from lido.storage import facts


def trouble(call: Call) -> str | None:
    """Why it cannot, in a few words; None where its database can be written and is sealed with a key that it has."""
    try:
        with call.db.read() as tx:
            if facts.is_standby(tx, call.db.engine):
                return "the database is a standby"
            seals = facts.find(tx, master_key.SEALS)
    except errors.Unavailable:
        return "the database does not answer"
    is_at_hand = seals is None or bytes.fromhex(seals) in call.keys.key_ids
    return None if is_at_hand else "the master key that seals is not at hand"
