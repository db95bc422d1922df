"""Webhooks: whom a pool tells of its events, and which node delivers to each of them now."""

from msgspec import Struct

from lido.storage.database import Transaction


class Webhook(Struct, frozen=True):
    """Whom a pool tells of its events. `secret` and `former_secret` are sealed; the former signs too until then.

    `filter` holds kinds with a space before and after each, '' takes all. `trouble` is why it was switched off.
    """

    pool_id: str
    id: str
    url: str
    secret: bytes
    former_secret: bytes | None
    former_until: int
    filter: str
    enabled: bool
    trouble: str | None
    leased_until: int
    created_at: int

    def __repr__(self) -> str:
        return f"<Webhook {self.id}>"


_NAMES = (
    "pool_id",
    "id",
    "url",
    "secret",
    "former_secret",
    "former_until",
    "filter",
    "enabled",
    "trouble",
    "leased_until",
    "created_at",
)
_COLUMNS = ", ".join(_NAMES)
_LONGEST_LEASE_MS = 60_000
# A lease that ends later than any can was given before the clock was set back.
_FREE = "(leased_until <= :now OR leased_until > :latest)"


def add(tx: Transaction, webhook: Webhook) -> None:
    """Store a webhook."""
    tx.run(
        f"INSERT INTO webhooks ({_COLUMNS}) VALUES ({', '.join(f':{name}' for name in _NAMES)})",
        **{name: getattr(webhook, name) for name in _NAMES},
    )


def find(tx: Transaction, webhook_id: str) -> Webhook | None:
    """The webhook of that id."""
    return tx.find(Webhook, f"SELECT {_COLUMNS} FROM webhooks WHERE id = :id", id=webhook_id)


def every(tx: Transaction) -> list[Webhook]:
    """All webhooks, by pool and age."""
    return tx.all(Webhook, f"SELECT {_COLUMNS} FROM webhooks ORDER BY pool_id, created_at, id")


def of_pool(tx: Transaction, pool_id: str) -> list[Webhook]:
    """The webhooks of a pool, oldest first."""
    return tx.all(
        Webhook,
        f"SELECT {_COLUMNS} FROM webhooks WHERE pool_id = :pool_id ORDER BY created_at, id",
        pool_id=pool_id,
    )


def remove(tx: Transaction, pool_id: str, webhook_id: str) -> bool:
    """Delete a webhook; False: there is none of that id."""
    return tx.run("DELETE FROM webhooks WHERE pool_id = :pool_id AND id = :id", pool_id=pool_id, id=webhook_id) == 1


def set_enabled(tx: Transaction, webhook: Webhook, *, enabled: bool, trouble: str | None = None) -> bool:
    """Switch a webhook on or off; `trouble` says why it was switched off, None where an operator did. False: gone."""
    return (
        tx.run(
            "UPDATE webhooks SET enabled = :enabled, trouble = :trouble WHERE pool_id = :pool_id AND id = :id",
            enabled=enabled,
            trouble=trouble,
            pool_id=webhook.pool_id,
            id=webhook.id,
        )
        == 1
    )


def set_secret(tx: Transaction, webhook: Webhook, secret: bytes, *, former_until: int) -> bool:
    """Let a new secret sign, and the one that was read beside it until then; False: another is there already."""
    return (
        tx.run(
            """UPDATE webhooks SET secret = :secret, former_secret = :replaced, former_until = :former_until
               WHERE pool_id = :pool_id AND id = :id AND secret = :replaced""",
            secret=secret,
            replaced=webhook.secret,
            former_until=former_until,
            pool_id=webhook.pool_id,
            id=webhook.id,
        )
        == 1
    )


def due(tx: Transaction, now: int, limit: int) -> list[Webhook]:
    """Enabled webhooks that nobody delivers to and something is due for, those served longest ago first."""
    return tx.all(
        Webhook,
        f"""SELECT {_COLUMNS} FROM webhooks
            WHERE enabled AND {_FREE} AND EXISTS
              (SELECT 1 FROM deliveries d WHERE d.pool_id = webhooks.pool_id AND d.webhook_id = webhooks.id
                 AND d.state = 0 AND d.next_at <= :now)
            ORDER BY leased_until LIMIT :limit""",
        now=now,
        latest=now + _LONGEST_LEASE_MS,
        limit=limit,
    )


def take(tx: Transaction, webhook: Webhook, now: int, *, until: int) -> bool:
    """Become the node that delivers to a webhook, until then; False: another one does, or it was switched off."""
    return (
        tx.run(
            f"""UPDATE webhooks SET leased_until = :until
                WHERE pool_id = :pool_id AND id = :id AND enabled AND {_FREE}""",
            until=until,
            now=now,
            latest=now + _LONGEST_LEASE_MS,
            pool_id=webhook.pool_id,
            id=webhook.id,
        )
        == 1
    )


def give_back(tx: Transaction, webhook: Webhook, now: int, *, until: int) -> None:
    """Leave a webhook to whoever is next, unless that happened already; `until` is what `take` was given."""
    tx.run(
        "UPDATE webhooks SET leased_until = :now WHERE pool_id = :pool_id AND id = :id AND leased_until = :until",
        now=now,
        until=until,
        pool_id=webhook.pool_id,
        id=webhook.id,
    )
