"""Groups of a pool and who is in them."""

from lido.records import Group, User
from lido.storage import users
from lido.storage.database import Transaction

_COLUMNS = "pool_id, name, description, role_arn, precedence, created_at, modified_at"
_GROUP_COLUMNS = ", ".join(f"g.{column}" for column in _COLUMNS.split(", "))
_USER_COLUMNS = ", ".join(f"u.{column}" for column in users.COLUMNS.split(", "))


def find(tx: Transaction, pool_id: str, name: str) -> Group | None:
    """The group of that name."""
    return tx.find(
        Group, f"SELECT {_COLUMNS} FROM groups WHERE pool_id = :pool_id AND name = :name", pool_id=pool_id, name=name
    )


def add(tx: Transaction, group: Group) -> bool:
    """Store a new group; False: the name is taken. The caller has locked the pool and seen that the cap allows it."""
    return (
        tx.run(
            f"""INSERT INTO groups ({_COLUMNS})
                VALUES (:pool_id, :name, :description, :role_arn, :precedence, :created_at, :modified_at)
                ON CONFLICT (pool_id, name) DO NOTHING""",
            pool_id=group.pool_id,
            name=group.name,
            description=group.description,
            role_arn=group.role_arn,
            precedence=group.precedence,
            created_at=group.created_at,
            modified_at=group.modified_at,
        )
        == 1
    )


def count(tx: Transaction, pool_id: str) -> int:
    """How many groups the pool has."""
    row = tx.row("SELECT count(*) FROM groups WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def change(
    tx: Transaction,
    pool_id: str,
    name: str,
    *,
    description: str | None,
    role_arn: str | None,
    precedence: int | None,
    now: int,
) -> bool:
    """Change what is not None; False: no such group."""
    return (
        tx.run(
            """UPDATE groups SET description = COALESCE(:description, description),
                 role_arn = COALESCE(:role_arn, role_arn), precedence = COALESCE(:precedence, precedence),
                 modified_at = :now WHERE pool_id = :pool_id AND name = :name""",
            description=description,
            role_arn=role_arn,
            precedence=precedence,
            now=now,
            pool_id=pool_id,
            name=name,
        )
        == 1
    )


def lock(tx: Transaction, pool_id: str, name: str) -> bool:
    """Take the group's row, so that nobody deletes it meanwhile; False: no such group."""
    return (
        tx.run(
            "UPDATE groups SET modified_at = modified_at WHERE pool_id = :pool_id AND name = :name",
            pool_id=pool_id,
            name=name,
        )
        == 1
    )


def dismiss(tx: Transaction, pool_id: str, name: str, *, limit: int) -> int:
    """Let at most so many members leave the group; how many did."""
    return tx.run(
        """DELETE FROM group_members WHERE pool_id = :pool_id AND group_name = :name AND sub IN (
             SELECT sub FROM group_members WHERE pool_id = :pool_id AND group_name = :name
             ORDER BY pool_id, group_name, sub LIMIT :limit)""",
        pool_id=pool_id,
        name=name,
        limit=limit,
    )


def remove(tx: Transaction, pool_id: str, name: str) -> bool:
    """Delete the group and the few memberships that are left; False: no such group."""
    # The group first: whoever joins at this moment waits for its row, and finds it gone.
    gone = tx.run("DELETE FROM groups WHERE pool_id = :pool_id AND name = :name", pool_id=pool_id, name=name) == 1
    tx.run("DELETE FROM group_members WHERE pool_id = :pool_id AND group_name = :name", pool_id=pool_id, name=name)
    return gone


def page(tx: Transaction, pool_id: str, *, after: str, limit: int) -> list[Group]:
    """Groups of the pool by name, after that name."""
    return tx.all(
        Group,
        f"""SELECT {_COLUMNS} FROM groups WHERE pool_id = :pool_id AND name > :after
            ORDER BY pool_id, name LIMIT :limit""",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )


def join(tx: Transaction, pool_id: str, sub: str, name: str, now: int) -> bool:
    """Put the user into the group; False: was there already. The caller holds the user and the group."""
    return (
        tx.run(
            """INSERT INTO group_members (pool_id, sub, group_name, added_at) VALUES (:pool_id, :sub, :name, :now)
               ON CONFLICT (pool_id, sub, group_name) DO NOTHING""",
            pool_id=pool_id,
            sub=sub,
            name=name,
            now=now,
        )
        == 1
    )


def leave(tx: Transaction, pool_id: str, sub: str, name: str) -> bool:
    """Take the user out of the group; False: was not in it."""
    return (
        tx.run(
            "DELETE FROM group_members WHERE pool_id = :pool_id AND sub = :sub AND group_name = :name",
            pool_id=pool_id,
            sub=sub,
            name=name,
        )
        == 1
    )


def count_of_user(tx: Transaction, pool_id: str, sub: str) -> int:
    """How many groups the user is in."""
    row = tx.row("SELECT count(*) FROM group_members WHERE pool_id = :pool_id AND sub = :sub", pool_id=pool_id, sub=sub)
    return 0 if row is None else int(row[0])


def of_user(tx: Transaction, pool_id: str, sub: str, *, after: str = "", limit: int = 1000) -> list[Group]:
    """The user's groups by name, after that name."""
    return tx.all(
        Group,
        f"""SELECT {_GROUP_COLUMNS} FROM group_members m
            JOIN groups g ON g.pool_id = :pool_id AND g.name = m.group_name
            WHERE m.pool_id = :pool_id AND m.sub = :sub AND m.group_name > :after
            ORDER BY m.pool_id, m.sub, m.group_name LIMIT :limit""",
        pool_id=pool_id,
        sub=sub,
        after=after,
        limit=limit,
    )


def members(tx: Transaction, pool_id: str, name: str, *, after: str, limit: int) -> list[User]:
    """The group's users by sub, after that sub."""
    # Where PostgreSQL merges a large group with all users, it must not begin with the first of them.
    rows = tx.rows(
        f"""SELECT {_USER_COLUMNS} FROM group_members m JOIN users u ON u.pool_id = :pool_id AND u.sub = m.sub
            WHERE m.pool_id = :pool_id AND m.group_name = :name AND m.sub > :after AND u.sub > :after
            ORDER BY m.pool_id, m.group_name, m.sub LIMIT :limit""",
        pool_id=pool_id,
        name=name,
        after=after,
        limit=limit,
    )
    return [users.from_row(row) for row in rows]
