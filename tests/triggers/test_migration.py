"""UserMigration: people who come from elsewhere when they first sign in or forget a password."""

import pytest
from tests.sign_ins import claims, refusal
from tests.triggers.conftest import answering, raising, unchanged
from tests.world import PASSWORD

ALICE = {"email": "alice@example.com", "email_verified": "true", "given_name": "Alice"}


def migrating(**more):
    """The elder house: it knows alice and her password."""

    def function(event):
        if event["triggerSource"] == "UserMigration_Authentication" and event["request"]["password"] != PASSWORD:
            raise ValueError("Bad password")
        event["response"] = {
            "userAttributes": ALICE,
            "finalUserStatus": "CONFIRMED",
            "messageAction": "SUPPRESS",
            **more,
        }
        return event

    return function


def test_a_user_moves_with_the_password(triggered):
    people = triggered(UserMigration=migrating())

    tokens = people.house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=people.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata={"from": "app"},
    )["AuthenticationResult"]

    assert claims(tokens["IdToken"])["given_name"] == "Alice"
    (event,) = people.told
    assert event["triggerSource"] == "UserMigration_Authentication"
    assert event["userName"] == "alice"
    assert event["request"]["password"] == PASSWORD
    assert event["request"]["validationData"] == {"from": "app"}
    assert set(event["response"].values()) == {None}
    people.functions["UserMigration"] = raising("gone")
    assert people.sign_in()["AccessToken"]
    assert people.srp().authenticate_user()["AuthenticationResult"]["AccessToken"]
    assert len(people.told) == 1


def test_the_password_policy_does_not_judge_what_moves(triggered):
    def weak(event):
        event["response"] = {"userAttributes": ALICE, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
        return event

    people = triggered(UserMigration=weak)

    assert people.sign_in("alice", "abcdef")["AccessToken"]


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_whom_the_trigger_does_not_know_is_nobody(triggered, hides):
    people = triggered(app={"PreventUserExistenceErrors": hides}, UserMigration=unchanged)

    refused = refusal(people.sign_in, "nobody", PASSWORD)

    assert refused.name == ("NotAuthorized" if hides == "ENABLED" else "UserNotFound")
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_a_wrong_password_looks_the_same_before_and_after_moving(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=migrating())
    before = refusal(people.sign_in, "alice", "Wr0ng!pass")
    people.sign_in()

    assert refusal(people.sign_in, "alice", "Wr0ng!pass") == (before.name, before.sentence)


def test_guesses_through_the_trigger_are_counted(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=migrating())
    for _ in range(5):
        assert refusal(people.sign_in, "alice", "Wr0ng!pass").sentence == "Incorrect username or password."
    people.told.clear()

    assert refusal(people.sign_in) == ("NotAuthorized", "Password attempts exceeded")
    assert people.told == []


def test_srp_moves_nobody(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=migrating())

    people.initiate("USER_SRP_AUTH", **people.srp().get_auth_params())

    assert people.told == []


def test_whoever_must_reset_is_told_so(triggered):
    people = triggered(UserMigration=migrating(finalUserStatus="RESET_REQUIRED"))

    assert refusal(people.sign_in).name == "PasswordResetRequired"
    user = people.house.idp.admin_get_user(UserPoolId=people.pool_id, Username="alice")
    assert user["UserStatus"] == "RESET_REQUIRED"


def test_who_forgot_a_password_moves_and_gets_a_code(triggered):
    people = triggered(UserMigration=migrating(finalUserStatus=None))

    people.house.idp_unsigned.forgot_password(
        ClientId=people.client_id, Username="alice", ClientMetadata={"from": "app"}
    )
    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id,
        Username="alice",
        ConfirmationCode=people.house.code("alice@example.com"),
        Password="An0ther!pass",
    )

    assert people.sign_in("alice", "An0ther!pass")["AccessToken"]
    (event,) = people.told
    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert "password" not in event["request"]
    assert event["request"]["clientMetadata"] == {"from": "app"}


def test_who_forgot_a_password_needs_a_proven_address(triggered):
    people = triggered(UserMigration=migrating(userAttributes={"email": "alice@example.com"}))

    people_refused = refusal(people.house.idp_unsigned.forgot_password, ClientId=people.client_id, Username="alice")

    assert people_refused.name in {"UserNotFound", "InvalidParameter"}
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"userAttributes": {**ALICE, "username": "bob"}},
        {"userAttributes": {**ALICE, "email": "no address"}},
        {"userAttributes": {**ALICE, "email": 7}},
        {"userAttributes": {**ALICE, "custom:unknown": "x"}},
        {"finalUserStatus": "ADMIN"},
        {"desiredDeliveryMediums": ["PIGEON"]},
        {"forceAliasCreation": "yes"},
    ],
)
def test_users_whom_the_pool_cannot_have_are_refused(triggered, given):
    people = triggered(app={"PreventUserExistenceErrors": "LEGACY"}, UserMigration=migrating(**given))

    assert refusal(people.sign_in).name == "InvalidLambdaResponse"
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_addresses_of_others_are_not_taken(triggered):
    people = triggered(
        pool={"AliasAttributes": ["email"]}, app={"PreventUserExistenceErrors": "LEGACY"}, UserMigration=migrating()
    )
    people.house.user(people.pool_id, "owner", email="alice@example.com", email_verified="true")

    refusal(people.sign_in)

    found = people.house.idp.admin_get_user(UserPoolId=people.pool_id, Username="alice@example.com")
    assert found["Username"] == "owner"


def test_a_choice_of_password_moves_too(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=migrating())

    direct = people.initiate("USER_AUTH", USERNAME="alice", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert direct["AuthenticationResult"]["AccessToken"]


def test_a_password_chosen_later_moves_too(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=migrating())
    begun = people.initiate("USER_AUTH", USERNAME="alice")

    done = people.respond("SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="PASSWORD", PASSWORD=PASSWORD)

    assert done["AuthenticationResult"]["AccessToken"]


def test_two_pools_one_moves_to_the_other(triggered):
    """The tutorial's function: it signs in to the old pool and tells what it finds there."""
    old = triggered()
    old.alice(**ALICE)

    def move(event):
        tokens = old.sign_in(event["userName"], event["request"]["password"])
        found = old.house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])
        attributes = {entry["Name"]: entry["Value"] for entry in found["UserAttributes"]}
        event["response"] = {
            "userAttributes": attributes,
            "finalUserStatus": "CONFIRMED",
            "messageAction": "SUPPRESS",
        }
        return event

    new = triggered(UserMigration=move)

    tokens = new.sign_in()
    assert claims(tokens["IdToken"])["given_name"] == "Alice"
    assert claims(tokens["IdToken"])["sub"] != old.sub()


def test_a_function_that_answers_nothing_moves_nobody(triggered):
    people = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, UserMigration=answering(userAttributes={}))

    assert refusal(people.sign_in).name == "NotAuthorized"
