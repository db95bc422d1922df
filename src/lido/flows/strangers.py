"""People who name a user without having proven anything: whom they mean, and how much they may learn."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, codes, networks
from lido.flows.networks import Network
from lido.records import Client, Pool, User
from lido.rules import options

UNKNOWN = "Username/client id combination not found."
"""What is said of nobody where existence is no secret."""


class Stranger(msgspec.Struct, frozen=True):
    """Who asks through `client` about `name`; `user` is whom the name leads to.

    `hides`: the answer must not tell whether there is such a user, as far as Cognito hides it; `hides_all`: nor
    through the answers for confirmed users and missing codes, where Cognito does tell.
    """

    pool: Pool
    client: Client
    name: str
    user: User | None
    hides: bool
    hides_all: bool
    network: Network

    def subject(self, call: Call) -> str:
        """Whom budgets are counted for."""
        return self.user.sub if self.user else codes.subject_of_nobody(call, self.pool, self.name)

    def refuse(self, fault: errors.Fault) -> None:
        """Raise the refusal, unless existence is hidden: then the caller goes on to pretend."""
        if not self.hides:
            raise fault


def meet(call: Call, client_id: str, name: str, secret_hash: str | None) -> Stranger:
    """Whom the caller of a public operation names.

    Raises ResourceNotFound, NotAuthorized (client secret), TooManyRequests where the caller's network failed too often.
    """
    with call.db.read() as tx:
        pool, client = access.pool_and_client(tx, client_id)
        access.check_secret_hash(call, tx, client, name, secret_hash)
        user = access.find_user(tx, pool, name)
        network = networks.read(call, tx, pool, client)
    network.require_left()
    hides = access.hides_users(pool, client)
    hides_all = hides and options.is_on(pool, "hide_users", client)
    return Stranger(pool, client, name, user, hides, hides_all, network)


@contextmanager
def guessing(call: Call, stranger: Stranger) -> Iterator[None]:
    """Count for the network what is refused within: a wrong code, or a name that nobody has."""
    try:
        yield
    except (errors.CodeMismatch, errors.ExpiredCode, errors.UserNotFound):
        networks.fail_alone(call, stranger.network)
        raise
