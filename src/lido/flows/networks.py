"""What comes of a whole network in vain: failed sign-ins, and functions of the pool asked by who proves nothing.

Who tries one password at thousands of accounts fails at each of them once, which no lockout sees. So failures are
counted for the pool and the caller's network too, in ten minutes, on all nodes alike; when there are too many, nobody
from there is judged, or leads to a function, until the time is over. What succeeds counts for nothing.
"""

from typing import Final, Literal

from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.flows.events import Fact, tell
from lido.records import Client, Pool
from lido.rules import networks, options
from lido.storage import budgets
from lido.storage.database import Transaction

QUESTIONS: Final = "questions"
QUESTIONS_FOR_A_FAILURE = 10
"""So many times as many questions as failures: some people begin to sign in and do not go on."""
_WINDOW_MS = 600_000


class Network(Struct, frozen=True):
    """Whence a request to a pool comes. `prefix` is '' where nothing is counted; `failures` were read with it."""

    pool_id: str
    prefix: str
    most: int
    failures: int

    def require_left(self) -> None:
        """Raises TooManyRequests where too many failed; who is right is refused too, or it would tell."""
        if self.prefix and self.failures >= self.most:
            raise errors.TooManyRequests(errors.LimitExceeded.sentence)


def prefix(call: Call) -> str:
    """The network that a call comes from, as budgets name it; '' for none that could be counted."""
    return networks.site(call.address)


def of(call: Call, tx: Transaction, pool: Pool, client: Client, failures: int, *, by_operator: bool = False) -> Network:
    """The network that a request counts for, which failed so often.

    None where the address is that of an operator's or a confidential app's server, which speaks for everybody.
    """
    most = options.number(pool, "failures_per_network")
    is_a_server = not call.address_is_own and (by_operator or bool(access.client_secrets(call, tx, client)))
    return Network(pool.pool_id, prefix(call) if most and not is_a_server else "", most, failures)


def read(call: Call, tx: Transaction, pool: Pool, client: Client) -> Network:
    """The network of somebody who asks through that client, read by a statement of its own."""
    failures = budgets.used(tx, pool.pool_id, prefix(call), budgets.FAILURES, now=call.now)
    return of(call, tx, pool, client, failures)


def fail(call: Call, tx: Transaction, network: Network) -> None:
    """Count a failure, in the transaction that settles it."""
    _count(call, tx, network, budgets.FAILURES, network.most)


def fail_alone(call: Call, network: Network) -> None:
    """Count a failure where nothing else is to be written with it."""
    if network.prefix:
        with call.db.write() as tx:
            fail(call, tx, network)


def ask(call: Call, network: Network) -> str:
    """Count that a function is about to be asked for somebody unproven; what `answered` takes. Raises TooManyRequests.

    Committed before, so that questions side by side gain nothing.
    """
    if not network.prefix:
        return ""
    with call.db.write(durable=False) as tx:
        left = _count(call, tx, network, QUESTIONS, network.most * QUESTIONS_FOR_A_FAILURE)
    if not left:
        raise errors.TooManyRequests(errors.LimitExceeded.sentence)
    return network.prefix


def answered(tx: Transaction, pool_id: str, asked_from: str) -> None:
    """Who was asked about has signed in: the question counts for nothing."""
    if asked_from:
        budgets.give_back(tx, pool_id, asked_from, QUESTIONS)


def _count(call: Call, tx: Transaction, network: Network, kind: Literal["failures", "questions"], most: int) -> bool:
    """Count one; False: there were too many. The last one is told."""
    if not network.prefix:
        return True
    resets_at = call.now + _WINDOW_MS
    used = budgets.count(tx, network.pool_id, network.prefix, kind, most=most, now=call.now, resets_at=resets_at)
    if used == most:
        tell(call, tx, network.pool_id, "network_refused", fact=Fact(names=[network.prefix], reason=kind))
    return used > 0
