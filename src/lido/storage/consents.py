"""Consents: what people allowed other people's apps, and under which name they knew them then."""

from lido.records import Record
from lido.storage.database import Transaction


class Consent(Record, frozen=True):
    """What a user allowed an app: `scopes` with spaces between, `client_name` as it was shown."""

    pool_id: str
    sub: str
    client_id: str
    scopes: str
    client_name: str
    given_at: int


_COLUMNS = "pool_id, sub, client_id, scopes, client_name, given_at"


def find(tx: Transaction, pool_id: str, sub: str, client_id: str) -> Consent | None:
    """What that user allowed that app."""
    return tx.find(
        Consent,
        f"SELECT {_COLUMNS} FROM consents WHERE pool_id = :pool_id AND sub = :sub AND client_id = :client_id",
        pool_id=pool_id,
        sub=sub,
        client_id=client_id,
    )


def hold(tx: Transaction, pool_id: str, sub: str, client_id: str) -> Consent | None:
    """The same, held until the transaction ends: whoever takes it back waits, and then sees what was made of it."""
    return tx.find(
        Consent,
        f"""UPDATE consents SET given_at = given_at
            WHERE pool_id = :pool_id AND sub = :sub AND client_id = :client_id RETURNING {_COLUMNS}""",
        pool_id=pool_id,
        sub=sub,
        client_id=client_id,
    )


def put(tx: Transaction, consent: Consent, *, epoch: int) -> bool:
    """Keep what was allowed in place of what was before, if user and client are alive. False: refuse."""
    return (
        tx.row(
            f"""INSERT INTO consents ({_COLUMNS})
                SELECT u.pool_id, u.sub, c.client_id, :scopes, :client_name, CAST(:given_at AS BIGINT)
                FROM users u JOIN clients c ON c.pool_id = u.pool_id AND c.client_id = :client_id
                WHERE u.pool_id = :pool_id AND u.sub = :sub AND u.enabled AND u.epoch = :epoch
                ON CONFLICT (pool_id, sub, client_id) DO UPDATE SET
                  scopes = excluded.scopes, client_name = excluded.client_name, given_at = excluded.given_at
                RETURNING client_id""",
            pool_id=consent.pool_id,
            sub=consent.sub,
            client_id=consent.client_id,
            scopes=consent.scopes,
            client_name=consent.client_name,
            given_at=consent.given_at,
            epoch=epoch,
        )
        is not None
    )


def of_user(tx: Transaction, pool_id: str, sub: str) -> list[Consent]:
    """Everything that a user allowed, by client."""
    return tx.all(
        Consent,
        f"SELECT {_COLUMNS} FROM consents WHERE pool_id = :pool_id AND sub = :sub ORDER BY client_id",
        pool_id=pool_id,
        sub=sub,
    )


def remove(tx: Transaction, pool_id: str, sub: str, client_id: str) -> bool:
    """Forget what was allowed; False: nothing was."""
    return (
        tx.run(
            "DELETE FROM consents WHERE pool_id = :pool_id AND sub = :sub AND client_id = :client_id",
            pool_id=pool_id,
            sub=sub,
            client_id=client_id,
        )
        == 1
    )
