"""Who runs a command on the machine, for the audit trail: what a command changes or tells leaves an entry there."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

from lido.assembly import Lido
from lido.call import Call
from lido.flows.audit import Deed, attended


@contextmanager
def acting(lido: Lido, command: str, pool_id: str = "", username: str = "", **named: str) -> Iterator[Call]:
    """The call by which to do what the command does; `command` is its name without `lido`.

    The entry stands in the first transaction that commits, or is written when the block ends. `username` is told as
    the sub that it leads to, `named` as it is: no secret, no address.
    """
    deed = Deed(whoever(), f"lido {command}", pool_id, username, named)
    with attended(lido.call(), deed) as call:
        yield call


def whoever() -> str:
    """Who runs the command, as the audit trail calls them."""
    number = os.getuid()
    try:
        return f"command line: {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"command line: uid {number}"
