"""Master keys against the database: which of them seals, and whether all that the database needs are at hand.

The keys themselves are never in the database. For each key in use it keeps a sealed check value, and the
id of the one that seals, so two nodes can never seal with two keys (core design: the key ring).
"""

from collections.abc import Callable, Collection, Sequence

from lido.rules import base64url
from lido.rules.sealing import KeyRing, key_id
from lido.storage import facts
from lido.storage.database import Database

SEALS = "master key"
CHECK = "master key check:"
FORGOTTEN = "master key forgotten:"
LACKED = "master key lacked:"


class MissingMasterKey(Exception):
    """The database is sealed with keys that are not at hand, `missing` by their ids in hex; or with none yet."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def sealing_ids(database: Database) -> list[str]:
    """The ids, in hex, of the keys that something in the database may be sealed with; none when it is new."""
    with database.read() as tx:
        return list(facts.beginning_with(tx, CHECK))


def key_ring(database: Database, masters: Sequence[bytes], random: Callable[[int], bytes]) -> KeyRing:
    """The ring of these 32-byte keys, the one that the database names as sealing first. Raises MissingMasterKey."""
    ring = KeyRing(masters, random)
    with database.read() as tx:
        checks = facts.beginning_with(tx, CHECK)
        seals = facts.find(tx, SEALS) or ""
    missing = [name for name, check in checks.items() if not ring.fits(base64url.decode(check))]
    if missing or seals not in checks:
        raise MissingMasterKey(missing)
    return KeyRing(sorted(masters, key=lambda master: key_id(master).hex() != seals), random)


def adopt(database: Database, ring: KeyRing) -> None:
    """Name the ring's first key as the sealing one, unless the database names one already."""
    with database.write() as tx:
        if facts.add(tx, SEALS, ring.key_id.hex()):
            facts.add(tx, CHECK + ring.key_id.hex(), base64url.encode(ring.check_value()))


def name_of(master: bytes) -> str:
    """The id, in hex, of a 32-byte key; it tells nothing about the key."""
    return key_id(master).hex()


def sealing_id(database: Database) -> str:
    """The id, in hex, of the key that seals; '' in a new database."""
    with database.read() as tx:
        return facts.find(tx, SEALS) or ""


def prepared(database: Database, masters: Sequence[bytes]) -> bytes | None:
    """The key at hand that the database has never known: the one to rotate to. None for none."""
    with database.read() as tx:
        known = {*facts.beginning_with(tx, CHECK), *facts.beginning_with(tx, FORGOTTEN)}
    return next((master for master in masters if key_id(master).hex() not in known), None)


def announce(database: Database, keys: KeyRing, master: bytes) -> None:
    """State that this key will seal: from now on no node starts without it, and running ones may open with it."""
    ring = KeyRing([master], keys.random)
    with database.write() as tx:
        facts.remove(tx, LACKED + ring.key_id.hex())
        facts.add(tx, CHECK + ring.key_id.hex(), base64url.encode(ring.check_value()))


def withdraw(database: Database, name: str) -> None:
    """Take back that the announced key `name` (hex) will seal; nothing may be sealed with it yet."""
    with database.write() as tx:
        facts.remove(tx, CHECK + name)


def complain(database: Database, names: Collection[str], server: str) -> None:
    """State that this running server lacks keys that were announced (hex), so that whoever rotates stops in time."""
    with database.read() as tx:
        new = set(names) - facts.beginning_with(tx, LACKED).keys()
    if new:
        with database.write() as tx:
            for name in sorted(new):
                facts.add(tx, LACKED + name, server)


def lacking(database: Database, name: str) -> str | None:
    """A running server that lacks the announced key `name` (hex), in the words of its complaint."""
    with database.read() as tx:
        return facts.find(tx, LACKED + name)


def choose(database: Database, name: str, *, seen: str) -> bool:
    """Let the announced key `name` (hex) seal instead of `seen`; False: somebody else chose meanwhile."""
    with database.write() as tx:
        return facts.replace(tx, SEALS, name, replaced=seen)


def follow(database: Database, keys: KeyRing, masters: Sequence[bytes]) -> bool:
    """Bring a running server's ring up to the keys at hand and the database's choice; whether anything changed.

    Raises MissingMasterKey when the key that seals now is not at hand: the ring stays as it is.
    """
    seals = sealing_id(database)
    names = {key_id(master): master for master in masters}
    if seals == keys.key_id.hex() and names.keys() <= set(keys.key_ids):
        return False
    if bytes.fromhex(seals) not in names:
        raise MissingMasterKey([seals])
    keys.renew(sorted(masters, key=lambda master: key_id(master).hex() != seals))
    return True


def forget(database: Database, name: str) -> bool:
    """No node needs this key (hex) from now on, and it will never seal again; False: it is unknown, or seals."""
    with database.write() as tx:
        if facts.find(tx, SEALS) == name or not facts.remove(tx, CHECK + name):
            return False
        return facts.add(tx, FORGOTTEN + name, "")
