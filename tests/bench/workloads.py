"""What the connections say: requests repeated, people signing up, people signing in by SRP."""

import hashlib
import json
import random
import time
from base64 import b64decode
from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import gmpy2
from tests.bench.load import Ask, Conversation
from tests.bench.people import PASSWORD
from tests.bench.wire import request

from lido.rules import srp

_PAIRS = 256


class Repeated(NamedTuple):
    """The same requests again and again, each connection taking the next."""

    requests: list[bytes]

    def __call__(self) -> Iterator[Conversation]:
        following = cycle(self.requests)
        while True:
            yield _repeat(following)


def _repeat(following: Iterator[bytes]) -> Conversation:
    for prepared in following:
        yield Ask(prepared)


class SigningUp(NamedTuple):
    """New people, each with a name of their own."""

    port: int
    client_id: str

    def __call__(self) -> Iterator[Conversation]:
        run = f"{random.getrandbits(40):010x}"
        template = request(
            self.port,
            "SignUp",
            {
                "ClientId": self.client_id,
                "Username": f"new-{run}-#########",
                "Password": PASSWORD,
                "UserAttributes": [{"Name": "email", "Value": f"{run}-#########@example.com"}],
            },
        )
        numbers = iter(range(10**9))
        while True:
            yield _sign_up(template, numbers)


def _sign_up(template: bytes, numbers: Iterator[int]) -> Conversation:
    for number in numbers:
        yield Ask(template.replace(b"#########", b"%09d" % number))


class SecureRemotePassword(NamedTuple):
    """Both calls of an SRP sign-in. The client's a and A were made before; its last power is made here, on the way."""

    port: int
    pool_id: str
    client_id: str
    usernames: list[str]

    def __call__(self) -> Iterator[Conversation]:
        pairs = [(a, int(gmpy2.powmod(srp.G, a, srp.N))) for a in (random.getrandbits(256) for _ in range(_PAIRS))]
        following, people = cycle(pairs), cycle(self.usernames)
        while True:
            yield self._sign_in(following, people)

    def _sign_in(self, pairs: Iterator[tuple[int, int]], people: Iterator[str]) -> Conversation:
        for username in people:
            a, public = next(pairs)
            answered = yield Ask(self._start(username, public), last=False)
            challenge = json.loads(answered)["ChallengeParameters"]
            yield Ask(self._answer(username, a, public, challenge))

    def _start(self, username: str, public: int) -> bytes:
        parameters = {"USERNAME": username, "SRP_A": f"{public:x}"}
        members = {"AuthFlow": "USER_SRP_AUTH", "ClientId": self.client_id, "AuthParameters": parameters}
        return request(self.port, "InitiateAuth", members)

    def _answer(self, username: str, a: int, public: int, challenge: dict[str, str]) -> bytes:
        realm, identity = self.pool_id.partition("_")[2], challenge["USER_ID_FOR_SRP"]
        theirs, salt = int(challenge["SRP_B"], 16), bytes.fromhex(challenge["SALT"])
        x = srp.x(realm, identity, PASSWORD, salt)
        u = int.from_bytes(hashlib.sha256(srp.pad(public) + srp.pad(theirs)).digest(), "big")
        base = (theirs - srp.K * int(gmpy2.powmod(srp.G, x, srp.N))) % srp.N
        key = srp.derive_key(u, int(gmpy2.powmod(base, a + u * x, srp.N)))
        now = time.strftime("%a %b {} %H:%M:%S UTC %Y", time.gmtime()).format(time.gmtime().tm_mday)
        block = challenge["SECRET_BLOCK"]
        responses = {
            "USERNAME": identity,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": srp.signature(key, realm, identity, b64decode(block), now),
            "TIMESTAMP": now,
        }
        members = {"ChallengeName": "PASSWORD_VERIFIER", "ClientId": self.client_id, "ChallengeResponses": responses}
        return request(self.port, "RespondToAuthChallenge", members)
