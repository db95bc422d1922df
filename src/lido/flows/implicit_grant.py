"""The implicit grant (RFC 6749 §4.2): tokens at once, through the browser, without one to refresh them.

It is there because Cognito has it. RFC 9700 advises against it; the profile `secure` refuses it.
"""

from lido import errors
from lido.call import Call
from lido.flows import sessions as tracking
from lido.flows import sign_in_triggers, tokens
from lido.flows.browser import BrowserSession
from lido.flows.client_authentication import ProvenClient
from lido.flows.events import Fact, tell
from lido.flows.grants import GrantInfo
from lido.flows.holders import Holder
from lido.flows.tokens import Tokens
from lido.storage import sign_ins


def issue(
    call: Call,
    client: ProvenClient,
    session: BrowserSession,
    *,
    scope: str,
    nonce: str | None,
    resource: str | None,
    asks_strength: bool = False,
) -> Tokens:
    """Access token, and ID token where the scope has `openid`; `asks_strength`: they tell how strong the sign-in was.

    Raises NotAuthorized when the user is not welcome any more, and the refusals of triggers.
    """
    with call.db.read() as tx:
        found = sign_ins.by_sub(tx, session.pool_id, client.client.client_id, session.sub)
    if found is None or found.user is None or not found.user.enabled or found.user.epoch != session.epoch:
        raise errors.NotAuthorized
    holder = Holder(client.pool, client.client, client.terms, client.ring, found.user, found.groups)
    changes = sign_in_triggers.changes_to_tokens(call, holder, "HostedAuth", scope)
    now = tokens.moment_to_issue(call, holder.terms, holder.user)
    amr, acr = tokens.strength_of(client.pool, session.proofs)
    info = GrantInfo("implicit", scope, amr, acr, session.proofs, resource, asks_strength=asks_strength)
    opened = tokens.new_session(
        call, holder, info, epoch=session.epoch, auth_time=session.auth_time, now=now, sso_id=session.id
    )
    minted = tokens.mint(call, holder, opened, now, changes, nonce=nonce)
    with call.db.write() as tx:
        tracking.hold_user(tx, opened)
        if not tokens.store(call, tx, client.pool, opened):
            raise errors.NotAuthorized
        fact = Fact(client_id=opened.client_id, session_id=opened.id, names=scope.split(" "))
        tell(call, tx, opened.pool_id, "authorized", opened.sub, fact, event_id=opened.event_id)
    return Tokens(minted.access, minted.id, None, holder.terms.access_seconds, scope=minted.scope)
