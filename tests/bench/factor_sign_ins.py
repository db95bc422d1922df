"""Sign-ins with further factors: on a remembered device, by an authenticator app, by passkey, by a code."""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from tests.bench import srp_client
from tests.bench.factor_people import DEVICE_PASSWORD, RELYING_PARTY, Factored, Guests, device_of
from tests.bench.load import Ask, Conversation, Workload
from tests.bench.people import PASSWORD
from tests.bench.srp_client import EphemeralKey
from tests.bench.wire import Client
from tests.bench.workloads import for_tokens, sign_ins

from lido.assembly import KeyRing
from lido.flows import progress
from lido.flows.progress import Progress
from lido.rules import base64url, totp

_CODE = "24681357"
_USER_PRESENT_AND_VERIFIED = b"\x05"
_NO_COUNTER = bytes(4)


def workloads(port: int, people: Factored) -> dict[str, Workload]:
    """What the load generator says, by name."""

    def client(guests: Guests) -> Client:
        return Client(port, guests.client_id)

    said = {
        "device": RememberedDevice(client(people.devices), people.devices),
        "totp": Authenticator(client(people.authenticators), people.authenticators, people.seed),
        "passkey": Passkey(client(people.passkeys), people.passkeys, people.passkey),
        "email_code": EmailCode(client(people.addresses), people.addresses, people.keys),
    }
    return {name: (port, workload) for name, workload in said.items()}


class RememberedDevice(NamedTuple):
    """All four calls of an SRP sign-in on a device that shows by SRP that it is the remembered one."""

    client: Client
    guests: Guests

    def __call__(self) -> Iterator[Conversation]:
        keys = srp_client.ephemeral_keys()
        return sign_ins(self.guests.usernames, lambda username: self._sign_in(username, next(keys), next(keys)))

    def _sign_in(self, username: str, key: EphemeralKey, of_device: EphemeralKey) -> Conversation:
        client, pool_id = self.client, self.guests.pool_id
        device_key, group_key = device_of(pool_id, username)
        device = {"USERNAME": username, "DEVICE_KEY": device_key}
        started = yield Ask(client.initiate("USER_SRP_AUTH", **device, SRP_A=key.public_hex), last=False)
        claim = key.of_user(pool_id, PASSWORD, _parameters(started))
        known = yield Ask(client.respond("PASSWORD_VERIFIER", **device | claim), last=False)
        begun = client.respond("DEVICE_SRP_AUTH", _session(known), **device, SRP_A=of_device.public_hex)
        asked = yield Ask(begun, last=False)
        claim = of_device.claim(group_key, device_key, DEVICE_PASSWORD, _parameters(asked))
        yield for_tokens(client.respond("DEVICE_PASSWORD_VERIFIER", **device, **claim))


class Authenticator(NamedTuple):
    """Both calls of a sign-in by password and TOTP. Nobody uses a code twice: who comes again takes the next one."""

    client: Client
    guests: Guests
    seed: bytes

    def __call__(self) -> Iterator[Conversation]:
        used: dict[str, int] = {}
        return sign_ins(self.guests.usernames, lambda username: self._sign_in(username, used))

    def _sign_in(self, username: str, used: dict[str, int]) -> Conversation:
        password = {"USERNAME": username, "PASSWORD": PASSWORD}
        started = yield Ask(self.client.initiate("USER_PASSWORD_AUTH", **password), last=False)
        step = max(totp.step_at(int(time.time() * 1_000)), used.get(username, 0) + 1)
        used[username] = step
        answers = {"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": totp.code_at(self.seed, step)}
        yield for_tokens(self.client.respond("SOFTWARE_TOKEN_MFA", _session(started), **answers))


class Passkey(NamedTuple):
    """Both calls of a sign-in by a passkey that verifies its user and, as synced ones do, counts nothing."""

    client: Client
    guests: Guests
    private: bytes

    def __call__(self) -> Iterator[Conversation]:
        private = load_der_private_key(self.private, None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return sign_ins(self.guests.usernames, lambda username: self._sign_in(username, private))

    def _sign_in(self, username: str, private: ec.EllipticCurvePrivateKey) -> Conversation:
        started = yield Ask(_choosing(self.client, username, "WEB_AUTHN"), last=False)
        options = json.loads(_parameters(started)["CREDENTIAL_REQUEST_OPTIONS"])
        credential = json.dumps(_assertion(options, private))
        yield for_tokens(self.client.respond("WEB_AUTHN", _session(started), USERNAME=username, CREDENTIAL=credential))


class EmailCode(NamedTuple):
    """Both calls of a sign-in by a code that is sent by e-mail.

    What the server knows of the code travels sealed in the session. Here it is sealed anew, with the server's own
    key, as if a known code had been sent: to read the outbox would cost the database time that is no sign-in's.
    """

    client: Client
    guests: Guests
    keys: KeyRing

    def __call__(self) -> Iterator[Conversation]:
        return sign_ins(self.guests.usernames, self._sign_in)

    def _sign_in(self, username: str) -> Conversation:
        started = yield Ask(_choosing(self.client, username, "EMAIL_OTP"), last=False)
        session = self._with_known_code(_session(started))
        yield for_tokens(self.client.respond("EMAIL_OTP", session, USERNAME=username, EMAIL_OTP_CODE=_CODE))

    def _with_known_code(self, session: str) -> str:
        pool_id = self.guests.pool_id
        client_id, blob = progress.read(session)
        place = ("session", pool_id, client_id, "EMAIL_OTP")
        begun = msgspec.msgpack.decode(self.keys.open(place[0], blob, *place[1:]), type=Progress)
        _, destination = msgspec.msgpack.decode(begun.secret)
        digest = self.keys.mac("sign-in code", pool_id, begun.subject, _CODE)
        known = msgspec.structs.replace(begun, secret=msgspec.msgpack.encode((digest, destination)))
        return progress.write(client_id, self.keys.seal(place[0], msgspec.msgpack.encode(known), *place[1:]))


def _choosing(client: Client, username: str, factor: str) -> bytes:
    return client.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE=factor)


def _session(answer: bytes) -> str:
    return str(json.loads(answer)["Session"])


def _parameters(answer: bytes) -> dict[str, str]:
    return dict(json.loads(answer)["ChallengeParameters"])


def _assertion(options: dict[str, Any], private: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """AuthenticationResponseJSON (WebAuthn level 3, section 5.5)."""
    told = {"type": "webauthn.get", "challenge": options["challenge"], "origin": f"https://{RELYING_PARTY}"}
    client_data = json.dumps(told | {"crossOrigin": False}).encode()
    data = hashlib.sha256(RELYING_PARTY.encode()).digest() + _USER_PRESENT_AND_VERIFIED + _NO_COUNTER
    signature = private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
    credential_id = options["allowCredentials"][0]["id"]
    response = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signature}
    return {
        "id": credential_id,
        "rawId": credential_id,
        "type": "public-key",
        "response": {name: base64url.encode(value) for name, value in response.items()},
        "clientExtensionResults": {},
    }
