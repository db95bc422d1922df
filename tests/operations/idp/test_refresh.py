"""Refreshing: what goes on, what a rotation leaves behind, and who is kept out."""

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.sign_ins import People, claims, refusal
from tests.world import FLOWS

from lido import errors
from lido.flows import families, tokens
from lido.flows.families import ClientProof

INVALID = ("NotAuthorized", "Invalid Refresh Token")
REVOKED = ("NotAuthorized", "Refresh Token has been revoked")
ROTATING_FLOWS = [flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"]


def rotating(house, grace=10):
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    people = People(house, ExplicitAuthFlows=ROTATING_FLOWS, RefreshTokenRotation=rotation)
    people.alice()
    return people


@pytest.fixture
def people(house):
    people = People(house)
    people.alice(email="alice@example.com")
    return people


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_a_refresh_continues_the_sign_in(people, flow):
    first = people.sign_in()
    people.house.clock.advance(minutes=30)

    answer = people.initiate(flow, REFRESH_TOKEN=first["RefreshToken"])

    result = answer["AuthenticationResult"]
    assert set(result) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    for name in ("AccessToken", "IdToken"):
        old, new = claims(first[name]), claims(result[name])
        for kept in ("auth_time", "origin_jti", "event_id", "sub"):
            assert new[kept] == old[kept]
        assert new["iat"] == old["iat"] + 1800
        assert new["jti"] != old["jti"]


def test_a_refreshed_token_shows_the_profile_and_groups_of_today(people):
    first = people.sign_in()
    idp, who = people.house.idp, {"UserPoolId": people.pool_id, "Username": "alice"}
    idp.admin_update_user_attributes(**who, UserAttributes=[{"Name": "name", "Value": "Alice"}])
    idp.create_group(UserPoolId=people.pool_id, GroupName="admins")
    idp.admin_add_user_to_group(**who, GroupName="admins")

    fresh = people.refresh(first["RefreshToken"])

    assert claims(fresh["IdToken"])["name"] == "Alice"
    assert claims(fresh["AccessToken"])["cognito:groups"] == ["admins"]


def test_operators_refresh_too(people):
    token = people.admin_initiate(USERNAME="alice", PASSWORD="Passw0rd!")["AuthenticationResult"]["RefreshToken"]

    answer = people.admin_initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)

    assert answer["AuthenticationResult"]["AccessToken"]


def test_a_refresh_without_rotation_writes_nothing(people):
    token = people.sign_in()["RefreshToken"]
    before = people.events()

    people.refresh(token)
    people.rotate(token)

    assert people.events() == before
    assert people.sessions() == 1


def test_a_refresh_token_ends_with_its_time(house):
    people = People(house, RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"}, AccessTokenValidity=1)
    people.alice()
    token = people.sign_in()["RefreshToken"]
    house.clock.advance(minutes=119)
    assert people.refresh(token)
    house.clock.advance(minutes=1)

    assert refusal(people.refresh, token) == ("NotAuthorized", "Refresh Token has expired")


@pytest.mark.parametrize("token", ["garbage", "a.b.c.d.e", "x" * 3000])
def test_what_is_no_refresh_token_is_refused(people, token):
    assert refusal(people.refresh, token) == INVALID


def test_a_refresh_token_is_named_when_missing(people):
    assert refusal(people.initiate, "REFRESH_TOKEN_AUTH") == (
        "InvalidParameter",
        "Missing required parameter REFRESH_TOKEN",
    )


def test_a_changed_refresh_token_is_refused(people):
    token = people.sign_in()["RefreshToken"]
    header, *parts = token.split(".")
    for i in range(len(parts)):
        torn = [*parts]
        torn[i] = ("A" if torn[i][0] != "A" else "B") + torn[i][1:]
        assert refusal(people.refresh, ".".join([header, *torn])) == INVALID


def test_a_refresh_token_is_good_for_its_client_and_pool_only(people, house):
    token = people.sign_in()["RefreshToken"]
    sibling, stranger = People(house), People(house)
    sibling.pool_id, sibling.client_id = people.pool_id, house.app(people.pool_id)["ClientId"]

    for other in (sibling, stranger):
        assert refusal(other.refresh, token) == INVALID
        assert refusal(other.rotate, token) == INVALID


@pytest.mark.parametrize("door", ["refresh", "rotate"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("admin_disable_user", ("NotAuthorized", "User is disabled.")),
        ("admin_delete_user", INVALID),
        ("admin_user_global_sign_out", REVOKED),
        ("admin_reset_user_password", ("PasswordResetRequired", "Password reset required for the user")),
    ],
)
def test_who_may_not_sign_in_may_not_refresh(people, door, change, expected):
    token = people.sign_in()["RefreshToken"]
    who = {"UserPoolId": people.pool_id, "Username": "alice"}
    if change == "admin_reset_user_password":
        verified = [{"Name": "email", "Value": "alice@example.com"}, {"Name": "email_verified", "Value": "true"}]
        people.house.idp.admin_update_user_attributes(**who, UserAttributes=verified)
    getattr(people.house.idp, change)(**who)

    refused = refusal(getattr(people, door), token)

    # GetTokensFromRefreshToken has no PasswordResetRequired in its model.
    assert refused == (("NotAuthorized", expected[1]) if door == "rotate" else expected)


def test_enabling_does_not_bring_tokens_back(people):
    token = people.sign_in()["RefreshToken"]
    who = {"UserPoolId": people.pool_id, "Username": "alice"}
    people.house.idp.admin_disable_user(**who)
    people.house.idp.admin_enable_user(**who)

    assert refusal(people.refresh, token) == REVOKED


def test_a_recreated_user_gets_nothing_of_the_old_one(people):
    token = people.sign_in()["RefreshToken"]
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    people.alice()

    assert refusal(people.refresh, token) == INVALID


def test_a_client_that_does_not_allow_the_flow_uses_the_operation(house):
    people = People(house, ExplicitAuthFlows=ROTATING_FLOWS)
    people.alice()
    token = people.sign_in()["RefreshToken"]

    assert refusal(people.refresh, token) == (
        "InvalidParameter",
        "REFRESH_TOKEN_AUTH flow not enabled for this client",
    )
    assert set(people.rotate(token)) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}


# Client secrets


def test_a_secret_is_proven_over_the_stored_username_or_the_sub(house):
    people = People(house, GenerateSecret=True)
    people.alice()
    secret, client_id = people.app["ClientSecret"], people.client_id

    def proof(name):
        digest = hmac.digest(secret.encode(), (name + client_id).encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()

    token = people.initiate(USERNAME="alice", PASSWORD="Passw0rd!", SECRET_HASH=proof("alice"))["AuthenticationResult"][
        "RefreshToken"
    ]
    assert people.refresh(token, SECRET_HASH=proof("alice"))
    assert people.refresh(token, SECRET_HASH=proof(people.sub()))
    assert refusal(people.refresh, token, SECRET_HASH=proof("bob")) == (
        "NotAuthorized",
        f"SecretHash does not match for the client: {client_id}",
    )
    assert refusal(people.refresh, token) == (
        "NotAuthorized",
        f"Client {client_id} is configured with secret but SECRET_HASH was not received",
    )
    assert people.rotate(token, ClientSecret=secret)
    for wrong in ({}, {"ClientSecret": "x" * 51}):
        assert refusal(people.rotate, token, **wrong) == ("NotAuthorized", "Invalid client or secret")


# Rotation


def test_each_rotation_gives_a_successor_that_ends_when_the_first_would(house):
    people = rotating(house)
    first = people.sign_in()
    house.clock.advance(days=29)

    second = people.rotate(first["RefreshToken"])
    third = people.rotate(second["RefreshToken"])

    assert len({first["RefreshToken"], second["RefreshToken"], third["RefreshToken"]}) == 3
    assert claims(third["AccessToken"])["origin_jti"] == claims(first["AccessToken"])["origin_jti"]
    house.clock.advance(days=1)
    assert refusal(people.rotate, third["RefreshToken"]) == ("NotAuthorized", "Refresh Token has expired")


def test_the_refresh_flow_is_refused_where_tokens_rotate(house):
    people = rotating(house)

    refused = refusal(people.refresh, people.sign_in()["RefreshToken"])

    assert refused == ("InvalidParameter", "REFRESH_TOKEN_AUTH flow not enabled for this client")


def test_a_retry_within_the_grace_gets_the_living_token_again(house):
    people = rotating(house, grace=10)
    first = people.sign_in()["RefreshToken"]
    second = people.rotate(first)["RefreshToken"]
    house.clock.advance(seconds=9)

    again = people.rotate(first)

    assert again["AccessToken"]
    third = people.rotate(again["RefreshToken"])["RefreshToken"]
    assert people.rotate(second)["RefreshToken"]
    assert people.rotate(third)


def test_reuse_after_the_grace_ends_the_family(house):
    people = rotating(house, grace=10)
    first = people.sign_in()
    second = people.rotate(first["RefreshToken"])
    house.clock.advance(seconds=10)

    assert refusal(people.rotate, first["RefreshToken"]).name == "RefreshTokenReuse"

    assert refusal(people.rotate, second["RefreshToken"]) == REVOKED
    assert refusal(people.rotate, first["RefreshToken"]) == REVOKED
    refused = refusal(house.idp_unsigned.get_user, AccessToken=second["AccessToken"])
    assert refused == ("NotAuthorized", "Access Token has been revoked")
    assert people.events().count("token_reused") == 1


def test_without_grace_the_old_token_is_dead_at_once(house):
    people = rotating(house, grace=0)
    first = people.sign_in()["RefreshToken"]
    people.rotate(first)

    assert refusal(people.rotate, first).name == "RefreshTokenReuse"


def test_another_sign_in_survives_the_end_of_a_family(house):
    people = rotating(house, grace=0)
    lost, kept = people.sign_in()["RefreshToken"], people.sign_in()["RefreshToken"]
    people.rotate(lost)
    refusal(people.rotate, lost)

    assert people.rotate(kept)


def test_a_disabled_user_cannot_rotate(house):
    people = rotating(house)
    token = people.sign_in()["RefreshToken"]
    house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")

    assert refusal(people.rotate, token) == ("NotAuthorized", "User is disabled.")


@pytest.mark.parametrize(("grace", "winners"), [(60, 64), (0, 1)])
def test_of_64_parallel_rotations_one_makes_the_successor(house, grace, winners):
    people = rotating(house, grace=grace)
    token = people.sign_in()["RefreshToken"]

    def rotate(_):
        try:
            return families.refresh(house.call(), people.client_id, token, ClientProof("secret", None), by_flow=False)
        except (errors.RefreshTokenReuse, errors.NotAuthorized) as fault:
            return fault

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(rotate, range(64)))

    given = [answer for answer in answers if isinstance(answer, tokens.Tokens)]
    assert len(given) == winners
    with house.database.read() as tx:
        row = tx.row("SELECT generation, revoked_at FROM sessions WHERE pool_id = :pool", pool=people.pool_id)
    assert row[0] == 2
    assert (row[1] is None) == (grace > 0)
    if grace:
        # Every answer carries the same living generation: each of them goes on.
        assert people.rotate(given[-1].refresh)
