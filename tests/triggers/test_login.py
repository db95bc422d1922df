"""Triggers at the pages: what they refuse is said there, and what they do counts as anywhere."""

import pytest
from tests.pages import OAUTH, Browser
from tests.triggers.conftest import answering, raising, unchanged
from tests.world import PASSWORD

EMAIL = "alice@example.com"


@pytest.fixture
def at(triggered):
    """A pool with these triggers, and a browser at its pages."""

    def make(**given):
        people = triggered(app=OAUTH, **given)
        return people, Browser(people.house, people.pool_id, people.client_id)

    return make


def sign_up(browser):
    return browser.open("signup").submit(
        **{"username": "alice", "password": PASSWORD, "requiredAttributes[email]": EMAIL}
    )


def test_what_pre_authentication_refuses_is_said(at):
    people, browser = at(PreAuthentication=raising("not <today>"))
    people.alice()
    browser.sign_in("alice", PASSWORD)

    assert "PreAuthentication failed with error not <today>." in browser.words
    assert browser.page.forms[0].fields["username"] == "alice"


def test_post_authentication_hears_of_a_sign_in_and_may_refuse_it(at):
    people, browser = at(PostAuthentication=unchanged)
    people.alice()
    assert browser.sign_in("alice", PASSWORD).given["code"]
    assert people.sources() == ["PostAuthentication_Authentication"]

    people, browser = at(PostAuthentication=raising("no"))
    people.alice()
    browser.sign_in("alice", PASSWORD)
    assert "PostAuthentication failed with error no." in browser.words
    assert browser.open("oauth2/authorize").title == "Sign in"


def test_what_pre_sign_up_refuses_is_said(at):
    _, browser = at(PreSignUp=raising("closed"))
    sign_up(browser)

    assert (browser.title, "PreSignUp failed with error closed." in browser.words) == ("Sign up", True)


def test_whom_pre_sign_up_confirms_is_signed_in_at_once(at):
    _, browser = at(PreSignUp=answering(autoConfirmUser=True, autoVerifyEmail=True))

    assert sign_up(browser).given["code"]


def test_a_confirmation_counts_whatever_post_confirmation_says_afterwards(at):
    people, browser = at(PostConfirmation=raising("late"))
    sign_up(browser).submit(code=people.house.code(EMAIL))

    assert "Your registration has been confirmed!" in browser.words
    assert browser.submit(password=PASSWORD).given["code"]


def test_somebody_is_brought_along_by_the_password(at):
    migrated = answering(
        userAttributes={"email": EMAIL, "email_verified": "true"}, finalUserStatus="CONFIRMED", messageAction="SUPPRESS"
    )
    people, browser = at(UserMigration=migrated)

    assert browser.sign_in("alice", PASSWORD).given["code"]
    assert people.sources() == ["UserMigration_Authentication"]
    assert browser.sign_in("alice", "Wr0ng-pass").left == ""


def test_a_pool_s_own_challenge_has_no_page(at):
    people, browser = at(DefineAuthChallenge=answering(issueTokens=True, failAuthentication=False))
    people.alice()

    assert "Incorrect username or password." in browser.sign_in("alice", "Wr0ng-pass").words
    assert people.told == []
