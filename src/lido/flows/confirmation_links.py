"""What a link that confirms a sign-up does, once somebody has pressed the button on its page."""

from typing import NamedTuple

from lido import errors
from lido.call import Call
from lido.flows import access, sign_up
from lido.rules import confirmation_links


class Link(NamedTuple):
    """What a link says; anybody may have written it."""

    pool_id: str
    client_id: str
    username: str
    code: str

    def __repr__(self) -> str:
        return "Link(…)"


def confirm(call: Call, link: Link) -> None:
    """As ConfirmSignUp with the link's code; the link stands for the app, which would know its own secret.

    Raises what sign_up.confirm raises, and ResourceNotFound for an app client of another pool, or of one that sends no
    links: there nobody confirms who does not know the client's secret.
    """
    with call.db.read() as tx:
        pool, client = access.pool_and_client(tx, link.client_id)
        if pool.pool_id != link.pool_id or not confirmation_links.are_sent(pool, "SignUp", "EMAIL"):
            raise errors.ResourceNotFound("There is no such app client.")
        proof = access.own_secret_hash(call, tx, client, link.username)
    sign_up.confirm(
        call,
        client_id=client.client_id,
        secret_hash=proof,
        username=link.username,
        code=link.code,
        force_alias=False,
    )
