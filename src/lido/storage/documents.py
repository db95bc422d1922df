"""Documents this process has read, kept by the version that a statement of the same request returned.

A kept document is used only when its version was read in the caller's own
statement, so a change is never served stale (core design: caches by version).
"""

from threading import Lock
from typing import Any


class Documents:
    """A bounded store of the latest document of each key; the one unused longest leaves first."""

    def __init__(self, most: int = 8_000) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: dict[tuple[str, ...], tuple[int, Any]] = {}

    def get(self, key: tuple[str, ...], version: int) -> Any | None:
        """The document of `key` if it is kept at exactly `version`."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == version else None

    def keep(self, key: tuple[str, ...], version: int, document: object) -> None:
        """Remember `document`; an older version never replaces a newer one."""
        with self._lock:
            kept = self._kept.pop(key, None)
            newest = kept if kept is not None and kept[0] > version else (version, document)
            self._kept[key] = newest
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
