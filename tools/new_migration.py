"""Begins a migration: an empty file with the next number and the name given."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "src" / "lido" / "storage" / "migrations"


def main() -> int:
    name = " ".join(sys.argv[1:])
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        print("Name it in lower case: make migration name=add_devices")
        return 1
    numbers = [int(path.name[:4]) for path in FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql")]
    path = FOLDER / f"{max(numbers, default=0) + 1:04}_{name}.sql"
    path.write_text(
        f"-- {name.replace('_', ' ')}; common dialect only, one history for SQLite and PostgreSQL\n", "utf-8"
    )
    print(path.relative_to(Path.cwd()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
