"""Token exchange (RFC 8693; GetDerivedToken): a user's token becomes a narrower one, for another client or audience.

Without an actor the client goes on as if it were the user (impersonation); with one, `act` says who acts for the user
(delegation). What is given belongs to the session of the user's token, so it ends with it, and never lives longer.
"""

from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access, client_authentication, presented_tokens, sign_in_triggers, triggers
from lido.flows.client_authentication import ProvenClient
from lido.flows.events import Fact, tell
from lido.flows.holders import Holder
from lido.flows.presented_tokens import Presented
from lido.rules import claims, consent, identities, jwt, scopes, token_changes, token_exchange
from lido.rules.profile import attributes_of
from lido.rules.token_changes import Changes
from lido.rules.token_exchange import Kind, Refused
from lido.storage import clients, resource_servers

IMPERSONATION, DELEGATION = "TOKEN_EXCHANGE_IMPERSONATION", "TOKEN_EXCHANGE_DELEGATION"

_SOURCE = "TokenExchange"
_OAUTH_VERSION = 2


class Wish(Struct, frozen=True):
    """What a client brings and asks for. `audience` and `resource` exclude each other."""

    subject_token: str
    subject_kind: Kind
    actor_token: str | None = None
    actor_kind: Kind = "access"
    scopes: tuple[str, ...] = ()
    audience: str | None = None
    resource: str | None = None
    issued: Kind = "access"

    def __repr__(self) -> str:
        return "Wish(…)"


class Derived(Struct, frozen=True):
    """The token that is given, and what of the wish it fulfils."""

    token: str
    kind: Kind
    expires_in_seconds: int
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Derived({self.kind})"


class _Basis(Struct, frozen=True):
    """Everything that the new token is made of, judged."""

    client: ProvenClient
    holder: Holder
    subject: Presented
    subject_kind: Kind
    actor: Presented | None
    scopes: tuple[str, ...]
    act: dict[str, object] | None
    audience: str | None


def flow_of(wish: Wish) -> str:
    """The flow that the client must allow, without its `ALLOW_`."""
    return IMPERSONATION if wish.actor_token is None else DELEGATION


def exchange(call: Call, client: ProvenClient, wish: Wish, *, version: int | None = _OAUTH_VERSION) -> Derived:
    """The token for a client that has proven itself. `version` is the claim of that name.

    Raises NotAuthorized, UserNotFound (one of the tokens), OAuthError `unauthorized_client`, `invalid_scope`,
    `invalid_target`, `invalid_request`, `invalid_client`, and the refusals of triggers.
    """
    basis, changes = _judged(call, client, wish), token_changes.NONE
    if triggers.is_named(client.pool, "PreTokenGeneration"):
        changes = sign_in_triggers.changes_to_tokens(call, basis.holder, _SOURCE, " ".join(basis.scopes))
        client = client_authentication.as_it_stands(call, client)
        basis = _judged(call, client, wish)
    now = call.clock.now() // 1000
    terms = client.terms
    life = terms.access_seconds if wish.issued == "access" else terms.id_seconds
    sources = [presented.claims for presented in (basis.subject, basis.actor) if presented is not None]
    exp = token_exchange.expiry(now, life, *sources)
    make = _access_token if wish.issued == "access" else _id_token
    token, given = make(call, basis, changes, now, exp, version)
    _tell(call, basis, given)
    return Derived(token, wish.issued, exp - now, given)


def _judged(call: Call, client: ProvenClient, wish: Wish) -> _Basis:
    if f"ALLOW_{flow_of(wish)}" not in client.terms.flows:
        raise errors.OAuthError("unauthorized_client")
    subject = presented_tokens.prove(call, client.pool, client.ring, wish.subject_token, wish.subject_kind)
    if subject.user is None:
        raise errors.NotAuthorized("Invalid token")
    actor = None
    if wish.actor_token is not None:
        actor = presented_tokens.prove(call, client.pool, client.ring, wish.actor_token, wish.actor_kind)
    client_id = client.client.client_id
    with call.db.read() as tx:
        known = resource_servers.scopes_of(tx, client.pool) | set(scopes.STANDARD)
        targets = resource_servers.identifiers_of(tx, client.pool)
        named = wish.audience
        if named is not None and clients.versions(tx, client.pool.pool_id, named) is not None:
            targets |= {named}
    try:
        audience = token_exchange.audience(wish.issued, named, wish.resource, client_id, targets)
        of_subject = str(subject.claims.get("scope", "")).split()
        left = token_exchange.scopes(wish.scopes, of_subject, client.terms.oauth.scopes, known)
        act = token_exchange.acting(subject.claims, actor.party if actor else None, client_id)
    except Refused as refusal:
        raise errors.OAuthError(refusal.error) from None
    if wish.issued == "id" and wish.subject_kind == "access" and scopes.OPENID not in left:
        raise errors.OAuthError("invalid_scope")
    holder = Holder(client.pool, client.client, client.terms, client.ring, subject.user, subject.groups)
    return _Basis(client, holder, subject, wish.subject_kind, actor, left, act, audience)


def _access_token(
    call: Call, basis: _Basis, changes: Changes, now: int, exp: int, version: int | None
) -> tuple[str, tuple[str, ...]]:
    holder, said = basis.holder, basis.subject.claims
    told = claims.access_claims(
        sub=holder.user.sub,
        iss=access.issuer(call, holder.pool),
        client_id=holder.client.client_id,
        scope=" ".join(basis.scopes),
        auth_time=said["auth_time"],
        iat=now,
        exp=exp,
        username=holder.user.username,
        jti=call.entropy.uuid(),
        origin_jti=said.get("origin_jti"),
        event_id=said.get("event_id"),
        groups=holder.groups,
        version=version,
        acr=said.get("acr"),
        amr=said.get("amr", ()),
        resource=basis.audience,
        jkt=basis.client.jkt,
    )
    if changes is not token_changes.NONE:
        told = token_changes.to_access(told, changes, holder.client.client_id)
    given = tuple(str(told.get("scope", "")).split())
    return jwt.sign(_with_actor(told, basis), holder.ring.signing["access"]), given


def _id_token(
    call: Call, basis: _Basis, changes: Changes, now: int, exp: int, _version: int | None
) -> tuple[str, tuple[str, ...]]:
    """It tells no more of the user than the subject's token opens: by its scopes, or by what stands in it."""
    holder, said = basis.holder, basis.subject.claims
    attributes = attributes_of(holder.user)
    linked = identities.claim(attributes.get(identities.NAME))
    if basis.subject_kind == "access":
        is_consented = consent.is_needed(holder.pool, holder.client)
        attributes = scopes.covered(attributes, basis.scopes, is_consented=is_consented)
    else:
        attributes = {name: value for name, value in attributes.items() if name in said}
    told = claims.id_claims(
        sub=holder.user.sub,
        iss=access.issuer(call, holder.pool),
        client_id=holder.client.client_id,
        username=holder.user.username,
        auth_time=said["auth_time"],
        iat=now,
        exp=exp,
        attributes=attributes,
        readable=holder.terms.readable,
        jti=call.entropy.uuid(),
        origin_jti=said.get("origin_jti"),
        event_id=said.get("event_id"),
        groups=holder.groups,
        identities=linked if basis.subject_kind == "access" or identities.NAME in said else (),
        acr=said.get("acr"),
        amr=said.get("amr", ()),
    )
    if changes is not token_changes.NONE:
        told = token_changes.to_id(told, changes)
    return jwt.sign(_with_actor(told, basis), holder.ring.signing["id"]), basis.scopes


def _with_actor(told: claims.Claims, basis: _Basis) -> claims.Claims:
    """Only the exchange says who acts, no trigger does; and who may act on stays as it was."""
    kept = {name: value for name, value in told.items() if name not in ("act", "may_act")}
    allowed = basis.subject.claims.get("may_act")
    return kept | ({"act": basis.act} if basis.act else {}) | ({"may_act": allowed} if allowed is not None else {})


def _tell(call: Call, basis: _Basis, given: tuple[str, ...]) -> None:
    subject, actor = basis.subject, basis.actor
    fact = Fact(
        client_id=basis.client.client.client_id,
        session_id=subject.claims.get("origin_jti"),
        names=list(given),
        actor=actor.party.sub if actor else None,
    )
    with call.db.write() as tx:
        tell(call, tx, basis.client.pool.pool_id, "token_exchanged", subject.party.sub, fact)
