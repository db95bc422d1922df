"""/signup, /confirm and /resendcode: from nobody to somebody who is signed in."""

import pytest
from tests.authenticators import SES
from tests.pages import Browser, oauth_app
from tests.world import PASSWORD

EMAIL = "ada@example.com"
WRONG_CODE = "Invalid verification code provided, please try again."


def at(house, *, app=None, **pool):
    pool_id = house.pool(**{"AutoVerifiedAttributes": ["email"], **pool})
    return Browser(house, pool_id, oauth_app(house, pool_id, **(app or {}))["ClientId"])


def sign_up(browser, username="ada", password=PASSWORD, **attributes):
    named = {f"requiredAttributes[{name}]": value for name, value in {"email": EMAIL, **attributes}.items()}
    return browser.open("signup").submit(username=username, password=password, **named)


def status(house, browser, username="ada"):
    pool = browser.base.rpartition("/")[2]
    return house.idp.admin_get_user(UserPoolId=pool, Username=username)["UserStatus"]


def test_somebody_new_signs_up_confirms_and_signs_in(house):
    browser = at(house)
    browser.open("login").follow("Sign up")
    browser.submit(**{"username": "ada", "password": PASSWORD, "requiredAttributes[email]": EMAIL})

    assert browser.title == "Confirm your account"
    assert "We sent a code to a***@e***." in browser.words
    assert set(browser.page.forms[0].fields) >= {"_csrf", "username", "destination", "deliveryMedium", "code"}
    browser.submit(code=house.code(EMAIL))
    assert "Your registration has been confirmed!" in browser.words
    assert browser.page.forms[0].fields["username"] == "ada"
    assert browser.submit(password=PASSWORD).given["code"]
    assert status(house, browser) == "CONFIRMED"


def test_a_page_at_which_nothing_goes_on_leads_to_no_app(house):
    browser = at(house).open("login")
    assert "to continue to app" in browser.words

    browser.submit(username="ada", password=PASSWORD, _csrf="forged")

    assert browser.title == "Something went wrong"
    assert "to continue to" not in browser.words


def test_who_is_confirmed_already_is_told_so_and_led_to_the_sign_in(house):
    browser = sign_up(at(house))
    asked, code = browser.markup, house.code(EMAIL)
    browser.submit(code=code)

    for form, typed in ((0, {"code": code}), (1, {})):
        browser.markup = asked
        browser.submit(form=form, **typed)
        assert browser.title == "Sign in"
        assert "Your account is confirmed already. Sign in now." in browser.words
        assert browser.page.forms[0].fields["username"] == "ada"
    assert browser.submit(password=PASSWORD).given["code"]


def test_the_code_signs_in_where_the_app_allows_it(house):
    browser = sign_up(at(house, app={"ExplicitAuthFlows": ["ALLOW_USER_AUTH"]}))

    assert browser.submit(code=house.code(EMAIL)).given["code"]


def test_somebody_signs_up_without_a_password(house):
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    browser = at(house, app={"ExplicitAuthFlows": ["ALLOW_USER_AUTH"]}, Policies=policies, EmailConfiguration=SES).open(
        "signup"
    )

    assert "required" not in browser.page.field("password")
    browser.submit(**{"username": "ada", "requiredAttributes[email]": EMAIL})
    assert browser.submit(code=house.code(EMAIL)).given["code"]
    browser.cookies.clear()
    assert browser.open("login").submit(username="ada").title == "Check your e-mail"


def test_a_client_with_a_secret_needs_none_here(house):
    browser = sign_up(at(house, app={"GenerateSecret": True}))

    assert "confirmed" in browser.submit(code=house.code(EMAIL)).words


def test_a_wrong_code_is_said_at_its_field_and_another_can_be_sent(house):
    browser = sign_up(at(house))
    first = house.code(EMAIL)
    browser.submit(code="000000" if first != "000000" else "111111")

    assert browser.page.complaint("code")
    assert WRONG_CODE in browser.words
    assert "We sent a code to a***@e***." in browser.words
    browser.submit(form=1)
    assert "We sent a new code." in browser.words
    assert WRONG_CODE in browser.submit(code=first).words
    assert "confirmed" in browser.submit(code=house.code(EMAIL)).words


def test_who_is_not_confirmed_is_led_to_the_code(house):
    browser = sign_up(at(house))
    browser.sign_in("ada", PASSWORD)

    assert browser.title == "Confirm your account"
    assert "User is not confirmed." in browser.words
    assert "confirmed!" in browser.submit(code=house.code(EMAIL)).words


def test_a_name_that_is_taken_is_said_at_its_field(house):
    browser = at(house)
    sign_up(browser)
    sign_up(browser)

    assert browser.title == "Sign up"
    assert browser.page.complaint("username")
    assert "User already exists" in browser.words
    assert browser.page.forms[0].fields["requiredAttributes[email]"] == EMAIL
    assert browser.page.forms[0].fields["password"] == ""


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "white space"}, "username"),
        ({"username": "x" * 129}, "username"),
        ({"password": ""}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "P" * 300}, "password"),
        ({"password": f"{PASSWORD} "}, "password"),
        ({"email": ""}, "requiredAttributes[email]"),
        ({"email": "no address"}, ""),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed(house, typed, field):
    browser = sign_up(at(house), **typed)

    assert (browser.title, browser.left) == ("Sign up", "")
    assert 'role="alert"' in browser.markup or (browser.page.complaint(field) and field)


def test_what_the_pool_requires_is_asked_for(house):
    schema = [{"Name": name, "Required": True, "Mutable": True} for name in ("given_name", "birthdate", "email")]
    browser = at(house, Schema=schema).open("signup")

    named = [name for name in browser.page.inputs if name.startswith("required")]
    assert named == ["requiredAttributes[given_name]", "requiredAttributes[email]", "requiredAttributes[birthdate]"]
    tokens = [browser.page.field(name)["autocomplete"] for name in named]
    assert tokens == ["given-name", "email", "bday"]
    browser.submit(username="ada", password=PASSWORD)
    assert browser.page.complaint(named[0])
    sign_up(browser, given_name="Ada", birthdate="10.12.1815")
    assert browser.title == "Sign up"
    assert sign_up(browser, given_name="Ada", birthdate="1815-12-10").title == "Confirm your account"


def test_the_address_that_is_the_name_is_asked_for_once(house):
    browser = at(house, UsernameAttributes=["email"]).open("signup")

    assert [name for name in browser.page.inputs if name.startswith("required")] == []
    browser.submit(username=EMAIL, password=PASSWORD)
    assert "confirmed!" in browser.submit(code=house.code(EMAIL)).words
    assert browser.submit(password=PASSWORD).given["code"]


def test_nobody_writes_what_the_form_does_not_ask_for(house):
    browser = at(house, Schema=[{"Name": "role", "AttributeDataType": "String", "Mutable": True}])
    for name in ("email_verified", "sub", "dev:custom:role", "identities"):
        sign_up(browser, **{name: "true"})
        assert browser.title == "Sign up", name


def test_where_operators_alone_make_users_nobody_signs_up(house):
    browser = at(house, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}).open("login")

    assert "Sign up" not in browser.page.links
    assert browser.open("signup").status == 400
    fields = {"_csrf": browser.cookies["XSRF-TOKEN"], "username": "ada", "password": PASSWORD}
    browser.post(f"{browser.base}/signup?{browser.query}", {**fields, "requiredAttributes[email]": EMAIL})
    assert "SignUp is not permitted for this user pool" in browser.words


def test_a_pool_that_verifies_nothing_says_who_can_help(house):
    browser = at(house, AutoVerifiedAttributes=[])
    browser.open("signup").submit(username="ada", password=PASSWORD)

    assert "Ask whoever runs this service." in browser.words
    assert "code" not in browser.page.inputs


def test_a_pool_that_sends_links_says_so(house):
    browser = sign_up(at(house, VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"}))

    assert "We sent a link to a***@e***." in browser.words
    assert "code" not in browser.page.inputs


def test_confirming_can_begin_with_the_name(house):
    browser = sign_up(at(house))
    browser.open("confirm").submit(username="ada", code=house.code(EMAIL))

    assert "confirmed!" in browser.words


def test_too_many_guesses_at_a_code_are_refused(house):
    browser = sign_up(at(house))
    statuses = [browser.submit(code=f"{number:06}").status for number in range(20)]

    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert "Attempt limit exceeded, please try after some time." in browser.words


def test_confirming_and_resending_tell_nobody_who_exists(house):
    from lido.flows import pool_options

    browser = sign_up(at(house))
    pool = browser.base.rpartition("/")[2]
    pool_options.set_for_pool(house.call(root=True), pool, {"hide_users": "true"})
    code = house.code(EMAIL)
    wrong = "000000" if code != "000000" else "111111"

    def answers(name):
        browser.open("confirm").submit(username=name, code=wrong)
        first = browser.words
        browser.submit(form=1)
        return first.replace(name, "NAME"), browser.words.replace(name, "NAME").partition("We sent a code to")[0]

    assert answers("ada") == answers("bob")
