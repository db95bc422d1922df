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


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("10.1.2.3", "10.1.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1::", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("203.0.113.0/24", ""),
        ("elsewhere" * 1_000, ""),
    ],
)
def test_addresses_of_one_site_are_counted_as_one(address, site):
    assert networks.site(address) == site
