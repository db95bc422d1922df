"""The flag "a transaction is open", and the refusal to go outside under it.

`storage` raises the flag for the length of a transaction; everything in `ports`
that leaves the process calls `refuse_if_open` first. A slow outside can then
never hold a database lock (the fourth law of ARCHITECTURE.md).
"""

import threading


class _Flag(threading.local):
    depth = 0


_flag = _Flag()


def begin() -> None:
    """A transaction opens on this thread."""
    _flag.depth += 1


def end() -> None:
    """The transaction on this thread is over."""
    _flag.depth -= 1


def refuse_if_open(deed: str) -> None:
    """Raise RuntimeError when a transaction is open on this thread; `deed` names what was attempted."""
    if _flag.depth:
        raise RuntimeError(f"{deed} while a transaction is open")
