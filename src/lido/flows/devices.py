"""Devices: named by a sign-in, confirmed with a verifier of their own, remembered or not, and forgotten.

Until it is confirmed a device is only a key in the session and the access token of the sign-in that named it;
nothing is stored of devices that nobody confirms.
"""

import binascii
import hashlib
from typing import Final

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import access, factors
from lido.flows.access import SignedInUser
from lido.flows.events import Fact, Kind, tell
from lido.flows.progress import INVALID
from lido.flows.scenes import Scene
from lido.records import Device, DeviceStatus, Pool, Session, User
from lido.rules import identifiers, srp
from lido.shapes.idp import DeviceConfigurationType, DeviceSecretVerifierConfigType
from lido.storage import devices, sessions, spent
from lido.storage.database import Transaction

PURPOSE: Final = "device verifier"
UNKNOWN: Final = "Device does not exist."

_INVALID_KEY = "Invalid device key given."
_LONGEST_SALT = 64


class NewDevice(msgspec.Struct, frozen=True):
    """What a device is told that is not known (`NewDeviceMetadata`)."""

    key: str
    group_key: str


class _Material(msgspec.Struct, frozen=True, array_like=True):
    """What stands sealed in a device's row."""

    salt: bytes
    verifier: bytes


_decode = msgspec.msgpack.Decoder(_Material).decode


def tracking(pool: Pool) -> DeviceConfigurationType:
    """How the pool remembers devices. Raises InvalidUserPoolConfiguration where it does not."""
    found = pool.settings.shape.device_configuration
    if found is None:
        raise errors.InvalidUserPoolConfiguration("Device tracking is not enabled for the user pool.")
    return found


def named(call: Call, scene: Scene) -> NewDevice | None:
    """A name for the device that somebody signs in on; None where it has one, or the pool remembers no devices."""
    if scene.device is not None or scene.pool.settings.shape.device_configuration is None:
        return None
    key = identifiers.device_key(scene.pool.region, call.entropy.bytes(16))
    return NewDevice(key, _group_key(key))


def _group_key(device_key: str) -> str:
    # It separates realms and keeps no secret: that it follows from the key saves a row before the device is confirmed.
    return identifiers.device_group_key(hashlib.sha256(device_key.encode()).digest())


def note_sign_in(call: Call, tx: Transaction, device: Device) -> None:
    """Somebody signs in on that device. Raises NotAuthorized when it was forgotten or changed meanwhile."""
    if not devices.use(tx, device, address=call.address, now=call.now):
        raise errors.NotAuthorized(INVALID)


def bound_to(tx: Transaction, pool: Pool, session: Session) -> str | None:
    """The key of the confirmed device without which the session is not continued."""
    if session.device_key is None or pool.settings.shape.device_configuration is None:
        return None
    device = devices.find(tx, session.pool_id, session.sub, session.device_key)
    return device.device_key if device else None


def in_question(scene: Scene) -> tuple[User, Device]:
    """The user and the device that the sign-in named. Raises NotAuthorized where there is none."""
    if scene.user is None or scene.device is None:
        raise errors.NotAuthorized(INVALID)
    return scene.user, scene.device


def open_verifier(call: Call, device: Device) -> tuple[bytes, int]:
    """Salt and SRP verifier of a confirmed device."""
    blob = call.keys.open(PURPOSE, device.verifier or b"", device.pool_id, device.sub, device.device_key)
    material = _decode(blob)
    return material.salt, int.from_bytes(material.verifier, "big")


def confirm(
    call: Call,
    signed_in: SignedInUser,
    device_key: str,
    config: DeviceSecretVerifierConfigType | None,
    name: str | None,
) -> bool:
    """Keep the verifier of the device that the token was issued to; whether its user must still ask for remembering.

    What may stand for a second factor is made soon after signing in only (option `factor_change_max_age`).
    Raises InvalidUserPoolConfiguration, InvalidParameter, DeviceKeyExists, NotAuthorized (ConfirmDevice).
    """
    pool, sub = signed_in.pool, signed_in.user.sub
    asks = bool(tracking(pool).device_only_remembered_on_user_prompt)
    access.require_recent(call, signed_in)
    if signed_in.claims.get("device_key") != device_key:
        raise errors.InvalidParameter(_INVALID_KEY)
    material = msgspec.msgpack.encode(_material(config))
    device = Device(
        pool_id=pool.pool_id,
        sub=sub,
        device_key=device_key,
        group_key=_group_key(device_key),
        name=name,
        status=DeviceStatus.NOT_REMEMBERED if asks else DeviceStatus.REMEMBERED,
        verifier=call.keys.seal(PURPOSE, material, pool.pool_id, sub, device_key),
        last_ip=call.address or None,
        created_at=call.now,
        modified_at=call.now,
        last_signed_in_at=int(signed_in.claims["auth_time"]) * 1000,
    )
    with call.db.write() as tx:
        factors.locked(tx, signed_in)
        if devices.find(tx, pool.pool_id, sub, device_key) is not None:
            raise errors.DeviceKeyExists
        # A forgotten device stays so, whatever token of it still lives.
        if not spent.spend(tx, pool.pool_id, f"device {device_key}", call.now + sessions.LONGEST_ACCESS_TOKEN_MS):
            raise errors.InvalidParameter(_INVALID_KEY)
        devices.add(tx, device)
        fact = Fact(client_id=signed_in.client.client_id, names=[device_key])
        tell(call, tx, pool.pool_id, "device_confirmed", sub, fact)
    return asks


def _material(config: DeviceSecretVerifierConfigType | None) -> _Material:
    if config is None or not config.salt or not config.password_verifier:
        raise errors.InvalidParameter("DeviceSecretVerifierConfig must have Salt and PasswordVerifier.")
    try:
        salt = binascii.a2b_base64(config.salt, strict_mode=True)
        verifier = binascii.a2b_base64(config.password_verifier, strict_mode=True)
    except ValueError:
        raise errors.InvalidParameter("DeviceSecretVerifierConfig must be Base64.") from None
    if not salt.strip(b"\0") or len(salt) > _LONGEST_SALT:
        raise errors.InvalidParameter
    return _Material(salt, srp.pad(srp.parse_verifier(verifier)))


def require(tx: Transaction, pool: Pool, user: User, device_key: str) -> Device:
    """The user's device. Raises InvalidUserPoolConfiguration, ResourceNotFound."""
    tracking(pool)
    device = devices.find(tx, pool.pool_id, user.sub, device_key)
    if device is None:
        raise errors.ResourceNotFound(UNKNOWN)
    return device


def remember_own(call: Call, signed_in: SignedInUser, device_key: str, status: DeviceStatus) -> None:
    """The user remembers one of their devices, soon after signing in only, or does not any more.

    Raises InvalidUserPoolConfiguration, ResourceNotFound, NotAuthorized.
    """
    tracking(signed_in.pool)
    if status == DeviceStatus.REMEMBERED:
        access.require_recent(call, signed_in)
    with call.db.write() as tx:
        remember(call, tx, signed_in.pool, signed_in.user, device_key, status)


def remember(call: Call, tx: Transaction, pool: Pool, user: User, device_key: str, status: DeviceStatus) -> None:
    """Remember the device, or not. Raises InvalidUserPoolConfiguration, ResourceNotFound."""
    tracking(pool)
    if not devices.set_status(tx, pool.pool_id, user.sub, device_key, status=status, now=call.now):
        raise errors.ResourceNotFound(UNKNOWN)
    kind: Kind = "device_remembered" if status == DeviceStatus.REMEMBERED else "device_not_remembered"
    tell(call, tx, pool.pool_id, kind, user.sub, Fact(names=[device_key]))


def forget(call: Call, tx: Transaction, pool: Pool, user: User, device_key: str) -> None:
    """Forget the device and end the sessions that began on it.

    Raises InvalidUserPoolConfiguration, ResourceNotFound.
    """
    tracking(pool)
    if not devices.remove(tx, pool.pool_id, user.sub, device_key):
        raise errors.ResourceNotFound(UNKNOWN)
    sessions.revoke_of_device(tx, pool.pool_id, user.sub, device_key, call.now)
    tell(call, tx, pool.pool_id, "device_forgotten", user.sub, Fact(names=[device_key]))
