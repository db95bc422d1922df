"""/forgotPassword, /confirmForgotPassword and /resetPassword."""

import re

import pytest
from tests.pages import Browser, oauth_app
from tests.world import PASSWORD

EMAIL, NEW = "alice@example.com", "N3w-Passw0rd!"


@pytest.fixture
def pool(house):
    pool_id = house.pool()
    house.user(pool_id, email=EMAIL, email_verified="true")
    return pool_id


@pytest.fixture
def browser(house, pool):
    return Browser(house, pool, oauth_app(house, pool, PreventUserExistenceErrors="ENABLED")["ClientId"])


def forget(browser, username="alice"):
    return browser.open("login").follow("Forgot your password?").submit(username=username)


def test_a_forgotten_password_is_replaced(house, browser):
    forget(browser)

    assert browser.title == "Set a new password"
    assert "We sent a code to a***@e***." in browser.words
    browser.submit(code=house.code(EMAIL), password=NEW, confirmPassword=NEW)
    assert "Your password has been changed." in browser.words
    assert "Incorrect" in browser.submit(username="alice", password=PASSWORD).words
    assert browser.submit(username="alice", password=NEW).given["code"]


def test_the_field_names_are_those_of_cognito(browser):
    assert set(forget(browser).page.forms[0].fields) >= {"_csrf", "username", "code", "password", "confirmPassword"}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "000000"}, "code"),
        ({"password": "short", "confirmPassword": "short"}, "password"),
        ({"password": ""}, "password"),
        ({"confirmPassword": "other"}, "confirmPassword"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_can_be_put_right(house, browser, typed, field):
    forget(browser)
    right = {"code": house.code(EMAIL), "password": NEW, "confirmPassword": NEW}
    browser.submit(**{**right, **typed})

    assert browser.page.complaint(field)
    assert "We sent a code to a***@e***." in browser.words
    assert "changed" in browser.submit(**right).words


def test_another_code_can_be_sent(house, browser):
    forget(browser)
    first = house.code(EMAIL)
    browser.submit(form=1)
    code = house.code(EMAIL)

    assert code != first
    assert "changed" in browser.submit(code=code, password=NEW, confirmPassword=NEW).words


def test_nobody_is_told_who_exists(browser):
    known, unknown = (forget(browser, name).words for name in ("alice", "nobody"))

    hide = re.compile(r"We sent a code to \S+")
    assert hide.sub("", known) == hide.sub("", unknown)
    assert "We sent a code to" in unknown
    destinations = {re.search(r"to (\S+)\.", forget(browser, "nobody").words)[1] for _ in range(3)}
    assert len(destinations) == 1


def test_a_code_for_nobody_is_wrong_as_any_other(browser):
    answers = []
    for name in ("alice", "nobody"):
        forget(browser, name).submit(code="000000", password=NEW, confirmPassword=NEW)
        answers.append(re.sub(r"We sent a code to \S+", "", browser.words))

    assert answers[0] == answers[1]


def test_somebody_without_a_proven_address_is_told_where_that_is_no_secret(house, pool):
    house.user(pool, "bob")
    client = oauth_app(house, pool, PreventUserExistenceErrors="LEGACY")["ClientId"]
    browser = forget(Browser(house, pool, client), "bob")

    assert "Could not reset password for the account, please contact support or try again" in browser.words


def test_too_many_codes_are_refused(browser):
    statuses = [forget(browser).status for _ in range(12)]

    assert (statuses[0], statuses[-1]) == (200, 429)


def test_a_reset_can_begin_with_the_name(house, browser):
    forget(browser)
    browser.open("confirmForgotPassword")
    browser.submit(username="alice", code=house.code(EMAIL), password=NEW, confirmPassword=NEW)

    assert "changed" in browser.words


def test_a_client_with_a_secret_needs_none_here(house, pool):
    client = oauth_app(house, pool, GenerateSecret=True)["ClientId"]
    browser = forget(Browser(house, pool, client))

    assert "changed" in browser.submit(code=house.code(EMAIL), password=NEW, confirmPassword=NEW).words
