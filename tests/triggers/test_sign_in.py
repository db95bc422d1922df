"""PreAuthentication, PostAuthentication and PreTokenGeneration: before the proof, after it, and before tokens."""

import pytest
from tests.sign_ins import claims, refusal
from tests.triggers.conftest import answering, raising, unchanged
from tests.world import PASSWORD


def everything(**more):
    return {"PreAuthentication": unchanged, "PostAuthentication": unchanged, "PreTokenGeneration": unchanged, **more}


def test_the_order_is_pre_authentication_post_authentication_tokens(triggered):
    people = triggered(**everything())
    people.alice(email="alice@example.com")

    people.sign_in()

    assert people.sources() == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    ]
    before, after, tokens = people.told
    assert before["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert after["request"]["newDeviceUsed"] is False
    assert tokens["request"]["groupConfiguration"] == {
        "groupsToOverride": [],
        "iamRolesToOverride": [],
        "preferredRole": None,
    }
    assert tokens["response"] == {"claimsOverrideDetails": None}


def test_what_is_said_at_the_beginning_reaches_only_pre_authentication(triggered):
    people = triggered(**everything())
    people.alice()

    people.house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=people.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata={"device": "kiosk"},
    )

    before, after, tokens = people.told
    assert before["request"]["validationData"] == {"device": "kiosk"}
    assert "clientMetadata" not in after["request"]
    assert "clientMetadata" not in tokens["request"]


def test_what_is_said_with_an_answer_reaches_the_later_triggers(triggered):
    people = triggered(**everything())
    people.alice()

    srp = people.srp()
    begun = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    answers = srp.process_challenge(begun["ChallengeParameters"], srp.get_auth_params())
    people.house.idp_unsigned.respond_to_auth_challenge(
        ClientId=people.client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=answers,
        ClientMetadata={"device": "kiosk"},
    )

    assert [event["request"].get("clientMetadata") for event in people.told] == [
        None,
        {"device": "kiosk"},
        {"device": "kiosk"},
    ]
    assert "validationData" not in people.told[0]["request"]


def test_pre_authentication_comes_before_the_password_is_judged(triggered):
    people = triggered(PreAuthentication=unchanged)
    people.alice()

    assert refusal(people.sign_in, "alice", "Wr0ng!pass").name == "NotAuthorized"
    assert people.sources() == ["PreAuthentication_Authentication"]


def test_a_veto_before_authentication_gives_nothing(triggered):
    people = triggered(PreAuthentication=raising("Closed on Sundays"))
    people.alice()

    assert refusal(people.sign_in) == (
        "UserLambdaValidation",
        "PreAuthentication failed with error Closed on Sundays.",
    )
    assert people.sessions() == 0


@pytest.mark.parametrize("trigger", ["PostAuthentication", "PreTokenGeneration"])
def test_a_veto_after_authentication_gives_nothing(triggered, trigger):
    people = triggered(**{trigger: raising("No")})
    people.alice()

    assert refusal(people.sign_in) == ("UserLambdaValidation", f"{trigger} failed with error No.")
    assert people.sessions() == 0


def test_strangers_are_told_of_only_where_they_are_hidden(triggered):
    hiding = triggered(app={"PreventUserExistenceErrors": "ENABLED"}, PreAuthentication=unchanged)
    assert refusal(hiding.sign_in, "nobody", PASSWORD).name == "NotAuthorized"
    (event,) = hiding.told
    assert (event["userName"], event["request"]) == ("nobody", {"userAttributes": {}, "userNotFound": True})
    hiding.told.clear()

    telling = triggered(app={"PreventUserExistenceErrors": "LEGACY"}, PreAuthentication=unchanged)
    assert refusal(telling.sign_in, "nobody", PASSWORD).name == "UserNotFound"
    assert telling.told == []


def test_the_attributes_that_post_authentication_wrote_stand_in_the_tokens(triggered):
    def write(event):
        people.house.idp.admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "nickname", "Value": "Al"}],
        )
        return event

    people = triggered(PostAuthentication=write)
    people.alice()

    assert claims(people.sign_in()["IdToken"])["nickname"] == "Al"


def test_pre_token_generation_hears_what_post_authentication_wrote(triggered):
    def write(event):
        people.house.idp.admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "nickname", "Value": "Al"}],
        )
        return event

    people = triggered(PostAuthentication=write, PreTokenGeneration=unchanged)
    people.alice()
    people.sign_in()

    assert people.told[-1]["request"]["userAttributes"]["nickname"] == "Al"


def test_a_user_disabled_while_a_trigger_runs_gets_nothing(triggered):
    def disable(event):
        people.house.idp.admin_disable_user(UserPoolId=event["userPoolId"], Username=event["userName"])
        return event

    for trigger in ("PostAuthentication", "PreTokenGeneration"):
        people = triggered(**{trigger: disable})
        people.alice()
        assert refusal(people.sign_in) == ("NotAuthorized", "User is disabled.")
        assert people.sessions() == 0


def test_a_user_signed_out_while_a_trigger_runs_gets_nothing(triggered):
    def sign_out(event):
        people.house.idp.admin_user_global_sign_out(UserPoolId=event["userPoolId"], Username=event["userName"])
        return event

    people = triggered(PostAuthentication=sign_out)
    people.alice()

    assert refusal(people.sign_in).name == "NotAuthorized"
    assert people.sessions() == 0


def test_a_user_deleted_while_a_trigger_runs_gets_nothing(triggered):
    def delete(event):
        people.house.idp.admin_delete_user(UserPoolId=event["userPoolId"], Username=event["userName"])
        return event

    people = triggered(PostAuthentication=delete)
    people.alice()

    assert refusal(people.sign_in).name == "NotAuthorized"
    assert people.sessions() == 0


def test_a_new_password_stays_although_a_later_trigger_refuses(triggered):
    people = triggered(PostAuthentication=raising("No"))
    people.house.user(people.pool_id, "alice", "Temp0rary!", confirmed=False)
    begun = people.initiate(USERNAME="alice", PASSWORD="Temp0rary!")
    assert people.told == []

    refused = refusal(
        people.respond, "NEW_PASSWORD_REQUIRED", begun["Session"], USERNAME="alice", NEW_PASSWORD="Br4nd!new"
    )

    assert refused.name == "UserLambdaValidation"
    people.functions["PostAuthentication"] = unchanged
    assert people.sign_in("alice", "Br4nd!new")["AccessToken"]


def test_tokens_after_a_new_password_have_a_source_of_their_own(triggered):
    def write(event):
        people.house.idp.admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "nickname", "Value": "Al"}],
        )
        return event

    people = triggered(PostAuthentication=write, PreTokenGeneration=unchanged)
    people.house.user(people.pool_id, "alice", "Temp0rary!", confirmed=False)
    begun = people.initiate(USERNAME="alice", PASSWORD="Temp0rary!")
    answers = {"USERNAME": "alice", "NEW_PASSWORD": "Br4nd!new", "userAttributes.given_name": "Alice"}
    answer = people.respond("NEW_PASSWORD_REQUIRED", begun["Session"], **answers)

    told = claims(answer["AuthenticationResult"]["IdToken"])
    assert (told["nickname"], told["given_name"]) == ("Al", "Alice")
    assert people.sources() == ["PostAuthentication_Authentication", "TokenGeneration_NewPasswordChallenge"]


def test_a_used_session_is_refused_although_a_trigger_runs_between(triggered):
    people = triggered(PostAuthentication=unchanged)
    people.house.user(people.pool_id, "alice", "Temp0rary!", confirmed=False)
    begun = people.initiate(USERNAME="alice", PASSWORD="Temp0rary!")
    answers = {"USERNAME": "alice", "NEW_PASSWORD": "Br4nd!new"}
    people.respond("NEW_PASSWORD_REQUIRED", begun["Session"], **answers)

    assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", begun["Session"], **answers).name == "NotAuthorized"
    assert people.sessions() == 1


def test_failures_are_forgiven_when_the_password_is_right_whatever_the_trigger_says(triggered):
    people = triggered(PostAuthentication=raising("No"))
    people.alice()
    for _ in range(4):
        refusal(people.sign_in, "alice", "Wr0ng!pass")
    refusal(people.sign_in)
    for _ in range(4):
        refusal(people.sign_in, "alice", "Wr0ng!pass")

    people.functions["PostAuthentication"] = unchanged
    assert people.sign_in()["AccessToken"]


# Tokens.


def test_the_first_version_changes_id_tokens_and_groups(triggered):
    details = {
        "claimsToAddOrOverride": {"tenant": "blue", "sub": "forged", "cognito:username": "forged"},
        "claimsToSuppress": ["email"],
        "groupOverrideDetails": {
            "groupsToOverride": ["admins"],
            "iamRolesToOverride": ["arn:aws:iam::1:role/a"],
            "preferredRole": "arn:aws:iam::1:role/a",
        },
    }
    people = triggered(PreTokenGeneration=answering(claimsOverrideDetails=details))
    people.alice(email="alice@example.com")

    tokens = people.sign_in()
    told, access = claims(tokens["IdToken"]), claims(tokens["AccessToken"])

    assert (told["tenant"], told["sub"], told["cognito:username"]) == ("blue", people.sub(), "alice")
    assert "email" not in told
    assert told["cognito:groups"] == access["cognito:groups"] == ["admins"]
    assert told["cognito:preferred_role"] == "arn:aws:iam::1:role/a"
    assert "tenant" not in access
    assert people.house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])["Username"] == "alice"


@pytest.mark.parametrize("version", ["V2_0", "V3_0"])
def test_later_versions_change_access_tokens_too(triggered, version):
    details = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"seats": 3}}},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": ["blue"], "client_id": "forged", "exp": 1},
            "scopesToAdd": ["orders/read"],
        },
    }
    people = triggered(version=version, PreTokenGenerationConfig=answering(claimsAndScopeOverrideDetails=details))
    people.alice()

    tokens = people.sign_in()
    told, access = claims(tokens["IdToken"]), claims(tokens["AccessToken"])

    assert told["plan"] == {"seats": 3}
    assert (access["tenant"], access["client_id"]) == (["blue"], people.client_id)
    assert access["exp"] > access["iat"]
    assert access["scope"] == "aws.cognito.signin.user.admin orders/read"
    (event,) = people.told
    assert (event["version"], event["request"]["scopes"]) == (version[1], ["aws.cognito.signin.user.admin"])


def test_a_token_without_the_scope_of_self_service_serves_no_self(triggered):
    details = {"accessTokenGeneration": {"scopesToSuppress": ["aws.cognito.signin.user.admin"]}}
    people = triggered(version="V2_0", PreTokenGenerationConfig=answering(claimsAndScopeOverrideDetails=details))
    people.alice()

    token = people.sign_in()["AccessToken"]

    assert refusal(people.house.idp_unsigned.get_user, AccessToken=token).name == "NotAuthorized"


def test_a_refresh_asks_for_tokens_only(triggered):
    people = triggered(**everything())
    people.alice()
    tokens = people.sign_in()
    people.told.clear()

    people.house.idp_unsigned.initiate_auth(
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=people.client_id,
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        ClientMetadata={"a": "b"},
    )
    people.rotate(tokens["RefreshToken"], ClientMetadata={"a": "b"})

    assert people.sources() == ["TokenGeneration_RefreshTokens", "TokenGeneration_RefreshTokens"]
    assert [event["request"].get("clientMetadata") for event in people.told] == [None, {"a": "b"}]


@pytest.mark.parametrize(
    "rotation", [{}, {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}]
)
def test_a_refresh_of_a_user_disabled_meanwhile_gives_nothing(triggered, rotation):
    flows = [
        name
        for name in ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
        if not rotation or "REFRESH" not in name
    ]
    people = triggered(app={**rotation, "ExplicitAuthFlows": flows}, PreTokenGeneration=unchanged)
    people.alice()
    tokens = people.sign_in()

    def disable(event):
        people.house.idp.admin_disable_user(UserPoolId=event["userPoolId"], Username=event["userName"])
        return event

    people.functions["PreTokenGeneration"] = disable

    assert refusal(people.rotate, tokens["RefreshToken"]) == ("NotAuthorized", "User is disabled.")


def test_a_failed_trigger_leaves_a_rotating_token_alive(triggered):
    people = triggered(
        app={
            "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        },
        PreTokenGeneration=unchanged,
    )
    people.alice()
    tokens = people.sign_in()
    people.functions["PreTokenGeneration"] = raising("No")
    assert refusal(people.rotate, tokens["RefreshToken"]).name == "UserLambdaValidation"

    people.functions["PreTokenGeneration"] = unchanged
    assert people.rotate(tokens["RefreshToken"])["RefreshToken"]
