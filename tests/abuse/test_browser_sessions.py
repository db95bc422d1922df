"""Attacks on the session of a browser: planted, kept, carried elsewhere, swapped, and bent on the way."""

import pytest
from tests.oauth import CALLBACK, GOODBYE, App
from tests.pages import Browser
from tests.sign_ins import claims
from tests.world import PASSWORD

from lido.flows import pool_options
from lido.storage import sso_sessions

LOGOUT = "client_id={}&logout_uri=https%3A%2F%2Fapp.example.com%2Fgoodbye%3Flang%3Den"


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    house.user(pool_id, "mallory")
    return App(house, pool_id)


def visitor(app, **query):
    return Browser(app.house, app.pool_id, app.client_id, **query)


def is_signed_in(app, cookie):
    return "code" in app.authorize(cookie, prompt="none")[1]


def who(app, browser):
    return claims(app.redeem(browser.given["code"])[1]["id_token"])["cognito:username"]


def test_a_planted_cookie_is_not_the_one_that_a_sign_in_gives(app):
    """Fixation: whoever planted a session of their own, or any text, has nothing of the one that begins."""
    for planted in (app.browser("mallory"), "anything", "AYgRm" * 40):
        victim = visitor(app)
        victim.cookies = {"cognito": planted}
        victim.open("login").submit(username="alice", password=PASSWORD)

        assert victim.cookies["cognito"] != planted
        assert not is_signed_in(app, planted), "it does not become alice's, and is over"
        assert who(app, victim) == "alice"


def test_every_sign_in_gives_another_cookie_and_ends_the_one_before(app):
    browser = visitor(app).sign_in("alice", PASSWORD)
    first, csrf = browser.cookies["cognito"], browser.cookies["XSRF-TOKEN"]
    browser.sign_in("alice", PASSWORD)

    assert browser.cookies["cognito"] != first
    assert browser.cookies["XSRF-TOKEN"] != csrf
    assert not is_signed_in(app, first)


def test_a_copied_cookie_ends_with_the_sign_out(app):
    browser = visitor(app).sign_in("alice", PASSWORD)
    copied = browser.cookies["cognito"]
    browser.query = LOGOUT.format(app.client_id)

    assert browser.open("logout").left == GOODBYE
    assert not is_signed_in(app, copied)
    assert visitor(app).open("passkeys/add").title == "Sign in"


def test_no_page_and_no_answer_is_kept_by_a_cache(app):
    """Back button after signing out: nothing of it was stored."""
    browser = visitor(app).open("login")
    assert browser.headers["cache-control"] == "no-store"
    browser.submit(username="alice", password=PASSWORD)
    assert browser.headers["cache-control"] == "no-store"
    browser.open("oauth2/authorize")
    assert browser.headers["cache-control"] == "no-store"
    browser.query = "state=x"
    assert browser.open("logout").headers["cache-control"] == "no-store"
    assert browser.submit().headers["cache-control"] == "no-store"


def test_a_cookie_is_of_its_pool(app):
    other = App(app.house, app.house.pool())
    app.house.user(other.pool_id)

    assert not is_signed_in(other, app.browser())
    query = {"client_id": other.client_id, "logout_uri": GOODBYE}
    cookie = app.browser()
    other.get("/logout", cookie, **query)
    assert is_signed_in(app, cookie), "nor does another pool end it"


def test_a_cookie_that_was_bent_is_nobodys(app):
    cookie = app.browser()
    for place in range(0, len(cookie), 17):
        bent = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        assert not is_signed_in(app, bent)
    assert not is_signed_in(app, cookie[:-1])
    assert not is_signed_in(app, cookie + "A" * 2000)
    assert is_signed_in(app, cookie)


def test_a_session_is_nothing_to_an_app_that_takes_no_users_of_the_pool_s_own(app):
    """Its people come from elsewhere: nobody gets in by way of another app's sign-in page."""
    cookie = app.browser()
    other = App(app.house, app.pool_id, SupportedIdentityProviders=[])

    assert other.authorize(cookie, prompt="none")[1]["error"] == "login_required"
    assert other.authorize(cookie)[0].endswith("/login")


def test_a_session_of_one_factor_is_too_little_once_the_pool_requires_two(app):
    cookie = app.browser()
    app.house.idp.set_user_pool_mfa_config(
        UserPoolId=app.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )

    assert app.authorize(cookie, prompt="none")[1]["error"] == "login_required"
    assert app.authorize(cookie)[0].endswith("/login")


def test_a_sign_out_counts_for_a_code_also_once_the_session_would_have_ended(app):
    """What is over is swept up; a code on its way must not come back to life by that."""
    cookie = app.browser()
    app.house.clock.advance(seconds=3_590)
    code = app.code(cookie)
    app.get("/logout", cookie, client_id=app.client_id, logout_uri=GOODBYE)
    app.house.clock.advance(seconds=70)
    with app.house.database.write() as tx:
        sso_sessions.remove_expired(tx, app.house.clock.now(), 1_000)

    assert app.redeem(code) == (400, {"error": "invalid_grant"})


def test_two_tabs_end_each_where_they_began(app):
    """Two people, one browser: each answer goes to the request of its own tab, for whoever signed in there."""
    first, second = visitor(app, state="first").open("login"), visitor(app, state="second")
    second.cookies = first.cookies
    second.open("login").submit(username="mallory", password=PASSWORD)
    form = first.page.forms[0]
    typed = {**form.fields, "_csrf": first.cookies["XSRF-TOKEN"], "username": "alice", "password": PASSWORD}
    first.post(form.action, typed)

    assert (second.given["state"], first.given["state"]) == ("second", "first")
    assert who(app, first) == "alice"
    assert app.redeem(second.given["code"])[0] == 400, "mallory's session ended when alice's began"


@pytest.mark.parametrize(
    ("edited", "error"),
    [
        ("response_type=token", "unauthorized_client"),
        ("redirect_uri=https%3A%2F%2Fevil.example%2F", None),
        ("scope=openid+phone", "invalid_scope"),
        ("prompt=none+login", None),
        ("client_id=nobody", None),
    ],
)
def test_a_request_that_is_edited_on_the_way_is_judged_again(app, edited, error):
    browser = visitor(app, scope="openid").open("login")
    form = browser.page.forms[0]
    name = edited.partition("=")[0]
    page, _, query = form.action.partition("?")
    kept = [pair for pair in query.split("&") if not pair.startswith(f"{name}=")]
    browser.post(f"{page}?{'&'.join([*kept, edited])}", {**form.fields, "username": "alice", "password": PASSWORD})

    assert "code=" not in browser.left
    assert "access_token=" not in browser.left
    assert browser.left.startswith(CALLBACK) or browser.status == 400
    if error is not None:
        assert error in browser.left


def test_a_sign_out_ends_a_question_that_is_open(app):
    pool_options.set_for_client(app.house.call(), app.client_id, {"third_party": "true"})
    browser = visitor(app).sign_in("alice", PASSWORD)
    form = browser.page.forms[0]
    app.get("/logout", browser.cookies["cognito"], client_id=app.client_id, logout_uri=GOODBYE)

    browser.post(form.action, {**form.fields, "decision": "allow"})

    assert browser.title == "Sign in"


def change_own(app, told):
    given = {"PreviousPassword": PASSWORD, "ProposedPassword": "N3w-Passw0rd!"}
    app.house.idp_unsigned.change_password(AccessToken=told["access_token"], **given)


ENDS = {
    "GlobalSignOut": lambda app, told: app.house.idp_unsigned.global_sign_out(AccessToken=told["access_token"]),
    "AdminUserGlobalSignOut": lambda app, _: app.house.idp.admin_user_global_sign_out(**of(app)),
    "ChangePassword": change_own,
    "AdminSetUserPassword": lambda app, _: app.house.idp.admin_set_user_password(
        **of(app), Password="N3w-Passw0rd!", Permanent=True
    ),
    "AdminDisableUser": lambda app, _: app.house.idp.admin_disable_user(**of(app)),
    "DeleteUser": lambda app, told: app.house.idp_unsigned.delete_user(AccessToken=told["access_token"]),
    "disabled and enabled again": lambda app, _: (
        app.house.idp.admin_disable_user(**of(app)),
        app.house.idp.admin_enable_user(**of(app)),
    ),
}


def of(app):
    return {"UserPoolId": app.pool_id, "Username": "alice"}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_everything_ends_every_browser(app, end):
    pool_options.set_for_pool(app.house.call(), app.pool_id, {"password_change_ends_sessions": "true"})
    admin = App(app.house, app.pool_id, AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])
    cookies = [app.browser(), app.browser()]
    told = admin.redeem(admin.code(cookies[0]))[1]

    ENDS[end](app, told)

    assert [is_signed_in(app, cookie) for cookie in cookies] == [False, False]
    assert admin.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 400
