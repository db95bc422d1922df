"""Webhooks as operators add them: how many, whereto, and for which events."""

import itertools

import pytest
from tests.flows.webhooks.conftest import add

from lido.flows import webhooks


def test_a_pool_has_a_bounded_number_of_webhooks(house, pool_id):
    for number in range(webhooks.MOST_OF_A_POOL):
        add(house, pool_id, f"https://{number}.example/")
    with pytest.raises(ValueError, match="at most 20"):
        add(house, pool_id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://user@a.example/",
        "https:///x",
        "javascript:1",
        "https://a b/",
        f"https://a.example/{'x' * 2048}",
    ],
)
def test_what_is_no_address_is_refused(house, pool_id, url):
    with pytest.raises(ValueError, match="address"):
        add(house, pool_id, url)


def test_an_unknown_kind_is_refused_with_those_there_are(house, pool_id):
    with pytest.raises(ValueError, match=r"user\.signed_up"):
        add(house, pool_id, types=["user.teleported"])


def test_every_kind_has_a_type_of_its_own():
    assert len(webhooks.TYPES) == len(webhooks.KINDS)
    assert all(type_.count(".") == 1 for type_ in webhooks.TYPES)
    assert list(itertools.islice(webhooks.TYPES, 2)) == ["pool.created", "pool.changed"]
