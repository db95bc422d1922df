"""Rounds: who comes next, so that nobody's crowd keeps others waiting."""

from collections.abc import Callable


def from_the_last(find: Callable[[str], list[str]], after: str, limit: int) -> list[str]:
    """At most `limit` ids: those that follow `after`, which was served last, then those from the first on.

    `find` gives, in order, the first that follow an id.
    """
    found = find(after)
    if after and len(found) < limit:
        found += find("")
    return list(dict.fromkeys(found))[:limit]
