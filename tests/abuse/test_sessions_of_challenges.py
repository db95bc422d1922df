"""A challenge is answered by its own user, through its own client, pool and door, at its own step, once."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.abuse.stages import CHOOSING, PROVING, Everything, Stage, reach
from tests.remembered import outcome
from tests.sign_ins import People, refusal
from tests.world import World

from lido.rules import steps

INVALID = ("NotAuthorized", "Invalid session for the user.")
REFUSED = {"NotAuthorized", "CodeMismatch", "InvalidParameter", "ResourceNotFound", "ExpiredCode"}


@pytest.fixture
def people(house: World) -> Everything:
    return Everything(house)


def went_on(answer: dict[str, Any], stage: Stage) -> bool:
    return ("AuthenticationResult" in answer) == stage.ends and (stage.ends or bool(answer["ChallengeName"]))


@pytest.fixture(params=[*PROVING, *CHOOSING])
def stage(request: pytest.FixtureRequest, people: Everything) -> Stage:
    return reach(people, request.param)


def test_every_challenge_of_the_table_is_here(people: Everything) -> None:
    here = {"PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"}
    for name in (*PROVING, *CHOOSING):
        here.add(reach(Everything(people.house), name).challenge)

    assert here == steps.CHALLENGES


def test_a_challenge_is_worth_nothing_elsewhere_and_its_right_answer_goes_on(people: Everything, stage: Stage) -> None:
    """Another user, client, pool, door: each refused without harm, and then the right answer still counts."""
    house, opened = people.house, people.sessions()
    house.user(people.pool_id, "mallory", email="mallory@example.com")
    mine = people.client_id
    elsewhere = People(house)
    others = [people.sister(), elsewhere.client_id]

    for username in ("mallory", "mallory@example.com", "nobody"):
        assert refusal(people.give, stage, USERNAME=username) == INVALID
    for people.client_id in others:
        assert refusal(people.give, stage) == INVALID
    people.client_id = mine
    admin = {"ChallengeName": stage.challenge, "ChallengeResponses": stage.answer}
    admin |= {"Session": stage.session} if stage.session else {}
    for pool_id, client_id in ((people.pool_id, mine), (elsewhere.pool_id, mine), (elsewhere.pool_id, others[1])):
        refused = refusal(house.idp.admin_respond_to_auth_challenge, UserPoolId=pool_id, ClientId=client_id, **admin)
        assert refused.name in ("NotAuthorized", "ResourceNotFound")
    assert people.sessions() == opened
    assert went_on(people.give(stage), stage)


def test_a_challenge_answers_to_no_other_name(people: Everything, stage: Stage) -> None:
    opened = people.sessions()
    answers = dict.fromkeys(("SMS_MFA_CODE", "SMS_OTP_CODE", "EMAIL_OTP_CODE", "SOFTWARE_TOKEN_MFA_CODE"), "123456")
    answers |= {"ANSWER": "PASSWORD", "SRP_A": "7" * 700, "DEVICE_KEY": people.gadgets["alice"].key, "CREDENTIAL": "{}"}
    answers |= {"PASSWORD": "Passw0rd!", "NEW_PASSWORD": "0ther-Passw0rd!", "EMAIL": "thief@example.org"}
    outcomes = {
        name: outcome(people.respond, name, stage.session, **{**answers, **stage.answer})
        for name in steps.CHALLENGES - {stage.challenge}
    }

    assert set(outcomes.values()) <= REFUSED, outcomes
    assert people.sessions() == opened
    assert went_on(people.give(stage), stage)


@pytest.mark.parametrize("name", CHOOSING)
def test_what_proves_nothing_may_be_answered_again_and_gives_nothing(people: Everything, name: str) -> None:
    stage, opened = reach(people, name), people.sessions()

    assert ["AuthenticationResult" in people.give(stage) for _ in range(3)] == [False] * 3
    assert people.sessions() == opened


@pytest.mark.parametrize("stage", PROVING, indirect=True)
def test_a_challenge_is_answered_once(people: Everything, stage: Stage) -> None:
    assert went_on(people.give(stage), stage)
    opened = people.sessions()

    assert refusal(people.give, stage).name in REFUSED
    assert people.sessions() == opened


@pytest.fixture
def nodes(people: Everything) -> Iterator[list[World]]:
    """The house, and a second one on the same database at the same time of day."""
    other = World(people.house.database)
    other.clock.advance(seconds=(people.house.clock.now() - other.clock.now()) / 1000)
    yield [people.house, other]
    other.close()


@pytest.mark.parametrize("stage", PROVING, indirect=True)
def test_a_challenge_answered_on_two_nodes_at_once_is_answered_once(
    people: Everything, stage: Stage, nodes: list[World]
) -> None:
    other = nodes[1]
    other.clock.advance(seconds=(people.house.clock.now() - other.clock.now()) / 1000)
    opened, together = people.sessions(), threading.Barrier(6)

    def answer(number: int) -> str:
        together.wait()
        return outcome(
            nodes[number % 2].idp_unsigned.respond_to_auth_challenge,
            ClientId=people.client_id,
            ChallengeName=stage.challenge,
            ChallengeResponses=stage.answer,
            **({"Session": stage.session} if stage.session else {}),
        )

    with ThreadPoolExecutor(6) as threads:
        counted = Counter(threads.map(answer, range(6)))
    assert counted["in"] == 1
    # Only so many threads wait for the triggers of one pool.
    assert counted.keys() <= {"in", "TooManyRequests", *REFUSED}
    assert people.sessions() == opened + 1


@pytest.mark.parametrize("kept", ["a password", "a second SMS code", "an authenticator", "a device", "a passkey"])
def test_a_step_dies_with_what_it_rests_on(people: Everything, kept: str) -> None:
    """Password set anew, everything signed out, disabled and enabled again: nothing under way goes on."""
    idp, alice = people.house.idp, {"UserPoolId": people.pool_id, "Username": "alice"}
    endings = [
        lambda: idp.admin_set_user_password(**alice, Password="Passw0rd!", Permanent=True),
        lambda: idp.admin_user_global_sign_out(**alice),
        lambda: (idp.admin_disable_user(**alice), idp.admin_enable_user(**alice)),
    ]
    for end in endings:
        people = Everything(people.house)
        alice["UserPoolId"] = people.pool_id
        stage = reach(people, kept)
        opened = people.sessions()
        end()
        assert refusal(people.give, stage).name == "NotAuthorized"
        assert people.sessions() == opened


@pytest.mark.parametrize("stage", PROVING, indirect=True)
@pytest.mark.parametrize("end", ["the flow", "the client"])
def test_a_step_dies_with_its_clients_permission_and_with_its_client(
    people: Everything, stage: Stage, end: str
) -> None:
    client, opened = {"UserPoolId": people.pool_id, "ClientId": people.client_id}, people.sessions()
    if end == "the client":
        people.house.idp.delete_user_pool_client(**client)
    else:
        people.house.idp.update_user_pool_client(**client, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])

    assert refusal(people.give, stage).name in ("InvalidParameter", "ResourceNotFound")
    assert people.sessions() == opened
