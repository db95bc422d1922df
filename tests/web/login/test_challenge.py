"""Challenges at the pages: what each shows, what a wrong answer does, and that the right one leads on."""

import re

import pytest
from tests.authenticators import SES, App, Guarded
from tests.pages import Browser, oauth_app
from tests.world import PASSWORD

from lido.flows import pool_options, recovery_codes

NEW = "N3w-Passw0rd!"
EMAIL, PHONE = "alice@example.com", "+491701234567"
CHOICE = ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def choosing(house, *factors, **settings):
    """A pool whose people choose how to sign in, and a browser at its pages."""
    pool = house.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *factors]}}, **settings)
    return pool, Browser(house, pool, oauth_app(house, pool, ExplicitAuthFlows=CHOICE)["ClientId"])


def guarded(house, mode="OPTIONAL", **ways):
    people = Guarded(house, mode, **ways)
    return people, Browser(house, people.pool_id, oauth_app(house, people.pool_id)["ClientId"])


def wrong(code):
    return "0" * len(code) if code != "0" * len(code) else "1" * len(code)


# A temporary password


def test_a_temporary_password_is_exchanged(house):
    pool = house.pool()
    house.user(pool, confirmed=False)
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("alice", PASSWORD)

    assert browser.title == "Choose a new password"
    assert browser.page.field("password")["autocomplete"] == "new-password"
    assert browser.submit(password=NEW, confirmPassword=NEW).given["code"]
    assert browser.sign_in("alice", NEW).given["code"]


@pytest.mark.parametrize(
    ("typed", "again", "field", "sentence"),
    [
        ("short", "short", "password", "Password does not conform to policy: Password not long enough"),
        (NEW, "other", "confirmPassword", "The two passwords differ."),
        ("", "", "password", "Type your password."),
        (f" {NEW}", f" {NEW}", "password", "A password must not begin or end with a space."),
    ],
)
def test_a_bad_new_password_is_said_at_its_field_and_another_is_taken(house, typed, again, field, sentence):
    pool = house.pool()
    house.user(pool, confirmed=False)
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("alice", PASSWORD)
    browser.submit(password=typed, confirmPassword=again)

    assert sentence in browser.words
    assert browser.page.complaint(field)
    assert browser.submit(password=NEW, confirmPassword=NEW).given["code"]


def test_what_the_profile_lacks_is_asked_for_with_the_new_password(house):
    pool = house.pool(Schema=[{"Name": "name", "Required": True, "Mutable": True}])
    house.idp.admin_create_user(
        UserPoolId=pool,
        Username="alice",
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[],
    )
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("alice", PASSWORD)

    assert browser.page.field("requiredAttributes[name]")["autocomplete"] == "name"
    browser.submit(password=NEW, confirmPassword=NEW)
    assert browser.page.complaint("requiredAttributes[name]")
    assert browser.submit(**{"password": NEW, "confirmPassword": NEW, "requiredAttributes[name]": "Alice"}).given[
        "code"
    ]
    user = house.idp.admin_get_user(UserPoolId=pool, Username="alice")
    assert {"Name": "name", "Value": "Alice"} in user["UserAttributes"]


# Second factors


def test_a_code_by_sms_is_asked_for(house):
    people, browser = guarded(house, "ON", sms=True)
    people.alice(phone_number=PHONE)
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Check your phone"
    assert re.search(r"We sent a code to \+\*+4567\.", browser.words)
    assert browser.page.field("code")["autocomplete"] == "one-time-code"
    code = house.code(PHONE)
    browser.submit(code=wrong(code))
    assert "Invalid verification code provided, please try again." in browser.words
    assert re.search(r"We sent a code to \+\*+4567\.", browser.words)
    assert browser.submit(code=f" {code[:3]} {code[3:]} ").given["code"]


def test_a_code_by_email_as_second_factor(house):
    people, browser = guarded(house, "ON", email=True)
    people.alice(email=EMAIL, email_verified="true")
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", EmailMfaSettings={"Enabled": True}
    )
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Check your e-mail"
    assert browser.submit(code=house.code(EMAIL)).given["code"]


def test_the_app_s_code_is_asked_for(house):
    people, browser = guarded(house)
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"], "Pocket <phone>")
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Enter the code of your app"
    assert "(Pocket <phone>)" in browser.words
    assert "Invalid verification code" in browser.submit(code=app.wrong()).words
    code = app.code()
    assert browser.submit(code=code).given["code"]
    again = browser.sign_in("alice", PASSWORD).submit(code=code)
    assert "Your software token has already been used once." in again.words


def test_three_wrong_codes_end_the_sign_in(house):
    people, browser = guarded(house)
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"])
    browser.sign_in("alice", PASSWORD)
    for _ in range(3):
        browser.submit(code=app.wrong())
    browser.submit(code=app.code())

    assert browser.left == ""


def test_somebody_with_two_second_factors_chooses(house):
    people, browser = guarded(house, sms=True)
    people.alice(phone_number=PHONE)
    app = people.enrol(people.sign_in()["AccessToken"])
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Choose a second step"
    assert browser.page.forms[0].buttons == [("answer", "SMS_MFA"), ("answer", "SOFTWARE_TOKEN_MFA")]
    assert browser.submit(button=1).title == "Enter the code of your app"
    assert browser.submit(code=app.code()).given["code"]


def test_a_choice_that_was_not_offered_is_refused(house):
    people, browser = guarded(house, sms=True)
    people.alice(phone_number=PHONE)
    people.enrol(people.sign_in()["AccessToken"])
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )
    form = browser.sign_in("alice", PASSWORD).page.forms[0]
    browser.post(form.action, {**form.fields, "answer": "WEB_AUTHN"})

    assert "The selected MFA type is not available for the user." in browser.words


def test_a_recovery_code_stands_for_the_app_s(house):
    people, browser = guarded(house)
    people.option(recovery_codes="true")
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"])
    codes = recovery_codes.make_for(house.call(), people.pool_id, "alice")
    browser.sign_in("alice", PASSWORD).submit(form=1)

    assert browser.title == "Use a recovery code"
    browser.submit(code="nonsense")
    assert (browser.title, "Invalid verification code" in browser.words) == ("Use a recovery code", True)
    assert browser.submit(form=1).title == "Enter the code of your app"
    browser.submit(form=1)
    assert browser.submit(code=codes[0]).given["code"]
    assert browser.sign_in("alice", PASSWORD).submit(code=app.code()).given["code"]


def test_pools_without_recovery_codes_offer_none(house):
    people, browser = guarded(house)
    people.alice()
    people.enrol(people.sign_in()["AccessToken"])
    browser.sign_in("alice", PASSWORD)

    assert "recovery" not in browser.words


# Setting a second factor up


def test_an_app_is_set_up_where_a_second_factor_is_required(house):
    people, browser = guarded(house, "ON")
    people.alice()
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Set up an authenticator app"
    assert "<svg" in browser.markup
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", browser.markup)[1].replace(" ", "")
    app = App(house, secret)
    browser.submit(code=app.wrong())
    assert browser.page.complaint("code")
    assert secret in browser.words.replace(" ", "")
    assert browser.submit(code=app.code(), name="My phone").given["code"]
    house.clock.advance(seconds=60)
    assert browser.sign_in("alice", PASSWORD).submit(code=app.code()).given["code"]


def test_an_address_is_set_up_for_codes(house):
    people, browser = guarded(house, "ON", email=True)
    people.alice()
    browser.sign_in("alice", PASSWORD)

    assert browser.title == "Set up a second step"
    assert [value for _, value in browser.page.forms[0].buttons] == ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    browser.submit(button=1)
    browser.submit(email="no address")
    assert browser.page.complaint("email")
    browser.submit(email=EMAIL)
    assert browser.title == "Check your e-mail"
    assert browser.submit(code=house.code(EMAIL)).given["code"]


def test_where_nothing_can_be_set_up_the_page_says_so(house):
    people, browser = guarded(house, "ON", sms=True)
    people.configure("ON", totp=False)
    people.alice()
    browser.sign_in("alice", PASSWORD)

    assert browser.left == ""
    assert "There is no way to sign in" in browser.words


# What carries a challenge


def test_a_step_works_once(house):
    pool = house.pool()
    house.user(pool, confirmed=False)
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("alice", PASSWORD)
    form = browser.page.forms[0]
    fields = {**form.fields, "password": NEW, "confirmPassword": NEW}
    assert browser.post(form.action, fields).given["code"]
    browser.post(form.action, {**fields, "_csrf": browser.cookies["XSRF-TOKEN"]})

    assert (browser.status, browser.left) == (400, "")
    assert "This sign-in took too long, or went on somewhere else." in browser.words


def test_a_step_that_took_too_long_leads_back_to_the_beginning(house):
    pool = house.pool()
    house.user(pool, confirmed=False)
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).sign_in("alice", PASSWORD)
    house.clock.advance(seconds=200)
    browser.submit(password=NEW, confirmPassword=NEW)

    assert browser.status == 400
    assert browser.follow("Start again").title == "Sign in"


@pytest.mark.parametrize("session", ["", "x", "A" * 200])
def test_a_session_of_no_page_of_ours_leads_back_to_the_beginning(house, session):
    pool = house.pool()
    browser = Browser(house, pool, oauth_app(house, pool)["ClientId"]).open("login")
    fields = {"_csrf": browser.cookies["XSRF-TOKEN"], "session": session, "code": "1"}
    browser.post(f"{browser.base}/challenge?{browser.query}", fields)

    assert (browser.status, browser.follow("Start again").title) == (400, "Sign in")


def test_a_session_is_worth_nothing_at_another_app_or_at_the_api(house):
    pool = house.pool()
    house.user(pool, confirmed=False)
    apps = [oauth_app(house, pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])["ClientId"] for _ in range(2)]
    browser, other = (Browser(house, pool, app) for app in apps)
    form = browser.sign_in("alice", PASSWORD).page.forms[0]
    other.open("login")
    fields = {**form.fields, "_csrf": other.cookies["XSRF-TOKEN"], "password": NEW, "confirmPassword": NEW}
    other.post(f"{other.base}/challenge?{other.query}", fields)
    assert (other.status, other.left) == (400, "")

    session = house.idp_unsigned.initiate_auth(
        ClientId=apps[0], AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD}
    )["Session"]
    fields = {**form.fields, "session": session, "password": NEW, "confirmPassword": NEW}
    assert browser.post(form.action, fields).status == 400
    with pytest.raises(house.idp.exceptions.NotAuthorizedException):
        house.idp_unsigned.respond_to_auth_challenge(
            ClientId=apps[0],
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=form.fields["session"],
            ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": NEW},
        )


def test_a_challenge_that_is_fetched_leads_to_the_beginning(house):
    pool = house.pool()

    assert Browser(house, pool, oauth_app(house, pool)["ClientId"]).open("challenge").title == "Sign in"


def test_custom_challenges_have_no_page(house):
    pool = house.pool()
    house.user(pool)
    client = oauth_app(house, pool, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"])["ClientId"]
    browser = Browser(house, pool, client).open("login")

    assert "password" in browser.page.inputs
    assert browser.submit(username="alice", password="").left == ""


# Links


@pytest.fixture
def linked(house):
    pool, browser = choosing(house, EmailConfiguration=SES)
    pool_options.set_for_pool(
        house.call(root=True), pool, {"magic_links": "same_device", "magic_link_url": "https://app.example.com/in"}
    )
    house.user(pool, email=EMAIL, email_verified="true")
    browser.open("login").submit(username="alice").submit(button=1)
    assert browser.title == "Check your e-mail"
    assert not browser.page.forms
    return browser


def test_a_link_signs_in_the_browser_that_asked(house, linked):
    link = house.messages(EMAIL)[-1]["link"]
    assert link.startswith(f"{linked.base}/link?")

    assert linked.fetch("GET", link).title == "Sign in by link"
    assert linked.submit().given["code"]
    assert "sign-in-link" not in linked.cookies


def test_a_link_is_worth_nothing_in_another_browser(house, linked):
    other = Browser(house, linked.base.rpartition("/")[2], "")
    other.fetch("GET", house.messages(EMAIL)[-1]["link"]).submit()

    assert (other.status, other.left) == (400, "")
    assert linked.fetch("GET", house.messages(EMAIL)[-1]["link"]).submit().given["code"]


def test_a_link_works_once(house, linked):
    kept, link = dict(linked.cookies), house.messages(EMAIL)[-1]["link"]
    linked.fetch("GET", link).submit()
    linked.cookies["sign-in-link"] = kept["sign-in-link"]

    assert linked.fetch("GET", link).submit().status == 400
