"""Walking sealed columns of any table by primary key, for sealing them anew."""

from typing import Any

from msgspec import Struct

from lido.storage.database import Transaction


class Column(Struct, frozen=True):
    """A sealed column: the table's primary key, and the columns that the blobs are bound to."""

    table: str
    key: tuple[str, ...]
    name: str
    binding: tuple[str, ...]


class Sealed(Struct, frozen=True):
    """One blob where it stands."""

    key: tuple[Any, ...]
    blob: bytes
    binding: tuple[str, ...]

    def __repr__(self) -> str:
        return "Sealed(…)"


def page(tx: Transaction, column: Column, *, after: tuple[Any, ...], limit: int) -> list[Sealed]:
    """The blobs after that primary key, in its order; () begins. Rows without a blob are left out."""
    key = ", ".join(column.key)
    beyond = f"AND ({key}) > ({', '.join(f':{name}' for name in column.key)})" if after else ""
    rows = tx.rows(
        f"""SELECT {", ".join((column.name, *column.key, *column.binding))} FROM {column.table}
            WHERE {column.name} IS NOT NULL {beyond} ORDER BY {key} LIMIT :limit""",
        limit=limit,
        **dict(zip(column.key, after, strict=False)),
    )
    split = 1 + len(column.key)
    return [Sealed(row[1:split], row[0], row[split:]) for row in rows]


def replace(tx: Transaction, column: Column, sealed: Sealed, blob: bytes) -> bool:
    """Put another blob in the place of the one that was read; False: it is there no more."""
    here = " AND ".join(f"{name} = :{name}" for name in column.key)
    return (
        tx.run(
            f"UPDATE {column.table} SET {column.name} = :blob WHERE {here} AND {column.name} = :replaced",
            blob=blob,
            replaced=sealed.blob,
            **dict(zip(column.key, sealed.key, strict=True)),
        )
        == 1
    )
