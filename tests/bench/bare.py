"""What a request would cost if it were nothing but its cryptography, or nothing at all."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.bench import gauges
from tests.bench.load import Load, Workload
from tests.bench.wire import request
from tests.bench.workloads import Repeated

from lido.rules import srp
from lido.rules.passwords import Hasher

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_CONTENT = os.urandom(600)
_PASSKEY = ec.generate_private_key(ec.SECP256R1())
_PASSKEY_PUBLIC = _PASSKEY.public_key()
_ASSERTION = _PASSKEY.sign(_CONTENT, ec.ECDSA(SHA256()))
_EXPONENTS = [int.from_bytes(os.urandom(32), "big") for _ in range(3)]
_BASE = int.from_bytes(os.urandom(383), "big")
_HASHER = Hasher()
_PHC = _HASHER.hash("Passw0rd!", os.urandom(16))

Deed = Callable[[], object]


def _sign() -> None:
    for _ in range(2):
        _KEY.sign(_CONTENT, PKCS1v15(), SHA256())


def _sign_one() -> None:
    _KEY.sign(_CONTENT, PKCS1v15(), SHA256())


def _power() -> None:
    gmpy2.get_context().allow_release_gil = True
    for exponent in _EXPONENTS:
        gmpy2.powmod(_BASE, exponent, srp.N)


def _verify() -> None:
    _HASHER.verify(_PHC, "Passw0rd!")


def _check_assertion() -> None:
    _PASSKEY_PUBLIC.verify(_ASSERTION, _CONTENT, ec.ECDSA(SHA256()))


def _make() -> None:
    """A verifier, the least that a new password takes beside its hash."""
    gmpy2.get_context().allow_release_gil = True
    gmpy2.powmod(srp.G, _EXPONENTS[0], srp.N)


class Cryptography(NamedTuple):
    """The named deeds, done by as many threads as there are cores: the server's cores are busy, too."""

    says: str
    deeds: tuple[Deed, ...]

    def cpu_seconds(self, seconds: float) -> float:
        """Processor time of doing them once, from doing them for so long."""
        counts: list[int] = []
        until = time.perf_counter() + seconds
        began = time.process_time()
        threads = [threading.Thread(target=self._work, args=(until, counts)) for _ in range(os.cpu_count() or 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (time.process_time() - began) / sum(counts)

    def _work(self, until: float, counts: list[int]) -> None:
        count = 0
        while time.perf_counter() < until:
            for deed in self.deeds:
                deed()
            count += 1
        counts.append(count)


PASSWORD_SIGN_IN = Cryptography("one argon2id, two signatures", (_verify, _sign))
SRP_SIGN_IN = Cryptography("three powers, two signatures", (_power, _sign))
REFRESH = Cryptography("two signatures", (_sign,))
DEVICE_SIGN_IN = Cryptography("six powers, two signatures", (_power, _power, _sign))
# The three HMACs of a TOTP code are microseconds.
TOTP_SIGN_IN = PASSWORD_SIGN_IN
PASSKEY_SIGN_IN = Cryptography("one ES256 check, two signatures", (_check_assertion, _sign))
CODE_SIGN_IN = REFRESH
PASSWORD_TO_CODE = Cryptography("one argon2id", (_verify,))
CLIENT_CREDENTIALS = Cryptography("one signature", (_sign_one,))
SIGN_UP = Cryptography("one argon2id, one power", (_verify, _make))


class Hello:
    """A server that only says hello, under the same load."""

    says = "hello world"

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.bench.hello"], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._load: Load | None = None

    def workload(self) -> Workload:
        """What is said to it."""
        return self.port, Repeated([request(self.port, "GetUser", {"AccessToken": "x" * 1_000})])

    def under(self, load: Load) -> "Hello":
        """The load that `cpu_seconds` puts on it, which knows it as `hello`."""
        self._load = load
        return self

    def cpu_seconds(self, seconds: float) -> float:
        """Processor time of one answer."""
        assert self._load is not None
        before = gauges.cpu_seconds(self._process.pid)
        driven = self._load.drive("hello", 16, seconds)
        return (gauges.cpu_seconds(self._process.pid) - before) / driven.count

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
