"""Whom counting by address means."""

import pytest

from lido.rules import networks


@pytest.mark.parametrize(
    ("address", "subscriber"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", "nowhere"),
        ("elsewhere", "nowhere"),
    ],
)
def test_addresses_of_one_subscriber_are_counted_as_one(address, subscriber):
    assert networks.subscriber(address) == subscriber
