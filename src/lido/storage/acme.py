"""What nodes share while they get certificates: whose turn it is at a host, and the answers to challenges."""

from lido.storage.database import Transaction


def claim(tx: Transaction, host: str, now: int, *, until: int) -> bool:
    """Become the node that asks for a certificate for the host; False: it is not due, or another does."""
    tx.run(
        "INSERT INTO acme_hosts (host, next_at, tries) VALUES (:host, 0, 0) ON CONFLICT (host) DO NOTHING", host=host
    )
    claimed = tx.run(
        "UPDATE acme_hosts SET next_at = :until, tries = tries + 1 WHERE host = :host AND next_at <= :now",
        until=until,
        host=host,
        now=now,
    )
    return claimed == 1


def tries(tx: Transaction, host: str) -> int:
    """How often in a row a certificate was asked for."""
    row = tx.row("SELECT tries FROM acme_hosts WHERE host = :host", host=host)
    return 0 if row is None else int(row[0])


def postpone(tx: Transaction, host: str, next_at: int) -> None:
    """Ask again then."""
    tx.run("UPDATE acme_hosts SET next_at = :next_at WHERE host = :host", next_at=next_at, host=host)


def settle(tx: Transaction, host: str) -> None:
    """A certificate has come: begin to count anew."""
    tx.run("DELETE FROM acme_hosts WHERE host = :host", host=host)


def publish(tx: Transaction, token: str, answer: str, *, now: int, expires_at: int) -> None:
    """Answer a challenge until then; what is over goes."""
    tx.run("DELETE FROM acme_challenges WHERE expires_at <= :now OR token = :token", now=now, token=token)
    tx.run(
        "INSERT INTO acme_challenges (token, answer, expires_at) VALUES (:token, :answer, :expires_at)",
        token=token,
        answer=answer,
        expires_at=expires_at,
    )


def answer(tx: Transaction, token: str, now: int) -> str | None:
    """The answer to a challenge."""
    row = tx.row("SELECT answer FROM acme_challenges WHERE token = :token AND expires_at > :now", token=token, now=now)
    return None if row is None else str(row[0])
