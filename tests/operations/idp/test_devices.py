"""Operations about devices: confirmed once, by the token they were named in; remembered or not; forgotten."""

import re
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.remembered import NONE, Gadget, Remembering, device_of, outcome
from tests.sign_ins import refusal
from tests.world import World

from lido.rules import srp

INVALID_KEY = ("InvalidParameter", "Invalid device key given.")
OFF = ("InvalidUserPoolConfiguration", "Device tracking is not enabled for the user pool.")
UNKNOWN_KEY = "us-east-1_00000000-0000-4000-8000-000000000000"


@pytest.fixture
def people(house: World) -> Remembering:
    return Remembering(house)


def attributes(device: dict[str, Any]) -> dict[str, str]:
    return {attribute["Name"]: attribute["Value"] for attribute in device["DeviceAttributes"]}


def test_every_sign_in_names_a_new_device_in_the_answer_and_in_the_access_token(people: Remembering) -> None:
    tokens, gadget = people.enter_on_new()

    assert re.fullmatch(r"us-east-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", gadget.key)
    assert re.fullmatch(r"-[0-9A-Za-z]{8}", gadget.group_key)
    assert device_of(tokens) == gadget.key
    assert people.enter_on_new()[1].key != gadget.key
    assert people.devices() == []


def test_a_pool_that_remembers_no_devices_names_none_and_has_no_operations_for_them(people: Remembering) -> None:
    tokens, gadget = people.gadget()
    people.track(None)
    idp, admin = people.house.idp_unsigned, people.house.idp
    own = {"AccessToken": tokens["AccessToken"], "DeviceKey": gadget.key}
    its = {"UserPoolId": people.pool_id, "Username": "alice", "DeviceKey": gadget.key}

    assert "NewDeviceMetadata" not in people.sign_in()
    assert "AuthenticationResult" in people.named(gadget)
    assert refusal(people.confirm, tokens, gadget) == OFF
    assert refusal(idp.get_device, **own) == OFF
    assert refusal(idp.forget_device, **own) == OFF
    assert refusal(idp.update_device_status, **own, DeviceRememberedStatus="remembered") == OFF
    assert refusal(idp.list_devices, AccessToken=tokens["AccessToken"]) == OFF
    assert refusal(admin.admin_get_device, **its) == OFF
    assert refusal(admin.admin_forget_device, **its) == OFF
    assert refusal(admin.admin_update_device_status, **its, DeviceRememberedStatus="remembered") == OFF
    assert refusal(admin.admin_list_devices, UserPoolId=people.pool_id, Username="alice") == OFF


def test_a_confirmed_device_is_remembered_at_once_and_shown(people: Remembering) -> None:
    tokens, gadget = people.enter_on_new()

    assert people.confirm(tokens, gadget) is False

    own = people.house.idp_unsigned.get_device(AccessToken=tokens["AccessToken"], DeviceKey=gadget.key)["Device"]
    assert own["DeviceKey"] == gadget.key
    assert attributes(own) == {"device_status": "valid", "device_name": "phone", "last_ip_used": "203.0.113.7"}
    now = people.house.clock.now() // 1000
    assert {own[name].timestamp() for name in own if name.endswith("Date")} == {now}
    its = people.house.idp.admin_get_device(UserPoolId=people.pool_id, Username="alice", DeviceKey=gadget.key)
    owner = f"alice.{people.pool_id}"
    assert attributes(its["Device"]) == attributes(own) | {
        "dev:device_arn": f"arn:aws:cognito-idp:us-east-1:000000000000:owner/{owner}/device/{gadget.key}",
        "dev:device_owner": owner,
        "dev:device_remembered_status": "remembered",
        "dev:device_sdk": "aws-sdk",
    }
    assert people.devices() == [its["Device"]]


def test_a_pool_that_asks_its_users_waits_for_them(house: World) -> None:
    people = Remembering(house, prompt=True)
    tokens, gadget = people.enter_on_new()

    assert people.confirm(tokens, gadget) is True
    assert attributes(people.devices()[0])["dev:device_remembered_status"] == "not_remembered"

    for status in ("remembered", "not_remembered"):
        house.idp_unsigned.update_device_status(
            AccessToken=tokens["AccessToken"], DeviceKey=gadget.key, DeviceRememberedStatus=status
        )
        assert attributes(people.devices()[0])["dev:device_remembered_status"] == status
    house.idp.admin_update_device_status(
        UserPoolId=people.pool_id, Username="alice", DeviceKey=gadget.key, DeviceRememberedStatus="remembered"
    )
    assert attributes(people.devices()[0])["dev:device_remembered_status"] == "remembered"
    assert [kind for kind in people.events() if kind.startswith("device_")] == [
        "device_confirmed",
        "device_remembered",
        "device_not_remembered",
        "device_remembered",
    ]


def test_a_device_is_confirmed_once(people: Remembering) -> None:
    tokens, gadget = people.gadget()

    again = Gadget({"DeviceKey": gadget.key, "DeviceGroupKey": gadget.group_key})
    assert refusal(people.confirm, tokens, again).name == "DeviceKeyExists"
    assert device_of(people.prove(gadget, people.named(gadget)["Session"])) == gadget.key


def test_of_parallel_confirmations_one_counts(people: Remembering) -> None:
    tokens, gadget = people.enter_on_new()

    with ThreadPoolExecutor(6) as pool:
        outcomes = Counter(pool.map(lambda _: outcome(people.confirm, tokens, gadget), range(6)))

    assert outcomes == {"in": 1, "DeviceKeyExists": 5}


def test_a_token_confirms_no_device_but_its_own(people: Remembering) -> None:
    people.house.user(people.pool_id, "mallory")
    tokens, gadget = people.enter_on_new()
    foreign, _ = people.enter_on_new("mallory")
    earlier, _ = people.enter_on_new()

    assert refusal(people.confirm, foreign, gadget) == INVALID_KEY
    assert refusal(people.confirm, earlier, gadget) == INVALID_KEY
    assert refusal(people.confirm, tokens, gadget, DeviceKey=UNKNOWN_KEY) == INVALID_KEY
    assert people.devices() == []


@pytest.mark.parametrize(
    "config",
    [
        None,
        {},
        {"Salt": "AQ=="},
        {"PasswordVerifier": b64encode(b"\x07" * 384).decode()},
        {"Salt": "AQ==", "PasswordVerifier": "no base64!"},
        {"Salt": "*", "PasswordVerifier": b64encode(b"\x07" * 384).decode()},
        {"Salt": b64encode(bytes(16)).decode(), "PasswordVerifier": b64encode(b"\x07" * 384).decode()},
        {"Salt": b64encode(b"\x01" * 65).decode(), "PasswordVerifier": b64encode(b"\x07" * 384).decode()},
        *(
            {"Salt": "AQ==", "PasswordVerifier": b64encode(srp.pad(verifier)).decode()}
            for verifier in (0, 1, srp.N - 1, srp.N, srp.N + 1)
        ),
        {"Salt": "AQ==", "PasswordVerifier": b64encode(b"\x01" * 400).decode()},
    ],
)
def test_a_verifier_that_any_password_fits_or_that_is_none_is_refused(
    people: Remembering, config: dict[str, str] | None
) -> None:
    tokens, gadget = people.enter_on_new()
    more: dict[str, Any] = {"DeviceSecretVerifierConfig": config or {}}

    assert refusal(people.confirm, tokens, gadget, **more).name == "InvalidParameter"
    assert people.devices() == []
    assert people.confirm(tokens, gadget) is False


def test_a_forgotten_device_is_gone_and_so_are_its_sessions(people: Remembering) -> None:
    tokens, gadget = people.gadget()
    other, kept = people.gadget()
    refresh = {"REFRESH_TOKEN": tokens["RefreshToken"], "DEVICE_KEY": gadget.key}

    people.house.idp_unsigned.forget_device(AccessToken=other["AccessToken"], DeviceKey=gadget.key)

    assert [device["DeviceKey"] for device in people.devices()] == [kept.key]
    assert refusal(people.house.idp_unsigned.get_user, AccessToken=tokens["AccessToken"]) == (
        "NotAuthorized",
        "Access Token has been revoked",
    )
    assert refusal(people.initiate, "REFRESH_TOKEN_AUTH", **refresh) == (
        "NotAuthorized",
        "Refresh Token has been revoked",
    )
    assert people.house.idp_unsigned.get_user(AccessToken=other["AccessToken"])["Username"] == "alice"
    assert people.events()[-1] == "device_forgotten"


def test_a_forgotten_device_is_not_confirmed_again_by_a_token_that_cannot_be_revoked(house: World) -> None:
    people = Remembering(house)
    people.client_id = house.app(people.pool_id, EnableTokenRevocation=False)["ClientId"]
    tokens, gadget = people.gadget()
    people.forget(gadget)

    again = Gadget({"DeviceKey": gadget.key, "DeviceGroupKey": gadget.group_key})
    assert refusal(people.confirm, tokens, again) == INVALID_KEY
    assert people.devices() == []


def test_nobody_sees_changes_or_forgets_another_ones_device(people: Remembering) -> None:
    people.house.user(people.pool_id, "mallory")
    _, gadget = people.gadget()
    tokens, _ = people.gadget("mallory")
    idp = people.house.idp_unsigned
    its = {"AccessToken": tokens["AccessToken"], "DeviceKey": gadget.key}

    assert refusal(idp.get_device, **its) == NONE
    assert refusal(idp.forget_device, **its) == NONE
    assert refusal(idp.update_device_status, **its, DeviceRememberedStatus="not_remembered") == NONE
    listed = idp.list_devices(AccessToken=tokens["AccessToken"])["Devices"]
    assert gadget.key not in {device["DeviceKey"] for device in listed}
    admin = {"UserPoolId": people.pool_id, "Username": "mallory", "DeviceKey": gadget.key}
    assert refusal(people.house.idp.admin_get_device, **admin) == NONE
    assert refusal(people.house.idp.admin_forget_device, **admin) == NONE


def test_a_device_that_was_never_confirmed_does_not_exist(people: Remembering) -> None:
    tokens, gadget = people.enter_on_new()
    own = {"AccessToken": tokens["AccessToken"], "DeviceKey": gadget.key}

    assert refusal(people.house.idp_unsigned.get_device, **own) == NONE
    assert refusal(people.house.idp_unsigned.forget_device, **own) == NONE
    asked = refusal(people.house.idp_unsigned.update_device_status, **own, DeviceRememberedStatus="remembered")
    assert asked == NONE


def test_an_unknown_user_is_told_in_the_words_that_each_operation_knows(people: Remembering) -> None:
    idp, whom = people.house.idp, {"UserPoolId": people.pool_id, "Username": "nobody"}
    device = {**whom, "DeviceKey": UNKNOWN_KEY}

    assert refusal(idp.admin_get_device, **device) == ("ResourceNotFound", "User does not exist.")
    assert refusal(idp.admin_list_devices, **whom) == ("ResourceNotFound", "User does not exist.")
    assert refusal(idp.admin_forget_device, **device).name == "UserNotFound"
    assert refusal(idp.admin_update_device_status, **device, DeviceRememberedStatus="remembered").name == "UserNotFound"


def test_without_a_token_or_a_status_there_is_nothing_to_do(people: Remembering) -> None:
    tokens, gadget = people.gadget()
    idp = people.house.idp_unsigned

    assert refusal(idp.get_device, DeviceKey=gadget.key).name == "InvalidParameter"
    assert refusal(idp.forget_device, DeviceKey=gadget.key).name == "InvalidParameter"
    own = {"AccessToken": tokens["AccessToken"], "DeviceKey": gadget.key}
    assert refusal(idp.update_device_status, **own).name == "InvalidParameter"


def test_lists_go_by_pages_whose_tokens_belong_to_one_user_and_one_operation(people: Remembering) -> None:
    people.house.user(people.pool_id, "mallory")
    keys = sorted(people.gadget()[1].key for _ in range(3))
    tokens = people.sign_in()
    idp = people.house.idp_unsigned

    first = idp.list_devices(AccessToken=tokens["AccessToken"], Limit=2)
    page = {"Limit": 2, "PaginationToken": first["PaginationToken"]}
    rest = idp.list_devices(AccessToken=tokens["AccessToken"], **page)

    assert [device["DeviceKey"] for device in first["Devices"] + rest["Devices"]] == keys
    assert "PaginationToken" not in rest
    foreign = people.sign_in("mallory")["AccessToken"]
    assert refusal(idp.list_devices, AccessToken=foreign, **page).name == "InvalidParameter"
    admin = {"UserPoolId": people.pool_id, "Username": "alice"}
    assert refusal(people.house.idp.admin_list_devices, **admin, **page).name == "InvalidParameter"


def test_devices_go_with_their_user(people: Remembering) -> None:
    _, gadget = people.gadget()
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    people.alice()

    assert people.devices() == []
    assert people.named(gadget)["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"] != gadget.key
