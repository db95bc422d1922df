"""Families of refresh tokens: one living token for each sign-in, continued, rotated, and ended when it is reused."""

from typing import Literal, NoReturn

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import (
    access,
    client_assertions,
    client_authentication,
    devices,
    grants,
    scenes,
    sign_in_triggers,
    signing,
    tokens,
    triggers,
)
from lido.flows import sessions as tracking
from lido.flows.events import Fact, tell
from lido.flows.holders import Holder
from lido.flows.tokens import Tokens
from lido.records import Client, Pool, Session, Status, User
from lido.rules import options, refresh_tokens, secret_hash, token_changes
from lido.rules.app_clients import Terms
from lido.rules.refresh_tokens import RefreshToken
from lido.rules.token_changes import Changes
from lido.storage import clients, sessions, sign_ins
from lido.storage.database import Transaction

INVALID = "Invalid Refresh Token"
EXPIRED = "Refresh Token has expired"
REVOKED = "Refresh Token has been revoked"
_NO_FLOW = "REFRESH_TOKEN_AUTH flow not enabled for this client"

_MAY_CONTINUE = (Status.CONFIRMED, Status.EXTERNAL_PROVIDER)
_LOOKS = 2
_GRACE_MS = 10_000


class ClientProof(msgspec.Struct, frozen=True):
    """How a request proves the client: by a SECRET_HASH over the user's name, by the secret itself, or before.

    `jkt` is the thumbprint of the key that it proves beside, `is_public` whether the client has nothing else to prove.
    """

    kind: Literal["hash", "secret", "proven"]
    value: str | None
    jkt: str | None = None
    is_public: bool = False

    def __repr__(self) -> str:
        return f"ClientProof({self.kind})"


class _Family(msgspec.Struct, frozen=True):
    """A refresh token that was opened, and the living session it belongs to; `device_key` is what it is bound to.

    `grace_ms` is how long what was rotated may be retried, None where nothing rotates.
    """

    holder: Holder
    session: Session
    token: RefreshToken
    device_key: str | None
    grace_ms: int | None


def refresh(
    call: Call,
    client_id: str,
    refresh_token: str,
    proof: ClientProof,
    *,
    by_flow: bool,
    pool_id: str | None = None,
    device_key: str | None = None,
) -> Tokens:
    """New tokens for a refresh token, with its successor where they rotate.

    `by_flow` is REFRESH_TOKEN_AUTH, which the client must allow and which takes none that rotate; `pool_id` is the pool
    that an operator named, `device_key` the device on which the session began, which a confirmed one must name.
    Raises ResourceNotFound, InvalidParameter, NotAuthorized, PasswordResetRequired,
    RefreshTokenReuse, and the refusals of triggers.
    """
    if by_flow:
        call = sign_in_triggers.without_metadata(call)
    for _ in range(_LOOKS):
        family = _open_family(call, client_id, refresh_token, proof, by_flow=by_flow, pool_id=pool_id)
        if family.device_key is not None and family.device_key != device_key:
            raise errors.NotAuthorized(INVALID)
        holder, session, generation = family.holder, family.session, family.token.generation
        now = call.clock.now()
        grace_ms = family.grace_ms or 0
        standing = _standing(session, generation, grace_ms, now)
        if standing == "reused":
            _kill(call, session)
        if standing == "late":
            raise errors.NotAuthorized(REVOKED)
        changes = token_changes.NONE
        if triggers.is_named(holder.pool, "PreTokenGeneration"):
            changes = sign_in_triggers.changes_to_tokens(call, holder, "RefreshTokens", grants.read(session).scope)
            family = _open_family(call, client_id, refresh_token, proof, by_flow=by_flow, pool_id=pool_id)
            holder, session, now = family.holder, family.session, call.clock.now()
        if standing == "living" and family.grace_ms is not None:
            rotated = _rotate(call, family, changes, grace_ms, now, proof.jkt)
            if rotated is None:
                continue  # somebody was faster: look again
            return rotated
        if tracking.is_due(holder.pool, holder.client, session, now):
            with call.db.write() as tx:
                tracking.note_use(call, tx, session, now)
        minted = tokens.mint(call, holder, session, now, changes, jkt=proof.jkt)
        # In its grace an old token gives the living one again, so that any number of retries ends at one token.
        again = None if standing == "living" else tokens.refresh_token(call, session, session.generation, now)
        return Tokens(minted.access, minted.id, again, holder.terms.access_seconds, scope=minted.scope)
    raise errors.NotAuthorized(REVOKED)


def living(call: Call, pool_id: str, client_id: str, token: str) -> tuple[Session, User] | None:
    """Session and user of a refresh token of that confidential client which would be taken now; None for any other."""
    opened = _read(call, pool_id, token)
    if opened is None or opened.client_id != client_id:
        return None
    with call.db.read() as tx:
        found = sign_ins.by_session(tx, pool_id, client_id, opened.sub, opened.session_id)
        allowed = scenes.terms(tx, found.client) if found else None
    if found is None or allowed is None or found.session is None or found.user is None:
        return None
    try:
        _refuse_disabled(allowed, found.session)
        _refuse_dead(call, found.session, found.user, tracking.idle_ms(found.pool, found.client))
    except errors.Fault:
        return None
    standing = _standing(found.session, opened.generation, (allowed.grace_seconds or 0) * 1000, call.now)
    is_taken = opened.generation <= found.session.generation and standing in ("living", "grace")
    return (found.session, found.user) if is_taken else None


def _open_family(
    call: Call, client_id: str, refresh_token: str, proof: ClientProof, *, by_flow: bool, pool_id: str | None
) -> _Family:
    with call.db.read() as tx:
        place = sign_ins.pool_and_folding(tx, client_id)
        if pool_id is not None and (place is None or place[0] != pool_id):
            access.require_pool(call, tx, pool_id)
            place = None
        if place is None:
            raise errors.ResourceNotFound(f"User pool client {client_id} does not exist.")
        token = _read(call, place[0], refresh_token)
        sub, session_id = (token.sub, token.session_id) if token else ("", "")
        found = sign_ins.by_session(tx, place[0], client_id, sub, session_id)
        if found is None:
            raise errors.ResourceNotFound(f"User pool client {client_id} does not exist.")
        if pool_id is not None and found.pool.region != call.region:
            raise errors.ResourceNotFound(f"User pool {pool_id} does not exist.")
        allowed = scenes.terms(tx, found.client)
        if by_flow and ("ALLOW_REFRESH_TOKEN_AUTH" not in allowed.flows or allowed.grace_seconds is not None):
            raise errors.InvalidParameter(_NO_FLOW)
        if token is None or token.client_id != client_id or found.session is None or found.user is None:
            raise errors.NotAuthorized(INVALID)
        _check_client(call, tx, found.pool, found.client, found.user, proof)
        _check_possession(found.pool, found.client, found.session, proof)
        _refuse_disabled(allowed, found.session)
        ring = signing.ring(call, tx, found.pool)
        device_key = devices.bound_to(tx, found.pool, found.session)
        grace_ms = _grace_ms(tx, found.pool, found.client, allowed, found.session)
    if by_flow and grace_ms is not None:
        raise errors.InvalidParameter(_NO_FLOW)
    if token.generation > found.session.generation:
        raise errors.NotAuthorized(INVALID)
    _refuse_dead(call, found.session, found.user, tracking.idle_ms(found.pool, found.client))
    holder = Holder(found.pool, found.client, allowed, ring, found.user, found.groups)
    return _Family(holder, found.session, token, device_key, grace_ms)


def _read(call: Call, pool_id: str, text: str) -> RefreshToken | None:
    try:
        return refresh_tokens.read(call.keys, pool_id, text)
    except refresh_tokens.Invalid:
        return None


def _check_client(call: Call, tx: Transaction, pool: Pool, client: Client, user: User, proof: ClientProof) -> None:
    """The client's secret, where it has one; a SECRET_HASH may be over the stored username or the sub."""
    if proof.kind == "proven":
        return
    if proof.kind == "secret":
        if not client_authentication.proves_secret(call, tx, pool, client, proof.value):
            raise errors.NotAuthorized("Invalid client or secret")
    elif proof.value is None:
        access.check_secret_hash(call, tx, client, user.username, None)
    else:
        known = access.client_secrets(call, tx, client)
        fits = [secret_hash.verify(known, name, client.client_id, proof.value) for name in (user.username, user.sub)]
        if not any(fits):
            raise errors.NotAuthorized(f"SecretHash does not match for the client: {client.client_id}")


def _check_possession(pool: Pool, client: Client, session: Session, proof: ClientProof) -> None:
    """What only the token endpoint can ask for: keys of the client, and the key that the session is bound to.

    Refresh tokens of public clients are bound to the very key; confidential ones prove themselves, and may change it
    (RFC 9449 §5).
    """
    info = grants.read(session)
    if proof.kind != "proven" and info.origin != "api" and client_assertions.is_expected(pool, client):
        raise errors.NotAuthorized(INVALID)
    must_prove = info.origin != "api" and options.is_on(pool, "dpop_bound_access_tokens", client)
    if must_prove and proof.jkt is None:
        raise errors.NotAuthorized(INVALID)
    if info.jkt is not None and (proof.jkt is None or (proof.is_public and proof.jkt != info.jkt)):
        raise errors.NotAuthorized(INVALID)


def _grace_ms(tx: Transaction, pool: Pool, client: Client, allowed: Terms, session: Session) -> int | None:
    """How long what was rotated may be retried; None where nothing rotates.

    Who holds a refresh token of a public client has nothing else to prove. So those from the OAuth endpoints rotate
    where the pool asks for it, unless they are bound to a key (RFC 9700 §2.2.2).
    """
    if allowed.grace_seconds is not None:
        return allowed.grace_seconds * 1000
    info = grants.read(session)
    if info.origin == "api" or info.jkt is not None or not options.is_on(pool, "rotate_refresh_tokens", client):
        return None
    proves_itself = client_assertions.is_expected(pool, client) or clients.secrets(tx, client)
    return None if proves_itself else _GRACE_MS


def _refuse_disabled(allowed: Terms, session: Session) -> None:
    """What began at the OAuth endpoints goes on only while the client is enabled for them."""
    if grants.read(session).origin != "api" and not allowed.oauth.is_enabled:
        raise errors.NotAuthorized(INVALID)


def _refuse_dead(call: Call, session: Session, user: User, idle_ms: int | None) -> None:
    if not user.enabled:
        raise errors.NotAuthorized("User is disabled.")
    if session.revoked_at is not None or session.epoch != user.epoch:
        raise errors.NotAuthorized(REVOKED)
    if session.expires_at <= call.now or (idle_ms is not None and call.now - session.active_at >= idle_ms):
        raise errors.NotAuthorized(EXPIRED)
    if user.status == Status.RESET_REQUIRED:
        raise errors.PasswordResetRequired
    if user.status not in _MAY_CONTINUE:
        raise errors.NotAuthorized(INVALID)


def _standing(
    session: Session, generation: int, grace_ms: int, now: int
) -> Literal["living", "grace", "late", "reused"]:
    """Where a token of this generation stands: only one lives, its predecessors may be in their grace or too late.

    "late" is a slow worker's, refused without harm; "reused" is a thief's or his victim's.
    """
    if generation == session.generation:
        return "living"
    just_rotated = now < session.rotated_at + grace_ms
    in_grace = generation >= session.grace_generation and now < session.grace_until
    if in_grace or (generation == session.generation - 1 and just_rotated):
        return "grace"
    return "late" if just_rotated and generation >= session.grace_generation else "reused"


def _rotate(call: Call, family: _Family, changes: Changes, grace_ms: int, now: int, jkt: str | None) -> Tokens | None:
    """The next generation, or None when this one is not the living one any more."""
    holder, session, generation = family.holder, family.session, family.token.generation
    minted = tokens.mint(call, holder, session, now, changes, jkt=jkt)
    successor = tokens.refresh_token(call, session, generation + 1, now)
    with call.db.write() as tx:
        rotated = sessions.rotate(tx, session, generation=generation, grace_ms=grace_ms, now=now)
        if rotated and tracking.is_due(holder.pool, holder.client, session, now):
            tracking.note_use(call, tx, session, now)
    if rotated is None:
        return None
    return Tokens(minted.access, minted.id, successor, holder.terms.access_seconds, scope=minted.scope)


def _kill(call: Call, session: Session) -> NoReturn:
    """A token came back after its time: either holder may be a thief, so nobody goes on."""
    with call.db.write() as tx:
        if sessions.revoke(tx, session.pool_id, session.sub, session.id, call.now):
            fact = Fact(client_id=session.client_id, session_id=session.id)
            tell(call, tx, session.pool_id, "token_reused", session.sub, fact)
    raise errors.RefreshTokenReuse


def revoke(call: Call, client_id: str, client_secret: str | None, token: str, *, linked: bool = False) -> None:
    """End the session of a refresh token, with every token of it; again is as good as once.

    `linked`: also the sign-in of the browser that it came through, where the pool tracks sessions.
    Raises Unauthorized (client, secret or whose token), UnsupportedOperation, UnsupportedTokenType, InvalidParameter.
    """
    with call.db.read() as tx:
        place = sign_ins.pool_and_folding(tx, client_id)
        found = sign_ins.by_sub(tx, place[0], client_id, "") if place else None
        if found is None or not client_authentication.proves_secret(call, tx, found.pool, found.client, client_secret):
            raise errors.Unauthorized
        if not scenes.terms(tx, found.client).revocable:
            raise errors.UnsupportedOperation
    end(call, found.pool.pool_id, client_id, token, linked=linked and tracking.are_tracked(found.pool))


def end(call: Call, pool_id: str, client_id: str, token: str, *, linked: bool = False) -> None:
    """End the session of a refresh token of that client, which has proven itself; `linked`: the browser's with it.

    Raises Unauthorized (whose token), UnsupportedTokenType, InvalidParameter (no token of the pool).
    """
    opened = _read(call, pool_id, token)
    if opened is None and token.count(".") == 2:
        raise errors.UnsupportedTokenType
    if opened is None:
        raise errors.InvalidParameter("Invalid token.")
    if opened.client_id != client_id:
        raise errors.Unauthorized
    with call.db.write() as tx:
        seen = sessions.find(tx, pool_id, opened.sub, opened.session_id) if linked else None
        if seen is not None and seen.revoked_at is None:
            tracking.end_browser(call, tx, seen)
        if sessions.revoke(tx, pool_id, opened.sub, opened.session_id, call.now):
            fact = Fact(client_id=client_id, session_id=opened.session_id)
            tell(call, tx, pool_id, "token_revoked", opened.sub, fact)
