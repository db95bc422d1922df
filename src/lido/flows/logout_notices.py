"""Telling apps that a session is over: which ones, written down in the transaction that ends it (back-channel).

How a notice leaves is flows/logout_worker.py.
"""

from lido.call import Call
from lido.rules import logout_tokens
from lido.storage import clients, logout_notices, sessions
from lido.storage.database import Transaction
from lido.storage.logout_notices import Notice


def add(
    call: Call, tx: Transaction, pool_id: str, sub: str, *, sso_id: str | None = None, client_id: str | None = None
) -> None:
    """Every session of the user is over, or that of one browser, or those of one client.

    The apps that it came to, and that want to be told, will be. It belongs before sessions are deleted.
    """
    told: set[tuple[str, str | None]] = set()
    for named, version, through in sessions.clients_of(tx, pool_id, sub, sso_id=sso_id, client_id=client_id):
        client = clients.at_version(tx, pool_id, named, version)
        if client is None or logout_tokens.address(client, logout_tokens.BACK) is None:
            continue
        is_one = sso_id is not None or logout_tokens.wants_each(client)
        told.add((named, through if is_one else None))
    for named, session in sorted(told, key=str):
        id_ = call.entropy.time_ordered_id(call.now)
        logout_notices.add(tx, Notice(pool_id, id_, named, sub, session, 0, call.now, call.now))
