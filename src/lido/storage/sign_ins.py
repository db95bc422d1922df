"""The sign-in read: everything a decision about one person needs, in one statement joined on primary keys.

It returns the versions of pool and client too, so their documents come from
memory while they stand. Every join repeats the pool, so that each is provably
within one shard.
"""

from collections.abc import Sequence

from msgspec import Struct

from lido.records import Client, Password, Pool, Session, User
from lido.storage import budgets, clients, pools, users
from lido.storage.database import Row, Transaction

Group = tuple[str, str | None, int | None]
"""Name, role ARN, precedence."""


class SignIn(Struct, frozen=True):
    """Pool and client, and whom the name, sub or session led to; `user` is None for nobody.

    `failures` is how often the network that was asked about has failed there in the window under way.
    """

    pool: Pool
    client: Client
    user: User | None
    password: Password | None
    groups: tuple[Group, ...]
    session: Session | None = None
    failures: int = 0


_USER = ", ".join(f"u.{column}" for column in users.COLUMNS.split(", "))
_PASSWORD_COLUMNS = "w.pool_id, w.sub, w.material, w.temporary, w.expires_at, w.version, w.set_at"
_SESSION = (
    "s.pool_id, s.sub, s.id, s.client_id, s.public_id, s.epoch, s.generation, s.rotated_at, s.grace_generation, "
    "s.grace_until, s.revoked_at, s.auth_time, s.created_at, s.expires_at, s.active_at, s.grant_info, s.device_key, "
    "s.event_id, s.sso_id"
)
_FAILURES = f"""(SELECT b.used FROM budgets b WHERE b.pool_id = :pool_id AND b.subject = :network
    AND b.kind = '{budgets.FAILURES}' AND b.resets_at > :now)"""
_GROUP = "g.name, g.role_arn, g.precedence"
_SETTINGS = "FROM pools p JOIN clients c ON c.pool_id = :pool_id AND c.client_id = :client_id"
_GROUPS = """LEFT JOIN group_members m ON m.pool_id = :pool_id AND m.sub = u.sub
    LEFT JOIN groups g ON g.pool_id = :pool_id AND g.name = m.group_name"""
_ALIVE = "WHERE p.pool_id = :pool_id AND p.deleted_at IS NULL"

_FAILURES_AT = 2
_USER_AT = 3
_PASSWORD_AT = _USER_AT + users.WIDTH
_SESSION_AT = _PASSWORD_AT
_SESSION_WIDTH = 19

_BY_NAME = f"""SELECT p.version, c.version, {_FAILURES}, {_USER}, {_PASSWORD_COLUMNS}, {_GROUP} {_SETTINGS}
    LEFT JOIN user_names n ON n.pool_id = :pool_id AND n.name_key = :name_key
    LEFT JOIN users u ON u.pool_id = :pool_id AND u.sub = n.sub
    LEFT JOIN passwords w ON w.pool_id = :pool_id AND w.sub = n.sub {_GROUPS} {_ALIVE}"""
_BY_SUB = f"""SELECT p.version, c.version, {_FAILURES}, {_USER}, {_PASSWORD_COLUMNS}, {_GROUP} {_SETTINGS}
    LEFT JOIN users u ON u.pool_id = :pool_id AND u.sub = :sub
    LEFT JOIN passwords w ON w.pool_id = :pool_id AND w.sub = :sub {_GROUPS} {_ALIVE}"""
_BY_SESSION = f"""SELECT p.version, c.version, 0, {_USER}, {_SESSION}, {_GROUP} {_SETTINGS}
    LEFT JOIN users u ON u.pool_id = :pool_id AND u.sub = :sub
    LEFT JOIN sessions s ON s.pool_id = :pool_id AND s.sub = :sub AND s.id = :session_id {_GROUPS} {_ALIVE}"""


def pool_and_folding(tx: Transaction, client_id: str) -> tuple[str, int] | None:
    """The pool of a client id, and how that pool folded names when it was read (`fold_as` when that has changed).

    The pool never changes; the folding only by an operator's own command.
    """
    key = ("pool and folding", client_id)
    kept: tuple[str, int] | None = tx.documents.get(key, 0)
    if kept is not None:
        return kept
    row = tx.row(
        """SELECT p.pool_id, p.folding FROM clients c JOIN pools p ON p.pool_id = c.pool_id
           WHERE c.client_id = :client_id""",
        client_id=client_id,
    )
    if row is None:
        return None
    found = (str(row[0]), int(row[1]))
    if not tx.writing:
        tx.documents.keep(key, 0, found)
    return found


def fold_as(tx: Transaction, client_id: str, pool: Pool) -> None:
    """Remember how the pool folds names now, for the next `pool_and_folding`."""
    tx.documents.keep(("pool and folding", client_id), 0, (pool.pool_id, pool.folding))


def by_name(
    tx: Transaction, pool_id: str, client_id: str, name_key: str, *, network: str = "", now: int = 0
) -> SignIn | None:
    """Whom a folded handle leads to; None when the pool or the client is gone."""
    rows = tx.rows(_BY_NAME, pool_id=pool_id, client_id=client_id, name_key=name_key, network=network, now=now)
    return _with_password(tx, pool_id, client_id, rows)


def by_sub(
    tx: Transaction, pool_id: str, client_id: str, sub: str, *, network: str = "", now: int = 0
) -> SignIn | None:
    """The user of that sub; None when the pool or the client is gone."""
    rows = tx.rows(_BY_SUB, pool_id=pool_id, client_id=client_id, sub=sub, network=network, now=now)
    return _with_password(tx, pool_id, client_id, rows)


def by_session(tx: Transaction, pool_id: str, client_id: str, sub: str, session_id: str) -> SignIn | None:
    """The session and its user, without password; None when the pool or the client is gone."""
    rows = tx.rows(_BY_SESSION, pool_id=pool_id, client_id=client_id, sub=sub, session_id=session_id)
    found = rows[0][_SESSION_AT : _SESSION_AT + _SESSION_WIDTH] if rows else (None,)
    session = None if found[0] is None else Session(*found)
    return _sign_in(tx, pool_id, client_id, rows, session=session)


def _with_password(tx: Transaction, pool_id: str, client_id: str, rows: Sequence[Row]) -> SignIn | None:
    found = rows[0][_PASSWORD_AT:-3] if rows else (None,)
    return _sign_in(tx, pool_id, client_id, rows, password=None if found[0] is None else Password(*found))


def _sign_in(
    tx: Transaction,
    pool_id: str,
    client_id: str,
    rows: Sequence[Row],
    *,
    password: Password | None = None,
    session: Session | None = None,
) -> SignIn | None:
    if not rows:
        return None
    first = rows[0]
    pool = pools.at_version(tx, pool_id, first[0])
    client = clients.at_version(tx, pool_id, client_id, first[1])
    if pool is None or client is None:
        return None
    user = None if first[_USER_AT] is None else users.from_row(first[_USER_AT:_PASSWORD_AT])
    return SignIn(pool, client, user, password, _groups(rows), session, first[_FAILURES_AT] or 0)


def _groups(rows: Sequence[Row]) -> tuple[Group, ...]:
    groups = [(row[-3], row[-2], row[-1]) for row in rows if row[-3] is not None]
    if len(groups) > 1:
        groups.sort(key=lambda group: (group[2] is None, group[2] or 0, group[0]))
    return tuple(groups)
