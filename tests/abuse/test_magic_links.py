"""Sessions that come with their proof, by a link or a sign-up: for one person, one client, once, while all stands."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.abuse.stages import Everything, newest_link, reach
from tests.remembered import outcome
from tests.sign_ins import People, refusal
from tests.world import PASSWORD, World

from lido.rules import steps

INVALID = ("NotAuthorized", "Invalid session for the user.")
MISMATCH = ("CodeMismatch", "Invalid code or auth state for the user.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")


class Anywhere(Everything):
    """The pool with everything, whose links lead in on any device."""

    def __init__(self, house: World) -> None:
        super().__init__(house)
        self.option(magic_links="any_device")

    def link(self, username: str = "alice") -> dict[str, str]:
        self.choose(username, "EMAIL_LINK")
        return newest_link(self, username)

    def joined(self) -> dict[str, str]:
        """What a sign-up leaves to whoever has shown its code."""
        idp, address = self.house.idp_unsigned, "dora@example.com"
        email = [{"Name": "email", "Value": address}]
        idp.sign_up(ClientId=self.client_id, Username="dora", Password=PASSWORD, UserAttributes=email)
        code = self.house.code(address)
        confirmed = idp.confirm_sign_up(ClientId=self.client_id, Username="dora", ConfirmationCode=code)
        return {"username": "dora", "session": confirmed["Session"]}

    def follow(self, link: dict[str, str], house: World | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = (house or self.house).idp_unsigned.initiate_auth(
            AuthFlow="USER_AUTH",
            ClientId=self.client_id,
            AuthParameters={"USERNAME": link["username"]},
            Session=link["session"],
        )
        return answer


@pytest.fixture
def people(house: World) -> Anywhere:
    return Anywhere(house)


@pytest.fixture(params=["a link", "a sign-up"])
def proven(request: pytest.FixtureRequest, people: Anywhere) -> dict[str, str]:
    return people.link() if request.param == "a link" else people.joined()


@pytest.fixture
def other(people: Anywhere) -> Iterator[World]:
    world = World(people.house.database)
    world.clock.advance(seconds=(people.house.clock.now() - world.clock.now()) / 1000)
    yield world
    world.close()


def test_looking_at_it_uses_nothing_up(people: Anywhere, proven: dict[str, str]) -> None:
    """A scanner that fetches what stands in a mail, as often and with whatever method it likes."""
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        url = f"http://lido.test/?username={proven['username']}&session={proven['session'][:400]}"
        people.house.http(method, url)
    for missing in ({}, {"USERNAME": ""}, {"USERNAME": "mallory"}):
        refusal(
            people.house.idp_unsigned.initiate_auth,
            AuthFlow="USER_AUTH",
            ClientId=people.client_id,
            AuthParameters=missing,
            Session=proven["session"],
        )
    assert people.follow(proven)["AuthenticationResult"]


def test_of_many_who_follow_it_at_once_on_two_nodes_one_gets_in(
    people: Anywhere, proven: dict[str, str], other: World
) -> None:
    opened = people.sessions()
    nodes = [people.house, other]

    with ThreadPoolExecutor(8) as threads:
        counted = Counter(threads.map(lambda n: outcome(people.follow, proven, nodes[n % 2]), range(8)))
    assert counted == {"in": 1, "NotAuthorized": 7}
    assert people.sessions() == opened + 1


def test_it_is_for_its_user_client_and_pool(people: Anywhere, proven: dict[str, str]) -> None:
    house, mine = people.house, people.client_id
    people.join("mallory", "2")
    elsewhere = People(house, ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    elsewhere.house.user(elsewhere.pool_id, proven["username"])

    assert refusal(people.follow, {**proven, "username": "mallory"}) == INVALID
    for client_id in (people.sister(), elsewhere.client_id):
        people.client_id = client_id
        assert refusal(people.follow, proven) == INVALID
    people.client_id = mine
    assert people.follow(proven)["AuthenticationResult"]


def test_it_answers_no_challenge_and_sets_nothing_up(people: Anywhere, proven: dict[str, str]) -> None:
    idp = people.house.idp_unsigned
    answers = {"USERNAME": proven["username"], "ANSWER": "PASSWORD", "PASSWORD": PASSWORD, "CREDENTIAL": "{}"}
    answers |= dict.fromkeys(("SMS_MFA_CODE", "SMS_OTP_CODE", "EMAIL_OTP_CODE", "SOFTWARE_TOKEN_MFA_CODE"), "123456")

    for name in steps.CHALLENGES:
        assert outcome(people.respond, name, proven["session"], **answers) in ("NotAuthorized", "InvalidParameter")
    assert outcome(idp.associate_software_token, Session=proven["session"]) == "NotAuthorized"


def test_a_session_of_a_challenge_is_no_proof(people: Anywhere) -> None:
    for name in ("a password", "an e-mail code", "an authenticator", "a set-up"):
        stage = reach(people, name)
        if stage.session is not None:
            given = {"username": "alice", "session": stage.session}
            assert refusal(people.follow, given) == INVALID


def test_a_changed_letter_makes_it_worthless(people: Anywhere, proven: dict[str, str]) -> None:
    session = proven["session"]
    for at in range(0, len(session), 37):
        bent = session[:at] + ("A" if session[at] != "A" else "B") + session[at + 1 :]
        assert refusal(people.follow, {**proven, "session": bent}).name == "NotAuthorized"
    assert people.follow(proven)["AuthenticationResult"]


def moved(people: Everything) -> None:
    people.house.idp.admin_update_user_attributes(
        UserPoolId=people.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "a@example.org"}, {"Name": "email_verified", "Value": "true"}],
    )


def doubted(people: Everything) -> None:
    people.house.idp.admin_update_user_attributes(
        UserPoolId=people.pool_id, Username="alice", UserAttributes=[{"Name": "email_verified", "Value": "false"}]
    )


def reset(people: Everything) -> None:
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password="An0ther-one!", Permanent=True
    )


def disabled(people: Everything) -> None:
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")


def enabled_again(people: Everything) -> None:
    disabled(people)
    people.house.idp.admin_enable_user(UserPoolId=people.pool_id, Username="alice")


def signed_out(people: Everything) -> None:
    people.house.idp.admin_user_global_sign_out(UserPoolId=people.pool_id, Username="alice")


def come_again(people: Everything) -> None:
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    people.house.user(people.pool_id, "alice", email="alice@example.com", email_verified="true")


def switched_off(people: Everything) -> None:
    people.option(magic_links="off")


@pytest.mark.parametrize("end", [moved, doubted, reset, disabled, enabled_again, signed_out, come_again, switched_off])
@pytest.mark.parametrize("mode", ["same_device", "any_device"])
def test_a_link_ends_with_what_it_rests_on(people: Anywhere, mode: str, end: Any) -> None:
    people.option(magic_links=mode)
    asked = people.choose("alice", "EMAIL_LINK")["Session"]
    link, opened = newest_link(people, "alice"), people.sessions()
    end(people)

    if mode == "any_device":
        refused = refusal(people.follow, link).name
    else:
        refused = refusal(people.respond, "EMAIL_OTP", asked, USERNAME="alice", EMAIL_OTP_CODE=link["code"]).name
    assert refused in ("NotAuthorized", "CodeMismatch")
    assert people.sessions() <= opened


def test_the_code_of_a_same_device_link_is_worth_nothing_without_its_own_session(people: Anywhere) -> None:
    people.option(magic_links="same_device")
    people.join("mallory", "2")
    asked = people.choose("alice", "EMAIL_LINK")["Session"]
    code = newest_link(people, "alice")["code"]
    answer = {"EMAIL_OTP_CODE": code}
    of_others = [people.choose("alice", "EMAIL_LINK")["Session"], people.choose("alice", "EMAIL_OTP")["Session"]]
    thiefs = people.choose("mallory", "EMAIL_LINK")["Session"]

    for session in of_others:
        assert refusal(people.respond, "EMAIL_OTP", session, USERNAME="alice", **answer) == MISMATCH
    assert refusal(people.respond, "EMAIL_OTP", thiefs, USERNAME="mallory", **answer) == MISMATCH
    assert refusal(people.respond, "EMAIL_OTP", thiefs, USERNAME="alice", **answer) == INVALID
    assert refusal(people.follow, {"username": "alice", "session": code}) == INVALID
    assert people.respond("EMAIL_OTP", asked, USERNAME="alice", **answer)["AuthenticationResult"]


def test_the_session_that_asked_for_a_link_for_any_device_opens_by_nothing(people: Anywhere) -> None:
    """Else whoever asked for it in somebody's name would be let in by a guess."""
    asked = people.choose("alice", "EMAIL_LINK")["Session"]
    link = newest_link(people, "alice")

    for guess in (link["session"], link["session"][:8], "00000000"):
        assert refusal(people.respond, "EMAIL_OTP", asked, USERNAME="alice", EMAIL_OTP_CODE=guess) == MISMATCH
    assert people.follow(link)["AuthenticationResult"]


def test_a_second_factor_that_was_switched_on_meanwhile_is_asked_for_after_the_link(people: Anywhere) -> None:
    links = [people.link(), people.link()]
    people.switch("alice", "SoftwareTokenMfaSettings")
    asked, opened = people.follow(links[0]), people.sessions()

    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert refusal(people.follow, links[0]) == USED
    people.switch("alice", "EmailMfaSettings")
    # The mailbox was shown already: it is no second factor.
    assert outcome(people.follow, links[1]) == "NotAuthorized"
    assert people.sessions() == opened
