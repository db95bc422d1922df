"""What a serving process does about certificates: it looks every second, and shows what is new."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from lido import errors
from lido.assembly import Lido
from lido.flows import certificates
from lido.ports.tls_contexts import Contexts

LOOK_SECONDS = 1.0
_log = structlog.get_logger("lido.certificates")


class Watch:
    """Keeps the contexts of a serving process as the database has them."""

    def __init__(self, lido: Lido, contexts: Contexts) -> None:
        self._lido = lido
        self._contexts = contexts
        self._seen: list[str] | None = None

    def look(self) -> None:
        """Show what is new; a database that is away changes nothing."""
        try:
            found = certificates.shown(self._lido.call(), self._seen)
        except (errors.Unavailable, errors.Conflict):
            return
        if found is None:
            return
        self._seen, shown = found
        unusable = self._contexts.replace(shown)
        _log.info("certificates", names=sorted({name for each in shown for name in each.names} - set(unusable)))
        if unusable:
            _log.error("certificates cannot be used", names=unusable)


@contextmanager
def watching(lido: Lido, contexts: Contexts) -> Iterator[None]:
    """Show certificates from the start, and what comes until the block ends."""
    stop = threading.Event()
    watch = Watch(lido, contexts)
    watch.look()

    def go_on() -> None:
        while not stop.wait(LOOK_SECONDS):
            watch.look()

    thread = threading.Thread(target=go_on, name="certificates", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
