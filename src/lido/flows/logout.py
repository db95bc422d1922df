"""Signing out at the pages: what a request to /logout asks for, as Cognito has it and as OpenID Connect has it.

Cognito's forms name an address of the client's LogoutURLs, or lead back to the sign-in page; they end the browser's
session at once. RP-Initiated Logout 1.0 does so for who proves by an ID token whose session it is; else the person is
asked, so that nobody is signed out by a link of a stranger's making.
"""

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, authorization, client_authentication, id_token_hints, signing
from lido.flows.authorization import Unredirectable
from lido.flows.browser import BrowserSession
from lido.flows.client_authentication import ProvenClient
from lido.rules import consent, logout_tokens
from lido.rules.authorization import single
from lido.rules.sealing import Unsealable
from lido.storage import clients, sessions

MISSING = "Required String parameter 'redirect_uri' is not present"

_PURPOSE = "logout"
_OF_PROVIDERS = frozenset({"identity_provider", "idp_identifier"})
"""Not honoured at the sign-in page that a sign-out leads to."""


class Incomplete(Exception):
    """A request that names its client and no address (Cognito's sentence is `MISSING`)."""


class LogoutRequest(msgspec.Struct, frozen=True):
    """What follows a sign-out: the way back to the app (`return_to`), the sign-in page (`params`), or neither.

    `way`: "client" is Cognito's, which is not asked about; "provider" is OpenID Connect's, whose `sub` is the user of
    the proven ID token.
    """

    way: Literal["client", "provider"]
    client_id: str | None = None
    return_to: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    sub: str | None = None


class Confirmation(msgspec.Struct, frozen=True, array_like=True):
    """What somebody is asked to confirm: the end of this session, and where it leads."""

    session_id: str
    return_to: str | None


_decode = msgspec.msgpack.Decoder(Confirmation).decode


def read(call: Call, pool_id: str, params: Sequence[tuple[str, str]]) -> LogoutRequest:
    """What a query asks for. Raises Unredirectable, Incomplete, and Refused where the app is told what is wrong."""
    given, repeated = single(params)
    if repeated:
        raise Unredirectable("invalid_request")
    if "logout_uri" in given:
        client = _client(call, pool_id, given)
        address = _registered(client, given["logout_uri"])
        return LogoutRequest("client", client.client.client_id, _vouched_for(client, address))
    if "redirect_uri" in given:
        kept = tuple(pair for pair in params if pair[0] not in _OF_PROVIDERS)
        asked = authorization.read(call, pool_id, kept)
        return LogoutRequest("client", asked.client.client_id, params=kept)
    if set(given) == {"client_id"}:
        raise Incomplete
    return _by_provider(call, pool_id, given)


def must_ask(request: LogoutRequest, session: BrowserSession | None) -> bool:
    """Whether the person has to say that they mean it: nothing proves that the app asks about who is signed in."""
    return request.way == "provider" and session is not None and request.sub != session.sub


def seal(call: Call, request: LogoutRequest, session: BrowserSession) -> str:
    """What the form of the question carries: only this session is ended by it, and it leads nowhere else."""
    content = msgspec.msgpack.encode(Confirmation(session.id, request.return_to))
    return call.keys.seal_text(_PURPOSE, content, session.pool_id)


def opened(call: Call, pool_id: str, text: str, session: BrowserSession | None) -> LogoutRequest | None:
    """What was confirmed; None for a form of another session, or of nobody's making."""
    try:
        confirmation = _decode(call.keys.open_text(_PURPOSE, text, pool_id))
    except (Unsealable, msgspec.DecodeError):
        return None
    if session is not None and confirmation.session_id != session.id:
        return None
    return LogoutRequest("client", return_to=confirmation.return_to)


def to_load(call: Call, session: BrowserSession) -> list[str]:
    """What a browser loads when that session ends, so that the apps it came to end theirs (Front-Channel Logout)."""
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, session.pool_id)
        found = sessions.clients_of(tx, session.pool_id, session.sub, sso_id=session.id)
        apps = [clients.at_version(tx, session.pool_id, named, version) for named, version, _ in found]
    issuer = access.issuer(call, pool)
    addresses = (logout_tokens.front_address(app, iss=issuer, sso_id=session.id) for app in apps if app is not None)
    return [address for address in addresses if address is not None]


def _by_provider(call: Call, pool_id: str, given: Mapping[str, str]) -> LogoutRequest:
    """RP-Initiated Logout 1.0 §2 and §3."""
    sub, client_id = None, given.get("client_id")
    if "id_token_hint" in given:
        claims = _hinted(call, pool_id, given["id_token_hint"])
        if claims is None or client_id not in (None, claims.get("aud")):
            raise Unredirectable("invalid_request")
        sub, client_id = str(claims.get("sub")), str(claims.get("aud"))
    if client_id is None:
        return LogoutRequest("provider")
    address = given.get("post_logout_redirect_uri")
    client = _client(call, pool_id, {"client_id": client_id})
    if address is None:
        return LogoutRequest("provider", client_id, sub=sub)
    address = _with_state(_registered(client, address), given.get("state"))
    return LogoutRequest("provider", client_id, address if sub else _vouched_for(client, address), sub=sub)


def _hinted(call: Call, pool_id: str, hint: str) -> Mapping[str, object] | None:
    try:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, pool_id)
            ring = signing.ring(call, tx, pool)
    except errors.ResourceNotFound:
        return None
    return id_token_hints.proven(call, pool, ring, hint)


def _client(call: Call, pool_id: str, given: Mapping[str, str]) -> ProvenClient:
    try:
        with call.db.read() as tx:
            return client_authentication.named(call, tx, pool_id, given.get("client_id", ""))
    except errors.OAuthError:
        raise Unredirectable("invalid_request") from None


def _vouched_for(client: ProvenClient, address: str) -> str | None:
    """The address, unless anybody may have registered it: without an ID token nothing makes it a place to lead to
    (RP-Initiated Logout 1.0 §3), and the sign-out ends at our own page.
    """
    return None if consent.is_strangers(client.client) else address


def _registered(client: ProvenClient, address: str) -> str:
    if address not in client.terms.oauth.logout_urls:
        raise Unredirectable("invalid_request")
    return address


def _with_state(address: str, state: str | None) -> str:
    if state is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'state': state})}"
