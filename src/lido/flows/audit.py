"""The audit trail: one entry for each act of an operator, written in the transaction that makes the act stand.

An operator is who signs a request, or who runs a command on the machine. Flows know nothing of this: they are given
a call whose database writes the entry, and what they tell as events says whom and what it was about.
"""

import hmac
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.storage import audit, pools
from lido.storage.audit import Entry
from lido.storage.database import Record, Row, Transaction
from lido.storage.documents import Documents

SUCCESS = "success"
_LONGEST = 256


class Deed(msgspec.Struct, frozen=True):
    """What somebody is about to do; `named` are things that the request names, never values, secrets or addresses.

    `username` is whom the request names, as typed; the entry holds the sub that it leads to, and nothing else of it.
    """

    actor: str
    operation: str
    pool_id: str = ""
    username: str = ""
    named: dict[str, str] = {}


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an entry tells beside pool, actor and operation. `v` is the form's version, `at` in ms since 1970.

    `facts` are the kinds of the events that the act made true, `names` the settings and attributes that it changed.
    """

    at: int
    outcome: str
    request_id: str
    v: int = 1
    sub: str = ""
    named: dict[str, str] = {}
    facts: list[str] = []
    names: list[str] = []
    address: str = ""
    agent: str = ""
    access_key_id: str = ""
    region: str = ""


class _Notes(msgspec.Struct, frozen=True):
    pool_id: str = ""
    sub: str = ""
    named: dict[str, str] = {}
    facts: list[str] = []
    names: list[str] = []


class _Watched:
    """A transaction that knows whether it changed anything."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.changed = False

    @property
    def writing(self) -> bool:
        return self._tx.writing

    @property
    def documents(self) -> Documents:
        return self._tx.documents

    def find(self, record: type[Record], sql: str, /, **values: Any) -> Record | None:
        found = self._tx.find(record, sql, **values)
        self._look(sql, found is not None)
        return found

    def all(self, record: type[Record], sql: str, /, **values: Any) -> list[Record]:
        found = self._tx.all(record, sql, **values)
        self._look(sql, bool(found))
        return found

    def row(self, sql: str, /, **values: Any) -> Row | None:
        found = self._tx.row(sql, **values)
        self._look(sql, found is not None)
        return found

    def rows(self, sql: str, /, **values: Any) -> list[Row]:
        found = self._tx.rows(sql, **values)
        self._look(sql, bool(found))
        return found

    def run(self, sql: str, /, **values: Any) -> int:
        touched = self._tx.run(sql, **values)
        self.changed = self.changed or touched > 0
        return touched

    def _look(self, sql: str, found: bool) -> None:  # noqa: FBT001 - of this class alone
        self.changed = self.changed or (found and not sql.lstrip().startswith("SELECT"))


class _Attended:
    """A database whose first transaction that commits a change also holds the entry of the deed."""

    def __init__(self, call: Call, deed: Deed) -> None:
        self._call = call
        self._deed = deed
        self._notes = _Notes()
        self.entered = False

    @property
    def engine(self) -> Literal["sqlite", "postgresql"]:
        return self._call.db.engine

    @property
    def documents(self) -> Documents:
        return self._call.db.documents

    def read(self) -> AbstractContextManager[Transaction]:
        return self._call.db.read()

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Transaction]:
        before = self._notes
        try:
            with self._call.db.write(durable=durable) as tx:
                watched = _Watched(tx)
                yield watched
                enters = watched.changed and not self.entered
                if enters:
                    self._enter(tx, SUCCESS)
        except BaseException:
            self._notes = before
            raise
        self.entered = self.entered or enters

    def close(self) -> None:
        self._call.db.close()

    def note(self, pool_id: str, sub: str, facts: list[str], names: list[str], named: dict[str, str]) -> None:
        seen = self._notes
        self._notes = _Notes(
            pool_id=seen.pool_id or pool_id,
            sub=seen.sub or sub,
            named={**seen.named, **named},
            facts=[*seen.facts, *facts],
            names=[*seen.names, *names],
        )

    def finish(self, outcome: str) -> None:
        """An entry of its own, where no transaction holds one, or not this outcome."""
        if not self.entered or outcome != SUCCESS:
            with self._call.db.write() as tx:
                self._enter(tx, outcome)
            self.entered = True

    def _enter(self, tx: Transaction, outcome: str) -> None:
        deed, notes = self._deed, self._notes
        pool_id = deed.pool_id or notes.pool_id
        sub = notes.sub or (_sub_of(tx, pool_id, deed.username) if deed.username else "")
        told = _Notes(pool_id, sub, {**deed.named, **notes.named}, notes.facts, sorted(set(notes.names)))
        audit.add(tx, _entry(self._call, deed, told, outcome))


@contextmanager
def attended(call: Call, deed: Deed) -> Iterator[Call]:
    """The call by which to do the deed. Its entry stands in the first transaction that commits a change, else in one of
    its own at the end; a refusal leaves an entry with its name. Whatever else is raised leaves what was committed.
    """
    database = _Attended(call, deed)
    try:
        yield replace(call, db=database)
    except errors.Fault as fault:
        database.finish(fault.wire_name())
        raise
    database.finish(SUCCESS)


def refused(call: Call, deed: Deed, fault: errors.Fault) -> None:
    """Write that somebody was denied the deed."""
    _Attended(call, deed).finish(fault.wire_name())


def note(
    call: Call,
    pool_id: str = "",
    *,
    sub: str = "",
    fact: str | None = None,
    names: list[str] | None = None,
    **named: str | None,
) -> None:
    """Tell what the call's deed was about, inside its transaction; nothing where nobody attends."""
    if isinstance(call.db, _Attended):
        given = {name: value for name, value in named.items() if value}
        call.db.note(pool_id, sub, [fact] if fact else [], names or [], given)


def mac(key: bytes, entry: Entry) -> bytes:
    """What proves an entry: HMAC-SHA256 over its columns as one unambiguous JSON array."""
    content = msgspec.json.encode(["entry", entry.pool_id, entry.id, entry.actor, entry.action, entry.body])
    return hmac.digest(key, content, "sha256")


def _sub_of(tx: Transaction, pool_id: str, username: str) -> str:
    """A name that leads to nobody may be anything, a password typed into the wrong field too: it is left out."""
    pool = pools.find(tx, pool_id)
    user = access.find_user(tx, pool, username) if pool else None
    return user.sub if user else ""


def _entry(call: Call, deed: Deed, told: _Notes, outcome: str) -> Entry:
    body = Body(
        at=call.now,
        outcome=outcome,
        request_id=call.request_id,
        sub=told.sub,
        named={name: value[:_LONGEST] for name, value in told.named.items()},
        facts=told.facts,
        names=told.names,
        address=call.address,
        agent=call.agent[:_LONGEST],
        access_key_id=call.caller.access_key_id if call.caller else "",
        region=call.caller.region if call.caller else "",
    )
    text = msgspec.json.encode(body).decode()
    entry_id = call.entropy.time_ordered_id(call.now)
    entry = Entry(told.pool_id[:_LONGEST], entry_id, deed.actor, deed.operation, text, None)
    return replace(entry, mac=mac(call.house.audit_key, entry))
