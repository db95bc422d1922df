"""Request rates: what was set for pools and regions, and what each node uses of them."""

import msgspec

from lido.storage.database import Transaction


class Usage(msgspec.Struct, frozen=True):
    """What one node used of a rate in the last second before its beat `second` (ms since 1970).

    `asked` counts what it refused, too, and `refused` all that it ever did; `share` is what it may use.
    """

    scope: str
    category: str
    node: str
    second: int
    used: int
    asked: int
    share: int
    refused: int


_KEPT_MS = 3_600_000
_COLUMNS = "pool_id, category, node, second, used, asked, share, refused"


def rates(tx: Transaction) -> dict[tuple[str, str], int]:
    """Every rate that was set, by the pool or region and the category."""
    return {(row[0], row[1]): row[2] for row in tx.rows("SELECT pool_id, category, rate FROM limits")}


def set_rate(tx: Transaction, scope: str, category: str, rate: int) -> None:
    """Set the requests a second of a pool, or of each pool of a region."""
    tx.run(
        """INSERT INTO limits (pool_id, category, rate) VALUES (:scope, :category, :rate)
           ON CONFLICT (pool_id, category) DO UPDATE SET rate = excluded.rate""",
        scope=scope,
        category=category,
        rate=rate,
    )


def remove_rate(tx: Transaction, scope: str, category: str) -> bool:
    """Go back to the default; False: nothing was set."""
    return (
        tx.run("DELETE FROM limits WHERE pool_id = :scope AND category = :category", scope=scope, category=category)
        == 1
    )


def nodes(tx: Transaction) -> dict[str, int]:
    """The last beat of each node."""
    return {row[0]: row[1] for row in tx.rows("SELECT node, beat FROM limit_nodes WHERE node <> ''")}


def divide(tx: Transaction) -> None:
    """Be alone in dividing the rates until the transaction ends."""
    beat(tx, "", 0)


def beat(tx: Transaction, node: str, now: int) -> None:
    """The node serves."""
    tx.run(
        """INSERT INTO limit_nodes (node, beat) VALUES (:node, :now)
           ON CONFLICT (node) DO UPDATE SET beat = excluded.beat""",
        node=node,
        now=now,
    )


def usage(tx: Transaction) -> list[Usage]:
    """What every node told last, by pool."""
    return tx.all(Usage, f"SELECT {_COLUMNS} FROM limit_usage ORDER BY pool_id, category, node")


def tell(tx: Transaction, told: Usage) -> None:
    """Replace what the node told of that rate; its refusals since then are added up."""
    tx.run(
        f"""INSERT INTO limit_usage ({_COLUMNS})
            VALUES (:scope, :category, :node, :second, :used, :asked, :share, :refused)
            ON CONFLICT (pool_id, category, node) DO UPDATE SET second = excluded.second, used = excluded.used,
              asked = excluded.asked, share = excluded.share, refused = limit_usage.refused + excluded.refused""",
        **msgspec.structs.asdict(told),
    )


def remove_forgotten(tx: Transaction, now: int, limit: int) -> int:
    """Drop at most `limit` of what nobody told again for an hour; how many."""
    return tx.run(
        """DELETE FROM limit_usage WHERE (pool_id, category, node) IN
             (SELECT pool_id, category, node FROM limit_usage WHERE second < :before LIMIT :limit)""",
        before=now - _KEPT_MS,
        limit=limit,
    )


def forget_node(tx: Transaction, node: str) -> None:
    """The node serves no more."""
    tx.run("DELETE FROM limit_nodes WHERE node = :node", node=node)
