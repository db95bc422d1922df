"""userInfo: what a token lets its app know, in Cognito's form, and to whom nothing is told."""

import json

import pytest
from tests.oauth import App
from tests.tokens import access_token

from lido.rules import scopes

PROFILE = {"email": "alice@example.com", "email_verified": "true", "name": "Alice", "phone_number": "+15550100"}


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id, **PROFILE)
    return App(house, pool_id, AllowedOAuthScopes=list(scopes.STANDARD))


def token(app, scope="openid email"):
    return app.redeem(app.code(app.browser(), scope=scope))[1]["access_token"]


def ask(app, token, method="GET"):
    status, headers, body = app.house.http(
        method, f"http://lido.test/{app.pool_id}/oauth2/userInfo", {"authorization": f"Bearer {token}"}
    )
    return status, headers, json.loads(body)


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", {"email", "email_verified", "name", "phone_number", "phone_number_verified"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid profile", {"name"}),
        ("openid profile email", {"name", "email", "email_verified"}),
        (
            "openid aws.cognito.signin.user.admin",
            {"email", "email_verified", "name", "phone_number"} | {"phone_number_verified"},
        ),
    ],
)
def test_the_scopes_say_what_is_told(app, scope, told):
    status, _, claims = ask(app, token(app, scope))

    assert (status, set(claims)) == (200, told | {"sub", "username"})
    assert all(isinstance(value, str) for value in claims.values())


def test_it_is_asked_by_post_too_with_the_token_in_header_or_form(app):
    access = token(app)

    assert ask(app, access, "POST")[0] == 200
    status, _, told = app.post("/oauth2/userInfo", {"access_token": access})
    assert (status, told["email"]) == (200, "alice@example.com")


def test_a_token_that_comes_in_two_ways_is_one_too_many(app):
    access = token(app)

    status, headers, told = app.post(
        "/oauth2/userInfo", {"access_token": access}, {"authorization": f"Bearer {access}"}
    )

    assert (status, told["error"]) == (400, "invalid_request")
    assert 'error="invalid_request"' in headers["www-authenticate"]


def test_values_have_the_types_of_openid_connect_where_the_pool_wants_that(house, app):
    house.idp.tag_resource(
        ResourceArn=f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{app.pool_id}",
        Tags={"lido:standard_answers": "true"},
    )

    assert ask(app, token(app))[2]["email_verified"] is True


def test_a_token_without_openid_is_told_what_it_lacks_where_the_pool_wants_standard_answers(house, app):
    without = access_token(house, app.pool_id, app.client_id, "alice")
    assert ask(app, without)[0] == 401

    house.idp.tag_resource(
        ResourceArn=f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{app.pool_id}",
        Tags={"lido:standard_answers": "true"},
    )
    status, headers, told = ask(app, without)
    assert (status, told["error"]) == (403, "insufficient_scope")
    assert headers["www-authenticate"].startswith('Bearer error="insufficient_scope", ')
    assert headers["www-authenticate"].endswith(', scope="openid"')
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, Username="alice")
    assert ask(app, without)[0] == 401, "what is over lacks more than a scope"


def test_a_client_tells_only_what_it_may_read(house):
    pool_id = house.pool()
    house.user(pool_id, **PROFILE)
    app = App(house, pool_id, ReadAttributes=["name"])

    assert set(ask(app, token(app, "openid"))[2]) == {"sub", "username", "name"}


def test_without_a_token_the_request_is_bad(app):
    for headers in ({}, {"authorization": "Basic eDp5"}, {"authorization": "Bearer "}):
        status, answered, _ = app.house.http("GET", f"http://lido.test/{app.pool_id}/oauth2/userInfo", headers)
        assert status == 400
        assert 'error="invalid_request"' in answered["www-authenticate"]


def test_tokens_of_the_api_and_id_tokens_open_nothing(house, app):
    identity = app.redeem(app.code(app.browser()))[1]["id_token"]
    of_api = access_token(house, app.pool_id, app.client_id, "alice")

    for wrong in (identity, of_api, "x.y.z", "x" * 9_000, token(app)[:-20] + "A" * 20):
        status, answered, told = ask(app, wrong)
        assert (status, told["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answered["www-authenticate"]


def test_a_token_of_another_pool_opens_nothing(house, app):
    elsewhere = house.pool()
    house.user(elsewhere)
    stranger = App(house, elsewhere)

    assert ask(app, token(stranger))[0] == 401


@pytest.mark.parametrize("deed", ["revoke", "sign out", "disable", "delete", "expire", "delete client"])
def test_a_token_is_over_at_once(house, app, deed):
    _, told = app.redeem(app.code(app.browser()))
    who = {"UserPoolId": app.pool_id, "Username": "alice"}
    match deed:
        case "revoke":
            app.post("/oauth2/revoke", {"client_id": app.client_id, "token": told["refresh_token"]})
        case "sign out":
            house.idp.admin_user_global_sign_out(**who)
        case "disable":
            house.idp.admin_disable_user(**who)
        case "delete":
            house.idp.admin_delete_user(**who)
        case "delete client":
            house.idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
        case _:
            house.clock.advance(seconds=3600)

    assert ask(app, told["access_token"])[0] == 401


def test_the_scope_address_is_there_where_the_pool_wants_standard_answers(house):
    oauth = {"AllowedOAuthScopes": ["openid", "email", "address"]}
    with pytest.raises(house.idp.exceptions.ScopeDoesNotExistException):
        App(house, house.pool(), **oauth)

    pool_id = house.pool(UserPoolTags={"lido:standard_answers": "true"})
    house.user(pool_id, **PROFILE, address="1 Main Street")
    told = ask(app := App(house, pool_id, **oauth), token(app, "openid address"))[2]

    assert told == {"sub": told["sub"], "username": "alice", "address": {"formatted": "1 Main Street"}}
