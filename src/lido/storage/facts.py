"""Facts about the installation itself: a name and a text."""

from lido.storage.database import Transaction


def find(tx: Transaction, name: str) -> str | None:
    """The fact of that name."""
    row = tx.row("SELECT value FROM facts WHERE name = :name", name=name)
    return None if row is None else str(row[0])


def beginning_with(tx: Transaction, prefix: str) -> dict[str, str]:
    """The facts whose names begin with `prefix`, by the rest of the name."""
    rows = tx.rows("SELECT name, value FROM facts ORDER BY name")
    return {name.removeprefix(prefix): value for name, value in rows if name.startswith(prefix)}


def add(tx: Transaction, name: str, value: str) -> bool:
    """State a fact; False: it was stated before, and stays. Of two nodes at once, one waits and gets False."""
    return (
        tx.run(
            "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
            name=name,
            value=value,
        )
        == 1
    )
