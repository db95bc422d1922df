"""Tokens: handed out to whoever is signed in, continued by refresh tokens, ended by revocation and sign-out."""

import hmac
from typing import Literal, NoReturn

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, signing, triggers
from lido.flows.events import Fact, tell
from lido.flows.sign_in import SignedIn, terms
from lido.records import Client, Pool, Session, Status, User
from lido.rules import claims, jwt, refresh_tokens, secret_hash
from lido.rules.app_clients import Terms
from lido.rules.profile import attributes_of
from lido.rules.refresh_tokens import RefreshToken
from lido.storage import sessions, sign_ins, users
from lido.storage.database import Transaction

INVALID = "Invalid Refresh Token"
EXPIRED = "Refresh Token has expired"
REVOKED = "Refresh Token has been revoked"

_AMR = {"pwd": "pwd", "srp": "pwd"}
_MAY_CONTINUE = (Status.CONFIRMED, Status.EXTERNAL_PROVIDER)
_LOOKS = 2


class Tokens(msgspec.Struct, frozen=True):
    """What the person is given. `refresh` is None where the old one goes on. Its repr tells nothing."""

    access: str
    id: str
    refresh: str | None
    expires_in_seconds: int

    def __repr__(self) -> str:
        return "Tokens(…)"


class GrantInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a session came about: kept with it, because refreshed tokens say the same."""

    origin: Literal["api"]
    scope: str
    amr: tuple[str, ...] = ()


class _Holder(msgspec.Struct, frozen=True):
    """For whom, through which client and with which keys tokens are made."""

    pool: Pool
    client: Client
    terms: Terms
    ring: signing.Ring
    user: User
    groups: tuple[sign_ins.Group, ...]


class _NotWelcome(Exception):
    """The last statement saw that the user may not be let in after all; undoes the transaction."""


def issue(call: Call, signed_in: SignedIn) -> Tokens:
    """Open a session for whoever signed in and give its first tokens.

    Everything that was decided before is decided again by the statement that opens it. Raises NotAuthorized,
    PasswordResetRequired, UserNotConfirmed when the account changed meanwhile.
    """
    scene = signed_in.scene
    user = scene.user
    if user is None:
        raise errors.NotAuthorized
    now = _moment_to_issue(call, scene.terms, user)
    amr = tuple(dict.fromkeys(_AMR[proof.factor] for proof in signed_in.proofs))
    info = GrantInfo("api", claims.SIGN_IN_SCOPE, amr)
    session = Session(
        pool_id=user.pool_id,
        sub=user.sub,
        id=call.entropy.uuid(),
        client_id=scene.client.client_id,
        public_id=None,
        epoch=user.epoch,
        generation=1,
        rotated_at=now,
        grace_generation=0,
        grace_until=0,
        revoked_at=None,
        auth_time=signed_in.auth_time,
        created_at=now,
        expires_at=now + scene.terms.refresh_seconds * 1000,
        active_at=now,
        grant_info=msgspec.json.encode(info).decode(),
        device_key=None,
        event_id=call.entropy.time_ordered_id(now),
    )
    holder = _Holder(scene.pool, scene.client, scene.terms, scene.ring, user, scene.groups)
    access_token, id_token = _mint(call, holder, session, now)
    tokens = Tokens(access_token, id_token, _refresh_token(call, session, 1, now), scene.terms.access_seconds)
    try:
        with call.db.write() as tx:
            signed_in.settle(tx)
            if not sessions.open_if_welcome(tx, session, address=call.address, agent=call.agent[:256]):
                raise _NotWelcome
            fact = Fact(client_id=session.client_id, session_id=session.id, names=list(amr))
            tell(call, tx, user.pool_id, "signed_in", user.sub, fact, event_id=session.event_id)
    except _NotWelcome:
        signed_in.abandon(call)
        _refuse_by_state(call, user)
    except errors.Fault:
        signed_in.abandon(call)
        raise
    return tokens


def _moment_to_issue(call: Call, terms: Terms, user: User) -> int:
    """Now; for tokens that no session row can vouch for, not within the second of the last sign-out."""
    now = call.clock.now()
    if not terms.revocable and now // 1000 <= user.signed_out_at // 1000:
        call.clock.sleep((user.signed_out_at // 1000 + 1) - now / 1000)
        now = max(call.clock.now(), (user.signed_out_at // 1000 + 1) * 1000)
    return now


def _refuse_by_state(call: Call, user: User) -> NoReturn:
    with call.db.read() as tx:
        now = users.find(tx, user.pool_id, user.sub)
    if now is not None and not now.enabled:
        raise errors.NotAuthorized("User is disabled.")
    if now is not None and now.status == Status.RESET_REQUIRED:
        raise errors.PasswordResetRequired
    if now is not None and now.status == Status.UNCONFIRMED:
        raise errors.UserNotConfirmed
    raise errors.NotAuthorized


def _mint(call: Call, holder: _Holder, session: Session, now: int) -> tuple[str, str]:
    """Access and ID token of a session, signed: outside of any transaction."""
    user, terms, iss = holder.user, holder.terms, access.issuer(call, holder.pool)
    iat = now // 1000
    origin_jti = session.id if terms.revocable else None
    access_token = claims.access_claims(
        sub=user.sub,
        iss=iss,
        client_id=session.client_id,
        scope=claims.SIGN_IN_SCOPE,
        auth_time=session.auth_time // 1000,
        iat=iat,
        exp=iat + terms.access_seconds,
        username=user.username,
        jti=call.entropy.uuid() if terms.revocable else None,
        origin_jti=origin_jti,
        event_id=session.event_id,
        groups=holder.groups,
    )
    id_token = claims.id_claims(
        sub=user.sub,
        iss=iss,
        client_id=session.client_id,
        username=user.username,
        auth_time=session.auth_time // 1000,
        iat=iat,
        exp=iat + terms.id_seconds,
        attributes=attributes_of(user),
        readable=terms.readable,
        jti=call.entropy.uuid() if terms.revocable else None,
        origin_jti=origin_jti,
        event_id=session.event_id,
        groups=holder.groups,
    )
    keys = holder.ring.signing
    return jwt.sign(access_token, keys["access"]), jwt.sign(id_token, keys["id"])


def _refresh_token(call: Call, session: Session, generation: int, now: int) -> str:
    token = RefreshToken(session.client_id, session.sub, session.id, generation, now)
    return refresh_tokens.write(call.keys, session.pool_id, token)


class ClientProof(msgspec.Struct, frozen=True):
    """How a request proves the client's secret: by a SECRET_HASH over the user's name, or by the secret itself."""

    kind: Literal["hash", "secret"]
    value: str | None

    def __repr__(self) -> str:
        return f"ClientProof({self.kind})"


class _Family(msgspec.Struct, frozen=True):
    """A refresh token that was opened, and the living session it belongs to."""

    holder: _Holder
    session: Session
    token: RefreshToken


def refresh(
    call: Call, client_id: str, refresh_token: str, proof: ClientProof, *, by_flow: bool, pool_id: str | None = None
) -> Tokens:
    """New tokens for a refresh token, with its successor where the client rotates them.

    `by_flow` is REFRESH_TOKEN_AUTH, which the client must allow and which knows no rotation; `pool_id` is the pool
    that an operator named. Raises ResourceNotFound, InvalidParameter, NotAuthorized, PasswordResetRequired,
    RefreshTokenReuse, UnexpectedLambda.
    """
    for _ in range(_LOOKS):
        family = _open_family(call, client_id, refresh_token, proof, by_flow=by_flow, pool_id=pool_id)
        holder, session, generation = family.holder, family.session, family.token.generation
        triggers.require_none(holder.pool, "PreTokenGeneration")
        now = call.clock.now()
        grace_ms = (holder.terms.grace_seconds or 0) * 1000
        standing = _standing(session, generation, grace_ms, now)
        if standing == "reused":
            _kill(call, session)
        if standing == "late":
            raise errors.NotAuthorized(REVOKED)
        if standing == "living" and holder.terms.grace_seconds is not None:
            tokens = _rotate(call, family, grace_ms, now)
            if tokens is None:
                continue  # somebody was faster: look again
            return tokens
        access_token, id_token = _mint(call, holder, session, now)
        # In its grace an old token gives the living one again, so that any number of retries ends at one token.
        again = None if standing == "living" else _refresh_token(call, session, session.generation, now)
        return Tokens(access_token, id_token, again, holder.terms.access_seconds)
    raise errors.NotAuthorized(REVOKED)


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
        allowed = terms(tx, found.client)
        if by_flow and ("ALLOW_REFRESH_TOKEN_AUTH" not in allowed.flows or allowed.grace_seconds is not None):
            raise errors.InvalidParameter("REFRESH_TOKEN_AUTH flow not enabled for this client")
        if token is None or token.client_id != client_id or found.session is None or found.user is None:
            raise errors.NotAuthorized(INVALID)
        _check_client(call, tx, found.client, found.user, proof)
        ring = signing.ring(call, tx, found.pool)
    if token.generation > found.session.generation:
        raise errors.NotAuthorized(INVALID)
    _refuse_dead(call, found.session, found.user)
    return _Family(_Holder(found.pool, found.client, allowed, ring, found.user, found.groups), found.session, token)


def _read(call: Call, pool_id: str, text: str) -> RefreshToken | None:
    try:
        return refresh_tokens.read(call.keys, pool_id, text)
    except refresh_tokens.Invalid:
        return None


def _check_client(call: Call, tx: Transaction, client: Client, user: User, proof: ClientProof) -> None:
    """The client's secret, where it has one; a SECRET_HASH may be over the stored username or the sub."""
    if proof.kind == "secret":
        if not proves_secret(call, tx, client, proof.value):
            raise errors.NotAuthorized("Invalid client or secret")
    elif proof.value is None:
        access.check_secret_hash(call, tx, client, user.username, None)
    else:
        known = access.client_secrets(call, tx, client)
        fits = [secret_hash.verify(known, name, client.client_id, proof.value) for name in (user.username, user.sub)]
        if not any(fits):
            raise errors.NotAuthorized(f"SecretHash does not match for the client: {client.client_id}")


def proves_secret(call: Call, tx: Transaction, client: Client, claimed: str | None) -> bool:
    """Whether the plain secret is one of the client's; a client without one proves itself by sending none."""
    known = access.client_secrets(call, tx, client)
    if not known:
        return not claimed
    given = (claimed or "").encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(given, secret.encode()) for secret in known]
    return any(fits)


def _refuse_dead(call: Call, session: Session, user: User) -> None:
    if not user.enabled:
        raise errors.NotAuthorized("User is disabled.")
    if session.revoked_at is not None or session.epoch != user.epoch:
        raise errors.NotAuthorized(REVOKED)
    if session.expires_at <= call.now:
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


def _rotate(call: Call, family: _Family, grace_ms: int, now: int) -> Tokens | None:
    """The next generation, or None when this one is not the living one any more."""
    holder, session, generation = family.holder, family.session, family.token.generation
    access_token, id_token = _mint(call, holder, session, now)
    successor = _refresh_token(call, session, generation + 1, now)
    with call.db.write() as tx:
        rotated = sessions.rotate(tx, session, generation=generation, grace_ms=grace_ms, now=now)
    if rotated is None:
        return None
    return Tokens(access_token, id_token, successor, holder.terms.access_seconds)


def _kill(call: Call, session: Session) -> NoReturn:
    """A token came back after its time: either holder may be a thief, so nobody goes on."""
    with call.db.write() as tx:
        if sessions.revoke(tx, session.pool_id, session.sub, session.id, call.now):
            fact = Fact(client_id=session.client_id, session_id=session.id)
            tell(call, tx, session.pool_id, "token_reused", session.sub, fact)
    raise errors.RefreshTokenReuse


def revoke(call: Call, client_id: str, client_secret: str | None, token: str) -> None:
    """End the session of a refresh token, with every token of it; again is as good as once.

    Raises Unauthorized (client, secret or whose token), UnsupportedOperation, UnsupportedTokenType, InvalidParameter.
    """
    with call.db.read() as tx:
        place = sign_ins.pool_and_folding(tx, client_id)
        found = sign_ins.by_sub(tx, place[0], client_id, "") if place else None
        if found is None or not proves_secret(call, tx, found.client, client_secret):
            raise errors.Unauthorized
        if not terms(tx, found.client).revocable:
            raise errors.UnsupportedOperation
    opened = _read(call, found.pool.pool_id, token)
    if opened is None and token.count(".") == 2:
        raise errors.UnsupportedTokenType
    if opened is None:
        raise errors.InvalidParameter("Invalid token.")
    if opened.client_id != client_id:
        raise errors.Unauthorized
    pool_id = found.pool.pool_id
    with call.db.write() as tx:
        if sessions.revoke(tx, pool_id, opened.sub, opened.session_id, call.now):
            fact = Fact(client_id=client_id, session_id=opened.session_id)
            tell(call, tx, pool_id, "token_revoked", opened.sub, fact)


def sign_out_everywhere(call: Call, pool: Pool, user: User) -> None:
    """End every session and token of the user. Raises UserNotFound when the user is gone."""
    with call.db.write() as tx:
        if not users.raise_epoch(tx, pool.pool_id, user.sub, call.now):
            raise errors.UserNotFound
        tell(call, tx, pool.pool_id, "signed_out", user.sub)
