"""Refresh tokens of public clients, in a pool where those of the OAuth endpoints rotate (RFC 9700 §2.2.2)."""

import pytest
from tests.oauth import CALLBACK, App
from tests.sign_ins import refusal
from tests.web.oauth.test_dpop import Holder
from tests.world import PASSWORD

GRACE_SECONDS = 10


@pytest.fixture
def pool(house):
    pool_id = house.pool(UserPoolTags={"lido:rotate_refresh_tokens": "true"})
    house.user(pool_id, email="alice@example.com")
    return pool_id


@pytest.fixture
def app(house, pool):
    return App(house, pool)


def first(app):
    return app.redeem(app.code(app.browser()))[1]["refresh_token"]


def refresh(app, token):
    return app.token(grant_type="refresh_token", refresh_token=token)


def test_each_refresh_gives_the_next_token_and_an_old_one_ends_the_family(app):
    old = first(app)
    new = refresh(app, old)[1]["refresh_token"]
    app.house.clock.advance(seconds=GRACE_SECONDS)

    assert refresh(app, old) == (400, {"error": "invalid_grant"})
    assert refresh(app, new) == (400, {"error": "invalid_grant"})


def test_a_retry_within_the_grace_gives_the_living_token_again(app):
    old = first(app)
    new = refresh(app, old)[1]["refresh_token"]
    app.house.clock.advance(seconds=GRACE_SECONDS - 1)

    again = refresh(app, old)[1]["refresh_token"]
    app.house.clock.advance(seconds=GRACE_SECONDS)

    assert again != old
    assert refresh(app, again)[0] == 200
    assert new != old


def test_the_api_rotates_them_too_and_not_by_the_flow_that_cannot(house, app):
    token = first(app)
    by_flow = {"ClientId": app.client_id, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    refused = ("InvalidParameter", "REFRESH_TOKEN_AUTH flow not enabled for this client")

    assert refusal(house.idp_unsigned.initiate_auth, **by_flow) == refused
    told = house.idp_unsigned.get_tokens_from_refresh_token(ClientId=app.client_id, RefreshToken=token)
    assert told["AuthenticationResult"]["RefreshToken"] != token


def test_confidential_clients_prove_themselves_instead(house, pool):
    app = App(house, pool, GenerateSecret=True)
    token = first(app)

    assert "refresh_token" not in refresh(app, token)[1]
    assert refresh(app, token)[0] == 200


def test_a_key_binds_them_instead(house, pool):
    app = Holder(house, pool)
    token = app.bound()["refresh_token"]

    for _ in range(2):
        status, told = app.with_key(grant_type="refresh_token", refresh_token=token)
        assert (status, "refresh_token" in told) == (200, False)


def test_those_of_a_sign_in_through_the_api_stay(house, app):
    given = {"USERNAME": "alice", "PASSWORD": PASSWORD}
    signed_in = house.idp_unsigned.initiate_auth(
        ClientId=app.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
    )
    token = {"REFRESH_TOKEN": signed_in["AuthenticationResult"]["RefreshToken"]}

    for _ in range(2):
        assert house.idp_unsigned.initiate_auth(
            ClientId=app.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=token
        )["AuthenticationResult"]["AccessToken"]


@pytest.mark.parametrize(("profile", "rotates"), [("secure", True), ("compatible", False)])
def test_the_profile_decides(house, profile, rotates):
    pool_id = house.pool(UserPoolTags={"lido:profile": profile, "lido:require_pkce": "false"})
    house.user(pool_id, email="alice@example.com", password="A-l0ng-passw0rd-of-many")
    app = App(house, pool_id)
    code = app.code(app.browser(password="A-l0ng-passw0rd-of-many"))
    _, told = app.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    assert ("refresh_token" in refresh(app, told["refresh_token"])[1]) is rotates
