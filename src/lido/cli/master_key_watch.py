"""What a serving process does about a rotation of the master key: it looks every second and takes up what is new."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from click import ClickException

from lido import errors
from lido.assembly import Lido
from lido.cli import master_key_file
from lido.flows import master_key

LOOK_SECONDS = 1.0
_log = structlog.get_logger("lido.keys")


@contextmanager
def watching(lido: Lido) -> Iterator[None]:
    """Keep the ring of a serving process up to date until the block ends."""
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(lido, stop), name="master key", daemon=True)
    watch.start()
    try:
        yield
    finally:
        stop.set()
        watch.join()


def _watch(lido: Lido, stop: threading.Event) -> None:
    failed = ""
    while not stop.wait(LOOK_SECONDS):
        try:
            look(lido)
            failed = ""
        except (ClickException, errors.Unavailable, errors.Conflict, master_key.MissingMasterKey) as error:
            # The keys in hand go on working; one line each time the reason changes.
            if failed != str(error):
                failed = str(error)
                _log.error("master keys cannot be followed", reason=failed)


def look(lido: Lido) -> None:
    """Take up keys that were added, and the database's choice of the one that seals; complain of those that lack."""
    # Read before the file is: a key is in the file before it is announced.
    announced = master_key.sealing_ids(lido.database)
    masters = master_key_file.read(lido.settings, lido.database)
    if master_key.follow(lido.database, lido.keys, masters):
        _log.info("master keys", seals=lido.keys.key_id.hex(), opens=[master_key.name_of(master) for master in masters])
    lacked = set(announced) - {key.hex() for key in lido.keys.key_ids}
    if lacked:
        server = f"{socket.gethostname()} port {lido.settings.port}, {master_key_file.source_of(lido.settings)}"
        master_key.complain(lido.database, lacked, server)
