import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tests.authority import Authority

from lido.rules.certificates import covers, examine

NOW = 1_800_000_000_000
DAY = 86_400_000


@pytest.fixture(scope="module")
def authority():
    return Authority(NOW)


def refused(sentence):
    return pytest.raises(ValueError, match=sentence)


def test_a_certificate_says_whom_it_is_for_and_until_when(authority):
    chain, key = authority.issue("Login.Example.com", "*.pools.example.com")
    found = examine(chain, b"anything before\n" + key, NOW)
    assert found.names == ["login.example.com", "*.pools.example.com"]
    assert found.not_after == NOW + 90 * DAY
    assert found.chain.count("BEGIN CERTIFICATE") == 2
    assert "PRIVATE KEY" not in repr(found)
    assert "anything" not in found.key


def test_what_does_not_fit_is_refused(authority):
    chain, key = authority.issue("a.example.com")
    other, other_key = authority.issue("b.example.com")
    locked = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    with refused("no certificate in PEM"):
        examine(key, key, NOW)
    with refused("no private key in PEM"):
        examine(chain, chain, NOW)
    with refused("without a password"):
        examine(chain, locked, NOW)
    with refused("not that of the first certificate"):
        examine(chain, other_key, NOW)
    with refused("followed by the one that signed it"):
        examine(
            other.partition(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n" + chain, other_key, NOW
        )
    for moment in (NOW - 2 * DAY, NOW + 90 * DAY):
        with refused("not valid today"):
            examine(chain, key, moment)
    with refused("names no host"):
        examine(*authority.issue(), NOW)
    with refused("2048 bits"):
        examine(*authority.issue("a.example.com", rsa_bits=1024), NOW)


@pytest.mark.parametrize(
    ("host", "is_covered"),
    [
        ("login.example.com", True),
        ("a.pools.example.com", True),
        ("pools.example.com", False),
        ("a.b.pools.example.com", False),
        ("example.com", False),
        ("xlogin.example.com", False),
        ("*.pools.example.com", True),
    ],
)
def test_a_star_stands_for_one_label(host, is_covered):
    assert covers(["login.example.com", "*.pools.example.com"], host) is is_covered
