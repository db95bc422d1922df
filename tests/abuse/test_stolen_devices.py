"""A device's key and password are worth something only to its own user, with the password, while it is remembered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.abuse.stages import Everything, reach
from tests.remembered import Gadget, outcome
from tests.sign_ins import refusal
from tests.world import PASSWORD, World

from lido.flows import pool_options

NEW = "New-Passw0rd!"
INVALID = ("NotAuthorized", "Invalid session for the user.")
SIGN_IN_AGAIN = ("NotAuthorized", "The sign-in is too long ago to change how you sign in, sign in again.")


@pytest.fixture
def people(house: World) -> Everything:
    """Everybody has an authenticator that is asked for, unless a remembered device stands for it."""
    found = Everything(house)
    found.join("mallory", "2")
    for username in ("alice", "mallory"):
        found.switch(username, "SoftwareTokenMfaSettings")
    return found


@pytest.fixture
def other(people: Everything) -> Iterator[World]:
    """A second house on the same database, at the same time of day."""
    world = World(people.house.database)
    world.clock.advance(seconds=(people.house.clock.now() - world.clock.now()) / 1000)
    yield world
    world.close()


def alice(people: Everything) -> dict[str, str]:
    return {"UserPoolId": people.pool_id, "Username": "alice"}


def test_the_device_stands_for_its_users_second_factor(people: Everything) -> None:
    assert people.give(reach(people, "a device"))["AuthenticationResult"]


def test_the_device_of_somebody_else_stands_for_nothing(people: Everything) -> None:
    """Mallory has alice's device, its key and its password, and a password of her own."""
    stolen = people.gadgets["alice"]
    begun = people.by_password("mallory", DEVICE_KEY=stolen.key)

    assert begun["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = {"USERNAME": "mallory", "DEVICE_KEY": stolen.key, "SRP_A": "7" * 700}
    assert outcome(people.respond, "DEVICE_SRP_AUTH", begun["Session"], **answer) == "NotAuthorized"
    assert people.devices("mallory")[0]["DeviceKey"] != stolen.key


def test_the_devices_proof_of_one_user_is_none_of_another(people: Everything) -> None:
    """Whose block it is, whose name is said and whose device is named must all agree."""
    hers, his = reach(people, "a device"), reach(people, "a device", "mallory")
    opened = people.sessions()
    for stage, changed in (
        (his, {"USERNAME": "alice"}),
        (his, {"USERNAME": "alice", "DEVICE_KEY": people.gadgets["alice"].key}),
        (his, {"DEVICE_KEY": people.gadgets["alice"].key}),
        (hers, {"DEVICE_KEY": people.gadgets["mallory"].key}),
        (hers, {"PASSWORD_CLAIM_SECRET_BLOCK": his.answer["PASSWORD_CLAIM_SECRET_BLOCK"]}),
        (hers, {"PASSWORD_CLAIM_SIGNATURE": his.answer["PASSWORD_CLAIM_SIGNATURE"]}),
    ):
        assert outcome(people.give, stage, **changed) in ("NotAuthorized", "ResourceNotFound")
    assert people.sessions() == opened


def test_a_first_half_names_the_device_that_was_asked(people: Everything) -> None:
    tokens = people.give(reach(people, "an authenticator"))["AuthenticationResult"]
    second = Gadget(tokens["NewDeviceMetadata"])
    people.confirm(tokens, second)
    stage = reach(people, "a device's first half")

    assert refusal(people.give, stage, DEVICE_KEY=second.key) == INVALID
    assert people.give(stage)["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"


def forget(people: Everything) -> None:
    token = people.give(reach(people, "an authenticator"))["AuthenticationResult"]["AccessToken"]
    people.house.idp_unsigned.forget_device(AccessToken=token, DeviceKey=people.gadgets["alice"].key)


def forget_by_operator(people: Everything) -> None:
    people.house.idp.admin_forget_device(**alice(people), DeviceKey=people.gadgets["alice"].key)


def remember_no_more(people: Everything) -> None:
    people.house.idp.admin_update_device_status(
        **alice(people), DeviceKey=people.gadgets["alice"].key, DeviceRememberedStatus="not_remembered"
    )


def change_password(people: Everything) -> None:
    token = people.give(reach(people, "an authenticator"))["AuthenticationResult"]["AccessToken"]
    people.house.idp_unsigned.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=NEW)


def reset_password(people: Everything) -> None:
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="alice")
    code = people.house.code(people.telephone("alice"))
    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id, Username="alice", ConfirmationCode=code, Password=NEW
    )


def set_password(people: Everything) -> None:
    people.house.idp.admin_set_user_password(**alice(people), Password=NEW, Permanent=True)


def come_again(people: Everything) -> None:
    people.house.idp.admin_delete_user(**alice(people))
    people.house.user(people.pool_id, "alice", NEW)


ENDINGS = [forget, forget_by_operator, remember_no_more, change_password, reset_password, set_password, come_again]


@pytest.mark.parametrize("end", ENDINGS)
def test_a_stolen_device_is_worth_nothing_after_its_end_on_any_node(
    people: Everything, other: World, end: Callable[[Any], None]
) -> None:
    """Neither half that was under way, nor a new beginning, with the new password even."""
    stages = [reach(people, "a device's first half"), reach(people, "a device"), reach(people, "a device")]
    other.clock.advance(seconds=(people.house.clock.now() - other.clock.now()) / 1000)
    end(people)
    opened, first = people.sessions(), people.house
    password = NEW if end in (change_password, reset_password, set_password, come_again) else PASSWORD

    assert outcome(people.give, stages[0]) in ("NotAuthorized", "ResourceNotFound")
    assert outcome(people.give, stages[1]) in ("NotAuthorized", "ResourceNotFound")
    people.house = other
    assert outcome(people.give, stages[2]) in ("NotAuthorized", "ResourceNotFound")
    people.house = first
    assert people.sessions() == opened
    given = {"USERNAME": "alice", "PASSWORD": password, "DEVICE_KEY": people.gadgets["alice"].key}
    begun = people.initiate(**given)
    assert begun.get("ChallengeName") == (None if end is come_again else "SOFTWARE_TOKEN_MFA")


def test_where_a_new_password_ends_nothing_the_step_ends_all_the_same(people: Everything) -> None:
    """The pool follows Cognito: devices outlive a password, but not as half a sign-in under the old one."""
    pool_options.set_for_pool(people.house.call(), people.pool_id, {"profile": "compatible"})
    stages = [reach(people, "a device's first half"), reach(people, "a device")]
    set_password(people)

    for stage in stages:
        assert refusal(people.give, stage) == INVALID
    assert outcome(people.by_password, "alice", DEVICE_KEY=people.gadgets["alice"].key) == "NotAuthorized"


def test_a_device_that_was_confirmed_with_a_stolen_token_needs_the_password_too(people: Everything) -> None:
    tokens = people.give(reach(people, "an authenticator"))["AuthenticationResult"]
    gadget = Gadget(tokens["NewDeviceMetadata"])
    people.confirm(tokens, gadget)

    for flow, given in (
        ("USER_PASSWORD_AUTH", {"PASSWORD": "Wr0ng-password!"}),
        ("USER_AUTH", {"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": "Wr0ng-password!"}),
    ):
        refused = refusal(people.initiate, flow, USERNAME="alice", DEVICE_KEY=gadget.key, **given)
        assert refused == ("NotAuthorized", "Incorrect username or password.")
    begun = people.initiate("USER_AUTH", USERNAME="alice", DEVICE_KEY=gadget.key)
    assert begun["ChallengeName"] == "SELECT_CHALLENGE"
    answer = {"USERNAME": "alice", "DEVICE_KEY": gadget.key, "SRP_A": "7" * 700}
    assert outcome(people.respond, "DEVICE_SRP_AUTH", begun["Session"], **answer) == "NotAuthorized"


def update_status(people: Everything, token: str, key: str, status: str) -> Callable[[], Any]:
    return lambda: people.house.idp_unsigned.update_device_status(
        AccessToken=token, DeviceKey=key, DeviceRememberedStatus=status
    )


def test_a_stale_token_makes_no_device_that_would_stand_for_a_second_factor(people: Everything) -> None:
    """However often it was refreshed: what counts is when its owner signed in."""
    tokens = people.give(reach(people, "an authenticator"))["AuthenticationResult"]
    gadget, known = Gadget(tokens["NewDeviceMetadata"]), people.gadgets["alice"]
    people.house.idp.admin_update_device_status(
        **alice(people), DeviceKey=known.key, DeviceRememberedStatus="not_remembered"
    )
    people.house.clock.advance(seconds=601)
    tokens |= people.refresh(tokens["RefreshToken"])

    assert refusal(people.confirm, tokens, gadget) == SIGN_IN_AGAIN
    assert refusal(update_status(people, tokens["AccessToken"], known.key, "remembered")) == SIGN_IN_AGAIN
    for key in (gadget.key, known.key):
        assert people.by_password("alice", DEVICE_KEY=key)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_stale_token_may_still_give_a_device_up(people: Everything) -> None:
    token = people.give(reach(people, "an authenticator"))["AuthenticationResult"]["AccessToken"]
    people.house.clock.advance(seconds=601)

    update_status(people, token, people.gadgets["alice"].key, "not_remembered")()
    people.house.idp_unsigned.forget_device(AccessToken=token, DeviceKey=people.gadgets["alice"].key)
    assert people.devices("alice") == []


@pytest.mark.parametrize(("age", "seconds"), [("600", 600), ("off", 3_000)])
def test_a_device_is_confirmed_as_long_after_signing_in_as_the_pool_says(
    people: Everything, age: str, seconds: int
) -> None:
    people.option(factor_change_max_age=age)
    tokens = people.give(reach(people, "an authenticator"))["AuthenticationResult"]
    gadget = Gadget(tokens["NewDeviceMetadata"])
    people.house.clock.advance(seconds=seconds)

    people.confirm(tokens, gadget)
    update_status(people, tokens["AccessToken"], gadget.key, "remembered")()
