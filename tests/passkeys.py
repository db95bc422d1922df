"""A passkey in software: answers the options of both ceremonies as a browser and its authenticator would.

What is passed by name spoils an answer in one place; see `Making` and `Signing` for what can be.
"""

import hashlib
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import websafe_decode, websafe_encode

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ORIGIN = "https://example.com"
AAGUID = bytes.fromhex("00112233445566778899aabbccddeeff")

_RSA = rsa.generate_private_key(65_537, 2_048)


class Authenticator:
    """One credential of one user. `algorithm` is -7, -257 or -8; `counts` makes its counter go on."""

    def __init__(
        self, *, algorithm: int = -7, credential_id: bytes = b"", origin: str = ORIGIN, counts: bool = True
    ) -> None:
        self._private, self.cose = _key(algorithm)
        self.credential_id = credential_id or hashlib.sha256(cbor.encode(dict(self.cose))).digest()
        self.origin = origin
        self.counts = counts
        self.count = 0
        self.user_handle = b""
        self.flags = UP | UV | BE

    @property
    def id(self) -> str:
        return websafe_encode(self.credential_id)

    def create(
        self,
        options: dict[str, Any],
        *,
        client: dict[str, Any] | None = None,
        flags: int | None = None,
        rp_id: str | None = None,
        public_key: bytes | None = None,
        auth_data: bytes | None = None,
        attestation: bytes | None = None,
        fmt: str = "none",
        **members: Any,
    ) -> dict[str, Any]:
        """RegistrationResponseJSON. `client` changes the client data, `members` the answer itself."""
        self.user_handle = websafe_decode(options["user"]["id"])
        credential = AAGUID + struct.pack(">H", len(self.credential_id)) + self.credential_id
        credential += cbor.encode(dict(self.cose)) if public_key is None else public_key
        if auth_data is None:
            auth_data = self._auth_data(rp_id or options["rp"]["id"], self.flags | AT if flags is None else flags)
            auth_data += credential
        statement = {"alg": -7, "sig": b"of a maker"} if fmt == "packed" else {}
        if attestation is None:
            attestation = cbor.encode({"fmt": fmt, "attStmt": statement, "authData": auth_data})
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": websafe_encode(self._client_data("webauthn.create", options["challenge"], client)),
                "attestationObject": websafe_encode(attestation),
                "transports": ["hybrid", "internal"],
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
            **members,
        }

    def get(
        self,
        options: dict[str, Any],
        *,
        client: dict[str, Any] | None = None,
        flags: int | None = None,
        rp_id: str | None = None,
        count: int | None = None,
        user_handle: bytes | None = None,
        signature: bytes | None = None,
        **members: Any,
    ) -> dict[str, Any]:
        """AuthenticationResponseJSON."""
        if self.counts:
            self.count += 1
        auth_data = self._auth_data(rp_id or options["rpId"], self.flags if flags is None else flags, count)
        client_data = self._client_data("webauthn.get", options["challenge"], client)
        signed = auth_data + hashlib.sha256(client_data).digest()
        handle = self.user_handle if user_handle is None else user_handle
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "response": {
                "clientDataJSON": websafe_encode(client_data),
                "authenticatorData": websafe_encode(auth_data),
                "signature": websafe_encode(self._signature(signed) if signature is None else signature),
                "userHandle": websafe_encode(handle),
            },
            "clientExtensionResults": {},
            **members,
        }

    def _auth_data(self, rp_id: str, flags: int, count: int | None = None) -> bytes:
        hashed = hashlib.sha256(rp_id.encode()).digest()
        return hashed + struct.pack(">BI", flags, self.count if count is None else count)

    def _client_data(self, ceremony: str, challenge: str, changes: dict[str, Any] | None) -> bytes:
        told = {"type": ceremony, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told | (changes or {})).encode()

    def _signature(self, message: bytes) -> bytes:
        private = self._private
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(message, ec.ECDSA(hashes.SHA256()))
        if isinstance(private, rsa.RSAPrivateKey):
            return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return private.sign(message)


def _key(
    algorithm: int,
) -> tuple[ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, CoseKey]:
    if algorithm == -257:
        return _RSA, RS256.from_cryptography_key(_RSA.public_key())
    if algorithm == -8:
        edwards = ed25519.Ed25519PrivateKey.generate()
        return edwards, EdDSA.from_cryptography_key(edwards.public_key())
    curve = ec.generate_private_key(ec.SECP256R1())
    return curve, ES256.from_cryptography_key(curve.public_key())
