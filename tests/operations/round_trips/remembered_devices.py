"""Devices that a pool remembers: confirmed, looked at, changed, forgotten."""

from datetime import datetime
from typing import Any

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import by_name
from tests.operations.round_trips.making import Turns
from tests.remembered import NONE, Gadget, Remembering
from tests.sign_ins import refusal


@story("ConfirmDevice", "GetDevice", "ListDevices", "UpdateDeviceStatus", "ForgetDevice")
def own_devices(asker: Asker) -> None:
    people = Remembering(asker.house, prompt=True)
    tokens, gadget = people.enter_on_new()
    examples = of(people, tokens, gadget)

    confirmed, told = asker.ask_all("ConfirmDevice", examples, unsigned=True)
    assert told["UserConfirmationNecessary"] is True
    _, told = asker.ask_all("GetDevice", examples, unsigned=True)
    expect(asker, told["Device"], gadget, name=confirmed["DeviceName"])

    asker.house.clock.advance(seconds=60)
    for turn, is_remembered in enumerate((True, False)):
        asker.ask_all("UpdateDeviceStatus", examples, turn=turn, unsigned=True)
        assert status(people, gadget) == ("remembered" if is_remembered else "not_remembered")
        changed = asker.ask_all("GetDevice", examples, unsigned=True)[1]["Device"]
        assert changed["DeviceLastModifiedDate"].timestamp() * 1000 == asker.house.clock.now()
        assert changed["DeviceCreateDate"] == told["Device"]["DeviceCreateDate"]

    other = people.gadget()[1]
    whose = {"AccessToken": tokens["AccessToken"]}
    assert listed(asker, "ListDevices", whose, unsigned=True) == sorted((gadget.key, other.key))
    asker.ask_all("ForgetDevice", {**examples, "DeviceKey": other.key}, unsigned=True)
    gone = refusal(asker.ask_all, "GetDevice", {**examples, "DeviceKey": other.key}, unsigned=True)
    assert gone == NONE


@story("AdminGetDevice", "AdminListDevices", "AdminUpdateDeviceStatus", "AdminForgetDevice")
def devices_of_others(asker: Asker) -> None:
    people = Remembering(asker.house)
    tokens, gadget = people.gadget()
    examples = of(people, tokens, gadget)

    _, told = asker.ask_all("AdminGetDevice", examples)
    attributes = expect(asker, told["Device"], gadget, name="phone")
    owner = f"alice.{people.pool_id}"
    arn = f"arn:aws:cognito-idp:us-east-1:000000000000:owner/{owner}/device/{gadget.key}"
    assert (attributes["dev:device_owner"], attributes["dev:device_arn"]) == (owner, arn)

    for turn, is_remembered in ((1, False), (0, True)):
        asker.ask_all("AdminUpdateDeviceStatus", examples, turn=turn)
        assert status(people, gadget) == ("remembered" if is_remembered else "not_remembered")
        # Only a remembered device is asked to prove itself.
        assert ("ChallengeName" in people.named(gadget)) is is_remembered

    other = people.gadget()[1]
    whose = {"UserPoolId": people.pool_id, "Username": "alice"}
    assert listed(asker, "AdminListDevices", whose) == sorted((gadget.key, other.key))
    asker.ask_all("AdminForgetDevice", examples)
    assert refusal(asker.ask_all, "AdminGetDevice", examples) == NONE
    assert listed(asker, "AdminListDevices", whose) == [other.key]


def of(people: Remembering, tokens: dict[str, Any], gadget: Gadget) -> dict[str, Any]:
    return {
        "UserPoolId": people.pool_id,
        "Username": "alice",
        "AccessToken": tokens["AccessToken"],
        "DeviceKey": gadget.key,
        "DeviceName": "tablet",
        "DeviceSecretVerifierConfig": gadget.config,
        "DeviceRememberedStatus": Turns(("remembered", "not_remembered")),
    }


def expect(asker: Asker, device: dict[str, Any], gadget: Gadget, *, name: str) -> dict[str, str]:
    """What stands of a device that was just confirmed; its attributes."""
    attributes = by_name(device["DeviceAttributes"])
    assert device["DeviceKey"] == gadget.key
    assert (attributes["device_name"], attributes["last_ip_used"]) == (name, "203.0.113.7")
    assert attributes["device_status"] == "valid"
    dates = [value.timestamp() for value in device.values() if isinstance(value, datetime)]
    assert dates == [asker.house.clock.now() // 1000] * 3
    return attributes


def status(people: Remembering, gadget: Gadget) -> str:
    (device,) = (each for each in people.devices() if each["DeviceKey"] == gadget.key)
    return by_name(device["DeviceAttributes"])["dev:device_remembered_status"]


def listed(asker: Asker, operation: str, whose: dict[str, Any], **how: bool) -> list[str]:
    """The keys of all devices, page by page."""
    page = asker.ask(operation, **whose, Limit=1, **how)
    keys = [device["DeviceKey"] for device in page["Devices"]]
    while "PaginationToken" in page:
        page = asker.ask(operation, **whose, Limit=1, PaginationToken=page["PaginationToken"], **how)
        keys += [device["DeviceKey"] for device in page["Devices"]]
    return keys
