"""People with further factors, each kind in a small pool of its own, in the same tables as everybody.

What belongs to a factor is the same for all of a pool where the server cannot tell, or follows from the username.
"""

import hashlib
import os
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fido2 import cbor
from fido2.cose import ES256
from tests.bench import people
from tests.bench.people import Insert, Possession

from lido.assembly import KeyRing, Lido
from lido.flows import devices, totp
from lido.records import DeviceStatus, Factor
from lido.rules import base64url, identifiers, srp
from lido.rules.totp import SEED_BYTES

DEVICE_PASSWORD = "what a device has made up"
RELYING_PARTY = "example.com"

_SOME = 500
# A TOTP code is good once for each user, and an address gets twenty messages an hour.
_MANY = 1_000 * (os.cpu_count() or 1)
_TOTP_KEYS = "pool_id, sub, id, seed, verified, last_step, created_at"
_PASSKEYS = "pool_id, credential_id, sub, public_key, sign_count, backup_eligible, backed_up, rp_id, created_at"
_DEVICES = "pool_id, sub, device_key, group_key, status, verifier, created_at, modified_at, last_signed_in_at"


class Guests(NamedTuple):
    """A pool, its app client, and who can sign in there."""

    pool_id: str
    client_id: str
    usernames: list[str]


class Factored(NamedTuple):
    """The pools by factor, and what their people prove it with: one seed, one passkey (PKCS #8) for all.

    `keys` are the server's own: who has them can tell a sign-in which code was sent.
    """

    devices: Guests
    authenticators: Guests
    passkeys: Guests
    addresses: Guests
    seed: bytes
    passkey: bytes
    keys: KeyRing


def write(lido: Lido, insert: Insert, ask: Callable[..., Any], say: Callable[[str], None]) -> Factored:
    """Make the pools by `ask`ing for operations, and write their people."""
    seed = lido.entropy.bytes(SEED_BYTES)
    private = ec.generate_private_key(ec.SECP256R1())
    public = cbor.encode(dict(ES256.from_cryptography_key(private.public_key())))

    def guests(pool: tuple[str, str], count: int, has: Possession | None, *, by_srp: bool = False) -> Guests:
        numbers = range(count)
        people.fill(lido, insert, pool[0], count, by_srp=numbers if by_srp else range(0), say=say, has=has)
        return Guests(*pool, people.usernames(numbers))

    remembering = _pool(ask, "USER_SRP", DeviceConfiguration={"ChallengeRequiredOnNewDevice": False})
    guarded = _pool(ask, "USER_PASSWORD")
    mfa = {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    ask("SetUserPoolMfaConfig", UserPoolId=guarded[0], **mfa)
    passwordless = _pool(ask, "USER", **_first_factors("WEB_AUTHN"))
    webauthn = {"RelyingPartyId": RELYING_PARTY, "UserVerification": "preferred"}
    ask("SetUserPoolMfaConfig", UserPoolId=passwordless[0], WebAuthnConfiguration=webauthn)
    written_to = _pool(ask, "USER", **_first_factors("EMAIL_OTP"))
    return Factored(
        devices=guests(remembering, _SOME, _device(lido, remembering[0]), by_srp=True),
        authenticators=guests(guarded, _MANY, _authenticator(lido, guarded[0], seed)),
        passkeys=guests(passwordless, _SOME, _passkey(lido, passwordless[0], public)),
        addresses=guests(written_to, _MANY, None),
        seed=seed,
        passkey=private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        # The ring of the house holds a lock, which goes into no other process.
        keys=KeyRing([*lido.keys._masters.values()], os.urandom),
    )


def device_of(pool_id: str, username: str) -> tuple[str, str]:
    """The key of a user's device, and its group key."""
    key = identifiers.device_key(pool_id.partition("_")[0], hashlib.sha256(username.encode()).digest()[:16])
    return key, identifiers.device_group_key(hashlib.sha256(key.encode()).digest())


def _pool(ask: Callable[..., Any], flow: str, **settings: Any) -> tuple[str, str]:
    """A pool and its client, by id, for one flow."""
    pool_id = ask("CreateUserPool", PoolName="bench", **settings)["UserPool"]["Id"]
    flows = [f"ALLOW_{flow}_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName="bench", ExplicitAuthFlows=flows)
    return pool_id, client["UserPoolClient"]["ClientId"]


def _first_factors(*names: str) -> dict[str, Any]:
    return {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *names]}}}


def _device(lido: Lido, pool_id: str) -> Possession:
    now, salt = lido.clock.now(), lido.entropy.bytes(srp.SALT_BYTES)

    def row(sub: str, username: str) -> tuple[Any, ...]:
        key, group_key = device_of(pool_id, username)
        verifier = srp.pad(srp.verifier(srp.x(group_key, key, DEVICE_PASSWORD, salt)))
        sealed = lido.keys.seal(devices.PURPOSE, msgspec.msgpack.encode((salt, verifier)), pool_id, sub, key)
        return pool_id, sub, key, group_key, int(DeviceStatus.REMEMBERED), sealed, now, now, now

    return Possession(Factor.NONE, "devices", _DEVICES, row)


def _authenticator(lido: Lido, pool_id: str, seed: bytes) -> Possession:
    now = lido.clock.now()

    def row(sub: str, _username: str) -> tuple[Any, ...]:
        key_id = str(uuid.uuid4())
        return pool_id, sub, key_id, lido.keys.seal(totp.PURPOSE, seed, pool_id, sub, key_id), True, 0, now

    return Possession(Factor.TOTP, "totp_keys", _TOTP_KEYS, row)


def _passkey(lido: Lido, pool_id: str, public: bytes) -> Possession:
    now = lido.clock.now()

    def row(sub: str, username: str) -> tuple[Any, ...]:
        credential_id = base64url.encode(hashlib.sha256(username.encode()).digest())
        return pool_id, credential_id, sub, public, 0, False, False, RELYING_PARTY, now

    return Possession(Factor.PASSKEY, "passkeys", _PASSKEYS, row)
