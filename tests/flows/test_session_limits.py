"""How long a browser stays signed in and a refresh token lives: by rest, by age, and neither beyond the other."""

import pytest
from tests.oauth import App
from tests.pages import Browser
from tests.sign_ins import People
from tests.world import PASSWORD

from lido.flows import pool_options


def app_of(house, **options):
    pool_id = house.pool()
    house.user(pool_id)
    pool_options.set_for_pool(house.call(), pool_id, options)
    return App(house, pool_id)


def is_signed_in(app, cookie):
    return "code" in app.authorize(cookie, prompt="none")[1]


def after(app, *, minutes):
    app.house.clock.advance(seconds=minutes * 60)
    return app


def test_use_keeps_a_browser_signed_in_until_it_rests(house):
    app = app_of(house, sso_idle="30", sso_absolute="120")
    cookie = app.browser()

    for _ in range(3):
        assert is_signed_in(after(app, minutes=29), cookie)
    assert not is_signed_in(after(app, minutes=30), cookie)
    assert not is_signed_in(app, cookie), "asking in vain is no use"


def test_use_does_not_keep_a_browser_signed_in_for_ever(house):
    app = app_of(house, sso_idle="30", sso_absolute="60")
    cookie = app.browser()

    for _ in range(2):
        assert is_signed_in(after(app, minutes=29), cookie)
    assert not is_signed_in(after(app, minutes=2), cookie)


def test_a_longer_life_holds_for_clients_that_say_nothing_else(house):
    app = app_of(house, sso_absolute="600")
    other = App(house, app.pool_id)
    house.idp.set_user_pool_session_configuration(
        UserPoolId=app.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    house.idp.set_user_pool_client_session_configuration(
        UserPoolId=app.pool_id, ClientId=other.client_id, SSOSession={"MaxValidityMinutes": 30}
    )
    cookie = app.browser()
    after(app, minutes=599)

    assert is_signed_in(app, cookie)
    assert not is_signed_in(other, cookie)
    assert not is_signed_in(after(app, minutes=1), cookie)


@pytest.mark.parametrize(("options", "seconds"), [({}, 3600), ({"sso_absolute": "15", "sso_idle": "5"}, 900)])
def test_the_cookie_lives_as_long_as_the_session_may(house, options, seconds):
    app = app_of(house, **options)
    browser = Browser(house, app.pool_id, app.client_id)

    browser.sign_in("alice", PASSWORD)

    assert (
        f"cognito={browser.cookies['cognito']}; Max-Age={seconds}; Path=/{app.pool_id}/;"
        in browser.headers["set-cookie"]
    )


@pytest.fixture
def people(house):
    found = People(house)
    found.alice()
    return found


@pytest.mark.parametrize("rotation", [False, True])
def test_a_refresh_token_that_rests_is_over_and_one_that_is_used_goes_on_until_its_end(house, rotation):
    app = app_of(house)
    rotating = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}} if rotation else {}
    flows = ["ALLOW_USER_PASSWORD_AUTH", *([] if rotation else ["ALLOW_REFRESH_TOKEN_AUTH"])]
    app = App(house, app.pool_id, RefreshTokenValidity=1, ExplicitAuthFlows=flows, **rotating)
    pool_options.set_for_client(house.call(), app.client_id, {"refresh_idle": "600"})
    token = app.redeem(app.code(app.browser()))[1]["refresh_token"]

    def refresh(minutes):
        nonlocal token
        status, told = after(app, minutes=minutes).token(grant_type="refresh_token", refresh_token=token)
        token = told.get("refresh_token", token)
        return status

    assert [refresh(580), refresh(580)] == [200, 200]
    assert refresh(400) == 400, "its end after a day"
    token = app.redeem(app.code(app.browser()))[1]["refresh_token"]
    assert refresh(599) == 200
    assert refresh(600) == 400


def test_the_other_door_knows_the_rest_of_a_refresh_token_too(people):
    tokens = people.sign_in()
    pool_options.set_for_pool(people.house.call(), people.pool_id, {"refresh_idle": "10"})
    people.house.clock.advance(seconds=600)

    with pytest.raises(people.house.idp_unsigned.exceptions.NotAuthorizedException, match="has expired"):
        people.refresh(tokens["RefreshToken"])
