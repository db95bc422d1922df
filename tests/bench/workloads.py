"""What the connections say: requests repeated, people signing up, people signing in by SRP."""

import json
import random
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple

from tests.bench import srp_client
from tests.bench.load import Ask, Conversation
from tests.bench.people import PASSWORD
from tests.bench.srp_client import EphemeralKey
from tests.bench.wire import Client, request


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
    """Both calls of an SRP sign-in."""

    client: Client
    pool_id: str
    usernames: list[str]

    def __call__(self) -> Iterator[Conversation]:
        keys = srp_client.ephemeral_keys()
        return sign_ins(self.usernames, lambda username: self._sign_in(username, next(keys)))

    def _sign_in(self, username: str, key: EphemeralKey) -> Conversation:
        started = yield Ask(self.client.initiate("USER_SRP_AUTH", USERNAME=username, SRP_A=key.public_hex), last=False)
        challenge = json.loads(started)["ChallengeParameters"]
        yield for_tokens(self.client.respond("PASSWORD_VERIFIER", **key.of_user(self.pool_id, PASSWORD, challenge)))


def for_tokens(last: bytes) -> Ask:
    """The last request of a sign-in, which another challenge must not answer."""
    return Ask(last, wanted=b'"AuthenticationResult"')


def sign_ins(usernames: list[str], sign_in: Callable[[str], Conversation]) -> Iterator[Conversation]:
    """People sign in one after another, on each connection the next of them."""
    people = cycle(usernames)
    while True:
        yield _one_after_another(people, sign_in)


def _one_after_another(people: Iterator[str], sign_in: Callable[[str], Conversation]) -> Conversation:
    for username in people:
        yield from sign_in(username)
