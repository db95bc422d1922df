"""Master keys against the database: which of them seals, and whether all that the database needs are at hand.

The keys themselves are never in the database. For each key in use it keeps a sealed check value, and the
id of the one that seals, so two nodes can never seal with two keys (core design: the key ring).
"""

from collections.abc import Callable, Sequence

from lido.rules import base64url
from lido.rules.sealing import KeyRing, key_id
from lido.storage import facts
from lido.storage.database import Database

SEALS = "master key"
CHECK = "master key check:"


class MissingMasterKey(Exception):
    """Secrets in the database are sealed with keys that are not at hand; `missing` holds their ids in hex."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def sealing_ids(database: Database) -> list[str]:
    """The ids, in hex, of the keys that something in the database may be sealed with; none when it is new."""
    with database.read() as tx:
        return list(facts.beginning_with(tx, CHECK))


def key_ring(database: Database, masters: Sequence[bytes], random: Callable[[int], bytes]) -> KeyRing:
    """The ring of these 32-byte keys, the one that the database names as sealing first.

    A database that names none adopts the first. Raises MissingMasterKey.
    """
    ring = KeyRing(masters, random)
    if not sealing_ids(database):
        _adopt(database, ring)
    with database.read() as tx:
        checks = facts.beginning_with(tx, CHECK)
        seals = facts.find(tx, SEALS) or ""
    missing = [name for name, check in checks.items() if not ring.fits(base64url.decode(check))]
    if missing or seals not in checks:
        raise MissingMasterKey(missing or [seals])
    return KeyRing(sorted(masters, key=lambda master: key_id(master).hex() != seals), random)


def _adopt(database: Database, ring: KeyRing) -> None:
    """Name the ring's first key as the sealing one, unless another node was faster."""
    with database.write() as tx:
        if facts.add(tx, SEALS, ring.key_id.hex()):
            facts.add(tx, CHECK + ring.key_id.hex(), base64url.encode(ring.check_value()))
