"""Users written straight into the tables, as many as one likes: a pool as it looks after years, in a minute."""

import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import apsw
import psycopg

from lido.assembly import Lido
from lido.flows import passwords
from lido.records import Factor, HandleKind, Pool, Status
from lido.rules import srp
from lido.rules.passwords import Material
from lido.rules.usernames import cut_key, fold
from lido.storage import pools

PASSWORD = "Passw0rd!"
GIVEN_NAMES = ("Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "John", "Ken", "Margaret", "Radia")
FAMILY_NAMES = ("Allen", "Dijkstra", "Hamilton", "Hopper", "Liskov", "Lovelace", "Perlman", "Thompson", "Turing")

_BATCH = 20_000
_USERS = (
    "pool_id, sub, username, username_key, status, enabled, epoch, signed_out_at, version, factors, email, email_key, "
    "email_verified, phone_number, phone_verified, name_key, given_name_key, family_name_key, attributes, created_at, "
    "modified_at"
)
_NAMES = "pool_id, name_key, kind, sub"
_PASSWORDS = "pool_id, sub, material, temporary, version, set_at"
_GROUPS = "pool_id, name, created_at, modified_at"
_MEMBERS = "pool_id, sub, group_name, added_at"
EVERYBODY = "everybody"
GROUPS = 1_000
"""Groups of a pool, beside that of everybody; each user is in one of them."""

Insert = Callable[[str, str, list[tuple[Any, ...]]], None]


class Crowd(NamedTuple):
    """Who was written: how many, and the names of those who can sign in, by password and by SRP."""

    count: int
    signing_in: list[str]


class Possession(NamedTuple):
    """What everybody of a pool has beside a password: a factor, and a row of `table` by sub and username."""

    factor: Factor
    table: str
    columns: str
    row: Callable[[str, str], tuple[Any, ...]]


def fill(
    lido: Lido,
    insert: Insert,
    pool_id: str,
    count: int,
    *,
    by_srp: range,
    say: Callable[[str], None],
    has: Possession | None = None,
) -> None:
    """Write `count` confirmed users, who all have the same password; by SRP it is known of the numbers `by_srp`."""
    began = time.monotonic()
    with lido.database.read() as tx:
        pool = pools.find(tx, pool_id)
    assert pool is not None
    tables = [("users", _USERS), ("user_names", _NAMES), ("passwords", _PASSWORDS)]
    if has is not None:
        tables.append((has.table, has.columns))
    rows = _people(lido, pool, count, by_srp, has)
    for number, batch in enumerate(iter(lambda: list(islice(rows, _BATCH)), [])):
        for (table, columns), of_table in zip(tables, zip(*batch, strict=True), strict=True):
            insert(table, columns, list(of_table))
        if count > _BATCH:
            say(f"{number * _BATCH + len(batch):,} of {count:,} users, {time.monotonic() - began:.0f} s")


def group(insert: Insert, lido: Lido, pool_id: str) -> None:
    """Put everybody into the group of all, and into one more."""
    now = lido.call().now
    insert("groups", _GROUPS, [(pool_id, name, now, now) for name in (EVERYBODY, *map(group_name, range(GROUPS)))])
    with lido.database.read() as tx:
        subs = [sub for (sub,) in tx.rows("SELECT sub FROM users WHERE pool_id = :pool_id", pool_id=pool_id)]
    rows = (
        (pool_id, sub, name, now)
        for number, sub in enumerate(subs)
        for name in (EVERYBODY, group_name(number % GROUPS))
    )
    for batch in iter(lambda: list(islice(rows, _BATCH)), []):
        insert("group_members", _MEMBERS, batch)


def group_name(number: int) -> str:
    """The name of one of the smaller groups."""
    return f"group-{number:04}"


def usernames(numbers: Iterable[int]) -> list[str]:
    """The names of the users of those numbers."""
    return [_username(number) for number in numbers]


def _people(
    lido: Lido, pool: Pool, count: int, by_srp: range, has: Possession | None
) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """The rows of each user. All have one hash; only those who sign in by SRP need a verifier under their own name."""
    pool_id, folding = pool.pool_id, pool.folding
    dice = random.Random(f"{pool_id}{count}")
    call = lido.call()
    phc = call.hashing.hash(PASSWORD, call.entropy.bytes(16))
    salt = call.entropy.bytes(srp.SALT_BYTES)
    realm = pool_id.partition("_")[2]
    filler = bytes(384)
    factors = Factor.PASSWORD | (has.factor if has else Factor.NONE)
    for number in range(count):
        username = _username(number)
        verifier = srp.pad(srp.verifier(srp.x(realm, username, PASSWORD, salt))) if number in by_srp else filler
        sub = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        material = Material(phc, salt, verifier, username).encode()
        sealed = call.keys.seal(passwords.PURPOSE, material, pool_id, sub)
        yield (
            _user(pool, sub, username, number, dice, call.now, factors),
            (pool_id, fold(username, folding), int(HandleKind.USERNAME), sub),
            (pool_id, sub, sealed, False, 1, call.now),
            *(() if has is None else (has.row(sub, username),)),
        )


def _username(number: int) -> str:
    return f"person-{number:07}"


def _user(
    pool: Pool, sub: str, username: str, number: int, dice: random.Random, now: int, factors: int
) -> tuple[Any, ...]:
    given, family = dice.choice(GIVEN_NAMES), dice.choice(FAMILY_NAMES)
    email, phone = f"{given}.{family}.{number}@example.com".lower(), f"+1555{number:07}"
    name, folding = f"{given} {family}", pool.folding
    return (
        *(
            pool.pool_id,
            sub,
            username,
            fold(username, folding),
            int(Status.CONFIRMED),
            True,
            0,
            0,
            1,
            factors,
        ),
        *(email, cut_key(email, folding), True, phone, False),
        *(cut_key(name, folding), cut_key(given, folding), cut_key(family, folding)),
        json.dumps({"name": name, "given_name": given, "family_name": family, "locale": "en-GB"}),
        *(now, now),
    )


class bulk:  # noqa: N801 - used like a function
    """A connection of our own to the same database, whose `insert` writes many rows at once."""

    def __init__(self, lido: Lido) -> None:
        self._settings = lido.settings

    def __enter__(self) -> Insert:
        if self._settings.sqlite_path is not None:
            self._sqlite = apsw.Connection(str(self._settings.sqlite_path))
            self._sqlite.set_busy_timeout(5000)
            self._sqlite.pragma("cache_size", -1024 * 1024)
            return self._into_sqlite
        self._postgresql = psycopg.connect(self._settings.database, autocommit=True)
        return self._into_postgresql

    def _into_sqlite(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(columns.split(",")))
        with self._sqlite:
            self._sqlite.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)

    def _into_postgresql(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        with self._postgresql.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def __exit__(self, *_: object) -> None:
        if self._settings.sqlite_path is not None:
            self._sqlite.pragma("wal_checkpoint(TRUNCATE)")
            self._sqlite.close()
        else:
            self._postgresql.execute(
                "VACUUM (ANALYZE) users, user_names, passwords, group_members, totp_keys, passkeys, devices"
            )
            self._postgresql.execute("CHECKPOINT")
            self._postgresql.close()
        # What the kernel still has to write would be paid for by the first who syncs.
        os.sync()
