"""Consent to other people's apps, over HTTP: what is asked, when it is asked again, and who may not answer."""

import json

import pytest
from tests.oauth import CALLBACK, App
from tests.pages import Browser
from tests.sign_ins import claims
from tests.world import PASSWORD

from lido.flows import consents, pool_options


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com")
    made = App(house, pool_id, ClientName="Photos and more")
    pool_options.set_for_client(house.call(), made.client_id, {"third_party": "true"})
    return made


def visitor(app, **query):
    return Browser(app.house, app.pool_id, app.client_id, **query)


def signed_in(app, **query):
    """Alice's browser, at the question."""
    return visitor(app, **{"scope": "openid email", **query}).sign_in("alice", PASSWORD)


def again(app, browser, **query):
    """The same browser is sent here by the app once more."""
    other = visitor(app, **{"scope": "openid email", **query})
    other.cookies = dict(browser.cookies)
    return other.open("oauth2/authorize")


def rename(app, name):
    client = app.house.idp.describe_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)["UserPoolClient"]
    fixed = ("CreationDate", "LastModifiedDate", "ClientType")
    given = {key: value for key, value in client.items() if key not in fixed}
    app.house.idp.update_user_pool_client(**{**given, "ClientName": name})


def is_question(browser):
    return browser.title == "Do you want to let this app in?"


def test_before_an_app_of_somebody_else_is_answered_the_person_is_asked(app):
    browser = signed_in(app)

    assert is_question(browser)
    assert "to continue to" not in browser.words, "whether they want to is the question"
    assert "Photos and more is not made by this service" in browser.words
    assert "Know who you are: an identifier of your account (new) See your e-mail address (new)" in browser.words
    assert "You will be led to app.example.com." in browser.words
    browser.submit(button=0)
    assert browser.left.startswith(CALLBACK)
    assert app.redeem(browser.given["code"])[0] == 200


def test_what_was_allowed_is_not_asked_again(app):
    browser = signed_in(app).submit(button=0)

    assert "code" in again(app, browser).given
    assert "code" in again(app, browser, scope="openid").given
    assert "code" in again(app, browser, prompt="none").given


def test_apps_of_ones_own_are_not_asked_about(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id)

    assert "code" in signed_in(app, prompt="consent").given


def test_a_refusal_is_told_to_the_app_and_nothing_is_remembered(app):
    browser = signed_in(app).submit(button=1)

    assert (browser.given["error"], browser.given["state"], "code" in browser.given) == ("access_denied", "s-1", False)
    assert is_question(again(app, browser))


def test_every_scope_of_openid_connect_is_told_in_plain_words(house):
    pool_id = house.pool(UserPoolTags={"lido:standard_answers": "true"})
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthScopes=["openid", "email", "phone", "profile", "address"])
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "true"})

    asked = signed_in(app, scope="openid email phone profile address").words

    for words in ("your e-mail address", "your phone number", "your profile", "your postal address"):
        assert f"See {words}" in asked


def test_more_scopes_are_asked_for_and_only_they_are_new(app):
    browser = signed_in(app, scope="openid").submit(button=0)

    asked = again(app, browser, scope="openid email")

    assert is_question(asked)
    assert "an identifier of your account See your e-mail address (new)" in asked.words
    asked.submit(button=0)
    assert "code" in again(app, browser).given


def test_an_app_that_goes_by_another_name_is_asked_about_anew(app):
    browser = signed_in(app).submit(button=0)
    rename(app, "Your Bank")

    asked = again(app, browser)

    assert is_question(asked)
    assert "an identifier of your account (new)" in asked.words
    assert again(app, browser, prompt="none").given["error"] == "consent_required"


def test_prompt_consent_asks_in_any_case(app):
    browser = signed_in(app).submit(button=0)

    asked = again(app, browser, prompt="consent")

    assert is_question(asked)
    assert "(new)" not in asked.words
    assert "code" in asked.submit(button=0).given


def test_prompt_none_never_asks(app):
    browser = signed_in(app)

    assert again(app, browser, prompt="none").given["error"] == "consent_required"
    direct = visitor(app, prompt="none", scope="openid email")
    direct.cookies = dict(browser.cookies)
    assert direct.open("consent").given["error"] == "consent_required"


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}])
def test_a_sign_in_for_one_request_spares_none_for_another(app, wish):
    """The question's page is no way around what the authorization endpoint would have asked for."""
    browser = signed_in(app)
    app.house.clock.advance(seconds=1)
    direct = visitor(app, state="another", **wish)
    direct.cookies = dict(browser.cookies)

    assert direct.open("consent").title == "Sign in"


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "1"}])
def test_whoever_signed_in_for_the_request_is_not_sent_back_there(app, wish):
    browser = visitor(app, scope="openid email", **wish).open("oauth2/authorize")
    app.house.clock.advance(seconds=2)
    browser.submit(username="alice", password=PASSWORD)
    assert is_question(browser)
    app.house.clock.advance(seconds=2)

    assert "code" in browser.submit(button=0).given


def test_an_app_that_shares_no_sign_in_may_ask_after_its_own(app):
    who = {"UserPoolId": app.pool_id}
    app.house.idp.set_user_pool_session_configuration(
        **who, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    app.house.idp.set_user_pool_client_session_configuration(
        **who, ClientId=app.client_id, SSOSession={"MaxValidityMinutes": 0}
    )

    browser = signed_in(app)

    assert is_question(browser)
    assert "code" in browser.submit(button=0).given
    assert again(app, browser).title == "Sign in"


def test_the_page_lets_nobody_around_the_sign_in(app):
    browser = signed_in(app)
    assert visitor(app).open("consent").title == "Sign in"
    app.house.clock.advance(seconds=301)
    direct = visitor(app, prompt="login")
    direct.cookies = dict(browser.cookies)

    assert direct.open("consent").title == "Sign in"
    direct = visitor(app, max_age="300")
    direct.cookies = dict(browser.cookies)
    assert direct.open("consent").title == "Sign in"


def test_an_answer_counts_for_the_question_that_was_shown(app):
    """Another scope in the address, another user in the other tab, another app: the question comes again."""
    browser = signed_in(app, scope="openid")
    form = browser.page.forms[0]
    answer = {**form.fields, "decision": "allow"}

    browser.post(form.action.replace("scope=openid", "scope=openid+email"), answer)
    assert is_question(browser)
    assert "See your e-mail address (new)" in browser.words
    app.house.user(app.pool_id, "mallory")
    other_tab = visitor(app, scope="openid")
    other_tab.cookies = dict(browser.cookies)
    other_tab.sign_in("mallory", PASSWORD)
    browser.cookies = dict(other_tab.cookies)
    browser.post(form.action, {**answer, "_csrf": browser.cookies["XSRF-TOKEN"]})
    assert is_question(browser)
    assert "Signing in as mallory" in browser.words
    assert consents.of_user(app.house.call(), app.pool_id, "mallory") == []


def test_another_page_cannot_allow_an_app(app):
    browser = signed_in(app)
    form = browser.page.forms[0]
    allow = {**form.fields, "decision": "allow"}

    for fields, headers in (
        ({**allow, "_csrf": "00000000-0000-0000-0000-000000000000"}, {}),
        (allow, {"origin": "https://evil.example"}),
        (allow, {"sec-fetch-site": "cross-site"}),
    ):
        assert browser.post(form.action, fields, headers).status == 403
    assert browser.open("consent").headers["content-security-policy"].count("frame-ancestors 'none'") == 1
    assert consents.of_user(app.house.call(), app.pool_id, "alice") == []


@pytest.mark.parametrize("deed", ["admin_disable_user", "admin_delete_user", "admin_user_global_sign_out"])
def test_nobody_allows_anything_after_their_end(app, deed):
    browser = signed_in(app)
    getattr(app.house.idp, deed)(UserPoolId=app.pool_id, Username="alice")

    assert browser.submit(button=0).title == "Sign in"


def test_a_consent_that_is_withdrawn_ends_the_sessions_of_the_app(app):
    browser = signed_in(app).submit(button=0)
    _, told = app.redeem(browser.given["code"])
    call = app.house.call()
    assert [(row.client_id, row.scopes) for row in consents.of_user(call, app.pool_id, "alice")] == [
        (app.client_id, "openid email")
    ]

    assert consents.withdraw(call, app.pool_id, "alice", app.client_id)

    assert not consents.withdraw(call, app.pool_id, "alice", app.client_id)
    assert app.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 400
    assert is_question(again(app, browser))


def test_a_scope_of_an_api_has_the_words_of_the_api(app):
    house = app.house
    house.idp.create_resource_server(
        UserPoolId=app.pool_id,
        Identifier="photos",
        Name="photos",
        Scopes=[{"ScopeName": "print", "ScopeDescription": "Print your photos"}],
    )
    other = App(house, app.pool_id, AllowedOAuthScopes=["openid", "photos/print"])
    pool_options.set_for_client(house.call(), other.client_id, {"third_party": "true"})

    assert "Print your photos (new)" in signed_in(other, scope="openid photos/print").words


def test_an_app_learns_what_the_person_was_told_and_no_more(house):
    """For Cognito `openid` alone opens everything: no person who reads of an identifier knows that."""
    pool_id = house.pool(Schema=[{"Name": "salary", "AttributeDataType": "String", "Mutable": True}])
    house.user(pool_id, email="alice@example.com", name="Alice", **{"custom:salary": "1"})
    app = App(house, pool_id)
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "true"})
    plain = App(house, pool_id)
    personal = {"email", "name", "custom:salary"}

    for scope, opened in {"openid": set(), "openid profile": {"name"}, "openid email": {"email"}}.items():
        told = app.redeem(signed_in(app, scope=scope, prompt="consent").submit(button=0).given["code"])[1]
        header = {"authorization": f"Bearer {told['access_token']}"}
        info = json.loads(house.http("GET", f"{app.base}/oauth2/userInfo", header)[2])
        assert (personal & set(claims(told["id_token"])), personal & set(info)) == (opened, opened)
    own = plain.redeem(plain.code(plain.browser(), scope="openid"))[1]
    assert personal <= set(claims(own["id_token"]))


def test_the_implicit_grant_asks_too(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthFlows=["implicit"])
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "true"})

    browser = signed_in(app, response_type="token")

    assert is_question(browser)
    assert "access_token=" in browser.submit(button=0).left
