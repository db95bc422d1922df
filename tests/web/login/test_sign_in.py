"""/login: the form with name and password, whoever types what into it."""

import json
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from tests.imports import Imports, person
from tests.pages import CALLBACK, Browser, oauth_app
from tests.sign_ins import claims as claims_of
from tests.world import PASSWORD

from lido.flows import pool_options

WRONG = "Incorrect username or password."


@pytest.fixture
def pool(house):
    pool_id = house.pool()
    house.user(pool_id)
    return pool_id


@pytest.fixture
def client(house, pool):
    return oauth_app(house, pool)["ClientId"]


@pytest.fixture
def browser(house, pool, client):
    return Browser(house, pool, client)


def test_a_right_password_leads_back_to_the_app_with_a_code(browser):
    browser.sign_in("alice", PASSWORD)

    assert browser.status == 302
    assert browser.left.startswith(f"{CALLBACK}?")
    assert browser.given["state"] == "s-1"
    assert browser.given["code"]


def test_a_long_state_and_nonce_survive_the_pages_whatever_they_hold(house, pool, client):
    browser = Browser(house, pool, client, state='"' * 4_096, nonce="%" * 4_096)

    browser.sign_in("alice", PASSWORD)

    assert (browser.status, browser.given["state"]) == (302, '"' * 4_096)


def test_the_form_has_the_names_that_automation_knows(browser):
    page = browser.open("login").page

    assert ("form", "cognitoSignInForm") in [(tag, given.get("name")) for tag, given in page.tags]
    assert urlsplit(page.forms[0].action).path.endswith("/login")
    assert parse_qs(urlsplit(page.forms[0].action).query) == parse_qs(browser.query)
    assert set(page.forms[0].fields) == {"_csrf", "username", "password", "cognitoAsfData"}
    assert page.forms[0].buttons == [("signInSubmitButton", "Sign in")]
    assert (page.field("username")["id"], page.field("password")["id"]) == ("signInFormUsername", "signInFormPassword")
    assert page.forms[0].fields["_csrf"] == browser.cookies["XSRF-TOKEN"]


def test_a_wrong_password_is_said_on_the_form_as_it_was(browser):
    browser.sign_in("alice", "Wr0ng-pass")

    assert (browser.status, browser.left) == (200, "")
    assert WRONG in browser.words
    assert browser.page.forms[0].fields["username"] == "alice"
    assert browser.page.forms[0].fields["password"] == ""
    assert browser.submit(password=PASSWORD).given["code"]


def test_somebody_unknown_reads_the_same_as_with_a_wrong_password(house, pool):
    client = oauth_app(house, pool, PreventUserExistenceErrors="ENABLED")["ClientId"]

    def answer(username):
        browser = Browser(house, pool, client).sign_in(username, "Wr0ng-pass")
        token = browser.cookies["XSRF-TOKEN"]
        return browser.status, browser.markup.replace(username, "NAME").replace(token, "TOKEN"), set(browser.headers)

    assert answer("alice") == answer("nobody")


def test_where_users_are_no_secret_somebody_unknown_is_told(house, pool):
    client = oauth_app(house, pool, PreventUserExistenceErrors="LEGACY")["ClientId"]
    browser = Browser(house, pool, client).sign_in("nobody", PASSWORD)

    assert "User does not exist." in browser.words
    assert browser.page.complaint("username")


@pytest.mark.parametrize("field", ["username", "password"])
def test_an_empty_field_is_asked_for(browser, field):
    browser.open("login").submit(**{"username": "alice", "password": PASSWORD, field: ""})

    assert browser.page.complaint(field)
    assert browser.page.field(field)["aria-invalid"] == "true"


def test_blanks_around_a_name_do_not_matter(browser):
    assert browser.sign_in("  alice ", PASSWORD).given["code"]


def test_no_flag_of_the_client_and_no_secret_is_needed(house, pool):
    client = oauth_app(house, pool, GenerateSecret=True, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])

    assert Browser(house, pool, client["ClientId"]).sign_in("alice", PASSWORD).given["code"]


def test_too_many_wrong_passwords_lock_the_pages_and_the_api_alike(house, pool, client, browser):
    browser.open("login")
    for _ in range(5):
        browser.submit(username="alice", password="Wr0ng-pass")
    browser.submit(username="alice", password=PASSWORD)

    assert "Password attempts exceeded" in browser.words
    with pytest.raises(house.idp.exceptions.NotAuthorizedException, match="Password attempts exceeded"):
        house.idp_unsigned.initiate_auth(
            ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
        )


def test_a_disabled_user_is_told_after_the_right_password_alone(house, pool, browser):
    house.idp.admin_disable_user(UserPoolId=pool, Username="alice")

    assert WRONG in browser.sign_in("alice", "Wr0ng-pass").words
    assert "User is disabled." in browser.sign_in("alice", PASSWORD).words


def test_the_session_spares_the_next_sign_in(browser):
    browser.sign_in("alice", PASSWORD)
    first = browser.given["code"]
    browser.open("oauth2/authorize")

    assert browser.given["code"] not in ("", first)


def test_every_sign_in_changes_the_session_and_the_token(browser):
    browser.sign_in("alice", PASSWORD)
    before = dict(browser.cookies)
    browser.sign_in("alice", PASSWORD)

    assert {name for name in before if browser.cookies[name] != before[name]} == {"cognito", "XSRF-TOKEN"}


def test_a_session_that_was_planted_is_worth_nothing_after_the_sign_in(house, pool, client, browser):
    browser.sign_in("alice", PASSWORD)
    planted = browser.cookies["cognito"]
    browser.sign_in("alice", PASSWORD)
    thief = Browser(house, pool, client)
    thief.cookies["cognito"] = planted

    assert thief.open("oauth2/authorize").title == "Sign in"


def test_cookies_are_for_this_pool_s_pages_alone(browser):
    lines = browser.sign_in("alice", PASSWORD).headers["set-cookie"].split("\n")

    path = urlsplit(browser.base).path
    assert sorted(line.partition("=")[0] for line in lines) == ["XSRF-TOKEN", "cognito"]
    assert all(line.endswith(f"; Path={path}/; HttpOnly; SameSite=Lax") for line in lines)


def test_login_hint_fills_in_the_name(house, pool, client):
    page = Browser(house, pool, client, login_hint="bob").open("login").page

    assert page.forms[0].fields["username"] == "bob"
    assert "autofocus" in page.field("password")


def test_nobody_signs_in_at_a_client_of_another_pool(house, pool, client):
    other = house.pool()
    browser = Browser(house, other, client).open("login")

    assert (browser.status, browser.left) == (400, "")
    assert "An error was encountered with the requested page." in browser.words


def test_a_redirect_that_was_not_registered_is_an_error_page(house, pool, client):
    browser = Browser(house, pool, client, redirect_uri="https://evil.example/").open("login")

    assert (browser.status, browser.left) == (400, "")
    assert "An error was encountered with the requested page." in browser.words
    assert "evil.example" not in browser.markup


def test_a_refused_request_goes_back_to_the_app(house, pool, client):
    browser = Browser(house, pool, client, scope="openid nonsense").open("login")

    assert browser.left.startswith(CALLBACK)
    assert browser.given["error"] == "invalid_request"


def test_two_tabs_of_two_apps_do_not_mix(house, pool):
    apps = [oauth_app(house, pool, CallbackURLs=[f"https://{name}.example/cb"])["ClientId"] for name in ("one", "two")]
    tabs = [
        Browser(house, pool, app, redirect_uri=f"https://{name}.example/cb", state=name)
        for app, name in zip(apps, ("one", "two"), strict=True)
    ]
    tabs[1].cookies = tabs[0].cookies
    house.user(pool, "bob")

    tabs[0].open("login")
    tabs[1].open("login")
    tabs[1].submit(username="bob", password=PASSWORD)
    tabs[0].open("login").submit(username="alice", password=PASSWORD)

    assert [tab.given["state"] for tab in tabs] == ["one", "two"]
    assert [urlsplit(tab.left).netloc for tab in tabs] == ["one.example", "two.example"]


def test_passwords_are_asked_for_where_the_way_is_chosen_by_nobody(house, pool):
    """USER_AUTH alone brings no second page where the pool lets in by passwords only."""
    client = oauth_app(house, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]

    assert "password" in Browser(house, pool, client).open("login").page.inputs


@pytest.mark.parametrize(
    ("settings", "called"),
    [
        ({}, "Username"),
        ({"UsernameAttributes": ["email"]}, "E-mail address"),
        ({"UsernameAttributes": ["phone_number"]}, "Phone number"),
        ({"UsernameAttributes": ["email", "phone_number"]}, "E-mail address or phone number"),
    ],
)
def test_names_are_called_what_they_are(house, settings, called):
    pool = house.pool(**settings)
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).open("login")

    assert f'for="signInFormUsername">{called}</label>' in browser.markup


def test_a_levels_wish_asks_for_more_than_a_password(house):
    from tests.authenticators import Guarded

    people = Guarded(house, "OPTIONAL")
    pool, client = people.pool_id, oauth_app(house, people.pool_id)["ClientId"]
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"])
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=pool, Username="alice", SoftwareTokenMfaSettings={"Enabled": False}
    )
    assert Browser(house, pool, client).sign_in("alice", PASSWORD).given["code"]
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=pool, Username="alice", SoftwareTokenMfaSettings={"Enabled": True}
    )
    browser = Browser(house, pool, client, acr_values="urn:cognito:loa:4").sign_in("alice", PASSWORD)

    assert browser.title == "Enter the code of your app"
    code = browser.submit(code=app.code()).given["code"]
    assert strength_told(house, pool, client, code)[0] == ("urn:cognito:loa:4", ["pwd", "otp", "mfa"])


@pytest.mark.parametrize("wish", ["urn:cognito:loa:4", "gold", "gold urn:cognito:loa:4 silver"])
def test_a_level_that_cannot_be_reached_bars_nobody_and_the_tokens_tell_what_was(house, pool, client, wish):
    browser = Browser(house, pool, client, acr_values=wish).sign_in("alice", PASSWORD)

    told = strength_told(house, pool, client, browser.given["code"])
    assert told == [("urn:cognito:loa:1", ["pwd"])] * 2
    assert Browser(house, pool, client).sign_in("alice", PASSWORD).given["code"]


def test_who_asks_for_no_level_hears_of_none(house, pool, client):
    code = Browser(house, pool, client).sign_in("alice", PASSWORD).given["code"]

    assert strength_told(house, pool, client, code) == [(None, None)] * 2


def test_a_level_that_this_person_cannot_reach_leads_as_far_as_they_can(house):
    """The pool knows authenticators, alice has none: the wish after it counts, or none."""
    from tests.authenticators import Guarded

    people = Guarded(house, "OPTIONAL")
    pool, client = people.pool_id, oauth_app(house, people.pool_id)["ClientId"]
    people.alice()
    for wish in ("urn:cognito:loa:4", "urn:cognito:loa:4 urn:cognito:loa:1"):
        browser = Browser(house, pool, client, acr_values=wish).sign_in("alice", PASSWORD)
        assert strength_told(house, pool, client, browser.given["code"])[0][0] == "urn:cognito:loa:1"

    query = "client_id={}&response_type=code&redirect_uri={}&scope=openid&acr_values=urn:cognito:loa:4"
    browser.open("oauth2/authorize", query.format(client, CALLBACK) + "&prompt=none")
    assert browser.given["code"], "a session that has reached what can be is not asked again"


def test_a_level_that_can_be_set_up_is(house):
    from tests.authenticators import Guarded

    people = Guarded(house, "ON")
    pool, client = people.pool_id, oauth_app(house, people.pool_id)["ClientId"]
    people.alice()
    browser = Browser(house, pool, client, acr_values="urn:cognito:loa:4").sign_in("alice", PASSWORD)

    assert browser.left == ""
    assert browser.title == "Set up an authenticator app"


def strength_told(house, pool, client, code):
    """`acr` and `amr` of the ID token and of the access token."""
    form = {"client_id": client, "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    address = f"http://lido.test/{pool}/oauth2/token"
    status, _, body = house.http("POST", address, headers, urlencode(form).encode())
    assert status == 200, body
    told = json.loads(body)
    tokens = [claims_of(told[name]) for name in ("id_token", "access_token")]
    return [(token.get("acr"), token.get("amr")) for token in tokens]


def test_prompt_login_asks_again_and_leads_back(house, pool, client, browser):
    browser.sign_in("alice", PASSWORD)
    browser.open("oauth2/authorize", browser.query + "&prompt=login")

    assert browser.title == "Sign in"
    assert browser.submit(username="alice", password=PASSWORD).given["code"]


def test_who_must_reset_a_password_is_led_to_it(house, pool, client):
    house.user(pool, "carol", email="carol@example.com", email_verified="true")
    house.idp.admin_reset_user_password(UserPoolId=pool, Username="carol")
    browser = Browser(house, pool, client).sign_in("carol", PASSWORD)

    assert browser.title == "Your password must be changed"
    browser.submit(code=house.code("carol@example.com"), password="N3w-Passw0rd!", confirmPassword="N3w-Passw0rd!")
    assert "Your password has been changed." in browser.words
    assert browser.submit(password="N3w-Passw0rd!").given["code"]


def test_an_imported_user_is_led_to_a_code_and_a_first_password(house):
    pool = house.pool(AutoVerifiedAttributes=["email"])
    imports = Imports(house)
    imports.whole(pool, imports.csv(pool, person(1)))
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("user1", PASSWORD)

    assert browser.title == "Your password must be changed"
    assert house.messages() == []
    browser.submit()
    browser.submit(code=house.code("user1@example.com"), password="N3w-Passw0rd!", confirmPassword="N3w-Passw0rd!")
    assert "Your password has been changed." in browser.words
    assert browser.submit(password="N3w-Passw0rd!").given["code"]


def test_pools_that_hide_users_cost_the_same_pages(house):
    pool = house.pool()
    client = oauth_app(house, pool)["ClientId"]
    pool_options.set_for_pool(house.call(root=True), pool, {"hide_users": "true"})
    house.user(pool)

    pages = [Browser(house, pool, client).sign_in(name, "Wr0ng-pass").words for name in ("alice", "nobod")]
    assert pages[0] == pages[1]


def test_an_app_that_takes_no_users_of_the_pool_s_own_has_no_page_for_them(house, pool):
    client = oauth_app(house, pool, SupportedIdentityProviders=[])["ClientId"]
    browser = Browser(house, pool, client).open("login")

    assert (browser.status, browser.page.forms) == (400, [])
    assert "Login option is not available." in browser.words
    fields = {"_csrf": "x", "username": "alice", "password": PASSWORD}
    assert browser.post(f"{browser.base}/login?{browser.query}", fields).status == 400


def test_a_password_longer_than_any_is_too_long(browser):
    browser.sign_in("alice", "x" * 300)

    assert "This is too long." in browser.words
    assert browser.page.complaint("password")


def test_who_signs_in_as_somebody_else_than_the_app_means_is_not_handed_out(house, pool, client, browser):
    from tests.oauth import App

    app = App(house, pool)
    house.user(pool, "bob")
    _, told = app.redeem(app.code(app.browser(), scope="openid"))
    query = {"id_token_hint": told["id_token"], "redirect_uri": CALLBACK}

    somebody = Browser(house, pool, app.client_id, **query).sign_in("bob", PASSWORD)
    assert somebody.given["error"] == "login_required"
    assert Browser(house, pool, app.client_id, **query).sign_in("alice", PASSWORD).given["code"]


def test_at_a_domain_of_the_pool_the_pages_are_its_own(house, pool, client):
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    house.idp.create_user_pool_domain(
        Domain="login.example.com", UserPoolId=pool, CustomDomainConfig={"CertificateArn": arn}
    )
    browser = Browser(house, pool, client, base="http://login.example.com:9229").open("login")

    assert browser.page.forms[0].action.startswith("/login?")
    browser.submit(username="alice", password=PASSWORD)
    assert browser.given["code"]
    assert "; Path=/;" in browser.headers["set-cookie"]


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "openid aws.cognito.signin.user.admin"}, "invalid_scope"),
        ({"code_challenge": "x" * 43}, "invalid_request"),
    ],
)
def test_a_request_that_is_changed_on_the_way_is_judged_anew(browser, edit, error):
    form = browser.open("login").page.forms[0]
    changed = urlencode({**dict(parse_qsl(browser.query)), **edit})
    browser.post(f"{browser.base}/login?{changed}", {**form.fields, "username": "alice", "password": PASSWORD})

    assert browser.left.startswith(CALLBACK)
    assert error in (browser.given.get("error"), browser.given.get("error_description"))
    assert "cognito" not in browser.cookies


def test_a_redirect_that_is_changed_on_the_way_leads_nowhere(browser):
    form = browser.open("login").page.forms[0]
    changed = urlencode({**dict(parse_qsl(browser.query)), "redirect_uri": "https://evil.example/"})
    browser.post(f"{browser.base}/login?{changed}", {**form.fields, "username": "alice", "password": PASSWORD})

    assert (browser.status, browser.left) == (400, "")
    assert "cognito" not in browser.cookies
