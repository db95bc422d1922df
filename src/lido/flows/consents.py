"""Consent to other people's apps: asked for before the first code, and again for more scopes or under another name.

What was allowed is remembered; a consent that is withdrawn ends the app's sessions of that user.
"""

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, logout_notices, unwanted_clients
from lido.flows.authorization import AuthorizationRequest
from lido.flows.browser import BrowserSession
from lido.flows.events import Fact, tell
from lido.records import User
from lido.rules import consent
from lido.rules.sealing import Unsealable
from lido.storage import consents, resource_servers, sessions, users
from lido.storage.consents import Consent as Consent

_PURPOSE = "consent"


class Question(msgspec.Struct, frozen=True):
    """What a user is asked: whether an app may have `scopes`, of which `new` are not allowed yet."""

    username: str
    scopes: tuple[str, ...]
    new: tuple[str, ...]
    descriptions: dict[str, str]


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    """What a form answers: this session's question about this app under this name, and nothing else."""

    session_id: str
    client_id: str
    client_name: str
    redirect_uri: str
    scopes: tuple[str, ...]


def question(call: Call, request: AuthorizationRequest, session: BrowserSession) -> Question | None:
    """What must be asked before the app is answered; None where nothing is to ask.

    Raises NotAuthorized when the user is gone.
    """
    pool, client = request.pool, request.client
    if not consent.is_needed(pool, client):
        return None
    with call.db.read() as tx:
        given = consents.find(tx, pool.pool_id, session.sub, client.client_id)
        user = users.find(tx, pool.pool_id, session.sub)
        described = resource_servers.descriptions(tx, pool.pool_id, request.scopes)
    if user is None:
        raise errors.NotAuthorized
    new = request.scopes
    if given is not None:
        new = consent.missing(
            request.scopes, given.scopes.split(" "), named_then=given.client_name, named_now=client.name
        )
    if not new and "consent" not in request.prompt:
        return None
    return Question(user.username, request.scopes, new, described)


def seal(call: Call, request: AuthorizationRequest, session: BrowserSession) -> str:
    """What the form of the question carries, so that its answer counts for what was shown to whom."""
    return call.keys.seal_text(_PURPOSE, msgspec.msgpack.encode(_asked(request, session)), session.pool_id)


def answers(call: Call, request: AuthorizationRequest, session: BrowserSession, text: str) -> bool:
    """Whether that form was shown to this session for this request."""
    try:
        shown = msgspec.msgpack.decode(call.keys.open_text(_PURPOSE, text, session.pool_id), type=_Asked)
    except (Unsealable, msgspec.DecodeError):
        return False
    return shown == _asked(request, session)


def give(call: Call, request: AuthorizationRequest, session: BrowserSession) -> None:
    """Remember that the user allows what the request asks for. Raises NotAuthorized when user or client are gone."""
    client = request.client
    with call.db.write() as tx:
        unwanted_clients.want(tx, client)
        before = consents.find(tx, session.pool_id, session.sub, client.client_id)
        kept = before.scopes.split(" ") if before is not None and before.client_name == client.name else []
        scopes = " ".join(dict.fromkeys((*kept, *request.scopes)))
        row = Consent(session.pool_id, session.sub, client.client_id, scopes, client.name, call.now)
        if not consents.put(tx, row, epoch=session.epoch):
            raise errors.NotAuthorized
        fact = Fact(client_id=client.client_id, names=list(request.scopes))
        tell(call, tx, session.pool_id, "consent_given", session.sub, fact)


def of_user(call: Call, pool_id: str, username: str) -> list[Consent]:
    """What a user allows which apps. Raises ResourceNotFound, UserNotFound."""
    user = _require(call, pool_id, username)
    with call.db.read() as tx:
        return consents.of_user(tx, pool_id, user.sub)


def withdraw(call: Call, pool_id: str, username: str, client_id: str) -> bool:
    """Allow an app nothing any more, and end its sessions of that user. False: nothing was allowed.

    Raises ResourceNotFound, UserNotFound.
    """
    user = _require(call, pool_id, username)
    with call.db.write() as tx:
        if not consents.remove(tx, pool_id, user.sub, client_id):
            return False
        tell(call, tx, pool_id, "consent_withdrawn", user.sub, Fact(client_id=client_id))
        logout_notices.add(call, tx, pool_id, user.sub, client_id=client_id)
        for session_id in sessions.revoke_of_client(tx, pool_id, user.sub, client_id, call.now):
            fact = Fact(client_id=client_id, session_id=session_id, reason="consent withdrawn")
            tell(call, tx, pool_id, "session_revoked", user.sub, fact)
    return True


def _require(call: Call, pool_id: str, username: str) -> User:
    with call.db.read() as tx:
        return access.require_user(tx, access.require_pool(call, tx, pool_id), username)


def _asked(request: AuthorizationRequest, session: BrowserSession) -> _Asked:
    client = request.client
    return _Asked(session.id, client.client_id, client.name, request.redirect_uri, request.scopes)
