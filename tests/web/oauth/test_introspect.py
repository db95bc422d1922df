"""Introspection over HTTP: active while all behind the token is alive, and otherwise nothing."""

import pytest
from tests.oauth import App
from tests.sign_ins import claims as claims_of

INACTIVE = {"active": False}


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com", email_verified="true")
    return App(house, pool_id, GenerateSecret=True)


def told_of(app, token, **form):
    status, _, told = app.post("/oauth2/introspect", {"token": token, **form}, app.basic())
    assert status == 200
    return told


def tokens_of(app, **params):
    status, told = app.redeem(app.code(app.browser(), **params))
    assert status == 200
    return told


def test_an_access_token_is_active_with_what_stands_in_it(app):
    token = tokens_of(app, scope="openid email", resource="https://api.example.com")["access_token"]
    claims = claims_of(token)

    told = told_of(app, token)

    same = ("scope", "client_id", "username", "exp", "iat", "sub", "aud", "iss", "jti", "auth_time", "origin_jti")
    assert told == {"active": True, **{name: claims[name] for name in same}, "token_use": "access"} | {
        "token_type": "Bearer"
    }


def test_a_refresh_token_is_active_for_its_own_client_alone(app):
    token = tokens_of(app, scope="openid")["refresh_token"]
    other = App(app.house, app.pool_id, GenerateSecret=True)

    told = told_of(app, token)

    assert (told["active"], told["token_use"], told["scope"]) == (True, "refresh", "openid")
    assert (told["client_id"], told["username"]) == (app.client_id, "alice")
    assert told_of(other, token) == INACTIVE


def test_a_resource_server_may_ask_about_the_access_tokens_of_others(app):
    token = tokens_of(app)["access_token"]
    api = App(app.house, app.pool_id, GenerateSecret=True)
    elsewhere = App(app.house, app.house.pool(), GenerateSecret=True)

    assert told_of(api, token)["client_id"] == app.client_id
    assert told_of(elsewhere, token) == INACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(app, hint):
    token = tokens_of(app)["refresh_token"]

    assert told_of(app, token, token_type_hint=hint)["active"]


@pytest.mark.parametrize("deed", ["disable", "delete", "sign out", "reset", "revoke", "client", "time"])
def test_a_token_is_inactive_as_soon_as_anything_behind_it_is_gone(app, deed):
    api = App(app.house, app.pool_id, GenerateSecret=True)
    given = tokens_of(app)
    who = {"UserPoolId": app.pool_id, "Username": "alice"}
    match deed:
        case "disable":
            app.house.idp.admin_disable_user(**who)
        case "delete":
            app.house.idp.admin_delete_user(**who)
        case "sign out":
            app.house.idp.admin_user_global_sign_out(**who)
        case "reset":
            app.house.idp.admin_reset_user_password(**who)
        case "revoke":
            assert app.post("/oauth2/revoke", {"token": given["refresh_token"]}, app.basic())[0] == 200
        case "client":
            app.house.idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
        case "time":
            app.house.clock.advance(days=31)

    assert told_of(api, given["access_token"]) == INACTIVE
    if deed != "client":
        assert told_of(app, given["refresh_token"]) == INACTIVE


def test_a_rotated_refresh_token_is_inactive(house):
    pool_id = house.pool()
    house.user(pool_id)
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    app = App(house, pool_id, GenerateSecret=True, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    first = tokens_of(app)["refresh_token"]

    _, told = app.token(grant_type="refresh_token", refresh_token=first)

    assert told_of(app, first) == INACTIVE
    assert told_of(app, told["refresh_token"])["active"]


def test_an_id_token_and_nonsense_are_inactive(app):
    given = tokens_of(app)

    for token in (given["id_token"], "nonsense", "a.b.c", "a.b.c.d.e", "\u00e4", "x" * 20_000):
        assert told_of(app, token) == INACTIVE


def test_whoever_does_not_prove_itself_learns_nothing(app):
    token = tokens_of(app)["access_token"]
    public = App(app.house, app.pool_id)

    assert public.post("/oauth2/introspect", {"client_id": public.client_id, "token": token})[0] == 401
    assert app.post("/oauth2/introspect", {"client_id": app.client_id, "token": token})[0] == 401
    assert app.post("/oauth2/introspect", {"token": token})[0] == 401
    assert app.post("/oauth2/introspect", {}, app.basic())[0] == 400
    assert app.get("/oauth2/introspect", token=token)[0] == 405
