"""`lido serve`: the server."""

from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import options

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from lido.assembly import Lido
    from lido.settings import Settings


@click.command()
@options(
    "host",
    "port",
    "database",
    "data_dir",
    "workers",
    "public_url",
    "region",
    "account_id",
    "master_key_file",
    "tls_cert",
    "tls_key",
    "tls_dev",
    "acme_directory",
    "demo",
)
def serve(**given: Any) -> None:
    """Start the server; Ctrl-C stops it.

    The first start makes a database, a master key and an access key for operators in the data directory; later
    starts go on with them. Requests in flight finish before the server stops.

    These are the settings needed most; all of them, as LIDO_… variables or in lido.toml, are in docs/settings.md.
    """
    from lido.cli import log
    from lido.settings import unknown_variables

    settings, bound = _bind(given)
    log.configure(settings.log_level, settings.log_format)
    for name in unknown_variables():
        _say(f"{name} is not a setting; look for a misspelling")
    with bound:
        if settings.workers > 1:
            _serve_with_workers(settings, bound)
        else:
            _serve_alone(settings, bound)
    _say("stopped")


def _say(line: str) -> None:
    click.echo(f"lido: {line}", err=True)


def _bind(given: dict[str, Any]) -> "tuple[Settings, socket.socket]":
    """The settings, and the socket that they name; `--port 0` takes a free port."""
    from lido.ports import listener
    from lido.settings import load

    anywhere = given["port"] == "0"
    settings = load({**given, "port": 1} if anywhere else given)
    try:
        bound = listener.bind(settings.host, 0 if anywhere else settings.port)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(
            f"Cannot listen on {settings.host} port {settings.port}: {reason}. Choose another port with --port."
        ) from error
    return (load({**given, "port": bound.getsockname()[1]}) if anywhere else settings), bound


def _serve_alone(settings: "Settings", bound: "socket.socket") -> None:
    from lido.cli import process
    from lido.cli.installation import open_installation

    with open_installation(settings, create=True, say=_say) as lido:
        announce = _prepare(lido)
        process.run(lido, bound, ready=announce)


def _serve_with_workers(settings: "Settings", bound: "socket.socket") -> None:
    """Prepare everything here, close it, and let each worker open it anew: no connection crosses a process."""
    import msgspec

    from lido.cli.installation import open_installation
    from lido.cli.process import Orders
    from lido.ports.listener import BACKLOG
    from lido.ports.processes import Workers

    with open_installation(settings, create=True, say=_say) as lido:
        announce = _prepare(lido)
        settings = lido.settings

    def orders(number: int) -> bytes:
        return msgspec.json.encode(Orders(number, bound.fileno(), settings))

    workers = Workers(settings.workers, "lido.cli.worker", orders, [bound.fileno()])
    bound.listen(BACKLOG)
    announce()
    workers.run(settings.shutdown_seconds + 5)


def _prepare(lido: "Lido") -> "Callable[[], None]":
    """Make what the settings ask for before listening; gives what to say once listening."""
    from lido.cli import demo, tls
    from lido.flows import public_address

    lido.settings = settings = tls.with_certificate(lido.settings, lido.clock.now(), _say)
    other = public_address.remember(lido.call())
    if other is not None:
        _say(
            f"public_url is {settings.public_url}, but the latest server to start on this database had {other}: "
            "all that share it need the same, and refuse tokens that name another"
        )
    tour = demo.provide(lido) if settings.demo else None

    def announce() -> None:
        _say(f"listening on {settings.public_url} ({settings.host} port {settings.port})")
        if tour is not None:
            click.echo(tour)

    return announce
