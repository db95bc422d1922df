"""One serving process: its metrics, its server on a bound socket and its work in the background."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from lido.assembly import Lido
from lido.cli import certificate_watch, master_key_watch
from lido.flows import acme_worker
from lido.ports import challenge_listener, metrics
from lido.ports.listener import Certificate, Server
from lido.ports.tls_contexts import Contexts
from lido.settings import Settings


class Orders(msgspec.Struct, frozen=True):
    """What the first process tells a worker: its number from 0, the socket to serve, the settings."""

    number: int
    descriptor: int
    settings: Settings


def run(
    lido: Lido, bound: socket.socket, *, number: int = 0, ready: Callable[[], None], leash: int | None = None
) -> None:
    """Serve until a signal, or until the file `leash` ends with the first process; the caller closes `lido`."""
    settings = lido.settings
    if settings.metrics_port:
        metrics.serve_metrics(lido.metrics.registry, settings.metrics_host, settings.metrics_port + number)
    if settings.acme_directory and settings.acme_http_port and number == 0:
        challenge_listener.serve_challenges(
            lambda token: acme_worker.answer(lido.call(), token), settings.host, settings.acme_http_port
        )
    certificate = Certificate(settings.tls_cert, settings.tls_key) if settings.tls_cert and settings.tls_key else None
    contexts = Contexts(lido.entropy)
    background = lido.background()

    def listening() -> None:
        background.start()
        ready()

    server = Server(
        lido.application(),
        bound,
        certificate=certificate,
        choose=contexts.choose,
        shutdown_seconds=settings.shutdown_seconds,
        ready=listening,
    )
    if leash is not None:
        threading.Thread(target=_stop_at_end, args=(leash, server), name="leash", daemon=True).start()
    try:
        with ExitStack() as watches:
            watches.enter_context(master_key_watch.watching(lido))
            if certificate is not None:
                watches.enter_context(certificate_watch.watching(lido, contexts))
            server.run()
    finally:
        background.stop(settings.shutdown_seconds)


def _stop_at_end(leash: int, server: Server) -> None:
    # Not by Python's file object: a thread that waits in one would break the end of the process.
    while os.read(leash, 1024):
        pass
    server.stop()
