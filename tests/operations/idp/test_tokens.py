"""What stands in tokens, how they verify, and what ends them."""

import json

import jwt
import pytest
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD


@pytest.fixture
def people(house):
    people = People(house)
    people.alice(email="alice@example.com", email_verified="true")
    return people


def published(people):
    status, _, body = people.house.http("GET", f"http://lido.test/{people.pool_id}/.well-known/jwks.json")
    assert status == 200
    return jwt.PyJWKSet.from_dict(json.loads(body))


def verified(people, token, **expected):
    key = published(people)[jwt.get_unverified_header(token)["kid"]]
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": "audience" in expected}
    return jwt.decode(token, key, algorithms=["RS256"], options=options, **expected)


def test_both_tokens_verify_with_the_published_keys_and_have_a_key_each(people):
    tokens = people.sign_in()
    issuer = f"http://localhost:9229/{people.pool_id}"

    access = verified(people, tokens["AccessToken"], issuer=issuer)
    identity = verified(people, tokens["IdToken"], issuer=issuer, audience=people.client_id)

    headers = [jwt.get_unverified_header(tokens[name]) for name in ("AccessToken", "IdToken")]
    assert all(set(header) == {"kid", "alg"} and len(header["kid"]) == 44 for header in headers)
    assert headers[0]["kid"] != headers[1]["kid"]
    now = people.house.clock.now() // 1000
    for token in (access, identity):
        assert (token["iat"], token["exp"], token["auth_time"]) == (now, now + 3600, now)
        assert token["sub"] == people.sub()
    for name in ("origin_jti", "event_id"):
        assert access[name] == identity[name]
    assert access["jti"] != identity["jti"]


def test_the_access_token_says_what_and_no_more(people):
    token = claims(people.sign_in()["AccessToken"])

    assert set(token) == {
        *("sub", "iss", "client_id", "origin_jti", "event_id", "token_use"),
        *("scope", "auth_time", "exp", "iat", "jti", "username"),
    }
    assert token["token_use"] == "access"
    assert token["scope"] == "aws.cognito.signin.user.admin"
    assert (token["client_id"], token["username"]) == (people.client_id, "alice")


def test_the_id_token_says_who(people):
    token = claims(people.sign_in()["IdToken"])

    assert token["token_use"] == "id"
    assert (token["aud"], token["cognito:username"]) == (people.client_id, "alice")
    assert (token["email"], token["email_verified"]) == ("alice@example.com", True)
    assert "client_id" not in token
    assert "scope" not in token


def test_the_id_token_shows_only_what_the_client_may_read(house):
    people = People(house, ReadAttributes=["name"])
    people.alice(email="alice@example.com", name="Alice")

    token = claims(people.sign_in()["IdToken"])

    assert token["name"] == "Alice"
    assert "email" not in token


def test_groups_and_their_roles_are_claims(people):
    idp, pool_id = people.house.idp, people.pool_id
    for name, precedence in (("readers", 5), ("admins", 1), ("others", None)):
        role = {"RoleArn": f"arn:aws:iam::000000000000:role/{name}"}
        rank = {} if precedence is None else {"Precedence": precedence}
        idp.create_group(UserPoolId=pool_id, GroupName=name, **role, **rank)
        idp.admin_add_user_to_group(UserPoolId=pool_id, Username="alice", GroupName=name)

    tokens = people.sign_in()

    for token in (tokens["AccessToken"], tokens["IdToken"]):
        assert claims(token)["cognito:groups"] == ["admins", "readers", "others"]
    identity = claims(tokens["IdToken"])
    assert identity["cognito:preferred_role"] == "arn:aws:iam::000000000000:role/admins"
    assert len(identity["cognito:roles"]) == 3
    assert "cognito:roles" not in claims(tokens["AccessToken"])


def test_lifetimes_are_the_clients(house):
    people = People(
        house,
        AccessTokenValidity=10,
        IdTokenValidity=20,
        TokenValidityUnits={"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
    )
    people.alice()

    tokens = people.sign_in()

    access, identity = claims(tokens["AccessToken"]), claims(tokens["IdToken"])
    assert tokens["ExpiresIn"] == 600
    assert (access["exp"] - access["iat"], identity["exp"] - identity["iat"]) == (600, 1200)


def test_an_access_token_ends_when_its_time_is_over(people):
    token = people.sign_in()["AccessToken"]
    get_user = people.house.idp_unsigned.get_user
    people.house.clock.advance(seconds=3599)
    assert get_user(AccessToken=token)
    people.house.clock.advance(seconds=1)

    assert refusal(get_user, AccessToken=token) == ("NotAuthorized", "Access Token has expired")


def test_the_issuer_is_the_one_that_was_set(house):
    people = People(house, pool={"UserPoolTags": {"lido:issuer": "https://old.example.com/pool"}})
    people.alice()
    tokens = people.sign_in()

    assert claims(tokens["AccessToken"])["iss"] == claims(tokens["IdToken"])["iss"] == "https://old.example.com/pool"
    assert house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])


# Sign-out


@pytest.fixture(params=["GlobalSignOut", "AdminUserGlobalSignOut"])
def sign_out(request, people):
    def by_person(token):
        return people.house.idp_unsigned.global_sign_out(AccessToken=token)

    def by_operator(_token):
        return people.house.idp.admin_user_global_sign_out(UserPoolId=people.pool_id, Username="alice")

    return by_person if request.param == "GlobalSignOut" else by_operator


def test_a_global_sign_out_ends_every_token_of_every_device(people, sign_out):
    first, second = people.sign_in(), people.sign_in()

    sign_out(first["AccessToken"])

    for tokens in (first, second):
        assert refusal(people.house.idp_unsigned.get_user, AccessToken=tokens["AccessToken"]) == (
            "NotAuthorized",
            "Access Token has been revoked",
        )
        assert refusal(people.refresh, tokens["RefreshToken"]) == ("NotAuthorized", "Refresh Token has been revoked")
    fresh = people.sign_in()
    assert people.house.idp_unsigned.get_user(AccessToken=fresh["AccessToken"])
    assert people.events().count("signed_out") == 1


def test_a_global_sign_out_ends_tokens_without_an_origin(house):
    people = People(house, EnableTokenRevocation=False)
    people.alice()
    tokens = people.sign_in()
    token = claims(tokens["AccessToken"])
    assert not {"jti", "origin_jti"} & set(token)
    get_user = house.idp_unsigned.get_user

    house.idp_unsigned.global_sign_out(AccessToken=tokens["AccessToken"])
    fresh = people.sign_in()

    assert refusal(get_user, AccessToken=tokens["AccessToken"]) == ("NotAuthorized", "Access Token has been revoked")
    assert get_user(AccessToken=fresh["AccessToken"])
    assert people.refresh(fresh["RefreshToken"])


def test_signing_out_with_nothing_in_hand_is_refused(people):
    assert refusal(people.house.idp_unsigned.global_sign_out, AccessToken="x.y.z") == (
        "NotAuthorized",
        "Invalid Access Token",
    )
    assert refusal(people.house.idp.admin_user_global_sign_out, UserPoolId=people.pool_id, Username="nobody") == (
        "UserNotFound",
        "User does not exist.",
    )


# RevokeToken


def revoke(people, token, **arguments):
    return people.house.idp_unsigned.revoke_token(Token=token, ClientId=people.client_id, **arguments)


def test_revoking_ends_one_sign_in_and_no_other(people):
    lost, kept = people.sign_in(), people.sign_in()

    revoke(people, lost["RefreshToken"])
    revoke(people, lost["RefreshToken"])

    get_user = people.house.idp_unsigned.get_user
    assert refusal(get_user, AccessToken=lost["AccessToken"]) == ("NotAuthorized", "Access Token has been revoked")
    assert refusal(people.refresh, lost["RefreshToken"]) == ("NotAuthorized", "Refresh Token has been revoked")
    assert get_user(AccessToken=kept["AccessToken"])
    assert people.refresh(kept["RefreshToken"])
    assert people.events().count("token_revoked") == 1


def test_tokens_made_by_a_refresh_end_with_their_family(people):
    tokens = people.sign_in()
    later = people.refresh(tokens["RefreshToken"])

    revoke(people, tokens["RefreshToken"])

    refused = refusal(people.house.idp_unsigned.get_user, AccessToken=later["AccessToken"])
    assert refused == ("NotAuthorized", "Access Token has been revoked")


def test_only_refresh_tokens_are_revoked(people):
    tokens = people.sign_in()

    assert refusal(revoke, people, tokens["AccessToken"]).name == "UnsupportedTokenType"
    assert refusal(revoke, people, "garbage").name == "InvalidParameter"


def test_revoking_needs_the_client_that_got_the_token(people, house):
    token = people.sign_in()["RefreshToken"]
    sibling = house.app(people.pool_id)["ClientId"]
    secretive = house.app(people.pool_id, GenerateSecret=True)
    revoke_token = house.idp_unsigned.revoke_token

    assert refusal(revoke_token, Token=token, ClientId=sibling).name == "Unauthorized"
    assert refusal(revoke_token, Token=token, ClientId="0" * 26).name == "Unauthorized"
    assert refusal(revoke_token, Token=token, ClientId=secretive["ClientId"]).name == "Unauthorized"
    wrong = refusal(revoke_token, Token=token, ClientId=secretive["ClientId"], ClientSecret="x" * 51)
    assert wrong.name == "Unauthorized"
    assert people.refresh(token)


def test_a_client_without_revocation_cannot_revoke(house):
    people = People(house, EnableTokenRevocation=False)
    people.alice()

    assert refusal(revoke, people, people.sign_in()["RefreshToken"]) == (
        "UnsupportedOperation",
        "Please enable token revocation before revoking tokens for this client",
    )


def test_tokens_do_not_come_for_another_pools_user_of_the_same_name(people, house):
    other = People(house)
    other.alice()

    assert refusal(other.sign_in, "alice", PASSWORD + "x").name == "NotAuthorized"
    assert claims(other.sign_in()["AccessToken"])["iss"] != claims(people.sign_in()["AccessToken"])["iss"]
