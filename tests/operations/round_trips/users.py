"""Users, as operators make, read, change and delete them."""

from typing import Any

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns
from tests.operations.round_trips.triggers import config, triggers

CUSTOM = [
    {"Name": "tier", "AttributeDataType": "String", "Mutable": True},
    {"Name": "score", "AttributeDataType": "Number", "Mutable": True},
    {"Name": "vip", "AttributeDataType": "Boolean", "Mutable": True},
    {"Name": "since", "AttributeDataType": "DateTime", "Mutable": True},
    {"Name": "note", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True},
]
BEFORE = {
    "address": "1 Main St",
    "birthdate": "1990-02-28",
    "email": "ann@example.com",
    "email_verified": "true",
    "family_name": "Lee",
    "gender": "female",
    "given_name": "Ann",
    "locale": "en-GB",
    "middle_name": "M",
    "name": "Ann Lee",
    "nickname": "A",
    "phone_number": "+14255550123",
    "phone_number_verified": "false",
    "picture": "https://example.com/ann.png",
    "preferred_username": "annlee",
    "profile": "https://example.com/ann",
    "updated_at": "1790000000",
    "website": "https://ann.example.com",
    "zoneinfo": "Europe/London",
    "custom:tier": "gold",
    "custom:score": "7",
    "custom:vip": "true",
    "custom:since": "2026-01-02T03:04:05Z",
    "dev:custom:note": "found us at a fair",
}
AFTER = {
    **BEFORE,
    "address": '{"formatted": "2 High St"}',
    "birthdate": "1991-03-01",
    "email": "ann@example.org",
    "family_name": "O'Neill",
    "name": "Ann O'Neill",
    "phone_number": "+14255550199",
    "phone_number_verified": "true",
    "updated_at": "1790000001",
    "custom:tier": "silver",
    "custom:score": "-8",
    "custom:vip": "false",
    "custom:since": "2026-11-12T13:14:15Z",
    "dev:custom:note": "asked twice",
}
INVITED = {"UserStatus": "FORCE_CHANGE_PASSWORD", "Enabled": True}


def listed(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def attributes(user: dict[str, Any]) -> dict[str, str]:
    """Those that the user was given, or has by now."""
    found = user["UserAttributes"] if "UserAttributes" in user else user["Attributes"]
    return {each["Name"]: each["Value"] for each in found if each["Name"] != "sub"}


@story(
    "AdminGetUser",
    "AdminUpdateUserAttributes",
    "AdminDeleteUserAttributes",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminDeleteUser",
)
def users(asker: Asker) -> None:
    custom_message = config("CustomMessage")
    pool_id = asker.house.pool(Schema=CUSTOM, AutoVerifiedAttributes=["email"], LambdaConfig=custom_message)
    named = {"UserPoolId": pool_id, "Username": "ann"}
    silent = {"MessageAction": "SUPPRESS", "TemporaryPassword": "Temporary-1"}
    made = asker.ask("AdminCreateUser", **named, **silent, UserAttributes=listed(BEFORE))["User"]
    told = asker.ask("AdminGetUser", **named)
    assert attributes(made) == attributes(told) == BEFORE
    for name in ("Username", "UserCreateDate", "UserLastModifiedDate", "Enabled", "UserStatus"):
        assert told[name] == made[name]

    asker.house.clock.advance(seconds=1)
    with triggers(asker, "CustomMessage") as functions:
        asker.ask("AdminUpdateUserAttributes", **named, UserAttributes=listed(AFTER))
        changed = asker.ask("AdminGetUser", **named)
        assert attributes(changed) == AFTER
        # An address that the operator vouches for needs no code, and no words for one.
        assert (functions.events, asker.house.messages()) == ([], [])
        examples = {**named, "UserAttributes": listed({"email": "ann@example.net"}), "ClientMetadata": {"lang": "en"}}
        asker.ask_all("AdminUpdateUserAttributes", examples)
    (event,) = functions.events
    assert event["triggerSource"] == "CustomMessage_UpdateUserAttribute"
    assert event["request"]["clientMetadata"] == {"lang": "en"}
    assert changed["UserLastModifiedDate"] > changed["UserCreateDate"] == told["UserCreateDate"]
    expected = AFTER | {"email": "ann@example.net", "email_verified": "false"}
    assert attributes(asker.ask("AdminGetUser", **named)) == expected

    given_up = [name for name in AFTER if not name.endswith("_verified")]
    asker.ask("AdminDeleteUserAttributes", **named, UserAttributeNames=given_up)
    assert attributes(asker.ask("AdminGetUser", **named)) == {}

    for operation, enabled in (("AdminDisableUser", False), ("AdminEnableUser", True)):
        asker.ask(operation, **named)
        assert asker.ask("AdminGetUser", **named)["Enabled"] is enabled

    asker.ask("AdminDeleteUser", **named)
    with pytest.raises(asker.house.idp.exceptions.UserNotFoundException):
        asker.ask("AdminGetUser", **named)


@story("AdminCreateUser")
def invitations(asker: Asker) -> None:
    pool_id = asker.house.pool(AliasAttributes=["email"], LambdaConfig=config("PreSignUp", "CustomMessage"))
    address = {"email": "ann@example.com", "email_verified": "true", "phone_number": "+14255550123"}
    examples = {
        "UserPoolId": pool_id,
        "Username": Turns(("ann", "bob")),
        "UserAttributes": listed(address),
        "ValidationData": listed({"ticket": "7"}),
        "ClientMetadata": {"from": "desk"},
        "DesiredDeliveryMediums": ["EMAIL", "SMS"],
        "ForceAliasCreation": Turns((False, True)),
        "MessageAction": "SUPPRESS",
        "TemporaryPassword": Turns(("Temporary-1", "Temporary-2")),
    }
    with triggers(asker, "PreSignUp", "CustomMessage") as functions:
        for turn, name in enumerate(("ann", "bob")):
            made = asker.ask_all("AdminCreateUser", examples, turn=turn)[1]["User"]
            assert {"Username": name, **INVITED}.items() <= made.items()
            assert asker.ask("AdminGetUser", UserPoolId=pool_id, Username="ann@example.com")["Username"] == name
        assert functions.sources() == ["PreSignUp_AdminCreateUser"] * 2
        assert all(event["request"]["validationData"] == {"ticket": "7"} for event in functions.events)
        loser = asker.ask("AdminGetUser", UserPoolId=pool_id, Username="ann")
        assert attributes(loser)["email_verified"] == "false"
        assert asker.house.messages() == []

        again = {**examples, "MessageAction": "RESEND", "TemporaryPassword": "Temporary-3"}
        assert asker.ask_all("AdminCreateUser", again, turn=1)[1]["User"]["Username"] == "bob"
        assert functions.sources()[2:] == ["CustomMessage_AdminCreateUser"] * 2
        assert all(event["request"]["clientMetadata"] == {"from": "desk"} for event in functions.events)
    for to, medium in (("ann@example.com", "EMAIL"), ("+14255550123", "SMS")):
        (message,) = asker.house.messages(to)
        assert (message["medium"], message["code"]) == (medium, "Temporary-3")

    client_id = asker.house.app(pool_id)["ClientId"]
    parameters = {"USERNAME": "bob", "PASSWORD": "Temporary-3"}
    signing_in = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    begun = asker.ask("InitiateAuth", unsigned=True, **signing_in)
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@story("ListUsers")
def user_lists(asker: Asker) -> None:
    pool_id = asker.house.pool()
    made = {}
    for name in ("ann", "anna", "bob", "carol"):
        family = "Lee" if name != "bob" else "Moe"
        values = {"email": f"{name}@example.com", "family_name": family, "name": name}
        suppressed = {"MessageAction": "SUPPRESS", "UserAttributes": listed(values)}
        made[name] = asker.ask("AdminCreateUser", UserPoolId=pool_id, Username=name, **suppressed)["User"]
    everyone = asker.ask("ListUsers", UserPoolId=pool_id)["Users"]
    assert sorted(everyone, key=lambda user: str(user["Username"])) == list(made.values())

    examples = {
        "UserPoolId": pool_id,
        "AttributesToGet": ["email", "name"],
        "Filter": 'family_name = "Lee"',
        "Limit": 2,
    }
    page = asker.ask("ListUsers", **examples)
    rest = asker.ask("ListUsers", **examples, PaginationToken=page["PaginationToken"])
    assert (len(page["Users"]), "PaginationToken" in rest) == (2, False)
    found = {user["Username"]: attributes(user) for user in page["Users"] + rest["Users"]}
    assert found == {name: {"email": f"{name}@example.com", "name": name} for name in ("ann", "anna", "carol")}
