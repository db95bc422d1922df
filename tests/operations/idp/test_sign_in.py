"""Signing in with a password: who gets in, who does not, and what nobody learns on the way."""

import base64
import hashlib
import hmac

import pytest
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

from lido.flows import frozen_settings

WRONG = ("NotAuthorized", "Incorrect username or password.")


@pytest.fixture
def people(house):
    people = People(house)
    people.alice(email="alice@example.com", email_verified="true")
    return people


def secret_hash(app, username):
    message = (username + app["ClientId"]).encode()
    return base64.b64encode(hmac.digest(app["ClientSecret"].encode(), message, hashlib.sha256)).decode()


def test_a_right_password_gives_three_tokens(people):
    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    result = answer["AuthenticationResult"]
    assert answer["ChallengeParameters"] == {}
    assert "ChallengeName" not in answer
    assert "Session" not in answer
    assert set(result) == {"AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"}
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    assert result["RefreshToken"].count(".") == 4
    assert people.events()[-1] == "signed_in"


def test_the_access_token_opens_get_user(people):
    token = people.sign_in()["AccessToken"]

    assert people.house.idp_unsigned.get_user(AccessToken=token)["Username"] == "alice"


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_operators_sign_people_in(people, flow):
    answer = people.admin_initiate(flow, USERNAME="alice", PASSWORD=PASSWORD)

    assert claims(answer["AuthenticationResult"]["AccessToken"])["username"] == "alice"


@pytest.mark.parametrize("password", ["Wr0ng-password!", "passw0rd!", PASSWORD + " ", "x", "ü" * 256])
def test_a_wrong_password_is_refused(people, password):
    assert refusal(people.initiate, USERNAME="alice", PASSWORD=password) == WRONG
    assert people.sessions() == 0
    assert people.events()[-1] == "refused"


INSENSITIVE = {"UsernameConfiguration": {"CaseSensitive": False}}


def test_every_spelling_of_a_name_leads_in_where_case_is_ignored(house):
    people = People(house, pool=INSENSITIVE)
    people.alice()

    assert people.sign_in("ALICE")["AccessToken"]


def test_spellings_differ_where_case_is_heeded(house):
    people = People(
        house, pool={"UsernameConfiguration": {"CaseSensitive": True}}, PreventUserExistenceErrors="ENABLED"
    )
    people.alice()

    assert people.sign_in("alice")
    assert refusal(people.sign_in, "Alice") == WRONG


def test_a_sub_is_a_name_too(people):
    assert claims(people.sign_in(people.sub())["AccessToken"])["username"] == "alice"


def test_a_verified_alias_leads_in_and_an_unverified_one_does_not(house):
    people = People(house, pool={"AliasAttributes": ["email"]}, PreventUserExistenceErrors="ENABLED")
    people.alice(email="alice@example.com", email_verified="true")
    house.user(people.pool_id, "bob", email="bob@example.com")

    assert claims(people.sign_in("alice@example.com")["AccessToken"])["username"] == "alice"
    assert refusal(people.sign_in, "bob@example.com") == WRONG


def test_an_address_is_the_name_where_the_pool_says_so(house):
    people = People(house, pool={"UsernameAttributes": ["email"], **INSENSITIVE})
    house.user(people.pool_id, "alice@example.com", email="alice@example.com")

    token = claims(people.sign_in("Alice@Example.com")["AccessToken"])

    assert token["username"] == token["sub"]


@pytest.mark.parametrize("missing", ["USERNAME", "PASSWORD"])
def test_a_missing_parameter_is_named(people, missing):
    given = {"USERNAME": "alice", "PASSWORD": PASSWORD}
    del given[missing]

    assert refusal(people.initiate, **given) == ("InvalidParameter", f"Missing required parameter {missing}")


def test_a_flow_that_the_client_does_not_allow_is_refused(house):
    people = People(house, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    people.alice()

    for flow, parameters in (("USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}), ("USER_SRP_AUTH", {"SRP_A": "1f"})):
        assert refusal(people.initiate, flow, USERNAME="alice", **parameters) == (
            "InvalidParameter",
            f"{flow} flow not enabled for this client",
        )
    assert refusal(people.admin_initiate, USERNAME="alice", PASSWORD=PASSWORD) == (
        "InvalidParameter",
        "ADMIN_USER_PASSWORD_AUTH flow not enabled for this client",
    )
    assert refusal(people.initiate, "CUSTOM_AUTH", USERNAME="alice") == (
        "InvalidParameter",
        "CUSTOM_AUTH is not enabled for the client.",
    )


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_operators_flows_are_not_for_everybody(people, flow):
    assert refusal(people.initiate, flow, USERNAME="alice", PASSWORD=PASSWORD) == (
        "InvalidParameter",
        "Initiate Auth method not supported.",
    )


def test_an_unknown_client_is_not_found(people):
    people.client_id = "0" * 26

    assert refusal(people.sign_in) == ("ResourceNotFound", f"User pool client {'0' * 26} does not exist.")


def test_an_operator_names_the_clients_own_pool(people, house):
    other = People(house)
    other.client_id = people.client_id

    assert refusal(other.admin_initiate, USERNAME="alice", PASSWORD=PASSWORD).name == "ResourceNotFound"
    other.pool_id = "us-east-1_nowhere00"
    assert refusal(other.admin_initiate, USERNAME="alice", PASSWORD=PASSWORD) == (
        "ResourceNotFound",
        "User pool us-east-1_nowhere00 does not exist.",
    )


def test_deleting_the_client_ends_its_sign_ins_at_once(people):
    refresh_token = people.sign_in()["RefreshToken"]
    people.house.idp.delete_user_pool_client(UserPoolId=people.pool_id, ClientId=people.client_id)

    assert refusal(people.sign_in).name == "ResourceNotFound"
    assert refusal(people.refresh, refresh_token).name == "ResourceNotFound"


@pytest.fixture
def confidential(house):
    people = People(house, pool=INSENSITIVE, GenerateSecret=True)
    people.alice()
    return people


def test_a_client_with_a_secret_proves_it_over_the_name_as_typed(confidential):
    proof = secret_hash(confidential.app, "Alice")

    assert confidential.initiate(USERNAME="Alice", PASSWORD=PASSWORD, SECRET_HASH=proof)["AuthenticationResult"]


def test_a_client_with_a_secret_is_refused_without_its_proof(confidential):
    client_id = confidential.client_id
    unable = ("NotAuthorized", f"Unable to verify secret hash for client {client_id}")

    assert refusal(confidential.sign_in) == (
        "NotAuthorized",
        f"Client {client_id} is configured with secret but SECRET_HASH was not received",
    )
    for proof in ("x", secret_hash(confidential.app, "bob")):
        assert refusal(confidential.initiate, USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH=proof) == unable


def reset(people):
    people.house.idp.admin_reset_user_password(UserPoolId=people.pool_id, Username="alice")


def disable(people):
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (disable, ("NotAuthorized", "User is disabled.")),
        (reset, ("PasswordResetRequired", "Password reset required for the user")),
    ],
)
def test_the_state_of_an_account_shows_after_the_right_password_only(people, change, expected):
    change(people)

    assert refusal(people.initiate, USERNAME="alice", PASSWORD="Wr0ng-password!") == WRONG
    assert refusal(people.initiate, USERNAME="alice", PASSWORD=PASSWORD) == expected
    assert people.sessions() == 0


def test_an_unconfirmed_user_is_told_so_after_the_right_password(house):
    people = People(house)
    house.idp_unsigned.sign_up(ClientId=people.client_id, Username="alice", Password=PASSWORD)

    assert refusal(people.sign_in) == ("UserNotConfirmed", "User is not confirmed.")
    assert refusal(people.sign_in, password="Wr0ng-password!") == WRONG


def test_an_unknown_user_is_named_in_legacy_mode(people):
    assert refusal(people.sign_in, "nobody") == ("UserNotFound", "User does not exist.")


def test_an_unknown_user_looks_like_a_wrong_password_where_users_are_hidden(house):
    people = People(house, PreventUserExistenceErrors="ENABLED")
    people.alice()

    for initiate in (people.initiate, people.admin_initiate):
        known = refusal(initiate, USERNAME="alice", PASSWORD="Wr0ng-password!")
        unknown = refusal(initiate, USERNAME="nobody", PASSWORD="Wr0ng-password!")
        assert known == unknown == WRONG


@pytest.mark.parametrize("username", ["a" * 400, "al\u0000ice", "al ice"])
def test_a_name_that_nobody_can_have_is_refused(people, username):
    assert refusal(people.sign_in, username).name == "InvalidParameter"


def test_a_password_of_a_megabyte_is_refused(people):
    assert refusal(people.sign_in, password="x" * 1_000_000).name == "InvalidParameter"
    assert refusal(people.sign_in, password="x" * 257).name == "InvalidParameter"


def test_a_pool_with_mandatory_mfa_gives_no_tokens_for_a_password(house):
    people = People(house)
    people.alice()
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )

    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    assert answer["ChallengeName"] == "MFA_SETUP"
    assert "AuthenticationResult" not in answer
    assert people.sessions() == 0
    assert refusal(people.sign_in, password="Wr0ng-password!") == WRONG


@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication", "PreTokenGeneration"])
def test_a_trigger_is_never_skipped(house, trigger):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    people = People(house)
    people.alice()
    refresh_token = people.sign_in()["RefreshToken"]
    house.idp.update_user_pool(UserPoolId=people.pool_id, LambdaConfig={trigger: arn})

    refused = refusal(people.sign_in)

    assert refused == ("UnexpectedLambda", f"{trigger} invocation failed due to error ResourceNotFoundException.")
    if trigger == "PreTokenGeneration":
        assert refusal(people.refresh, refresh_token).name == "UnexpectedLambda"


def test_a_user_who_could_be_migrated_is_not_called_unknown(house):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    people = People(house, pool={"LambdaConfig": {"UserMigration": arn}})
    people.alice()

    assert refusal(people.sign_in, "nobody").name == "UnexpectedLambda"
    assert people.sign_in("alice")


def test_default_flows_of_a_client_are_srp_and_refresh(house):
    people = People(house, ExplicitAuthFlows=[])
    people.alice()

    assert refusal(people.sign_in).name == "InvalidParameter"
    assert people.srp().authenticate_user()["AuthenticationResult"]


def test_a_changed_case_rule_holds_for_the_next_sign_in(house):
    people = People(house, pool={"UsernameConfiguration": {"CaseSensitive": True}})
    people.alice()
    assert refusal(people.sign_in, "ALICE").name == "UserNotFound"

    frozen_settings.apply(
        house.call(), frozen_settings.planned(house.call(), people.pool_id, {"case_sensitive": "false"})
    )

    assert people.sign_in("ALICE")["AccessToken"]
