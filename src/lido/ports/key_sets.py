"""Key sets that others publish (RFC 7517 §5): fetched when a key is asked for that is not known, and then rarely."""

import threading
from collections import OrderedDict
from typing import NamedTuple

from lido import silence
from lido.ports import outgoing
from lido.ports.outgoing import Outgoing
from lido.rules import jws
from lido.rules.jws import Key

AGAIN_AFTER_MS = 60_000
"""How long an address is left alone after a try, whatever came of it: unknown keys must not make a storm of fetches."""
KEPT_MS = 600_000
"""How long keys are taken unasked: so long does one still count that its owner withdrew."""
MOST_SETS = 1_000

_SECONDS = 3.0


class _KeySet(NamedTuple):
    keys: tuple[Key, ...]
    read_at: int
    tried_at: int


class PublishedKeySets:
    """Safe to share between threads. At most `waiting` of them wait for addresses that others chose."""

    def __init__(self, out: Outgoing, *, waiting: int) -> None:
        self._outgoing = out
        self._waiting = threading.BoundedSemaphore(waiting)
        self._lock = threading.Lock()
        self._sets: OrderedDict[str, _KeySet] = OrderedDict()
        self._under_way: dict[str, threading.Event] = {}

    def find(self, url: str, kid: str | None, now: int) -> tuple[Key, ...]:
        """The keys there that a signer who names `kid` may have used; none where nobody answers.

        RuntimeError while a transaction is open.
        """
        silence.refuse_if_open("Fetching keys")
        known = self._known(url, kid, now)
        if known or not self._waiting.acquire(blocking=False):
            return known
        try:
            self._look_again(url, now)
        finally:
            self._waiting.release()
        return self._known(url, kid, now)

    def _known(self, url: str, kid: str | None, now: int) -> tuple[Key, ...]:
        kept = self._sets.get(url)
        return jws.named(kept.keys, kid) if kept is not None and now < kept.read_at + KEPT_MS else ()

    def _look_again(self, url: str, now: int) -> None:
        """Fetch the set, or wait for the thread that does; nothing where somebody did so just now."""
        with self._lock:
            others = self._under_way.get(url)
            if others is None:
                kept = self._sets.get(url)
                if kept is not None and now < kept.tried_at + AGAIN_AFTER_MS:
                    return
                self._keep(url, _KeySet((), 0, now) if kept is None else kept._replace(tried_at=now))
                self._under_way[url] = threading.Event()
        if others is not None:
            others.wait(_SECONDS)
            return
        try:
            keys = self._fetch(url)
            if keys:
                with self._lock:
                    self._keep(url, _KeySet(keys, now, now))
        finally:
            with self._lock:
                self._under_way.pop(url).set()

    def _keep(self, url: str, found: _KeySet) -> None:
        self._sets[url] = found
        self._sets.move_to_end(url)
        while len(self._sets) > MOST_SETS:
            self._sets.popitem(last=False)

    def _fetch(self, url: str) -> tuple[Key, ...]:
        accepted = {"accept": "application/jwk-set+json, application/json"}
        try:
            answer = self._outgoing.post(
                url, b"", accepted, seconds=_SECONDS, limit_bytes=jws.LONGEST_SET, method="GET"
            )
            return jws.read_keys(answer.body.decode()) if answer.status == 200 else ()
        except (*outgoing.TROUBLE, jws.Invalid, UnicodeDecodeError):
            return ()
