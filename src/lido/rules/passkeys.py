"""Passkeys: what is asked of a browser, and what must be true of its answer (WebAuthn level 3, sections 7.1 and 7.2).

The bytes are taken apart next door (credential_data.py); what to accept is decided here. Attestation is neither asked
for nor trusted: it is parsed, and what it says about its maker is ignored.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from hmac import compare_digest
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from lido import errors
from lido.records import Passkey
from lido.rules import base64url, credential_data

NOT_VALID = "Credential data is not valid"
ALGORITHMS = (-7, -257, -8)
"""What is offered, by COSE number, the liked ones first: ES256 and RS256 as on Cognito, and EdDSA."""
MOST_OF_USER = 20

_LONGEST_ID = 1_023
_LONGEST_PART = 16_384
_LONGEST_ANSWER = 65_536
_TRANSPORT = re.compile(r"[a-z][a-z-]{0,31}\Z")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]{1,253})(:[0-9]{1,5})?\Z")
_DOMAIN = re.compile(r"(?=.{1,127}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
Ceremony = Literal["webauthn.create", "webauthn.get"]
Result = TypeVar("Result")


class Expected(Struct, frozen=True):
    """What an answer must fit. `origins` are allowed beside those that the relying party id allows."""

    ceremony: Ceremony
    challenge: bytes
    rp_id: str
    origins: Collection[str]
    verification: bool


class Registered(Struct, frozen=True):
    """A new credential, as it will be stored; ids are base64url, `public_key` is COSE in CBOR."""

    credential_id: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    attachment: str | None
    transports: tuple[str, ...]
    aaguid: str


class Assertion(Struct, frozen=True):
    """An answer to a sign-in's challenge, taken apart and not yet believed. `user_handle` is None where none came."""

    credential_id: str
    user_handle: bytes | None
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


class Verified(Struct, frozen=True):
    """What a right answer says: whether the authenticator verified its user, and what to store."""

    user_verified: bool
    sign_count: int
    backed_up: bool


class _ClientData(Struct, rename="camel"):
    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: Any = None


class _CreateResponse(Struct, rename="camel"):
    attestation_object: str
    client_data: str = field(name="clientDataJSON")
    transports: list[str] | None = None


class _GetResponse(Struct, rename="camel"):
    authenticator_data: str
    signature: str
    client_data: str = field(name="clientDataJSON")
    user_handle: str | None = None


class _Properties(Struct, frozen=True):
    rk: bool | None = None


class _Extensions(Struct, rename="camel", frozen=True):
    cred_props: _Properties = _Properties()


class _Created(Struct, rename="camel"):
    id: str
    type: Literal["public-key"]
    response: _CreateResponse
    raw_id: str | None = None
    authenticator_attachment: str | None = None
    client_extension_results: _Extensions = _Extensions()


class _Got(Struct, rename="camel"):
    id: str
    type: Literal["public-key"]
    response: _GetResponse
    raw_id: str | None = None


def is_domain(text: str) -> bool:
    """Whether `text` can be a relying party id: a domain in lower case, neither an address nor a URL."""
    return _DOMAIN.match(text) is not None


def is_origin_of(origin: str, rp_id: str) -> bool:
    """Whether pages of that origin may use the relying party id, going by its name alone.

    `https` at the domain or below it, on the usual port; for `localhost` (and below) also `http`, on any port.
    """
    found = _ORIGIN.match(origin)
    if found is None:
        return False
    scheme, host, port = found.groups()
    if host != rp_id and not host.endswith("." + rp_id):
        return False
    is_local = rp_id == "localhost" or rp_id.endswith(".localhost")
    return is_local or (scheme == "https" and port is None)


def is_credential_id(text: str) -> bool:
    """Whether `text` is base64url of 1 to 1023 bytes."""
    try:
        return 1 <= len(_part(text)) <= _LONGEST_ID
    except ValueError:
        return False


def counts_on(stored: int, given: int) -> bool:
    """Whether a counter went on; zero twice is an authenticator that does not count."""
    return given > stored or given == stored == 0


def creation_options(
    *, challenge: bytes, rp_id: str, sub: str, username: str, verification: str, known: Collection[str]
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON, as StartWebAuthnRegistration gives it; `known` are ids not to repeat."""
    return {
        "challenge": base64url.encode(challenge),
        "rp": {"id": rp_id, "name": rp_id},
        "user": {"id": base64url.encode(sub.encode()), "name": username, "displayName": username},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
        "timeout": 60_000,
        "excludeCredentials": [{"type": "public-key", "id": credential_id} for credential_id in known],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": verification,
        },
    }


def request_options(
    *, challenge: bytes, rp_id: str, verification: str, allowed: Collection[tuple[str, Collection[str]]]
) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON; `allowed` are ids of credentials, each with its transports."""
    return {
        "challenge": base64url.encode(challenge),
        "timeout": 180_000,
        "rpId": rp_id,
        "allowCredentials": [
            {"type": "public-key", "id": credential_id, **({"transports": [*transports]} if transports else {})}
            for credential_id, transports in allowed
        ],
        "userVerification": verification,
    }


def registered(document: Mapping[str, Any], expected: Expected) -> Registered:
    """The credential that a RegistrationResponseJSON tells of (section 7.1).

    Raises InvalidParameter, WebAuthnChallengeNotFound, WebAuthnOriginNotAllowed, WebAuthnRelyingPartyMismatch,
    WebAuthnCredentialNotSupported.
    """
    return _parsed(lambda: _registered(document, expected))


def assertion(text: str) -> Assertion:
    """The AuthenticationResponseJSON in `text`, bounded and well-formed. Raises InvalidParameter."""
    return _parsed(lambda: _assertion(text))


def verified(given: Assertion, passkey: Passkey, expected: Expected) -> Verified:
    """What the answer proves with that passkey (section 7.2); its counter is for the caller to judge.

    Raises NotAuthorized for a wrong signature, or what `registered` raises.
    """
    return _parsed(lambda: _verified(given, passkey, expected))


def _parsed(read: Callable[[], Result]) -> Result:
    try:
        return read()
    except credential_data.MALFORMED:
        raise errors.InvalidParameter(NOT_VALID) from None


def _registered(document: Mapping[str, Any], expected: Expected) -> Registered:
    created, client_data = _created(document)
    _check_client_data(client_data, expected)
    data = credential_data.authenticator_data(credential_data.attested(_part(created.response.attestation_object)))
    _check_authenticator_data(data, expected)
    credential = data.credential_data
    if credential is None or credential.credential_id != _id(created.id, created.raw_id):
        raise ValueError("no credential of that id")
    if created.client_extension_results.cred_props.rk is False:
        raise ValueError("not discoverable")
    attachment = created.authenticator_attachment
    return Registered(
        credential_id=created.id,
        public_key=credential_data.sound_key(credential.public_key, ALGORITHMS),
        sign_count=data.counter,
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backed_up(),
        attachment=attachment if attachment in ("platform", "cross-platform") else None,
        transports=_transports(created.response.transports or []),
        aaguid=str(credential.aaguid),
    )


def _created(document: Mapping[str, Any]) -> tuple[_Created, bytes]:
    created = msgspec.convert(document, _Created)
    return created, _part(created.response.client_data)


def _assertion(text: str) -> Assertion:
    if len(text) > _LONGEST_ANSWER:
        raise ValueError("too long")
    got = msgspec.json.decode(text, type=_Got)
    _id(got.id, got.raw_id)
    handle = got.response.user_handle
    return Assertion(
        credential_id=got.id,
        user_handle=_part(handle) if handle else None,
        client_data=_part(got.response.client_data),
        authenticator_data=_part(got.response.authenticator_data),
        signature=_part(got.response.signature),
    )


def _verified(given: Assertion, passkey: Passkey, expected: Expected) -> Verified:
    if given.credential_id != passkey.credential_id:
        raise errors.NotAuthorized
    if given.user_handle is not None and given.user_handle != passkey.sub.encode():
        raise errors.NotAuthorized
    _check_client_data(given.client_data, expected)
    data = credential_data.authenticator_data(given.authenticator_data)
    _check_authenticator_data(data, expected)
    if data.is_backup_eligible() != passkey.backup_eligible:
        raise errors.NotAuthorized
    signed = given.authenticator_data + hashlib.sha256(given.client_data).digest()
    if not credential_data.is_signed(passkey.public_key, signed, given.signature):
        raise errors.NotAuthorized
    return Verified(data.is_user_verified(), data.counter, data.is_backed_up())


def _part(text: str) -> bytes:
    """One binary member, which travels as base64url."""
    if len(text) > _LONGEST_PART * 4 // 3 + 4:
        raise ValueError("too long")
    return base64url.decode(text)


def _id(text: str, raw: str | None) -> bytes:
    if not is_credential_id(text) or raw not in (None, text):
        raise ValueError("not a credential id")
    return _part(text)


def _transports(given: list[str]) -> tuple[str, ...]:
    """What helps the browser next time; names that this house does not know are kept, as the standard asks."""
    return tuple(dict.fromkeys(name for name in given[:16] if _TRANSPORT.match(name)))


def _client_data(content: bytes) -> _ClientData:
    return msgspec.json.decode(content, type=_ClientData)


def _check_client_data(content: bytes, expected: Expected) -> None:
    data = _client_data(content)
    if data.type != expected.ceremony:
        raise ValueError("another ceremony")
    if not compare_digest(base64url.decode(data.challenge), expected.challenge):
        raise errors.WebAuthnChallengeNotFound
    # A page within another site's page may not sign anybody in.
    is_framed = data.cross_origin or data.top_origin is not None
    is_ours = data.origin in expected.origins or is_origin_of(data.origin, expected.rp_id)
    if is_framed or not is_ours:
        raise errors.WebAuthnOriginNotAllowed


def _check_authenticator_data(data: Any, expected: Expected) -> None:
    if not compare_digest(data.rp_id_hash, hashlib.sha256(expected.rp_id.encode()).digest()):
        raise errors.WebAuthnRelyingPartyMismatch
    if not data.is_user_present() or (expected.verification and not data.is_user_verified()):
        raise ValueError("the user was not there")
    if data.is_backed_up() and not data.is_backup_eligible():
        raise ValueError("backed up, and yet not able to be")
