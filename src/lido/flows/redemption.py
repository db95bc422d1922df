"""From what a person allowed to tokens: where a code, or what a device polls for, is exchanged."""

from collections.abc import Callable

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import sessions as tracking
from lido.flows import sign_in_triggers, tokens, triggers, unwanted_clients
from lido.flows.client_authentication import ProvenClient
from lido.flows.events import Fact, tell
from lido.flows.grants import GrantInfo
from lido.flows.holders import Holder
from lido.flows.tokens import Tokens
from lido.rules import consent, token_changes
from lido.storage import consents, sessions, sign_ins
from lido.storage.database import Transaction

_INVALID = "invalid_grant"


class Allowed(msgspec.Struct, frozen=True):
    """Who allowed it, as of which epoch and signed in when (ms), and the session that shall begin with it."""

    sub: str
    epoch: int
    auth_time: int
    session_id: str
    info: GrantInfo
    sso_id: str
    nonce: str | None = None


def exchange(call: Call, client: ProvenClient, allowed: Allowed, use: Callable[[Transaction], bool]) -> Tokens | None:
    """The tokens, if `use` marks what they are given for as used for the first time; None where it was used before.

    Raises OAuthError `invalid_grant` when the user is not as they were, or has not consented to it any more, and the
    refusals of triggers.
    """
    holder = _holder(call, client, allowed)
    changes = token_changes.NONE
    if triggers.is_named(client.pool, "PreTokenGeneration"):
        changes = sign_in_triggers.changes_to_tokens(call, holder, "HostedAuth", allowed.info.scope)
        holder = _holder(call, client, allowed)
    now = tokens.moment_to_issue(call, holder.terms, holder.user)
    session = tokens.new_session(
        call,
        holder,
        allowed.info,
        epoch=allowed.epoch,
        auth_time=allowed.auth_time,
        now=now,
        session_id=allowed.session_id,
        sso_id=allowed.sso_id,
    )
    minted = tokens.mint(call, holder, session, now, changes, nonce=allowed.nonce)
    refresh = tokens.refresh_token(call, session, 1, now)
    with call.db.write() as tx:
        # A node of the release before lets apps in without a word of it.
        unwanted_clients.want(tx, client.client)
        tracking.hold_user(tx, session)
        if not use(tx):
            return None
        if not _is_consented(tx, client, allowed) or not tokens.store(call, tx, client.pool, session):
            raise errors.OAuthError(_INVALID)
        fact = Fact(client_id=session.client_id, session_id=session.id, names=allowed.info.scope.split(" "))
        tell(call, tx, session.pool_id, "authorized", session.sub, fact, event_id=session.event_id)
    return Tokens(minted.access, minted.id, refresh, holder.terms.access_seconds, scope=minted.scope)


def take_back(call: Call, pool_id: str, client_id: str, sub: str, session_id: str) -> None:
    """End what an exchange gave: it was asked for twice, so one of the two who can ask is a thief (RFC 9700 §4.5)."""
    with call.db.write() as tx:
        if sessions.revoke(tx, pool_id, sub, session_id, call.now):
            tell(call, tx, pool_id, "code_reused", sub, Fact(client_id=client_id, session_id=session_id))


def _is_consented(tx: Transaction, client: ProvenClient, allowed: Allowed) -> bool:
    """Whether the user still allows somebody else's app what they allowed it: it may have been withdrawn meanwhile."""
    pool, app = client.pool, client.client
    if not consent.is_needed(pool, app):
        return True
    given = consents.hold(tx, pool.pool_id, allowed.sub, app.client_id)
    asked = allowed.info.scope.split(" ")
    return given is not None and not consent.missing(
        asked, given.scopes.split(" "), named_then=given.client_name, named_now=app.name
    )


def _holder(call: Call, client: ProvenClient, allowed: Allowed) -> Holder:
    with call.db.read() as tx:
        found = sign_ins.by_sub(tx, client.pool.pool_id, client.client.client_id, allowed.sub)
    user = found.user if found else None
    if found is None or user is None or not user.enabled or user.epoch != allowed.epoch:
        raise errors.OAuthError(_INVALID)
    return Holder(client.pool, client.client, client.terms, client.ring, user, found.groups)
