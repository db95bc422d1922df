"""Signing in by SRP, spoken to by somebody else's client half."""

import base64

import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

from lido.flows import access, passwords
from lido.storage import passwords as stored

WRONG = ("NotAuthorized", "Incorrect username or password.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
INVALID = ("NotAuthorized", "Invalid session for the user.")


@pytest.fixture
def people(house):
    people = People(house)
    people.alice()
    return people


def first_half(people, username="alice", password=PASSWORD):
    """The client half, the challenge, and the right answer to it."""
    srp = people.srp(username, password)
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": username})
    return challenge, responses


def test_a_client_half_that_is_not_ours_signs_in(people):
    challenge, responses = first_half(people)

    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    assert "Session" not in challenge
    parameters = challenge["ChallengeParameters"]
    assert set(parameters) == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP"}
    assert parameters["USERNAME"] == parameters["USER_ID_FOR_SRP"] == "alice"
    tokens = people.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]
    assert claims(tokens["AccessToken"])["username"] == "alice"
    assert people.refresh(tokens["RefreshToken"])


def test_the_first_half_writes_nothing(people):
    before = people.events()
    first_half(people)

    assert people.events() == before
    assert people.sessions() == 0


def test_the_identity_is_the_sub_where_addresses_are_names(house):
    people = People(house, pool={"UsernameAttributes": ["email"]})
    house.user(people.pool_id, "alice@example.com", email="alice@example.com")

    challenge, responses = first_half(people, "alice@example.com")

    sub = people.sub("alice@example.com")
    assert challenge["ChallengeParameters"]["USER_ID_FOR_SRP"] == sub
    assert claims(people.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]["IdToken"])["sub"] == sub


def test_an_alias_leads_to_the_identity_that_the_verifier_was_made_with(house):
    people = People(house, pool={"AliasAttributes": ["email"]})
    people.alice(email="alice@example.com", email_verified="true")

    assert people.srp("alice@example.com").authenticate_user()["AuthenticationResult"]


def test_operators_speak_srp_for_people(people):
    srp = people.srp()
    challenge = people.admin_initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": "alice"})
    answer = {"ClientId": people.client_id, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses}

    assert refusal(people.house.idp_unsigned.respond_to_auth_challenge, **answer) == INVALID
    told = people.house.idp.admin_respond_to_auth_challenge(UserPoolId=people.pool_id, **answer)
    assert told["AuthenticationResult"]["AccessToken"]


def test_a_wrong_password_is_refused_and_burns_the_block(people):
    challenge, responses = first_half(people, password="Wr0ng-password!")

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == WRONG
    srp = people.srp()
    srp.get_auth_params()
    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == USED
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    assert people.sessions() == 0


def test_a_block_signs_in_once(people):
    _, responses = first_half(people)
    people.respond("PASSWORD_VERIFIER", **responses)

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == USED
    assert people.sessions() == 1


def test_a_block_lives_a_minute(people):
    _, responses = first_half(people)
    people.house.clock.advance(seconds=60)

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == (
        "NotAuthorized",
        "Invalid session for the user, session is expired.",
    )


def test_a_block_is_good_for_its_client_and_pool_only(people, house):
    _, responses = first_half(people)
    sibling, stranger = People(house), People(house)
    sibling.pool_id, sibling.client_id = people.pool_id, house.app(people.pool_id)["ClientId"]
    stranger.alice()

    for other in (sibling, stranger):
        assert refusal(other.respond, "PASSWORD_VERIFIER", **responses) == INVALID


def test_a_block_is_good_for_its_user_only(people):
    people.house.user(people.pool_id, "bob")
    _, responses = first_half(people)

    assert refusal(people.respond, "PASSWORD_VERIFIER", **{**responses, "USERNAME": "bob"}) == INVALID


@pytest.mark.parametrize("block", ["", "x", "====", "AAAA", base64.b64encode(bytes(500)).decode()])
def test_a_block_that_is_not_ours_is_refused(people, block):
    _, responses = first_half(people)

    refused = refusal(people.respond, "PASSWORD_VERIFIER", **{**responses, "PASSWORD_CLAIM_SECRET_BLOCK": block})

    assert refused in (INVALID, ("InvalidParameter", "Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK"))


@pytest.mark.parametrize(
    "missing", ["USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK"]
)
def test_an_incomplete_answer_burns_nothing(people, missing):
    _, responses = first_half(people)
    incomplete = {name: value for name, value in responses.items() if name != missing}

    assert refusal(people.respond, "PASSWORD_VERIFIER", **incomplete) == (
        "InvalidParameter",
        f"Missing required parameter {missing}",
    )
    assert people.respond("PASSWORD_VERIFIER", **responses)["AuthenticationResult"]


@pytest.mark.parametrize("srp_a", ["0", "", "xyz", "f" * 771, "-1"])
def test_a_public_value_that_would_give_the_key_away_is_refused(people, srp_a):
    assert refusal(people.initiate, "USER_SRP_AUTH", USERNAME="alice", SRP_A=srp_a).name == "InvalidParameter"


def test_a_changed_timestamp_or_signature_is_a_wrong_answer(people):
    for changed in ({"TIMESTAMP": "Mon Nov 23 04:05:06 UTC 2026"}, {"PASSWORD_CLAIM_SIGNATURE": "AAAA"}):
        _, responses = first_half(people)
        assert refusal(people.respond, "PASSWORD_VERIFIER", **{**responses, **changed}) == WRONG


@pytest.mark.parametrize("permanent", [True, False])
def test_a_new_password_ends_the_exchange_of_the_old_one(people, permanent):
    _, responses = first_half(people)
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password=PASSWORD, Permanent=permanent
    )

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == INVALID


def test_a_disabled_user_is_told_after_the_right_proof_only(people):
    _, right = first_half(people)
    _, wrong = first_half(people, password="Wr0ng-password!")
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    # Disabling raises the epoch: what was under way ends; what begins afterwards gets this far.
    for responses in (right, wrong):
        assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == INVALID

    _, right = first_half(people)
    _, wrong = first_half(people, password="Wr0ng-password!")

    assert refusal(people.respond, "PASSWORD_VERIFIER", **wrong) == WRONG
    assert refusal(people.respond, "PASSWORD_VERIFIER", **right) == ("NotAuthorized", "User is disabled.")


def test_a_temporary_password_leads_on_to_a_new_one(house):
    people = People(house)
    house.user(people.pool_id, "alice", confirmed=False)
    _, responses = first_half(people)

    challenge = people.respond("PASSWORD_VERIFIER", **responses)

    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answer = people.respond(
        "NEW_PASSWORD_REQUIRED", challenge["Session"], USERNAME="alice", NEW_PASSWORD="An0ther-password!"
    )
    assert answer["AuthenticationResult"]["AccessToken"]
    assert people.srp(password="An0ther-password!").authenticate_user()["AuthenticationResult"]
    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses).name == "NotAuthorized"


# Who exists


def test_an_unknown_user_is_named_in_legacy_mode(people):
    assert refusal(people.initiate, "USER_SRP_AUTH", USERNAME="nobody", SRP_A="1f") == (
        "UserNotFound",
        "User does not exist.",
    )


@pytest.mark.parametrize(
    ("pool", "known", "unknown"),
    [
        ({}, "alice", "noone"),
        ({"UsernameAttributes": ["email"]}, "alice@example.com", "noone@example.com"),
        ({"AliasAttributes": ["email"]}, "alice", "noone"),
    ],
)
def test_nobody_looks_like_somebody_with_another_password(house, pool, known, unknown):
    people = People(house, pool=pool, PreventUserExistenceErrors="ENABLED")
    house.user(people.pool_id, known)

    shapes = []
    for username in (known, unknown):
        challenge, responses = first_half(people, username, "Wr0ng-password!")
        parameters = challenge["ChallengeParameters"]
        assert parameters["USERNAME"] == parameters["USER_ID_FOR_SRP"]
        refused = refusal(people.respond, "PASSWORD_VERIFIER", **responses)
        # A salt is told as a number: without the zeros that one in 256 begins with.
        lengths = 26 < len(parameters["SALT"]) <= 32, len(parameters["SECRET_BLOCK"])
        named_so = parameters["USER_ID_FOR_SRP"] == username
        shapes.append((challenge["ChallengeName"], sorted(parameters), lengths, named_so, refused == WRONG))

    assert shapes[0] == shapes[1]
    assert shapes[0][-1]


def test_nobodys_challenge_is_the_same_each_time_but_for_what_is_fresh(house):
    people = People(house, PreventUserExistenceErrors="ENABLED")

    first, second = (
        people.initiate("USER_SRP_AUTH", USERNAME="nobody", SRP_A="1f")["ChallengeParameters"] for _ in range(2)
    )

    assert first["SALT"] == second["SALT"]
    assert first["USER_ID_FOR_SRP"] == second["USER_ID_FOR_SRP"]
    assert first["SRP_B"] != second["SRP_B"]
    assert first["SECRET_BLOCK"] != second["SECRET_BLOCK"]
    other = people.initiate("USER_SRP_AUTH", USERNAME="nobody2", SRP_A="1f")["ChallengeParameters"]
    assert other["SALT"] != first["SALT"]


def test_a_name_taken_meanwhile_does_not_turn_nobody_into_somebody(house):
    people = People(house, PreventUserExistenceErrors="ENABLED")
    _, responses = first_half(people)
    people.alice()

    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses) == WRONG


def test_an_imported_hash_gets_its_verifier_at_the_first_password_sign_in(people, house):
    call = house.call(root=True)
    with house.database.read() as tx:
        pool = access.require_pool(call, tx, people.pool_id)
        row = stored.find(tx, people.pool_id, people.sub())
    material = passwords.open_material(call, people.pool_id, row.sub, row.material)
    bare = type(material)(phc=material.phc)
    sealed = call.keys.seal(passwords.PURPOSE, bare.encode(), pool.pool_id, row.sub)
    with house.database.write() as tx:
        stored.set_material(tx, pool.pool_id, row.sub, sealed, seen=row.version)

    with pytest.raises(ClientError):
        people.srp().authenticate_user()
    assert people.sign_in()
    assert people.srp().authenticate_user()["AuthenticationResult"]
