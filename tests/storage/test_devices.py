"""Rows of devices."""

import msgspec
import pytest

from lido.records import Device, DeviceStatus
from lido.storage import devices

DEVICE = Device("p", "s", "us-east-1_1", "-group", "phone", DeviceStatus.REMEMBERED, b"sealed", "192.0.2.1", 1, 2, 3)


def changed(**values):
    return msgspec.structs.replace(DEVICE, **values)


@pytest.fixture
def stored(database):
    with database.write() as tx:
        assert devices.add(tx, DEVICE)
    return database


def test_a_device_is_stored_once_for_each_user(stored):
    with stored.write() as tx:
        assert not devices.add(tx, changed(name="other"))
        assert devices.add(tx, changed(sub="t"))
        assert devices.find(tx, "p", "s", DEVICE.device_key) == DEVICE


@pytest.mark.parametrize("other", [{"pool_id": "q"}, {"sub": "t"}, {"device_key": "us-east-1_2"}])
def test_only_the_right_device_is_found_changed_or_removed(stored, other):
    where = {"pool_id": "p", "sub": "s", "device_key": DEVICE.device_key, **other}
    with stored.write() as tx:
        assert devices.find(tx, **where) is None
        assert not devices.set_status(tx, **where, status=DeviceStatus.NOT_REMEMBERED, now=9)
        assert not devices.use(tx, changed(**other), address="", now=9)
        assert not devices.remove(tx, **where)
        assert devices.remove(tx, "p", "s", DEVICE.device_key)


def test_a_sign_in_is_noted_only_while_the_device_stands_as_it_was_seen(stored):
    with stored.write() as tx:
        assert devices.use(tx, DEVICE, address="192.0.2.9", now=50)
        assert devices.use(tx, DEVICE, address="", now=60)
        assert devices.find(tx, "p", "s", DEVICE.device_key) == changed(last_ip="192.0.2.9", last_signed_in_at=60)
        assert devices.set_status(tx, "p", "s", DEVICE.device_key, status=DeviceStatus.NOT_REMEMBERED, now=70)
        assert not devices.use(tx, DEVICE, address="", now=80)


def test_pages_go_by_key_and_hold_one_users_devices(stored):
    keys = [f"us-east-1_{number}" for number in range(1, 5)]
    with stored.write() as tx:
        for key in keys[1:]:
            devices.add(tx, changed(device_key=key))
        devices.add(tx, changed(sub="t"))
        first = devices.page(tx, "p", "s", after="", limit=3)
        rest = devices.page(tx, "p", "s", after=first[-1].device_key, limit=3)
    assert [device.device_key for device in (*first, *rest)] == keys


def test_all_devices_of_one_user_are_forgotten_at_once(stored):
    with stored.write() as tx:
        devices.add(tx, changed(device_key="us-east-1_2"))
        devices.add(tx, changed(sub="t"))
        assert devices.remove_all(tx, "p", "s") == 2
        assert devices.page(tx, "p", "t", after="", limit=9) != []
