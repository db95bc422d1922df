"""Tokens: made for whoever is signed in, and ended for all devices at once. Refreshing is flows/families.py."""

from typing import NoReturn

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, devices, grants, logout_notices, sign_in_triggers, step_up
from lido.flows import sessions as tracking
from lido.flows.devices import NewDevice
from lido.flows.events import Fact, tell
from lido.flows.grants import GrantInfo
from lido.flows.holders import Holder
from lido.flows.sign_in import SignedIn
from lido.records import Pool, Session, Status, User
from lido.rules import (
    claims,
    consent,
    identities,
    jwt,
    logout_tokens,
    refresh_tokens,
    scopes,
    second_factors,
    strength,
    token_changes,
)
from lido.rules.app_clients import Terms
from lido.rules.profile import attributes_of
from lido.rules.refresh_tokens import RefreshToken
from lido.rules.steps import Proof
from lido.rules.token_changes import Changes
from lido.storage import sessions, sign_ins, users
from lido.storage.database import Transaction


class Tokens(msgspec.Struct, frozen=True):
    """What the person is given. `id` is None without the scope for it, `refresh` where the old one goes on.

    `new_device` is a name for a device that has none, `scope` what the access token tells. The repr tells nothing.
    """

    access: str
    id: str | None
    refresh: str | None
    expires_in_seconds: int
    new_device: NewDevice | None = None
    scope: str = ""

    def __repr__(self) -> str:
        return "Tokens(…)"


class Minted(msgspec.Struct, frozen=True):
    """Signed tokens, and the scope of `access`; `id` is None where the scopes ask for none. Its repr tells nothing."""

    access: str
    id: str | None
    scope: str

    def __repr__(self) -> str:
        return "Minted(…)"


_SOURCES = {"NEW_PASSWORD_REQUIRED": "NewPasswordChallenge", "DEVICE_PASSWORD_VERIFIER": "AuthenticateDevice"}
"""What PreTokenGeneration hears of the last step of a sign-in; of all others it is Authentication."""


_OAUTH_VERSION = 2


class _NotWelcome(Exception):
    """The last statement saw that the user may not be let in after all; undoes the transaction."""


def issue(call: Call, signed_in: SignedIn) -> Tokens:
    """Open a session for whoever signed in and give its first tokens.

    Everything that was decided before is decided again by the statement that opens it. Where a trigger stands between
    proof and tokens, what the sign-in changed is true before it is asked. Raises NotAuthorized, PasswordResetRequired,
    UserNotConfirmed when the account changed meanwhile, and the refusals of triggers.
    """
    scene = signed_in.scene
    user = scene.user
    if user is None:
        raise errors.NotAuthorized
    info, new_device = _grant_info(signed_in), devices.named(call, scene)
    holder, changes = Holder(scene.pool, scene.client, scene.terms, scene.ring, user, scene.groups), token_changes.NONE
    if is_asked := sign_in_triggers.are_asked(scene.pool):
        _settle(call, signed_in)
        source = _SOURCES.get(signed_in.progress.step, "Authentication")
        sign_in_triggers.after(call, holder, new_device=new_device is not None)
        changes = sign_in_triggers.changes_to_tokens(call, holder := reread(call, holder), source)
        holder = reread(call, holder)
    now = moment_to_issue(call, scene.terms, user)
    device_key = new_device.key if new_device else scene.device.device_key if scene.device else None
    session = new_session(
        call, holder, info, epoch=user.epoch, auth_time=signed_in.auth_time, now=now, device_key=device_key
    )
    minted = mint(call, holder, session, now, changes)
    continued = refresh_token(call, session, 1, now)
    tokens = Tokens(minted.access, minted.id, continued, scene.terms.access_seconds, new_device)
    try:
        with call.db.write() as tx:
            tracking.hold_user(tx, session)
            if is_asked:  # settled before the triggers, while which the session that a step-up goes on from may end
                step_up.require_alive(tx, scene, signed_in.progress)
            else:
                signed_in.settle(tx)
            if not store(call, tx, scene.pool, session):
                raise _NotWelcome
            if scene.device is not None:
                devices.note_sign_in(call, tx, scene.device)
            fact = Fact(client_id=session.client_id, session_id=session.id, names=list(info.amr))
            tell(call, tx, user.pool_id, "signed_in", user.sub, fact, event_id=session.event_id)
    except _NotWelcome:
        _abandon(call, signed_in, is_settled=is_asked)
        refuse_by_state(call, user)
    except errors.Fault:
        _abandon(call, signed_in, is_settled=is_asked)
        raise
    return tokens


def _settle(call: Call, signed_in: SignedIn) -> None:
    try:
        with call.db.write() as tx:
            signed_in.settle(tx)
    except errors.Fault:
        signed_in.abandon(call)
        raise


def _abandon(call: Call, signed_in: SignedIn, *, is_settled: bool) -> None:
    if not is_settled:
        signed_in.abandon(call)


def reread(call: Call, holder: Holder) -> Holder:
    """The holder as the trigger before may have changed it. Raises NotAuthorized where the user is gone."""
    user = holder.user
    with call.db.read() as tx:
        found = sign_ins.by_sub(tx, user.pool_id, holder.client.client_id, user.sub)
    if found is None or found.user is None:
        raise errors.NotAuthorized
    return msgspec.structs.replace(holder, user=found.user, groups=found.groups)


def _grant_info(signed_in: SignedIn) -> GrantInfo:
    amr, acr = strength_of(signed_in.scene.pool, signed_in.proofs)
    return GrantInfo("api", claims.SIGN_IN_SCOPE, amr, acr, signed_in.proofs)


def strength_of(pool: Pool, proofs: tuple[Proof, ...]) -> tuple[tuple[str, ...], str | None]:
    """The claims `amr` and `acr` for what was shown."""
    amr = strength.amr(proofs, passkey_mfa=second_factors.passkeys_are_mfa(pool.settings))
    return amr, strength.acr(proofs, pool.settings.shape.acr_configuration)


def moment_to_issue(call: Call, terms: Terms, user: User) -> int:
    """Now, in ms; for tokens that no session row can vouch for, not within the second of the last sign-out."""
    now = call.clock.now()
    if not terms.revocable and now // 1000 <= user.signed_out_at // 1000:
        call.clock.sleep((user.signed_out_at // 1000 + 1) - now / 1000)
        now = max(call.clock.now(), (user.signed_out_at // 1000 + 1) * 1000)
    return now


def refuse_by_state(call: Call, user: User) -> NoReturn:
    """Say why the account is not let in any more. Raises NotAuthorized, PasswordResetRequired, UserNotConfirmed."""
    with call.db.read() as tx:
        now = users.find(tx, user.pool_id, user.sub)
    if now is not None and not now.enabled:
        raise errors.NotAuthorized("User is disabled.")
    if now is not None and now.status == Status.RESET_REQUIRED:
        raise errors.PasswordResetRequired
    if now is not None and now.status == Status.UNCONFIRMED:
        raise errors.UserNotConfirmed
    raise errors.NotAuthorized


def new_session(
    call: Call,
    holder: Holder,
    info: GrantInfo,
    *,
    epoch: int,
    auth_time: int,
    now: int,
    session_id: str | None = None,
    device_key: str | None = None,
    sso_id: str | None = None,
) -> Session:
    """A session that begins now, not stored yet; without a promised id it gets one.

    `epoch` is the user's when they proved who they are: a trigger may have ended it since.
    """
    user = holder.user
    return Session(
        pool_id=user.pool_id,
        sub=user.sub,
        id=session_id or call.entropy.uuid(),
        client_id=holder.client.client_id,
        public_id=tracking.new_public_id(call, holder.pool),
        epoch=epoch,
        generation=1,
        rotated_at=now,
        grace_generation=0,
        grace_until=0,
        revoked_at=None,
        auth_time=auth_time,
        created_at=now,
        expires_at=now + holder.terms.refresh_seconds * 1000,
        active_at=now,
        grant_info=grants.write(info),
        device_key=device_key,
        event_id=call.entropy.time_ordered_id(now),
        sso_id=sso_id,
    )


def store(call: Call, tx: Transaction, pool: Pool, session: Session) -> bool:
    """Open a new session, if its user may still be let in; where a cap counts, another one ends. False: refuse.

    The caller has held the user (`tracking.hold_user`).
    """
    if not sessions.open_if_welcome(tx, session, address=call.address, agent=call.agent[: tracking.MOST_AGENT]):
        return False
    tracking.make_room(call, tx, pool, session)
    return True


def mint(
    call: Call,
    holder: Holder,
    session: Session,
    now: int,
    changes: Changes = token_changes.NONE,
    *,
    nonce: str | None = None,
    jkt: str | None = None,
) -> Minted:
    """Access and ID token of a session, signed: outside of any transaction. `changes` are the trigger's.

    The access token is bound to the key `jkt` that the request proved, else to the session's, if it has one.

    Through the OAuth endpoints only the scope `openid` gives an ID token, with what the scopes open.
    """
    info, key = grants.read(session), holder.ring.signing
    if jkt is not None:
        info = msgspec.structs.replace(info, jkt=jkt)
    access = _access_claims(call, holder, session, info, now // 1000)
    if changes is not token_changes.NONE:
        access = token_changes.to_access(access, changes, session.client_id)
    signed_access, scope = jwt.sign(access, key["access"]), str(access.get("scope", ""))
    if info.origin != "api" and scopes.OPENID not in info.scope.split(" "):
        return Minted(signed_access, None, scope)
    identity = _id_claims(call, holder, session, info, now // 1000)
    if info.origin != "api":
        identity |= {"at_hash": jwt.half_hash(signed_access)} | ({"nonce": nonce} if nonce else {})
    if changes is not token_changes.NONE:
        identity = token_changes.to_id(identity, changes)
    if session.sso_id and logout_tokens.needs_sid(holder.client):
        identity |= {"sid": logout_tokens.sid(session.sso_id)}
    return Minted(signed_access, jwt.sign(identity, key["id"]), scope)


def _access_claims(call: Call, holder: Holder, session: Session, info: GrantInfo, iat: int) -> claims.Claims:
    terms, is_told = holder.terms, _tells_strength(holder, info)
    return claims.access_claims(
        sub=holder.user.sub,
        iss=access.issuer(call, holder.pool),
        client_id=session.client_id,
        scope=info.scope,
        auth_time=session.auth_time // 1000,
        iat=iat,
        exp=iat + terms.access_seconds,
        username=holder.user.username,
        jti=call.entropy.uuid() if terms.revocable else None,
        origin_jti=session.id if terms.revocable else None,
        event_id=session.event_id,
        groups=holder.groups,
        device_key=session.device_key,
        version=None if info.origin == "api" else _OAUTH_VERSION,
        acr=info.acr if is_told else None,
        amr=info.amr if is_told else (),
        resource=info.resource,
        jkt=info.jkt,
    )


def _tells_strength(holder: Holder, info: GrantInfo) -> bool:
    """Whoever asked for a strength must learn which one was reached (OpenID Connect Core 3.1.2.1, `acr_values`)."""
    return info.asks_strength or strength.is_told(holder.pool)


def _id_claims(call: Call, holder: Holder, session: Session, info: GrantInfo, iat: int) -> claims.Claims:
    terms, is_told, attributes = holder.terms, _tells_strength(holder, info), attributes_of(holder.user)
    is_consented = consent.is_needed(holder.pool, holder.client)
    opened = scopes.covered(attributes, info.scope.split(" "), is_consented=is_consented)
    return claims.id_claims(
        sub=holder.user.sub,
        iss=access.issuer(call, holder.pool),
        client_id=session.client_id,
        username=holder.user.username,
        auth_time=session.auth_time // 1000,
        iat=iat,
        exp=iat + terms.id_seconds,
        attributes=attributes if info.origin == "api" else opened,
        readable=terms.readable,
        jti=call.entropy.uuid() if terms.revocable else None,
        origin_jti=session.id if terms.revocable else None,
        event_id=session.event_id,
        groups=holder.groups,
        identities=() if is_consented else identities.claim(attributes.get(identities.NAME)),
        acr=info.acr if is_told else None,
        amr=info.amr if is_told else (),
    )


def refresh_token(call: Call, session: Session, generation: int, now: int) -> str:
    token = RefreshToken(session.client_id, session.sub, session.id, generation, now)
    return refresh_tokens.write(call.keys, session.pool_id, token)


def sign_out_everywhere(call: Call, pool: Pool, user: User) -> None:
    """End every session and token of the user. Raises UserNotFound when the user is gone."""
    with call.db.write() as tx:
        if not users.raise_epoch(tx, pool.pool_id, user.sub, call.now):
            raise errors.UserNotFound
        logout_notices.add(call, tx, pool.pool_id, user.sub)
        tell(call, tx, pool.pool_id, "signed_out", user.sub)
