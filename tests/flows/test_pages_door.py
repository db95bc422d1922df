"""The pages' door of the engine: what it needs and offers, and that no step of it is worth anything at another."""

import pytest
from tests.sign_ins import People
from tests.world import PASSWORD

from lido import errors
from lido.flows import sign_in
from lido.flows.scenes import Attempt
from lido.flows.sign_in import NextChallenge, SignedIn

NEW = "N3w-Passw0rd!"


def begin(people, flow="USER_PASSWORD_AUTH", door="pages", **given):
    attempt = Attempt(door, people.client_id, {"USERNAME": "alice", "PASSWORD": PASSWORD, **given})
    return sign_in.start(people.house.call(), attempt, flow)


@pytest.fixture
def people(house):
    return People(house, GenerateSecret=True, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])


def test_a_password_needs_neither_flag_nor_secret(people):
    people.alice()

    assert isinstance(begin(people), SignedIn)
    with pytest.raises(errors.InvalidParameter, match="not enabled for this client"):
        begin(people, door="client")


def test_a_choice_needs_its_flag(people):
    people.alice()

    with pytest.raises(errors.InvalidParameter, match="USER_AUTH flow not enabled for this client"):
        begin(people, "USER_AUTH")


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"])
def test_what_only_programs_speak_is_not_offered(people, flow):
    people.alice()

    with pytest.raises(errors.InvalidParameter, match="Initiate Auth method not supported"):
        begin(people, flow)


@pytest.mark.parametrize("doors", [("pages", "client"), ("client", "pages"), ("pages", "admin"), ("admin", "pages")])
def test_a_step_of_one_door_is_worth_nothing_at_another(house, doors):
    people = People(house)
    house.user(people.pool_id, confirmed=False)
    flow = "ADMIN_USER_PASSWORD_AUTH" if doors[0] == "admin" else "USER_PASSWORD_AUTH"
    begun = begin(people, flow, doors[0])
    assert isinstance(begun, NextChallenge)

    def answer(door):
        attempt = Attempt(door, people.client_id, {"USERNAME": "alice", "NEW_PASSWORD": NEW})
        return sign_in.answer(house.call(), attempt, begun.name, begun.session)

    with pytest.raises(errors.NotAuthorized, match="Invalid session"):
        answer(doors[1])
    assert isinstance(answer(doors[0]), SignedIn)
