"""Accounts at identity providers, each of which is one user: by its subject there, or by a mapped attribute."""

from lido.records import Record
from lido.storage.database import Transaction


class LinkedIdentity(Record, frozen=True):
    """An account at an identity provider that is a user here.

    `attribute` is what `subject` is the value of: `Cognito_Subject` for the account's own id there. `issuer` is who the
    provider was when it was linked; `is_primary` where the account made the user.
    """

    pool_id: str
    provider: str
    attribute: str
    subject: str
    sub: str
    kind: str
    issuer: str | None
    is_primary: bool
    linked_at: int


_COLUMNS = "pool_id, provider, attribute, subject, sub, kind, issuer, is_primary, linked_at"


def find(tx: Transaction, pool_id: str, provider: str, attribute: str, subject: str) -> LinkedIdentity | None:
    """The link of that account."""
    return tx.find(
        LinkedIdentity,
        f"""SELECT {_COLUMNS} FROM linked_identities WHERE pool_id = :pool_id AND provider = :provider
              AND attribute = :attribute AND subject = :subject""",
        pool_id=pool_id,
        provider=provider,
        attribute=attribute,
        subject=subject,
    )


def of_user(tx: Transaction, pool_id: str, sub: str) -> list[LinkedIdentity]:
    """Everything that is linked to the user."""
    return tx.all(
        LinkedIdentity,
        f"SELECT {_COLUMNS} FROM linked_identities WHERE pool_id = :pool_id AND sub = :sub",
        pool_id=pool_id,
        sub=sub,
    )


def attributes_of(tx: Transaction, pool_id: str, provider: str, limit: int) -> list[str]:
    """The names of attributes by which accounts of the provider are linked, at most `limit` of them.

    One step of the key for each, however many accounts there are.
    """
    found: list[str] = []
    while len(found) < limit:
        row = tx.row(
            """SELECT attribute FROM linked_identities
               WHERE pool_id = :pool_id AND provider = :provider AND attribute > :after
               ORDER BY pool_id, provider, attribute LIMIT 1""",
            pool_id=pool_id,
            provider=provider,
            after=found[-1] if found else "",
        )
        if row is None:
            break
        found.append(row[0])
    return found


def add(tx: Transaction, link: LinkedIdentity) -> bool:
    """Store a new link; False: the account is linked already."""
    return (
        tx.run(
            f"""INSERT INTO linked_identities ({_COLUMNS})
                VALUES (:pool_id, :provider, :attribute, :subject, :sub, :kind, :issuer, :is_primary, :linked_at)
                ON CONFLICT (pool_id, provider, attribute, subject) DO NOTHING""",
            pool_id=link.pool_id,
            provider=link.provider,
            attribute=link.attribute,
            subject=link.subject,
            sub=link.sub,
            kind=link.kind,
            issuer=link.issuer,
            is_primary=link.is_primary,
            linked_at=link.linked_at,
        )
        == 1
    )


def remove(tx: Transaction, link: LinkedIdentity) -> bool:
    """Delete the link, if it is still that user's; False: it is not."""
    return (
        tx.run(
            """DELETE FROM linked_identities WHERE pool_id = :pool_id AND provider = :provider
                 AND attribute = :attribute AND subject = :subject AND sub = :sub""",
            pool_id=link.pool_id,
            provider=link.provider,
            attribute=link.attribute,
            subject=link.subject,
            sub=link.sub,
        )
        == 1
    )
