"""NEW_PASSWORD_REQUIRED: a temporary password is exchanged for one of one's own, and for tokens."""

import pytest
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

WRONG = ("NotAuthorized", "Incorrect username or password.")
NEW = "An0ther-password!"


@pytest.fixture
def newcomer(house):
    people = People(house)
    house.user(people.pool_id, "alice", confirmed=False, email="alice@example.com", email_verified="true")
    return people


def test_a_temporary_password_is_exchanged_for_tokens(newcomer):
    challenge = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in challenge
    assert challenge["ChallengeParameters"] == {
        "USER_ID_FOR_SRP": "alice",
        "requiredAttributes": "[]",
        "userAttributes": '{"email":"alice@example.com","email_verified":"true"}',
    }
    assert 20 <= len(challenge["Session"]) <= 4096

    answer = newcomer.respond("NEW_PASSWORD_REQUIRED", challenge["Session"], USERNAME="alice", NEW_PASSWORD=NEW)

    assert answer["AuthenticationResult"]["RefreshToken"]
    assert newcomer.sign_in(password=NEW)["AccessToken"]
    assert refusal(newcomer.sign_in) == WRONG
    user = newcomer.house.idp.admin_get_user(UserPoolId=newcomer.pool_id, Username="alice")
    assert user["UserStatus"] == "CONFIRMED"
    assert "password_changed" in newcomer.events()


def test_operators_answer_for_people(newcomer):
    challenge = newcomer.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)

    answer = newcomer.house.idp.admin_respond_to_auth_challenge(
        UserPoolId=newcomer.pool_id,
        ClientId=newcomer.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": NEW},
    )

    assert answer["AuthenticationResult"]["AccessToken"]


def test_a_refused_new_password_leaves_the_step_as_it_was(newcomer):
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]

    assert refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD="short") == (
        "InvalidPassword",
        "Password does not conform to policy: Password not long enough",
    )
    assert refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice") == (
        "InvalidParameter",
        "Missing required parameter NEW_PASSWORD",
    )
    assert newcomer.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)


def test_an_earlier_password_is_no_new_one(house):
    policy = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    people = People(house, pool={"Policies": policy})
    people.alice()
    house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password="Temp0rary!", Permanent=False
    )
    session = people.initiate(USERNAME="alice", PASSWORD="Temp0rary!")["Session"]

    refused = refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=PASSWORD)

    assert refused.name == "PasswordHistoryPolicyViolation"
    assert people.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)


def test_a_step_is_answered_once(newcomer):
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    newcomer.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)

    assert refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=PASSWORD) == (
        "NotAuthorized",
        "Invalid session for the user, session can only be used once.",
    )
    assert newcomer.sign_in(password=NEW)


def test_a_step_expires_with_the_session_validity_of_the_client(house):
    people = People(house, AuthSessionValidity=5)
    house.user(people.pool_id, "alice", confirmed=False)
    session = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    house.clock.advance(minutes=5)

    assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW) == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )


INVALID = ("NotAuthorized", "Invalid session for the user.")


def test_a_step_is_good_for_its_client_pool_step_door_and_user_only(newcomer, house):
    other_client = People(house)
    other_client.pool_id, other_client.client_id = newcomer.pool_id, house.app(newcomer.pool_id)["ClientId"]
    other_pool = People(house)
    house.user(newcomer.pool_id, "bob", confirmed=False)
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    given = {"USERNAME": "alice", "NEW_PASSWORD": NEW}

    for people in (other_client, other_pool):
        assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", session, **given) == INVALID
    assert refusal(newcomer.respond, "PASSWORD", session, USERNAME="alice", PASSWORD=PASSWORD) == INVALID
    assert refusal(newcomer.respond, "SMS_MFA", session, USERNAME="alice", SMS_MFA_CODE="123456") == INVALID
    assert refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="bob", NEW_PASSWORD=NEW) == INVALID
    for torn in (session[:-1], session[:-4] + "AAAA", "x" * 40):
        assert refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", torn, **given) == INVALID
    by_operator = refusal(
        house.idp.admin_respond_to_auth_challenge,
        UserPoolId=newcomer.pool_id,
        ClientId=newcomer.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=session,
        ChallengeResponses=given,
    )
    assert by_operator == INVALID
    assert newcomer.respond("NEW_PASSWORD_REQUIRED", session, **given)["AuthenticationResult"]


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda idp, who: idp.admin_user_global_sign_out(**who),
        lambda idp, who: idp.admin_set_user_password(**who, Password="Passw0rd!2", Permanent=False),
        lambda idp, who: idp.admin_set_user_password(**who, Password="Passw0rd!2", Permanent=True),
        lambda idp, who: idp.admin_disable_user(**who),
        lambda idp, who: idp.admin_delete_user(**who),
    ],
    ids=["signed out", "another temporary password", "a permanent password", "disabled", "deleted"],
)
def test_a_step_ends_when_the_account_changes(newcomer, meanwhile):
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    meanwhile(newcomer.house.idp, {"UserPoolId": newcomer.pool_id, "Username": "alice"})

    refused = refusal(newcomer.respond, "NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=NEW)

    assert refused.name == "NotAuthorized"
    assert newcomer.sessions() == 0


def test_an_old_temporary_password_is_refused(newcomer):
    newcomer.house.clock.advance(days=8)

    assert refusal(newcomer.sign_in) == (
        "NotAuthorized",
        "Temporary password has expired and must be reset by an administrator.",
    )


def test_missing_required_attributes_come_with_the_new_password(house):
    schema = [{"Name": "given_name", "Required": True, "Mutable": True, "AttributeDataType": "String"}]
    people = People(house, pool={"Schema": schema})
    house.user(people.pool_id, "alice", confirmed=False)
    challenge = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    assert challenge["ChallengeParameters"]["requiredAttributes"] == '["userAttributes.given_name"]'
    given = {"USERNAME": "alice", "NEW_PASSWORD": NEW}

    refused = refusal(people.respond, "NEW_PASSWORD_REQUIRED", challenge["Session"], **given)
    assert refused.name == "InvalidParameter"
    answer = people.respond(
        "NEW_PASSWORD_REQUIRED", challenge["Session"], **given, **{"userAttributes.given_name": "Alice"}
    )

    assert claims(answer["AuthenticationResult"]["IdToken"])["given_name"] == "Alice"


def test_attributes_beside_a_new_password_obey_the_clients_list(house):
    people = People(house, WriteAttributes=["name"])
    house.user(people.pool_id, "alice", confirmed=False)
    session = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    given = {"USERNAME": "alice", "NEW_PASSWORD": NEW}

    for name in ("nickname", "email_verified", "sub"):
        refused = refusal(
            people.respond, "NEW_PASSWORD_REQUIRED", session, **given, **{f"userAttributes.{name}": "true"}
        )
        assert refused.name in ("NotAuthorized", "InvalidParameter")
    answer = people.respond("NEW_PASSWORD_REQUIRED", session, **given, **{"userAttributes.name": "Alice"})
    assert claims(answer["AuthenticationResult"]["IdToken"])["name"] == "Alice"
