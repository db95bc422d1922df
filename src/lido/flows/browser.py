"""The browser's session: a sign-in at the pages of a pool, which all of the pool's apps share.

Its cookie is a sealed name with a secret of its own; every sign-in makes a new one and ends the one before.
"""

import hmac

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import logout_notices, scenes, tokens, triggers
from lido.flows import sessions as tracking
from lido.flows.events import Fact, tell
from lido.flows.holders import Holder
from lido.flows.sign_in import SignedIn
from lido.flows.sign_in_triggers import after as after_signing_in
from lido.records import Client, Pool, User
from lido.rules import first_factors, options, second_factors, strength
from lido.rules.client_settings import COGNITO
from lido.rules.sealing import Unsealable
from lido.rules.steps import Proof
from lido.storage import pools, sign_ins, sso_sessions
from lido.storage.database import Transaction
from lido.storage.sso_sessions import SSOSession

LONGEST_COOKIE = 1_024

_PURPOSE = "sso"
_SECRET_BYTES = 32
_encode_proofs = msgspec.json.Encoder().encode
_decode_proofs = msgspec.json.Decoder(tuple[Proof, ...]).decode


class BrowserSession(msgspec.Struct, frozen=True):
    """Who is signed in at a browser, since when and how. Times are milliseconds since 1970."""

    pool_id: str
    sub: str
    id: str
    epoch: int
    auth_time: int
    proofs: tuple[Proof, ...]
    created_at: int
    expires_at: int


class _Cookie(msgspec.Struct, frozen=True, array_like=True):
    sub: str
    id: str
    secret: bytes

    def __repr__(self) -> str:
        return "_Cookie(…)"


class _NotWelcome(Exception):
    """The last statement saw that the user may not be let in after all; undoes the transaction."""


_decode = msgspec.msgpack.Decoder(_Cookie).decode


def begin(call: Call, signed_in: SignedIn, replaces: str | None) -> tuple[BrowserSession, str]:
    """A new session for whoever signed in at the pages, and the text of its cookie.

    Settles the sign-in, ends the session of the cookie `replaces`, and tells PostAuthentication. Raises NotAuthorized,
    PasswordResetRequired, UserNotConfirmed when the account changed meanwhile, and the refusals of triggers.
    """
    scene, user = signed_in.scene, signed_in.scene.user
    if user is None:
        raise errors.NotAuthorized
    cookie = _Cookie(user.sub, call.entropy.uuid(), call.entropy.bytes(_SECRET_BYTES))
    row = _row(call, signed_in, user, cookie)
    former = _read(call, user.pool_id, replaces)
    try:
        with call.db.write() as tx:
            signed_in.settle(tx)
            if former is not None:
                _replace(call, tx, user, former)
            if not sso_sessions.open_if_welcome(tx, row, address=call.address, agent=call.agent[: tracking.MOST_AGENT]):
                raise _NotWelcome
            amr, _ = tokens.strength_of(scene.pool, signed_in.proofs)
            tell(call, tx, user.pool_id, "signed_in", user.sub, Fact(client_id=scene.client.client_id, names=list(amr)))
    except _NotWelcome:
        signed_in.abandon(call)
        tokens.refuse_by_state(call, user)
    except errors.Fault:
        signed_in.abandon(call)
        raise
    if triggers.is_named(scene.pool, "PostAuthentication"):
        _after(call, Holder(scene.pool, scene.client, scene.terms, scene.ring, user, scene.groups), row)
    return _session(row), call.keys.seal_text(_PURPOSE, msgspec.msgpack.encode(cookie), user.pool_id)


def current(call: Call, pool_id: str, cookie: str | None) -> BrowserSession | None:
    """Whose cookie that is; None unless session and user are alive and as they were. It is a use of the session."""
    named = _read(call, pool_id, cookie)
    if named is None:
        return None
    with call.db.read() as tx:
        row = sso_sessions.find_living(tx, pool_id, named.sub, named.id, call.now)
        pool = pools.find(tx, pool_id)
    if row is None or pool is None:
        return None
    possible = call.keys.macs(_PURPOSE, pool_id, named.id, named.secret)
    fits = [hmac.compare_digest(digest, row.secret_digest) for digest in possible]
    idle = options.minutes(pool, "sso_idle")
    if not any(fits) or (idle is not None and call.now - row.active_at >= idle * 60_000):
        return None
    if call.now - row.active_at >= tracking.ACTIVITY_MS and (idle is not None or row.public_id is not None):
        with call.db.write() as tx:
            sso_sessions.use(tx, row, address=call.address, agent=call.agent[: tracking.MOST_AGENT], now=call.now)
    return _session(row)


def end(call: Call, pool_id: str, cookie: str | None) -> BrowserSession | None:
    """End the session of that cookie and give it; None where there was none that lived."""
    session = current(call, pool_id, cookie)
    if session is None:
        return None
    with call.db.write() as tx:
        if sso_sessions.revoke(tx, pool_id, session.sub, session.id, call.now):
            logout_notices.add(call, tx, pool_id, session.sub, sso_id=session.id)
            tell(call, tx, pool_id, "signed_out", session.sub, Fact(session_id=session.id))
    return session


def life_seconds(call: Call, session: BrowserSession) -> int:
    """How long a browser keeps the cookie."""
    return max(1, (session.expires_at - call.now) // 1000)


def serves(
    call: Call,
    pool: Pool,
    client: Client,
    session: BrowserSession,
    *,
    max_age: int | None = None,
    levels: tuple[int, ...] = (),
) -> bool:
    """Whether the session spares the person a new sign-in at this client.

    `max_age` is how many seconds ago it may have begun (OpenID Connect Core 3.1.2.1), `levels` the strengths that
    were asked for, the best first: the first that the person can reach counts. The client says how long it takes a
    sign-in at all (SSOSession), else the pool; and whether it takes the pool's own users, who alone sign in here. One
    factor is not enough once the pool requires two.
    """
    if not takes_local_users(client) or _is_factor_missing(pool, session):
        return False
    age_ms = call.now - session.auth_time
    if age_ms >= tracking.sso_minutes(pool, client) * 60_000 or (max_age is not None and age_ms > max_age * 1_000):
        return False
    reached = strength.level(session.proofs)
    return not levels or reached >= levels[0] or reached >= _within_reach(call, pool, client, session, levels)


def takes_local_users(client: Client) -> bool:
    """Whether the pool's own users may come to the client through a browser (SupportedIdentityProviders)."""
    return COGNITO in (client.settings.shape.supported_identity_providers or ())


def _is_factor_missing(pool: Pool, session: BrowserSession) -> bool:
    is_required = pool.settings.shape.mfa_configuration == "ON"
    passkey_mfa = second_factors.passkeys_are_mfa(pool.settings)
    return is_required and not second_factors.suffice(session.proofs, passkey_mfa=passkey_mfa, device_suppresses=False)


def _within_reach(call: Call, pool: Pool, client: Client, session: BrowserSession, levels: tuple[int, ...]) -> int:
    """The first of the levels that the person can reach at the pages; 0 for none."""
    with call.db.read() as tx:
        found = sign_ins.by_sub(tx, pool.pool_id, client.client_id, session.sub)
        chooses = "ALLOW_USER_AUTH" in scenes.terms(tx, client).flows
    if found is None or found.user is None:
        return levels[0]
    has_password = found.password is not None
    passwords = ("PASSWORD",) if has_password else ()
    chosen = first_factors.available(pool, found.user, has_password=has_password) if chooses else ()
    best = strength.reach((*passwords, *chosen), second_factors.active(pool.settings, found.user))
    return next((level for level in levels if level <= best), 0)


def _row(call: Call, signed_in: SignedIn, user: User, cookie: _Cookie) -> SSOSession:
    pool, client = signed_in.scene.pool, signed_in.scene.client
    absolute = options.minutes(pool, "sso_absolute")
    minutes = absolute or max(tracking.SSO_MINUTES, tracking.sso_minutes(pool, client))
    return SSOSession(
        pool_id=user.pool_id,
        sub=user.sub,
        id=cookie.id,
        public_id=tracking.new_public_sso_id(call, pool),
        secret_digest=call.keys.mac(_PURPOSE, user.pool_id, cookie.id, cookie.secret),
        epoch=user.epoch,
        auth_time=signed_in.auth_time,
        proofs=_encode_proofs(signed_in.proofs).decode(),
        created_at=call.now,
        active_at=call.now,
        expires_at=call.now + minutes * 60_000,
        revoked_at=None,
    )


def _replace(call: Call, tx: Transaction, user: User, former: _Cookie) -> None:
    """End the session that was at the browser before. Its apps are told if somebody else's begins."""
    is_over = sso_sessions.revoke(tx, user.pool_id, former.sub, former.id, call.now)
    if is_over and former.sub != user.sub:
        logout_notices.add(call, tx, user.pool_id, former.sub, sso_id=former.id)


def _after(call: Call, holder: Holder, row: SSOSession) -> None:
    """Tell PostAuthentication; where it refuses, the session that has just begun ends again."""
    try:
        after_signing_in(call, holder, new_device=False)
    except errors.Fault:
        with call.db.write() as tx:
            sso_sessions.revoke(tx, row.pool_id, row.sub, row.id, call.now)
        raise


def _read(call: Call, pool_id: str, cookie: str | None) -> _Cookie | None:
    if not cookie or len(cookie) > LONGEST_COOKIE:
        return None
    try:
        return _decode(call.keys.open_text(_PURPOSE, cookie, pool_id))
    except (Unsealable, msgspec.DecodeError):
        return None


def _session(row: SSOSession) -> BrowserSession:
    return BrowserSession(
        pool_id=row.pool_id,
        sub=row.sub,
        id=row.id,
        epoch=row.epoch,
        auth_time=row.auth_time,
        proofs=_decode_proofs(row.proofs),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
