"""Magic links: a first factor that Cognito lacks, off by default, used once, safe from scanners that prefetch."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.authenticators import SES
from tests.sign_ins import People, refusal

from lido.flows import pool_options

EMAIL, PAGE = "alice@example.com", "https://app.example.com/sign-in"
INVALID = ("NotAuthorized", "Invalid session for the user.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")
MISMATCH = ("CodeMismatch", "Invalid code or auth state for the user.")


class Linked(People):
    def __init__(self, house, mode, **app):
        super().__init__(house, pool={"EmailConfiguration": SES}, **{"ExplicitAuthFlows": ["ALLOW_USER_AUTH"], **app})
        self.options(magic_links=mode, magic_link_url=PAGE)
        self.alice(email=EMAIL, email_verified="true")

    def options(self, **changes):
        pool_options.set_for_pool(self.house.call(root=True), self.pool_id, changes)

    def ask(self, username="alice"):
        answer = self.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE="EMAIL_LINK")
        assert answer["ChallengeName"] == "EMAIL_OTP"
        return answer["Session"]

    def link(self):
        """What the newest link carries."""
        message = self.house.messages(EMAIL)[-1]
        assert message["link"] in message["text"]
        url = urlsplit(message["link"])
        assert (f"{url.scheme}://{url.netloc}{url.path}", url.query) == (PAGE, "")
        return {name: values[0] for name, values in parse_qs(url.fragment).items()}

    def answer(self, session, code):
        return self.respond("EMAIL_OTP", session, USERNAME="alice", EMAIL_OTP_CODE=code)

    def follow(self, link):
        return self.house.idp_unsigned.initiate_auth(
            AuthFlow="USER_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": link["username"]},
            Session=link["session"],
        )


@pytest.fixture
def here(house):
    return Linked(house, "same_device")


@pytest.fixture
def anywhere(house):
    return Linked(house, "any_device")


def offered(people):
    return people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"]


def test_links_are_offered_only_where_the_pool_sends_them(here):
    assert offered(here) == ["PASSWORD", "PASSWORD_SRP", "EMAIL_LINK"]

    for changes in ({"magic_link_url": ""}, {"magic_link_url": PAGE, "magic_links": "off"}):
        here.options(**changes)
        assert offered(here) == ["PASSWORD", "PASSWORD_SRP"]


def test_a_link_of_the_same_device_works_once_with_its_session(here):
    session = here.ask()
    code = here.link()["code"]
    other = here.ask()

    assert len(code) == 43
    assert refusal(here.answer, other, code) == MISMATCH
    assert here.answer(session, code)["AuthenticationResult"]
    assert refusal(here.answer, session, code) == USED


def test_a_link_leads_in_on_any_device_once(anywhere):
    asked = anywhere.ask()
    link = anywhere.link()

    assert anywhere.follow(link)["AuthenticationResult"]
    assert refusal(anywhere.follow, link) == USED
    assert refusal(anywhere.answer, asked, link["session"]) == MISMATCH
    assert anywhere.sessions() == 1


def test_a_link_lives_as_long_as_a_session(anywhere):
    anywhere.ask()
    anywhere.house.clock.advance(minutes=3)

    assert refusal(anywhere.follow, anywhere.link()) == EXPIRED


def change_address(people):
    people.house.idp.admin_update_user_attributes(
        UserPoolId=people.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "a@example.org"}, {"Name": "email_verified", "Value": "true"}],
    )


def sign_out(people):
    people.house.idp.admin_user_global_sign_out(UserPoolId=people.pool_id, Username="alice")


def close(people):
    people.options(magic_links="same_device")


@pytest.mark.parametrize("change", [change_address, sign_out, close])
def test_a_link_ends_when_what_it_rests_on_changes(anywhere, change):
    anywhere.ask()
    change(anywhere)

    assert refusal(anywhere.follow, anywhere.link()) == INVALID
    assert anywhere.sessions() == 0


def test_a_link_is_good_for_its_user_and_client_only(anywhere, house):
    house.user(anywhere.pool_id, "bob")
    anywhere.ask()
    link = anywhere.link()
    mine = anywhere.client_id

    assert refusal(anywhere.follow, {**link, "username": "bob"}) == INVALID
    anywhere.client_id = house.app(anywhere.pool_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"])["ClientId"]
    assert refusal(anywhere.follow, link) == INVALID
    anywhere.client_id = mine
    assert anywhere.follow(link)["AuthenticationResult"]


def test_a_disabled_user_is_told_after_the_link_only(anywhere):
    anywhere.house.idp.admin_disable_user(UserPoolId=anywhere.pool_id, Username="alice")
    anywhere.ask()

    assert refusal(anywhere.follow, anywhere.link()) == ("NotAuthorized", "User is disabled.")


@pytest.mark.parametrize("mode", ["same_device", "any_device"])
def test_nobody_is_asked_for_a_link_like_somebody(house, mode):
    people = Linked(house, mode, PreventUserExistenceErrors="ENABLED")

    house.user(people.pool_id, "somebody", email="somebody@example.com", email_verified="true")
    nobody = next(people.strangers("EMAIL_LINK"))

    assert len(people.ask("somebody")) == len(people.ask(nobody))
    assert len(house.messages()) == 1
