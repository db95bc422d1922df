"""A worker of `lido serve --workers N`: a process of its own, which reads its orders from its input."""

import os
import socket
import sys

import click
import msgspec

from lido.cli import log, process
from lido.cli.installation import open_installation


def main() -> None:
    """Serve; the input stays open as long as the first process lives."""
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=process.Orders)
    log.configure(orders.settings.log_level, orders.settings.log_format)
    bound = socket.socket(fileno=orders.descriptor)

    def ready() -> None:
        click.echo(f"lido: worker {orders.number} ready, process {os.getpid()}", err=True)

    with bound, open_installation(orders.settings) as lido:
        process.run(lido, bound, number=orders.number, ready=ready, leash=sys.stdin.fileno())


if __name__ == "__main__":
    main()
