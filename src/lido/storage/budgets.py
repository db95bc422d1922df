"""Budgets: how often something may be done in one window, counted on all nodes alike."""

from typing import Final

from lido.storage.database import Transaction

FAILURES: Final = "failures"
"""The kind that counts the failures of a network, which the sign-in read tells (storage/sign_ins.py)."""


def take(tx: Transaction, pool_id: str, subject: str, kind: str, *, most: int, now: int, resets_at: int) -> bool:
    """Use one of at most `most` until the window ends; False: they are used up.

    `resets_at` is the end of the window that this use may open. What is guessed must be judged only after
    this was committed, so that parallel guesses gain nothing.
    """
    return count(tx, pool_id, subject, kind, most=most, now=now, resets_at=resets_at) > 0


def count(tx: Transaction, pool_id: str, subject: str, kind: str, *, most: int, now: int, resets_at: int) -> int:
    """As `take`; how many are used with this one, 0 where they were used up before."""
    row = tx.row(
        """INSERT INTO budgets (pool_id, subject, kind, used, resets_at)
           VALUES (:pool_id, :subject, :kind, 1, :resets_at)
           ON CONFLICT (pool_id, subject, kind) DO UPDATE SET
             used = CASE WHEN budgets.resets_at <= :now THEN 1 ELSE budgets.used + 1 END,
             resets_at = CASE WHEN budgets.resets_at <= :now THEN excluded.resets_at ELSE budgets.resets_at END
           WHERE budgets.used < :most OR budgets.resets_at <= :now
           RETURNING used""",
        pool_id=pool_id,
        subject=subject,
        kind=kind,
        most=most,
        now=now,
        resets_at=resets_at,
    )
    return 0 if row is None else int(row[0])


def used(tx: Transaction, pool_id: str, subject: str, kind: str, *, now: int) -> int:
    """How many are used in the window under way."""
    row = tx.row(
        """SELECT used FROM budgets WHERE pool_id = :pool_id AND subject = :subject AND kind = :kind
           AND resets_at > :now""",
        pool_id=pool_id,
        subject=subject,
        kind=kind,
        now=now,
    )
    return 0 if row is None else int(row[0])


def give_back(tx: Transaction, pool_id: str, subject: str, kind: str) -> None:
    """One that was used counts for nothing after all."""
    tx.run(
        """UPDATE budgets SET used = used - 1
           WHERE pool_id = :pool_id AND subject = :subject AND kind = :kind AND used > 0""",
        pool_id=pool_id,
        subject=subject,
        kind=kind,
    )


def is_left(tx: Transaction, pool_id: str, subject: str, kind: str, *, most: int, now: int) -> bool:
    """Whether `take` would give one; for who must not do costly work for nothing, never instead of it."""
    row = tx.row(
        """SELECT 1 FROM budgets WHERE pool_id = :pool_id AND subject = :subject AND kind = :kind
           AND used >= :most AND resets_at > :now""",
        pool_id=pool_id,
        subject=subject,
        kind=kind,
        most=most,
        now=now,
    )
    return row is None


def resets_at(tx: Transaction, pool_id: str, subject: str, kind: str) -> int:
    """When the window ends; 0 where none was opened."""
    row = tx.row(
        "SELECT resets_at FROM budgets WHERE pool_id = :pool_id AND subject = :subject AND kind = :kind",
        pool_id=pool_id,
        subject=subject,
        kind=kind,
    )
    return 0 if row is None else int(row[0])


def forget(tx: Transaction, pool_id: str, subject: str) -> int:
    """Give a subject all its budgets back (an operator's unlock); how many rows went."""
    return tx.run(
        "DELETE FROM budgets WHERE pool_id = :pool_id AND subject = :subject", pool_id=pool_id, subject=subject
    )


def remove_expired(tx: Transaction, now: int, limit: int) -> int:
    """Delete windows that have ended, at most `limit`; how many went."""
    return tx.run(
        """DELETE FROM budgets WHERE resets_at <= :now AND (pool_id, subject, kind) IN
             (SELECT pool_id, subject, kind FROM budgets WHERE resets_at <= :now LIMIT :limit)""",
        now=now,
        limit=limit,
    )
