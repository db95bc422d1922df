"""Wrong passwords of one subject: a try is reserved before it is judged, so parallel guesses gain nothing.

A subject is a sub, or a digest for a name that leads to nobody.
"""

from lido.storage.database import Transaction

FORGET_MS = 900_000
STALE_MS = 30_000
"""How long a reserved try may stay unjudged before it counts as a failure (its process died)."""


def reserve(tx: Transaction, pool_id: str, subject: str, now: int) -> bool:
    """Reserve one judgement; False: locked, or as many are being judged as may fail. Look with `locked_until`."""
    row = tx.row(
        """INSERT INTO lockouts (pool_id, subject, failures, in_flight, last_at, locked_until)
           VALUES (:pool_id, :subject, 0, 1, :now, 0)
           ON CONFLICT (pool_id, subject) DO UPDATE SET
             failures = CASE WHEN lockouts.last_at < :forget THEN 0
               WHEN lockouts.last_at < :stale THEN lockouts.failures + lockouts.in_flight ELSE lockouts.failures END,
             in_flight = CASE WHEN lockouts.last_at < :stale THEN 1 ELSE lockouts.in_flight + 1 END,
             last_at = :now
           WHERE lockouts.locked_until <= :now AND (lockouts.last_at < :stale
             OR lockouts.in_flight < CASE WHEN lockouts.failures < 5 THEN 5 - lockouts.failures ELSE 1 END)
           RETURNING failures""",
        pool_id=pool_id,
        subject=subject,
        now=now,
        forget=now - FORGET_MS,
        stale=now - STALE_MS,
    )
    return row is not None


def locked_until(tx: Transaction, pool_id: str, subject: str) -> int:
    """Until when nobody is let in, 0 for not at all."""
    row = tx.row(
        "SELECT locked_until FROM lockouts WHERE pool_id = :pool_id AND subject = :subject",
        pool_id=pool_id,
        subject=subject,
    )
    return 0 if row is None else int(row[0])


def fail(tx: Transaction, pool_id: str, subject: str, now: int) -> None:
    """The reserved try was wrong. From the fifth on a lock of 1 s, doubled by each further, at most 15 minutes."""
    tx.run(
        """UPDATE lockouts SET failures = failures + 1,
             in_flight = CASE WHEN in_flight > 0 THEN in_flight - 1 ELSE 0 END, last_at = :now,
             locked_until = CASE WHEN failures < 4 THEN 0 WHEN failures >= 14 THEN :now + 900000
               ELSE :now + (1000 << (failures - 4)) END
           WHERE pool_id = :pool_id AND subject = :subject""",
        pool_id=pool_id,
        subject=subject,
        now=now,
    )


def release(tx: Transaction, pool_id: str, subject: str) -> None:
    """The reserved try was right, or never judged: it counts for nothing."""
    tx.run(
        """UPDATE lockouts SET in_flight = CASE WHEN in_flight > 0 THEN in_flight - 1 ELSE 0 END
           WHERE pool_id = :pool_id AND subject = :subject""",
        pool_id=pool_id,
        subject=subject,
    )


def forgive(tx: Transaction, pool_id: str, subject: str, *, reserved: int) -> None:
    """Signed in: earlier failures are forgotten, and of the tries in flight these many are done."""
    tx.run(
        """UPDATE lockouts SET failures = 0, locked_until = 0,
             in_flight = CASE WHEN in_flight > :reserved THEN in_flight - :reserved ELSE 0 END
           WHERE pool_id = :pool_id AND subject = :subject""",
        pool_id=pool_id,
        subject=subject,
        reserved=reserved,
    )


def remove(tx: Transaction, pool_id: str, subject: str) -> bool:
    """Forget every failure of the subject (`lido users unlock`)."""
    return (
        tx.run("DELETE FROM lockouts WHERE pool_id = :pool_id AND subject = :subject", pool_id=pool_id, subject=subject)
        == 1
    )


def remove_forgotten(tx: Transaction, now: int, limit: int) -> int:
    """Delete subjects that were quiet long enough to count as new; how many went."""
    return tx.run(
        """DELETE FROM lockouts WHERE (pool_id, subject) IN
             (SELECT pool_id, subject FROM lockouts WHERE last_at < :forget AND locked_until <= :now LIMIT :limit)""",
        forget=now - FORGET_MS,
        now=now,
        limit=limit,
    )
