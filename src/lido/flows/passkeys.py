"""The two WebAuthn ceremonies: a signed-in user registers a passkey, and later signs in with it.

A registration under way is one row for each user: a new one takes its place, the answer uses it up.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from lido import errors
from lido.call import Call
from lido.flows import access, domains, factors, unknown_users
from lido.flows.access import SignedInUser
from lido.flows.events import Fact, tell
from lido.records import Factor, Passkey, Pool, User
from lido.rules import first_factors, options
from lido.rules import passkeys as rules
from lido.rules.base64url import encode as to_id
from lido.rules.passkeys import Assertion, Ceremony, Expected, Registered, Verified
from lido.rules.sealing import Unsealable
from lido.rules.second_factors import passkeys_are_mfa
from lido.shapes import idp
from lido.storage import challenges, users
from lido.storage import passkeys as stored
from lido.storage.database import Transaction

PURPOSE = "challenge"
_LIFE_MS = 300_000
_REGISTRATION_BYTES = 16
# A name for people; which product made a passkey is not known without attestation.
_NAME = "Passkey"
_PRETENDED_ID_BYTES = (16, 20, 32)
_PRETENDED_TRANSPORTS = (("hybrid", "internal"), ("internal",), ("nfc", "usb"), ())

Verification = Literal["preferred", "required"]


class _Registration(Struct, frozen=True, array_like=True):
    challenge: bytes
    client_id: str
    rp_id: str


def start_registration(call: Call, signed_in: SignedInUser) -> dict[str, Any]:
    """The options that a browser makes a passkey by.

    Raises WebAuthnNotEnabled, WebAuthnConfigurationMissing, LimitExceeded, NotAuthorized.
    """
    pool, user = signed_in.pool, signed_in.user
    _require_enabled(pool)
    access.require_recent(call, signed_in)
    rp_id = relying_party(call, pool)
    going = _Registration(call.entropy.bytes(_REGISTRATION_BYTES), signed_in.client.client_id, rp_id)
    place = _place(user)
    state = call.keys.seal(PURPOSE, msgspec.msgpack.encode(going), pool.pool_id, place)
    with call.db.write() as tx:
        known = _of_user(tx, user)
        _require_room(len(known))
        challenges.put(tx, pool.pool_id, place, state=state, expires_at=call.now + _LIFE_MS)
    return rules.creation_options(
        challenge=going.challenge,
        rp_id=rp_id,
        sub=user.sub,
        username=user.username,
        verification=verification(pool),
        known=[passkey.credential_id for passkey in known],
    )


def complete_registration(call: Call, signed_in: SignedInUser, credential: Mapping[str, Any]) -> None:
    """Store the passkey that the browser made.

    Raises InvalidParameter, LimitExceeded, NotAuthorized, WebAuthnNotEnabled, WebAuthnChallengeNotFound,
    WebAuthnClientMismatch, WebAuthnRelyingPartyMismatch, WebAuthnOriginNotAllowed, WebAuthnCredentialNotSupported.
    """
    pool, user = signed_in.pool, signed_in.user
    _require_enabled(pool)
    access.require_recent(call, signed_in)
    state, going = _registration(call, pool, user)
    if going.client_id != signed_in.client.client_id:
        raise errors.WebAuthnClientMismatch
    if going.rp_id != _rp_id(call, pool):
        raise errors.WebAuthnRelyingPartyMismatch
    expected = _expected(call, pool, "webauthn.create", going.challenge, going.rp_id)
    passkey = _passkey(call, user, rules.registered(credential, expected), going.rp_id)
    with call.db.write() as tx:
        if not challenges.take(tx, pool.pool_id, _place(user), state=state):
            raise errors.WebAuthnChallengeNotFound
        factors.locked(tx, signed_in)
        _require_room(stored.count(tx, pool.pool_id, user.sub))
        if not stored.add(tx, passkey):
            raise errors.InvalidParameter(rules.NOT_VALID)
        users.set_factors(tx, pool.pool_id, user.sub, add=Factor.PASSKEY, remove=0, now=call.now)
        _tell(call, tx, signed_in, "passkey_added", passkey.credential_id)


def remove(call: Call, signed_in: SignedInUser, credential_id: str) -> None:
    """Delete a passkey of the user's own; the last one takes the factor with it.

    Raises ResourceNotFound, NotAuthorized.
    """
    access.require_recent(call, signed_in)
    pool_id, user = signed_in.pool.pool_id, signed_in.user
    unknown = errors.ResourceNotFound("The passkey does not exist.")
    if not rules.is_credential_id(credential_id):
        raise unknown
    with call.db.write() as tx:
        factors.locked(tx, signed_in)
        if not stored.remove(tx, pool_id, user.sub, credential_id):
            raise unknown
        if stored.count(tx, pool_id, user.sub) == 0:
            gone = Factor.PASSKEY | Factor.PASSKEY_MFA
            users.set_factors(tx, pool_id, user.sub, add=0, remove=gone, now=call.now)
        _tell(call, tx, signed_in, "passkey_removed", credential_id)


def request_options(call: Call, pool: Pool, user: User | None, name_key: str, challenge: bytes) -> dict[str, Any]:
    """The options that a browser signs in by; for a name that leads to nobody, such as look like somebody's.

    Raises InvalidUserPoolConfiguration where the pool has no relying party id.
    """
    rp_id = _rp_id(call, pool)
    if rp_id is None:
        raise errors.InvalidUserPoolConfiguration(errors.WebAuthnConfigurationMissing.sentence)
    if user is None:
        allowed = _pretended(call, pool, name_key)
    else:
        with call.db.read() as tx:
            usable = [passkey for passkey in _of_user(tx, user) if passkey.rp_id == rp_id]
        allowed = [(passkey.credential_id, transports(passkey)) for passkey in usable]
    return rules.request_options(challenge=challenge, rp_id=rp_id, verification=verification(pool), allowed=allowed)


def verify(call: Call, pool: Pool, passkey: Passkey, assertion: Assertion, challenge: bytes) -> Verified:
    """What the answer to `request_options` proves.

    Raises InvalidParameter, NotAuthorized, WebAuthnChallengeNotFound, WebAuthnOriginNotAllowed,
    WebAuthnRelyingPartyMismatch.
    """
    if passkey.rp_id != _rp_id(call, pool):
        raise errors.WebAuthnRelyingPartyMismatch
    expected = _expected(call, pool, "webauthn.get", challenge, passkey.rp_id)
    return rules.verified(assertion, passkey, expected)


def relying_party(call: Call, pool: Pool) -> str:
    """The relying party id: the pool's, else the host where the pool is. Raises WebAuthnConfigurationMissing."""
    rp_id = _rp_id(call, pool)
    if rp_id is None:
        raise errors.WebAuthnConfigurationMissing
    return rp_id


def has_relying_party(call: Call, pool: Pool) -> bool:
    """Whether anybody of the pool can have a passkey that leads in."""
    return _rp_id(call, pool) is not None


def verification(pool: Pool) -> Verification:
    """`UserVerification`; where a passkey counts for two factors it is always required."""
    webauthn = pool.settings.webauthn or idp.WebAuthnConfigurationType()
    is_required = webauthn.user_verification == "required" or passkeys_are_mfa(pool.settings)
    return "required" if is_required else "preferred"


def transports(passkey: Passkey) -> list[str]:
    """How the authenticator is reached, as the browser said at registration."""
    return msgspec.json.decode(passkey.transports or "[]", type=list[str])


def _require_enabled(pool: Pool) -> None:
    is_second = passkeys_are_mfa(pool.settings) and pool.settings.shape.mfa_configuration in ("OPTIONAL", "ON")
    if "WEB_AUTHN" not in first_factors.allowed(pool) and not is_second:
        raise errors.WebAuthnNotEnabled


def _require_room(has: int) -> None:
    if has >= rules.MOST_OF_USER:
        raise errors.LimitExceeded(f"A user cannot have more than {rules.MOST_OF_USER} passkeys.")


def _rp_id(call: Call, pool: Pool) -> str | None:
    webauthn = pool.settings.webauthn
    given = webauthn.relying_party_id if webauthn else None
    named = (given or urlsplit(_address(call, pool)).hostname or "").lower()
    return named if rules.is_domain(named) else None


def _address(call: Call, pool: Pool) -> str:
    with call.db.read() as tx:
        return domains.address(call, tx, pool)


def _origins(call: Call, pool: Pool, rp_id: str) -> frozenset[str]:
    """The pool's own origins that lie within the relying party id, and those that its setting adds."""
    own = [urlsplit(address) for address in (call.house.public_url, _address(call, pool))]
    within = {
        f"https://{url.netloc.lower()}"
        for url in own
        if url.scheme == "https" and f".{url.hostname or ''}".endswith(f".{rp_id}")
    }
    return frozenset(within | set(options.text(pool, "passkey_origins").split()))


def _expected(call: Call, pool: Pool, ceremony: Ceremony, challenge: bytes, rp_id: str) -> Expected:
    is_required = verification(pool) == "required"
    return Expected(ceremony, challenge, rp_id, _origins(call, pool, rp_id), is_required)


def _place(user: User) -> str:
    return f"passkey:{user.sub}"


def _registration(call: Call, pool: Pool, user: User) -> tuple[bytes, _Registration]:
    place = _place(user)
    with call.db.read() as tx:
        state = challenges.find(tx, pool.pool_id, place, call.now)
    if state is None:
        raise errors.WebAuthnChallengeNotFound
    try:
        content = call.keys.open(PURPOSE, state, pool.pool_id, place)
        return state, msgspec.msgpack.decode(content, type=_Registration)
    except (Unsealable, msgspec.MsgspecError):
        raise errors.WebAuthnChallengeNotFound from None


def _passkey(call: Call, user: User, made: Registered, rp_id: str) -> Passkey:
    return Passkey(
        pool_id=user.pool_id,
        credential_id=made.credential_id,
        sub=user.sub,
        public_key=made.public_key,
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        rp_id=rp_id,
        name=_NAME,
        attachment=made.attachment,
        transports=msgspec.json.encode(made.transports).decode(),
        aaguid=made.aaguid,
        created_at=call.now,
        used_at=None,
    )


def _of_user(tx: Transaction, user: User) -> list[Passkey]:
    return stored.page(tx, user.pool_id, user.sub, after="", limit=rules.MOST_OF_USER)


def _pretended(call: Call, pool: Pool, name_key: str) -> list[tuple[str, list[str]]]:
    """Passkeys that nobody has: most often one, each more half as often as one less."""
    draws = int.from_bytes(unknown_users.digest(call, "passkeys", pool.pool_id, name_key), "big")
    # As many as there are ones before the first zero.
    more = (~draws & (draws + 1)).bit_length() - 1
    count = min(1 + more, rules.MOST_OF_USER)
    return sorted(_pretended_one(call, pool, f"{number} {name_key}") for number in range(count))


def _pretended_one(call: Call, pool: Pool, name: str) -> tuple[str, list[str]]:
    digest = unknown_users.digest(call, "passkey", pool.pool_id, name)
    kind = unknown_users.digest(call, "passkey kind", pool.pool_id, name)
    size = _PRETENDED_ID_BYTES[kind[0] % len(_PRETENDED_ID_BYTES)]
    return to_id(digest[:size]), list(_PRETENDED_TRANSPORTS[kind[1] % len(_PRETENDED_TRANSPORTS)])


def _tell(
    call: Call,
    tx: Transaction,
    signed_in: SignedInUser,
    kind: Literal["passkey_added", "passkey_removed"],
    credential_id: str,
) -> None:
    fact = Fact(client_id=signed_in.client.client_id, names=[credential_id])
    tell(call, tx, signed_in.pool.pool_id, kind, signed_in.user.sub, fact)
