"""SECRET_HASH."""

import pytest

from lido.rules.secret_hash import secret_hash, verify

SECRET = "1example0secret0value0"
CLIENT = "1example23456789"
HASH = "F4Sw8aFaR25WHJW9g4dFomRRb0xC2vtRDcetJ429eW4="


def test_the_published_vector() -> None:
    assert secret_hash(SECRET, "alice", CLIENT) == HASH


@pytest.mark.parametrize("secrets", [[SECRET], [SECRET, "another"], ["another", SECRET]])
def test_each_live_secret_fits(secrets: list[str]) -> None:
    assert verify(secrets, "alice", CLIENT, HASH)


@pytest.mark.parametrize(
    ("secrets", "username", "claimed"),
    [
        ([], "alice", HASH),
        (["another"], "alice", HASH),
        ([SECRET], "Alice", HASH),
        ([SECRET], "alice", HASH[:-1]),
        ([SECRET], "alice", ""),
        ([SECRET], "alice", "é\ud800"),
        ([SECRET], "\ud800", HASH),
    ],
)
def test_anything_else_does_not(secrets: list[str], username: str, claimed: str) -> None:
    assert not verify(secrets, username, CLIENT, claimed)
