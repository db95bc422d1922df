"""Whoever is signed in at a browser, as the flows know them that ask for an access token elsewhere."""

from lido.call import Call
from lido.flows import browser
from lido.flows.access import SignedInUser
from lido.records import Client, Pool
from lido.storage import users


def signed_in(call: Call, pool: Pool, client: Client, cookie: str | None) -> SignedInUser | None:
    """Whose session that cookie is, at an app of the same pool; None where it is nobody's any more.

    The sign-in is as old as the browser's session says.
    """
    session = browser.current(call, pool.pool_id, cookie)
    if session is None:
        return None
    with call.db.read() as tx:
        user = users.find(tx, pool.pool_id, session.sub)
    if user is None or not user.enabled or user.epoch != session.epoch:
        return None
    return SignedInUser(pool, client, user, {"sub": user.sub, "auth_time": session.auth_time // 1000})
