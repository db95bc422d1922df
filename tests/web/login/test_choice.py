"""The choice of the first factor at the pages, and the passkeys that are added there."""

import json

import pytest
from tests.authenticators import SES, SMS
from tests.pages import Browser, oauth_app
from tests.passkeys import Authenticator
from tests.web.login.test_challenge import CHOICE, EMAIL, PHONE, choosing
from tests.world import PASSWORD, World, sign_by

from lido.flows import pool_options


def test_the_name_comes_first_where_there_is_a_choice(house):
    pool, browser = choosing(house, "EMAIL_OTP", EmailConfiguration=SES)
    house.user(pool, email=EMAIL, email_verified="true")
    browser.open("login")

    assert "password" not in browser.page.inputs
    browser.submit(username="alice")
    assert browser.title == "How do you want to sign in?"
    assert browser.page.forms[0].buttons == [("answer", "PASSWORD"), ("answer", "EMAIL_OTP")]
    assert "a***" not in browser.words


def test_a_wish_that_no_factor_fulfils_takes_no_choice_away(house):
    pool, browser = choosing(house, "EMAIL_OTP", EmailConfiguration=SES)
    house.user(pool, email=EMAIL, email_verified="true")
    browser.query += "&acr_values=urn:cognito:loa:4"
    browser.open("login").submit(username="alice")

    assert browser.page.forms[0].buttons == [("answer", "PASSWORD"), ("answer", "EMAIL_OTP")]
    assert browser.submit(button=0).submit(password=PASSWORD).given["code"]


def test_a_password_can_be_chosen_and_typed_again(house):
    pool, browser = choosing(house, "EMAIL_OTP", EmailConfiguration=SES)
    house.user(pool, email=EMAIL, email_verified="true")
    browser.open("login").submit(username="alice").submit(button=0)

    assert browser.title == "Enter your password"
    browser.submit(password="Wr0ng-pass")
    assert (browser.title, "Incorrect username or password." in browser.words) == ("Enter your password", True)
    assert browser.submit(password=PASSWORD).given["code"]


@pytest.mark.parametrize(
    ("factor", "address", "attributes", "settings"),
    [
        ("EMAIL_OTP", EMAIL, {"email": EMAIL, "email_verified": "true"}, {"EmailConfiguration": SES}),
        ("SMS_OTP", PHONE, {"phone_number": PHONE, "phone_number_verified": "true"}, {"SmsConfiguration": SMS}),
    ],
)
def test_a_code_can_be_chosen(house, factor, address, attributes, settings):
    pool, browser = choosing(house, factor, **settings)
    house.user(pool, **attributes)
    browser.open("login").submit(username="alice").submit(button=1)

    assert browser.submit(code="00000000").page.complaint("code")
    assert browser.submit(code=house.code(address)).given["code"]


def test_the_only_way_is_gone_without_being_chosen(house):
    pool, browser = choosing(house, "EMAIL_OTP", EmailConfiguration=SES)
    house.user(pool)
    house.idp.admin_create_user(
        UserPoolId=pool,
        Username="bob",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )

    assert browser.open("login").submit(username="alice").title == "Enter your password"


def test_nobody_is_offered_what_a_user_might_have(house):
    pool, browser = choosing(house, "EMAIL_OTP", EmailConfiguration=SES)
    client = oauth_app(house, pool, ExplicitAuthFlows=CHOICE, PreventUserExistenceErrors="ENABLED")["ClientId"]
    browser = Browser(house, pool, client)
    titles = {browser.open("login").submit(username=f"none{number:04}").title for number in range(24)}

    assert titles <= {"How do you want to sign in?", "Enter your password", "Check your e-mail"}
    assert house.messages() == []


def test_a_passkey_leads_in(house):
    pool, browser = choosing(house, "WEB_AUTHN")
    house.user(pool)
    authenticator = Authenticator(origin=browser.base.rpartition("/")[0])
    browser.open("login").submit(username="alice").submit(password=PASSWORD)
    browser.open("passkeys/add")
    assert browser.title == "Add a passkey"
    browser.submit(credential=json.dumps(authenticator.create(options(browser))))
    assert browser.left == "https://app.example.com/callback?state=s-1"

    browser.cookies.clear()
    browser.open("login").submit(username="alice").submit(button=1)
    assert browser.title == "Use your passkey"
    browser.submit(credential="nonsense")
    assert "The passkey could not be used." in browser.words
    assert browser.submit(credential=json.dumps(authenticator.get(options(browser)))).given["code"]


def options(browser):
    """What the page gives the browser."""
    return next(json.loads(given["data-options"]) for tag, given in browser.page.tags if "data-options" in given)


def test_adding_a_passkey_needs_a_session_and_can_be_left(house):
    pool, browser = choosing(house, "WEB_AUTHN")
    house.user(pool)
    browser.open("passkeys/add")

    assert browser.title == "Sign in"
    browser.submit(username="alice").submit(password=PASSWORD)
    assert browser.title == "Add a passkey"
    assert "data-passkey" in browser.markup
    browser.submit(credential="{}")
    assert (browser.title, browser.status) == ("Add a passkey", 200)
    assert browser.submit(form=1).left == "https://app.example.com/callback?state=s-1"


def test_adding_a_passkey_long_after_the_sign_in_begins_with_another(house):
    pool, browser = choosing(house, "WEB_AUTHN")
    pool_options.set_for_pool(house.call(root=True), pool, {"factor_change_max_age": "600"})
    house.user(pool)
    browser.open("login").submit(username="alice").submit(password=PASSWORD)
    house.clock.advance(seconds=601)
    browser.open("passkeys/add")

    assert browser.title == "Sign in"
    browser.submit(username="alice").submit(password=PASSWORD)
    assert browser.title == "Add a passkey"
    house.clock.advance(seconds=601)
    credential = json.dumps(Authenticator(origin=browser.base.rpartition("/")[0]).create(options(browser)))
    browser.submit(credential=credential)
    assert browser.left == ""
    browser.open("passkeys/add").submit(username="alice").submit(password=PASSWORD)
    assert browser.title == "Add a passkey"


def test_adding_a_passkey_needs_no_response_type(house):
    pool, browser = choosing(house, "WEB_AUTHN")
    house.user(pool)
    browser.query = browser.query.replace("response_type=code&", "")

    browser.open("passkeys/add").submit(username="alice").submit(password=PASSWORD)
    assert browser.title == "Add a passkey"
    assert browser.submit(form=1).left == "https://app.example.com/callback?state=s-1"


@pytest.fixture
def public(database):
    """A house at a public address."""
    world = World(database, public_url="https://lido.example.org")
    sign_by(world.clock)
    yield world
    world.close()


def test_passkeys_of_a_pool_with_a_domain_are_the_domain_s(public):
    pool, _ = choosing(public, "WEB_AUTHN")
    public.user(pool)
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    public.idp.create_user_pool_domain(
        Domain="login.example.com", UserPoolId=pool, CustomDomainConfig={"CertificateArn": arn}
    )
    client = oauth_app(public, pool, ExplicitAuthFlows=CHOICE)["ClientId"]
    browser = Browser(public, pool, client, base="https://login.example.com")
    browser.open("passkeys/add").submit(username="alice").submit(password=PASSWORD)
    assert options(browser)["rp"]["id"] == "login.example.com"
    assert browser.title == "Add a passkey"

    strange = Authenticator(origin="https://lido.example.org").create(options(browser))
    assert "origin is not allowed" in browser.submit(credential=json.dumps(strange)).words
    authenticator = Authenticator(origin="https://login.example.com")
    assert browser.submit(credential=json.dumps(authenticator.create(options(browser)))).left
    browser.cookies.clear()
    browser.open("login").submit(username="alice").submit(button=1)
    assert browser.submit(credential=json.dumps(authenticator.get(options(browser)))).given["code"]
    assert browser.headers["set-cookie"].count("; Secure;") == 2
