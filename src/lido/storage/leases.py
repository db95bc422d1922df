"""Who does what must run in one place, and when it is due again: one row for each such thing.

While somebody works, `holder` names them and `expires_at` is when they are given up for lost; afterwards nobody
holds the row and `expires_at` is when it is due again. `fence` rises with each new holder.
"""

from lido.storage.database import Transaction


def resting(tx: Transaction, now: int) -> set[str]:
    """Names that are held by somebody, or not due yet."""
    return {name for (name,) in tx.rows("SELECT name FROM leases WHERE expires_at > :now", now=now)}


def take(tx: Transaction, name: str, holder: str, *, now: int, expires_at: int) -> int | None:
    """Become the holder, or remain it and renew: the fence; None when it is somebody else's, or not due yet.

    It is the first statement of each piece of work. A fence other than before says that another held it in between.
    """
    row = tx.row(
        """INSERT INTO leases (name, holder, expires_at, fence) VALUES (:name, :holder, :expires_at, 1)
           ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
             fence = CASE WHEN leases.holder = excluded.holder THEN leases.fence ELSE leases.fence + 1 END
           WHERE leases.expires_at <= :now OR leases.holder = excluded.holder
           RETURNING fence""",
        name=name,
        holder=holder,
        now=now,
        expires_at=expires_at,
    )
    return None if row is None else int(row[0])


def give_back(tx: Transaction, name: str, fence: int, *, due_at: int) -> bool:
    """The work is done until `due_at`; False: the lease had gone to another."""
    return (
        tx.run(
            """UPDATE leases SET holder = '', expires_at = :due_at
               WHERE name = :name AND fence = :fence AND holder <> ''""",
            name=name,
            fence=fence,
            due_at=due_at,
        )
        == 1
    )
