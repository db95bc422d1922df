"""Authorization: what an app asks a browser for, and the answer that the browser carries back to it.

`read` judges a request, every time one comes; `grant` answers it for whoever is signed in at the browser.
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    authorization_codes,
    client_authentication,
    device_grants,
    id_token_hints,
    implicit_grant,
    pushed_requests,
)
from lido.flows.browser import BrowserSession
from lido.flows.client_authentication import ProvenClient
from lido.records import Client, Pool
from lido.rules import authorization, consent, options, scopes, strength
from lido.rules.app_clients import Terms
from lido.rules.authorization import Invalid, Requested, ResponseMode, ResponseType
from lido.rules.authorization import Unredirectable as Unredirectable
from lido.rules.client_settings import COGNITO
from lido.storage import resource_servers
from lido.storage.database import Transaction

_NOT_AVAILABLE = "Login option is not available. Please try another one"
_IN_DESCRIPTION = frozenset({"invalid_scope", "unauthorized_client", "unsupported_response_type", "invalid_target"})
"""Codes that Cognito tells in the description, with `invalid_request` as the error."""


class Answer(msgspec.Struct, frozen=True):
    """What goes back to the app through the browser: where to, how, and which parameters.

    `waits`: not before the person has seen where it leads, and goes there by themselves.
    """

    redirect_uri: str
    mode: ResponseMode
    parameters: list[tuple[str, str]]
    waits: bool = False

    def __repr__(self) -> str:
        return f"Answer({self.mode})"


class Refused(Exception):
    """A request whose app is told why it is refused: `answer` goes back to it, `error` is its code by the standards,
    with a `description` perhaps.
    """

    def __init__(self, answer: Answer, error: str, description: str | None = None) -> None:
        super().__init__()
        self.answer = answer
        self.error = error
        self.description = description


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A request that its client may make. `max_age` is in seconds, `levels` are what `acr_values` asks for: a wish
    (OpenID Connect Core 3.1.2.1), to which the tokens say by `acr` what was reached (`asks_strength`).

    `names_redirect_uri` is False where the address is the client's default, `pushed` the digest of one that was pushed
    before, `device` the ticket of a device that waits for the person. `hinted_sub` is the user of a proven
    `id_token_hint`, '' where the hint proves nothing, None without one.
    """

    pool: Pool
    client: Client
    terms: Terms
    redirect_uri: str
    names_redirect_uri: bool
    response_type: ResponseType
    response_mode: ResponseMode
    scopes: tuple[str, ...]
    state: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    resource: str | None = None
    jkt: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    levels: tuple[int, ...] = ()
    asks_strength: bool = False
    login_hint: str | None = None
    lang: str | None = None
    identity_provider: str | None = None
    hinted_sub: str | None = None
    pushed: bytes | None = None
    device: str | None = None


def read(
    call: Call, pool_id: str, params: Sequence[tuple[str, str]], *, is_pushed: bool = False
) -> AuthorizationRequest:
    """The request that a query makes, or, where it names one that was pushed, that one and nothing of the query.

    A ticket of a device makes a request that leads to the page where the device is allowed in.

    `is_pushed`: it is about to be. Raises Unredirectable where no app may hear of it, else Refused.
    """
    given, repeated = authorization.single(params)
    if not repeated.isdisjoint(("client_id", "redirect_uri", "request_uri")):
        raise Unredirectable("invalid_request")
    with call.db.read() as tx:
        proven = _client(call, tx, pool_id, given.get("client_id", ""))
        further = resource_servers.scopes_of(tx, proven.pool) | scopes.beyond_cognito(proven.pool)
    pool, client = proven.pool, proven.client
    if "device" in given:
        return _for_device(call, proven, given["device"])
    pushed = None
    if pushed_requests.is_named(request_uri := given.get("request_uri", "")):
        pushed = pushed_requests.find(call, client, request_uri)
        if pushed is None:
            raise Unredirectable("invalid_request_uri")
        given, repeated = pushed.parameters, frozenset()
    bare = AuthorizationRequest(
        pool=pool,
        client=client,
        terms=proven.terms,
        redirect_uri=authorization.redirect_uri(
            given, proven.terms.oauth, must_be_named=options.is_on(pool, "standard_answers", client)
        ),
        names_redirect_uri="redirect_uri" in given,
        response_type="code",
        response_mode=authorization.response_mode(given),
        scopes=(),
        state=given.get("state"),
        pushed=pushed.digest if pushed else None,
    )
    try:
        must_be_pushed = options.is_on(pool, "require_par", client)
        if must_be_pushed and pushed is None and not is_pushed:
            raise Invalid("invalid_request", "pushed authorization request required")
        if repeated:
            raise Invalid("invalid_request")
        requested = authorization.requested(
            given,
            proven.terms.oauth,
            further,
            needs_pkce=options.is_on(pool, "require_pkce", client),
            implicit=_may_be_implicit(pool, client),
        )
    except Invalid as invalid:
        answer = refused(call, bare, invalid.error, invalid.description)
        raise Refused(answer, invalid.error, invalid.description) from None
    # The pages let nobody in through other providers yet, whatever is configured.
    if given.get("identity_provider", "") not in ("", COGNITO) or given.get("idp_identifier"):
        raise Refused(refused(call, bare, "invalid_request", _NOT_AVAILABLE), "invalid_request")
    return _complete(call, bare, requested, given, proven)


def _for_device(call: Call, proven: ProvenClient, ticket: str) -> AuthorizationRequest:
    waiting = device_grants.named(call, proven.pool.pool_id, ticket)
    if waiting is None or waiting.grant.client_id != proven.client.client_id:
        raise Unredirectable("invalid_request")
    return AuthorizationRequest(
        pool=proven.pool,
        client=proven.client,
        terms=proven.terms,
        redirect_uri=waiting.request.page,
        names_redirect_uri=False,
        response_type="code",
        response_mode="query",
        scopes=tuple(waiting.request.scope.split(" ")),
        device=waiting.ticket,
    )


def _may_be_implicit(pool: Pool, client: Client) -> bool:
    """Tokens in a fragment cannot be bound to a key."""
    must_be_bound = options.is_on(pool, "dpop_bound_access_tokens", client)
    return options.is_on(pool, "implicit_grant", client) and not must_be_bound


def _complete(
    call: Call, bare: AuthorizationRequest, requested: Requested, given: dict[str, str], proven: ProvenClient
) -> AuthorizationRequest:
    names = bare.pool.settings.shape.acr_configuration
    return msgspec.structs.replace(
        bare,
        response_type=requested.response_type,
        scopes=requested.scopes,
        nonce=requested.nonce,
        code_challenge=requested.code_challenge,
        resource=requested.resource,
        jkt=requested.jkt,
        prompt=requested.prompt,
        max_age=requested.max_age,
        levels=strength.levels_called(requested.acr_values, names),
        asks_strength=bool(requested.acr_values),
        login_hint=given.get("login_hint"),
        lang=given.get("lang"),
        identity_provider=given.get("identity_provider"),
        hinted_sub=_hinted_sub(call, proven, given.get("id_token_hint")),
    )


def refused(call: Call, request: AuthorizationRequest, error: str, description: str | None = None) -> Answer:
    """The answer that refuses. In `compatible` pools some codes stand in the description, as Cognito puts them.

    Where anybody may have registered the app, it waits, or our address would lead to any address (RFC 9700 §4.11.2):
    all but `access_denied`, which somebody signed in has chosen on a page that named the place.
    """
    if request.pushed is not None:
        with suppress(pushed_requests.Used), call.db.write() as tx:
            pushed_requests.use(tx, request.client, request.pushed, call.now)
    if request.device is not None and error == "access_denied":
        device_grants.turn_away(call, request.pool.pool_id, request.device)
    if error in _IN_DESCRIPTION and not options.is_on(request.pool, "standard_answers", request.client):
        error, description = "invalid_request", error
    waits = error != "access_denied" and request.device is None and consent.is_strangers(request.client)
    told = [("error_description", description), ("state", request.state), ("error", error)]
    answer = _answer(call, request, [(name, value) for name, value in told if value is not None])
    return msgspec.structs.replace(answer, waits=waits)


def grant(call: Call, request: AuthorizationRequest, session: BrowserSession) -> Answer:
    """The code, or what the implicit flow gives at once, for whoever is signed in.

    A device is not let in by it: the browser is led to the page that asks.
    A refusal to the app where user or session are not alive any more. Raises the refusals of triggers (implicit).
    """
    if request.device is not None:
        return Answer(request.redirect_uri, request.response_mode, [("device", request.device)])
    with_state = [("state", request.state)] if request.state is not None else []
    try:
        if request.response_type == "code":
            code = authorization_codes.make(call, _permission(request), request.client, session, pushed=request.pushed)
            return _answer(call, request, [("code", code), *with_state])
        return _answer(call, request, [*_at_once(call, request, session), *with_state])
    except pushed_requests.Used:
        return refused(call, request, "invalid_request")
    except (errors.NotAuthorized, errors.OAuthError):
        return refused(call, request, "login_required")


def _permission(request: AuthorizationRequest) -> authorization_codes.Permission:
    return authorization_codes.Permission(
        redirect_uri=request.redirect_uri,
        names_redirect_uri=request.names_redirect_uri,
        scope=" ".join(request.scopes),
        nonce=request.nonce,
        code_challenge=request.code_challenge,
        resource=request.resource,
        jkt=request.jkt,
        asks_strength=request.asks_strength,
    )


def _at_once(call: Call, request: AuthorizationRequest, session: BrowserSession) -> list[tuple[str, str]]:
    """Tokens in the fragment (RFC 6749 §4.2.2): never a refresh token."""
    scope = " ".join(request.scopes)
    with call.db.read() as tx:
        client = client_authentication.named(call, tx, request.pool.pool_id, request.client.client_id)
    if request.pushed is not None:
        with call.db.write() as tx:
            pushed_requests.use(tx, request.client, request.pushed, call.now)
    given = implicit_grant.issue(
        call,
        client,
        session,
        scope=scope,
        nonce=request.nonce,
        resource=request.resource,
        asks_strength=request.asks_strength,
    )
    identity = [("id_token", given.id)] if given.id is not None else []
    life = ("expires_in", str(given.expires_in_seconds))
    is_standard = options.is_on(request.pool, "standard_answers", request.client)
    granted = [("scope", given.scope)] if is_standard and given.scope else []  # RFC 6749 §4.2.2
    return [*identity, ("access_token", given.access), life, ("token_type", "Bearer"), *granted]


def _answer(call: Call, request: AuthorizationRequest, parameters: list[tuple[str, str]]) -> Answer:
    """The issuer says whose answer it is (RFC 9207)."""
    named = [*parameters, ("iss", access.issuer(call, request.pool))]
    return Answer(request.redirect_uri, request.response_mode, named)


def _client(call: Call, tx: Transaction, pool_id: str, client_id: str) -> ProvenClient:
    try:
        return client_authentication.named(call, tx, pool_id, client_id)
    except errors.OAuthError:
        raise Unredirectable("invalid_request") from None


def _hinted_sub(call: Call, proven: ProvenClient, hint: str | None) -> str | None:
    """Whom an ID token that was issued to this client, however long ago, is about (Core 3.1.2.1, id_token_hint)."""
    if hint is None:
        return None
    claims = id_token_hints.proven(call, proven.pool, proven.ring, hint)
    is_ours = claims is not None and claims.get("aud") == proven.client.client_id
    return str(claims.get("sub", "")) if claims is not None and is_ours else ""
